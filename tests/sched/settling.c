/*
 * settling.c - scenarios of task_done, join, unfinished and deadlines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/closable_queue.h>

#include "scenarios.h"
#include "support.h"

static weir_queue *queue;
static uint64_t *ledger; /* plain memory: written before a task_done, read after a join */

static void work_off_one(void *unused) {
    (void)unused;
    int got = get_number(queue);
    sched_plain_write(&ledger[got], 1);
    must(weir_queue_task_done(queue), WEIR_OK);
}

static void open_ledger(void) {
    ledger = sched_scratch(8 * sizeof *ledger);
}

static void check_ledger(int items) {
    for (int i = 1; i <= items; i++)
        sched_check(sched_plain_read(&ledger[i]) == 1, "item %d is not in the ledger", i);
}

static void put_items(int count) {
    for (int i = 1; i <= count; i++)
        must(weir_queue_put(queue, item(i)), WEIR_OK);
}

void scenario_join_waits_for_done(void) {
    open_ledger();
    queue = new_queue(2);
    put_items(2);
    int first = sched_spawn(work_off_one, NULL);
    int second = sched_spawn(work_off_one, NULL);
    must(weir_queue_join(queue), WEIR_OK);
    check_ledger(2);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

static void join_and_check(void *unused) {
    (void)unused;
    must(weir_queue_join(queue), WEIR_OK);
    check_ledger(1);
}

void scenario_two_joiners(void) {
    open_ledger();
    queue = new_queue(1);
    put_items(1);
    int first = sched_spawn(join_and_check, NULL);
    int second = sched_spawn(join_and_check, NULL);
    work_off_one(NULL);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

/* The workers may still be returning from task_done when the queue is freed. */
void scenario_destroy_after_join(void) {
    open_ledger();
    queue = new_queue(2);
    put_items(2);
    int first = sched_spawn(work_off_one, NULL);
    int second = sched_spawn(work_off_one, NULL);
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_destroy(queue), WEIR_OK);
    check_ledger(2);
    sched_join(first);
    sched_join(second);
}

static void take_sentinel(void *unused) {
    void *got;
    (void)unused;
    must(weir_queue_get(queue, &got), WEIR_CLOSED);
}

void scenario_join_with_sentinel(void) {
    queue = new_queue(1);
    must(weir_queue_close(queue), WEIR_OK);
    sched_check(weir_queue_unfinished(queue) == 1, "%zu unfinished", weir_queue_unfinished(queue));
    int thread = sched_spawn(take_sentinel, NULL);
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_destroy(queue), WEIR_OK);
    sched_join(thread);
}

static void join_by_deadline(void *raw) {
    *(weir_status *)raw = weir_queue_join_until(queue, weir_deadline_after(100));
}

void scenario_join_deadline(void) {
    weir_status timed;
    open_ledger();
    queue = new_queue(1);
    put_items(1);
    int hurried = sched_spawn(join_by_deadline, &timed);
    int patient = sched_spawn(join_and_check, NULL);
    work_off_one(NULL);
    sched_join(hurried);
    sched_join(patient);
    sched_check(timed == WEIR_OK || timed == WEIR_TIMEDOUT, "%s", weir_strerror(timed));
    finish_queue(queue);
}

static void discard(void *unused) {
    (void)unused;
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
}

void scenario_discard_wakes_join(void) {
    queue = new_queue(2);
    put_items(2);
    int thread = sched_spawn(discard, NULL);
    must(weir_queue_join(queue), WEIR_DISCARDED);
    sched_join(thread);
    finish_queue(queue);
}

static void settle_unasked(void *raw) {
    *(weir_status *)raw = weir_queue_task_done(queue);
}

/* Three settles of one item: any one of them succeeds, the other two are refused. */
void scenario_done_beyond_count(void) {
    weir_status said[3];
    queue = new_queue(2);
    put_items(1);
    int first = sched_spawn(settle_unasked, &said[0]);
    int second = sched_spawn(settle_unasked, &said[1]);
    (void)get_number(queue);
    settle_unasked(&said[2]);
    sched_join(first);
    sched_join(second);
    int fine = 0;
    for (int i = 0; i < 3; i++)
        fine += said[i] == WEIR_OK;
    sched_check(fine == 1, "%d settles of one task", fine);
    finish_queue(queue);
}

static void join_patiently(void *unused) {
    (void)unused;
    must(weir_queue_join(queue), WEIR_OK);
}

/* Two settles of one item with a joiner, so that the last settle is made under the lock. */
void scenario_done_beyond_count_joined(void) {
    weir_status said[2];
    queue = new_queue(1);
    put_items(1);
    int joining = sched_spawn(join_patiently, NULL);
    int settling = sched_spawn(settle_unasked, &said[0]);
    (void)get_number(queue);
    settle_unasked(&said[1]);
    sched_join(settling);
    sched_join(joining);
    sched_check((said[0] == WEIR_OK) + (said[1] == WEIR_OK) == 1, "%d and %d", said[0], said[1]);
    finish_queue(queue);
}

static void put_get_settle(void *unused) {
    (void)unused;
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    (void)get_number(queue);
    must(weir_queue_task_done(queue), WEIR_OK);
}

void scenario_unfinished_is_exact(void) {
    queue = new_queue(2);
    int first = sched_spawn(put_get_settle, NULL);
    int second = sched_spawn(put_get_settle, NULL);
    size_t unfinished = weir_queue_unfinished(queue), size = weir_queue_size(queue);
    sched_check(unfinished <= 2, "%zu unfinished", unfinished);
    sched_check(size <= 2, "size %zu", size);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

static void put_and_join_twice(void *unused) {
    (void)unused;
    for (int i = 1; i <= 2; i++) {
        must(weir_queue_put(queue, item(i)), WEIR_OK);
        must(weir_queue_join(queue), WEIR_OK);
    }
}

static void get_and_settle_twice(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        (void)get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* A thread that sees the second item counted sees the first one settled. */
void scenario_unfinished_within_rounds(void) {
    queue = new_queue(2);
    int putting = sched_spawn(put_and_join_twice, NULL);
    int getting = sched_spawn(get_and_settle_twice, NULL);
    size_t unfinished = weir_queue_unfinished(queue);
    sched_check(unfinished <= 1, "%zu unfinished", unfinished);
    sched_join(putting);
    sched_join(getting);
    finish_queue(queue);
}

static void get_in_time(void *raw) {
    void *got;
    weir_status status = weir_queue_get_until(queue, &got, weir_deadline_after(100));
    if (status == WEIR_OK)
        must(weir_queue_task_done(queue), WEIR_OK);
    *(weir_status *)raw = status;
}

void scenario_get_deadline(void) {
    weir_status said;
    queue = new_queue(1);
    int thread = sched_spawn(get_in_time, &said);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    sched_join(thread);
    sched_check(said == WEIR_OK || said == WEIR_TIMEDOUT, "%s", weir_strerror(said));
    sched_check(weir_queue_size(queue) == (said == WEIR_OK ? 0 : 1), "%zu inside", weir_queue_size(queue));
    must(weir_queue_destroy(queue), WEIR_OK);
}

static void put_in_time(void *raw) {
    *(weir_status *)raw = weir_queue_put_until(queue, item(2), weir_deadline_after(100));
}

void scenario_put_deadline(void) {
    weir_status said;
    queue = new_queue(1);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int thread = sched_spawn(put_in_time, &said);
    sched_check(get_number(queue) == 1, "not the first item");
    sched_join(thread);
    sched_check(said == WEIR_OK || said == WEIR_TIMEDOUT, "%s", weir_strerror(said));
    sched_check(weir_queue_size(queue) == (said == WEIR_OK ? 1 : 0), "%zu inside", weir_queue_size(queue));
    must(weir_queue_destroy(queue), WEIR_OK);
}
