/*
 * histories.c - scenarios of recorded calls, which must be linearizable (tests/linear.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/closable_queue.h>

#include "../linear.h"
#include "scenarios.h"
#include "support.h"

static weir_queue *queue;
static struct linear_call calls[LINEAR_CALLS];
static size_t count;
static struct sched_stamp stamps[LINEAR_CALLS];
static bool ended[LINEAR_CALLS];

static bool comes_after(size_t other) {
    return ended[other] && (sched_has_common_time() || sched_has_seen(stamps[other]));
}

static struct linear_call *begin(enum linear_kind kind, unsigned what) {
    struct linear_call *call = &calls[count];
    *call = (struct linear_call){.kind = kind, .item = what};
    for (size_t other = 0; other < count; other++)
        call->after |= (uint32_t)comes_after(other) << other;
    ended[count++] = false;
    return call;
}

static weir_status end(struct linear_call *call, weir_status status) {
    call->status = status;
    ended[call - calls] = true;
    stamps[call - calls] = sched_stamp();
    return status;
}

static void put(int what) {
    struct linear_call *call = begin(LINEAR_PUT, (unsigned)what);
    end(call, weir_queue_put(queue, item(what)));
}

static void try_put(int what) {
    struct linear_call *call = begin(LINEAR_PUT, (unsigned)what);
    end(call, weir_queue_try_put(queue, item(what)));
}

static weir_status get_with(weir_status (*how)(weir_queue *, void **)) {
    struct linear_call *call = begin(LINEAR_GET, 0);
    void *got = NULL;
    weir_status status = how(queue, &got);
    call->item = (unsigned)number(got);
    return end(call, status);
}

static void try_get(void) {
    get_with(weir_queue_try_get);
}

static void get_to_the_end(void *unused) {
    (void)unused;
    while (get_with(weir_queue_get) == WEIR_OK)
        ;
}

static void close_queue(void) {
    struct linear_call *call = begin(LINEAR_CLOSE, 0);
    end(call, weir_queue_close(queue));
}

static void shut_down(weir_shutdown_mode mode) {
    struct linear_call *call = begin(mode == WEIR_DRAIN ? LINEAR_DRAIN : LINEAR_DISCARD, 0);
    end(call, weir_queue_shutdown(queue, mode));
}

static void open_history(size_t capacity) {
    queue = new_queue(capacity);
    count = 0;
}

static void check_history(size_t capacity) {
    sched_check(linear_check(calls, count, capacity), "no order explains the %zu calls", count);
    must(weir_queue_destroy(queue), WEIR_OK);
}

static void try_two_puts(void *unused) {
    (void)unused;
    try_put(1);
    try_put(2);
}

static void try_two_gets(void *unused) {
    (void)unused;
    try_get();
    try_get();
}

void scenario_history_of_tries(void) {
    open_history(1);
    int putting = sched_spawn(try_two_puts, NULL);
    int getting = sched_spawn(try_two_gets, NULL);
    try_put(3);
    try_get();
    sched_join(putting);
    sched_join(getting);
    check_history(1);
}

static void put_and_close(void *unused) {
    (void)unused;
    put(1);
    close_queue();
}

void scenario_history_of_close(void) {
    open_history(1);
    int putting = sched_spawn(put_and_close, NULL);
    int getting = sched_spawn(get_to_the_end, NULL);
    try_put(2);
    sched_join(putting);
    sched_join(getting);
    try_get();
    check_history(1);
}

static void put_two(void *unused) {
    (void)unused;
    put(1);
    put(2);
}

static void history_of_shutdown(weir_shutdown_mode mode) {
    open_history(1);
    int putting = sched_spawn(put_two, NULL);
    int getting = sched_spawn(get_to_the_end, NULL);
    shut_down(mode);
    sched_join(putting);
    sched_join(getting);
    check_history(1);
}

void scenario_history_of_drain(void) {
    history_of_shutdown(WEIR_DRAIN);
}

void scenario_history_of_discard(void) {
    history_of_shutdown(WEIR_DISCARD);
}

/* Segments have two slots: the history goes through three segments. */
void scenario_history_unbounded(void) {
    open_history(WEIR_UNBOUNDED);
    int putting = sched_spawn(put_two, NULL);
    int getting = sched_spawn(try_two_gets, NULL);
    put(3);
    put(4);
    try_get();
    sched_join(putting);
    sched_join(getting);
    close_queue();
    get_to_the_end(NULL);
    check_history(WEIR_UNBOUNDED);
}
