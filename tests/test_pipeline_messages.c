/*
 * test_pipeline_messages.c - each refusal by create, add, connect, start, put, show and end_on has a message that
 * names the stage, the member and the value.
 *
 * Linked with the library's internals, ledger.c, and faults.c with its dependencies.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "ledger.h"

/* The library, not a sanitizer, refuses allocations that are too large. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

static const weir_stage_options plain = {.name = "a", .work.func = hand_back};

static weir_status no_init(void *arg, void **state) {
    (void)arg;
    (void)state;
    return WEIR_CLOSED;
}

static uint64_t key_of(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 0;
}

static void assert_says(const weir_pipeline *pipeline, const char *wanted) {
    const char *message = weir_pipeline_message(pipeline);
    ck_assert_msg(strstr(message, wanted) != NULL, "\"%s\" does not say \"%s\"", message, wanted);
    ck_assert_ptr_null(strchr(message, '\n'));
    ck_assert_uint_lt(strlen(message), 319); /* not truncated */
}

/* ---- refused calls; each returns the refusal's status ---- */

static weir_pipeline *pipeline; /* of the test, or NULL */
static weir_queue *output;      /* of the test, or NULL */
static weir_stage *stage;       /* its stage "a" */

static void begin(void) {
    pipeline = new_pipeline(NULL);
    stage = add_stage(pipeline, plain);
}

static void begin_running(void) {
    begin();
    start_pipeline(pipeline);
}

static weir_status create_null(void) {
    return weir_pipeline_create(NULL, NULL);
}

static weir_status create_with(weir_pipeline_options options) {
    weir_pipeline *none = NULL;
    weir_status status = weir_pipeline_create(&none, &options);
    ck_assert_ptr_null(none);
    return status;
}

static weir_status create_reserved(void) {
    return create_with((weir_pipeline_options){.reserved = {NULL, NULL, &pipeline}});
}

static weir_status create_without_weigh(void) {
    return create_with((weir_pipeline_options){.max_bytes = 12345});
}

static weir_status create_with_unused_argument(void) {
    return create_with((weir_pipeline_options){.weigh_arg = &pipeline});
}

static weir_status create_with_many_errors(void) {
    return create_with((weir_pipeline_options){.max_errors = SIZE_MAX / 2});
}

static weir_status add_null(void) {
    begin();
    return weir_pipeline_add(pipeline, NULL, NULL);
}

static weir_status add_late(void) {
    begin_running();
    return weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = "late", .work.func = hand_back});
}

static weir_status add_nothing_late(void) {
    begin_running();
    return weir_pipeline_add(pipeline, NULL, NULL);
}

static weir_status connect_nothing_late(void) {
    begin_running();
    return weir_pipeline_connect(pipeline, NULL, NULL);
}

static weir_status connect_back_nothing_late(void) {
    begin_running();
    return weir_pipeline_connect_back(pipeline, NULL, NULL);
}

static weir_status connect_dead_nothing_late(void) {
    begin_running();
    return weir_pipeline_connect_dead(pipeline, NULL, NULL);
}

static weir_status add_without_name(void) {
    begin();
    return weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.work.func = hand_back});
}

static weir_status add_with(weir_stage_options options) {
    begin();
    options.name = "x";
    return weir_pipeline_add(pipeline, NULL, &options);
}

static weir_status add_ordered_batch_with_wait(void) {
    return add_with((weir_stage_options){
        .work.run_batch = run_batch_consume, .output.ordered = true, .batch = {.items = 2, .wait = 5 * WEIR_SECOND}});
}

static weir_status add_wide_ordered_batch(void) {
    return add_with((weir_stage_options){
        .work.run_batch = run_batch_consume, .output.ordered = true, .batch.items = 2, .threads.width = 3});
}

static weir_status add_threaded_ordered_batch(void) {
    return add_with((weir_stage_options){
        .work.run_batch = run_batch_consume, .output.ordered = true, .batch.items = 2, .threads.count = 3});
}

static int end_nothing(weir_task *task, void *state) {
    (void)task;
    (void)state;
    return 0;
}

static weir_status add_priority_and_end(void) {
    return add_with(
        (weir_stage_options){.work = {.run = run_consume, .at_end = end_nothing}, .threads.priority = WEIR_LOW});
}

static weir_status add_threads_and_width(void) {
    return add_with((weir_stage_options){.work.func = hand_back, .threads.count = 3, .threads.width = 5});
}

static weir_status add_width_and_init(void) {
    return add_with((weir_stage_options){.work.func = hand_back, .work.init = no_init, .threads.width = 5});
}

static weir_status add_stack_on_crew(void) {
    return add_with((weir_stage_options){.work.func = hand_back, .threads.width = 1, .threads.stack_size = 65536});
}

static weir_status add_no_number(void) {
    return add_with((weir_stage_options){.work.func = hand_back, .limits.rate = NAN});
}

static weir_status add_bytes_without_batch(void) {
    return add_with((weir_stage_options){.work.func = hand_back, .batch = {.bytes = 77}});
}

static weir_status connect_null_from(void) {
    begin();
    return weir_pipeline_connect(pipeline, NULL, stage);
}

static weir_status connect_null_to(void) {
    begin();
    return weir_pipeline_connect(pipeline, stage, NULL);
}

static weir_status connect_late(void) {
    begin_running();
    return weir_pipeline_connect(pipeline, stage, stage);
}

static weir_status connect_twice(void) {
    begin();
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = hand_back});
    connect_stages(pipeline, stage, b);
    return weir_pipeline_connect(pipeline, stage, b);
}

static weir_status connect_foreign(void) {
    weir_pipeline *other = new_pipeline(NULL);
    weir_stage *foreign = add_stage(other, (weir_stage_options){.name = "foreign", .work.func = hand_back});
    begin();
    weir_status status = weir_pipeline_connect(pipeline, stage, foreign);
    destroy_pipeline(other);
    return status;
}

static weir_status start_late(void) {
    begin_running();
    return weir_pipeline_start(pipeline);
}

static weir_status start_empty(void) {
    pipeline = new_pipeline(NULL);
    return weir_pipeline_start(pipeline);
}

/* Starts a pipeline with stage a, followed by this one. */
static weir_status start_with(weir_stage_options options) {
    begin();
    options.name = "b";
    add_stage(pipeline, options);
    return weir_pipeline_start(pipeline);
}

static weir_status start_large_queue(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .input.capacity = SIZE_MAX / 2});
}

static weir_status start_queue_beyond_memory(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .input.capacity = SIZE_MAX >> 8});
}

static weir_status start_many_threads(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .threads.count = SIZE_MAX / 2});
}

static weir_status start_great_width(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .threads.width = SIZE_MAX / 2});
}

static weir_status start_threads_beyond_memory(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .threads.count = SIZE_MAX >> 20});
}

static weir_status start_source(weir_stage_options source) {
    begin();
    source.name = "s";
    source.work.source = end_at_once;
    add_stage(pipeline, source);
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = hand_back});
    connect_stages(pipeline, stage, b);
    return weir_pipeline_start(pipeline);
}

static weir_status start_source_with_many_threads(void) {
    return start_source((weir_stage_options){.threads.count = SIZE_MAX / 2});
}

static weir_status start_source_with_great_width(void) {
    return start_source((weir_stage_options){.threads.width = SIZE_MAX / 2});
}

static weir_status start_large_stacks(void) {
    return start_with(
        (weir_stage_options){.work.func = hand_back, .threads.count = 3, .threads.stack_size = SIZE_MAX / 2});
}

static weir_status start_bad_init(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .threads.count = 3, .work.init = no_init});
}

static weir_status start_source_behind(void) {
    return start_with((weir_stage_options){.work.source = end_at_once});
}

static weir_status start_two_entrances(void) {
    begin();
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = hand_back});
    weir_stage *c = add_stage(pipeline, (weir_stage_options){.name = "c", .work.func = hand_back});
    connect_stages(pipeline, stage, c);
    connect_stages(pipeline, b, c);
    return weir_pipeline_start(pipeline);
}

static weir_status start_cycle(void) {
    begin();
    connect_stages(pipeline, stage, stage);
    return weir_pipeline_start(pipeline);
}

static weir_status start_fan_out(weir_fan_out how) {
    pipeline = new_pipeline(NULL);
    weir_stage *from =
        add_stage(pipeline, (weir_stage_options){.name = "from", .work.func = hand_back, .output.fan_out = how});
    weir_stage *a = add_stage(pipeline, plain);
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = hand_back});
    connect_stages(pipeline, from, a);
    connect_stages(pipeline, from, b);
    return weir_pipeline_start(pipeline);
}

static weir_status start_without_route(void) {
    return start_fan_out(WEIR_BY_KEY);
}

static weir_status start_without_choice(void) {
    return start_fan_out(WEIR_BY_CHOICE);
}

static weir_status start_without_copy(void) {
    return start_fan_out(WEIR_TO_ALL);
}

static weir_status start_with_route_for_none(void) {
    return start_with(
        (weir_stage_options){.work.func = hand_back, .output.fan_out = WEIR_BY_CHOICE, .output.route = key_of});
}

static weir_status start_with_copy_for_none(void) {
    return start_with(
        (weir_stage_options){.work.func = hand_back, .output.fan_out = WEIR_TO_ALL, .output.copy = hand_back});
}

static weir_status start_with_fan_out_to_none(void) {
    return start_with((weir_stage_options){.work.func = hand_back, .output.fan_out = WEIR_BY_KEY});
}

static weir_status start_results_in_the_middle(void) {
    pipeline = new_pipeline(NULL);
    output = new_queue(1);
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = hand_back, .output.results = output});
    add_stage(pipeline, (weir_stage_options){.name = "second", .work.func = hand_back});
    return weir_pipeline_start(pipeline);
}

static weir_status start_results_are_dead(void) {
    output = new_queue(1);
    return start_with((weir_stage_options){.work.run = run_consume, .output.results = output, .errors.dead = output});
}

static weir_status start_batch(void) {
    pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 321});
    add_stage(pipeline,
              (weir_stage_options){.name = "a", .work.run_batch = run_batch_consume, .batch = {.items = 1000}});
    return weir_pipeline_start(pipeline);
}

static weir_status start_again(void) {
    (void)start_batch();
    int signals[] = {SIGUSR1};
    (void)weir_pipeline_put(pipeline, pipeline); /* other refusals do not hide why it cannot start */
    (void)weir_pipeline_show(pipeline, stderr, 0);
    (void)weir_pipeline_end_on(pipeline, signals, 1, 0);
    return weir_pipeline_start(pipeline);
}

static weir_status put_early(void) {
    begin();
    return weir_pipeline_put(pipeline, pipeline);
}

static weir_status put_after_refusal(void) {
    (void)start_batch();
    return weir_pipeline_put(pipeline, pipeline);
}

static weir_status put_to_sources(void) {
    pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "s", .work.source = end_at_once});
    start_pipeline(pipeline);
    return weir_pipeline_put_until(pipeline, pipeline, 0);
}

static weir_status put_many_early(void) {
    size_t put;
    begin();
    return weir_pipeline_put_many(pipeline, NULL, 0, &put);
}

static weir_status put_many_nothing(void) {
    size_t put;
    begin_running();
    return weir_pipeline_put_many(pipeline, NULL, 99, &put);
}

static weir_status put_many_nowhere(void) {
    begin_running();
    return weir_pipeline_put_many(pipeline, NULL, 0, NULL);
}

static weir_status show_early(void) {
    begin();
    return weir_pipeline_show(pipeline, stderr, 0);
}

static weir_status show_nowhere(void) {
    begin_running();
    return weir_pipeline_show(pipeline, NULL, 0);
}

static FILE *nowhere(void) {
    static FILE *stream;
    if (stream == NULL)
        stream = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(stream);
    return stream;
}

static weir_status show_twice(void) {
    begin_running();
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, nowhere(), 0));
    return weir_pipeline_show(pipeline, nowhere(), 0);
}

static weir_status show_late(void) {
    begin_running();
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, hang_limit(), NULL));
    return weir_pipeline_show(pipeline, stderr, 0);
}

static const int signals[] = {SIGUSR1, SIGSEGV, SIGUSR2, 9999};

static weir_status end_on_with(const int *list, size_t count) {
    begin_running();
    return weir_pipeline_end_on(pipeline, list, count, 0);
}

static weir_status end_on_null(void) {
    return end_on_with(NULL, 1);
}

static weir_status end_on_nothing(void) {
    return end_on_with(signals, 0);
}

static weir_status end_on_too_many(void) {
    return end_on_with(signals, 65);
}

static weir_status end_on_own(void) {
    return end_on_with(signals, 2);
}

static weir_status end_on_no_signal(void) {
    return end_on_with(&signals[3], 1);
}

static weir_status end_on_unblocked(void) {
    return end_on_with(&signals[2], 1);
}

static weir_status end_on_early(void) {
    begin();
    return weir_pipeline_end_on(pipeline, signals, 1, 0);
}

static weir_status end_on_twice(void) {
    begin_running();
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, signals, 1, 0));
    return weir_pipeline_end_on(pipeline, signals, 1, 0);
}

static weir_status cancel_early(void) {
    begin();
    return weir_pipeline_cancel(pipeline);
}

static weir_status wait_early(void) {
    begin();
    return weir_pipeline_wait(pipeline, 0);
}

static weir_status finish_early(void) {
    begin();
    return weir_pipeline_finish(pipeline, 0, NULL);
}

static weir_status report_nowhere(void) {
    begin();
    return weir_pipeline_report(pipeline, NULL);
}

/* The message must contain all of these parts. */
static const struct refusal {
    weir_status (*call)(void);
    weir_status status;
    const char *says[3];
} refusals[] = {
    {create_null, WEIR_INVALID, {"create: pipeline is NULL"}},
    {create_reserved, WEIR_INVALID, {"create: reserved[2] is not NULL"}},
    {create_without_weigh, WEIR_INVALID, {"create: max_bytes is 12345", "weigh is NULL"}},
    {create_with_unused_argument, WEIR_INVALID, {"create: weigh_arg is not NULL", "weigh is NULL"}},
    {create_with_many_errors, WEIR_NOMEM, {"create: max_errors is 9223372036854775807", "more than ", " TB"}},
    {add_null, WEIR_INVALID, {"add: options is NULL"}},
    {add_without_name, WEIR_INVALID, {"add: name is NULL"}},
    {add_late, WEIR_INVALID, {"stage late: ", "add: ", "the pipeline is already started"}},
    {add_ordered_batch_with_wait, WEIR_INVALID, {"stage x: ", "batch.wait is 5.0 s", "ordered"}},
    {add_threads_and_width, WEIR_INVALID, {"stage x: ", "threads.count is 3 and width is 5"}},
    {add_width_and_init, WEIR_INVALID, {"stage x: ", "width is 5 and init is set"}},
    {add_stack_on_crew, WEIR_INVALID, {"stage x: ", "stack_size is 65536 and threads.count is 0"}},
    {add_no_number, WEIR_INVALID, {"stage x: ", "rate must be between 0 and 1e9", "is NaN"}},
    {add_bytes_without_batch, WEIR_INVALID, {"stage x: ", "batch.bytes is 77", "run_batch is NULL"}},
    {connect_null_from, WEIR_INVALID, {"stage a: ", "connect: from is NULL"}},
    {connect_null_to, WEIR_INVALID, {"stage a: ", "connect: to is NULL"}},
    {add_nothing_late, WEIR_INVALID, {"add: the pipeline is already started"}},
    {connect_nothing_late, WEIR_INVALID, {"connect: the pipeline is already started"}},
    {connect_back_nothing_late, WEIR_INVALID, {"connect_back: the pipeline is already started"}},
    {connect_dead_nothing_late, WEIR_INVALID, {"connect_dead: the pipeline is already started"}},
    {add_wide_ordered_batch, WEIR_INVALID, {"stage x: ", "width is 3, and must be 1 for ordered batches"}},
    {add_threaded_ordered_batch, WEIR_INVALID, {"stage x: ", "threads.count is 3, and must be 1 for ordered batches"}},
    {add_priority_and_end, WEIR_INVALID, {"stage x: ", "priority is WEIR_LOW", "at_end is set"}},
    {connect_late, WEIR_INVALID, {"stage a: ", "connect: ", "the pipeline is already started"}},
    {connect_twice, WEIR_INVALID, {"stage a: ", "connect: ", "already connected to stage b"}},
    {connect_foreign, WEIR_INVALID, {"stage foreign: ", "connect: to ", "another pipeline"}},
    {start_late, WEIR_INVALID, {"start: ", "the pipeline is already started"}},
    {start_empty, WEIR_INVALID, {"start: ", "no stages"}},
    {start_large_queue, WEIR_INVALID, {"stage b: ", "capacity is 9223372036854775807", "more than "}},
    {start_queue_beyond_memory, WEIR_NOMEM, {"stage b: ", "capacity is 72057594037927935", "576461 TB"}},
    {start_many_threads, WEIR_INVALID, {"stage b: ", "threads.count is 9223372036854775807", "more than "}},
    {start_great_width, WEIR_INVALID, {"stage b: ", "width is 9223372036854775807", "more than "}},
    {start_threads_beyond_memory, WEIR_NOMEM, {"stage b: ", "threads.count is 17592186044415", " TB"}},
    {start_source_with_many_threads, WEIR_INVALID, {"stage s: ", "threads.count is 9223372036854775807", "more than "}},
    {start_source_with_great_width, WEIR_INVALID, {"stage s: ", "width is 9223372036854775807", "more than "}},
    {start_large_stacks, WEIR_NOTHREAD, {"stage b: ", "threads.count is 3", "stack_size is 9223372036854775807"}},
    {start_bad_init, WEIR_INITFAILED, {"stage b: ", "init failed", "threads.count is 3"}},
    {start_source_behind, WEIR_INVALID, {"stage b: ", "source is set", "has a predecessor"}},
    {start_two_entrances, WEIR_INVALID, {"stage b: ", "no predecessor", "stage a"}},
    {start_cycle, WEIR_INVALID, {"stage a: ", "cycle"}},
    {start_without_route, WEIR_INVALID, {"stage from: ", "fan_out is WEIR_BY_KEY", "route is NULL"}},
    {start_without_choice, WEIR_INVALID, {"stage from: ", "fan_out is WEIR_BY_CHOICE", "route is NULL"}},
    {start_without_copy, WEIR_INVALID, {"stage from: ", "fan_out is WEIR_TO_ALL", "copy is NULL"}},
    {start_with_route_for_none, WEIR_INVALID, {"stage b: ", "fan_out is WEIR_BY_CHOICE with a route", "no successor"}},
    {start_with_copy_for_none, WEIR_INVALID, {"stage b: ", "fan_out is WEIR_TO_ALL with a copy", "no successor"}},
    {start_with_fan_out_to_none, WEIR_INVALID, {"stage b: ", "fan_out is WEIR_BY_KEY, and", "no successor"}},
    {start_results_in_the_middle, WEIR_INVALID, {"stage first: ", "results is not NULL", "stage second"}},
    {start_results_are_dead, WEIR_INVALID, {"stage b: ", "results", "dead"}},
    {start_batch, WEIR_INVALID, {"stage a: ", "batch.items is 1000", "max_items is 321"}},
    {start_again, WEIR_INVALID, {"stage a: ", "batch.items is 1000", "max_items is 321"}},
    {put_early, WEIR_INVALID, {"put: ", "not started"}},
    {put_after_refusal, WEIR_INVALID, {"put: ", "not started", "stage a: batch.items is 1000"}},
    {put_to_sources, WEIR_INVALID, {"put: ", "no entry stage"}},
    {put_many_early, WEIR_INVALID, {"put: ", "not started"}},
    {put_many_nothing, WEIR_INVALID, {"put_many: ", "items is NULL", "count is 99"}},
    {put_many_nowhere, WEIR_INVALID, {"put_many: ", "put is NULL"}},
    {show_early, WEIR_INVALID, {"show: ", "not started"}},
    {show_nowhere, WEIR_INVALID, {"show: ", "stream is NULL"}},
    {show_twice, WEIR_INVALID, {"show: ", "already"}},
    {show_late, WEIR_INVALID, {"show: ", "over"}},
    {end_on_null, WEIR_INVALID, {"end_on: ", "signals is NULL"}},
    {end_on_nothing, WEIR_INVALID, {"end_on: ", "count must be between 1 and 64", "is 0"}},
    {end_on_too_many, WEIR_INVALID, {"end_on: ", "count must be between 1 and 64", "is 65"}},
    {end_on_own, WEIR_INVALID, {"end_on: ", "signals[1] is 11", "not synchronous"}},
    {end_on_no_signal, WEIR_INVALID, {"end_on: ", "signals[0] is 9999", "a valid signal"}},
    {end_on_unblocked, WEIR_INVALID, {"end_on: ", "signals[0] is ", "blocked"}},
    {end_on_early, WEIR_INVALID, {"end_on: ", "not started"}},
    {end_on_twice, WEIR_INVALID, {"end_on: ", "already"}},
    {cancel_early, WEIR_INVALID, {"cancel: ", "not started"}},
    {wait_early, WEIR_INVALID, {"wait: ", "not started"}},
    {finish_early, WEIR_INVALID, {"finish: ", "not started"}},
    {report_nowhere, WEIR_INVALID, {"report: report is NULL"}},
};

static sigset_t mask_before;

static void block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &set, &mask_before);
    pipeline = NULL;
    stage = NULL;
}

static void unblock_signals(void) {
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

START_TEST (what_is_refused_names_the_stage_the_member_and_the_value) {
    const struct refusal *refusal = &refusals[_i];
    weir_status status = refusal->call();
    for (size_t i = 0; i < COUNT_OF(refusal->says) && refusal->says[i] != NULL; i++)
        assert_says(pipeline, refusal->says[i]);
    assert_status(refusal->status, status);
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(output));
    output = NULL;
}
END_TEST

/* ---- the owner of a message ---- */

START_TEST (a_chain_of_calls_without_a_pipeline_says_why_there_is_none) {
    weir_pipeline *none = NULL;
    assert_status(WEIR_INVALID, weir_pipeline_create(&none, &(weir_pipeline_options){.max_bytes = 5}));
    assert_status(WEIR_INVALID, weir_pipeline_add(none, NULL, &plain));
    assert_status(WEIR_INVALID, weir_pipeline_connect(none, NULL, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_start(none));
    assert_status(WEIR_INVALID, weir_pipeline_put(none, none));
    assert_status(WEIR_INVALID, weir_pipeline_show(none, stderr, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(none, signals, 1, 0));
    assert_status(WEIR_INVALID, weir_pipeline_finish(none, 0, NULL));
    assert_says(NULL, "create: max_bytes is 5, and weigh is NULL");
    pipeline = new_pipeline(NULL);
    ck_assert_str_eq(weir_pipeline_message(NULL), "");
    ck_assert_str_eq(weir_pipeline_message(pipeline), "");
    assert_status(WEIR_INVALID, weir_pipeline_start(none));
    assert_says(NULL, "start: the pipeline is NULL");
    assert_status(WEIR_INVALID, weir_pipeline_cancel(none));
    assert_says(NULL, "cancel: the pipeline is NULL"); /* not the message of the call before */
    ck_assert_str_eq(weir_pipeline_message(pipeline), "");
    destroy_pipeline(pipeline);
}
END_TEST

static void *ask_elsewhere(void *said) {
    strcpy(said, weir_pipeline_message(pipeline));
    (void)weir_pipeline_put(pipeline, pipeline);
    return NULL;
}

/*
 * Refusals by add, connect and start are visible to every thread, refusals by put, show and end_on only to the
 * caller.
 */
START_TEST (a_message_is_of_its_pipeline_and_of_its_thread) {
    char said[400];
    pthread_t thread;
    (void)start_batch();
    thread_start(&thread, ask_elsewhere, said);
    thread_join(thread);
    ck_assert_ptr_nonnull(strstr(said, "stage a: batch.items is 1000"));
    assert_says(pipeline, "stage a: batch.items is 1000"); /* not what the other thread was told */
    ck_assert_ptr_null(strstr(weir_pipeline_message(pipeline), "put"));
    weir_pipeline *first = pipeline;
    assert_status(WEIR_INVALID, put_early()); /* on another pipeline */
    assert_says(pipeline, "put: ");
    assert_says(first, "stage a: batch.items is 1000");
    destroy_pipeline(first);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_name_with_a_line_end_is_one_line) {
    static char name[400];
    memset(name, 'n', sizeof name - 1);
    name[1] = '\n';
    name[2] = '\x1b';
    name[3] = '\x7f';
    begin();
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = name}));
    assert_says(pipeline, "stage n   nnn");
    assert_says(pipeline, "0 of func, run, ");
    destroy_pipeline(pipeline);
}
END_TEST

/* A refusal for the end of the run has a message of its own, and does not keep that of an earlier refusal. */
START_TEST (what_is_refused_for_the_end_of_the_run_says_so) {
    static const char *const ends[] = {"the pipeline is finishing or over", "the pipeline is cancelled"};
    size_t put;
    char says[80];
    pipeline = new_pipeline(NULL);
    stage = add_stage(pipeline, plain);
    start_pipeline(pipeline);
    if (_i == 0)
        assert_status(WEIR_OK, weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    else
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    for (int call = 0; call < 5; call++) {
        static const char *const names[] = {"put", "put", "pause", "set_rate", "put"};
        assert_status(WEIR_INVALID, weir_pipeline_put_many(pipeline, NULL, 7, &put));
        assert_says(pipeline, "count is 7");
        weir_status status = call == 0   ? weir_pipeline_put(pipeline, pipeline)
                             : call == 1 ? weir_pipeline_put_until(pipeline, pipeline, 0)
                             : call == 2 ? weir_pipeline_pause(pipeline, stage)
                             : call == 3 ? weir_pipeline_set_rate(pipeline, stage, 5, 0)
                                         : weir_pipeline_put_many(pipeline, (void *[]){pipeline}, 1, &put);
        assert_status(WEIR_CLOSED, status);
        (void)snprintf(says, sizeof says, "%s: %s", names[call], ends[_i]);
        ck_assert_str_eq(weir_pipeline_message(pipeline), says);
    }
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_put_without_room_says_so) {
    size_t put;
    pipeline = new_pipeline(NULL);
    stage = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = hand_back, .input.capacity = 1});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_put_many(pipeline, NULL, 7, &put));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, pipeline, 0));
    ck_assert_str_eq(weir_pipeline_message(pipeline), "put: there was no room before the deadline");
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- out of memory or threads ---- */

/* Creates, adds, connects, starts and calls end_on, up to the first refusal; returns its status. */
static weir_status run_until_refused(bool *told) {
    weir_stage *a, *b;
    weir_status status = weir_pipeline_create(&pipeline, &(weir_pipeline_options){.name = "p"});
    if (status != WEIR_OK) {
        *told = weir_pipeline_message(NULL)[0] != '\0';
        return status;
    }
    status = weir_pipeline_add(
        pipeline, &a,
        &(weir_stage_options){.name = "a", .work.func = hand_back, .threads.count = 1, .output.ordered = true});
    if (status == WEIR_OK)
        status = weir_pipeline_add(pipeline, &b,
                                   &(weir_stage_options){.name = "b",
                                                         .work.run = run_consume,
                                                         .threads.count = 1,
                                                         .limits.key = key_of,
                                                         .limits.per_key = 1,
                                                         .errors.retry = {.attempts = 2}});
    if (status == WEIR_OK)
        status = weir_pipeline_connect(pipeline, a, b);
    if (status == WEIR_OK)
        status = weir_pipeline_start(pipeline);
    if (status == WEIR_OK)
        status = weir_pipeline_end_on(pipeline, signals, 1, 0);
    if (status == WEIR_OK)
        status = weir_pipeline_show(pipeline, nowhere(), 0);
    *told = weir_pipeline_message(pipeline)[0] != '\0';
    return status;
}

START_TEST (every_call_that_fails_for_want_of_something_says_so) {
    weir_status status = WEIR_NOMEM;
    unsigned refused = 0;
    (void)nowhere();
    for (unsigned n = 1; status != WEIR_OK; n++) {
        bool told;
        pipeline = NULL;
        fault_set((enum fault)_i, n, false);
        status = run_until_refused(&told);
        fault_set((enum fault)_i, 0, false);
        refused += status != WEIR_OK;
        ck_assert_msg(told == (status != WEIR_OK), "%u: %s: \"%s\"", n, weir_strerror(status),
                      weir_pipeline_message(pipeline));
        destroy_pipeline(pipeline);
    }
    ck_assert_uint_gt(refused, 3);
}
END_TEST

/* An ordered stage on the crew of a plain pipeline: one of its refusals names the results that wait for their turn. */
START_TEST (an_order_on_the_crew_that_there_is_no_memory_for_says_so) {
    static const char wanted[] = "stage wide: ordered: the number of results that wait is ";
    output = new_queue(4);
    const weir_stage_options options = {
        .name = "wide", .work.func = hand_back, .threads.width = 2, .output = {.ordered = true, .results = output}};
    weir_status status = WEIR_NOMEM;
    unsigned named = 0;
    for (unsigned n = 1; status != WEIR_OK; n++) {
        pipeline = new_pipeline(NULL);
        add_stage(pipeline, options);
        fault_set(ALLOCATION, n, false);
        status = weir_pipeline_start(pipeline);
        fault_set(ALLOCATION, 0, false);
        ck_assert_msg(fault_excuses(status), "%s", weir_strerror(status));
        const char *message = weir_pipeline_message(pipeline);
        ck_assert_msg((message[0] != '\0') == (status != WEIR_OK), "%u: \"%s\"", n, message);
        named += strncmp(message, wanted, strlen(wanted)) == 0;
        destroy_pipeline(pipeline);
    }
    ck_assert_uint_eq(named, 1);
    assert_status(WEIR_OK, weir_queue_destroy(output));
    output = NULL;
}
END_TEST

static uint64_t weigh_one(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

/* Blocks one item at the gate, so that all later ones stay queued and no thread is inside the library. */
static void begin_filling(struct gate *gate, bool is_limited) {
    weir_pipeline_options options = {.max_bytes = is_limited ? 1000000 : 0, .weigh = is_limited ? weigh_one : NULL};
    pipeline = new_pipeline(&options);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "held", .work.func = hand_back_at_gate, .work.arg = gate, .input.capacity = WEIR_UNBOUNDED});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    gate_wait_for(gate, 1);
}

/* By put and by put_many, with and without envelopes. */
START_TEST (a_put_without_memory_says_what_needs_it) {
    struct gate gate = GATE;
    void *items[1] = {NULL};
    weir_status status;
    size_t put;
    begin_filling(&gate, _i % 2 == 1);
    fault_set(ALLOCATION, 1, true);
    do
        status = _i / 2 == 0 ? weir_pipeline_put(pipeline, NULL) : weir_pipeline_put_many(pipeline, items, 1, &put);
    while (status == WEIR_OK);
    fault_set(ALLOCATION, 0, false);
    assert_status(WEIR_NOMEM, status);
    assert_says(pipeline, _i % 2 == 1 ? "put: cannot allocate 4.1 kB for items" : "stage held: put: cannot allocate ");
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- from inside a callback ---- */

static int call_from_inside(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    assert_status(WEIR_DEADLOCK, weir_pipeline_wait(weir_task_pipeline(task), WEIR_NEVER));
    assert_says(pipeline, "wait: this thread is running a callback of the pipeline");
    assert_status(WEIR_DEADLOCK, weir_pipeline_destroy(weir_task_pipeline(task)));
    assert_says(pipeline, "destroy: this thread is running a callback of the pipeline");
    assert_status(WEIR_DEADLOCK, weir_pipeline_finish(weir_task_pipeline(task), WEIR_NEVER, NULL));
    assert_says(pipeline, "finish: this thread is running a callback of the pipeline");
    return 0;
}

START_TEST (a_call_that_would_wait_for_its_own_thread_says_so) {
    pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "inside", .work.run = call_from_inside});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

static Suite *messages_suite(void) {
    Suite *suite = suite_create("messages of pipelines");
    TCase *each = add_things_case(suite, "each");
    tcase_add_checked_fixture(each, block_signals, unblock_signals);
    tcase_add_loop_test(each, what_is_refused_names_the_stage_the_member_and_the_value, 0, (int)COUNT_OF(refusals));
    TCase *owner = add_things_case(suite, "owner");
    tcase_add_test(owner, a_chain_of_calls_without_a_pipeline_says_why_there_is_none);
    tcase_add_test(owner, a_message_is_of_its_pipeline_and_of_its_thread);
    tcase_add_test(owner, a_name_with_a_line_end_is_one_line);
    tcase_add_loop_test(owner, what_is_refused_for_the_end_of_the_run_says_so, 0, 2);
    tcase_add_test(owner, a_put_without_room_says_so);
    TCase *faults = add_things_case(suite, "faults");
    tcase_add_checked_fixture(faults, block_signals, unblock_signals);
    tcase_add_loop_test(faults, every_call_that_fails_for_want_of_something_says_so, 0, 2);
    tcase_add_test(faults, an_order_on_the_crew_that_there_is_no_memory_for_says_so);
    tcase_add_loop_test(faults, a_put_without_memory_says_what_needs_it, 0, 4);
    TCase *inside = add_things_case(suite, "inside");
    tcase_add_test(inside, a_call_that_would_wait_for_its_own_thread_says_so);
    return suite;
}

int main(void) {
    return run_suite(messages_suite());
}
