/*
 * working.c - scenarios of workers and groups.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/stoppable_worker.h>

#include "scenarios.h"
#include "support.h"

static weir_queue *in, *out;
static weir_threads *group;

static void *hand_on(void *got, void *arg) {
    (void)arg;
    return got;
}

static void put_items(int first, int count) {
    for (int i = 0; i < count; i++)
        must(weir_queue_put(in, item(first + i)), WEIR_OK);
}

static void check_size(weir_queue *queue, size_t expected) {
    sched_check(weir_queue_size(queue) == expected, "%zu inside instead of %zu", weir_queue_size(queue), expected);
}

static void destroy_queues(void) {
    must(weir_queue_destroy(in), WEIR_OK);
    must(weir_queue_destroy(out), WEIR_OK);
}

void scenario_group_works_and_stops(void) {
    in = new_queue(1);
    out = new_queue(2);
    must(weir_start_threads(&group, 2, hand_on, NULL, in, out), WEIR_OK);
    put_items(1, 2);
    must(weir_stop_threads(in, group), WEIR_OK);
    check_size(out, 2);
    sched_check(weir_queue_unfinished(in) == 0, "%zu unfinished", weir_queue_unfinished(in));
    must(weir_stop_threads(in, group), WEIR_OK); /* again */
    destroy_queues();
}

void scenario_group_creation_fails(void) {
    in = new_queue(1);
    put_items(1, 1);
    sched_fail_thread(2, false);
    must(weir_start_threads(&group, 2, hand_on, NULL, in, NULL), WEIR_NOTHREAD);
    check_size(in, 1);
    must(weir_queue_destroy(in), WEIR_OK);
}

static int inits, finis;

static weir_status init_once(void *arg, void **state) {
    (void)arg;
    *state = NULL;
    return ++inits == 2 ? WEIR_NOMEM : WEIR_OK;
}

static void fini(void *state) {
    (void)state;
    finis++;
}

void scenario_group_init_fails(void) {
    weir_worker_options options = {.func = hand_on, .init = init_once, .fini = fini};
    inits = finis = 0;
    in = new_queue(1);
    put_items(1, 1);
    must(weir_start_threads_with(&group, 2, &options, in, NULL), WEIR_INITFAILED);
    sched_check(inits == 2 && finis == 1, "%d inits, %d finis", inits, finis);
    check_size(in, 1);
    must(weir_queue_destroy(in), WEIR_OK);
}

static void stop(void *unused) {
    (void)unused;
    must(weir_stop_threads(in, group), WEIR_OK);
    check_size(out, 1);
}

void scenario_stop_from_two_threads(void) {
    in = new_queue(1);
    out = new_queue(1);
    must(weir_start_threads(&group, 1, hand_on, NULL, in, out), WEIR_OK);
    put_items(1, 1);
    int other = sched_spawn(stop, NULL);
    stop(NULL);
    sched_join(other);
    destroy_queues();
}

void scenario_two_groups_one_queue(void) {
    weir_threads *second;
    in = new_queue(1);
    out = new_queue(2);
    must(weir_start_threads(&group, 1, hand_on, NULL, in, out), WEIR_OK);
    must(weir_start_threads(&second, 1, hand_on, NULL, in, out), WEIR_OK);
    put_items(1, 1);
    must(weir_stop_threads(in, group), WEIR_OK);
    put_items(2, 1);
    must(weir_queue_join(in), WEIR_OK); /* nobody else will ever wake the second group */
    check_size(out, 2);
    must(weir_stop_threads(in, second), WEIR_OK);
    destroy_queues();
}

static void *exit_thread(void *got, void *arg) {
    (void)got;
    (void)arg;
    sched_exit_thread();
}

void scenario_worker_exits(void) {
    in = new_queue(2);
    must(weir_start_threads(&group, 1, exit_thread, NULL, in, NULL), WEIR_OK);
    put_items(1, 2);
    must(weir_stop_threads(in, group), WEIR_UNFINISHED);
    check_size(in, 1);
    sched_check(weir_queue_unfinished(in) == 1, "%zu unfinished", weir_queue_unfinished(in));
    must(weir_queue_destroy(in), WEIR_OK);
}

static int drops;

static void count_drop(void *got, void *arg) {
    (void)got;
    (void)arg;
    drops++;
}

void scenario_out_is_shut_down(void) {
    weir_queue_options options = {.capacity = 1, .drop = count_drop};
    drops = 0;
    in = new_queue(2);
    must(weir_queue_create_with(&out, &options), WEIR_OK);
    must(weir_start_threads(&group, 1, hand_on, NULL, in, out), WEIR_OK);
    put_items(1, 2);
    must(weir_queue_shutdown(out, WEIR_DRAIN), WEIR_OK);
    weir_status said = weir_stop_threads(in, group);
    size_t inside = weir_queue_size(in), results = weir_queue_size(out);
    must(said, inside == 0 ? WEIR_OK : WEIR_UNFINISHED);
    sched_check(inside + results + (size_t)drops == 2, "%zu in, %zu out, %d dropped", inside, results, drops);
    sched_check(weir_queue_unfinished(in) == inside, "%zu unfinished", weir_queue_unfinished(in));
    destroy_queues();
}

/* The only worker ends itself while the queue is full: there will never be room for anything. */
void scenario_stop_on_full_queue(void) {
    in = new_queue(1);
    must(weir_start_threads(&group, 1, exit_thread, NULL, in, NULL), WEIR_OK);
    put_items(1, 2);
    must(weir_stop_threads(in, group), WEIR_UNFINISHED);
    check_size(in, 1);
    must(weir_queue_destroy(in), WEIR_OK);
}
