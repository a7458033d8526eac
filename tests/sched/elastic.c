/*
 * elastic.c - scenarios of groups and stages with a number of threads that changes while they run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/shutdown.h"
#include "pipeline_support.h"
#include "stoppable_worker/grow.h"
#include "stoppable_worker/start.h"

/* ---- groups ---- */

static weir_queue *queue;
static weir__group *group;
static int begun[NUMBERS], lost;
static bool late_start; /* no thread may start any more */

static void *count_item(void *got, void *arg) {
    (void)arg;
    begun[number(got)]++;
    return NULL;
}

static weir_status count_init(void *arg, void **state) {
    (void)arg;
    *state = NULL;
    sched_check(!late_start, "a thread has started after the end of the growth");
    return WEIR_OK;
}

static weir_status fail_init(void *arg, void **state) {
    (void)arg;
    (void)state;
    return lost++ > 0 ? WEIR_NOMEM : WEIR_OK;
}

static void begin_group(size_t threads, size_t most, size_t capacity, weir_worker_init *init) {
    const weir_worker_options options = {.func = count_item, .init = init};
    const weir__group_extra extra = {.most = most};
    for (int i = 0; i < NUMBERS; i++)
        begun[i] = 0;
    lost = 0;
    late_start = false;
    sched_calm(true);
    queue = new_queue(capacity);
    must(weir__group_start(&group, threads, &options, &extra, queue, NULL), WEIR_OK);
    sched_settle();
}

static void grow_calmly(void) {
    sched_calm(true);
    must(weir__group_grow(group), WEIR_OK);
    sched_settle();
}

/* Ends the group. Each of the items from 1 to `last` must have been begun once, and settled. */
static void end_group(int last) {
    must(weir_queue_join(queue), WEIR_OK);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    weir__group_join(group);
    sched_calm(true);
    weir__group_free(group);
    for (int i = 1; i <= last; i++)
        sched_check(begun[i] == 1, "item %d was begun %d times", i, begun[i]);
    finish_queue(queue);
    sched_calm(false);
}

static void put_two(void *unused) {
    (void)unused;
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
}

static void put_one(void *got) {
    must(weir_queue_put(queue, got), WEIR_OK);
}

/* The worker that is woken for an item may be the one that leaves. */
void scenario_shrink_against_put(void) {
    begin_group(1, 2, 2, count_init);
    grow_calmly();
    int putting = sched_spawn(put_two, NULL);
    weir__group_want(group, 1);
    sched_join(putting);
    end_group(2);
}

/* A worker that has slept, and then has left, may have owed a call for an item in the other's batch (B5). */
void scenario_leave_beside_a_batch(void) {
    begin_group(2, 3, 6, count_init);
    sched_calm(true);
    for (int i = 1; i <= 2; i++) /* quick: the batches grow */
        put_one(item(i));
    sched_settle();
    grow_calmly();
    sched_calm(true);
    for (int i = 3; i <= 6; i++)
        put_one(item(i));
    sched_calm(false);
    weir__group_want(group, 1);
    end_group(6);
}

static void grow_once(void *unused) {
    (void)unused;
    weir_status status = weir__group_grow(group);
    sched_check(status == WEIR_OK || status == WEIR_CLOSED, "%s", weir_strerror(status));
}

/* The seal waits for a thread that is being created; none starts afterwards. */
void scenario_growth_against_the_seal(void) {
    begin_group(1, 2, 2, count_init);
    int growing = sched_spawn(grow_once, NULL);
    weir__group_seal(group);
    sched_join(growing);
    must(weir__group_grow(group), WEIR_CLOSED);
    end_group(0);
}

/* A worker that is added begins with what waits, and the place of one that has left is used again. */
void scenario_growth_after_leaving(void) {
    begin_group(1, 2, 2, count_init);
    grow_calmly();
    sched_calm(true);
    weir__group_want(group, 1);
    sched_settle();
    while (weir__group_reap(group))
        sched_settle();
    sched_check(weir__group_size(group) == 1, "%d are alive", (int)weir__group_size(group));
    weir__group_want(group, 2);
    sched_calm(false);
    int putting = sched_spawn(put_two, NULL);
    must(weir__group_grow(group), WEIR_OK);
    sched_join(putting);
    end_group(2);
}

/* If the init of a worker fails, that worker is not one of those that stay: the first worker does not leave for it. */
void scenario_shrink_beside_an_init_that_fails(void) {
    begin_group(1, 3, 2, fail_init);
    must(weir__group_grow(group), WEIR_OK);
    weir__group_want(group, 1);
    put_one(item(1));
    must(weir_queue_join(queue), WEIR_OK);
    sched_settle();
    sched_calm(true);
    sched_check(weir__group_size(group) == 1, "%d are alive", (int)weir__group_size(group));
    sched_calm(false);
    put_one(item(2));
    end_group(2);
}

/* ---- stages ---- */

static weir_queue *never; /* no item comes */

static void pass_time(uint64_t time) {
    void *got;
    must(weir_queue_get_until(never, &got, weir_deadline_after(time)), WEIR_TIMEDOUT);
}

static size_t threads_of_first(void) {
    weir_report *report;
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    size_t threads = report->stages[0].threads;
    weir_report_free(report);
    return threads;
}

/* Item 2 opens the gate for item 1. So a stage that does not grow never ends. */
static int run_pair(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 2)
        open_gate();
    return end_call(got);
}

static void begin_elastic(void) {
    begin_pipeline((weir_pipeline_options){.name = "elastic"});
    add_stage((weir_stage_options){
        .name = "pair", .work.run = run_pair, .threads.count = 1, .threads.max = 2, .input.capacity = 4});
    start_pipeline();
}

/* The timer sleeps while all threads wait. A thread that begins a call meanwhile wakes it (L2). */
void scenario_elastic_timer_wakes(void) {
    never = new_queue(1);
    begin_elastic();
    sched_calm(true);
    put_items(3, 1);
    sched_settle();
    sched_calm(true);
    pass_time(52 * WEIR_MILLISECOND - 1); /* the timer sleeps by then */
    sched_settle();
    put_items(1, 2);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    must(weir_queue_destroy(never), WEIR_OK);
}

/* The stage grows in the drain, and no thread starts after its end. */
void scenario_elastic_growth_against_the_drain(void) {
    begin_elastic();
    sched_calm(true);
    put_items(1, 2);
    sched_settle();
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

static void cancel_and_open(void *unused) {
    cancel(unused);
    open_gate();
}

void scenario_elastic_growth_against_cancel(void) {
    begin_elastic();
    sched_calm(true);
    put_items(1, 2);
    sched_settle();
    int other = sched_spawn(cancel_and_open, NULL);
    finish_beside(other, WEIR_CANCELLED);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* The second thread leaves while items come; then the stage grows again, in the same place. */
void scenario_elastic_shrinks_and_grows_again(void) {
    never = new_queue(1);
    begin_elastic();
    sched_calm(true);
    put_items(1, 2);
    pass_time(250 * WEIR_MILLISECOND);
    sched_check(threads_of_first() == 2, "%d threads", (int)threads_of_first());
    sched_calm(false);
    pass_time(150 * WEIR_MILLISECOND);
    sched_calm(true);
    pass_time(100 * WEIR_MILLISECOND);
    sched_check(threads_of_first() == 1, "%d threads", (int)threads_of_first());
    put_items(1, 2);
    sched_settle();
    finish_with(WEIR_OK, 4, 0, 0, 0);
    must(weir_queue_destroy(never), WEIR_OK);
}
