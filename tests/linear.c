/*
 * linear.c - see linear.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "linear.h"

#include <stdio.h>
#include <string.h>

enum { SENTINEL = 15, MOST_ITEMS = 16, REMEMBERED = 1 << 14 };

/* A sequential queue: up to 16 items of four bits, the front in the lowest bits. */
struct model {
    uint64_t items;
    unsigned size;
    bool closed, discarding;
};

struct search {
    const struct linear_call *calls;
    size_t count, capacity;
    struct {
        uint32_t done; /* never 0 in a used entry: at least one call has been done */
        struct model model;
    } tried[REMEMBERED];
};

static struct search search; /* too large for the stack */

/* ---- the model ---- */

static bool push(struct model *model, unsigned item, size_t capacity) {
    if (model->size >= capacity || model->size == MOST_ITEMS)
        return false;
    model->items |= (uint64_t)item << (4 * model->size++);
    return true;
}

static unsigned front(const struct model *model) {
    return model->size == 0 ? 0 : (unsigned)(model->items & 15);
}

static void pop(struct model *model) {
    model->items >>= 4;
    model->size--;
}

static bool step_put(struct model *model, const struct linear_call *call, unsigned item, size_t capacity) {
    switch (call->status) {
        case WEIR_OK:
            return !model->closed && push(model, item, capacity);
        case WEIR_FULL:
            return !model->closed && model->size >= capacity;
        case WEIR_CLOSED:
            return model->closed;
        default:
            return false;
    }
}

static bool step_get(struct model *model, const struct linear_call *call) {
    switch (call->status) {
        case WEIR_OK:
            if (model->discarding || front(model) != call->item)
                return false;
            pop(model);
            return true;
        case WEIR_EMPTY:
            return !model->closed && model->size == 0;
        case WEIR_CLOSED:
            if (model->discarding || (model->closed && model->size == 0))
                return true;
            if (front(model) != SENTINEL)
                return false;
            pop(model);
            return true;
        default:
            return false;
    }
}

/* Applies the call to the model. Returns whether the model gives the recorded result. */
static bool step(struct model *model, const struct linear_call *call, size_t capacity) {
    switch (call->kind) {
        case LINEAR_PUT:
            return step_put(model, call, call->item, capacity);
        case LINEAR_CLOSE:
            return step_put(model, call, SENTINEL, capacity);
        case LINEAR_GET:
            return step_get(model, call);
        case LINEAR_DISCARD:
            model->discarding = true;
            model->items = 0;
            model->size = 0;
            model->closed = true;
            return call->status == WEIR_OK;
        case LINEAR_DRAIN:
            model->closed = true;
            return call->status == WEIR_OK;
    }
    return false;
}

/* ---- the search ---- */

static bool same(const struct model *a, const struct model *b) {
    return a->items == b->items && a->size == b->size && a->closed == b->closed && a->discarding == b->discarding;
}

/* Returns whether this state was tried before, and records it. A collision overwrites the older state. */
static bool tried_before(uint32_t done, const struct model *model) {
    uint64_t hash = (done * UINT64_C(0x9E3779B97F4A7C15)) ^ (model->items * UINT64_C(0xC2B2AE3D27D4EB4F)) ^
                    (model->size * 2u + model->closed);
    size_t at = (size_t)(hash >> 20) % REMEMBERED;
    if (search.tried[at].done == done && same(&search.tried[at].model, model))
        return true;
    search.tried[at].done = done;
    search.tried[at].model = *model;
    return false;
}

static bool explain(uint32_t done, const struct model *model) {
    if (done == (uint32_t)((UINT64_C(1) << search.count) - 1))
        return true;
    if (done != 0 && tried_before(done, model))
        return false;
    for (size_t i = 0; i < search.count; i++) {
        struct model next = *model;
        const struct linear_call *call = &search.calls[i];
        bool may_come_next = !(done >> i & 1) && (call->after & ~done) == 0;
        if (may_come_next && step(&next, call, search.capacity) && explain(done | UINT32_C(1) << i, &next))
            return true;
    }
    return false;
}

void linear_order_by_time(struct linear_call *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        calls[i].after = 0;
        for (size_t k = 0; k < count; k++)
            calls[i].after |= (uint32_t)(calls[k].ended < calls[i].began) << k;
    }
}

bool linear_check(const struct linear_call *calls, size_t count, size_t capacity) {
    const struct model fresh = {0};
    search.calls = calls;
    search.count = count;
    search.capacity = capacity;
    memset(search.tried, 0, sizeof search.tried);
    return explain(0, &fresh);
}

void linear_print(const struct linear_call *calls, size_t count) {
    static const char *const kinds[] = {"put", "get", "close", "drain", "discard"};
    for (size_t i = 0; i < count; i++)
        printf("%4llu to %4llu  %-7s %2u  %s\n", (unsigned long long)calls[i].began, (unsigned long long)calls[i].ended,
               kinds[calls[i].kind], calls[i].item, weir_strerror(calls[i].status));
}
