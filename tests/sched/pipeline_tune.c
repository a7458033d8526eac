/*
 * pipeline_tune.c - scenarios of changes of a running stage's rate and number of threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/stage.h"
#include "pipeline_support.h"

static weir_stage *tuned;
static weir_queue *never; /* no item comes */

/* ---- the rate ---- */

static int tell_gate(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    ran[number(got)]++;
    open_gate();
    return 0;
}

/* Takes so many turns that the next one is never due: no wait ends by itself. */
static void begin_rated(bool on_crew) {
    begin_pipeline((weir_pipeline_options){.name = "rated"});
    tuned = add_stage((weir_stage_options){.name = "only",
                                           .work.run = tell_gate,
                                           .threads.count = !on_crew,
                                           .threads.width = on_crew,
                                           .input.capacity = 2,
                                           .limits.rate = 1e-300});
    start_pipeline();
    (void)weir__rate_take(&tuned->rate, 0, 1000);
}

static void drop_rate(void *unused) {
    (void)unused;
    must(weir_pipeline_set_rate(pipeline, tuned, 0, 0), WEIR_OK);
}

static void change_beside_wait(bool on_crew) {
    begin_rated(on_crew);
    int other = sched_spawn(drop_rate, NULL);
    put_items(1, 1);
    wait_at_gate();
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

void scenario_rate_changes_beside_wait(void) {
    change_beside_wait(false);
}

void scenario_rate_changes_beside_wait_on_crew(void) {
    change_beside_wait(true);
}

/* ---- threads ---- */

static weir_status tell_init(void *arg, void **state) {
    *state = arg;
    open_gate();
    return WEIR_OK;
}

static int run_quickly(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    ran[number(got)]++;
    return 0;
}

static void begin_elastic(void) {
    begin_pipeline((weir_pipeline_options){.name = "elastic"});
    tuned = add_stage((weir_stage_options){.name = "only",
                                           .work.run = run_quickly,
                                           .work.init = tell_init,
                                           .threads.count = 1,
                                           .threads.max = 2,
                                           .input.capacity = 2});
    start_pipeline();
    sched_calm(true);
    wait_at_gate();
    sched_settle();
}

static void set_two(void *unused) {
    (void)unused;
    weir_status status = weir_pipeline_set_threads(pipeline, tuned, 2, 2);
    sched_check(status == WEIR_OK || status == WEIR_CLOSED, "%s", weir_strerror(status));
}

/*
 * The timer goes to sleep beside the change. If it missed that, the second thread would never come. It looks at the
 * stage when the item comes, and two milliseconds later, when it finds all at rest: this thread and the timer's wake at
 * the same instant.
 */
void scenario_threads_change_beside_sleep(void) {
    void *got;
    never = new_queue(1);
    begin_elastic();
    sched_calm(true);
    put_items(1, 1);
    sched_settle();
    must(weir_queue_get_until(never, &got, weir_deadline_after(2 * WEIR_MILLISECOND)), WEIR_TIMEDOUT);
    set_two(NULL);
    sched_calm(true);
    wait_at_gate();
    finish_with(WEIR_OK, 1, 0, 0, 0);
    must(weir_queue_destroy(never), WEIR_OK);
}

/* No thread starts after the end, and none that was added is left. */
void scenario_threads_change_against_drain(void) {
    begin_elastic();
    sched_calm(true);
    put_items(1, 1);
    sched_settle();
    int other = sched_spawn(set_two, NULL);
    finish_beside(other, WEIR_OK);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}
