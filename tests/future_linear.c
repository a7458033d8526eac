/*
 * future_linear.c - see future_linear.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future_linear.h"

#include <stdio.h>
#include <string.h>

enum { REMEMBERED = 1 << 14 };

/* A sequential promise. */
struct model {
    weir_future_state state;
    unsigned value; /* the value or the code */
    bool taken;
};

static struct {
    const struct future_call *calls;
    size_t count;
    struct {
        uint32_t done; /* never 0 in a used entry */
        struct model model;
    } tried[REMEMBERED];
} search;

/* ---- calls ---- */

static unsigned value_of_code(int code) {
    return code == WEIR_CODE(WEIR_CANCELLED) ? (unsigned)WEIR_CANCELLED : (unsigned)code;
}

void future_make_call(weir_future *future, struct future_call *call, enum future_kind kind, unsigned value) {
    void *got = (void *)(uintptr_t)value;
    call->kind = kind;
    call->status = WEIR_OK;
    switch (kind) {
        case FUTURE_SET:
            call->status = weir_future_set(future, got);
            break;
        case FUTURE_FAIL:
            call->status = weir_future_fail(future, (int)value, "error %u", value);
            break;
        case FUTURE_CANCEL:
            call->status = weir_future_cancel(future);
            break;
        case FUTURE_GET:
            call->status = weir_future_get_until(future, &got, 0);
            break;
        case FUTURE_TAKE:
            call->status = weir_future_take(future, &got);
            break;
        case FUTURE_STATE:
            got = (void *)(uintptr_t)weir_future_state_of(future);
            break;
        case FUTURE_CODE:
            got = (void *)(uintptr_t)value_of_code(weir_future_code(future));
            break;
        default:
            got = (void *)(uintptr_t)weir_future_cancelled(future);
            break;
    }
    call->value = (unsigned)(uintptr_t)got;
}

/* ---- the model ---- */

static bool has_ended(const struct model *model) {
    return model->state != WEIR_FUTURE_PENDING;
}

/* Ends the model so, if the call said that it did; otherwise the call must have said why not. */
static bool step_end(struct model *model, weir_future_state how, const struct future_call *call) {
    if (!has_ended(model)) {
        *model = (struct model){.state = how, .value = call->value};
        return call->status == WEIR_OK;
    }
    return call->status == (model->state == WEIR_FUTURE_CANCELLED ? WEIR_CANCELLED : WEIR_CLOSED);
}

static bool step_cancel(struct model *model, const struct future_call *call) {
    if (!has_ended(model))
        *model = (struct model){.state = WEIR_FUTURE_CANCELLED, .value = WEIR_CANCELLED};
    return call->status == (model->state == WEIR_FUTURE_CANCELLED ? WEIR_OK : WEIR_CLOSED);
}

/* What get says, and take, which says `pending` before the end. */
static bool step_get(const struct model *model, const struct future_call *call, weir_status pending) {
    switch (model->state) {
        case WEIR_FUTURE_PENDING:
            return call->status == pending;
        case WEIR_FUTURE_FAILED:
            return call->status == WEIR_FAILED;
        case WEIR_FUTURE_CANCELLED:
            return call->status == WEIR_CANCELLED;
        default:
            if (model->taken)
                return call->status == WEIR_EMPTY;
            return call->status == WEIR_OK && call->value == model->value;
    }
}

static bool step_take(struct model *model, const struct future_call *call) {
    if (!step_get(model, call, WEIR_BUSY))
        return false;
    model->taken = model->state == WEIR_FUTURE_DONE;
    return true;
}

/* Applies the call to the model. Returns whether the model gives the recorded result. */
static bool step(struct model *model, const struct future_call *call) {
    bool has_code = model->state == WEIR_FUTURE_FAILED || model->state == WEIR_FUTURE_CANCELLED;
    switch (call->kind) {
        case FUTURE_SET:
            return step_end(model, WEIR_FUTURE_DONE, call);
        case FUTURE_FAIL:
            return step_end(model, WEIR_FUTURE_FAILED, call);
        case FUTURE_CANCEL:
            return step_cancel(model, call);
        case FUTURE_GET:
            return step_get(model, call, WEIR_TIMEDOUT);
        case FUTURE_TAKE:
            return step_take(model, call);
        case FUTURE_STATE:
            return call->value == (unsigned)model->state;
        case FUTURE_CODE:
            return call->value == (has_code ? model->value : 0);
        default:
            return call->value == (model->state == WEIR_FUTURE_CANCELLED);
    }
}

/* ---- the search ---- */

static bool tried_before(uint32_t done, const struct model *model) {
    uint64_t hash =
        (done * UINT64_C(0x9E3779B97F4A7C15)) ^ ((uint64_t)model->state * 8 + model->value * 64 + model->taken);
    size_t at = (size_t)(hash >> 20) % REMEMBERED;
    const struct model *old = &search.tried[at].model;
    if (search.tried[at].done == done && old->state == model->state && old->value == model->value &&
        old->taken == model->taken)
        return true;
    search.tried[at].done = done;
    search.tried[at].model = *model;
    return false;
}

static bool explain(uint32_t done, const struct model *model) {
    if (done == (UINT32_C(1) << search.count) - 1)
        return true;
    if (done != 0 && tried_before(done, model))
        return false;
    for (size_t i = 0; i < search.count; i++) {
        struct model next = *model;
        const struct future_call *call = &search.calls[i];
        bool may_come_next = !(done >> i & 1) && (call->after & ~done) == 0;
        if (may_come_next && step(&next, call) && explain(done | UINT32_C(1) << i, &next))
            return true;
    }
    return false;
}

void future_order_by_time(struct future_call *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        calls[i].after = 0;
        for (size_t k = 0; k < count; k++)
            calls[i].after |= (uint32_t)(calls[k].ended < calls[i].began) << k;
    }
}

bool future_check(const struct future_call *calls, size_t count) {
    const struct model fresh = {0};
    search.calls = calls;
    search.count = count;
    memset(search.tried, 0, sizeof search.tried);
    return explain(0, &fresh);
}

void future_print(const struct future_call *calls, size_t count) {
    static const char *const kinds[] = {"set", "fail", "cancel", "get", "take", "state", "code", "cancelled"};
    for (size_t i = 0; i < count; i++)
        printf("%4llu to %4llu  %-9s %2u  %s\n", (unsigned long long)calls[i].began, (unsigned long long)calls[i].ended,
               kinds[calls[i].kind], calls[i].value, weir_strerror(calls[i].status));
}
