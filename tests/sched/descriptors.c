/*
 * descriptors.c - scenarios of the descriptors of a queue: threads that poll them and take or put without blocking.
 *
 * The scheduler has no descriptors: a poll sleeps until the event has rung.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/requeue.h"
#include "closable_queue/shutdown.h"
#include "scenarios.h"
#include "support.h"

static weir_queue *queue;
static int taken[2];

static void begin(size_t capacity) {
    sched_calm(true);
    queue = new_queue(capacity);
    sched_calm(false);
    taken[0] = taken[1] = 0;
}

static void open_both(void) {
    sched_calm(true);
    sched_check(weir_queue_get_fd(queue) > 2 && weir_queue_put_fd(queue) > 2, "there is no descriptor");
    sched_calm(false);
}

/* The queue has the descriptor, so the thread reads a constant. */
static weir__event *event_to_get(void) {
    return &queue->producers.descriptor->event;
}

static weir__event *event_to_put(void) {
    return &queue->consumers.descriptor->event;
}

/* Takes one item, or the end. Returns false for the end. */
static bool poll_one(int *count) {
    void *got;
    weir_status status;
    while ((status = weir_queue_try_get(queue, &got)) == WEIR_EMPTY)
        weir__event_await(event_to_get());
    if (status == WEIR_CLOSED)
        return false;
    must(status, WEIR_OK);
    must(weir_queue_task_done(queue), WEIR_OK);
    ++*count;
    return true;
}

static void take_one(void *count) {
    (void)poll_one(count);
}

static void take_two(void *count) {
    (void)poll_one(count);
    (void)poll_one(count);
}

static void take_all(void *count) {
    while (poll_one(count))
        continue;
}

static void offer(int i) {
    weir_status status;
    while ((status = weir_queue_try_put(queue, item(i))) == WEIR_FULL)
        weir__event_await(event_to_put());
    must(status, WEIR_OK);
}

static void offer_two(void *unused) {
    (void)unused;
    offer(1);
    offer(2);
}

static void offer_one(void *unused) {
    (void)unused;
    offer(3);
}

static void put(int i) {
    must(weir_queue_put(queue, item(i)), WEIR_OK);
}

static void take(int count) {
    while (count-- > 0) {
        (void)get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* No thread uses the queue any more: it is empty, and so says each descriptor. */
static void finish(void) {
    void *got;
    must(weir_queue_try_get(queue, &got), WEIR_EMPTY);
    sched_check(queue->producers.descriptor == NULL || !weir__event_has_rung(event_to_get()),
                "readable without an item");
    sched_check(queue->consumers.descriptor == NULL || weir__event_has_rung(event_to_put()), "not readable with room");
    finish_queue(queue);
}

/* ---- items ---- */

void scenario_get_fd_against_put(void) {
    begin(2);
    open_both();
    int other = sched_spawn(take_two, &taken[0]);
    put(1);
    put(2);
    sched_join(other);
    finish();
}

void scenario_get_fd_against_batch(void) {
    begin(2);
    open_both();
    int first = sched_spawn(take_one, &taken[0]), second = sched_spawn(take_one, &taken[1]);
    void *items[] = {item(1), item(2)};
    size_t count;
    must(weir_queue_put_many(queue, items, 2, &count), WEIR_OK);
    sched_join(first);
    sched_join(second);
    finish();
}

/* The descriptor is made before the put, between its steps, or after it. */
void scenario_get_fd_is_made_beside_put(void) {
    begin(1);
    int other = sched_spawn(offer_one, NULL);
    sched_check(weir_queue_get_fd(queue) > 2, "there is no descriptor");
    weir__event_await(event_to_get());
    take_one(&taken[0]);
    sched_join(other);
    finish();
}

static void make_and_take(void *count) {
    sched_check(weir_queue_get_fd(queue) > 2, "there is no descriptor");
    take_one(count);
}

void scenario_get_fd_is_made_twice(void) {
    begin(2);
    int first = sched_spawn(make_and_take, &taken[0]), second = sched_spawn(make_and_take, &taken[1]);
    put(1);
    put(2);
    sched_join(first);
    sched_join(second);
    finish();
}

void scenario_get_fd_against_close(void) {
    begin(1);
    open_both();
    int other = sched_spawn(take_all, &taken[0]);
    must(weir_queue_close(queue), WEIR_OK);
    sched_join(other);
    finish();
}

void scenario_get_fd_against_shutdown(void) {
    begin(1);
    open_both();
    int first = sched_spawn(take_all, &taken[0]), second = sched_spawn(take_all, &taken[1]);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(first);
    sched_join(second);
    sched_check(weir__event_has_rung(event_to_get()), "quiet after the end");
    finish_queue(queue);
}

static void get_one(void *unused) {
    (void)unused;
    take(1);
}

/* The get looks whether there is a descriptor while it is made. */
void scenario_get_fd_is_made_beside_get(void) {
    begin(1);
    int first = sched_spawn(get_one, NULL), second = sched_spawn(make_and_take, &taken[0]);
    put(1);
    put(2);
    sched_join(first);
    sched_join(second);
    finish();
}

/* A get that sleeps is woken beside a descriptor, and leaves what the other thread polls for. */
void scenario_get_fd_beside_get(void) {
    begin(2);
    open_both();
    int first = sched_spawn(get_one, NULL), second = sched_spawn(take_one, &taken[0]);
    put(1);
    put(2);
    sched_join(first);
    sched_join(second);
    finish();
}

static void requeue_one(void *place) {
    weir__queue_requeue(queue, place);
}

void scenario_get_fd_against_requeue(void) {
    begin(1);
    open_both();
    weir__requeued *place = sched_scratch(sizeof *place);
    put(1);
    place->item = item(get_number(queue));
    int other = sched_spawn(requeue_one, place);
    take_one(&taken[0]);
    sched_join(other);
    finish();
}

static void feed_one(void *place) {
    sched_check(weir__queue_feed(queue, place), "the queue is not open");
}

void scenario_get_fd_against_feed(void) {
    begin(1);
    open_both();
    weir__requeued *place = sched_scratch(sizeof *place);
    place->item = item(1);
    int other = sched_spawn(feed_one, place);
    take_one(&taken[0]);
    sched_join(other);
    finish();
}

/* The items of a worker that ends come back at once. */
static void give_back_two(void *raw) {
    weir__slot *slots = raw;
    weir__returned *returned = weir__alloc(sizeof *returned + 2 * sizeof returned->places[0]);
    weir__queue_give_back(queue, slots, 2, returned, 0);
}

void scenario_get_fd_against_give_back(void) {
    begin(2);
    open_both();
    put(1);
    put(2);
    weir__slot *slots = sched_scratch(2 * sizeof *slots);
    for (int i = 0; i < 2; i++)
        weir__ptr_store_relaxed(&slots[i], item(get_number(queue)));
    int other = sched_spawn(give_back_two, slots);
    take_two(&taken[0]);
    sched_join(other);
    finish();
}

/* The thread that has taken the last item may destroy the queue, while the put still writes to the descriptor. */
void scenario_get_fd_against_destroy(void) {
    begin(1);
    open_both();
    int other = sched_spawn(offer_one, NULL);
    take_one(&taken[0]);
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_destroy(queue), WEIR_OK);
    sched_join(other);
}

/* A later call makes it, and it tells of what came before. */
void scenario_get_fd_without_memory(void) {
    begin(1);
    sched_fail_allocation(1, false);
    sched_check(weir_queue_get_fd(queue) == -1, "a descriptor without memory");
    put(1);
    sched_check(weir_queue_get_fd(queue) > 2, "there is no descriptor");
    weir__event_await(event_to_get());
    take_one(&taken[0]);
    finish();
}

/* ---- room ---- */

void scenario_put_fd_against_get(void) {
    begin(1);
    open_both();
    int other = sched_spawn(offer_two, NULL);
    take(2);
    sched_join(other);
    finish();
}

void scenario_both_fds(void) {
    begin(1);
    open_both();
    int other = sched_spawn(offer_two, NULL);
    take_two(&taken[0]);
    sched_join(other);
    finish();
}

void scenario_two_put_fds(void) {
    begin(1);
    open_both();
    put(9);
    int first = sched_spawn(offer_one, NULL), second = sched_spawn(offer_one, NULL);
    take(3);
    sched_join(first);
    sched_join(second);
    finish();
}

static void offer_until_closed(void *unused) {
    (void)unused;
    weir_status status;
    while ((status = weir_queue_try_put(queue, item(4))) == WEIR_FULL)
        weir__event_await(event_to_put());
    must(status, WEIR_CLOSED);
}

void scenario_put_fd_against_shutdown(void) {
    begin(1);
    open_both();
    put(1);
    int first = sched_spawn(offer_until_closed, NULL), second = sched_spawn(offer_until_closed, NULL);
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

void scenario_put_fd_against_seal(void) {
    begin(1);
    open_both();
    put(1);
    int other = sched_spawn(offer_until_closed, NULL);
    weir__queue_seal(queue);
    sched_join(other);
    take(1);
    finish();
}

static void hold_queue(void *unused) {
    (void)unused;
    weir__queue_hold(queue, true);
    weir__queue_hold(queue, false);
}

void scenario_put_fd_against_hold(void) {
    begin(1);
    open_both();
    int other = sched_spawn(hold_queue, NULL);
    offer(3);
    sched_join(other);
    take(1);
    finish();
}
