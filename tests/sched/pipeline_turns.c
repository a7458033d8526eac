/*
 * pipeline_turns.c - scenarios of ordered stages on a crew in plain pipelines: morsels leave in turns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/turns.h"

#include "crew_support.h"

static weir_queue *results;

/* ---- support ---- */

static weir_stage_options ordered(const char *name, weir_worker_func *func, size_t width) {
    weir_stage_options options = on_crew(name, func, width, 4);
    options.output.ordered = true;
    return options;
}

/* Adds the last stage. */
static weir_stage *add_last(weir_stage_options last) {
    results = new_counting_queue(8);
    last.output.results = results;
    return add_stage(last);
}

static void *wait_for_third(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 3)
        open_gate();
    (void)end_call(got);
    return got;
}

/* ---- the turns themselves ---- */

enum { WINDOW = 4, GROUP = 2, LAST = 6 };
static weir__turns turns;
static weir_queue *told; /* of a turn that has ended, after a miss */
static int taken, out;   /* the last number that was taken, and that left */
static bool leaving;

/* Takes a group of numbers and their positions. Returns how many; 0: no position is free, or no number is left. */
static size_t take(uint64_t *position) {
    weir__lock_acquire(&turns.lock);
    size_t room = weir__turns_room_locked(&turns), rest = (size_t)(LAST - taken);
    size_t count = rest < GROUP ? rest : GROUP;
    count = count < room ? count : room;
    turns.missed = turns.missed || (room == 0 && rest > 0);
    if (count > 0)
        *position = weir__turns_assign_locked(&turns, count);
    taken += (int)count;
    weir__lock_release(&turns.lock);
    return count;
}

static void leave(const weir__parcel *parcel) {
    sched_check(!leaving, "two groups leave at once");
    leaving = true;
    for (uint32_t i = 0; i < parcel->count; i++, out++)
        sched_check(number(weir__ptr_load_relaxed(&parcel->results[i])) == out + 1, "number %d leaves after %d",
                    number(weir__ptr_load_relaxed(&parcel->results[i])), out);
    leaving = false;
}

static void end_turn(uint64_t position, weir__parcel *parcel) {
    if (!weir__turns_has_come(&turns, position) && weir__turns_keep(&turns, position, parcel))
        return;
    while (parcel->items > 0) {
        leave(parcel);
        if (weir__turns_end(&turns, parcel->items, WINDOW, parcel))
            must(weir_queue_put(told, item(1)), WEIR_OK);
    }
}

static void run_group(uint64_t position, size_t count) {
    weir__slot array[WINDOW];
    weir__parcel parcel = {array, (uint32_t)count, (uint32_t)count, 0};
    for (size_t i = 0; i < count; i++)
        weir__ptr_store_relaxed(&array[i], item((int)position + (int)i + 1));
    end_turn(position, &parcel);
}

static void take_turns(void *unused) {
    uint64_t position = 0;
    (void)unused;
    while (taken < LAST) {
        size_t count = take(&position);
        if (count > 0)
            run_group(position, count);
        else if (taken < LAST)
            must(weir_queue_get(told, &(void *){NULL}), WEIR_OK);
    }
}

/* Two threads take groups of two, and the window has room for two groups: a thread that is ahead misses a position. */
void scenario_turns(void) {
    turns = (weir__turns){.missed = false};
    taken = out = 0;
    leaving = false;
    told = new_queue(4);
    sched_check(weir__turns_prepare(&turns, WINDOW), "no memory");
    turns.size = WINDOW;
    int other = sched_spawn(take_turns, NULL);
    take_turns(NULL);
    sched_join(other);
    sched_check(out == LAST, "%d have left", out);
    weir__turns_free(&turns);
    must(weir_queue_destroy(told), WEIR_OK);
}

/* ---- results that wait for their turn ---- */

/* Two calls end before the first one, and the lane of the first sends the results of all. */
void scenario_crew_turns_of_three(void) {
    begin_on(3);
    add_last(ordered("only", wait_for_third, 3));
    start_pipeline();
    put_items(1, 3);
    let_run(3, 1);
    finish_calmly(3);
    check_results(results, (int[]){1, 2, 3, 0});
}

/* The results of the first stage pass, or wait in the second one's queue. */
void scenario_crew_turns_pass(void) {
    begin_on(2);
    add_stage(ordered("first", pass_on, 2));
    add_last(ordered("last", pass_on, 2));
    start_pipeline();
    learn(LEARNT);
    put_items(1, 3);
    let_run(3, 2);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 1, 2, 3, 0});
}

/* The second item waits for the first one's turn in the first stage, and they go on together. */
void scenario_crew_turns_pass_together(void) {
    begin_on(2);
    add_stage(ordered("first", wait_for_second, 2));
    add_last(ordered("last", pass_on, 2));
    start_pipeline();
    learn(LEARNT);
    put_items(1, 2);
    let_run(2, 2);
    finish_calmly(3);
    check_results(results, (int[]){LEARNT, 1, 2, 0});
}

/* The monitor finds a call that lasts, with items before and behind it in its morsel: none overtakes. */
void scenario_crew_turns_against_rescue(void) {
    begin_on(2);
    add_stage(on_crew("first", pass_on, 1, 4));
    add_last(ordered("last", compute_by_number, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(2, 1);
    put_calmly(1, 1);
    put_calmly(3, 2);
    sched_compute(3 * TICK);
    sched_calm(true);
    let_run(4, 2);
    finish_calmly(5);
    check_results(results, (int[]){LEARNT, 2, 1, 3, 4, 0});
}

static void *open_late(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 3) {
        compute_until_look();
        open_gate();
    }
    (void)end_call(got);
    return got;
}

/* The monitor finds a lane with a result before its turn: the result stays. */
void scenario_crew_turns_against_monitor(void) {
    begin_on(2);
    add_last(ordered("only", open_late, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 1);
    sched_settle();
    put_calmly(2, 2);
    sched_compute(3 * TICK);
    sched_calm(true);
    let_run(3, 1);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 1, 2, 3, 0});
}

/* The second item is returned as results behind it have all places of the next queue. */
void scenario_crew_turns_without_room(void) {
    begin_on(2);
    add_stage(ordered("first", wait_for_second, 2));
    add_stage(on_crew("last", pass_on, 1, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    sched_settle();
    put_items(3, 2);
    let_run(4, 2);
    finish_calmly(5);
}

static void *end_after_first(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1) {
        wait_at_gate();
        must(weir_queue_put(told, got), WEIR_OK);
    }
    if (number(got) == 2) {
        open_gate();
        must(weir_queue_get(told, &(void *){NULL}), WEIR_OK);
    }
    (void)end_call(got);
    return got;
}

/* The second result is kept as the first one passes, after its lane has looked for results that follow. */
void scenario_crew_turns_pass_against_keep(void) {
    begin_on(2);
    told = new_queue(4);
    add_stage(ordered("first", end_after_first, 2));
    add_last(ordered("last", pass_on, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    let_run(2, 2);
    finish_calmly(3);
    check_results(results, (int[]){LEARNT, 1, 2, 0});
    must(weir_queue_destroy(told), WEIR_OK);
}

static weir_stage *paused;

static void *pause_at_first(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1) {
        must(weir_pipeline_pause(pipeline, paused), WEIR_OK);
        must(weir_queue_put(told, got), WEIR_OK);
    }
    (void)end_call(got);
    return got;
}

/* A passed item is returned at a pause, as the resume looks for it. */
void scenario_crew_turns_passed_against_resume(void) {
    void *got;
    begin_on(2);
    told = new_queue(4);
    add_stage(ordered("first", wait_for_second, 2));
    paused = add_last(ordered("last", pause_at_first, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    must(weir_queue_get(told, &got), WEIR_OK);
    must(weir_pipeline_resume(pipeline, paused), WEIR_OK);
    let_run(2, 2);
    finish_calmly(3);
    check_results(results, (int[]){LEARNT, 1, 2, 0});
    must(weir_queue_destroy(told), WEIR_OK);
}

static void *wait_behind(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 3)
        must(weir_queue_get(told, &(void *){NULL}), WEIR_OK);
    (void)end_call(got);
    return got;
}

/* The result of the second item waits for its turn in a lane that is blocked by the third: it leaves in its turn. */
void scenario_crew_turns_deferred(void) {
    begin_on(2);
    told = new_queue(4);
    add_last(ordered("only", wait_behind, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 1);
    sched_settle();
    put_calmly(2, 2);
    sched_compute(3 * TICK);
    open_gate();
    for (int i = 0; i < 3; i++) {
        int n = get_number(results);
        sched_check(n == (i == 0 ? LEARNT : i), "%d", n);
        must(weir_queue_task_done(results), WEIR_OK);
    }
    must(weir_queue_put(told, item(1)), WEIR_OK);
    finish_calmly(4);
    check_results(results, (int[]){3, 0});
    must(weir_queue_destroy(told), WEIR_OK);
}

/* ---- ends ---- */

static void check_two_cancelled(void) {
    sched_calm(true);
    finish_pipeline(WEIR_CANCELLED);
    for (int i = 1; i <= 2; i++)
        sched_check(done[i] + dropped[i] >= 1, "item %d was done %d times and dropped %d times", i, done[i],
                    dropped[i]);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* A cancel finds a result that waits for its turn, or an item that the monitor has returned: each ends once. */
void scenario_crew_turns_against_cancel(void) {
    begin_on(2);
    add_last(ordered("only", wait_for_second, 2));
    start_pipeline();
    learn(LEARNT);
    put_items(1, 2);
    cancel(NULL);
    open_gate();
    check_two_cancelled();
}

static void *hold_first(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    compute_to_teach(got);
    if (number(got) == 1)
        wait_at_gate();
    (void)end_call(got);
    return got;
}

/* A cancel finds an item that a pause has returned: it is dropped in its turn. */
void scenario_crew_turns_against_paused_cancel(void) {
    begin_on(2);
    weir_stage *stage = add_last(ordered("only", hold_first, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    sched_settle();
    must(weir_pipeline_pause(pipeline, stage), WEIR_OK);
    open_gate();
    cancel(NULL);
    check_two_cancelled();
}

/* The same, as the items have passed: the lane that returns one does not look for others. */
void scenario_crew_turns_passed_and_paused(void) {
    begin_on(2);
    add_stage(on_crew("first", pass_on, 1, 4));
    weir_stage *stage = add_last(ordered("last", hold_first, 2));
    start_pipeline();
    learn(LEARNT);
    put_calmly(1, 2);
    sched_settle();
    must(weir_pipeline_pause(pipeline, stage), WEIR_OK);
    open_gate();
    cancel(NULL);
    check_two_cancelled();
}

static void *exit_with_first(void *got, void *arg) {
    got = wait_for_second(got, arg);
    if (number(got) == 1) {
        done[1]--;
        sched_exit_thread();
    }
    return got;
}

/* The call that has its turn ends its thread, while the result of the next one waits. */
void scenario_crew_turns_against_exit(void) {
    begin_on(2);
    add_last(ordered("only", exit_with_first, 2));
    start_pipeline();
    put_items(1, 2);
    sched_calm(true);
    compute_for_ages();
    finish_exited("only", 1);
    sched_check(done[2] == 1 || dropped[2] == 1, "item 2 was done %d times and dropped %d times", done[2], dropped[2]);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* A pause keeps an item of a morsel from beginning: it waits in its lane, and the results stay in order. */
void scenario_crew_turns_against_pause(void) {
    begin_on(2);
    weir_stage *stage = add_last(ordered("only", pass_on, 2));
    start_pipeline();
    learn(LEARNT);
    put_items(1, 3);
    must(weir_pipeline_pause(pipeline, stage), WEIR_OK);
    must(weir_pipeline_resume(pipeline, stage), WEIR_OK);
    let_run(3, 1);
    finish_calmly(4);
    check_results(results, (int[]){LEARNT, 1, 2, 3, 0});
}
