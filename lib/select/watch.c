/*
 * watch.c - Implements the watch of a select over its queues and futures (H3, H4).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "select/watch.h"

#include "closable_queue/alert.h"
#include "select/try.h"

/* H2. Under the lock of the queue or the future: H4. */
static void tell(weir__select *select) {
    if (weir__u32_exchange_acquire_release(&select->word, WEIR__SELECT_TOLD) != WEIR__SELECT_ASLEEP)
        return;
    if (select->rings)
        weir__event_ring(&select->event);
    else
        weir__futex_wake(&select->word, WEIR__EVERYONE);
}

static void tell_of_queue(weir__alert *alert) {
    tell(((weir__watch *)(void *)alert)->select);
}

static void tell_of_future(weir__watcher *watcher, weir_future_state how) {
    (void)how;
    tell(((weir__watch *)(void *)watcher)->select);
}

/* Returns the side in which the alert of a case is left. */
static weir__side *side_of(const weir_case *one) {
    return one->kind == WEIR_CASE_GET ? &one->queue->producers : &one->queue->consumers;
}

static bool watch_queue(const weir_case *one, weir__watch *watch) {
    if (!watch->begun) {
        watch->of.alert.tell = tell_of_queue;
        watch->of.alert.kind = WEIR__ALERT_SELECT;
        watch->begun = true;
    }
    return !weir__queue_watch(one->queue, side_of(one), &watch->of.alert);
}

/* A future that was told of its end may not show it yet: the lock shows it. */
static bool watch_future(const weir_case *one, weir__watch *watch) {
    if (watch->begun)
        return weir__future_is_over(one->future);
    watch->of.watcher.tell = tell_of_future;
    watch->begun = weir__future_watch(one->future, &watch->of.watcher);
    return !watch->begun;
}

static bool watch_case(const weir_case *one, weir__watch *watch) {
    if (weir__case_polls(one) || weir__case_is_off(one))
        return false;
    return one->kind == WEIR_CASE_FUTURE ? watch_future(one, watch) : watch_queue(one, watch);
}

bool weir__select_watch(weir__select *select) {
    for (size_t i = 0; i < select->count; i++) {
        if (watch_case(&select->cases[i], &select->watches[i]))
            return true;
    }
    return false;
}

void weir__select_unwatch(weir__select *select) {
    for (size_t i = 0; i < select->count; i++) {
        const weir_case *one = &select->cases[i];
        weir__watch *watch = &select->watches[i];
        if (!watch->begun)
            continue;
        if (one->kind == WEIR_CASE_FUTURE)
            weir__future_unwatch(one->future, &watch->of.watcher);
        else
            weir__queue_unwatch(one->queue, side_of(one), &watch->of.alert);
    }
}
