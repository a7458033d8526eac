/*
 * wait.c - Implements the wait of a select: watch, sleep, look again (H2, H3).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "select/wait.h"

#include "future/blocking.h"
#include "park/park.h"
#include "select/try.h"
#include "select/watch.h"

enum { FEW = 16 }; /* more cases have their watches on the heap */

static bool is_asleep(const weir__select *select) {
    return weir__u32_load_acquire(&select->word) == WEIR__SELECT_ASLEEP;
}

static weir_status sleep_until(weir__select *select, weir_deadline deadline, bool *in_time) {
    while (*in_time && is_asleep(select))
        *in_time = weir__sleep(&select->word, WEIR__SELECT_ASLEEP, deadline);
    return WEIR_OK;
}

/* A ring that comes late, after the tell was seen, ends one further poll. */
static weir_status poll_until(weir__select *select, weir_deadline deadline, bool *in_time) {
    weir__callouts_tell(WEIR__SLEEPS);
    int ready = weir__poll_all(select->polled, select->descriptors + select->rings, deadline);
    weir__callouts_tell(WEIR__GOES_ON);
    if (ready < 0)
        return WEIR_NOMEM;
    *in_time = ready > 0;
    if (select->rings && weir__poll_result(&select->polled[select->descriptors]) == WEIR__POLLED_READY)
        (void)weir__event_quiet(&select->event);
    return WEIR_OK;
}

/* H2. Sets `*in_time` to false if the deadline has passed. */
static weir_status block(weir__select *select, weir_deadline deadline, bool *in_time) {
    if (!weir__u32_swap_acquire_release(&select->word, WEIR__SELECT_AWAKE, WEIR__SELECT_ASLEEP))
        return WEIR_OK;
    if (!weir__blocking_begin())
        return WEIR_DEADLOCK;
    weir_status status =
        select->descriptors > 0 ? poll_until(select, deadline, in_time) : sleep_until(select, deadline, in_time);
    weir__blocking_end();
    return status;
}

static weir_status wait_watching(weir__select *select, weir_deadline deadline, size_t *which) {
    for (;;) {
        bool in_time = true;
        weir_status status = WEIR_OK;
        weir__u32_store_relaxed(&select->word, WEIR__SELECT_AWAKE); /* H3: before the watch */
        if (!weir__select_watch(select))
            status = block(select, deadline, &in_time);
        else
            in_time = deadline == WEIR_NEVER || weir__clock_now() < deadline;
        if (status == WEIR_OK)
            status = weir__select_try(select, !in_time, which); /* what comes with the deadline counts */
        if (status != WEIR_EMPTY)
            return status;
        if (!in_time)
            return WEIR_TIMEDOUT;
    }
}

/* A poll beside other cases needs an event to be told by. */
static bool open_event(weir__select *select) {
    int fd = -1;
    select->rings = select->descriptors > 0 && select->live > select->descriptors;
    if (select->rings && (fd = weir__event_descriptor(&select->event)) < 0)
        return false;
    if (select->rings)
        weir__poll_entry(&select->polled[select->descriptors], fd, false);
    return true;
}

static weir_status wait_with(weir__select *select, weir__watch *watches, weir_deadline deadline, size_t *which) {
    for (size_t i = 0; i < select->count; i++)
        watches[i] = (weir__watch){.select = select};
    select->watches = watches;
    if (!open_event(select))
        return WEIR_NOMEM;
    weir_status status = wait_watching(select, deadline, which);
    weir__select_unwatch(select);
    weir__event_close(&select->event);
    return status;
}

static weir_status wait_for_many(weir__select *select, weir_deadline deadline, size_t *which) {
    weir__watch *watches = weir__alloc(select->count * sizeof *watches);
    if (watches == NULL)
        return WEIR_NOMEM;
    weir_status status = wait_with(select, watches, deadline, which);
    weir__free(watches);
    return status;
}

static weir_status wait_for_few(weir__select *select, weir_deadline deadline, size_t *which) {
    weir__watch watches[FEW];
    return wait_with(select, watches, deadline, which);
}

weir_status weir__select_wait(weir__select *select, weir_deadline deadline, size_t *which) {
    return select->count <= FEW ? wait_for_few(select, deadline, which) : wait_for_many(select, deadline, which);
}
