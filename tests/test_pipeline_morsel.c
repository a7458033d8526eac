/*
 * test_pipeline_morsel.c - stages on the crew, which run several items at a time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <pthread.h>

enum { ITEMS = 20000, NEVER = 0 };

/* Numbers from 1 to ITEMS run through stages; the test says what happens to which of them. */
struct run {
    size_t made;             /* the source's */
    size_t last, disorder;   /* the sink's: the last number, and how often a smaller one came */
    atomic_size_t seen, sum; /* the sink's */
    size_t sleeps_at;        /* every so many items, a call sleeps; NEVER: none */
    size_t blocks_at;        /* this item passes the gate */
    size_t exits_at;         /* this item's function ends its thread */
    size_t max_items;        /* 0: the pipeline is plain */
    struct gate gate;
    atomic_size_t first_seen; /* items that the first stage has had */
    atomic_size_t dropped;
};

static int produce(weir_task *task, void *none, void *raw) {
    struct run *run = raw;
    (void)none;
    if (run->made == ITEMS || weir_task_cancelled(task))
        return WEIR_END;
    weir_task_emit(task, (void *)(uintptr_t)++run->made);
    return 0;
}

static void *first(void *item, void *raw) {
    struct run *run = raw;
    atomic_fetch_add(&run->first_seen, 1);
    return item;
}

static void *second(void *item, void *raw) {
    struct run *run = raw;
    size_t n = (uintptr_t)item;
    if (run->sleeps_at != NEVER && n % run->sleeps_at == 0)
        nap();
    if (n == run->blocks_at)
        gate_pass(&run->gate);
    if (n == run->exits_at)
        pthread_exit(NULL);
    return item;
}

static void *sink(void *item, void *raw) {
    struct run *run = raw;
    size_t n = (uintptr_t)item;
    run->disorder += n < run->last;
    run->last = n;
    atomic_fetch_add(&run->seen, 1);
    atomic_fetch_add(&run->sum, n);
    return NULL;
}

static void drop_number(void *item, void *raw) {
    struct run *run = raw;
    (void)item;
    atomic_fetch_add(&run->dropped, 1);
}

static weir_pipeline *started(struct run *run, size_t width, size_t capacity) {
    const weir_pipeline_options options = {.max_items = run->max_items, .grace = HANG_SECONDS * WEIR_SECOND};
    weir_pipeline *pipeline = new_pipeline(&options);
    const weir_stage_options stages[] = {
        {.name = "source", .work.source = produce, .threads.width = 1},
        {.name = "first", .work.func = first, .threads.width = width},
        {.name = "second", .work.func = second, .threads.width = width},
        {.name = "sink", .work.func = sink, .threads.width = 1},
    };
    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        weir_stage_options stage = stages[i];
        stage.work.arg = run;
        stage.input.drop = drop_number;
        stage.input.capacity = stage.work.source == NULL ? capacity : 0;
        add_stage(pipeline, stage);
    }
    start_pipeline(pipeline);
    return pipeline;
}

static const size_t capacities[] = {1, 2, 7, 64, 1000};

/* Stages that run one call at a time keep the order, also if results are sent while a call of their morsel takes long. */
START_TEST (a_line_of_serial_stages_keeps_the_order) {
    struct run run = {.sleeps_at = _i % 2 == 0 ? NEVER : 4999};
    weir_pipeline *pipeline = started(&run, 1, capacities[_i / 2]);
    weir_report *report;
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(atomic_load(&run.sum), (size_t)ITEMS * (ITEMS + 1) / 2);
    ck_assert_uint_eq(run.disorder, 0);
    for (size_t i = 0; i < report->stage_count; i++)
        ck_assert_uint_eq(report->stages[i].counts.done, ITEMS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (wide_stages_run_each_item_once) {
    struct run run = {.sleeps_at = _i % 2 == 0 ? NEVER : 4999};
    weir_pipeline *pipeline = started(&run, 3, capacities[_i / 2]);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(atomic_load(&run.sum), (size_t)ITEMS * (ITEMS + 1) / 2);
}
END_TEST

/* Q13: more than half of the queue behind the blocked call fills. With more room, the first stage is told of it. */
START_TEST (a_call_that_blocks_holds_no_stage_before_it) {
    enum { CAPACITY = 64 };
    struct run run = {.blocks_at = 10000, .gate = GATE};
    weir_pipeline *pipeline = started(&run, 1, CAPACITY);
    gate_wait_for(&run.gate, 1);
    for (weir_deadline limit = hang_limit(); atomic_load(&run.first_seen) <= 10000 + CAPACITY / 2; nap())
        ck_assert_msg(now() < limit, "the first stage had %zu items", atomic_load(&run.first_seen));
    gate_open(&run.gate);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(run.disorder, 0);
}
END_TEST

/* A source that waits at the gate in its only call, and one that emits items after that. */
static int wait_at_gate(weir_task *task, void *none, void *raw) {
    struct run *run = raw;
    (void)task;
    (void)none;
    atomic_fetch_add(&run->first_seen, 1);
    gate_pass(&run->gate);
    return WEIR_END;
}

static int produce_behind_gate(weir_task *task, void *none, void *raw) {
    struct run *run = raw;
    if (atomic_load(&run->first_seen) > 0)
        return produce(task, none, raw);
    nap();
    return 0;
}

/* N3: the call of one source lasts, and keeps no place from the other: the queue of the sink has one. */
START_TEST (a_source_that_blocks_keeps_no_room_from_another) {
    struct run run = {.gate = GATE};
    weir_stage_options waits = {.name = "waits", .work.source = wait_at_gate, .work.arg = &run, .threads.width = 1};
    weir_stage_options emits = {.name = "emits", .work.source = produce_behind_gate, .work.arg = &run};
    weir_stage_options takes = {.name = "sink", .work.func = sink, .work.arg = &run, .threads.width = 1};
    weir_pipeline *pipeline = new_pipeline(NULL);
    emits.threads.width = takes.input.capacity = 1;
    weir_stage *first_source = add_stage(pipeline, waits), *second_source = add_stage(pipeline, emits);
    weir_stage *last = add_stage(pipeline, takes);
    connect_stages(pipeline, first_source, last);
    connect_stages(pipeline, second_source, last);
    start_pipeline(pipeline);
    for (weir_deadline limit = hang_limit(); atomic_load(&run.seen) < ITEMS; nap())
        ck_assert_msg(now() < limit, "the sink had %zu items", atomic_load(&run.seen));
    gate_open(&run.gate);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(run.disorder, 0);
}
END_TEST

START_TEST (a_cancel_drops_what_is_not_called) {
    struct run run = {.blocks_at = (size_t)(3000 + 17 * _i), .gate = GATE};
    weir_pipeline *pipeline = started(&run, 1 + (size_t)_i % 2, capacities[(size_t)_i % COUNT_OF(capacities)]);
    gate_wait_for(&run.gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&run.gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.in, report->counts.done + report->counts.dropped);
    ck_assert_uint_eq(atomic_load(&run.seen) + atomic_load(&run.dropped), run.made);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_function_that_ends_its_thread_loses_no_item) {
    struct run run = {.exits_at = (size_t)(5000 + _i), .max_items = _i < 4 ? 0 : 300};
    weir_pipeline *pipeline = started(&run, 1, 64);
    (void)weir_pipeline_wait(pipeline, hang_limit());
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "second", 1);
    ck_assert_uint_eq(atomic_load(&run.seen) + atomic_load(&run.dropped), run.made);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static int produce_all(weir_task *task, void *none, void *raw) {
    while (produce(task, none, raw) == 0)
        ;
    return WEIR_END;
}

/* N7: the results of one call are more than a lane holds. */
START_TEST (a_call_of_a_source_may_have_more_results_than_a_morsel) {
    struct run run = {.sleeps_at = NEVER};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "source", .work = {.source = produce_all, .arg = &run}, .threads.width = 1});
    add_stage(pipeline, (weir_stage_options){.name = "sink",
                                             .work = {.func = sink, .arg = &run},
                                             .threads.width = 1,
                                             .input = {.capacity = capacities[_i], .drop = drop_number}});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(atomic_load(&run.sum), (size_t)ITEMS * (ITEMS + 1) / 2);
    ck_assert_uint_eq(run.disorder, 0);
}
END_TEST

static Suite *morsel_suite(void) {
    Suite *suite = suite_create("morsels");
    TCase *runs = add_things_case(suite, "runs");
    tcase_add_loop_test(runs, a_line_of_serial_stages_keeps_the_order, 0, 2 * (int)COUNT_OF(capacities));
    tcase_add_loop_test(runs, wide_stages_run_each_item_once, 0, 2 * (int)COUNT_OF(capacities));
    tcase_add_loop_test(runs, a_call_of_a_source_may_have_more_results_than_a_morsel, 0, (int)COUNT_OF(capacities));
    tcase_add_test(runs, a_call_that_blocks_holds_no_stage_before_it);
    tcase_add_test(runs, a_source_that_blocks_keeps_no_room_from_another);
    tcase_add_loop_test(runs, a_cancel_drops_what_is_not_called, 0, 10);
    tcase_add_loop_test(runs, a_function_that_ends_its_thread_loses_no_item, 0, 8);
    return suite;
}

int main(void) {
    return run_suite(morsel_suite());
}
