/*
 * test_pipeline_order.c - ordered stages: results leave in input order, whatever happens to the items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <sched.h>

enum { ITEMS = 700 };

/* A stage's behaviour depends only on the item's number, so that the test can predict the results. */
enum { FAILS = 1, FILTERS = 2, MULTIPLIES = 4, RETRIES = 8 };

static bool does(size_t n, unsigned how, unsigned what) {
    size_t each = what == FAILS ? 13 : what == FILTERS ? 7 : what == MULTIPLIES ? 5 : 3;
    return (how & what) != 0 && n % each == 1;
}

static size_t results_of(size_t n, unsigned how) {
    if (does(n, how, FAILS) || does(n, how, FILTERS))
        return 0;
    return does(n, how, MULTIPLIES) ? 3 : 1;
}

static void take_a_while(size_t n) {
    for (uint64_t x = n + 1, rounds = random_next(&x) % 4; rounds > 0; rounds--)
        sched_yield();
    if (n % 64 == 9)
        nap();
}

static int work(weir_task *task, void *item, void *raw) {
    struct thing *thing = item;
    unsigned how = *(unsigned *)raw;
    take_a_while(thing->n * 31 + weir_task_attempt(task));
    if (does(thing->n, how, RETRIES) && weir_task_attempt(task) == 1) {
        struct thing *lost = thing_new();
        lost->of = SIZE_MAX; /* result of a failed attempt; no stage may get it */
        weir_task_emit(task, lost);
        return weir_task_fail(task, 1, "once more");
    }
    if (does(thing->n, how, FAILS))
        return weir_task_fail(task, 2, "for good");
    for (size_t i = 0; i < results_of(thing->n, how); i++) {
        struct thing *result = thing_new();
        result->of = thing->n;
        weir_task_emit(task, result);
    }
    thing_consume(thing);
    return 0;
}

static void add_work(weir_pipeline *pipeline, unsigned *how, size_t threads) {
    add_stage(pipeline, (weir_stage_options){.name = "work",
                                             .work.run = work,
                                             .work.arg = how,
                                             .threads.count = threads,
                                             .output.ordered = true,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP,
                                             .errors.retry = {.attempts = *how & RETRIES ? 2 : 0,
                                                              .backoff = *how & RETRIES ? 20 * 1000 : 0}});
}

/* Items in order of arrival at the last stage; checked in the end. */
struct line {
    atomic_size_t count;
    size_t of[3 * ITEMS];
};

static void *line_up(void *item, void *raw) {
    struct thing *thing = item;
    struct line *line = raw;
    line->of[atomic_fetch_add(&line->count, 1)] = thing->of;
    thing_consume(thing);
    return NULL;
}

static struct line line;

/* Makes all input things first: things made by stages have higher numbers. */
static struct thing **first_things(size_t count) {
    static struct thing *first[ITEMS];
    for (size_t i = 0; i < count; i++)
        first[i] = thing_new();
    return first;
}

static void assert_line(size_t items, unsigned how) {
    size_t at = 0;
    for (size_t n = 0; n < items; n++) {
        for (size_t i = 0; i < results_of(n, how); i++, at++) {
            if (at >= atomic_load(&line.count) || line.of[at] != n)
                ck_abort_msg("result %zu is of %zu and not of %zu", at, line.of[at], n);
        }
    }
    ck_assert_uint_eq(atomic_load(&line.count), at);
}

START_TEST (results_leave_in_the_order_of_the_items) {
    unsigned how = (unsigned)_i;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 50});
    add_work(pipeline, &how, 8);
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "end", .work.func = line_up, .work.arg = &line, .input.capacity = 4, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct thing **first = first_things(ITEMS);
    uint64_t most = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, first[i]));
        if (i % 50 == 0) {
            weir_report *report = report_of(pipeline);
            assert_balanced(report);
            most = report->counts.live > most ? report->counts.live : most;
            weir_report_free(report);
        }
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_le(most, 50 + 1); /* one item may be counted before its room is returned */
    ck_assert_uint_eq(report->max_items, 50);
    ck_assert_uint_eq(report->counts.in, ITEMS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_line(ITEMS, how);
    assert_things_ended();
}
END_TEST

/* A func, with and without a key. */
static uint64_t key_of_five(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n % 5;
}

static void *pass_slowly(void *item, void *unused) {
    (void)unused;
    take_a_while(((struct thing *)item)->n);
    return item;
}

START_TEST (a_func_is_ordered_too_and_beside_other_limits) {
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.func = pass_slowly,
                                             .threads.count = 5,
                                             .output.ordered = true,
                                             .limits.per_key = (size_t)_i,
                                             .limits.key = _i == 0 ? NULL : key_of_five,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.func = pass_slowly,
                                             .threads.count = 3,
                                             .output.ordered = true,
                                             .input.drop = thing_drop});
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    bool simple = is_on_crew() && _i == 0;
    ck_assert_uint_eq(report->max_items, simple ? 0 : 3 * 64 + 5 + 3 + 1); /* the sum of all capacities and threads */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_line(ITEMS, 0);
    assert_things_ended();
}
END_TEST

static void add_ordered(weir_pipeline *pipeline, const char *name, weir_worker_func *func, void *arg, size_t threads) {
    add_stage(pipeline, (weir_stage_options){.name = name,
                                             .work.func = func,
                                             .work.arg = arg,
                                             .threads.count = threads,
                                             .output.ordered = true,
                                             .input.drop = thing_drop});
}

/* Order is restored once, after the last of them, in which items fail, vanish, split and are retried. */
START_TEST (several_ordered_stages_keep_the_order_together) {
    unsigned how = (unsigned)_i;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_ordered(pipeline, "a", pass_slowly, NULL, 1);
    add_ordered(pipeline, "b", pass_slowly, NULL, 3);
    add_ordered(pipeline, "c", pass_slowly, NULL, 2);
    add_work(pipeline, &how, 4);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct thing **first = first_things(ITEMS);
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, first[i]));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_line(ITEMS, how);
    assert_things_ended();
}
END_TEST

static void *hold_first(void *item, void *gate) {
    if (((struct thing *)item)->n == 0)
        gate_pass(gate);
    return item;
}

static void *count(void *item, void *counter) {
    atomic_fetch_add((atomic_uint *)counter, 1);
    return item;
}

START_TEST (a_slow_item_keeps_no_other_out_of_an_ordered_stage) {
    struct gate gate = GATE;
    atomic_uint begun = 0;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = 20}); /* not simple, also on the crew */
    add_ordered(pipeline, "hold", hold_first, &gate, 2);
    add_ordered(pipeline, "count", count, &begun, 2);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_for_count(&begun, 9);
    ck_assert_uint_eq(atomic_load(&line.count), 0);
    wait_until_told(pipeline, "hold", 0, 1, 0);
    wait_until_told(pipeline, "count", 0, 0, 9);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_line(10, 0);
    assert_things_ended();
}
END_TEST

/* Waits until the stage has only one held item left. */
static void wait_until_one_is_held(weir_pipeline *pipeline, size_t items) {
    bool held = false;
    for (weir_deadline limit = hang_limit(); !held; nap()) {
        ck_assert_uint_lt(now(), limit);
        weir_report *report = report_of(pipeline);
        const weir_stage_report *stage = &report->stages[0];
        held = stage->counts.in == items && stage->depth == 0 && stage->running == 1;
        weir_report_free(report);
    }
}

START_TEST (a_stage_without_an_order_gets_nothing_before_its_turn) {
    struct gate gate = GATE;
    atomic_uint begun = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_ordered(pipeline, "hold", hold_first, &gate, 2);
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "count", .work.func = count, .work.arg = &begun, .threads.count = 2, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    gate_wait_for(&gate, 1);
    wait_until_one_is_held(pipeline, 10);
    ck_assert_uint_eq(atomic_load(&begun), 0);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&begun), 10);
    assert_things_ended();
}
END_TEST

/* A run with other than one result for each item restores its own order. */
START_TEST (an_ordered_run_restores_its_own_order) {
    unsigned how = (unsigned)_i;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_work(pipeline, &how, 4);
    add_ordered(pipeline, "mix", pass_slowly, NULL, 3);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct thing **first = first_things(ITEMS);
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, first[i]));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_line(ITEMS, how);
    assert_things_ended();
}
END_TEST

/* A stage with one thread, or with per_key 1, gets its items in order. */
static void *line_up_and_pass(void *item, void *raw) {
    struct line *seen = raw;
    seen->of[atomic_fetch_add(&seen->count, 1)] = ((struct thing *)item)->of;
    return item;
}

static uint64_t same_key(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 1;
}

START_TEST (a_stage_that_is_to_see_the_order_sees_it) {
    static struct line seen;
    bool keyed = _i == 1;
    atomic_store(&line.count, 0);
    atomic_store(&seen.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_ordered(pipeline, "mix", pass_slowly, NULL, 4);
    add_stage(pipeline, (weir_stage_options){.name = "see",
                                             .work.func = line_up_and_pass,
                                             .work.arg = &seen,
                                             .threads.count = keyed ? 3 : 1,
                                             .limits.key = keyed ? same_key : NULL,
                                             .limits.per_key = keyed,
                                             .output.ordered = true,
                                             .input.drop = thing_drop});
    add_ordered(pipeline, "mix again", pass_slowly, NULL, 4);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t n = 0; n < ITEMS; n++)
        ck_assert_uint_eq(seen.of[n], n);
    assert_line(ITEMS, 0);
    assert_things_ended();
}
END_TEST

/* An item that fails in a later stage than the first, which leaves its order to that one, does not block the order. */
static int fail_with_some(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n % 5 == 3)
        return weir_task_fail(task, 5, NULL);
    weir_task_emit(task, item);
    return 0;
}

START_TEST (what_fails_on_the_way_has_its_turn) {
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_ordered(pipeline, "mix", pass_slowly, NULL, 4);
    add_stage(pipeline,
              (weir_stage_options){.name = "fail",
                                   .work.run = fail_with_some,
                                   .threads.count = 2,
                                   .limits.key = _i == 0 ? NULL : same_key,
                                   .limits.per_key = (size_t)_i, /* with 1, "mix" restores an order of its own */
                                   .output.ordered = true,
                                   .errors.on_error = WEIR_SKIP,
                                   .input.drop = thing_drop});
    add_ordered(pipeline, "mix again", pass_slowly, NULL, 2);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 2);
    ck_assert_uint_eq(report->stages[0].counts.failed, 0);
    ck_assert_uint_eq(report->stages[1].counts.failed, 2);
    ck_assert_uint_eq(report->stages[2].counts.failed, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&line.count), 8);
    for (size_t n = 0, at = 0; n < 10; n++) {
        if (n % 5 != 3)
            ck_assert_uint_eq(line.of[at++], n);
    }
    assert_things_ended();
}
END_TEST

/* Of three ordered stages, one exits a thread. Its item never has its turn, and nothing behind it leaves the order. */
enum { EXITS_AT = 25 };

static void *exit_func(void *item, void *unused) {
    if (((struct thing *)item)->n == EXITS_AT)
        pthread_exit(NULL);
    return pass_slowly(item, unused);
}

static int exit_run(weir_task *task, void *item, void *unused) {
    weir_task_emit(task, thing_new());
    weir_task_emit(task, exit_func(item, unused));
    return 0;
}

/* Things that are made later are results of the attempt that exits. */
static void *line_up_old_ones(void *item, void *line_of_all) {
    struct thing *thing = item;
    if (thing->n < ITEMS)
        return line_up(item, line_of_all);
    return consume_thing(item, NULL);
}

START_TEST (an_item_that_ends_its_thread_never_has_its_turn) {
    static const char *const names[] = {"first", "second", "third"};
    size_t exits = (size_t)_i % 3;
    bool by_run = _i / 3 == 1;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool runs = by_run && i == exits;
        add_stage(pipeline, (weir_stage_options){.name = names[i],
                                                 .work.run = runs ? exit_run : NULL,
                                                 .work.func = runs         ? NULL
                                                              : i == exits ? exit_func
                                                                           : pass_slowly,
                                                 .threads.count = 3,
                                                 .output.ordered = true,
                                                 .errors.on_error = WEIR_SKIP,
                                                 .input.drop = thing_drop});
    }
    add_stage(pipeline, (weir_stage_options){
                            .name = "end", .work.func = line_up_old_ones, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct thing **first = first_things(ITEMS);
    size_t put = 0;
    while (put < ITEMS && weir_pipeline_put(pipeline, first[put]) == WEIR_OK)
        put++;
    for (size_t i = put; i < ITEMS; i++)
        thing_consume(first[i]);
    ck_assert_uint_gt(put, EXITS_AT);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, names[exits], 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.in, put);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(stage_in(report, names[exits])->counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_le(atomic_load(&line.count), EXITS_AT);
    for (size_t n = 0; n < atomic_load(&line.count); n++)
        ck_assert_uint_eq(line.of[n], n);
    ck_assert_uint_eq(atomic_load(&thing_at(EXITS_AT)->dropped), 1);
    assert_things_ended();
}
END_TEST

/* The first item blocks the others: no more than max_items are admitted meanwhile. */
static int first_at_gate(weir_task *task, void *item, void *gate) {
    if (((struct thing *)item)->n == 0)
        gate_pass(gate);
    weir_task_emit(task, item);
    return 0;
}

START_TEST (a_slow_item_holds_back_no_more_than_the_limit) {
    struct gate gate = GATE;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 20});
    add_stage(pipeline, (weir_stage_options){.name = "work",
                                             .work.run = first_at_gate,
                                             .work.arg = &gate,
                                             .threads.count = 3,
                                             .output.ordered = true,
                                             .input.drop = thing_drop});
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 20);
    struct thing *late = thing_new();
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, late, 0));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, late, weir_deadline_after(MILLISECONDS)));
    struct pipeline_call put = {.call = {.item = late, .deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&put.call, make_pipeline_put);
    ck_assert_uint_eq(atomic_load(&line.count), 0);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&put.call));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_line(21, 0);
    assert_things_ended();
}
END_TEST

START_TEST (a_cancel_drops_items_and_results_that_wait_for_their_turn) {
    unsigned how = (unsigned)_i & 15;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_work(pipeline, &how, 4);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct thing **first = first_things(100 + (size_t)_i);
    for (size_t i = 0; i < 100 + (size_t)_i; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, first[i]));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
    size_t at = 0; /* the results that came out are a prefix of the order */
    for (size_t n = 0; n < 100 && at < atomic_load(&line.count); n++) {
        for (size_t i = 0; i < results_of(n, how) && at < atomic_load(&line.count); i++)
            ck_assert_uint_eq(line.of[at++], n);
    }
}
END_TEST

/* Emits, then fails because of a cancel: its results are dropped at their destination, the item at its own stage. */
struct two_drops {
    atomic_size_t items, results;
    atomic_uint inside;
};

static void drop_item(void *thing, void *raw) {
    struct two_drops *drops = raw;
    atomic_fetch_add(&drops->items, 1);
    thing_drop(thing, NULL);
}

static void drop_result(void *thing, void *raw) {
    struct two_drops *drops = raw;
    atomic_fetch_add(&drops->results, 1);
    thing_drop(thing, NULL);
}

static int emit_and_give_up(weir_task *task, void *item, void *raw) {
    struct two_drops *drops = raw;
    (void)item;
    atomic_fetch_add(&drops->inside, 1);
    for (int i = 0; i < 3; i++)
        weir_task_emit(task, thing_new());
    while (!weir_task_cancelled(task))
        nap();
    return 1;
}

START_TEST (results_of_a_cancelled_attempt_are_dropped_where_they_were_going) {
    struct two_drops drops = {.items = 0};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = emit_and_give_up,
                                             .work.arg = &drops,
                                             .threads.count = 2,
                                             .output.ordered = true,
                                             .input.drop = drop_item});
    add_stage(pipeline,
              (weir_stage_options){.name = "b", .work.func = hand_back, .work.arg = &drops, .input.drop = drop_result});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_for_count(&drops.inside, 2);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 10);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&drops.items), 10);
    ck_assert_uint_eq(atomic_load(&drops.results), 6);
    assert_things_ended();
}
END_TEST

/* ---- the last stage ---- */

enum { LAST = 50 };

/* The first item is blocked; the others have passed. */
struct holding {
    struct gate gate, third;
    atomic_uint passed;
};

static void *hold_first_of_all(void *item, void *raw) {
    struct holding *holding = raw;
    if (((struct thing *)item)->n == 0)
        gate_pass(&holding->gate);
    else
        atomic_fetch_add(&holding->passed, 1);
    return item;
}

/* All results wait for the first one; `results` may be NULL. Emitted items are results of the items put. */
static weir_pipeline *ordered_at_last(struct holding *holding, bool emitted, weir_queue *results) {
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = ITEMS, .grace = HANG_SECONDS * SECONDS});
    if (emitted)
        add_stage(pipeline, (weir_stage_options){.name = "emit", .work.run = run_pass_on, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "hold",
                                             .work.func = hold_first_of_all,
                                             .work.arg = holding,
                                             .threads.count = 2,
                                             .output.ordered = true,
                                             .output.results = results,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, LAST);
    gate_wait_for(&holding->gate, 1);
    wait_for_count(&holding->passed, LAST - 1);
    return pipeline;
}

static weir_queue *queue_of_results(size_t capacity) {
    weir_queue *queue = NULL;
    const weir_queue_options options = {.capacity = capacity, .drop = thing_drop};
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    return queue;
}

/* The queue has room for all results, or for a few; or there is no queue. */
START_TEST (results_of_the_last_stage_leave_in_order) {
    static const size_t capacities[] = {WEIR_UNBOUNDED, 4, 1, 0};
    size_t capacity = capacities[_i / 2];
    weir_queue *results = capacity != 0 ? queue_of_results(capacity) : NULL;
    struct holding holding = {.gate = GATE};
    weir_pipeline *pipeline = ordered_at_last(&holding, _i % 2 == 1, results);
    gate_open(&holding.gate);
    void *taken;
    for (size_t n = 0; results != NULL && n < LAST; n++) {
        assert_status(WEIR_OK, weir_queue_get_until(results, &taken, hang_limit()));
        ck_assert_ptr_eq(taken, thing_at(n));
        thing_consume(taken);
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, LAST);
    ck_assert_uint_eq(report->counts.done, LAST);
    ck_assert_uint_eq(stage_in(report, "hold")->counts.done, LAST);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 0); /* without a queue, results are forgotten */
    if (results == NULL)
        return;
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_tasks_done(results, LAST));
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* Held results go to the drop function of the queue for which they are destined. Without a queue, their items are done. */
START_TEST (results_of_the_last_stage_are_dropped_where_they_were_going) {
    bool has_queue = _i / 2 == 0;
    struct drops drops = {.count = 0};
    weir_queue *results = has_queue ? new_dropping_queue(WEIR_UNBOUNDED, &drops) : NULL;
    struct holding holding = {.gate = GATE};
    weir_pipeline *pipeline = ordered_at_last(&holding, _i % 2 == 1, results);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&holding.gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, has_queue ? LAST : 0);
    ck_assert_uint_eq(report->counts.done, has_queue ? 0 : LAST);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&drops.count), has_queue ? LAST : 0);
    ck_assert_uint_eq(things_dropped(), 0); /* they are results, not items */
    if (has_queue)
        assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

struct ignored {
    atomic_uint first, others;                  /* calls: of the first item, of the other ones */
    atomic_uint outcomes[WEIR_ITEM_FAILED + 1]; /* of the items */
    int results;                                /* of each item */
};

static void note_outcome(void *raw, weir_outcome outcome) {
    struct ignored *ignored = raw;
    atomic_fetch_add(&ignored->outcomes[outcome], 1);
}

/* Keeps the first item until the cancel. */
static int emit_into_nothing(weir_task *task, void *item, void *raw) {
    struct ignored *ignored = raw;
    bool is_first = ((struct thing *)item)->n == 0;
    atomic_fetch_add(is_first ? &ignored->first : &ignored->others, 1);
    while (is_first && !weir_task_cancelled(task))
        nap();
    for (int i = 0; i < ignored->results; i++)
        weir_task_emit(task, item);
    return 0;
}

/* The deadline of the finish cancels the run, but all functions return 0: nothing is dropped. */
START_TEST (items_without_a_destination_are_done_after_a_cancel) {
    struct ignored ignored = {.results = _i};
    weir_pipeline *pipeline = new_pipeline(
        &(weir_pipeline_options){.max_items = ITEMS, .grace = HANG_SECONDS * SECONDS, .settled = note_outcome});
    add_stage(pipeline, (weir_stage_options){.name = "last",
                                             .work.run = emit_into_nothing,
                                             .work.arg = &ignored,
                                             .threads.count = 2,
                                             .output.ordered = true,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (size_t i = 0; i < LAST; i++)
        assert_status(WEIR_OK, weir_pipeline_submit(pipeline, thing_new(), &ignored));
    wait_for_count(&ignored.first, 1);
    wait_for_count(&ignored.others, LAST - 1);
    weir_report *report = NULL;
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, 0, &report));
    ck_assert_uint_eq(report->counts.done, LAST);
    ck_assert_uint_eq(stage_in(report, "last")->counts.done, LAST);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&ignored.outcomes[WEIR_ITEM_DONE]), LAST);
    ck_assert_uint_eq(things_dropped(), 0);
}
END_TEST

static int emit_and_fail(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    weir_task_emit(task, thing_new());
    weir_task_emit(task, thing_new());
    return 1;
}

START_TEST (results_of_a_failed_attempt_of_the_last_stage_are_dropped_by_their_queue) {
    struct drops drops = {.count = 0};
    weir_queue *results = _i == 0 ? new_dropping_queue(WEIR_UNBOUNDED, &drops) : NULL;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "last",
                                             .work.run = emit_and_fail,
                                             .output.ordered = true,
                                             .output.results = results,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&drops.count), _i == 0 ? 2 : 0);
    ck_assert_uint_eq(things_dropped(), 1); /* the item, by its stage */
    if (_i == 0)
        assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* ---- far ahead ---- */

/* One item has more results than the window of the order holds, whatever max_items is. */
enum { FAR = 300 };

static int emit_many(weir_task *task, void *item, void *unused) {
    struct thing *made[FAR];
    (void)unused;
    for (size_t i = 0; i < FAR; i++)
        made[i] = thing_new();
    for (size_t i = 0; i < FAR; i++)
        weir_task_emit(task, made[i]);
    thing_consume(item);
    return 0;
}

/* Blocks the third one as well. */
static void *hold_first_of_many(void *item, void *raw) {
    struct holding *holding = raw;
    size_t n = ((struct thing *)item)->n;
    if (n == 1)
        gate_pass(&holding->gate);
    else if (n == 3)
        gate_pass(&holding->third);
    else
        atomic_fetch_add(&holding->passed, 1);
    return item;
}

START_TEST (what_is_far_ahead_has_its_turn_or_is_dropped) {
    bool cancels = _i == 1;
    struct holding holding = {.gate = GATE, .third = GATE};
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 1, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "many", .work.run = emit_many, .input.drop = thing_drop});
    add_ordered(pipeline, "hold", hold_first_of_many, &holding, 3);
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    wait_for_count(&holding.passed, FAR - 2);
    ck_assert_uint_eq(atomic_load(&line.count), 0);
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&holding.gate);
    while (!cancels && atomic_load(&line.count) < 2) /* no more before the third has arrived */
        nap();
    gate_open(&holding.third);
    finish_and_destroy(pipeline, cancels ? WEIR_CANCELLED : WEIR_OK);
    ck_assert_uint_eq(atomic_load(&line.count), cancels ? 0 : FAR);
    for (size_t n = 0; n < atomic_load(&line.count); n++)
        ck_assert_uint_eq(line.of[n], n + 1);
    ck_assert_uint_eq(things_dropped(), cancels ? FAR : 0);
    assert_things_ended();
}
END_TEST

/* ---- other combinations ---- */

/* SIZE_MAX means no limit; the order keeps what it needs. */
START_TEST (without_a_limit_the_order_is_kept_too) {
    bool keyed = _i == 1;
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = SIZE_MAX});
    add_stage(pipeline, (weir_stage_options){.name = "mix",
                                             .work.func = pass_slowly,
                                             .threads.count = 4,
                                             .output.ordered = !keyed,
                                             .limits.key = keyed ? same_key : NULL,
                                             .limits.per_key = keyed,
                                             .input.drop = thing_drop});
    add_stage(pipeline,
              (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->max_items, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_line(ITEMS, 0);
    assert_things_ended();
}
END_TEST

static uint64_t odd_or_even(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n % 2;
}

/* Where two ordered stages feed one stage, each restores its own order. */
START_TEST (two_ordered_stages_that_meet_keep_their_own_orders) {
    size_t last[2] = {0, 0};
    atomic_store(&line.count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stages[5];
    weir_stage_options mix = {
        .work.func = pass_slowly, .threads.count = 3, .output.ordered = true, .input.drop = thing_drop};
    stages[0] = add_stage(pipeline, (weir_stage_options){.name = "from",
                                                         .work.func = hand_back,
                                                         .output.fan_out = WEIR_BY_CHOICE,
                                                         .output.route = odd_or_even,
                                                         .input.drop = thing_drop});
    static const char *const names[] = {"even", "odd", "both"};
    for (size_t i = 0; i < 3; i++) {
        mix.name = names[i];
        stages[1 + i] = add_stage(pipeline, mix);
    }
    stages[4] = add_stage(
        pipeline,
        (weir_stage_options){.name = "end", .work.func = line_up, .work.arg = &line, .input.drop = thing_drop});
    for (size_t i = 1; i <= 2; i++) {
        connect_stages(pipeline, stages[0], stages[i]);
        connect_stages(pipeline, stages[i], stages[3]);
    }
    connect_stages(pipeline, stages[3], stages[4]);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&line.count), ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        size_t n = line.of[i];
        ck_assert(n < 2 || n == last[n % 2] + 2);
        last[n % 2] = n;
    }
    assert_things_ended();
}
END_TEST

static Suite *order_suite(void) {
    Suite *suite = suite_create("order in a pipeline");
    TCase *kept = add_things_case(suite, "kept");
    tcase_add_loop_test(kept, results_leave_in_the_order_of_the_items, 0, 16);
    tcase_add_loop_test(kept, a_func_is_ordered_too_and_beside_other_limits, 0, 3);
    tcase_add_test(kept, a_slow_item_holds_back_no_more_than_the_limit);
    tcase_add_loop_test(kept, what_is_far_ahead_has_its_turn_or_is_dropped, 0, 2);
    TCase *together = add_things_case(suite, "together");
    tcase_add_loop_test(together, several_ordered_stages_keep_the_order_together, 0, 16);
    tcase_add_test(together, a_slow_item_keeps_no_other_out_of_an_ordered_stage);
    tcase_add_loop_test(together, a_stage_that_is_to_see_the_order_sees_it, 0, 2);
    tcase_add_test(together, a_stage_without_an_order_gets_nothing_before_its_turn);
    tcase_add_loop_test(together, an_ordered_run_restores_its_own_order, 0, 16);
    tcase_add_loop_test(together, what_fails_on_the_way_has_its_turn, 0, 2);
    tcase_add_loop_test(together, an_item_that_ends_its_thread_never_has_its_turn, 0, 6);
    tcase_add_loop_test(together, without_a_limit_the_order_is_kept_too, 0, 2);
    tcase_add_test(together, two_ordered_stages_that_meet_keep_their_own_orders);
    TCase *last = add_things_case(suite, "last");
    tcase_add_loop_test(last, results_of_the_last_stage_leave_in_order, 0, 8);
    tcase_add_loop_test(last, results_of_the_last_stage_are_dropped_where_they_were_going, 0, 4);
    tcase_add_loop_test(last, results_of_a_failed_attempt_of_the_last_stage_are_dropped_by_their_queue, 0, 2);
    TCase *cancelled = add_things_case(suite, "cancelled");
    tcase_add_loop_test(cancelled, a_cancel_drops_items_and_results_that_wait_for_their_turn, 0, 48);
    tcase_add_test(cancelled, results_of_a_cancelled_attempt_are_dropped_where_they_were_going);
    tcase_add_loop_test(cancelled, items_without_a_destination_are_done_after_a_cancel, 0, 3);
    return suite;
}

int main(void) {
    return run_suite(order_suite());
}
