/*
 * test_pipeline_life.c - the life of a pipeline: which calls are refused in which state, which threads may make them,
 * and a failed start, which leaves nothing behind.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdio.h>
#include <string.h>

static uint64_t key_of(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n;
}

/* ---- from create to destroy ---- */

START_TEST (what_is_put_comes_out_and_the_results_are_shut_down) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.name = "whole"});
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = hand_back});
    add_stage(pipeline, (weir_stage_options){.name = "second", .work.run = run_pass_on, .output.results = results});
    start_pipeline(pipeline);
    put_things(pipeline, 300);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_str_eq(report->name, "whole");
    ck_assert_uint_eq(report->counts.in, 300);
    ck_assert_uint_eq(report->counts.done, 300);
    ck_assert_uint_eq(report->stage_count, 2);
    ck_assert_uint_eq(report->edge_count, 1);
    ck_assert_str_eq(report->stages[0].name, "first");
    void *item;
    for (size_t n = 0; n < 300; n++) {
        assert_status(WEIR_OK, weir_queue_try_get(results, &item));
        ck_assert_ptr_eq(item, thing_at(n));
    }
    assert_status(WEIR_CLOSED, weir_queue_get(results, &item));
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(report->stages[1].counts.done, 300); /* the report outlives its pipeline */
    weir_report_free(report);
    assert_status(WEIR_OK, weir_queue_tasks_done(results, 300));
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

START_TEST (null_is_invalid_and_has_no_effect) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stage = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    weir_report *report = (weir_report *)pipeline;
    const int signals[] = {1};
    assert_status(WEIR_INVALID, weir_pipeline_create(NULL, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_add(NULL, NULL, &(weir_stage_options){.name = "a"}));
    assert_status(WEIR_INVALID, weir_pipeline_connect(NULL, stage, stage));
    assert_status(WEIR_INVALID, weir_pipeline_connect_dead(NULL, stage, stage));
    assert_status(WEIR_INVALID, weir_pipeline_start(NULL));
    assert_status(WEIR_INVALID, weir_pipeline_put(NULL, stage));
    assert_status(WEIR_INVALID, weir_pipeline_put_until(NULL, stage, 0));
    assert_status(WEIR_INVALID, weir_pipeline_wait(NULL, 0));
    assert_status(WEIR_INVALID, weir_pipeline_finish(NULL, 0, &report));
    ck_assert_ptr_null(report);
    assert_status(WEIR_INVALID, weir_pipeline_cancel(NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(NULL));
    assert_status(WEIR_INVALID, weir_pipeline_report(NULL, &report));
    assert_status(WEIR_INVALID, weir_pipeline_report(pipeline, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_show(NULL, stderr, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(NULL, signals, 1, 0));
    ck_assert_str_eq(weir_pipeline_message(NULL), "end_on: the pipeline is NULL");
    ck_assert_int_eq(weir_pipeline_cancel_fd(NULL), -1);
    weir_task_emit(NULL, stage);
    ck_assert_int_eq(weir_task_fail(NULL, 5, "no %s", "task"), 5);
    assert_status(WEIR_INVALID, weir_task_fail_item(NULL, 0, 5, "no %s", "task"));
    ck_assert_uint_eq(weir_task_attempt(NULL), 0);
    assert_status(WEIR_INVALID, weir_task_retry_after(NULL, 1));
    ck_assert(!weir_task_cancelled(NULL));
    ck_assert(!weir_task_finishing(NULL));
    ck_assert_int_eq(weir_task_stop_fd(NULL), -1);
    ck_assert_uint_eq(weir_task_batch_reason(NULL), 0);
    ck_assert_uint_eq(weir_task_deadline(NULL), WEIR_NEVER);
    ck_assert_ptr_null(weir_task_pipeline(NULL));
    weir_dead_letter_free(NULL);
    weir_report_free(NULL);
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, NULL, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, NULL, 1, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, signals, 0, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, signals, 65, 0));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

START_TEST (options_that_cannot_be_right_are_no_pipeline) {
    weir_pipeline *pipeline = (weir_pipeline *)&pipeline;
    weir_pipeline_options options = {.max_bytes = 5};
    assert_status(WEIR_INVALID, weir_pipeline_create(&pipeline, &options));
    options = (weir_pipeline_options){.weigh_arg = &options};
    assert_status(WEIR_INVALID, weir_pipeline_create(&pipeline, &options));
    options.weigh_arg = NULL;
    for (size_t i = 0; i < COUNT_OF(options.reserved); i++) {
        options.reserved[i] = &options;
        assert_status(WEIR_INVALID, weir_pipeline_create(&pipeline, &options));
        options.reserved[i] = NULL;
    }
    options.size = sizeof options - 1;
    assert_status(WEIR_INVALID, weir_pipeline_create(&pipeline, &options));
    ck_assert_ptr_eq(pipeline, (weir_pipeline *)&pipeline);
}
END_TEST

/* Programs of a later release, whose structs have a further member. */
struct later_stage {
    weir_stage_options options;
    size_t later;
};
struct later_pipeline {
    weir_pipeline_options options;
    size_t later;
};

/* A member that the library does not know must be 0: it would have no effect. */
START_TEST (options_of_a_later_release_have_only_known_members) {
    struct later_pipeline wide = {.options = {.size = sizeof wide, .name = "wide", .max_items = 3}, .later = 1};
    struct later_stage stage = {
        .options = {.size = sizeof stage, .name = "x", .work.func = consume_thing, .input.capacity = 5}, .later = 1};
    weir_pipeline *pipeline;
    assert_status(WEIR_INVALID, weir_pipeline_create(&pipeline, &wide.options));
    wide.later = 0;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, &wide.options));
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &stage.options));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "stage x: add: size is "));
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, &wide.options));
    stage.later = 0;
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage.options));
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    weir_report *report;
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, WEIR_NEVER, &report));
    ck_assert_str_eq(report->name, "wide");
    ck_assert_uint_eq(report->stages[0].capacity, 5);
    weir_report_free(report);
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
}
END_TEST

START_TEST (more_errors_than_memory_can_hold_cannot_be_kept) {
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / sizeof(weir_error)};
    weir_pipeline *pipeline = NULL;
    assert_status(WEIR_NOMEM, weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_errors = counts[_i]}));
    ck_assert_ptr_null(pipeline);
}
END_TEST

/* ---- refused stages ---- */

static int any_object;

static bool any_code(int code, void *unused) {
    (void)code;
    (void)unused;
    return true;
}

static void *same_item(void *item, void *unused) {
    (void)unused;
    return item;
}

static int emit_at_end(weir_task *task, void *state) {
    (void)task;
    (void)state;
    return 0;
}

static void ignore_state(void *state) {
    (void)state;
}

static const struct wrong_stage {
    weir_stage_options options;
    const char *message;
} wrong_stages[] = {
    {{.work.func = consume_thing}, "name"},
    {{.name = "", .work.func = consume_thing}, "name"},
    {{.name = "first", .work.func = consume_thing}, "stage first: name: "},
    {{.name = "x"}, "stage x: 0 of func, run, run_batch and source"},
    {{.name = "x", .work.func = consume_thing, .work.run = run_consume},
     "stage x: 2 of func, run, run_batch and source"},
    {{.name = "x", .work.source = end_at_once, .work.run = run_consume},
     "stage x: 2 of func, run, run_batch and source"},
    {{.name = "x", .work.func = consume_thing, .threads.reserved = {&any_object}},
     "stage x: threads.reserved[0] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .input.reserved = {NULL, &any_object}},
     "stage x: input.reserved[1] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .output.reserved = {&any_object}},
     "stage x: output.reserved[0] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .limits.reserved = {&any_object}},
     "stage x: limits.reserved[0] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .errors.retry.reserved = {NULL, &any_object}},
     "stage x: retry.reserved[1] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .batch.reserved = {&any_object}},
     "stage x: batch.reserved[0] is not NULL"},
    {{.name = "x", .work.func = consume_thing, .size = 8}, "stage x: add: size is 8, and must be 0 or at least "},
    {{.name = "x", .work.run = run_consume, .limits.per_key = 1}, "stage x: per_key is 1, and key is NULL"},
    {{.name = "x", .work.source = end_at_once, .output.ordered = true}, "stage x: ordered is true"},
    {{.name = "x", .work.source = end_at_once, .limits.per_key = 1, .limits.key = key_of},
     "stage x: per_key is 1, and must be 0 for a source"},
    {{.name = "x", .work.source = end_at_once, .errors.dead = (weir_queue *)&any_object},
     "stage x: dead is not NULL, and must be NULL for a source"},
    {{.name = "x", .work.func = consume_thing, .errors.retry = {.attempts = 2}},
     "stage x: retry.attempts is 2, and a func"},
    {{.name = "x", .work.func = consume_thing, .errors.dead = (weir_queue *)&any_object},
     "stage x: dead is not NULL, and a func"},
    {{.name = "x", .work.func = consume_thing, .limits.rate = -1},
     "stage x: rate must be between 0 and 1e9 per second, and is -1.0/s"},
    {{.name = "x", .work.func = consume_thing, .limits.rate = 1e10}, "per second, and is 10000 M/s"},
    {{.name = "x", .work.func = consume_thing, .output.fan_out = (weir_fan_out)4}, "stage x: fan_out is 4, "},
    {{.name = "x", .work.func = consume_thing, .errors.on_error = (weir_on_error)2}, "stage x: on_error is 2, "},
    {{.name = "x", .work.func = consume_thing, .batch = {.items = 2}}, "stage x: batch.items is 2, and run_batch"},
    {{.name = "x", .work.func = consume_thing, .batch = {.wait = 2}}, "stage x: batch.wait is 2, and run_batch"},
    {{.name = "x", .work.run_batch = run_batch_consume}, "stage x: batch.items and batch.bytes are 0"},
    {{.name = "x", .work.run_batch = run_batch_consume, .batch = {.wait = 5}},
     "stage x: batch.items and batch.bytes are 0"},
    {{.name = "x", .work.run_batch = run_batch_consume, .batch = {.bytes = 5}},
     "stage x: batch.bytes is 5, and batch.weigh"},
    {{.name = "x",
      .work.run_batch = run_batch_consume,
      .batch = {.items = 5},
      .limits.per_key = 1,
      .limits.key = key_of},
     "stage x: per_key is 1, and must be 0 with run_batch"},
    {{.name = "x",
      .work.run_batch = run_batch_consume,
      .batch = {.items = 5},
      .output.ordered = true,
      .threads.count = 2},
     "stage x: threads.count is 2, and must be 1 for ordered"},
    {{.name = "x",
      .work.run_batch = run_batch_consume,
      .batch = {.items = 5},
      .output.ordered = true,
      .errors.retry = {.attempts = 2}},
     "stage x: retry.attempts is 2, and must be at most 1 for ordered"},
    /* options without effect */
    {{.name = "x", .work.source = end_at_once, .input.capacity = 64},
     "stage x: capacity is 64, and must be 0 for a source"},
    {{.name = "x", .work.source = end_at_once, .work.at_end = emit_at_end},
     "stage x: at_end is set, and must be NULL for a source, which has no input"},
    {{.name = "x", .work.func = consume_thing, .work.fini = ignore_state, .threads.width = 5},
     "stage x: width is 5 and fini is set: it is called in threads of the stage's own"},
    {{.name = "x", .work.run = run_consume, .work.at_end = emit_at_end, .threads.width = 5},
     "stage x: width is 5 and at_end is set: it is called in threads of the stage's own"},
    {{.name = "x", .work.source = end_at_once, .input.capacity = WEIR_UNBOUNDED},
     "stage x: capacity is WEIR_UNBOUNDED, and must"},
    {{.name = "x", .work.run = run_consume, .errors.retry = {.backoff = 1500}},
     "stage x: retry.backoff is 1.5 us, and retry.attempts is 0"},
    {{.name = "x", .work.source = end_at_once, .errors.retry = {.backoff = 5, .max_backoff = 9}},
     "stage x: retry.backoff is 5 ns, and retry.attempts is 0"},
    {{.name = "x", .work.run = run_consume, .errors.retry = {.when = any_code}},
     "stage x: retry.when is set, and retry.attempts is 0"},
    {{.name = "x", .work.func = consume_thing, .errors.retry = {.max_backoff = 5}},
     "stage x: retry.max_backoff is 5 ns, and retry.backoff is 0"},
    {{.name = "x", .work.run = run_consume, .errors.retry = {.attempts = 2, .max_backoff = 5}},
     "stage x: retry.max_backoff is 5 ns, and retry.backoff is 0"},
    {{.name = "x", .work.func = consume_thing, .limits.burst = 3}, "stage x: burst is 3, and rate is 0"},
    {{.name = "x", .work.func = consume_thing, .limits.key = key_of}, "stage x: key is set, and per_key is 0"},
    {{.name = "x", .work.func = consume_thing, .limits.key_rate = 2}, "stage x: key_rate is 2.0/s, and per_key is 0"},
    {{.name = "x", .work.run = run_consume, .limits.key = key_of, .limits.per_key = 1, .limits.key_rate = -2},
     "stage x: key_rate must be between 0 and 1e9 per second, and is -2.0/s"},
    {{.name = "x", .work.source = end_at_once, .limits.key = key_of}, "stage x: key is set, and per_key is 0"},
    {{.name = "x", .work.func = consume_thing, .output.route = key_of},
     "stage x: route is set, and fan_out is WEIR_ROUND_ROBIN"},
    {{.name = "x",
      .work.func = consume_thing,
      .output.fan_out = WEIR_TO_ALL,
      .output.route = key_of,
      .output.copy = same_item},
     "stage x: route is set, and fan_out is WEIR_TO_ALL"},
    {{.name = "x", .work.func = consume_thing, .output.copy = same_item},
     "stage x: copy is set, and fan_out is WEIR_ROUND_ROBIN"},
    {{.name = "x", .work.func = consume_thing, .output.fan_out = WEIR_BY_CHOICE, .output.copy = same_item},
     "stage x: copy is set, and fan_out is WEIR_BY_CHOICE"},
    {{.name = "x", .work.func = consume_thing, .batch = {.weigh = key_of}},
     "stage x: batch.weigh is set, and run_batch is NULL"},
    {{.name = "x", .work.run_batch = run_batch_consume, .batch = {.items = 5, .weigh = key_of}},
     "stage x: batch.weigh is set, and batch.bytes is 0"},
};

START_TEST (a_stage_that_cannot_be_right_is_refused_and_the_start_with_it) {
    const struct wrong_stage *wrong = &wrong_stages[_i];
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stage = NULL;
    ck_assert_str_eq(weir_pipeline_message(pipeline), "");
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = hand_back});
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, &stage, &wrong->options));
    ck_assert_ptr_null(stage);
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), wrong->message) != NULL, "\"%s\" and not \"%s\"",
                  weir_pipeline_message(pipeline), wrong->message);
    ck_assert_ptr_null(strchr(weir_pipeline_message(pipeline), '\n'));
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), wrong->message));
    assert_status(WEIR_INVALID, weir_pipeline_put(pipeline, &any_object));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (refused_twice_it_tells_the_last_reason_and_does_not_start) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &wrong_stages[3].options));
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &wrong_stages[0].options));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), wrong_stages[0].message));
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    destroy_pipeline(pipeline);
}
END_TEST

/* Refused for its graph, or for its last stage, after the others have allocated what they need. */
START_TEST (a_report_after_a_refused_start_is_empty) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 5});
    weir_stage_options last = {.name = "last", .work.func = consume_thing, .threads.count = SIZE_MAX};
    if (_i == 0)
        last = (weir_stage_options){.name = "last", .work.run_batch = run_batch_consume, .batch = {.items = 100}};
    weir_stage *source = add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = end_at_once});
    weir_stage *door = add_stage(pipeline, (weir_stage_options){.name = "door", .work.func = hand_back});
    weir_stage *end = add_stage(pipeline, last);
    connect_stages(pipeline, source, end);
    connect_stages(pipeline, door, end);
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    weir_report *report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_READY);
    ck_assert_uint_eq(report->counts.in, 0);
    ck_assert_uint_eq(report->elapsed, 0);
    assert_all_over(report);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (no_options_are_refused_and_no_stage_is_no_pipeline) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_str_ne(weir_pipeline_message(pipeline), "");
    destroy_pipeline(pipeline);
    pipeline = new_pipeline(NULL);
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, NULL));
    ck_assert_str_ne(weir_pipeline_message(pipeline), "");
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_very_long_name_is_no_danger) {
    static char name[5000];
    memset(name, 'n', sizeof name - 1);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.name = name});
    add_stage(pipeline, (weir_stage_options){.name = name, .work.func = consume_thing});
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = name}));
    ck_assert_uint_lt(strlen(weir_pipeline_message(pipeline)), 400);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- calls that come too early, or too late ---- */

START_TEST (before_the_start_there_is_nothing_to_end) {
    const int signals[] = {1};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_report *report = (weir_report *)pipeline;
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    assert_status(WEIR_INVALID, weir_pipeline_put(pipeline, pipeline));
    assert_status(WEIR_INVALID, weir_pipeline_put_until(pipeline, pipeline, 0));
    assert_status(WEIR_INVALID, weir_pipeline_wait(pipeline, 0));
    assert_status(WEIR_INVALID, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, stderr, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, signals, 1, 0));
    assert_status(WEIR_INVALID, weir_pipeline_finish(pipeline, 0, &report));
    report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_READY);
    ck_assert_uint_eq(report->stage_count, 1);
    ck_assert_uint_eq(report->elapsed, 0);
    assert_all_over(report);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (after_the_start_nothing_is_declared_any_more) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stage = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID,
                  weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = "b", .work.func = consume_thing}));
    assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, stage, stage));
    assert_status(WEIR_INVALID, weir_pipeline_connect_dead(pipeline, stage, stage));
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    put_things(pipeline, 5);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), 5);
}
END_TEST

START_TEST (a_put_after_the_end_is_refused_and_the_item_the_callers) {
    bool limited = _i & 1, cancelled = _i & 2;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = limited ? 10 : 0});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    if (cancelled)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    else
        weir_report_free(finish_pipeline(pipeline, WEIR_OK));
    struct thing *mine = thing_new();
    assert_status(WEIR_CLOSED, weir_pipeline_put(pipeline, mine));
    assert_status(WEIR_CLOSED, weir_pipeline_put_until(pipeline, mine, 0));
    weir_report_free(finish_pipeline(pipeline, cancelled ? WEIR_CANCELLED : WEIR_OK));
    assert_status(WEIR_CLOSED, weir_pipeline_put(pipeline, mine));
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&mine->dropped), 0);
    thing_consume(mine);
    assert_things_ended();
}
END_TEST

START_TEST (a_pipeline_of_sources_takes_no_put) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.source = end_at_once});
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_put(pipeline, pipeline));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- repeated ends, from any thread ---- */

START_TEST (a_second_finish_returns_the_same_status) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 20);
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_status wanted = _i == 1 ? WEIR_CANCELLED : WEIR_OK;
    weir_report_free(finish_pipeline(pipeline, wanted));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline)); /* too late to have an effect */
    weir_report_free(finish_pipeline(pipeline, wanted));
    assert_status(wanted, weir_pipeline_finish(pipeline, 0, NULL));
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The second finish has the earlier deadline, which applies to both. */
static int wait_for_cancel(weir_task *task, void *item, void *inside) {
    atomic_fetch_add((atomic_uint *)inside, 1);
    while (!weir_task_cancelled(task))
        nap();
    if (item == thing_at(0))
        return weir_task_fail(task, 7, "cancelled");
    thing_consume(item);
    return 0;
}

START_TEST (of_two_finishes_the_earlier_deadline_counts) {
    atomic_uint inside = 0;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = wait_for_cancel,
                                             .work.arg = &inside,
                                             .threads.count = 2,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    wait_for_count(&inside, 2);
    struct pipeline_call patient = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&patient.call, make_pipeline_finish);
    weir_report *report = NULL;
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, weir_deadline_after(1000), &report));
    assert_status(WEIR_TIMEDOUT, call_finish(&patient.call));
    ck_assert_uint_eq(report->counts.done, 1); /* its function completed it */
    ck_assert_uint_eq(report->counts.dropped, 4);
    ck_assert_uint_eq(report->error_count, 0); /* an item that fails after a cancel is dropped */
    weir_report_free(report);
    weir_report_free(patient.report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (a_finish_returns_when_another_thread_cancels) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "a", .work.func = hand_back_at_gate, .work.arg = &gate, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    gate_wait_for(&gate, 1);
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    assert_status(WEIR_CANCELLED, call_finish(&finish.call));
    assert_all_over(finish.report);
    ck_assert_uint_eq(finish.report->counts.dropped, 5);
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

struct inside {
    weir_status finish, wait, destroy, cancel;
    bool has_report;
    bool cancels;
};

static int call_from_inside(weir_task *task, void *item, void *raw) {
    struct inside *inside = raw;
    weir_pipeline *pipeline = weir_task_pipeline(task);
    weir_report *report = NULL;
    inside->wait = weir_pipeline_wait(pipeline, WEIR_NEVER);
    inside->destroy = weir_pipeline_destroy(pipeline);
    inside->finish = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    inside->has_report = report != NULL;
    weir_report_free(report);
    if (inside->cancels)
        inside->cancel = weir_pipeline_cancel(pipeline);
    thing_consume(item);
    return 0;
}

START_TEST (a_finish_from_inside_a_stage_begins_the_end_and_does_not_wait) {
    struct inside inside = {.cancels = _i == 1, .cancel = WEIR_BUSY};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "a", .work.run = call_from_inside, .work.arg = &inside, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    struct thing *mine = thing_new();
    while (weir_pipeline_put(pipeline, mine) == WEIR_OK)
        mine = thing_new(); /* until the finish refuses it */
    thing_consume(mine);
    weir_report_free(finish_pipeline(pipeline, _i == 1 ? WEIR_CANCELLED : WEIR_OK));
    assert_status(WEIR_DEADLOCK, inside.finish);
    assert_status(WEIR_DEADLOCK, inside.wait);
    assert_status(WEIR_DEADLOCK, inside.destroy);
    assert_status(_i == 1 ? WEIR_OK : WEIR_BUSY, inside.cancel);
    ck_assert(inside.has_report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* A worker of another group or of another pipeline waits like any other thread. */
struct foreigner {
    weir_pipeline *pipeline;
    weir_status status;
};

static void *finish_as_a_foreigner(void *item, void *raw) {
    struct foreigner *foreigner = raw;
    foreigner->status = weir_pipeline_finish(foreigner->pipeline, hang_limit(), NULL);
    return item;
}

START_TEST (a_worker_of_another_pipeline_or_group_may_finish_it) {
    struct foreigner foreigner = {.pipeline = new_pipeline(NULL), .status = WEIR_BUSY};
    add_stage(foreigner.pipeline,
              (weir_stage_options){.name = "a", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(foreigner.pipeline);
    put_things(foreigner.pipeline, 5);
    if (_i == 0) {
        weir_queue *queue = new_queue(1);
        weir_worker *worker = NULL;
        const weir_worker_options options = {.func = finish_as_a_foreigner, .arg = &foreigner};
        assert_status(WEIR_OK, weir_worker_start(&worker, &options, queue, NULL));
        assert_status(WEIR_OK, weir_queue_put(queue, queue));
        assert_status(WEIR_OK, weir_queue_join_until(queue, hang_limit()));
        assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
        assert_status(WEIR_OK, weir_worker_join(worker));
        assert_status(WEIR_OK, weir_queue_destroy(queue));
    } else {
        weir_pipeline *other = new_pipeline(NULL);
        add_stage(other, (weir_stage_options){.name = "b", .work.func = finish_as_a_foreigner, .work.arg = &foreigner});
        start_pipeline(other);
        assert_status(WEIR_OK, weir_pipeline_put(other, other));
        finish_and_destroy(other, WEIR_OK);
    }
    assert_status(WEIR_OK, foreigner.status);
    destroy_pipeline(foreigner.pipeline);
    ck_assert_uint_eq(things_consumed(), 5);
}
END_TEST

START_TEST (destroying_a_running_pipeline_cancels_it) {
    atomic_uint inside = 0;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = _i == 0 ? run_pass_on : wait_for_cancel,
                                             .work.arg = &inside,
                                             .input.capacity = 100,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 90);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (a_pipeline_never_started_is_destroyed_with_its_stages) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    destroy_pipeline(pipeline);
    pipeline = new_pipeline(NULL);
    weir_stage *a = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing});
    connect_stages(pipeline, a, b);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- a failed start ---- */

struct inits {
    atomic_size_t calls, finis;
    size_t fails_at;
};

static weir_status init_counted(void *raw, void **state) {
    struct inits *inits = raw;
    *state = inits;
    return atomic_fetch_add(&inits->calls, 1) == inits->fails_at ? WEIR_NOMEM : WEIR_OK;
}

static void fini_counted(void *raw) {
    struct inits *inits = raw;
    atomic_fetch_add(&inits->finis, 1);
}

static void assert_no_start(weir_pipeline *pipeline, weir_status wanted, const char *stage) {
    assert_status(wanted, weir_pipeline_start(pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), stage) != NULL, "\"%s\"", weir_pipeline_message(pipeline));
    weir_report *report = report_of(pipeline);
    assert_all_over(report);
    ck_assert_uint_eq(report->error_count, 0); /* exits of threads during the undo are no errors */
    ck_assert_int_eq(report->state, WEIR_RUN_READY);
    assert_status(wanted, report->outcome);
    weir_report_free(report);
    assert_status(WEIR_INVALID, weir_pipeline_put(pipeline, pipeline));
    assert_status(WEIR_INVALID, weir_pipeline_finish(pipeline, 0, NULL));
    assert_status(wanted, weir_pipeline_start(pipeline));
}

START_TEST (a_graph_that_is_refused_is_the_outcome) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *a = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = hand_back});
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = hand_back});
    connect_stages(pipeline, a, b);
    connect_stages(pipeline, b, a);
    assert_no_start(pipeline, WEIR_INVALID, "a");
    destroy_pipeline(pipeline);
}
END_TEST

/* A reason that an earlier call of the thread left is none. */
static weir_status init_with_reason(void *raw, void **state) {
    const char *reason = raw;
    *state = NULL;
    if (reason == NULL)
        return WEIR_NOMEM;
    return reason[0] == '\0' ? weir_init_fail(WEIR_OK, NULL) : weir_init_fail(WEIR_OK, "cannot open %s", reason);
}

START_TEST (an_init_that_fails_says_why) {
    static char long_reason[400];
    memset(long_reason, 'x', sizeof long_reason - 1);
    const char *const reasons[] = {"/no/such\nfile", NULL, "", long_reason};
    const char *const messages[] = {
        "stage opens: init failed in one of its threads (threads.count is 2): cannot open /no/such file",
        "stage opens: init failed in one of its threads (threads.count is 2)",
        "stage opens: init failed in one of its threads (threads.count is 2)",
        "stage opens: init failed in one of its threads (threads.count is 2): cannot open xxxx"};
    assert_status(WEIR_NOMEM, weir_init_fail(WEIR_NOMEM, "in no init"));
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "opens",
                                             .work.func = consume_thing,
                                             .work.arg = (void *)reasons[_i],
                                             .work.init = init_with_reason,
                                             .threads.count = 2});
    assert_status(WEIR_INITFAILED, weir_pipeline_start(pipeline));
    if (_i < 3)
        ck_assert_str_eq(weir_pipeline_message(pipeline), messages[_i]);
    else
        ck_assert_int_eq(strncmp(weir_pipeline_message(pipeline), messages[_i], strlen(messages[_i])), 0);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (an_init_that_fails_undoes_the_start) {
    size_t before = threads_at_rest();
    struct inits inits = {.fails_at = (size_t)_i};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = end_at_once});
    add_stage(pipeline, (weir_stage_options){.name = "sick",
                                             .work.run = run_consume,
                                             .threads.count = 3,
                                             .work.arg = &inits,
                                             .work.init = init_counted,
                                             .work.fini = fini_counted,
                                             .errors.retry = {.attempts = 2}});
    add_stage(pipeline, (weir_stage_options){.name = "well", .work.func = consume_thing, .threads.count = 2});
    assert_no_start(pipeline, WEIR_INITFAILED, "stage sick: ");
    ck_assert_uint_eq(atomic_load(&inits.finis), 2);
    ck_assert(wait_for_threads(before));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_thread_that_cannot_be_had_undoes_the_start) {
    size_t before = threads_at_rest();
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "well", .work.func = hand_back, .threads.count = 2});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "sick", .work.func = hand_back, .threads.count = 3, .threads.stack_size = SIZE_MAX});
    add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = consume_thing, .threads.count = 2});
    assert_no_start(pipeline, WEIR_NOTHREAD, "stage sick: ");
    ck_assert(wait_for_threads(before));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (more_threads_than_memory_can_address_are_refused) {
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 64};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "sick", .work.func = hand_back, .threads.count = counts[_i]});
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "stage sick: "));
    destroy_pipeline(pipeline);
}
END_TEST

/* After its function has returned, a task has no item to which a result could belong. */
static weir_task *known_task;

static int remember_task(weir_task *task, void *item, void *unused) {
    known_task = task;
    return run_consume(task, item, unused);
}

static void emit_too_late(void *unused) {
    weir_operation operation;
    (void)unused;
    weir_task_emit(known_task, &any_object);
    ck_assert_int_eq(weir_task_feed(known_task, NULL, &any_object), WEIR_INVALID);
    ck_assert_int_eq(weir_task_detach(known_task, &operation), WEIR_INVALID);
}

START_TEST (what_is_emitted_outside_a_call_is_not_taken) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "late",
                                             .work = {.run = remember_task, .fini = emit_too_late},
                                             .limits.in_flight = (size_t)_i});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_in(report, "end")->counts.in, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 1);
}
END_TEST

START_TEST (each_thread_has_its_own_state) {
    struct inits inits = {.fails_at = SIZE_MAX};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.func = consume_thing,
                                             .threads.count = 4,
                                             .work.arg = &inits,
                                             .work.init = init_counted,
                                             .work.fini = fini_counted});
    start_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&inits.calls), 4);
    put_things(pipeline, 50);
    ck_assert_uint_eq(atomic_load(&inits.finis), 0);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits.finis), 4);
}
END_TEST

static Suite *life_suite(void) {
    Suite *suite = suite_create("life of a pipeline");
    TCase *declaring = add_things_case(suite, "declaring");
    tcase_add_test(declaring, null_is_invalid_and_has_no_effect);
    tcase_add_test(declaring, options_that_cannot_be_right_are_no_pipeline);
    tcase_add_test(declaring, options_of_a_later_release_have_only_known_members);
    tcase_add_loop_test(declaring, a_stage_that_cannot_be_right_is_refused_and_the_start_with_it, 0,
                        COUNT_OF(wrong_stages));
    tcase_add_loop_test(declaring, more_errors_than_memory_can_hold_cannot_be_kept, 0, 2);
    tcase_add_test(declaring, refused_twice_it_tells_the_last_reason_and_does_not_start);
    tcase_add_loop_test(declaring, a_report_after_a_refused_start_is_empty, 0, 2);
    tcase_add_test(declaring, no_options_are_refused_and_no_stage_is_no_pipeline);
    tcase_add_test(declaring, a_very_long_name_is_no_danger);
    tcase_add_test(declaring, before_the_start_there_is_nothing_to_end);
    tcase_add_test(declaring, a_pipeline_never_started_is_destroyed_with_its_stages);
    TCase *starting = add_things_case(suite, "starting");
    tcase_add_test(starting, a_graph_that_is_refused_is_the_outcome);
    tcase_add_loop_test(starting, an_init_that_fails_says_why, 0, 4);
    tcase_add_loop_test(starting, an_init_that_fails_undoes_the_start, 0, 3);
    tcase_add_test(starting, a_thread_that_cannot_be_had_undoes_the_start);
    tcase_add_loop_test(starting, more_threads_than_memory_can_address_are_refused, 0, 3);
    tcase_add_test(starting, each_thread_has_its_own_state);
    tcase_add_loop_test(starting, what_is_emitted_outside_a_call_is_not_taken, 0, 2);
    tcase_add_test(starting, after_the_start_nothing_is_declared_any_more);
    TCase *ending = add_things_case(suite, "ending");
    tcase_add_test(ending, what_is_put_comes_out_and_the_results_are_shut_down);
    tcase_add_loop_test(ending, a_put_after_the_end_is_refused_and_the_item_the_callers, 0, 4);
    tcase_add_test(ending, a_pipeline_of_sources_takes_no_put);
    tcase_add_loop_test(ending, a_second_finish_returns_the_same_status, 0, 2);
    tcase_add_test(ending, of_two_finishes_the_earlier_deadline_counts);
    tcase_add_test(ending, a_finish_returns_when_another_thread_cancels);
    tcase_add_loop_test(ending, a_finish_from_inside_a_stage_begins_the_end_and_does_not_wait, 0, 2);
    tcase_add_loop_test(ending, a_worker_of_another_pipeline_or_group_may_finish_it, 0, 2);
    tcase_add_loop_test(ending, destroying_a_running_pipeline_cancels_it, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(life_suite());
}
