/*
 * pipeline_pass.c - scenarios of morsels that pass on to the next stage, on the same thread.
 *
 * Items pass once the next stage has learnt what its items cost: so each scenario begins with an item that teaches it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/shared.h"
#include "crew_support.h"

static weir_queue *results;

/* ---- support ---- */

/* Two serial stages, and the results of the last one. */
static void begin_two(weir_worker_func *func, weir_worker_func *last_func) {
    results = new_counting_queue(8);
    begin_on(2);
    weir_stage_options last = on_crew("last", last_func, 1, 4);
    last.output.results = results;
    add_stage(on_crew("first", func, 1, 4));
    add_stage(last);
    start_pipeline();
    learn(LEARNT);
}

/* The search is over once the monitor has looked twice. Then the items are run. */
static void run_beside_monitor(int last, int stages) {
    sched_compute(3 * TICK);
    sched_calm(true);
    let_run(last, stages);
}

/* ---- the call of a passed item takes long ---- */

/* The passed morsel's first call waits for the second item, which the monitor lets the other lane have. */
void scenario_crew_pass_blocked_lane(void) {
    begin_on(1);
    add_stage(on_crew("first", pass_on, 1, 4));
    add_stage(on_crew("last", wait_for_second, 2, 4));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    run_beside_monitor(2, 2);
    finish_calmly(3);
}

/* The monitor takes items out of a passed morsel as the lane begins them. They have never been in a slot of the queue. */
void scenario_crew_pass_against_rescue(void) {
    begin_two(pass_on, compute_by_number);
    put_calmly(1, 3);
    run_beside_monitor(3, 2);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 1, 2, 3, 0});
}

/* The monitor sends the first result through the queue. The others pass: they do not overtake it. */
void scenario_crew_pass_keeps_order(void) {
    begin_two(compute_by_number, pass_on);
    put_calmly(2, 1);
    put_calmly(1, 1);
    put_calmly(3, 1);
    run_beside_monitor(3, 2);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 2, 1, 3, 0});
}

/* ---- ends ---- */

static void *open_gate_with_first(void *got, void *arg) {
    if (number(got) == 1)
        open_gate();
    return pass_on(got, arg);
}

/* A cancel comes as items pass: each ends once. */
void scenario_crew_pass_against_cancel(void) {
    begin_two(open_gate_with_first, pass_on);
    put_calmly(1, 2);
    wait_at_gate();
    cancel(NULL);
    sched_calm(true);
    finish_pipeline(WEIR_CANCELLED);
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[i] == 1 || done[i] == 2, "item %d was done %d times and dropped %d times", i, done[i],
                    dropped[i]);
    sched_calm(true);
    must(weir_queue_destroy(results), WEIR_OK);
}

/*
 * The stage to which items pass was added first. As the monitor looks, another visit of it is missed: the thread that
 * releases the lane makes the stage's job ready, and is no visitor of it.
 */
void scenario_crew_pass_against_destroy(void) {
    weir_stage *last, *first;
    begin_on(2);
    last = add_stage(on_crew("last", compute_by_number, 1, 4));
    first = add_stage(on_crew("first", pass_on, 1, 4));
    must(weir_pipeline_connect(pipeline, first, last), WEIR_OK);
    start_pipeline();
    learn(LEARNT);
    sched_calm(true);
    put_items(1, 1);
    sched_compute(TICK + TICK / 2);
    sched_calm(false);
    finish_pipeline(WEIR_OK);
    check_ran(1, 2);
}

static void *exit_with_first(void *got, void *arg) {
    got = compute_by_number(got, arg);
    if (number(got) == 1) {
        done[1]--;
        sched_exit_thread();
    }
    return got;
}

/* A passed item ends its thread, while the monitor takes the other one out of the morsel. */
void scenario_crew_pass_against_exit(void) {
    begin_two(pass_on, exit_with_first);
    put_calmly(1, 2);
    sched_compute(3 * TICK);
    sched_calm(true);
    finish_exited("last", 1);
    sched_check(done[2] == 2 || dropped[2] == 1, "item 2 was done %d times and dropped %d times", done[2], dropped[2]);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* ---- two predecessors ---- */

static int produce_second(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    wait_at_gate();
    weir_task_emit(task, item(2));
    return WEIR_END;
}

/* A source with a thread puts, while the items of the other predecessor pass. */
void scenario_crew_pass_beside_put(void) {
    begin_on(2);
    weir_stage *source = add_stage((weir_stage_options){.name = "source", .work.source = produce_second});
    weir_stage *entrance = add_stage(on_crew("entrance", pass_on, 1, 1));
    weir_stage *last = add_stage(on_crew("last", pass_on, 1, 2));
    must(weir_pipeline_connect(pipeline, source, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, entrance, last), WEIR_OK);
    start_pipeline();
    learn(LEARNT);
    sched_calm(true);
    open_gate();
    put_items(1, 1);
    sched_calm(false);
    sched_compute(TICK / 2);
    sched_calm(true);
    compute_for_ages();
    sched_check(done[1] == 2 && done[2] == 1, "%d and %d", done[1], done[2]);
    finish_calmly(3);
}

/* ---- two pipelines ---- */

static int produce_without_end(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    sched_compute(TICK / 10);
    weir_task_emit(task, item(1));
    return 0;
}

/* A source that has always more lets the other pipeline have its turn on the only thread. */
void scenario_crew_two_pipelines_take_turns(void) {
    const weir_stage_options options = {.name = "other", .work.func = pass_on, .threads.width = 1, .input.capacity = 1};
    weir_pipeline *other;
    weir_stage *stage;
    sched_calm(true);
    begin_on(1);
    add_stage((weir_stage_options){.name = "source", .work.source = produce_without_end, .threads.width = 1});
    must(weir_pipeline_create(&other, NULL), WEIR_OK);
    must(weir_pipeline_add(other, &stage, &options), WEIR_OK);
    must(weir_pipeline_start(other), WEIR_OK);
    must(weir_pipeline_put(other, item(2)), WEIR_OK);
    must(weir_pipeline_start(pipeline), WEIR_OK);
    sched_calm(false);
    must(weir_pipeline_finish(other, WEIR_NEVER, NULL), WEIR_OK);
    sched_calm(true);
    must(weir_pipeline_destroy(other), WEIR_OK);
    sched_check(done[2] == 1, "the item was done %d times", done[2]);
    finish_pipeline(WEIR_OK);
}
