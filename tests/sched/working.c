/*
 * working.c - scenarios of workers and groups.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/stoppable_worker.h>

#include <string.h>

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
    must(weir_queue_join(in), WEIR_OK); /* nothing else will ever wake the second group */
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

/* Waits for its own item, and destroys queues that its worker uses: each call is refused. */
static void *destroy_from_inside(void *got, void *arg) {
    (void)arg;
    must(weir_queue_join(in), WEIR_DEADLOCK);
    must(weir_queue_destroy(in), WEIR_DEADLOCK);
    must(weir_queue_destroy(out), WEIR_DEADLOCK);
    return got;
}

void scenario_destroy_of_queues_in_use(void) {
    in = new_queue(1);
    out = new_queue(1);
    must(weir_start_threads(&group, 1, destroy_from_inside, NULL, in, out), WEIR_OK);
    put_items(1, 1);
    must(weir_queue_destroy(in), WEIR_BUSY);
    must(weir_queue_destroy(out), WEIR_BUSY);
    must(weir_stop_threads(in, group), WEIR_OK);
    check_size(out, 1);
    destroy_queues();
}

static void try_to_destroy(void *raw) {
    weir_status *said = raw;
    *said = weir_queue_destroy(in);
    sched_check(*said == WEIR_OK || *said == WEIR_BUSY, "%s", weir_strerror(*said));
}

/* Another thread may destroy the input once it is not busy, whether or not the stop has returned. */
void scenario_destroy_while_stopping(void) {
    weir_status said;
    in = new_queue(1);
    must(weir_start_threads(&group, 1, hand_on, NULL, in, NULL), WEIR_OK);
    put_items(1, 1);
    int other = sched_spawn(try_to_destroy, &said);
    must(weir_stop_threads(in, group), WEIR_OK);
    sched_join(other);
    if (said != WEIR_OK)
        must(weir_queue_destroy(in), WEIR_OK);
}

/* The only worker ends itself while the queue is full, so there will never be room. */
void scenario_stop_on_full_queue(void) {
    in = new_queue(1);
    must(weir_start_threads(&group, 1, exit_thread, NULL, in, NULL), WEIR_OK);
    put_items(1, 2);
    must(weir_stop_threads(in, group), WEIR_UNFINISHED);
    check_size(in, 1);
    must(weir_queue_destroy(in), WEIR_OK);
}

/* ---- several items at once: a worker's second batch may have two ---- */

static const weir_queue_options with_drops = {.capacity = 8, .drop = count_drop};
static int ran[8];
static weir_queue *gate;

static void *count_run(void *got, void *arg) {
    (void)arg;
    ran[number(got)]++;
    return got;
}

static void check_each_ran_once(int items) {
    for (int i = 1; i <= items; i++)
        sched_check(ran[i] == 1, "item %d ran %d times", i, ran[i]);
}

static void begin_batches(void) {
    memset(ran, 0, sizeof ran);
    drops = 0;
    must(weir_queue_create_with(&in, &with_drops), WEIR_OK);
    out = new_queue(8);
    gate = new_queue(8);
}

static void end_batches(void) {
    destroy_queues();
    must(weir_queue_destroy(gate), WEIR_OK);
}

void scenario_batch_in_order(void) {
    begin_batches();
    put_items(1, 3);
    must(weir_start_threads(&group, 1, count_run, NULL, in, out), WEIR_OK);
    must(weir_stop_threads(in, group), WEIR_OK);
    for (int i = 1; i <= 3; i++)
        sched_check(get_number(out) == i, "item %d is not in its place", i);
    check_each_ran_once(3);
    sched_check(weir_queue_unfinished(in) == 0, "%zu unfinished", weir_queue_unfinished(in));
    end_batches();
}

enum { WITH_PEERS = 6 };

/* The third item's function returns once all others have run, including those taken with it. */
static void *wait_for_others(void *got, void *arg) {
    if (number(got) == 3) {
        for (int i = 1; i < WITH_PEERS; i++)
            (void)get_number(gate);
    } else {
        must(weir_queue_put(gate, got), WEIR_OK);
    }
    return count_run(got, arg);
}

static void run_with_slow_peer(bool idle) {
    begin_batches();
    put_items(1, WITH_PEERS);
    must(weir_start_threads(&group, 2, wait_for_others, NULL, in, NULL), WEIR_OK);
    if (idle)
        must(weir_queue_join(in), WEIR_OK);
    must(weir_stop_threads(in, group), WEIR_OK);
    check_each_ran_once(WITH_PEERS);
    end_batches();
}

void scenario_batch_of_a_slow_peer(void) {
    run_with_slow_peer(true);
}

void scenario_batch_at_the_stop(void) {
    run_with_slow_peer(false);
}

static void *exit_on_second(void *got, void *arg) {
    (void)count_run(got, arg);
    if (number(got) == 2)
        sched_exit_thread();
    return got;
}

void scenario_batch_given_back(void) {
    begin_batches();
    put_items(1, 3);
    must(weir_start_threads(&group, 1, exit_on_second, NULL, in, NULL), WEIR_OK);
    must(weir_stop_threads(in, group), WEIR_UNFINISHED);
    check_each_ran_once(2);
    check_size(in, 1);
    sched_check(weir_queue_unfinished(in) == 1, "%zu unfinished", weir_queue_unfinished(in));
    sched_check(get_number(in) == 3, "another item than the third is left");
    must(weir_queue_task_done(in), WEIR_OK);
    must(weir_queue_join(in), WEIR_OK);
    end_batches();
}

static void take_all(void *unused) {
    void *got;
    (void)unused;
    while (weir_queue_get(in, &got) == WEIR_OK) {
        ran[number(got)]++;
        must(weir_queue_task_done(in), WEIR_OK);
    }
}

/* Another consumer, which may already sleep, gets the requeued item. */
void scenario_batch_given_back_wakes(void) {
    begin_batches();
    int other = sched_spawn(take_all, NULL);
    must(weir_start_threads(&group, 1, exit_on_second, NULL, in, NULL), WEIR_OK);
    put_items(1, 1);
    must(weir_queue_put_many(in, (void *[]){item(2), item(3)}, 2, &(size_t){0}), WEIR_OK);
    must(weir_queue_join(in), WEIR_OK);
    check_each_ran_once(3);
    must(weir_stop_threads(in, group), WEIR_OK);
    must(weir_queue_shutdown(in, WEIR_DRAIN), WEIR_OK);
    sched_join(other);
    end_batches();
}

static void put_and_take_one(void *unused) {
    void *got;
    (void)unused;
    if (weir_queue_try_put(in, item(4)) != WEIR_OK || weir_queue_try_get(in, &got) != WEIR_OK)
        return;
    ran[number(got)]++;
    must(weir_queue_task_done(in), WEIR_OK);
}

/* The item that another consumer takes behind the mark offsets, in the count, the one requeued before it. */
void scenario_batch_given_back_behind_others(void) {
    begin_batches();
    put_items(1, 3);
    must(weir_start_threads(&group, 1, exit_on_second, NULL, in, NULL), WEIR_OK);
    int other = sched_spawn(put_and_take_one, NULL);
    weir_status said = weir_stop_threads(in, group);
    sched_join(other);
    if (said == WEIR_OK)
        check_each_ran_once(3);
    else
        must(said, WEIR_UNFINISHED);
    check_size(in, (size_t)(4 - ran[1] - ran[2] - ran[3] - ran[4]));
    end_batches();
}

void scenario_batch_discarded(void) {
    begin_batches();
    put_items(1, 3);
    must(weir_start_threads(&group, 1, count_run, NULL, in, NULL), WEIR_OK);
    must(weir_queue_shutdown(in, WEIR_DISCARD), WEIR_OK);
    weir_status joined = weir_queue_join(in);
    must(joined, drops > 0 ? WEIR_DISCARDED : WEIR_OK);
    sched_check(ran[1] + ran[2] + ran[3] + drops == 3, "%d ran, %d dropped", ran[1] + ran[2] + ran[3], drops);
    must(weir_stop_threads(in, group), joined);
    end_batches();
}

/* ---- the same beside others, and with workers that end ---- */

static int begun;

static void *second_waits_for_third(void *got, void *arg) {
    int place = ++begun;
    (void)arg;
    if (place == 2)
        (void)get_number(gate);
    if (place == 3)
        must(weir_queue_put(gate, item(1)), WEIR_OK);
    return got; /* at least three run: the first, and two of the others */
}

static void put_many(int first, int last) {
    void *items[8];
    size_t count = 0, put;
    for (int i = first; i <= last; i++)
        items[count++] = item(i);
    must(weir_queue_put_many(in, items, count, &put), WEIR_OK);
}

/*
 * A consumer that is no worker takes some of four items. The workers, one of which may be about to sleep, run the
 * others.
 */
void scenario_batch_beside_a_get(void) {
    begin_batches();
    begun = 0;
    sched_calm(true);
    must(weir_start_threads(&group, 2, second_waits_for_third, NULL, in, NULL), WEIR_OK);
    sched_calm(false);
    put_items(1, 1);
    must(weir_queue_join(in), WEIR_OK);
    put_many(2, 5);
    for (int i = 0; i < 2; i++) {
        void *got;
        if (weir_queue_try_get(in, &got) == WEIR_OK)
            must(weir_queue_task_done(in), WEIR_OK);
    }
    must(weir_queue_join(in), WEIR_OK);
    sched_calm(true);
    must(weir_stop_threads(in, group), WEIR_OK);
    end_batches();
}

/* One worker ends with items that it has not begun, while the other one finds the queue empty and shut down. */
void scenario_batch_left_to_a_survivor(void) {
    begin_batches();
    put_items(1, 6);
    must(weir_start_threads(&group, 2, exit_on_second, NULL, in, NULL), WEIR_OK);
    must(weir_queue_shutdown(in, WEIR_DRAIN), WEIR_OK);
    must(weir_queue_join(in), WEIR_OK);
    must(weir_stop_threads(in, group), WEIR_OK);
    check_each_ran_once(6);
    end_batches();
}

static bool calm_after_the_fourth; /* what follows is not searched */

/* Called beside the worker that took the item with the third, or by a get if that worker took fewer items at once. */
static void run_fourth(void *got) {
    if (calm_after_the_fourth)
        sched_calm(true);
    must(weir_queue_put(out, got), WEIR_OK);
}

/* The first item waits at the gate. The third waits until the fourth, which its worker took with it, has run. */
static void *first_and_third_wait(void *got, void *arg) {
    (void)arg;
    if (number(got) == 1)
        (void)get_number(gate);
    if (number(got) == 3)
        sched_check(get_number(out) == 4, "another item than the fourth was run");
    if (number(got) == 4)
        run_fourth(got);
    return NULL;
}

/* Gets and runs one item in a consumer that is no worker. Returns the status of the get. */
static weir_status run_one(weir_status (*get)(weir_queue *queue, void **got)) {
    void *got;
    weir_status status = get(in, &got);
    if (status != WEIR_OK)
        return status;
    if (number(got) == 4)
        run_fourth(got);
    must(weir_queue_task_done(in), WEIR_OK);
    return WEIR_OK;
}

static void run_until_closed(void *unused) {
    (void)unused;
    while (run_one(weir_queue_get) == WEIR_OK)
        continue;
}

/* One worker is in the first item. The others sleep, and beside them a consumer that is no worker. */
static int begin_beside_a_get(size_t workers) {
    begin_batches();
    must(weir_start_threads(&group, workers, first_and_third_wait, NULL, in, NULL), WEIR_OK);
    sched_settle();
    put_items(1, 1);
    sched_settle();
    int other = sched_spawn(run_until_closed, NULL);
    sched_settle();
    sched_calm(true);
    return other;
}

static void end_beside_a_get(int other) {
    must(weir_queue_join(in), WEIR_OK);
    sched_calm(true);
    must(weir_stop_threads(in, group), WEIR_OK);
    must(weir_queue_shutdown(in, WEIR_DRAIN), WEIR_OK);
    sched_join(other);
    end_batches();
}

/*
 * The wake of a put goes to a consumer that is no worker. It finds one item left, so it passes no wake on. A sleeping
 * worker must still get the item that lies in the other worker's batch.
 */
static void wake_another_consumer(bool calm_after) {
    calm_after_the_fourth = calm_after;
    int other = begin_beside_a_get(2);
    put_many(2, 6);
    must(weir_queue_put(gate, item(1)), WEIR_OK);
    sched_calm(false);
    (void)run_one(weir_queue_try_get);
    end_beside_a_get(other);
}

void scenario_batch_beside_a_sleeping_get(void) {
    wake_another_consumer(false);
}

void scenario_batch_until_a_sleeper_runs_it(void) {
    wake_another_consumer(true);
}

/*
 * A worker that is called for an item in a batch wakes to a sentinel, and ends. It leaves the item to the next
 * worker.
 */
void scenario_batch_beside_a_sentinel(void) {
    calm_after_the_fourth = false;
    int other = begin_beside_a_get(3);
    put_many(2, 8);
    must(weir_queue_close(in), WEIR_OK);
    must(weir_queue_put(gate, item(1)), WEIR_OK);
    sched_calm(false);
    for (int i = 0; i < 4; i++)
        (void)run_one(weir_queue_try_get);
    end_beside_a_get(other);
}

/* ---- counted costs, which must not grow with the number of idle threads ---- */

enum { A_FEW = 16 }; /* operations: a list with one more waiting thread has a neighbour to link */

/* Lets the other threads run until all wait, and stays calm: these scenarios decide nothing. */
static void settle_calmly(void) {
    sched_settle();
    sched_calm(true);
}

/* Returns the work of one item, until every worker sleeps again. */
static unsigned work_of_an_item(size_t workers) {
    in = new_queue(8);
    must(weir_start_threads(&group, workers, hand_on, NULL, in, NULL), WEIR_OK);
    settle_calmly();
    unsigned before = sched_work();
    put_items(1, 1);
    settle_calmly();
    unsigned work = sched_work() - before;
    must(weir_stop_threads(in, group), WEIR_OK);
    must(weir_queue_destroy(in), WEIR_OK);
    return work;
}

void scenario_cost_of_an_item_among_idle(void) {
    sched_calm(true);
    unsigned few = work_of_an_item(2), many = work_of_an_item(5);
    sched_check(many <= few + A_FEW, "an item costs %u operations with 2 workers and %u with 5", few, many);
}

/* Returns the work of stopping the first of several groups that wait at one queue. */
static unsigned work_of_a_stop(size_t groups) {
    weir_threads *others[4];
    in = new_queue(8);
    must(weir_start_threads(&group, 1, hand_on, NULL, in, NULL), WEIR_OK);
    for (size_t i = 1; i < groups; i++)
        must(weir_start_threads(&others[i - 1], 1, hand_on, NULL, in, NULL), WEIR_OK);
    settle_calmly();
    unsigned before = sched_work();
    must(weir_stop_threads(in, group), WEIR_OK);
    settle_calmly();
    unsigned work = sched_work() - before;
    for (size_t i = 1; i < groups; i++)
        must(weir_stop_threads(in, others[i - 1]), WEIR_OK);
    must(weir_queue_destroy(in), WEIR_OK);
    return work;
}

void scenario_cost_of_a_stop_among_groups(void) {
    sched_calm(true);
    unsigned few = work_of_a_stop(2), many = work_of_a_stop(4);
    sched_check(many <= few + A_FEW, "a stop costs %u operations among 2 groups and %u among 4", few, many);
}
