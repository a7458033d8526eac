/*
 * test_pipeline_turns.c - ordered stages on the crew in plain pipelines: morsels leave in turns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <pthread.h>
#include <sched.h>

enum { ITEMS = 6000, NEVER = 0 };

/* Numbers from 1 to ITEMS run through stages; the test says what happens to which of them. */
struct run {
    size_t made;       /* the source's */
    size_t last, gaps; /* the sink's: the last number, and how often another one than the next came */
    bool backwards;    /* the sink's: a number came after a larger one */
    size_t yields_at;  /* one of so many calls, chosen by the item, takes longer; NEVER: none */
    size_t blocks_at;  /* this item passes the gate in the second stage */
    size_t exits_at;   /* this item's function ends its thread there */
    size_t drop_exits; /* the drop function of this result ends its thread */
    struct gate gate;
    atomic_uint seen, called, dropped; /* items of the sink; calls of the second stage; items dropped */
};

static int produce(weir_task *task, void *none, void *raw) {
    struct run *run = raw;
    (void)none;
    if (run->made == ITEMS || weir_task_cancelled(task))
        return WEIR_END;
    weir_task_emit(task, (void *)(uintptr_t)++run->made);
    return 0;
}

static void take_a_while(const struct run *run, size_t n) {
    uint64_t x = n;
    if (run->yields_at == NEVER || random_next(&x) % run->yields_at != 0)
        return;
    for (size_t rounds = random_next(&x) % 8; rounds > 0; rounds--)
        sched_yield();
    if (random_next(&x) % 50 == 0)
        nap();
}

static void *first(void *item, void *raw) {
    take_a_while(raw, (uintptr_t)item);
    return item;
}

static void *second(void *item, void *raw) {
    struct run *run = raw;
    size_t n = (uintptr_t)item;
    take_a_while(run, n + ITEMS);
    atomic_fetch_add(&run->called, 1);
    if (n == run->blocks_at)
        gate_pass(&run->gate);
    if (n == run->exits_at)
        pthread_exit(NULL);
    return item;
}

static void *sink(void *item, void *raw) {
    struct run *run = raw;
    size_t n = (uintptr_t)item;
    run->gaps += n != run->last + 1;
    run->backwards = run->backwards || n < run->last;
    run->last = n;
    atomic_fetch_add(&run->seen, 1);
    return NULL;
}

static void drop_number(void *item, void *raw) {
    struct run *run = raw;
    (void)item;
    atomic_fetch_add(&run->dropped, 1);
}

static weir_stage_options ordered(struct run *run, const char *name, weir_worker_func *func, size_t width,
                                  size_t capacity) {
    return (weir_stage_options){.name = name,
                                .work = {.func = func, .arg = run},
                                .threads.width = width,
                                .output.ordered = true,
                                .input = {.capacity = capacity, .drop = drop_number}};
}

static weir_stage *add_source(struct run *run, weir_pipeline *pipeline) {
    return add_stage(pipeline, (weir_stage_options){.name = "source", .work = {.source = produce, .arg = run}});
}

/* A source, two or three ordered stages and a sink. */
static weir_pipeline *started(struct run *run, size_t width, size_t capacity, bool longer) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * WEIR_SECOND});
    add_source(run, pipeline);
    add_stage(pipeline, ordered(run, "first", first, width, capacity));
    add_stage(pipeline, ordered(run, "second", second, width, capacity));
    if (longer)
        add_stage(pipeline, ordered(run, "third", first, width + 1, capacity));
    add_stage(pipeline, ordered(run, "sink", sink, 1, capacity));
    start_pipeline(pipeline);
    return pipeline;
}

static const size_t capacities[] = {1, 2, 7, 64, 1000};
static const size_t widths[] = {2, 3, 8};
static const size_t unevenness[] = {NEVER, 50, 3};
enum { SHAPES = 5 * 3 * 3 };

static size_t capacity_of(int shape) {
    return capacities[shape % 5];
}

static size_t width_of(int shape) {
    return widths[shape / 5 % 3];
}

START_TEST (results_leave_in_order) {
    struct run run = {.yields_at = unevenness[_i / 15]};
    weir_pipeline *pipeline = started(&run, width_of(_i), capacity_of(_i), _i % 2 == 0);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->max_items, 0); /* no envelopes, and no automatic limit */
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(run.gaps, 0);
    assert_balanced(report);
    for (size_t i = 0; i < report->stage_count; i++)
        ck_assert_uint_eq(report->stages[i].counts.done, ITEMS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static void get_number(weir_queue *results, size_t n) {
    void *item;
    assert_status(WEIR_OK, weir_queue_get_until(results, &item, hang_limit()));
    ck_assert_uint_eq((uintptr_t)item, n);
    assert_status(WEIR_OK, weir_queue_task_done(results));
}

static void *put_all(void *raw) {
    for (size_t i = 1; i <= ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(raw, (void *)(uintptr_t)i));
    return NULL;
}

/* Items of a thread of the program, and results in a queue of it. */
START_TEST (results_leave_in_order_to_a_queue) {
    struct run run = {.yields_at = unevenness[_i / 15]};
    weir_queue *results = new_queue(capacity_of(_i));
    weir_pipeline *pipeline = new_pipeline(NULL);
    pthread_t putter;
    add_stage(pipeline, ordered(&run, "first", first, width_of(_i), capacity_of(_i)));
    weir_stage_options last = ordered(&run, "second", second, width_of(_i), 64);
    last.output.results = results;
    add_stage(pipeline, last);
    start_pipeline(pipeline);
    ck_assert_int_eq(pthread_create(&putter, NULL, put_all, pipeline), 0);
    for (size_t i = 1; i <= ITEMS; i++)
        get_number(results, i);
    ck_assert_int_eq(pthread_join(putter, NULL), 0);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* O8: results that wait for the first item's turn are as many as the window has room for, and then no call begins. */
START_TEST (a_slow_item_holds_back_no_more_than_the_window) {
    enum { WINDOW = 256 };
    struct run run = {.blocks_at = 1, .gate = GATE};
    weir_queue *results = new_queue(4);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options only = ordered(&run, "only", second, 3, 64);
    only.output.results = results;
    add_source(&run, pipeline);
    add_stage(pipeline, only);
    start_pipeline(pipeline);
    wait_for_count(&run.called, WINDOW);
    for (int i = 0; i < 20; i++)
        nap();
    ck_assert_uint_eq(atomic_load(&run.called), WINDOW);
    ck_assert_uint_eq(weir_queue_size(results), 0);
    wait_until_full(pipeline, "only", 64, 1, WINDOW - 1);
    gate_open(&run.gate);
    for (size_t i = 1; i <= ITEMS; i++)
        get_number(results, i);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

struct two_gates {
    struct gate first, fifth;
    uint64_t work; /* ns of a call */
};

static void *wait_at_two_gates(void *item, void *raw) {
    struct two_gates *gates = raw;
    for (weir_deadline end = weir_deadline_after(gates->work); weir_deadline_after(0) < end;)
        ;
    if ((uintptr_t)item == ITEMS + 1)
        gate_pass(&gates->first);
    if ((uintptr_t)item == ITEMS + 5)
        gate_pass(&gates->fifth);
    return item;
}

/*
 * O11: results ahead of a call that lasts leave in their turn, also if the monitor has looked before. The report tells of
 * these results, and of the last item, which the monitor returns if calls are not so quick that several begin together.
 */
START_TEST (results_ahead_of_a_call_that_lasts_leave) {
    struct two_gates gates = {GATE, GATE, _i == 0 ? 0 : 5000};
    void *behind[5];
    size_t put;
    weir_queue *results = new_queue(64);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options only = ordered(NULL, "only", wait_at_two_gates, 2, 64);
    only.work.arg = &gates;
    only.input.drop = NULL;
    only.output.results = results;
    add_stage(pipeline, only);
    start_pipeline(pipeline);
    for (size_t i = 1; i <= ITEMS; i++) { /* the stage learns that its items cost little */
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)(uintptr_t)i));
        get_number(results, i);
    }
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)(uintptr_t)(ITEMS + 1)));
    gate_wait_for(&gates.first, 1);
    for (size_t i = 0; i < 5; i++)
        behind[i] = (void *)(uintptr_t)(ITEMS + 2 + i);
    assert_status(WEIR_OK, weir_pipeline_put_many(pipeline, behind, 5, &put));
    gate_wait_for(&gates.fifth, 1);
    for (int i = 0; i < 50; i++)
        nap(); /* the monitor looks */
    if (_i > 0)
        wait_until_told(pipeline, "only", 1, 2, 3);
    gate_open(&gates.first);
    for (size_t i = 1; i <= 4; i++)
        get_number(results, ITEMS + i);
    gate_open(&gates.fifth);
    for (size_t i = 5; i <= 6; i++)
        get_number(results, ITEMS + i);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* The places of the next queue are those of results that wait for their turn: the report names the stage's call. */
START_TEST (a_report_names_the_stage_that_a_call_holds_up) {
    struct run run = {.blocks_at = 2000, .gate = GATE};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_source(&run, pipeline);
    add_stage(pipeline, ordered(&run, "holds", second, 2, 64));
    add_stage(pipeline, ordered(&run, "sink", sink, 1, 8));
    start_pipeline(pipeline);
    gate_wait_for(&run.gate, 1);
    for (int i = 0; i < 100; i++)
        nap();
    weir_report *report = report_of(pipeline);
    ck_assert_uint_lt(report->stages[1].blocked, report->elapsed / 4);
    weir_report_free(report);
    gate_open(&run.gate);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(run.gaps, 0);
}
END_TEST

/* N3: results that wait for the turn of a call that lasts keep no place from another stage that puts to the queue. */
START_TEST (kept_results_take_no_room_from_another_stage) {
    struct run run = {.blocks_at = 1, .gate = GATE}, other = {0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *entrance = add_stage(pipeline, ordered(&run, "entrance", second, 3, 64));
    weir_stage *source =
        add_stage(pipeline, (weir_stage_options){.name = "other", .work = {.source = produce, .arg = &other}});
    weir_stage *last = add_stage(pipeline, ordered(&other, "sink", sink, 1, 2));
    connect_stages(pipeline, entrance, last);
    connect_stages(pipeline, source, last);
    start_pipeline(pipeline);
    for (size_t i = 1; i <= 3; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)(uintptr_t)i));
    wait_for_count(&run.called, 3);
    wait_for_count(&other.seen, ITEMS);
    gate_open(&run.gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&other.seen), ITEMS + 3);
}
END_TEST

/* A cancel comes while results wait for the turn of a call. */
START_TEST (a_cancel_drops_what_is_not_done) {
    struct run run = {.yields_at = _i % 2 == 0 ? NEVER : 50, .blocks_at = (size_t)(3000 + 17 * _i), .gate = GATE};
    weir_pipeline *pipeline = started(&run, width_of(_i), capacity_of(_i), _i % 3 == 0);
    gate_wait_for(&run.gate, 1);
    if (_i % 4 > 1)
        nap();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&run.gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    assert_balanced(report);
    ck_assert_uint_eq(report->counts.in, report->counts.done + report->counts.dropped);
    ck_assert_uint_eq(atomic_load(&run.seen) + atomic_load(&run.dropped), run.made);
    ck_assert(!run.backwards);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_function_that_ends_its_thread_ends_its_turn) {
    struct run run = {.yields_at = _i % 2 == 0 ? NEVER : 50, .exits_at = (size_t)(5000 + _i)};
    weir_pipeline *pipeline = started(&run, width_of(_i), capacity_of(_i), _i % 3 == 0);
    (void)weir_pipeline_wait(pipeline, hang_limit());
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "second", 1);
    assert_balanced(report);
    ck_assert_uint_eq(atomic_load(&run.seen) + atomic_load(&run.dropped), run.made);
    ck_assert(!run.backwards);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static void drop_result(void *result, void *raw) {
    struct run *run = raw;
    atomic_fetch_add(&run->dropped, 1);
    if ((uintptr_t)result == run->drop_exits)
        pthread_exit(NULL);
}

/*
 * A drop function ends the thread in the turn of results that other lanes have kept. No callback may do that. The turn ends
 * with the same items all the same, and all results behind them are dropped.
 */
START_TEST (a_drop_function_that_ends_its_thread_ends_its_turn) {
    enum { WINDOW = 256 };
    struct run run = {.blocks_at = 1, .drop_exits = 20 + (size_t)_i * 10, .gate = GATE};
    weir_queue *results = NULL;
    const weir_queue_options few = {.capacity = 4, .drop = drop_result, .drop_arg = &run};
    assert_status(WEIR_OK, weir_queue_create_with(&results, &few));
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * WEIR_SECOND});
    weir_stage_options only = ordered(&run, "only", second, 3, 64);
    only.output.results = results;
    add_source(&run, pipeline);
    add_stage(pipeline, only);
    start_pipeline(pipeline);
    wait_until_full(pipeline, "only", 64, 1, WINDOW - 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&run.gate);
    weir_report *report;
    assert_status(WEIR_CANCELLED, weir_pipeline_finish(pipeline, hang_limit(), &report));
    assert_balanced(report);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&run.dropped) + weir_queue_size(results), run.made);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

static void pause_and_resume(weir_pipeline *pipeline, weir_stage *stage) {
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, stage));
    nap();
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
}

/* A pause keeps calls from beginning: their items are returned. */
START_TEST (a_pause_keeps_the_order) {
    struct run run = {.yields_at = unevenness[_i / 15]};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_source(&run, pipeline);
    weir_stage *paused = add_stage(pipeline, ordered(&run, "first", first, width_of(_i), capacity_of(_i)));
    add_stage(pipeline, ordered(&run, "second", second, width_of(_i), capacity_of(_i)));
    add_stage(pipeline, ordered(&run, "sink", sink, 1, 64));
    start_pipeline(pipeline);
    for (int i = 0; i < 10; i++)
        pause_and_resume(pipeline, paused);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&run.seen), ITEMS);
    ck_assert_uint_eq(run.gaps, 0);
}
END_TEST

/* Items that wait in a paused stage are dropped by a cancel. */
START_TEST (a_cancel_of_a_paused_stage_drops_what_waits) {
    struct run run = {.yields_at = unevenness[_i / 15]};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * WEIR_SECOND});
    add_source(&run, pipeline);
    weir_stage *paused = add_stage(pipeline, ordered(&run, "first", first, width_of(_i), capacity_of(_i)));
    add_stage(pipeline, ordered(&run, "sink", sink, 1, 64));
    start_pipeline(pipeline);
    wait_for_count(&run.seen, 100);
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, paused));
    if (_i % 2 == 0)
        nap();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    assert_balanced(report);
    ck_assert_uint_eq(atomic_load(&run.seen) + atomic_load(&run.dropped), run.made);
    ck_assert(!run.backwards);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

/* Stages of one thread of their own between stages on the crew, and a last stage without a queue for its results. */
START_TEST (stages_of_one_thread_keep_the_order_too) {
    struct run run = {.yields_at = 50};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options alone = ordered(&run, "alone", second, 0, capacity_of(_i)),
                       end = ordered(&run, "end", first, 3, capacity_of(_i));
    alone.threads.count = 1;
    add_source(&run, pipeline);
    add_stage(pipeline, ordered(&run, "first", first, 3, capacity_of(_i)));
    add_stage(pipeline, alone);
    add_stage(pipeline, ordered(&run, "sink", sink, 1, capacity_of(_i)));
    add_stage(pipeline, end);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->max_items, 0);
    ck_assert_uint_eq(report->counts.done, ITEMS);
    ck_assert_uint_eq(run.gaps, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *turns_suite(void) {
    Suite *suite = suite_create("turns");
    TCase *order = add_things_case(suite, "order"), *ends = add_things_case(suite, "ends");
    tcase_add_loop_test(order, results_leave_in_order, 0, SHAPES);
    tcase_add_loop_test(order, results_leave_in_order_to_a_queue, 0, SHAPES);
    tcase_add_test(order, a_slow_item_holds_back_no_more_than_the_window);
    tcase_add_test(order, kept_results_take_no_room_from_another_stage);
    tcase_add_loop_test(order, results_ahead_of_a_call_that_lasts_leave, 0, 2);
    tcase_add_test(order, a_report_names_the_stage_that_a_call_holds_up);
    tcase_add_loop_test(order, stages_of_one_thread_keep_the_order_too, 0, 5);
    tcase_add_loop_test(ends, a_cancel_drops_what_is_not_done, 0, SHAPES);
    tcase_add_loop_test(ends, a_function_that_ends_its_thread_ends_its_turn, 0, SHAPES);
    tcase_add_loop_test(ends, a_drop_function_that_ends_its_thread_ends_its_turn, 0, 4);
    tcase_add_loop_test(ends, a_pause_keeps_the_order, 0, SHAPES);
    tcase_add_loop_test(ends, a_cancel_of_a_paused_stage_drops_what_waits, 0, SHAPES);
    return suite;
}

int main(void) {
    return run_suite(turns_suite());
}
