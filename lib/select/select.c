/*
 * select.c - Implements weir_select. See state.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/select.h>

#include "park/spin.h"
#include "select/order.h"
#include "select/try.h"
#include "select/wait.h"
#include "sync/random.h"

enum {
    FEW = 32,      /* more cases have their order on the heap */
    MOST = 1 << 24 /* cases; what they need fits in 32 bits */
};

static weir__spin spin; /* of all selects: hints */

static bool is_valid(const weir_case *one) {
    for (size_t i = 0; i < sizeof one->reserved / sizeof one->reserved[0]; i++) {
        if (one->reserved[i] != NULL)
            return false;
    }
    if (one->kind == WEIR_CASE_PUT)
        return !weir__slot_is_reserved(one->item);
    return one->kind >= WEIR_CASE_GET && one->kind <= WEIR_CASE_WRITABLE;
}

static bool are_valid(const weir_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_valid(&cases[i]))
            return false;
    }
    return true;
}

static void count_cases(weir__select *select) {
    for (size_t i = 0; i < select->count; i++) {
        const weir_case *one = &select->cases[i];
        bool live = !weir__case_is_off(one);
        select->live += live;
        select->descriptors += live && weir__case_polls(one);
    }
}

static void prepare(weir__select *select, uint32_t *order, weir__pollfd *polled) {
    weir__order_begin(order, select->count, select->first);
    select->order = order;
    select->drawn = 1;
    select->places = order + select->count;
    select->polled = polled;
    for (size_t i = 0, place = 0; place < select->descriptors; i++) {
        const weir_case *one = &select->cases[i];
        if (!weir__case_polls(one) || weir__case_is_off(one))
            continue;
        select->places[i] = (uint32_t)place;
        weir__poll_entry(&polled[place++], one->fd, one->kind == WEIR_CASE_WRITABLE);
    }
}

static weir_status run(weir__select *select, weir_deadline deadline, size_t *which) {
    bool late = deadline != WEIR_NEVER && weir__clock_now() >= deadline;
    weir_status status = weir__select_try(select, late, which);
    if (status != WEIR_EMPTY)
        return status;
    if (late)
        return WEIR_TIMEDOUT;
    if (select->live == 0 && deadline == WEIR_NEVER)
        return WEIR_DEADLOCK;
    if (select->descriptors == 0 && select->count <= FEW &&
        weir__spin_until(&spin, weir__select_look, select, 0, deadline))
        status = weir__select_try(select, false, which);
    return status == WEIR_EMPTY ? weir__select_wait(select, deadline, which) : status;
}

static weir_status run_with_few(weir__select *select, weir_deadline deadline, size_t *which) {
    uint32_t order[2 * FEW];
    weir__pollfd polled[FEW + 1];
    prepare(select, order, polled);
    return run(select, deadline, which);
}

static weir_status run_with_many(weir__select *select, weir_deadline deadline, size_t *which) {
    size_t each = sizeof(weir__pollfd) + 2 * sizeof(uint32_t);
    weir__pollfd *polled = weir__alloc((select->count + 1) * each);
    if (polled == NULL)
        return WEIR_NOMEM;
    prepare(select, (uint32_t *)(void *)(polled + select->count + 1), polled);
    weir_status status = run(select, deadline, which);
    weir__free(polled);
    return status;
}

static weir_status run_with_all(weir_case *cases, size_t count, size_t first, weir_deadline deadline, size_t *which) {
    weir__select select = {.cases = cases, .count = count, .first = first};
    count_cases(&select);
    return count <= FEW ? run_with_few(&select, deadline, which) : run_with_many(&select, deadline, which);
}

/* The first case of the order is often ready. Then the other ones need no order, no look and no struct. */
weir_status weir_select(weir_case *cases, size_t count, weir_deadline deadline, size_t *which) {
    if (cases == NULL || count == 0 || which == NULL)
        return WEIR_INVALID;
    if (count > MOST)
        return WEIR_NOMEM;
    if (!are_valid(cases, count))
        return WEIR_INVALID;
    size_t first = weir__random_below((uint32_t)count);
    if (!weir__select_try_one(&cases[first]))
        return run_with_all(cases, count, first, deadline, which);
    *which = first;
    return WEIR_OK;
}
