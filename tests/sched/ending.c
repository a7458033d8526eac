/*
 * ending.c - scenarios of close and shutdown against blocked puts and gets.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/stoppable_worker.h>

#include "scenarios.h"
#include "support.h"

static weir_queue *queue;

struct outcome {
    weir_status status;
    int got; /* number of items, or the item */
};

static void get_to_the_end(void *raw) {
    struct outcome *outcome = raw;
    void *got;
    while ((outcome->status = weir_queue_get(queue, &got)) == WEIR_OK) {
        outcome->got++;
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

static void put_one(void *raw) {
    struct outcome *outcome = raw;
    outcome->status = weir_queue_put(queue, item(outcome->got));
}

static void close_once(void *raw) {
    ((struct outcome *)raw)->status = weir_queue_close(queue);
}

static void shut_down_draining(void *unused) {
    (void)unused;
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
}

static void shut_down_discarding(void *unused) {
    (void)unused;
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
}

/* ---- what was dropped, by item ---- */

static int dropped[8];

static void count_drop(void *got, void *unused) {
    (void)unused;
    dropped[number(got)]++;
}

static weir_queue *new_dropping_queue(size_t capacity) {
    weir_queue *made;
    weir_queue_options options = {.capacity = capacity, .drop = count_drop};
    for (int i = 0; i < 8; i++)
        dropped[i] = 0;
    must(weir_queue_create_with(&made, &options), WEIR_OK);
    return made;
}

/* ---- close ---- */

void scenario_close_stops_one(void) {
    struct outcome consumers[2] = {{0}, {0}};
    queue = new_queue(2);
    int first = sched_spawn(get_to_the_end, &consumers[0]);
    int second = sched_spawn(get_to_the_end, &consumers[1]);
    must(weir_queue_close(queue), WEIR_OK);
    must(weir_queue_put(queue, item(1)), WEIR_OK); /* for the consumer that goes on */
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_close(queue), WEIR_OK);
    sched_join(first);
    sched_join(second);
    sched_check(consumers[0].got + consumers[1].got == 1, "the item was got %d times",
                consumers[0].got + consumers[1].got);
    finish_queue(queue);
}

void scenario_close_on_full(void) {
    struct outcome closer = {.status = WEIR_INVALID}, consumer = {0};
    queue = new_queue(1);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int closing = sched_spawn(close_once, &closer);
    get_to_the_end(&consumer);
    sched_join(closing);
    must(closer.status, WEIR_OK);
    must(consumer.status, WEIR_CLOSED);
    sched_check(consumer.got == 1, "%d got", consumer.got);
    finish_queue(queue);
}

void scenario_close_against_shutdown(void) {
    struct outcome closer = {.status = WEIR_INVALID};
    queue = new_queue(1);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int closing = sched_spawn(close_once, &closer);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(closing);
    must(closer.status, WEIR_CLOSED);
    must(weir_queue_destroy(queue), WEIR_OK);
}

/* ---- drain ---- */

void scenario_drain_wakes_put(void) {
    struct outcome putter = {.got = 2};
    queue = new_queue(1);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int putting = sched_spawn(put_one, &putter);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(putting);
    must(putter.status, WEIR_CLOSED);
    sched_check(weir_queue_size(queue) == 1, "%zu inside", weir_queue_size(queue));
    must(weir_queue_destroy(queue), WEIR_OK);
}

void scenario_drain_wakes_gets(void) {
    struct outcome consumers[2] = {{0}, {0}};
    queue = new_queue(1);
    int first = sched_spawn(get_to_the_end, &consumers[0]);
    int second = sched_spawn(get_to_the_end, &consumers[1]);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    sched_join(first);
    sched_join(second);
    must(consumers[0].status, WEIR_CLOSED);
    must(consumers[1].status, WEIR_CLOSED);
    finish_queue(queue);
}

void scenario_drain_hands_out(void) {
    struct outcome putter = {.got = 2}, consumer = {0};
    queue = new_queue(2);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int putting = sched_spawn(put_one, &putter);
    int shutting = sched_spawn(shut_down_draining, NULL);
    get_to_the_end(&consumer);
    sched_join(putting);
    sched_join(shutting);
    must(consumer.status, WEIR_CLOSED);
    sched_check(consumer.got == (putter.status == WEIR_OK ? 2 : 1), "%d got", consumer.got);
    finish_queue(queue);
}

/* ---- discard ---- */

static void get_one(void *raw) {
    struct outcome *outcome = raw;
    void *got = item(0);
    outcome->status = weir_queue_get(queue, &got);
    outcome->got = number(got);
    if (outcome->status == WEIR_OK)
        must(weir_queue_task_done(queue), WEIR_OK);
}

void scenario_discard_against_put_and_get(void) {
    struct outcome putter = {.got = 2}, getter = {0};
    queue = new_dropping_queue(1);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    int putting = sched_spawn(put_one, &putter);
    int getting = sched_spawn(get_one, &getter);
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
    sched_join(putting);
    sched_join(getting);
    for (int i = 1; i <= 2; i++) {
        bool put = i == 1 || putter.status == WEIR_OK;
        bool got = getter.status == WEIR_OK && getter.got == i;
        sched_check(dropped[i] + got == put, "item %d: put %d, got %d, dropped %d", i, put, got, dropped[i]);
    }
    finish_queue(queue);
}

void scenario_discard_after_drain(void) {
    queue = new_dropping_queue(3);
    for (int i = 1; i <= 2; i++)
        must(weir_queue_put(queue, item(i)), WEIR_OK);
    must(weir_queue_close(queue), WEIR_OK);
    int draining = sched_spawn(shut_down_draining, NULL);
    int discarding = sched_spawn(shut_down_discarding, NULL);
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
    sched_join(draining);
    sched_join(discarding);
    sched_check(dropped[1] == 1 && dropped[2] == 1, "dropped %d and %d times", dropped[1], dropped[2]);
    must(weir_queue_join(queue), WEIR_DISCARDED);
    finish_queue(queue);
}

/* ---- drop functions that call back ---- */

static weir_queue *called_back;

static void *never_run(void *got, void *arg) {
    (void)arg;
    sched_check(false, "a queue without items has one");
    return got;
}

/* Calls that would wait for this thread, or outlive the queue, are refused. The others return at once. */
static void drop_and_call_back(void *got, void *destroying) {
    weir_threads *threads;
    void *other;
    dropped[number(got)]++;
    must(weir_queue_put(called_back, got), WEIR_CLOSED);
    must(weir_queue_get(called_back, &other), WEIR_CLOSED);
    must(weir_queue_join(called_back), WEIR_DEADLOCK);
    must(weir_queue_shutdown(called_back, WEIR_DISCARD), WEIR_OK);
    must(weir_queue_destroy(called_back), WEIR_DEADLOCK);
    if (destroying != NULL) {
        must(weir_start_threads(&threads, 1, never_run, NULL, called_back, NULL), WEIR_CLOSED);
        must(weir_start_threads(&threads, 1, never_run, NULL, queue, called_back), WEIR_CLOSED);
    }
}

static void discard_called_back(void *unused) {
    (void)unused;
    must(weir_queue_shutdown(called_back, WEIR_DISCARD), WEIR_OK);
}

static void make_called_back(size_t capacity, void *destroying) {
    weir_queue_options options = {.capacity = capacity, .drop = drop_and_call_back, .drop_arg = destroying};
    for (int i = 0; i < 8; i++)
        dropped[i] = 0;
    must(weir_queue_create_with(&called_back, &options), WEIR_OK);
    for (int i = 1; i <= 2; i++)
        must(weir_queue_put(called_back, item(i)), WEIR_OK);
}

static void check_dropped_once(void) {
    sched_check(dropped[1] == 1 && dropped[2] == 1, "dropped %d and %d times", dropped[1], dropped[2]);
}

void scenario_discard_calls_back(void) {
    make_called_back(2, NULL);
    int discarding = sched_spawn(discard_called_back, NULL);
    must(weir_queue_shutdown(called_back, WEIR_DISCARD), WEIR_OK);
    must(weir_queue_join(called_back), WEIR_DISCARDED);
    sched_join(discarding);
    check_dropped_once();
    finish_queue(called_back);
}

void scenario_destroy_calls_back(void) {
    queue = new_queue(1);
    make_called_back(WEIR_UNBOUNDED, queue);
    must(weir_queue_destroy(called_back), WEIR_OK);
    check_dropped_once();
    finish_queue(queue);
}
