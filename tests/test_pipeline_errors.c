/*
 * test_pipeline_errors.c - failed items, and their effect on the run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS = 200 };

/* ---- fail fast, and skip ---- */

/* Fails each tenth item. */
static int fail_tenth(weir_task *task, void *item, void *unused) {
    struct thing *thing = item;
    (void)unused;
    atomic_fetch_add(&thing->tries, 1);
    if (thing->n % 10 == 3)
        return weir_task_fail(task, 40 + (int)(thing->n % 7), "thing %zu is bad", thing->n);
    weir_task_emit(task, thing);
    return 0;
}

START_TEST (the_first_error_ends_the_run_and_the_rest_is_dropped) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_tenth,
                                             .threads.count = (size_t)_i,
                                             .input.capacity = ITEMS,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (size_t i = 0; i < ITEMS; i++) {
        struct thing *thing = thing_new();
        weir_status status = weir_pipeline_put(pipeline, thing);
        ck_assert(status == WEIR_OK || status == WEIR_CLOSED);
        if (status == WEIR_CLOSED)
            thing_consume(thing);
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    const weir_stage_report *bad = stage_in(report, "bad");
    ck_assert_uint_ge(bad->counts.failed, 1);
    ck_assert_uint_le(bad->counts.failed, (size_t)_i);
    ck_assert_uint_eq(report->error_count, bad->counts.failed);
    ck_assert(report->errors[0].fatal);
    ck_assert_str_eq(report->errors[0].stage, "bad");
    ck_assert_uint_eq(report->errors[0].attempts, 1);
    ck_assert_ptr_nonnull(strstr(report->errors[0].message, "is bad"));
    if (_i == 1) {
        ck_assert_str_eq(report->errors[0].message, "thing 3 is bad");
        ck_assert_int_eq(report->errors[0].code, 43);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (skipped_errors_are_counted_and_the_others_go_on) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_errors = 5});
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_tenth,
                                             .threads.count = (size_t)_i,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, ITEMS / 10);
    ck_assert_uint_eq(report->counts.done, ITEMS - ITEMS / 10);
    ck_assert_uint_eq(stage_in(report, "bad")->counts.failed, ITEMS / 10);
    ck_assert_uint_eq(stage_in(report, "end")->counts.in, ITEMS - ITEMS / 10);
    ck_assert_uint_eq(report->error_count, ITEMS / 10);
    ck_assert_uint_eq(report->kept_errors, 5);
    for (size_t i = 1; i < report->kept_errors; i++)
        ck_assert_uint_ge(report->errors[i].at, report->errors[i - 1].at);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), ITEMS / 10);
    assert_things_ended();
}
END_TEST

static int fail_by_number(weir_task *task, void *item, void *unused) {
    (void)unused;
    return weir_task_fail(task, 7, "item %zu", ((struct thing *)item)->n);
}

/* Checks that messages are those of the items from `number` on. */
static void assert_errors_from(size_t number, const weir_error *errors, size_t count) {
    char message[32];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(message, sizeof message, "item %zu", number + i);
        ck_assert_str_eq(errors[i].message, message);
        ck_assert_str_eq(errors[i].stage, "bad");
        ck_assert_int_eq(errors[i].code, 7);
        ck_assert(i == 0 || errors[i].at >= errors[i - 1].at);
    }
}

START_TEST (beside_the_first_errors_the_latest_are_kept) {
    static const struct {
        size_t items, latest_from, kept, latest;
    } cases[] = {{2, 0, 2, 0}, {3, 2, 2, 1}, {18, 2, 2, 16}, {19, 3, 2, 16}, {100, 84, 2, 16}};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_errors = 2});
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_by_number,
                                             .threads.count = 1,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    put_things(pipeline, cases[_i].items);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->error_count, cases[_i].items);
    ck_assert_uint_eq(report->kept_errors, cases[_i].kept);
    assert_errors_from(0, report->errors, report->kept_errors);
    ck_assert_uint_eq(report->latest_count, cases[_i].latest);
    assert_errors_from(cases[_i].latest_from, report->latest, report->latest_count);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int fail_unless_last(weir_task *task, void *item, void *items) {
    if (((struct thing *)item)->n < *(size_t *)items)
        return fail_by_number(task, item, NULL);
    weir_task_emit(task, item);
    return 0;
}

/* The fatal error takes the place of the last one in the full list, which is among the latest then. */
START_TEST (a_fatal_error_displaces_one_into_the_latest) {
    static const struct {
        size_t items, latest_from, latest;
    } cases[] = {{2, 1, 1}, {4, 1, 3}, {17, 1, 16}, {18, 2, 16}};
    size_t items = cases[_i].items;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_errors = 2});
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work = {.run = fail_unless_last, .arg = &items},
                                             .threads.count = 1,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP});
    add_stage(pipeline, (weir_stage_options){
                            .name = "fatal", .work.run = fail_by_number, .threads.count = 1, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, items + 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->error_count, items + 1);
    ck_assert_uint_eq(report->kept_errors, 2);
    ck_assert_str_eq(report->errors[0].stage, "fatal");
    assert_errors_from(0, report->errors + 1, 1);
    ck_assert_uint_eq(report->latest_count, cases[_i].latest);
    assert_errors_from(cases[_i].latest_from, report->latest, report->latest_count);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- messages ---- */

static int fail_long(weir_task *task, void *item, void *unused) {
    char text[1000];
    (void)unused;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    switch (((struct thing *)item)->n) {
        case 0:
            return weir_task_fail(task, 1, "%s", text);
        case 1:
            return weir_task_fail(task, 2, NULL);
        case 2:
            (void)weir_task_fail(task, 3, "an earlier one");
            return weir_task_fail(task, 4, "the last one counts");
        case 3:
            return 5; /* without a message; not the message of the item before */
        default:
            (void)weir_task_fail(task, 6, "and yet it is done");
            thing_consume(item);
            return 0;
    }
}

START_TEST (a_message_is_cut_and_belongs_to_its_attempt) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "bad", .work.run = fail_long, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->error_count, 4);
    ck_assert_uint_eq(strlen(report->errors[0].message), 255);
    ck_assert_int_eq(report->errors[0].code, 1);
    ck_assert_str_eq(report->errors[1].message, "");
    ck_assert_str_eq(report->errors[2].message, "the last one counts");
    ck_assert_int_eq(report->errors[2].code, 4);
    ck_assert_str_eq(report->errors[3].message, "");
    ck_assert_int_eq(report->errors[3].code, 5);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- codes ---- */

static int fail_with(weir_task *task, void *item, void *unused) {
    (void)unused;
    switch (((struct thing *)item)->n) {
        case 0:
            return weir_task_fail(task, 0, "errno was 0");
        case 1:
            return -1;
        case 2:
            return WEIR_END;
        case 3:
            return weir_task_fail(task, WEIR_END, "own words");
        default:
            return -12; /* a negated errno */
    }
}

/* A failure is a failure whatever its code; and only weir's own codes are weir's. */
START_TEST (each_code_but_zero_fails_the_item) {
    static const int codes[] = {WEIR_CODE(WEIR_FAILED), -1, WEIR_CODE(WEIR_INVALID), WEIR_CODE(WEIR_INVALID), -12};
    static const char *const messages[] = {"errno was 0", "", "WEIR_END from a function that is no source",
                                           "WEIR_END from a function that is no source", ""};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {
        .name = "bad", .work.run = fail_with, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP};
    options.threads.count = 1;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, COUNT_OF(codes));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, COUNT_OF(codes));
    ck_assert_uint_eq(report->kept_errors, COUNT_OF(codes));
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        ck_assert_int_eq(report->errors[i].code, codes[i]);
        ck_assert_str_eq(report->errors[i].message, messages[i]);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), COUNT_OF(codes));
    assert_things_ended();
    ck_assert_int_eq(weir_task_fail(NULL, 0, "no task"), WEIR_CODE(WEIR_FAILED));
    ck_assert_int_eq(weir_task_fail(NULL, -3, "no task"), -3);
}
END_TEST

/* Far from any errno, negated or not, from HTTP and exit statuses, and from one another. */
START_TEST (no_code_of_a_program_is_one_of_weir) {
    for (int status = WEIR_OK; status <= WEIR_FAILED; status++) {
        ck_assert_int_lt(WEIR_CODE(status), -1000000);
        ck_assert_int_ne(WEIR_CODE(status), WEIR_END);
        ck_assert_int_eq(WEIR_CODE(WEIR_OK) - WEIR_CODE(status), status);
    }
}
END_TEST

/* ---- retries ---- */

struct tries {
    unsigned needed; /* the first attempt that succeeds */
    atomic_uint wrong_attempt;
};

static int succeed_later(weir_task *task, void *item, void *raw) {
    struct thing *thing = item;
    struct tries *tries = raw;
    unsigned attempt = atomic_fetch_add(&thing->tries, 1) + 1;
    if (weir_task_attempt(task) != attempt)
        atomic_fetch_add(&tries->wrong_attempt, 1);
    if (attempt < tries->needed)
        return weir_task_fail(task, (int)attempt, "not the %uth", attempt);
    weir_task_emit(task, thing);
    return 0;
}

START_TEST (a_failed_item_is_retried_by_any_free_worker) {
    struct tries tries = {.needed = 3};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "later",
                                             .work.run = succeed_later,
                                             .work.arg = &tries,
                                             .threads.count = 3,
                                             .input.drop = thing_drop,
                                             .errors.retry = {.attempts = 3, .backoff = (uint64_t)_i * 1000}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, ITEMS);
    ck_assert_uint_eq(report->retried, 2 * ITEMS);
    ck_assert_uint_eq(stage_in(report, "later")->retried, 2 * ITEMS);
    ck_assert_uint_eq(report->error_count, 2 * ITEMS);
    ck_assert_uint_eq(atomic_load(&tries.wrong_attempt), 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), ITEMS);
    assert_things_ended();
}
END_TEST

static bool is_temporary(int code, void *arg) {
    (void)arg;
    return code == 40;
}

static int fail_always(weir_task *task, void *item, void *arg) {
    struct thing *thing = item;
    (void)arg;
    atomic_fetch_add(&thing->tries, 1);
    return weir_task_fail(task, thing->n % 2 == 0 ? 40 : 41, "attempt %u at %zu", weir_task_attempt(task), thing->n);
}

START_TEST (dead_letters_say_what_why_where_and_after_how_many) {
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_always,
                                             .threads.count = 2,
                                             .errors.dead = dead,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP,
                                             .errors.retry = {.attempts = 4, .backoff = 1000, .when = is_temporary}});
    start_pipeline(pipeline);
    put_things(pipeline, 40);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, 40);
    ck_assert_uint_eq(report->retried, 60);
    ck_assert_uint_eq(report->error_count, 100);
    weir_report_free(report);
    destroy_pipeline(pipeline); /* dead letters outlive the pipeline */
    void *taken;
    for (size_t i = 0; i < 40; i++) {
        assert_status(WEIR_OK, weir_queue_get(dead, &taken));
        weir_dead_letter *letter = taken;
        struct thing *thing = letter->item;
        bool even = thing->n % 2 == 0;
        char message[64];
        snprintf(message, sizeof message, "attempt %d at %zu", even ? 4 : 1, thing->n);
        ck_assert_str_eq(letter->message, message);
        ck_assert_str_eq(letter->stage, "bad");
        ck_assert_int_eq(letter->code, even ? 40 : 41);
        ck_assert_uint_eq(letter->attempts, even ? 4 : 1);
        ck_assert_uint_eq(atomic_load(&thing->tries), even ? 4 : 1);
        thing_consume(thing);
        weir_dead_letter_free(letter);
    }
    assert_status(WEIR_CLOSED, weir_queue_get(dead, &taken));
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_tasks_done(dead, 40));
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}
END_TEST

static int fail_silently(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    return (int)weir_task_attempt(task) + 76;
}

START_TEST (a_letter_outlives_its_pipeline_and_needs_no_task_done) {
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "silent", .work.run = fail_silently, .errors.dead = dead});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    finish_and_destroy(pipeline, WEIR_FAILED);
    void *taken;
    assert_status(WEIR_OK, weir_queue_get(dead, &taken));
    weir_dead_letter *letter = taken;
    ck_assert_str_eq(letter->stage, "silent");
    ck_assert_str_eq(letter->message, "");
    ck_assert_int_eq(letter->code, 77);
    thing_consume(letter->item);
    weir_dead_letter_free(letter);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    assert_things_ended();
}
END_TEST

START_TEST (an_error_that_ends_the_run_leaves_its_letter) {
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "bad", .work.run = fail_always, .errors.dead = dead, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->counts.dead, 1);
    weir_report_free(report);
    void *taken;
    assert_status(WEIR_OK, weir_queue_get(dead, &taken));
    assert_status(WEIR_OK, weir_queue_task_done(dead));
    ck_assert_ptr_eq(((weir_dead_letter *)taken)->item, thing_at(0));
    weir_dead_letter_free(taken);
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    ck_assert_uint_eq(things_dropped(), 0);
}
END_TEST

/* ---- results of failed attempts ---- */

static int emit_then_fail_once(weir_task *task, void *item, void *unused) {
    (void)unused;
    weir_task_emit(task, thing_new());
    if (weir_task_attempt(task) == 1)
        return 9;
    thing_consume(item);
    return 0;
}

START_TEST (what_a_failed_attempt_has_emitted_is_emitted_or_dropped_in_an_ordered_stage) {
    bool ordered = _i == 1;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "twice",
                                             .work.run = emit_then_fail_once,
                                             .threads.count = 2,
                                             .output.ordered = ordered,
                                             .input.drop = thing_drop,
                                             .errors.retry = {.attempts = 2}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 50);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 50);
    ck_assert_uint_eq(stage_in(report, "end")->counts.in, ordered ? 50 : 100);
    ck_assert_uint_eq(things_dropped(), ordered ? 50 : 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- no starvation ---- */

enum { FAIL_FOR_EVER = 8, GOOD = 30 };

struct sieve {
    atomic_uint attempts, good;
    atomic_uint attempts_before; /* before the last good item was done */
};

/* The first items fail forever, and take longer than their back-off. */
static int fail_the_first(weir_task *task, void *item, void *raw) {
    struct thing *thing = item;
    struct sieve *sieve = raw;
    (void)task;
    nap();
    if (thing->n < FAIL_FOR_EVER) {
        atomic_fetch_add(&sieve->attempts, 1);
        return 40;
    }
    thing_consume(thing);
    atomic_store(&sieve->attempts_before, atomic_load(&sieve->attempts));
    atomic_fetch_add(&sieve->good, 1);
    return 0;
}

/* With and without a back-off, with one thread and with several. */
START_TEST (items_that_fail_forever_starve_no_others) {
    struct sieve sieve = {.good = 0};
    uint64_t backoff = _i % 2 == 0 ? 0 : 1000;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    const weir_stage_options options = {
        .name = "sieve",
        .work.run = fail_the_first,
        .work.arg = &sieve,
        .threads.count = _i < 2 ? 1 : 3,
        .input.capacity = FAIL_FOR_EVER + GOOD,
        .input.drop = thing_drop,
        .errors.on_error = WEIR_SKIP,
        .errors.retry = {.attempts = UINT_MAX, .backoff = backoff, .max_backoff = backoff}};
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, FAIL_FOR_EVER + GOOD);
    wait_for_count(&sieve.good, GOOD); /* hangs if failing items always come first */
    unsigned attempts = atomic_load(&sieve.attempts);
    /* Failing items get their turns, and hardly more, even if a thread with a good item waits for a processor. */
    ck_assert_uint_le(atomic_load(&sieve.attempts_before), FAIL_FOR_EVER * GOOD * 10);
    wait_for_count(&sieve.attempts, attempts + FAIL_FOR_EVER);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, GOOD);
    ck_assert_uint_eq(report->counts.dropped, FAIL_FOR_EVER);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

struct feed {
    weir_pipeline *pipeline;
    atomic_bool end;
    atomic_uint put;
};

static void *feed(void *raw) {
    struct feed *feed = raw;
    while (!atomic_load(&feed->end) && weir_pipeline_put(feed->pipeline, NULL) == WEIR_OK)
        atomic_fetch_add(&feed->put, 1);
    return NULL;
}

static int fail_things(weir_task *task, void *item, void *tries) {
    (void)task;
    if (item == NULL)
        return 0;
    atomic_fetch_add((atomic_uint *)tries, 1);
    return 40;
}

/* A producer that keeps the queue full does not keep requeued items out. */
START_TEST (a_full_queue_admits_requeued_items) {
    atomic_uint tries = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "fail",
                            .work.run = fail_things,
                            .work.arg = &tries,
                            .input.capacity = 2,
                            .errors.on_error = WEIR_SKIP,
                            .errors.retry = {.attempts = 1000, .backoff = (uint64_t)_i, .max_backoff = (uint64_t)_i}});
    start_pipeline(pipeline);
    struct feed feeder = {.pipeline = pipeline};
    pthread_t thread;
    thread_start(&thread, feed, &feeder);
    wait_for_count(&feeder.put, 10);
    put_things(pipeline, 1);
    wait_for_count(&tries, 1000);
    atomic_store(&feeder.end, true);
    thread_join(thread);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->counts.done, atomic_load(&feeder.put));
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- the longest back-off ---- */

START_TEST (a_back_off_never_exceeds_its_maximum) {
    enum { ATTEMPTS = 60 }; /* doubled that often, a microsecond would exceed any time limit */
    struct tries tries = {.needed = ATTEMPTS};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "later",
                                   .work.run = succeed_later,
                                   .work.arg = &tries,
                                   .input.drop = thing_drop,
                                   .errors.retry = {.attempts = ATTEMPTS, .backoff = 1000, .max_backoff = 5000}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 2);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->retried, 2 * (ATTEMPTS - 1));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The `when` function cancels: the item does not back off any more. */
static bool cancel_and_try_again(int code, void *pipeline) {
    (void)code;
    (void)weir_pipeline_cancel(pipeline);
    return true;
}

static int fail_plainly(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    return 40;
}

START_TEST (an_item_cancelled_before_its_back_off_is_dropped) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    const weir_retry retry = {.attempts = 2, .backoff = 3600 * SECONDS, .when = cancel_and_try_again};
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_plainly,
                                             .work.arg = pipeline,
                                             .input.drop = thing_drop,
                                             .errors.retry = retry});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    while (things_dropped() == 0) /* without waiting for an hour */
        nap();
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 1);
    ck_assert_uint_eq(report->counts.failed, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int fail_a_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)task;
    (void)items;
    (void)count;
    (void)unused;
    return 40;
}

static size_t backing_off(weir_pipeline *pipeline) {
    weir_report *report = report_of(pipeline);
    const weir_stage_report *stage = &report->stages[0];
    size_t count = stage->backing_off;
    ck_assert_uint_le(stage->depth + stage->running + count, stage->counts.live);
    weir_report_free(report);
    return count;
}

/* For an hour. */
START_TEST (a_report_tells_the_items_in_back_off) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {.name = "bad",
                                  .work.run = fail_plainly,
                                  .input.drop = thing_drop,
                                  .errors.retry = {.attempts = 2, .backoff = 3600 * SECONDS}};
    if (_i == 1) {
        options.work.run = NULL;
        options.work.run_batch = fail_a_batch;
        options.batch.items = 3;
    }
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    while (backing_off(pipeline) < 3)
        nap();
    ck_assert_int_eq(weir_pipeline_cancel(pipeline), WEIR_OK);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->stages[0].backing_off, 0);
    ck_assert_uint_eq(report->counts.dropped, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- functions that exit their thread ---- */

/*
 * The calls from number `exits_from` to `exits_from` + `exits` - 1 exit at `go`. All others wait at `rest`, if they are
 * told. Calls are numbered as they begin, which need not be the order of the items.
 */
struct exits {
    size_t exits_from, exits;
    atomic_size_t calls;
    _Atomic(struct thing *) exited; /* the thing of the last call that exits */
    bool others_wait;
    struct gate go, rest;
    atomic_uint asked; /* calls of `when` */
};

static void exit_or_wait(struct thing *thing, struct exits *exits) {
    if (atomic_fetch_add(&exits->calls, 1) - exits->exits_from < exits->exits) {
        atomic_store(&exits->exited, thing);
        gate_pass(&exits->go);
        pthread_exit(NULL);
    }
    if (exits->others_wait)
        gate_pass(&exits->rest);
}

static int exiting_run(weir_task *task, void *item, void *exits) {
    exit_or_wait(item, exits);
    return run_consume(task, item, NULL);
}

static void *exiting_func(void *item, void *exits) {
    exit_or_wait(item, exits);
    return consume_thing(item, NULL);
}

static uint64_t one_key(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n % 2;
}

/* Called for weir's own codes too, with the stage's argument, whatever state init made. */
static bool ask(int code, void *raw) {
    struct exits *exits = raw;
    (void)code;
    atomic_fetch_add(&exits->asked, 1);
    return true;
}

/* Without envelopes, and with them for each reason. Those with the key of the exiting item and of another wait for it. */
static const struct exiting {
    weir_stage_options options;
    size_t max_items;
} exiting[] = {
    {{.work.func = exiting_func}, 0},
    {{.work.func = exiting_func}, 100},
    {{.work.func = exiting_func, .output.ordered = true}, 0},
    {{.work.func = exiting_func, .limits.per_key = 1, .limits.key = one_key}, 0},
    {{.work.run = exiting_run}, 0},
    {{.work.run = exiting_run, .output.ordered = true}, 0},
    {{.work.run = exiting_run, .limits.per_key = 1, .limits.key = one_key}, 0},
    {{.work.run = exiting_run, .limits.per_key = 2, .limits.key = one_key}, 0},
    {{.work.run = exiting_run, .limits.per_key = 1, .limits.key = one_key, .output.ordered = true}, 0},
    {{.work.run = exiting_run, .limits.per_key = 2, .limits.key = one_key, .output.ordered = true}, 0},
};

/* A run gets what would keep a failed item: attempts, and a dead-letter queue. */
static weir_pipeline *start_exiting(size_t kind, struct exits *exits, weir_stage_options with, weir_queue *dead) {
    weir_stage_options options = exiting[kind].options;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = exiting[kind].max_items, .grace = HANG_SECONDS * SECONDS});
    options.name = "exits";
    options.work.arg = exits;
    options.threads.count = with.threads.count;
    options.errors.on_error = with.errors.on_error;
    options.work.init = with.work.init;
    options.input.drop = thing_drop;
    options.errors.dead = options.work.run != NULL ? dead : NULL;
    if (options.work.run != NULL)
        options.errors.retry = (weir_retry){.attempts = 3, .when = ask};
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    return pipeline;
}

static weir_status init_with_the_same(void *arg, void **state) {
    *state = arg;
    return WEIR_OK;
}

/* The queue is empty at the end. */
static void destroy_empty(weir_queue *queue) {
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

/*
 * The last of the items that are in functions exits its thread. What waits in the queue and for a key is dropped. The
 * other functions return later, and their items are done.
 */
START_TEST (an_item_that_ends_its_thread_ends_the_run) {
    enum { ALL = 20 };
    size_t kind = (size_t)_i / 2, per_key = exiting[kind].options.limits.per_key;
    weir_on_error on_error = _i % 2 == 0 ? WEIR_FAIL_FAST : WEIR_SKIP;
    size_t inside = per_key != 0 ? 2 * per_key : 3, threads = per_key != 0 ? inside + 1 : inside;
    size_t done = inside - 1;
    struct exits exits = {.exits_from = inside - 1, .exits = 1, .others_wait = true, .go = GATE, .rest = GATE};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_exiting(
        kind, &exits,
        (weir_stage_options){.threads.count = threads, .errors.on_error = on_error, .work.init = init_with_the_same},
        dead);
    put_things(pipeline, ALL);
    gate_wait_for(&exits.rest, inside - 1);
    gate_wait_for(&exits.go, 1);
    gate_open(&exits.go);
    for (weir_deadline limit = hang_limit(); things_dropped() < ALL - inside + 1; nap())
        ck_assert_uint_lt(now(), limit);
    assert_status(WEIR_CLOSED, weir_pipeline_put(pipeline, &exits)); /* the caller keeps it */
    gate_open(&exits.rest);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.in, ALL);
    ck_assert_uint_eq(report->counts.done, done);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->counts.dropped, ALL - 1 - done);
    ck_assert_uint_eq(report->stages[0].counts.failed, 1);
    ck_assert_uint_eq(report->stages[0].retried, 0);
    ck_assert_uint_eq(atomic_load(&exits.asked), 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    destroy_empty(dead);
    ck_assert_uint_eq(atomic_load(&atomic_load(&exits.exited)->dropped), 1);
    assert_things_ended();
}
END_TEST

/* All threads of the stage exit at the same time, each with its item. Each adds an error, and the first one is fatal. */
START_TEST (items_that_end_their_threads_together_fail_together) {
    enum { ALL = 20, THREADS = 2 };
    struct exits exits = {.exits = THREADS, .go = GATE, .rest = GATE};
    weir_pipeline *pipeline = start_exiting(
        (size_t)_i, &exits, (weir_stage_options){.threads.count = THREADS, .errors.on_error = WEIR_SKIP}, NULL);
    put_things(pipeline, ALL);
    gate_wait_for(&exits.go, THREADS);
    gate_open(&exits.go);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 1);
    ck_assert_uint_eq(report->error_count, THREADS);
    ck_assert_int_eq(report->errors[1].code, WEIR_CODE(WEIR_UNFINISHED));
    ck_assert_uint_eq(report->counts.failed, THREADS);
    ck_assert_uint_eq(report->counts.dropped, ALL - THREADS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), ALL);
    assert_things_ended();
}
END_TEST

/* A cancel before that decides the outcome, as in every run. */
START_TEST (an_item_that_ends_its_thread_after_a_cancel_has_failed) {
    enum { ALL = 5 };
    struct exits exits = {.exits = 1, .go = GATE, .rest = GATE};
    weir_pipeline *pipeline = start_exiting((size_t)_i, &exits, (weir_stage_options){.threads.count = 1}, NULL);
    put_things(pipeline, ALL);
    gate_wait_for(&exits.go, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&exits.go);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    assert_thread_ended(report, "exits", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->counts.dropped, ALL - 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int fail_then_exit(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    weir_task_emit(task, thing_new());
    if (weir_task_attempt(task) == 1)
        return weir_task_fail(task, 5, "once more");
    pthread_exit(NULL);
}

/* The error that has ended the run is listed first, with its attempt. An ordered stage drops the results of both. */
START_TEST (an_item_may_end_its_thread_at_a_later_attempt) {
    enum { ALL = 10 };
    bool ordered = _i == 2;
    struct exits exits = {.exits = 0};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "exits",
                                             .work.run = fail_then_exit,
                                             .work.arg = &exits,
                                             .input.drop = thing_drop,
                                             .output.ordered = ordered,
                                             .limits.per_key = _i == 1,
                                             .limits.key = _i == 1 ? one_key : NULL,
                                             .errors.on_error = WEIR_SKIP,
                                             .input.capacity = ALL,
                                             .errors.retry = {.attempts = 3, .when = ask}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 2);
    ck_assert_uint_eq(report->error_count, 2);
    ck_assert_int_eq(report->errors[1].code, 5);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->stages[0].retried, 1);
    ck_assert_uint_eq(atomic_load(&exits.asked), 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    if (ordered)
        ck_assert_uint_eq(things_dropped(), 3);
    ck_assert_uint_ge(things_dropped(), 1);
    ck_assert_uint_eq(things_dropped() + things_consumed(), 3); /* results may have passed the next stage already */
    assert_things_ended();
}
END_TEST

static int fail_to_produce(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    return weir_task_fail(task, 5, "once more");
}

static bool exit_when_asked(int code, void *unused) {
    (void)code;
    (void)unused;
    pthread_exit(NULL);
}

/* No callback may do that. The run fails all the same, and does not wait for a worker that is gone. */
START_TEST (a_callback_that_ends_its_thread_ends_the_run) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "exits",
                                             .work.source = fail_to_produce,
                                             .errors.retry = {.attempts = 2, .when = exit_when_asked}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_CANCELLED, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int produce_one(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    weir_task_emit(task, thing_new());
    return WEIR_END;
}

static int exit_at_once(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    pthread_exit(NULL);
}

static weir_status wait_for_cancel(void *pipeline, void **state) {
    struct pollfd fd = {.fd = weir_pipeline_cancel_fd(pipeline), .events = POLLIN};
    *state = NULL;
    return poll(&fd, 1, HANG_SECONDS * 1000) == 1 ? WEIR_OK : WEIR_TIMEDOUT;
}

/* "slow" starts last, and its init waits for the cancel. */
START_TEST (a_thread_may_end_while_other_stages_are_still_to_start) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage *slow = add_stage(
        pipeline, (weir_stage_options){
                      .name = "slow", .work.source = produce_one, .work.arg = pipeline, .work.init = wait_for_cancel});
    weir_stage *quick = add_stage(pipeline, (weir_stage_options){.name = "quick", .work.source = produce_one});
    weir_stage *exits = add_stage(pipeline, (weir_stage_options){.name = "exits",
                                                                 .work.run = exit_at_once,
                                                                 .input.drop = thing_drop,
                                                                 .errors.on_error = WEIR_SKIP});
    connect_stages(pipeline, slow, exits);
    connect_stages(pipeline, quick, exits);
    start_pipeline(pipeline);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.in, 1);
    ck_assert_uint_eq(report->counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static Suite *errors_suite(void) {
    Suite *suite = suite_create("errors in a pipeline");
    TCase *ends = add_things_case(suite, "ends");
    tcase_add_loop_test(ends, the_first_error_ends_the_run_and_the_rest_is_dropped, 1, 4);
    tcase_add_loop_test(ends, skipped_errors_are_counted_and_the_others_go_on, 1, 4);
    tcase_add_loop_test(ends, beside_the_first_errors_the_latest_are_kept, 0, 5);
    tcase_add_loop_test(ends, a_fatal_error_displaces_one_into_the_latest, 0, 4);
    tcase_add_test(ends, a_message_is_cut_and_belongs_to_its_attempt);
    tcase_add_test(ends, each_code_but_zero_fails_the_item);
    tcase_add_test(ends, no_code_of_a_program_is_one_of_weir);
    tcase_add_loop_test(ends, what_a_failed_attempt_has_emitted_is_emitted_or_dropped_in_an_ordered_stage, 0, 2);
    TCase *again = add_things_case(suite, "again");
    tcase_add_loop_test(again, a_failed_item_is_retried_by_any_free_worker, 0, 2);
    tcase_add_test(again, dead_letters_say_what_why_where_and_after_how_many);
    tcase_add_test(again, a_letter_outlives_its_pipeline_and_needs_no_task_done);
    tcase_add_test(again, an_error_that_ends_the_run_leaves_its_letter);
    tcase_add_loop_test(again, items_that_fail_forever_starve_no_others, 0, 4);
    tcase_add_loop_test(again, a_full_queue_admits_requeued_items, 0, 2);
    tcase_add_test(again, a_back_off_never_exceeds_its_maximum);
    tcase_add_test(again, an_item_cancelled_before_its_back_off_is_dropped);
    tcase_add_loop_test(again, a_report_tells_the_items_in_back_off, 0, 2);
    TCase *exits = add_things_case(suite, "exits");
    tcase_add_loop_test(exits, an_item_that_ends_its_thread_ends_the_run, 0, 2 * COUNT_OF(exiting));
    tcase_add_loop_test(exits, items_that_end_their_threads_together_fail_together, 0, COUNT_OF(exiting));
    tcase_add_loop_test(exits, an_item_that_ends_its_thread_after_a_cancel_has_failed, 0, COUNT_OF(exiting));
    tcase_add_test(exits, a_callback_that_ends_its_thread_ends_the_run);
    tcase_add_loop_test(exits, an_item_may_end_its_thread_at_a_later_attempt, 0, 3);
    tcase_add_test(exits, a_thread_may_end_while_other_stages_are_still_to_start);
    return suite;
}

int main(void) {
    return run_suite(errors_suite());
}
