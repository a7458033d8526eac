/*
 * ports.c - scenarios of queues with a port: deliveries, room that comes and goes, and the ends of receipts.
 *
 * The port is a count of items that it has room for. Its operations change it between two steps of the scheduler.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/port.h>
#include <weir/stoppable_worker.h>

#include "closable_queue/descriptor.h"
#include "scenarios.h"
#include "support.h"

static weir_queue *queue;
static size_t room, accepted, settled, given_back, dropped;
static weir_status inner;
static weir__u32 steps; /* each load is a step, at which another thread may go on */

static weir_status put(void *state, void *const *items, size_t count, size_t *put) {
    (void)state;
    (void)items;
    while (*put < count && room > 0) {
        room--;
        accepted++;
        ++*put;
    }
    return *put == count ? WEIR_OK : WEIR_FULL;
}

static void settle(void *state, void *receipt) {
    (void)state;
    (void)receipt;
    settled++;
    (void)weir__u32_load_relaxed(&steps);
}

static void give_back(void *state, void *receipt) {
    (void)state;
    (void)receipt;
    given_back++;
}

static void count_drop(void *got, void *arg) {
    (void)got;
    (void)arg;
    dropped++;
}

/* The port counts what is put, but not settled: an item is settled there before the operation has returned. */
static weir_status count(void *state, size_t *queued, size_t *unfinished) {
    (void)state;
    (void)weir__u32_load_relaxed(&steps);
    *queued = 0;
    *unfinished = accepted - settled;
    return WEIR_OK;
}

static void begin_with(size_t free, size_t window, weir_queue_port port) {
    const weir_queue_options options = {.capacity = 4, .drop = count_drop};
    sched_calm(true);
    room = free;
    accepted = settled = given_back = dropped = 0;
    port.settle = settle;
    port.give_back = give_back;
    port.window = window;
    must(weir_queue_create_port(&queue, &options, &port), WEIR_OK);
    sched_calm(false);
}

static void begin(size_t free, size_t window) {
    begin_with(free, window, (weir_queue_port){.put = put});
}

static void deliver(int n) {
    must(weir_queue_deliver(queue, item(n), NULL, WEIR_NEVER), WEIR_OK);
}

static void destroy(void) {
    must(weir_queue_destroy(queue), WEIR_OK);
}

/* ---- room ---- */

static void put_one(void *n) {
    must(weir_queue_put(queue, n), WEIR_OK);
}

static void make_room(void *places) {
    room = (size_t)number(places);
    must(weir_queue_port_changed(queue), WEIR_OK);
}

void scenario_port_put_against_change(void) {
    begin(0, 1);
    int putting = sched_spawn(put_one, item(1)), changing = sched_spawn(make_room, item(1));
    sched_join(putting);
    sched_join(changing);
    sched_check(accepted == 1, "%zu were accepted", accepted);
    destroy();
}

void scenario_port_change_wakes_two(void) {
    begin(0, 1);
    int one = sched_spawn(put_one, item(1)), two = sched_spawn(put_one, item(2));
    make_room(item(2));
    sched_join(one);
    sched_join(two);
    sched_check(accepted == 2, "%zu were accepted", accepted);
    destroy();
}

static void put_polling(void *n) {
    weir_status status;
    while ((status = weir_queue_try_put(queue, n)) == WEIR_FULL)
        weir__event_await(&queue->consumers.descriptor->event);
    must(status, WEIR_OK);
}

void scenario_port_descriptor_against_change(void) {
    begin(0, 1);
    sched_calm(true);
    sched_check(weir_queue_put_fd(queue) > 2, "there is no descriptor");
    sched_calm(false);
    int putting = sched_spawn(put_polling, item(1)), changing = sched_spawn(make_room, item(1));
    sched_join(putting);
    sched_join(changing);
    destroy();
}

static void put_until_closed(void *n) {
    must(weir_queue_put(queue, n), WEIR_CLOSED);
}

void scenario_port_put_against_shutdown(void) {
    begin(0, 1);
    int putting = sched_spawn(put_until_closed, item(1));
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(putting);
    destroy();
}

static void destroy_inside(void *unused) {
    (void)unused;
    inner = weir_queue_destroy(queue);
}

static weir_status put_beside_destroy(void *state, void *const *items, size_t count, size_t *put) {
    (void)state;
    (void)items;
    sched_join(sched_spawn(destroy_inside, NULL));
    *put = count;
    return WEIR_OK;
}

void scenario_port_put_against_destroy(void) {
    begin_with(1, 1, (weir_queue_port){.put = put_beside_destroy});
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(inner, WEIR_BUSY);
    destroy();
}

/* ---- deliveries ---- */

static void deliver_three(void *unused) {
    (void)unused;
    for (int n = 1; n <= 3; n++)
        deliver(n);
}

void scenario_port_deliver_against_get(void) {
    begin(0, 1);
    int delivering = sched_spawn(deliver_three, NULL);
    for (int n = 1; n <= 3; n++) {
        int got = get_number(queue);
        sched_check(got == n, "%d came instead of %d", got, n);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
    sched_join(delivering);
    sched_check(settled == 3 && given_back == 0, "%zu were settled", settled);
    destroy();
}

static void deliver_until_closed(void *delivered) {
    int n = 0;
    while (weir_queue_deliver(queue, item(n), NULL, WEIR_NEVER) == WEIR_OK)
        n++;
    *(int *)delivered = n;
}

/* The delivering thread blocks at the window, and ends with the queue. The destroy drops and returns each delivery. */
void scenario_port_deliver_against_drain(void) {
    static int delivered;
    begin(0, 2);
    int delivering = sched_spawn(deliver_until_closed, &delivered);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(delivering);
    sched_check(given_back == 0, "%zu were given back", given_back);
    destroy();
    sched_check(given_back == (size_t)delivered && dropped == given_back, "%zu of %d were given back", given_back,
                delivered);
}

/* ---- the ends of receipts ---- */

static void take_and_settle(void *unused) {
    (void)unused;
    (void)get_number(queue);
    must(weir_queue_task_done(queue), WEIR_OK);
}

/* The thread that joins may destroy the queue at once. */
void scenario_port_settle_against_join(void) {
    begin_with(0, 2, (weir_queue_port){.count = count});
    accepted = 1;
    sched_calm(true);
    deliver(1);
    sched_calm(false);
    int settling = sched_spawn(take_and_settle, NULL);
    must(weir_queue_join(queue), WEIR_OK);
    sched_check(settled == 1, "the join did not wait");
    destroy();
    sched_join(settling);
}

/* The same without a count of the port. */
void scenario_port_join_counts_here(void) {
    begin(0, 2);
    sched_calm(true);
    deliver(1);
    sched_calm(false);
    int settling = sched_spawn(take_and_settle, NULL);
    must(weir_queue_join(queue), WEIR_OK);
    sched_check(settled == 1, "the join did not wait");
    destroy();
    sched_join(settling);
}

static void settle_one(void *item) {
    must(weir_queue_item_done(queue, item), WEIR_OK);
}

/* One thread has taken both; two others settle them. */
void scenario_port_settles_beside_each_other(void) {
    begin(0, 2);
    sched_calm(true);
    deliver(1);
    deliver(2);
    (void)get_number(queue);
    (void)get_number(queue);
    sched_calm(false);
    int one = sched_spawn(settle_one, item(1));
    settle_one(item(2));
    sched_join(one);
    must(weir_queue_task_done(queue), WEIR_INVALID);
    sched_check(settled == 2, "%zu were settled", settled);
    destroy();
}

static void *work(void *got, void *unused) {
    (void)unused;
    return got;
}

/* The worker settles the item, or gives it up: then it is dropped and returned. */
void scenario_port_worker_against_discard(void) {
    weir_worker *worker;
    const weir_worker_options options = {.func = work};
    begin(0, 2);
    sched_calm(true);
    deliver(1);
    sched_calm(false);
    must(weir_worker_start(&worker, &options, queue, NULL), WEIR_OK);
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
    must(weir_worker_join(worker), WEIR_OK);
    sched_check(settled + given_back == 1 && dropped == given_back, "%zu settled, %zu given back", settled, given_back);
    destroy();
    sched_check(settled + given_back == 1, "ended twice");
}
