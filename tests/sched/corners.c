/*
 * corners.c - scenarios for corner cases that a seeded bug (tests/mutants) showed to be untested.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/stoppable_worker.h>

#include "closable_queue/feeders.h"
#include "closable_queue/put.h"
#include "scenarios.h"
#include "support.h"

static weir_queue *queue;

static void put_three(void *unused) {
    (void)unused;
    for (int i = 1; i <= 3; i++)
        must(weir_queue_put(queue, item(i)), WEIR_OK);
}

static void look_at_size(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        size_t size = weir_queue_size(queue);
        sched_check(size <= 1, "size %zu, capacity 1", size);
    }
}

void scenario_size_within_capacity(void) {
    queue = new_queue(1);
    int putting = sched_spawn(put_three, NULL);
    int looking = sched_spawn(look_at_size, NULL);
    for (int i = 0; i < 3; i++)
        (void)get_number(queue);
    sched_join(putting);
    sched_join(looking);
    must(weir_queue_tasks_done(queue, 3), WEIR_OK);
    finish_queue(queue);
}

static uint64_t *box;

static void write_and_get(void *unused) {
    (void)unused;
    sched_plain_write(box, 7);
    (void)get_number(queue);
}

/* The second put uses the room that the get made, and sees what was done before the get. */
void scenario_room_is_published(void) {
    queue = new_queue(1);
    box = sched_scratch(sizeof *box);
    int getting = sched_spawn(write_and_get, NULL);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    sched_check(sched_plain_read(box) == 7, "the box holds %d", (int)*box);
    sched_join(getting);
    must(weir_queue_destroy(queue), WEIR_OK);
}

static void put_one(void *unused) {
    (void)unused;
    must(weir_queue_put(queue, item(1)), WEIR_OK);
}

/* The producer may still hold its lock when its item is already settled. */
void scenario_destroy_while_put_returns(void) {
    queue = new_queue(1);
    int putting = sched_spawn(put_one, NULL);
    (void)get_number(queue);
    must(weir_queue_task_done(queue), WEIR_OK);
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_destroy(queue), WEIR_OK);
    sched_join(putting);
}

/* Room for two is made at once, and no get follows. */
void scenario_batch_makes_room_for_two(void) {
    void *items[2];
    size_t got;
    queue = new_queue(2);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    int first = sched_spawn(put_one, NULL);
    int second = sched_spawn(put_one, NULL);
    must(weir_queue_get_many(queue, items, 2, &got), WEIR_OK);
    if (got == 1)
        (void)get_number(queue);
    sched_join(first);
    sched_join(second);
    sched_check(weir_queue_size(queue) == 2, "size %zu", weir_queue_size(queue));
    must(weir_queue_destroy(queue), WEIR_OK);
}

static void try_to_get(void *unused) {
    void *got;
    (void)unused;
    for (int i = 0; i < 3; i++)
        (void)weir_queue_try_get(queue, &got);
}

void scenario_unbounded_is_never_full(void) {
    queue = new_queue(WEIR_UNBOUNDED);
    for (int i = 0; i < 2; i++)
        must(weir_queue_try_put(queue, item(1)), WEIR_OK);
    int getting = sched_spawn(try_to_get, NULL);
    for (int i = 0; i < 4; i++)
        must(weir_queue_try_put(queue, item(1)), WEIR_OK);
    sched_join(getting);
    must(weir_queue_destroy(queue), WEIR_OK);
}

static void get_in_time(void *raw) {
    void *got;
    *(weir_status *)raw = weir_queue_get_until(queue, &got, weir_deadline_after(100));
}

static void get_one(void *unused) {
    (void)unused;
    (void)get_number(queue);
}

/* One item, one sleeper with a deadline and one without. If the first one times out, the second one gets the item. */
void scenario_deadline_takes_the_wake(void) {
    weir_status said;
    queue = new_queue(1);
    int hurried = sched_spawn(get_in_time, &said);
    int patient = sched_spawn(get_one, NULL);
    put_one(NULL);
    sched_join(hurried);
    if (said == WEIR_OK)
        put_one(NULL);
    sched_join(patient);
    must(weir_queue_tasks_done(queue, said == WEIR_OK ? 2 : 1), WEIR_OK);
    finish_queue(queue);
}

static weir__u32 *stop;

static void put_unless(void *raw) {
    *(weir_status *)raw = weir__queue_put_unless(queue, item(2), stop);
}

static void stop_feeding(void *unused) {
    (void)unused;
    weir__u32_store_release(stop, 1);
    weir__feeder_leave(queue, true);
}

/* One place, one producer that is stopped and one that is not. If the first one leaves, the second one gets the place. */
void scenario_stop_takes_the_wake(void) {
    weir_status said;
    queue = new_queue(1);
    stop = sched_scratch(sizeof *stop);
    weir__feeder_enter(queue);
    weir__feeder_enter(queue);
    put_one(NULL);
    int stopped = sched_spawn(put_unless, &said);
    int patient = sched_spawn(put_one, NULL);
    int stopping = sched_spawn(stop_feeding, NULL);
    (void)get_number(queue);
    sched_join(stopped);
    if (said == WEIR_OK)
        (void)get_number(queue);
    else
        must(said, WEIR_TIMEDOUT);
    sched_join(patient);
    sched_join(stopping);
    (void)get_number(queue);
    must(weir_queue_tasks_done(queue, said == WEIR_OK ? 3 : 2), WEIR_OK);
    weir__feeder_leave(queue, false);
    must(weir_queue_put(queue, item(1)), WEIR_CLOSED);
    finish_queue(queue);
}

static void *hand_on(void *got, void *arg) {
    (void)arg;
    return got;
}

/* The first group's handle does not stop the second group. */
void scenario_stop_again_after_restart(void) {
    weir_threads *first, *second;
    weir_queue *out = new_queue(1);
    queue = new_queue(1);
    must(weir_start_threads(&first, 1, hand_on, NULL, queue, out), WEIR_OK);
    must(weir_stop_threads(queue, first), WEIR_OK);
    must(weir_start_threads(&second, 1, hand_on, NULL, queue, out), WEIR_OK);
    must(weir_stop_threads(queue, first), WEIR_OK);
    put_one(NULL);
    sched_check(get_number(out) == 1, "not the item");
    must(weir_stop_threads(queue, second), WEIR_OK);
    must(weir_queue_destroy(queue), WEIR_OK);
    must(weir_queue_destroy(out), WEIR_OK);
}
