/*
 * test_pipeline_batches.c - batches: how they fill, what their function gets, and their outcome.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <string.h>

static uint64_t weigh_by_number(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n % 5 + 1;
}

/* Records of the calls. */
enum { CALLS = 4096 };
struct seen {
    atomic_size_t calls;
    size_t counts[CALLS];
    weir_batch_reason reasons[CALLS];
    size_t firsts[CALLS];
    unsigned attempts[CALLS];
    unsigned fails_until; /* earlier attempts fail */
    bool emits;
};

static int see_batch(weir_task *task, void *const *items, size_t count, void *raw) {
    struct seen *seen = raw;
    size_t n = atomic_fetch_add(&seen->calls, 1);
    seen->counts[n] = count;
    seen->reasons[n] = weir_task_batch_reason(task);
    seen->firsts[n] = ((struct thing *)items[0])->n;
    seen->attempts[n] = weir_task_attempt(task);
    if (seen->attempts[n] < seen->fails_until)
        return weir_task_fail(task, 5, "batch of %zu", count);
    for (size_t i = 0; i < count; i++) {
        if (seen->emits)
            weir_task_emit(task, items[i]);
        else
            thing_consume(items[i]);
    }
    return 0;
}

static weir_pipeline *batches_of(struct seen *seen, weir_stage_options options) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.name = "batch";
    options.work.run_batch = see_batch;
    options.work.arg = seen;
    options.input.drop = thing_drop;
    add_stage(pipeline, options);
    if (seen->emits)
        add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    return pipeline;
}

/* ---- how a batch fills ---- */

START_TEST (so_many_items_make_a_batch_and_the_end_the_last) {
    struct seen seen = {.calls = 0};
    weir_pipeline *pipeline =
        batches_of(&seen, (weir_stage_options){.threads.count = (size_t)_i, .batch = {.items = 7}});
    put_things(pipeline, 7 * 20 + 3);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&seen.calls), 21);
    size_t ends = 0;
    for (size_t i = 0; i < 21; i++) {
        bool end = seen.reasons[i] == WEIR_BATCH_END;
        ends += end;
        ck_assert_uint_eq(seen.counts[i], end ? 3 : 7);
        if (!end)
            ck_assert_uint_eq(seen.reasons[i], WEIR_BATCH_ITEMS);
    }
    ck_assert_uint_eq(ends, 1);
    ck_assert_uint_eq(things_consumed(), 7 * 20 + 3);
    assert_things_ended();
}
END_TEST

START_TEST (when_all_fits_there_is_no_empty_batch_at_the_end) {
    struct seen seen = {.calls = 0};
    weir_pipeline *pipeline = batches_of(&seen, (weir_stage_options){.threads.count = 2, .batch = {.items = 5}});
    put_things(pipeline, _i == 0 ? 0 : 50);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&seen.calls), _i == 0 ? 0 : 10);
    assert_things_ended();
}
END_TEST

/* Weights 1 2 3 4 5 1 2 ...: the first batch has 1 + 2 + 3 + 4 = 10, the second 5 + 1 + 2 + 3 = 11, and so on. */
START_TEST (so_many_bytes_make_a_batch) {
    struct seen seen = {.calls = 0};
    weir_pipeline *pipeline =
        batches_of(&seen, (weir_stage_options){.batch = {.bytes = 10, .weigh = weigh_by_number, .items = 100}});
    put_things(pipeline, 8);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&seen.calls), 2);
    ck_assert_uint_eq(seen.counts[0], 4);
    ck_assert_uint_eq(seen.counts[1], 4);
    ck_assert_uint_eq(seen.reasons[0], WEIR_BATCH_BYTES);
    ck_assert_uint_eq(seen.reasons[1], WEIR_BATCH_BYTES);
    assert_things_ended();
}
END_TEST

START_TEST (a_batch_waits_no_longer_than_its_time) {
    struct seen seen = {.calls = 0};
    weir_pipeline *pipeline =
        batches_of(&seen, (weir_stage_options){.batch = {.items = 1000, .wait = 2 * MILLISECONDS}});
    for (size_t round = 0; round < 5; round++) {
        put_things(pipeline, 3);
        while (things_consumed() < 3 * (round + 1)) /* only its wait can complete the batch */
            nap();
    }
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_ge(atomic_load(&seen.calls), 5);
    for (size_t i = 0; i < atomic_load(&seen.calls); i++)
        ck_assert_uint_eq(seen.reasons[i], WEIR_BATCH_TIME);
    assert_things_ended();
}
END_TEST

START_TEST (a_batch_that_is_complete_begins_the_time_of_the_next_anew) {
    struct seen seen = {.calls = 0};
    weir_pipeline *pipeline =
        batches_of(&seen, (weir_stage_options){.threads.count = 2, .batch = {.items = 4, .wait = 3600 * SECONDS}});
    put_things(pipeline, 4 * 25 + 1);
    finish_and_destroy(pipeline, WEIR_OK); /* without waiting for an hour */
    ck_assert_uint_eq(atomic_load(&seen.calls), 26);
    assert_things_ended();
}
END_TEST

START_TEST (batches_in_order_cannot_have_a_wait) {
    static const weir_batch batches[] = {{.items = 5, .wait = 1000}, {.bytes = 5, .wait = 1, .weigh = weigh_by_number}};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {
        .name = "in order", .work.run_batch = see_batch, .output.ordered = true, .batch = batches[_i]};
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &options));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), "stage in order: ") != NULL, "\"%s\"",
                  weir_pipeline_message(pipeline));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "wait"));
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "stage in order: "));
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- its outcome ---- */

START_TEST (a_batch_fails_as_a_whole) {
    struct seen seen = {.fails_until = 9};
    weir_pipeline *pipeline = batches_of(
        &seen, (weir_stage_options){.threads.count = (size_t)_i, .batch = {.items = 4}, .errors.on_error = WEIR_SKIP});
    put_things(pipeline, 42);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 42);
    ck_assert_uint_eq(report->error_count, 11);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 42);
    assert_things_ended();
}
END_TEST

START_TEST (each_item_of_a_failed_batch_is_a_dead_letter) {
    struct seen seen = {.fails_until = 9};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = batches_of(
        &seen, (weir_stage_options){.batch = {.items = 4}, .errors.dead = dead, .errors.on_error = WEIR_SKIP});
    put_things(pipeline, 10);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, 10);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    void *taken;
    size_t letters = 0;
    for (; weir_queue_try_get(dead, &taken) == WEIR_OK; letters++) {
        weir_dead_letter *letter = taken;
        ck_assert_str_eq(letter->message, letters < 8 ? "batch of 4" : "batch of 2");
        thing_consume(letter->item);
        weir_dead_letter_free(letter);
    }
    ck_assert_uint_eq(letters, 10);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_tasks_done(dead, 10));
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}
END_TEST

START_TEST (a_failed_batch_ends_the_run) {
    struct seen seen = {.fails_until = 9};
    weir_pipeline *pipeline = batches_of(&seen, (weir_stage_options){.threads.count = 2, .batch = {.items = 4}});
    for (size_t i = 0; i < 40; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    finish_and_destroy(pipeline, WEIR_FAILED);
    assert_things_ended();
}
END_TEST

START_TEST (a_batch_is_tried_again_as_it_was) {
    enum { BATCHES = 10 };
    struct seen seen = {.fails_until = 3};
    weir_pipeline *pipeline = batches_of(&seen, (weir_stage_options){.threads.count = (size_t)_i,
                                                                     .batch = {.items = 5},
                                                                     .errors.retry = {.attempts = 3, .backoff = 1000}});
    put_things(pipeline, 5 * BATCHES);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 5 * BATCHES);
    ck_assert_uint_eq(report->retried, 2 * BATCHES);
    ck_assert_uint_eq(atomic_load(&seen.calls), 3 * BATCHES);
    for (size_t i = 0; i < 3 * BATCHES; i++) {
        ck_assert_uint_eq(seen.counts[i], 5);
        ck_assert_uint_eq(seen.reasons[i], WEIR_BATCH_ITEMS);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 5 * BATCHES);
    assert_things_ended();
}
END_TEST

/* ---- functions that exit their thread ---- */

/* The first batch emits results, and then exits its thread at `go`. The others wait at `rest`. */
struct exits {
    struct gate go, rest;
    atomic_uint asked; /* calls of `when` */
};

static int exit_with_first_batch(weir_task *task, void *const *items, size_t count, void *raw) {
    struct exits *exits = raw;
    bool first = false;
    for (size_t i = 0; i < count; i++) /* two threads gather it: its items may be in any order */
        first = first || ((struct thing *)items[i])->n == 0;
    for (size_t i = 0; first && i < 2; i++)
        weir_task_emit(task, thing_new());
    gate_pass(first ? &exits->go : &exits->rest);
    if (first)
        pthread_exit(NULL);
    return run_batch_consume(task, items, count, NULL);
}

static bool ask(int code, void *raw) {
    struct exits *exits = raw;
    (void)code;
    atomic_fetch_add(&exits->asked, 1);
    return true;
}

/*
 * Its results have gone on. What waits in the queue and for a batch is dropped. Another worker is in its function
 * meanwhile, and its batch is done.
 */
START_TEST (a_batch_that_ends_its_thread_has_failed_and_ends_the_run) {
    enum { ALL = 13, BATCH = 5 };
    size_t threads = _i < 4 ? 1 : 2, done = threads == 2 ? BATCH : 0;
    bool ordered = threads == 1 && (_i & 2); /* it has no retries then */
    struct exits exits = {.go = GATE, .rest = GATE};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline,
              (weir_stage_options){.name = "batch",
                                   .work.run_batch = exit_with_first_batch,
                                   .work.arg = &exits,
                                   .threads.count = threads,
                                   .batch = {.items = BATCH},
                                   .output.ordered = ordered,
                                   .errors.retry = {.attempts = ordered ? 1 : 3, .when = ordered ? NULL : ask},
                                   .errors.on_error = _i & 1 ? WEIR_SKIP : WEIR_FAIL_FAST,
                                   .errors.dead = dead,
                                   .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, BATCH);
    gate_wait_for(&exits.go, 1);
    put_things(pipeline, ALL - BATCH);
    if (threads == 2)
        gate_wait_for(&exits.rest, 1);
    while (things_consumed() < 2)
        nap();
    gate_open(&exits.go);
    for (weir_deadline limit = hang_limit(); things_dropped() < BATCH; nap())
        ck_assert_uint_lt(now(), limit);
    wait_for_the_end(pipeline); /* the exiting thread drops its own items first */
    gate_open(&exits.rest);     /* the other worker may have taken items that it drops then */
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "batch", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.failed, BATCH);
    ck_assert_uint_eq(report->counts.done, done);
    ck_assert_uint_eq(report->counts.dropped, ALL - BATCH - done);
    ck_assert_uint_eq(stage_in(report, "batch")->counts.failed, BATCH);
    ck_assert_uint_eq(stage_in(report, "batch")->retried, 0);
    ck_assert_uint_eq(stage_in(report, "end")->counts.done, 2);
    ck_assert_uint_eq(atomic_load(&exits.asked), 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(weir_queue_size(dead), 0);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    for (size_t n = 0; n < BATCH; n++)
        ck_assert_uint_eq(atomic_load(&thing_at(n)->dropped), 1);
    assert_things_ended();
}
END_TEST

/* ---- results ---- */

START_TEST (results_of_a_batch_go_on_and_its_roots_end_with_them) {
    struct seen seen = {.emits = true, .fails_until = _i == 1 ? 2 : 0};
    weir_pipeline *pipeline = batches_of(
        &seen, (weir_stage_options){.threads.count = 3, .batch = {.items = 6}, .errors.retry = {.attempts = 2}});
    put_things(pipeline, 200);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 200);
    ck_assert_uint_eq(stage_in(report, "end")->counts.in, 200);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Two stages that each merge a batch into one result: only completed results make room under the limit. */
static int merge(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i < count; i++)
        thing_consume(items[i]);
    weir_task_emit(task, thing_new());
    return 0;
}

START_TEST (batches_of_batches_make_room_when_the_last_result_is_done) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 40});
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "a", .work.run_batch = merge, .threads.count = 2, .batch = {.items = 3}, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.run_batch = merge,
                                             .batch = {.items = 3, .wait = MILLISECONDS},
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 500);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, 500);
    ck_assert_uint_eq(report->counts.done, 500);
    ck_assert_uint_ge(stage_in(report, "b")->counts.in, 500 / 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* With one thread, batches keep the order of their items and of their results. */
START_TEST (ordered_batches_keep_the_order) {
    struct seen seen = {.emits = true};
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "batch",
                                             .work.run_batch = see_batch,
                                             .work.arg = &seen,
                                             .output.ordered = true,
                                             .batch = {.items = 4},
                                             .output.results = results,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 403);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 403);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    void *taken;
    for (size_t n = 0; n < 403; n++) {
        assert_status(WEIR_OK, weir_queue_try_get(results, &taken));
        ck_assert_ptr_eq(taken, thing_at(n));
    }
    assert_status(WEIR_OK, weir_queue_tasks_done(results, 403));
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

START_TEST (a_cancel_drops_incomplete_and_complete_batches_once) {
    struct seen seen = {.emits = true, .fails_until = 1 + (unsigned)_i % 2};
    weir_pipeline *pipeline =
        batches_of(&seen, (weir_stage_options){.threads.count = 2,
                                               .batch = {.items = 7, .wait = MILLISECONDS / 4},
                                               .errors.retry = {.attempts = 2, .backoff = 100 * 1000}});
    put_things(pipeline, 200 + (size_t)_i * 3);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* The weigh function may cancel: its item is in no batch yet, and is dropped as an item. */
static uint64_t weigh_and_cancel(const void *item, void *pipeline) {
    if (((const struct thing *)item)->n == 2)
        (void)weir_pipeline_cancel(pipeline);
    return 1;
}

START_TEST (an_item_cancelled_before_it_joins_a_batch_is_dropped) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "batch",
                                             .work.run_batch = run_batch_consume,
                                             .work.arg = pipeline,
                                             .batch = {.bytes = 100, .weigh = weigh_and_cancel},
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 3);
    assert_things_ended();
}
END_TEST

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SMALL_STACK = 0 }; /* sanitizers need more stack */
#else
enum { SMALL_STACK = 16 * 1024 };
#endif

static int pass_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i < count; i++)
        weir_task_emit(task, items[i]);
    return 0;
}

/* A completion in the last stage propagates back through all stages. */
START_TEST (the_stack_is_no_deeper_for_a_longer_chain) {
    enum { STAGES = 300 };
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (int i = 0; i < STAGES; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        add_stage(pipeline, (weir_stage_options){.name = name,
                                                 .work.run_batch = pass_batch,
                                                 .batch = {.items = 2},
                                                 .threads.stack_size = SMALL_STACK});
    }
    start_pipeline(pipeline);
    for (int i = 0; i < 64; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 64);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *batches_suite(void) {
    Suite *suite = suite_create("batches in a pipeline");
    TCase *made = add_things_case(suite, "made");
    tcase_add_loop_test(made, so_many_items_make_a_batch_and_the_end_the_last, 1, 4);
    tcase_add_loop_test(made, when_all_fits_there_is_no_empty_batch_at_the_end, 0, 2);
    tcase_add_test(made, so_many_bytes_make_a_batch);
    tcase_add_test(made, a_batch_waits_no_longer_than_its_time);
    tcase_add_test(made, a_batch_that_is_complete_begins_the_time_of_the_next_anew);
    tcase_add_loop_test(made, batches_in_order_cannot_have_a_wait, 0, 2);
    TCase *exits = add_things_case(suite, "exits");
    tcase_add_loop_test(exits, a_batch_that_ends_its_thread_has_failed_and_ends_the_run, 0, 6);
    TCase *ended = add_things_case(suite, "ended");
    tcase_add_loop_test(ended, a_batch_fails_as_a_whole, 1, 4);
    tcase_add_test(ended, each_item_of_a_failed_batch_is_a_dead_letter);
    tcase_add_test(ended, a_failed_batch_ends_the_run);
    tcase_add_loop_test(ended, a_batch_is_tried_again_as_it_was, 1, 4);
    tcase_add_loop_test(ended, results_of_a_batch_go_on_and_its_roots_end_with_them, 0, 2);
    tcase_add_test(ended, batches_of_batches_make_room_when_the_last_result_is_done);
    tcase_add_test(ended, ordered_batches_keep_the_order);
    tcase_add_loop_test(ended, a_cancel_drops_incomplete_and_complete_batches_once, 0, 20);
    tcase_add_test(ended, the_stack_is_no_deeper_for_a_longer_chain);
    tcase_add_test(ended, an_item_cancelled_before_it_joins_a_batch_is_dropped);
    return suite;
}

int main(void) {
    return run_suite(batches_suite());
}
