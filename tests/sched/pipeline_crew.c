/*
 * pipeline_crew.c - scenarios of stages on a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/shared.h"
#include "crew_support.h"

static weir_queue *results;

/* ---- items ---- */

static void pass_two(unsigned processors) {
    results = new_counting_queue(4);
    begin_on(processors);
    weir_stage_options last = on_crew("last", pass_on, 1, 2);
    last.output.results = results;
    add_stage(on_crew("first", pass_on, 1, 2));
    add_stage(last);
    start_pipeline();
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){1, 2, 0});
}

void scenario_crew_stages(void) {
    pass_two(1);
}

void scenario_crew_stages_on_two(void) {
    pass_two(2);
}

/* The last stage has learnt that its items cost little: it is called soon, or next. */
void scenario_crew_quick_stages(void) {
    begin_on(2);
    add_stage(on_crew("first", pass_on, 1, 2));
    add_stage(on_crew("last", pass_on, 1, 2));
    start_pipeline();
    learn(3);
    put_items(1, 2);
    let_run(2, 2);
    finish_calmly(3);
}

/* The last item meets the end of the stages. */
void scenario_crew_end_against_last_item(void) {
    begin_on(2);
    add_stage(on_crew("only", pass_on, 2, 2));
    start_pipeline();
    int other = sched_spawn(put_if_open, item(1));
    finish_beside(other, WEIR_OK);
    finish_pipeline(WEIR_OK);
    check_each_ended_once(1);
}

/* The stage is told to end while the lane of the last item is released. */
void scenario_crew_end_against_release(void) {
    begin_on(2);
    add_stage(on_crew("only", pass_on, 2, 2));
    start_pipeline();
    put_items(1, 1);
    finish_pipeline(WEIR_OK);
    check_ran(1, 1);
}

static int produced;

static int produce_two(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    if (produced == 2)
        return WEIR_END;
    weir_task_emit(task, item(++produced));
    return 0;
}

static void add_source(void) {
    produced = 0;
    add_stage((weir_stage_options){.name = "source", .work.source = produce_two, .threads.width = 1});
}

void scenario_crew_source(void) {
    results = new_counting_queue(4);
    begin_on(1);
    add_source();
    weir_stage_options last = on_crew("last", pass_on, 1, 1);
    last.output.results = results;
    add_stage(last);
    start_pipeline();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){1, 2, 0});
}

/* Emits a result as the monitor looks, and then sleeps until it has passed on. */
static int emit_at_look(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    compute_until_look();
    weir_task_emit(task, item(1));
    sleep_in_function();
    return WEIR_END;
}

static void *wake_source(void *got, void *arg) {
    wake_from_function();
    return pass_on(got, arg);
}

static void start_emitting(weir_task_func *source) {
    begin_on(2);
    add_stage((weir_stage_options){.name = "source", .work.source = source, .threads.width = 1});
    add_stage(on_crew("last", wake_source, 1, 1));
    start_pipeline();
}

static void end_emitting(int count) {
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_OK);
    finish_calmly(count);
}

void scenario_crew_emit_against_look(void) {
    sched_barrier(true);
    start_emitting(emit_at_look);
    end_emitting(1);
}

void scenario_crew_emit_unbarred(void) {
    start_emitting(emit_at_look);
    end_emitting(1);
}

/* Emits a result, which the monitor sends; then lets the scenario pause the entrance, and emits another one. */
static int emit_at_pause(weir_task *task, void *none, void *arg) {
    (void)emit_at_look(task, none, arg);
    must(weir_queue_try_put(results, results), WEIR_OK);
    sleep_in_function();
    weir_task_emit(task, item(2));
    sleep_in_function();
    return WEIR_END;
}

void scenario_crew_emit_against_pause(void) {
    void *got;
    results = new_counting_queue(1);
    start_emitting(emit_at_pause);
    must(weir_queue_get(results, &got), WEIR_OK);
    must(weir_pipeline_pause(pipeline, NULL), WEIR_OK);
    wake_from_function();
    sched_compute(1);
    must(weir_pipeline_resume(pipeline, NULL), WEIR_OK);
    must(weir_queue_task_done(results), WEIR_OK);
    end_emitting(2);
    must(weir_queue_destroy(results), WEIR_OK);
}

static int produce_until_told(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    weir_task_emit(task, item(1));
    while (!weir_task_cancelled(task))
        (void)weir_queue_get_until(gate, &(void *){NULL}, weir_deadline_after(100));
    return 0;
}

/* The finish meets a source that does not end by itself. */
void scenario_crew_source_against_finish(void) {
    begin_on(1);
    produced = 0;
    add_stage((weir_stage_options){.name = "source", .work.source = produce_until_told, .threads.width = 1});
    sched_calm(true);
    must(weir_pipeline_start(pipeline), WEIR_OK);
    sched_calm(false);
    finish_pipeline(WEIR_OK);
}

void scenario_crew_blocked_lane(void) {
    begin_on(1);
    add_stage(on_crew("only", wait_for_second, 2, 2));
    start_pipeline();
    learn(LEARNT);
    put_items(1, 2);
    let_run(2, 1);
    finish_calmly(3);
}

/* The item comes long after the monitor has found that the lane is blocked. */
void scenario_crew_item_behind_blocked(void) {
    begin_on(1);
    add_stage(on_crew("only", wait_for_second, 2, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 1);
    sched_compute(100 * TICK);
    put_items(2, 1);
    let_run(2, 1);
    finish_calmly(3);
}

/*
 * Item 1 computes until item 2 has run elsewhere, and item 3 for long. Only what follows the begin of item 1 is part of
 * the scenario, up to the second look of the monitor: it may see old values of what the thread has stored before.
 */
static void *compute_until_second(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 3)
        sched_compute(200 * TICK);
    if (number(got) == 1)
        sched_calm(false);
    while (number(got) == 1 && done[2] == 0)
        sched_compute(100 * TICK);
    (void)end_call(got);
    return got;
}

/* Both seats are taken when the monitor looks, which it does each tenth time then. */
void scenario_crew_lane_seen_late(void) {
    begin_on(2);
    add_stage(on_crew("only", compute_until_second, 3, 3));
    start_pipeline();
    learn(LEARNT);
    sched_calm(true);
    put_items(3, 1);
    sched_compute(50 * TICK);
    put_items(1, 2);
    sched_compute(40 * TICK);
    sched_calm(true);
    let_run(3, 1);
    finish_calmly(4);
}

static uint64_t long_until;

static void *long_then_wait(void *got, void *arg) {
    if (number(got) == 3)
        sched_compute(long_until - sched_now());
    return wait_for_second(got, arg);
}

/* The monitor has been told of the visit, for another call. The items come as that one returns. */
void scenario_crew_blocked_after_long(void) {
    begin_on(2);
    add_stage(on_crew("only", long_then_wait, 2, 3));
    start_pipeline();
    learn(LEARNT);
    long_until = sched_now() + 30 * TICK;
    put_calmly(3, 1);
    sched_compute(long_until - sched_now());
    put_items(1, 2);
    let_run(2, 1);
    finish_calmly(4);
}

void scenario_crew_ordered(void) {
    results = new_counting_queue(4);
    begin_on(2);
    weir_stage_options ordered = on_crew("ordered", wait_for_second, 2, 2);
    ordered.output.ordered = true;
    ordered.output.results = results;
    add_stage(ordered);
    start_pipeline();
    put_items(1, 2);
    let_run(2, 1);
    finish_calmly(2);
    check_results(results, (int[]){1, 2, 0});
}

/* ---- room ---- */

static weir__crew *shared;

static void *wait_with_first(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        wait_at_gate();
    (void)end_call(got);
    return got;
}

static bool is_open; /* the last stage's gate */

static void *never_begin_third_early(void *got, void *arg) {
    sched_check(number(got) != 3 || is_open, "an item is begun without room for its result");
    return pass_on(got, arg);
}

/*
 * The last stage holds one item, and one waits in its queue: the first stage does not begin the third. Items do not pass:
 * the last stage is busy, or has a queued item.
 */
void scenario_crew_no_room(void) {
    is_open = false;
    begin_on(2);
    add_stage(on_crew("first", never_begin_third_early, 1, 3));
    add_stage(on_crew("last", wait_with_first, 1, 1));
    start_pipeline();
    sched_calm(true);
    must(weir__crew_share(&shared), WEIR_OK);
    sched_calm(false);
    put_calmly(1, 3);
    sched_compute(TICK / 2);
    sched_calm(true);
    compute_for_ages();
    sched_check(weir__crew_threads(shared) <= 2, "a thread has waited for room");
    is_open = true;
    open_gate();
    finish_calmly(3);
    check_ran(3, 2);
    weir__crew_unshare(shared);
}

static void open_gate_later(void *unused) {
    (void)unused;
    open_gate();
}

/* The first stage's alert is left in the queue of the second one when the run is finished. */
void scenario_crew_finish_without_room(void) {
    begin_on(2);
    add_stage(on_crew("first", pass_on, 1, 3));
    add_stage(on_crew("last", wait_with_first, 1, 1));
    start_pipeline();
    put_calmly(1, 3);
    sched_settle();
    int other = sched_spawn(open_gate_later, NULL);
    finish_beside(other, WEIR_OK);
    finish_calmly(3);
    check_ran(3, 2);
}

/* ---- the monitor and the lane ---- */

void scenario_crew_rescue_against_begin(void) {
    begin_on(2);
    add_stage(on_crew("only", compute_by_number, 1, 4));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 3);
    let_run(3, 1);
    finish_calmly(4);
}

/* The monitor withdraws the places that the lane has for its results, as the lane withdraws them. */
void scenario_crew_rescue_of_promises(void) {
    begin_on(2);
    add_stage(on_crew("first", compute_by_number, 1, 4));
    add_stage(on_crew("last", pass_on, 1, 4));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    let_run(2, 2);
    finish_calmly(3);
}

static void put_results_first(weir_queue *to, weir_worker_func *func) {
    weir_stage_options only = on_crew("only", func, 1, 4);
    only.output.results = to;
    begin_on(2);
    add_stage(only);
    start_pipeline();
    learn(LEARNT);
    sched_check(get_number(to) == LEARNT, "another result");
    must(weir_queue_task_done(to), WEIR_OK);
}

/* The second item takes long: the monitor sends the result of the first one. */
void scenario_crew_rescue_of_results(void) {
    results = new_counting_queue(4);
    put_results_first(results, compute_by_number);
    sched_calm(true);
    put_items(2, 1);
    put_items(1, 1);
    put_items(3, 1);
    sched_calm(false);
    let_run(3, 1);
    finish_calmly(4);
    check_results(results, (int[]){2, 1, 3, 0});
}

static void *compute_for_a_tick(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        sched_compute(TICK);
    (void)end_call(got);
    return got;
}

/*
 * The call returns as the monitor looks: it was roused as the call began. The program destroys the results queue before
 * the pipeline.
 */
void scenario_crew_rescue_against_end(void) {
    results = new_counting_queue(4);
    put_results_first(results, compute_for_a_tick);
    sched_calm(true);
    put_items(1, 1);
    sched_compute(TICK / 2);
    sched_calm(false);
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
    check_results(results, (int[]){1, 0});
    finish_calmly(2);
}

/* Takes the places that a lane has promised itself, if its results are not there yet. Returns how many. */
static int take_places(int most) {
    for (int i = 0; i < most; i++) {
        if (weir_queue_try_put(results, item(NUMBERS - 1)) != WEIR_OK)
            return i;
    }
    return most;
}

/* A lane waits for room for its second result: the monitor must not send the third one before. */
void scenario_crew_results_in_order(void) {
    results = new_counting_queue(3);
    put_results_first(results, compute_by_number);
    put_calmly(2, 3);
    int others = take_places(2), next = 2;
    compute_until_look();
    for (int i = 0; i < 3 + others; i++) {
        int got = get_number(results);
        sched_check(got == NUMBERS - 1 || got == next, "a result has overtaken another one");
        next += got != NUMBERS - 1;
        must(weir_queue_task_done(results), WEIR_OK);
    }
    finish_calmly(4);
    check_results(results, (int[]){0});
}

static void read_results(void *last) {
    void *got;
    for (size_t i = 0; i < (size_t)last && weir_queue_get(results, &got) == WEIR_OK; i++)
        must(weir_queue_task_done(results), WEIR_OK);
}

/* The stage finds no place for a result, and is told by the thread that takes one out. */
void scenario_crew_room_for_results(void) {
    results = new_counting_queue(1);
    weir_stage_options only = on_crew("only", pass_on, 1, 4);
    only.output.results = results;
    begin_on(2);
    add_stage(only);
    start_pipeline();
    put_calmly(1, 3);
    int reader = sched_spawn(read_results, (void *)3);
    sched_join(reader);
    finish_calmly(3);
    check_results(results, (int[]){0});
}

/* Returns another pipeline that puts its results there, so that the end of the first one does not shut the queue down. */
static weir_pipeline *share_results(void) {
    weir_pipeline *other;
    const weir_stage_options only = {.name = "only", .work.func = pass_on, .output.results = results};
    sched_calm(true);
    must(weir_pipeline_create(&other, NULL), WEIR_OK);
    must(weir_pipeline_add(other, NULL, &only), WEIR_OK);
    sched_calm(false);
    return other;
}

/* The stage ends while it waits for a place, and a thread takes a result out while the pipeline is destroyed. */
void scenario_crew_room_beside_destroy(void) {
    results = new_counting_queue(1);
    weir_stage_options only = on_crew("only", pass_on, 1, 4);
    only.output.results = results;
    weir_pipeline *other = share_results();
    begin_on(2);
    add_stage(only);
    start_pipeline();
    put_calmly(1, 2);
    sched_compute(2 * TICK); /* the first result is there */
    sched_calm(true);
    cancel(NULL);
    sched_calm(false);
    int reader = sched_spawn(read_results, (void *)1);
    finish_pipeline(WEIR_CANCELLED);
    (void)weir_queue_try_put(results, item(NUMBERS - 1)); /* if the cancel came before the first result */
    sched_join(reader);
    sched_calm(true);
    must(weir_pipeline_destroy(other), WEIR_OK);
    must(weir_queue_destroy(results), WEIR_OK);
}

void scenario_crew_cancel_against_rescue(void) {
    begin_on(2);
    add_stage(on_crew("only", compute_by_number, 1, 4));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 3);
    compute_until_look();
    cancel(NULL);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}

/*
 * The monitor has taken items out of a morsel, and a later one comes: the lane's thread waits for the requeue. A stage of
 * another pipeline than a plain one has no outbox, in which it would meet the monitor.
 */
void scenario_crew_rest_comes_first(void) {
    results = new_counting_queue(8);
    sched_processors(2);
    begin_pipeline((weir_pipeline_options){.name = "crew", .max_items = 8});
    weir_stage_options only = on_crew("only", compute_by_number, 1, 4);
    only.output.results = results;
    add_stage(only);
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    sched_compute(TICK / 2);
    put_calmly(3, 1);
    let_run(3, 1);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 1, 2, 3, 0});
}

void scenario_crew_cancel_against_morsel(void) {
    begin_on(2);
    add_stage(on_crew("first", pass_on, 1, 2));
    add_stage(on_crew("last", pass_on, 1, 1));
    start_pipeline();
    put_items(1, 2);
    cancel(NULL);
    finish_pipeline(WEIR_CANCELLED);
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[i] == 1 || done[i] == 2, "item %d was done %d times and dropped %d times", i, done[i],
                    dropped[i]);
}

/* A cancel finds one lane free. The stage ends with the other one, which is in a call. */
void scenario_crew_cancel_beside_lane(void) {
    begin_on(2);
    add_stage(on_crew("only", wait_with_first, 2, 2));
    start_pipeline();
    put_calmly(1, 1);
    sched_settle();
    cancel(NULL);
    int other = sched_spawn(open_gate_later, NULL);
    finish_beside(other, WEIR_CANCELLED);
    finish_pipeline(WEIR_CANCELLED);
    sched_check(done[1] == 1, "the call has not returned");
}

/* ---- a thread that is ended ---- */

static void *exit_by_number(void *got, void *arg) {
    got = compute_by_number(got, arg);
    if (number(got) == 1) {
        done[1]--;
        sched_exit_thread();
    }
    return got;
}

/* The monitor takes the rest of the morsel as the lane is given up. */
void scenario_crew_exit_against_rescue(void) {
    begin_on(2);
    add_stage(on_crew("only", exit_by_number, 1, 4));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 3);
    compute_for_ages();
    sched_calm(true);
    finish_exited("only", 1);
    for (int i = 2; i <= 3; i++)
        sched_check(done[i] + dropped[i] == 1, "item %d was done %d times and dropped %d times", i, done[i],
                    dropped[i]);
}

/* ---- time ---- */

/* Puts two items that need each other, and `more`, and checks that no time passes. Alone, the first one has begun before. */
static void put_without_time(int more) {
    sched_calm(true);
    uint64_t from = sched_now();
    put_items(1, 1);
    if (more == 0)
        sched_settle();
    sched_calm(true);
    put_items(2, 1 + more);
    finish_calmly(3 + more);
    sched_check(sched_now() == from, "it took %d us", (int)((sched_now() - from) / 1000));
}

/* An item that takes long is taken alone: the other thread has the next one at once. */
void scenario_crew_slow_items_alone(void) {
    begin_on(2);
    add_stage(on_crew("only", wait_for_second, 2, 3));
    start_pipeline();
    learn(SLOW);
    put_without_time(1);
}

/* A lane has begun the only item: the next one tells the other lane. */
void scenario_crew_item_beside_blocked(void) {
    begin_on(2);
    add_stage(on_crew("only", wait_for_second, 2, 3));
    start_pipeline();
    learn(SLOW);
    put_without_time(0);
}

static void *sleep_until_second(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        sleep_in_function();
    if (number(got) == 2)
        wake_from_function();
    (void)end_call(got);
    return got;
}

/* If calls of a stage sleep, it gives the seat up before each: the other item runs at once. */
void scenario_crew_sleepy_calls_block(void) {
    begin_on(1);
    add_stage(on_crew("only", sleep_until_second, 2, 2));
    start_pipeline();
    learn(SLEEPY);
    put_without_time(0);
}

/* ---- two pipelines ---- */

void scenario_crew_two_pipelines(void) {
    const weir_stage_options options = {.name = "other", .work.func = pass_on, .threads.width = 1, .input.capacity = 1};
    weir_pipeline *other;
    weir_stage *stage;
    begin_on(1);
    add_stage(on_crew("only", pass_on, 1, 1));
    start_pipeline();
    sched_calm(true);
    must(weir_pipeline_create(&other, NULL), WEIR_OK);
    must(weir_pipeline_add(other, &stage, &options), WEIR_OK);
    must(weir_pipeline_start(other), WEIR_OK);
    sched_settle();
    put_items(1, 1);
    must(weir_pipeline_put(other, item(2)), WEIR_OK);
    must(weir_pipeline_finish(other, WEIR_NEVER, NULL), WEIR_OK);
    must(weir_pipeline_destroy(other), WEIR_OK);
    finish_pipeline(WEIR_OK);
    check_ran(2, 1);
}
