/*
 * try.c - Implements a look at the cases of a select (H1).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "select/try.h"

#include "closable_queue/alert.h"
#include "select/order.h"

bool weir__case_is_off(const weir_case *one) {
    switch (one->kind) {
        case WEIR_CASE_GET:
        case WEIR_CASE_PUT:
            return one->queue == NULL;
        case WEIR_CASE_FUTURE:
            return one->future == NULL ||
                   (weir__callout_is_inside(one->future, WEIR__FUTURE_RUNS) && !weir__future_has_ended(one->future));
        default:
            return one->fd < 0;
    }
}

static weir_status get(weir_case *one, bool last) {
    void *item;
    if (one->queue == NULL || (!last && weir__queue_seems_empty(one->queue)))
        return WEIR_EMPTY;
    weir_status status = weir_queue_try_get(one->queue, &item);
    if (status == WEIR_EMPTY)
        return WEIR_EMPTY;
    if (status == WEIR_OK)
        one->item = item;
    one->status = status;
    return WEIR_OK;
}

static weir_status put(weir_case *one) {
    weir_status status = one->queue == NULL ? WEIR_FULL : weir_queue_try_put(one->queue, one->item);
    if (status == WEIR_FULL)
        return WEIR_EMPTY;
    one->status = status;
    return WEIR_OK;
}

static weir_status see_end(weir_case *one) {
    if (one->future == NULL || !weir__future_has_ended(one->future))
        return WEIR_EMPTY;
    one->status = weir_future_get(one->future, &one->item);
    return WEIR_OK;
}

/* Looks at all descriptors, once in a pass: one system call. */
static weir_status see_descriptor(weir__select *select, size_t at, bool *polled) {
    if (select->cases[at].fd < 0)
        return WEIR_EMPTY;
    if (!*polled && weir__poll_all(select->polled, select->descriptors, 0) < 0)
        return WEIR_NOMEM;
    *polled = true;
    weir__polled how = weir__poll_result(&select->polled[select->places[at]]);
    if (how == WEIR__POLLED_LATE)
        return WEIR_EMPTY;
    select->cases[at].status = how == WEIR__POLLED_BAD ? WEIR_INVALID : WEIR_OK;
    return WEIR_OK;
}

static weir_status try_case(weir__select *select, size_t at, bool last, bool *polled) {
    weir_case *one = &select->cases[at];
    switch (one->kind) {
        case WEIR_CASE_GET:
            return get(one, last);
        case WEIR_CASE_PUT:
            return put(one);
        case WEIR_CASE_FUTURE:
            return see_end(one);
        default:
            return see_descriptor(select, at, polled);
    }
}

bool weir__select_try_one(weir_case *one) {
    switch (one->kind) {
        case WEIR_CASE_GET:
            return get(one, true) == WEIR_OK;
        case WEIR_CASE_PUT:
            return put(one) == WEIR_OK;
        default:
            return false;
    }
}

weir_status weir__select_try(weir__select *select, bool last, size_t *which) {
    size_t drawn = select->drawn;
    bool polled = false;
    select->drawn = 0;
    for (size_t i = 0; i < select->count; i++) {
        size_t at = i < drawn ? select->order[i] : weir__order_next(select->order, select->count, i);
        weir_status status = try_case(select, at, last, &polled);
        if (status == WEIR_OK)
            *which = at;
        if (status != WEIR_EMPTY)
            return status;
    }
    return WEIR_EMPTY;
}

static bool may_be_ready(const weir_case *one) {
    switch (one->kind) {
        case WEIR_CASE_GET:
            return one->queue != NULL && !weir__queue_seems_empty(one->queue);
        case WEIR_CASE_PUT:
            return one->queue != NULL && !weir__queue_seems_full(one->queue);
        case WEIR_CASE_FUTURE:
            return one->future != NULL && weir__future_has_ended(one->future);
        default:
            return false;
    }
}

bool weir__select_look(const void *raw, size_t ahead) {
    const weir__select *select = raw;
    (void)ahead;
    for (size_t i = 0; i < select->count; i++) {
        if (may_be_ready(&select->cases[i]))
            return true;
    }
    return false;
}
