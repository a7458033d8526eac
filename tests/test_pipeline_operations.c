/*
 * test_pipeline_operations.c - operations: work on items that goes on after the function of their stage has returned.
 *
 * The function of most tests detaches its item and lays the operation on a desk, where the test takes and finishes it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/operation.h>

/* ---- the desk ---- */

enum { PLACES = 4096, CODE = 7 };

struct entry {
    weir_operation operation;
    struct thing *thing;
    unsigned attempt;
};

struct desk {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct entry entries[PLACES];
    size_t laid, taken; /* entries laid so far, and taken */
    bool closed;
    weir_pipeline *pipeline;
    weir_status said;             /* of a detach that was refused */
    weir_operation last;          /* operation that the function of a special stage has started */
    atomic_uint asked, late;      /* calls of abort, by their reason */
    weir_operation asked_for[64]; /* of the first calls */
    size_t askings;
    bool abort_finishes;
    atomic_uint calls;
};

static struct desk *desk; /* of the present test */

static void desk_lay(weir_operation operation, struct thing *thing, unsigned attempt) {
    pthread_mutex_lock(&desk->mutex);
    ck_assert_uint_lt(desk->laid, PLACES);
    desk->entries[desk->laid++] = (struct entry){operation, thing, attempt};
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mutex);
}

/* Takes the next operation. Returns false once the desk is closed and empty. */
static bool desk_try(struct entry *entry) {
    pthread_mutex_lock(&desk->mutex);
    while (desk->taken == desk->laid && !desk->closed)
        pthread_cond_wait(&desk->changed, &desk->mutex);
    bool any = desk->taken < desk->laid;
    if (any)
        *entry = desk->entries[desk->taken++];
    pthread_mutex_unlock(&desk->mutex);
    return any;
}

static struct entry desk_take(void) {
    struct entry entry = {0, NULL, 0};
    ck_assert(desk_try(&entry));
    return entry;
}

static size_t desk_laid(void) {
    pthread_mutex_lock(&desk->mutex);
    size_t laid = desk->laid;
    pthread_mutex_unlock(&desk->mutex);
    return laid;
}

static void desk_close(void) {
    pthread_mutex_lock(&desk->mutex);
    desk->closed = true;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mutex);
}

static void begin(void) {
    desk = calloc(1, sizeof *desk);
    ck_assert_ptr_nonnull(desk);
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_cond_init(&desk->changed, NULL);
}

static void end(void) {
    pthread_cond_destroy(&desk->changed);
    pthread_mutex_destroy(&desk->mutex);
    free(desk);
    desk = NULL;
}

/* ---- functions of stages ---- */

static int detach(weir_task *task, void *thing, void *unused) {
    weir_operation operation;
    unsigned attempt = weir_task_attempt(task);
    (void)unused;
    atomic_fetch_add(&desk->calls, 1);
    if (weir_task_detach(task, &operation) != WEIR_OK)
        return -1;
    desk_lay(operation, thing, attempt);
    return WEIR_PENDING;
}

static void note_abort(weir_operation operation, weir_abort_reason why, void *unused) {
    (void)unused;
    pthread_mutex_lock(&desk->mutex);
    if (desk->askings < COUNT_OF(desk->asked_for))
        desk->asked_for[desk->askings++] = operation;
    pthread_mutex_unlock(&desk->mutex);
    atomic_fetch_add(why == WEIR_ABORT_LATE ? &desk->late : &desk->asked, 1);
    if (desk->abort_finishes)
        assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, operation, CODE));
}

static weir_stage_options detaching(size_t in_flight) {
    return (weir_stage_options){
        .name = "detach", .work.run = detach, .input.drop = thing_drop, .limits.in_flight = in_flight};
}

static weir_pipeline *start_with(const weir_pipeline_options *general, weir_stage_options options) {
    begin();
    weir_pipeline *pipeline = new_pipeline(general);
    desk->pipeline = pipeline;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    return pipeline;
}

static weir_pipeline *start(weir_stage_options options) {
    return start_with(NULL, options);
}

/* Ends the item, and finishes its operation. */
static void finish_done(const struct entry *entry) {
    thing_consume(entry->thing);
    assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, entry->operation, 0));
}

static void finish_next(void) {
    struct entry entry = desk_take();
    finish_done(&entry);
}

/* Finishes the pipeline, with nothing dropped, and checks that all things have ended. */
static void finish_all(weir_pipeline *pipeline, weir_status wanted) {
    finish_and_destroy(pipeline, wanted);
    assert_things_ended();
    end();
}

static const weir_stage_report *stage_of(const weir_report *report) {
    return stage_in(report, "detach");
}

static void wait_for_laid(size_t count) {
    while (desk_laid() < count)
        nap();
}

static weir_stage_options failing(unsigned attempts) {
    weir_stage_options options = detaching(10);
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry.attempts = attempts;
    return options;
}

/* ---- in flight ---- */

START_TEST (one_thread_has_many_in_flight) {
    weir_pipeline *pipeline = start(detaching(50));
    put_things(pipeline, 50);
    wait_for_laid(50);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(stage_of(report)->detached, 50);
    ck_assert_uint_eq(stage_of(report)->detached_peak, 50);
    ck_assert_uint_eq(stage_of(report)->in_flight, 50);
    ck_assert_uint_eq(stage_of(report)->counts.live, 50);
    weir_report_free(report);
    for (size_t i = 0; i < 50; i++)
        finish_next();
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 50);
    ck_assert_uint_eq(stage_of(report)->detached, 0);
    ck_assert_uint_eq(stage_of(report)->detached_peak, 50);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (no_more_than_in_flight) {
    weir_stage_options options = detaching(3);
    options.threads.count = (size_t)_i;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 20);
    for (size_t finished = 0; finished < 20; finished++) {
        wait_for_laid(finished + 3 < 20 ? finished + 3 : 20);
        let_them_err();
        ck_assert_uint_le(desk_laid(), finished + 3);
        finish_next();
    }
    finish_all(pipeline, WEIR_OK);
}
END_TEST

static void wait_for_done(weir_pipeline *pipeline, uint64_t count) {
    uint64_t done;
    do {
        weir_report *report = report_of(pipeline);
        done = stage_of(report)->counts.done;
        weir_report_free(report);
        nap();
    } while (done < count);
}

/* The thread has no further item in hand while it waits for a slot: what an operation answers comes before that. */
START_TEST (an_answer_waits_for_no_other_operation) {
    weir_pipeline *pipeline = start(detaching(1));
    put_things(pipeline, 40);
    for (uint64_t finished = 1; finished <= 40; finished++) {
        finish_next();
        wait_for_done(pipeline, finished);
    }
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* A function that does not detach has a slot too, and returns it. */
static int detach_odd(weir_task *task, void *thing, void *unused) {
    return ((struct thing *)thing)->n % 2 == 1 ? detach(task, thing, unused) : run_consume(task, thing, unused);
}

START_TEST (a_function_need_not_detach) {
    weir_stage_options options = detaching(2);
    options.work.run = detach_odd;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 20);
    for (size_t i = 0; i < 10; i++)
        finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (two_stages_have_operations_of_their_own) {
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(NULL);
    weir_stage_options options = detaching(2);
    add_stage(pipeline, options);
    options.name = "second";
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 4);
    for (size_t i = 0; i < 8; i++) {
        struct entry entry = desk_take();
        if (entry.attempt == 1 && atomic_fetch_add(&entry.thing->tries, 1) == 0) {
            assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, entry.thing));
            assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, 0));
        } else {
            finish_done(&entry);
        }
    }
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* ---- a failed start ---- */

static weir_status fail_beside_an_operation(void *unused, void **state) {
    (void)unused;
    *state = NULL;
    wait_for_laid(1);
    return WEIR_NOMEM;
}

/* The start ends without the operation, which must be finished before the pipeline is destroyed. */
START_TEST (a_failed_start_leaves_an_operation_to_the_destroy) {
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(&(weir_pipeline_options){.grace = 1});
    add_failing_fan(pipeline, fail_beside_an_operation, NULL, detaching(2));
    assert_status(WEIR_INITFAILED, weir_pipeline_start(pipeline));
    assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    assert_message(pipeline, "stage detach: destroy: an operation is not finished after ");
    struct entry entry = desk_take();
    if (_i == 0)
        finish_done(&entry);
    else
        assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    assert_things_ended();
    end();
}
END_TEST

/* ---- times ---- */

START_TEST (the_report_has_the_time_of_operations) {
    weir_pipeline *pipeline = start(detaching(4));
    put_things(pipeline, 4);
    wait_for_laid(4);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(stage_of(report)->operations, 0);
    ck_assert_uint_eq(stage_of(report)->operation_max, 0);
    weir_report_free(report);
    uint64_t before = weir_deadline_after(0);
    sleep_until(weir_deadline_after(20 * MILLISECONDS));
    uint64_t slept = weir_deadline_after(0) - before;
    for (size_t i = 0; i < 4; i++)
        finish_next();
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_of(report)->operations, 4);
    ck_assert_uint_ge(stage_of(report)->operation_p50, slept);
    ck_assert_uint_ge(stage_of(report)->operation_max, stage_of(report)->operation_p99 * 15 / 16);
    ck_assert_uint_lt(stage_of(report)->p50, stage_of(report)->operation_max);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* ---- the results ---- */

static void emit_number(weir_operation operation, size_t n) {
    assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, operation, number(n)));
}

START_TEST (results_leave_in_the_order_of_their_emits) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = detaching(2);
    options.output.results = results;
    options.output.ordered = _i >= 5;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    for (size_t i = 0; i < (size_t)_i % 5; i++)
        emit_number(entry.operation, i);
    finish_done(&entry);
    finish_all(pipeline, WEIR_OK);
    take_numbers(results, 0, (size_t)_i % 5);
    void *none;
    assert_status(WEIR_CLOSED, weir_queue_get(results, &none));
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* The function emits a result itself, before it detaches, and one after that. */
static int emit_and_detach(weir_task *task, void *thing, void *unused) {
    weir_operation operation;
    (void)unused;
    weir_task_emit(task, number(0));
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    weir_task_emit(task, number(1));
    desk_lay(operation, thing, 1);
    return WEIR_PENDING;
}

START_TEST (a_function_and_its_operation_both_emit) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = detaching(2);
    options.work.run = emit_and_detach;
    options.output.results = results;
    options.output.ordered = _i == 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    emit_number(entry.operation, 2);
    emit_number(entry.operation, 3);
    finish_done(&entry);
    finish_all(pipeline, WEIR_OK);
    take_numbers(results, 0, 4);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

START_TEST (a_failed_operation_drops_its_results) {
    struct drops drops = {.count = 0};
    weir_queue *results = new_dropping_queue(WEIR_UNBOUNDED, &drops);
    weir_stage_options options = failing(1);
    options.work.run = _i >= 2 ? emit_and_detach : detach;
    options.output.results = results;
    options.output.ordered = _i % 2 == 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    for (size_t i = 5; i < 8; i++)
        emit_number(entry.operation, i);
    assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    finish_all(pipeline, WEIR_OK);
    ck_assert_uint_eq(drops.count, 3 + (_i == 3 ? 2 : 0)); /* what an unordered stage has emitted is out */
    if (_i == 2)
        take_numbers(results, 0, 2);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* The next stage gets the results, also beyond what its queue has room for: finish does not block. */
START_TEST (results_wait_for_room_without_the_finisher) {
    struct gate gate = GATE;
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(NULL);
    add_stage(pipeline, detaching(10));
    add_stage(pipeline, (weir_stage_options){.name = "next",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = &gate,
                                             .input = {.capacity = 1, .drop = thing_drop}});
    add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_for_laid(10);
    for (size_t i = 0; i < 10; i++) {
        struct entry entry = desk_take();
        assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, entry.thing));
        assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, 0));
    }
    gate_open(&gate);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

static void *same_thing(void *thing, void *unused) {
    (void)unused;
    return copy_thing(thing, NULL);
}

START_TEST (results_go_to_all_successors) {
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(NULL);
    weir_stage_options options = detaching(4);
    options.output.fan_out = WEIR_TO_ALL;
    options.output.copy = same_thing;
    weir_stage *first = add_stage(pipeline, options);
    for (int i = 0; i < 2; i++) {
        weir_stage *next = add_stage(
            pipeline,
            (weir_stage_options){.name = i == 0 ? "a" : "b", .work.func = consume_thing, .input.drop = thing_drop});
        connect_stages(pipeline, first, next);
    }
    start_pipeline(pipeline);
    put_things(pipeline, 4);
    for (size_t i = 0; i < 4; i++) {
        struct entry entry = desk_take();
        assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, thing_new()));
        assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, entry.thing));
        assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, 0));
    }
    finish_all(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_made(), 16);
}
END_TEST

START_TEST (results_are_in_the_order_of_the_items) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = detaching(8);
    options.output.results = results;
    options.output.ordered = true;
    options.threads.count = (size_t)_i;
    weir_pipeline *pipeline = start(options);
    struct entry entries[8];
    put_things(pipeline, 8);
    for (size_t i = 0; i < 8; i++)
        entries[i] = desk_take();
    for (size_t i = 8; i-- > 0;) {
        emit_number(entries[i].operation, entries[i].thing->n);
        finish_done(&entries[i]);
    }
    finish_all(pipeline, WEIR_OK);
    take_numbers(results, 0, 8);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* ---- failures ---- */

START_TEST (a_failed_operation_is_retried) {
    weir_stage_options options = failing(3);
    options.errors.retry.backoff = _i == 0 ? 0 : 1;
    options.output.ordered = _i == 2;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    for (unsigned attempt = 1; attempt < 3; attempt++) {
        struct entry entry = desk_take();
        ck_assert_uint_eq(entry.attempt, attempt);
        assert_status(WEIR_OK, weir_operation_fail(pipeline, entry.operation, CODE, "attempt %u", attempt));
    }
    finish_next();
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(report->retried, 2);
    ck_assert_uint_eq(report->error_count, 2);
    ck_assert_str_eq(report->errors[0].message, "attempt 1");
    ck_assert_int_eq(report->errors[1].code, CODE);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* A delay that the function has asked for ends with the function. */
static int put_off_and_detach(weir_task *task, void *thing, void *unused) {
    assert_status(WEIR_OK, weir_task_retry_after(task, UINT64_MAX));
    return detach(task, thing, unused);
}

/* At the first attempt, the function's own code finishes the operation. */
static int put_off_and_fail(weir_task *task, void *thing, void *unused) {
    weir_operation operation;
    if (weir_task_attempt(task) > 1)
        return run_consume(task, thing, unused);
    assert_status(WEIR_OK, weir_task_retry_after(task, 1));
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    return CODE;
}

START_TEST (a_delay_of_the_function_counts_with_its_own_code) {
    weir_stage_options options = failing(2);
    options.work.run = put_off_and_fail;
    options.errors.retry.backoff = UINT64_MAX;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (a_delay_of_the_function_does_not_count) {
    weir_stage_options options = failing(2);
    options.work.run = put_off_and_detach;
    options.errors.retry.backoff = 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

static const struct failure {
    int code;
    const char *format;
    int wanted;
    const char *message;
} failures[] = {
    {CODE, "why", CODE, "why"},
    {CODE, NULL, CODE, ""},
    {0, "no code", WEIR_CODE(WEIR_FAILED), "no code"},
    {WEIR_END, "end", WEIR_CODE(WEIR_INVALID), "WEIR_END from a function that is no source"},
    {WEIR_PENDING, "again", WEIR_CODE(WEIR_INVALID), "WEIR_PENDING from a call that has not detached its item"},
};

static void check_letter(weir_queue *dead, const struct failure *failure) {
    void *got;
    assert_status(WEIR_OK, weir_queue_get(dead, &got));
    weir_dead_letter *letter = got;
    ck_assert_int_eq(letter->code, failure->wanted);
    ck_assert_str_eq(letter->message, failure->message);
    ck_assert_str_eq(letter->stage, "detach");
    ck_assert_uint_eq(letter->attempts, 1);
    thing_consume(letter->item);
    weir_dead_letter_free(letter);
}

START_TEST (a_failed_operation_is_dead_lettered) {
    const struct failure *failure = &failures[_i];
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = failing(1);
    options.errors.dead = dead;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    weir_status status = failure->format == NULL
                             ? weir_operation_fail(pipeline, entry.operation, failure->code, NULL)
                             : weir_operation_fail(pipeline, entry.operation, failure->code, "%s", failure->format);
    assert_status(WEIR_OK, status);
    finish_and_destroy(pipeline, WEIR_OK);
    check_letter(dead, failure);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    end();
}
END_TEST

START_TEST (a_long_message_is_truncated) {
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weir_pipeline *pipeline = start(failing(1));
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_operation_fail(pipeline, entry.operation, CODE, "%s", text));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(strlen(report->errors[0].message), 255);
    ck_assert_uint_eq(report->counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (a_failed_operation_ends_the_run) {
    weir_pipeline *pipeline = start(detaching(5));
    put_things(pipeline, 3);
    wait_for_laid(3);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    for (int i = 0; i < 2; i++) {
        entry = desk_take();
        assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed + report->counts.dropped, 3);
    ck_assert(report->errors[0].fatal);
    ck_assert_int_eq(report->errors[0].code, CODE);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* ---- before the function returns ---- */

/* Finishes its own operation with the code that is the stage's argument. */
static int finish_at_once(weir_task *task, void *thing, void *code) {
    weir_operation operation;
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    if (*(int *)code == 0)
        thing_consume(thing);
    assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, operation, number(1)));
    assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, operation, number(2)));
    assert_status(WEIR_OK,
                  weir_operation_fail(desk->pipeline, operation, *(int *)code, "inside") == WEIR_OK && *(int *)code == 0
                      ? WEIR_INVALID
                      : WEIR_OK);
    assert_status(WEIR_INVALID, weir_operation_finish(desk->pipeline, operation, 0));
    return WEIR_PENDING;
}

static int finish_done_at_once(weir_task *task, void *thing, void *unused) {
    weir_operation operation;
    (void)unused;
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    thing_consume(thing);
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, operation, number(i)));
    assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, operation, 0));
    assert_status(WEIR_INVALID, weir_operation_finish(desk->pipeline, operation, CODE));
    assert_status(WEIR_INVALID, weir_operation_emit(desk->pipeline, operation, number(9)));
    return ((struct thing *)thing)->n % 2 == 0 ? WEIR_PENDING : CODE; /* too late */
}

START_TEST (an_operation_may_be_finished_within_the_function) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = detaching(1);
    options.work.run = finish_done_at_once;
    options.output.results = results;
    options.output.ordered = _i == 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 4);
    finish_all(pipeline, WEIR_OK);
    for (size_t i = 0; i < 4; i++)
        take_numbers(results, 0, 3);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

START_TEST (an_operation_may_fail_within_the_function) {
    int code = CODE;
    weir_stage_options options = failing(2);
    options.work.run = finish_at_once;
    options.work.arg = &code;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 3);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 3);
    ck_assert_uint_eq(report->retried, 3);
    ck_assert_str_eq(report->errors[0].message, "inside");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* The item is finished by another thread, at about the time at which the function returns. */
static void *finish_each(void *unused) {
    struct entry entry;
    (void)unused;
    while (desk_try(&entry))
        finish_done(&entry);
    return NULL;
}

START_TEST (the_finish_meets_the_return) {
    pthread_t thread;
    weir_stage_options options = detaching(1 + (size_t)_i % 3);
    options.threads.count = 1 + (size_t)_i / 3;
    weir_pipeline *pipeline = start(options);
    thread_start(&thread, finish_each, NULL);
    put_things(pipeline, 2000);
    assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
    desk_close();
    thread_join(thread);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* Starts nothing, and returns an error after it has detached. */
static int detach_and_fail(weir_task *task, void *thing, void *unused) {
    (void)thing;
    (void)unused;
    assert_status(WEIR_OK, weir_task_detach(task, &desk->last));
    assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, desk->last, number(1)));
    return weir_task_fail(task, CODE, "cannot start");
}

START_TEST (a_function_may_fail_after_it_has_detached) {
    weir_stage_options options = failing(2);
    options.work.run = detach_and_fail;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->retried, 1);
    ck_assert_str_eq(report->errors[0].message, "cannot start");
    ck_assert_int_eq(report->errors[0].code, CODE);
    ck_assert_uint_eq(stage_of(report)->detached, 0);
    weir_report_free(report);
    assert_status(WEIR_INVALID, weir_operation_finish(pipeline, desk->last, 0));
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

static int detach_and_succeed(weir_task *task, void *thing, void *unused) {
    (void)unused;
    assert_status(WEIR_OK, weir_task_detach(task, &desk->last));
    assert_status(WEIR_OK, weir_operation_emit(desk->pipeline, desk->last, number(3)));
    thing_consume(thing);
    return 0;
}

START_TEST (a_function_may_succeed_after_it_has_detached) {
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_stage_options options = detaching(1);
    options.work.run = detach_and_succeed;
    options.output.results = results;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 2);
    finish_all(pipeline, WEIR_OK);
    for (int i = 0; i < 2; i++)
        take_numbers(results, 3, 4);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* ---- once ---- */

START_TEST (a_second_finish_is_refused) {
    weir_pipeline *pipeline = start(failing(2));
    put_things(pipeline, 1);
    struct entry first = desk_take();
    assert_status(WEIR_OK, weir_operation_finish(pipeline, first.operation, CODE));
    assert_status(WEIR_INVALID, weir_operation_finish(pipeline, first.operation, 0));
    struct entry second = desk_take();
    ck_assert(first.operation != second.operation);
    assert_status(WEIR_INVALID, weir_operation_finish(pipeline, first.operation, 0));
    assert_status(WEIR_INVALID, weir_operation_fail(pipeline, first.operation, CODE, "late"));
    assert_status(WEIR_INVALID, weir_operation_emit(pipeline, first.operation, number(1)));
    ck_assert_str_ne(weir_pipeline_message(pipeline), "");
    finish_done(&second);
    assert_status(WEIR_INVALID, weir_operation_finish(pipeline, second.operation, 0));
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (what_is_no_operation_is_refused) {
    static const weir_operation wrong[] = {0, 1, 3, UINT64_MAX, UINT64_C(1) << 24, UINT64_C(1) << 63};
    weir_pipeline *pipeline = start(detaching(1));
    weir_pipeline *without = new_pipeline(NULL), *another = new_pipeline(NULL);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    add_stage(another, detaching(1));
    start_pipeline(another);
    assert_status(WEIR_OK, weir_pipeline_put(another, thing_new()));
    struct entry of_another = desk_take();
    assert_status(WEIR_INVALID, weir_operation_finish(another, entry.operation, 0));
    assert_status(WEIR_INVALID, weir_operation_finish(pipeline, of_another.operation, 0));
    thing_consume(of_another.thing);
    assert_status(WEIR_OK, weir_operation_finish(another, of_another.operation, 0));
    finish_and_destroy(another, WEIR_OK);
    ck_assert(entry.operation != 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (wrong[i] == entry.operation)
            continue;
        assert_status(WEIR_INVALID, weir_operation_finish(pipeline, wrong[i], 0));
        assert_status(WEIR_INVALID, weir_operation_fail(pipeline, wrong[i], CODE, "no"));
        assert_status(WEIR_INVALID, weir_operation_emit(pipeline, wrong[i], number(1)));
    }
    assert_status(WEIR_INVALID, weir_operation_finish(without, entry.operation, 0));
    assert_status(WEIR_INVALID, weir_operation_finish(NULL, entry.operation, 0));
    assert_status(WEIR_INVALID, weir_operation_fail(NULL, entry.operation, CODE, "no"));
    assert_status(WEIR_INVALID, weir_operation_emit(NULL, entry.operation, number(1)));
    finish_done(&entry);
    destroy_pipeline(without);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

enum { RIVALS = 4, ROUNDS = 200 };

struct race {
    struct gate *gates;
    weir_operation *operations;
    atomic_uint *successes;
};

static void *finish_first(void *raw) {
    struct race *race = raw;
    for (size_t i = 0; i < ROUNDS; i++) {
        gate_pass(&race->gates[i]);
        if (weir_operation_finish(desk->pipeline, race->operations[i], 0) == WEIR_OK)
            atomic_fetch_add(&race->successes[i], 1);
    }
    return NULL;
}

START_TEST (one_of_several_threads_finishes) {
    static struct gate gates[ROUNDS];
    static weir_operation operations[ROUNDS];
    static atomic_uint successes[ROUNDS];
    pthread_t threads[RIVALS];
    struct race race = {gates, operations, successes};
    weir_pipeline *pipeline = start(detaching(2));
    for (size_t i = 0; i < ROUNDS; i++)
        gates[i] = (struct gate)GATE;
    for (size_t i = 0; i < RIVALS; i++)
        thread_start(&threads[i], finish_first, &race);
    for (size_t i = 0; i < ROUNDS; i++) {
        put_things(pipeline, 1);
        struct entry entry = desk_take();
        thing_consume(entry.thing);
        operations[i] = entry.operation;
        gate_open(&gates[i]);
    }
    for (size_t i = 0; i < RIVALS; i++)
        thread_join(threads[i]);
    for (size_t i = 0; i < ROUNDS; i++)
        ck_assert_uint_eq(atomic_load(&successes[i]), 1);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* ---- refused detaches ---- */

static int expect_refusal(weir_task *task, void *thing, void *unused) {
    weir_operation operation = 5;
    (void)unused;
    desk->said = weir_task_detach(task, &operation);
    ck_assert_uint_eq(operation, 5);
    thing_consume(thing);
    return 0;
}

START_TEST (without_in_flight_a_detach_is_refused) {
    weir_stage_options options = detaching(0);
    options.work.run = expect_refusal;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_of(report)->in_flight, 0);
    weir_report_free(report);
    assert_status(WEIR_INVALID, desk->said);
    destroy_pipeline(pipeline);
    end();
}
END_TEST

static int expect_refusal_of_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    return count == 1 ? expect_refusal(task, items[0], unused) : -1;
}

START_TEST (a_batch_cannot_be_detached) {
    weir_pipeline *pipeline = start((weir_stage_options){
        .name = "detach", .work.run_batch = expect_refusal_of_batch, .batch.items = 1, .input.drop = thing_drop});
    put_things(pipeline, 1);
    weir_report_free(finish_pipeline(pipeline, WEIR_OK));
    assert_status(WEIR_INVALID, desk->said);
    destroy_pipeline(pipeline);
    end();
}
END_TEST

static int expect_refusal_in_source(weir_task *task, void *none, void *unused) {
    (void)none;
    (void)unused;
    desk->said = weir_task_detach(task, &desk->last);
    return WEIR_END;
}

START_TEST (a_source_cannot_detach) {
    weir_pipeline *pipeline = start((weir_stage_options){.name = "detach", .work.source = expect_refusal_in_source});
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_INVALID, desk->said);
    end();
}
END_TEST

static int expect_refusal_at_end(weir_task *task, void *unused) {
    (void)unused;
    desk->said = weir_task_detach(task, &desk->last);
    return 0;
}

START_TEST (at_end_cannot_detach) {
    weir_stage_options options = detaching(2);
    options.work.run = run_consume;
    options.work.at_end = expect_refusal_at_end;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 3);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_INVALID, desk->said);
    assert_things_ended();
    end();
}
END_TEST

static int detach_wrongly(weir_task *task, void *thing, void *unused) {
    weir_operation operation, second = 5;
    (void)unused;
    assert_status(WEIR_INVALID, weir_task_detach(task, NULL));
    assert_status(WEIR_INVALID, weir_task_detach(NULL, &operation));
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    assert_status(WEIR_INVALID, weir_task_detach(task, &second));
    ck_assert_uint_eq(second, 5);
    desk_lay(operation, thing, 1);
    return WEIR_PENDING;
}

START_TEST (an_item_is_detached_once) {
    weir_stage_options options = detaching(1);
    options.work.run = detach_wrongly;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 2);
    finish_next();
    finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

static int return_pending(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)thing;
    (void)unused;
    return WEIR_PENDING;
}

START_TEST (pending_without_a_detach_is_a_failure) {
    weir_stage_options options = failing(1);
    options.work.run = return_pending;
    options.limits.in_flight = (size_t)_i;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_INVALID));
    ck_assert_str_eq(report->errors[0].message, "WEIR_PENDING from a call that has not detached its item");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

static const struct {
    weir_stage_options options;
    const char *message;
} wrong_stages[] = {
    {{.name = "x", .work.func = consume_thing, .limits.in_flight = 1},
     "stage x: in_flight is 1, and run is NULL: only run may detach"},
    {{.name = "x", .work.source = end_at_once, .limits.in_flight = 2}, "stage x: in_flight is 2, and run is NULL"},
    {{.name = "x", .work.run_batch = run_batch_consume, .batch.items = 1, .limits.in_flight = 3},
     "stage x: in_flight is 3, and run is NULL"},
    {{.name = "x", .work.run = detach, .limits.in_flight = (size_t)1 << 24},
     "stage x: in_flight is 16777216, and must be"},
    {{.name = "x", .work.run = detach, .work.abort = note_abort}, "stage x: abort is set, and in_flight is 0"},
};

START_TEST (a_stage_without_effect_is_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &wrong_stages[_i].options));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), wrong_stages[_i].message) != NULL, "%s",
                  weir_pipeline_message(pipeline));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (too_many_operations_are_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    static const char *const names[] = {"a", "b"};
    for (int i = 0; i < 2; i++)
        add_stage(pipeline,
                  (weir_stage_options){.name = names[i], .work.run = detach, .limits.in_flight = (size_t)1 << 23});
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_str_eq(weir_pipeline_message(pipeline),
                     "start: in_flight of all stages together is 16777216, and must be below 16777216");
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- beside the other limits ---- */

static uint64_t key_of_all(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

START_TEST (the_key_stays_taken) {
    weir_stage_options options = failing(2);
    options.limits.key = key_of_all;
    options.limits.per_key = (size_t)_i;
    options.threads.count = 2;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 6);
    for (size_t i = 0; i < 7; i++) {
        wait_for_laid(i + (size_t)_i < 7 ? i + (size_t)_i : 7);
        let_them_err();
        ck_assert_uint_le(desk_laid(), i + (size_t)_i);
        struct entry entry = desk_take();
        if (i == 0)
            assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE)); /* is retried */
        else
            finish_done(&entry);
    }
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (the_automatic_max_items_has_room) {
    weir_stage_options options = detaching(300);
    options.output.ordered = true;
    options.input.capacity = 10;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 300);
    wait_for_laid(300);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->max_items, 311);
    weir_report_free(report);
    for (size_t i = 0; i < 300; i++)
        finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (a_rate_limits_the_starts) {
    weir_stage_options options = detaching(100);
    options.limits.rate = 1e-3;
    options.limits.burst = 3;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 5);
    wait_for_laid(3);
    let_them_err();
    ck_assert_uint_eq(desk_laid(), 3);
    for (int i = 0; i < 3; i++)
        finish_next();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_all(pipeline, WEIR_CANCELLED);
}
END_TEST

START_TEST (a_paused_stage_completes_after_the_resume) {
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(NULL);
    weir_stage *stage = add_stage(pipeline, detaching(4));
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    wait_for_laid(3);
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, stage));
    for (int i = 0; i < 3; i++)
        finish_next();
    put_things(pipeline, 1);
    let_them_err();
    ck_assert_uint_eq(desk_laid(), 3);
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

static void note_settled(void *ticket, weir_outcome outcome) {
    atomic_fetch_add((atomic_uint *)ticket, outcome == WEIR_ITEM_DONE ? 1 : 100);
}

START_TEST (a_submitted_item_is_settled_by_its_operation) {
    atomic_uint settled = 0;
    weir_pipeline *pipeline = start_with(&(weir_pipeline_options){.settled = note_settled}, failing(1));
    for (int i = 0; i < 2; i++)
        assert_status(WEIR_OK, weir_pipeline_submit(pipeline, thing_new(), &settled));
    struct entry entry = desk_take();
    let_them_err();
    ck_assert_uint_eq(atomic_load(&settled), 0);
    assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, number(1)));
    assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, number(2)));
    finish_done(&entry);
    wait_for_count(&settled, 1);
    entry = desk_take();
    assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    wait_for_count(&settled, 101);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (wait_idle_waits_for_operations) {
    weir_pipeline *pipeline = start(detaching(4));
    put_things(pipeline, 2);
    wait_for_laid(2);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, weir_deadline_after(1)));
    finish_next();
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, weir_deadline_after(1)));
    finish_next();
    assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
    finish_all(pipeline, WEIR_OK);
}
END_TEST

START_TEST (finish_waits_for_operations) {
    struct pipeline_call finish = {.pipeline = start(detaching(4)), .call.deadline = WEIR_NEVER};
    put_things(finish.pipeline, 2);
    wait_for_laid(2);
    call_start(&finish.call, make_pipeline_finish);
    wait_for_the_end(finish.pipeline);
    finish_next();
    let_them_err();
    ck_assert(!atomic_load(&finish.call.returned));
    finish_next();
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    finish_all(finish.pipeline, WEIR_OK);
}
END_TEST

START_TEST (an_elastic_stage_detaches) {
    pthread_t thread;
    weir_stage_options options = detaching(5);
    options.threads.count = 1;
    options.threads.max = 4;
    weir_pipeline *pipeline = start(options);
    thread_start(&thread, finish_each, NULL);
    put_things(pipeline, 1000);
    assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
    desk_close();
    thread_join(thread);
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* ---- the end ---- */

static const weir_pipeline_options impatient = {.grace = 1};

static void expect_busy(weir_pipeline *pipeline, weir_deadline deadline) {
    weir_report *report = NULL;
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, deadline, &report));
    ck_assert_ptr_nonnull(report);
    assert_message(pipeline, "stage detach: finish: an operation is not finished after ");
    ck_assert_uint_ge(report->late_count, 1);
    ck_assert_str_eq(report->late[0].stage, "detach");
    ck_assert_uint_eq(report->late[0].number, SIZE_MAX);
    ck_assert_int_eq(report->late[0].where, WEIR_IN_OPERATION);
    ck_assert(report->late[0].stuck);
    ck_assert_uint_gt(report->late[0].since, 0);
    weir_report_free(report);
}

START_TEST (a_cancel_waits_for_operations) {
    weir_pipeline *pipeline = start_with(&impatient, detaching(4));
    put_things(pipeline, 3);
    wait_for_laid(3);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    expect_busy(pipeline, WEIR_NEVER);
    ck_assert_uint_eq(things_dropped(), 0);
    finish_next(); /* code 0: done */
    expect_busy(pipeline, WEIR_NEVER);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, number(1)));
    assert_status(WEIR_OK, weir_operation_fail(pipeline, entry.operation, CODE, "aborted"));
    ck_assert_uint_eq(things_dropped(), 1);
    assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    assert_message(pipeline, "stage detach: destroy: an operation is not finished after ");
    finish_next();
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, 2);
    ck_assert_uint_eq(report->counts.dropped, 1);
    ck_assert_uint_eq(report->late_count, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* After a cancel, the results of an operation with code 0 are dropped, and the item is done. */
START_TEST (results_are_dropped_after_a_cancel) {
    struct drops drops = {.count = 0};
    weir_queue *results = new_dropping_queue(WEIR_UNBOUNDED, &drops);
    weir_stage_options options = detaching(4);
    options.output.results = results;
    options.output.ordered = _i == 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    emit_number(entry.operation, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    emit_number(entry.operation, 2);
    finish_done(&entry);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(drops.count, 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_destroy(results));
    end();
}
END_TEST

/* They leave if another pipeline keeps the queue open, in the order of the items. */
START_TEST (results_leave_after_a_cancel) {
    weir_queue *results = NULL;
    weir_stage_options options = detaching(4);
    assert_status(WEIR_OK, weir_queue_create(&results, WEIR_UNBOUNDED));
    options.output.results = results;
    options.output.ordered = _i == 1;
    options.threads.count = 2;
    weir_pipeline *other = new_pipeline(NULL);
    add_stage(other, options);
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 2);
    wait_for_laid(2);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    struct entry entries[] = {desk_take(), desk_take()};
    for (size_t n = 0; n < 2; n++) {
        struct entry *entry = &entries[entries[0].thing->n == n ? 0 : 1];
        emit_number(entry->operation, 2 * n);
        emit_number(entry->operation, 2 * n + 1);
        finish_done(entry);
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    take_numbers(results, 0, 4);
    destroy_pipeline(other);
    assert_status(WEIR_OK, weir_queue_destroy(results));
    assert_things_ended();
    end();
}
END_TEST

/* Without a destination, results are ignored, after a cancel too. */
START_TEST (an_item_without_a_destination_is_done_after_a_cancel) {
    size_t emitted = (size_t)_i / 2;
    weir_stage_options options = detaching(4);
    options.output.ordered = _i % 2 == 1;
    options.threads.count = 2;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    for (size_t i = 0; i < emitted; i++)
        assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, entry.thing));
    finish_done(&entry);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(stage_in(report, "detach")->counts.done, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (a_deadline_cancels_and_waits) {
    weir_pipeline *pipeline = start_with(&impatient, detaching(4));
    put_things(pipeline, 2);
    wait_for_laid(2);
    expect_busy(pipeline, 0);
    finish_next();
    finish_next();
    weir_report *report = finish_pipeline(pipeline, WEIR_OK); /* nothing was dropped */
    ck_assert_uint_eq(report->counts.done, 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (a_cancel_wakes_those_that_wait_for_an_operation) {
    weir_stage_options options = detaching(1);
    options.threads.count = 3;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 4);
    wait_for_laid(1);
    let_them_err();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_next();
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(report->counts.dropped, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* ---- aborts ---- */

static weir_stage_options aborting(size_t in_flight) {
    weir_stage_options options = detaching(in_flight);
    options.work.abort = note_abort;
    return options;
}

START_TEST (a_cancel_asks_each_operation_once) {
    weir_pipeline *pipeline = start(aborting(4));
    put_things(pipeline, 3);
    wait_for_laid(3);
    struct entry entries[3];
    for (int i = 0; i < 3; i++)
        entries[i] = desk_take();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    wait_for_count(&desk->asked, 3);
    for (int i = 0; i < 3; i++) {
        bool asked = false;
        for (int k = 0; k < 3; k++)
            asked = asked || desk->asked_for[k] == entries[i].operation;
        ck_assert(asked);
        finish_done(&entries[i]);
    }
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&desk->asked), 3);
    ck_assert_uint_eq(atomic_load(&desk->late), 0);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (an_abort_may_finish_the_operation) {
    weir_pipeline *pipeline = start(aborting(100));
    desk->abort_finishes = true;
    put_things(pipeline, 100);
    wait_for_laid(100);
    if (_i == 0)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = NULL;
    assert_status(_i == 0 ? WEIR_CANCELLED : WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, 0, &report));
    ck_assert_uint_eq(report->counts.dropped, 100);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* The function is in its call at the cancel, and detaches afterwards. */
static int detach_after_cancel(weir_task *task, void *thing, void *gate) {
    gate_pass(gate);
    return detach(task, thing, NULL);
}

START_TEST (an_operation_that_begins_after_the_cancel_is_asked) {
    struct gate gate = GATE;
    weir_stage_options options = aborting(2);
    options.work.run = detach_after_cancel;
    options.work.arg = &gate;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    struct entry entry = desk_take();
    wait_for_count(&desk->asked, 1);
    ck_assert(desk->asked_for[0] == entry.operation);
    finish_done(&entry);
    finish_all(pipeline, WEIR_CANCELLED);
}
END_TEST

START_TEST (a_late_operation_is_asked_once_an_attempt) {
    weir_stage_options options = aborting(4);
    options.errors.on_error = WEIR_SKIP;
    options.errors.attempt_time = 1;
    options.errors.retry.attempts = 2;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 2);
    wait_for_laid(2);
    wait_for_count(&desk->late, 2);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(stage_of(report)->overdue, 2);
    ck_assert_uint_ge(report->late_count, 1);
    ck_assert_int_eq(report->late[report->late_count - 1].where, WEIR_IN_OPERATION);
    ck_assert(!report->late[report->late_count - 1].stuck);
    weir_report_free(report);
    struct entry entry = desk_take();
    assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    finish_next();
    wait_for_count(&desk->late, 3);
    finish_next();
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_of(report)->overdue, 3);
    ck_assert_uint_eq(report->counts.done, 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&desk->late), 3);
    ck_assert_uint_eq(atomic_load(&desk->asked), 0);
    assert_things_ended();
    end();
}
END_TEST

START_TEST (an_abort_may_finish_what_is_late) {
    weir_stage_options options = aborting(3);
    options.errors.on_error = WEIR_SKIP;
    options.errors.attempt_time = 1;
    weir_pipeline *pipeline = start(options);
    desk->abort_finishes = true;
    put_things(pipeline, 50);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 50);
    ck_assert_uint_eq(atomic_load(&desk->late), 50);
    ck_assert_uint_eq(stage_of(report)->overdue, 50);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

enum { LIMIT = 20 * 1000 * 1000, LONG_LIMIT = 20 * LIMIT }; /* ns */

static void sleep_past_limit(void) {
    nanosleep(&(struct timespec){.tv_nsec = LIMIT + LIMIT / 4}, NULL);
}

static int detach_and_sleep(weir_task *task, void *thing, void *unused) {
    int code = detach(task, thing, unused);
    sleep_past_limit();
    return code;
}

/* The first call waits in a call of weir, whose time does not count, for longer than the limit. */
static void wait_long(weir_queue *queue) {
    void *none;
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &none, weir_deadline_after(LONG_LIMIT + LIMIT)));
}

static int detach_and_wait(weir_task *task, void *thing, void *queue) {
    bool first = ((struct thing *)thing)->n == 0;
    int code = detach(task, thing, NULL);
    if (first)
        wait_long(queue);
    return code;
}

static int wait_and_detach(weir_task *task, void *thing, void *queue) {
    if (((struct thing *)thing)->n == 0)
        wait_long(queue);
    return detach(task, thing, NULL);
}

static weir_pipeline *start_limited(int (*run)(weir_task *, void *, void *), void *arg, uint64_t limit) {
    weir_stage_options options = detaching(4);
    options.work.run = run;
    options.work.arg = arg;
    options.threads.count = 1;
    options.errors.attempt_time = limit;
    return start(options);
}

static void finish_overdue(weir_pipeline *pipeline, uint64_t wanted) {
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_of(report)->overdue, wanted);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}

/* Reports and the end count the attempt once, whether or not the operation is finished before its function returns. */
START_TEST (an_operation_is_overdue_once) {
    weir_pipeline *pipeline = start_limited(_i == 0 ? detach : detach_and_sleep, NULL, LIMIT);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    sleep_past_limit();
    for (uint64_t overdue = 0; overdue == 0;) {
        weir_report *report = report_of(pipeline);
        overdue = stage_of(report)->overdue;
        ck_assert_uint_le(overdue, 1);
        weir_report_free(report);
    }
    finish_done(&entry);
    finish_overdue(pipeline, 1);
}
END_TEST

static int detach_and_pass(weir_task *task, void *thing, void *gate) {
    int code = detach(task, thing, NULL);
    gate_pass(gate);
    return code;
}

/* The function is in its call at the finish, after the limit, and returns later: its lane alone counts. */
START_TEST (an_operation_finished_inside_is_overdue_once) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = start_limited(detach_and_pass, &gate, 1000 * 1000);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    gate_wait_for(&gate, 1);
    sleep_past_limit();
    finish_done(&entry);
    gate_open(&gate);
    finish_overdue(pipeline, 1);
}
END_TEST

/* The wait is longer than the limit. Only later, by its own time, the operation is overdue. */
START_TEST (a_wait_of_the_function_does_not_count) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_limited(_i == 0 ? detach_and_wait : wait_and_detach, queue, LONG_LIMIT);
    put_things(pipeline, 2);
    wait_for_laid(2); /* the thread's first call has returned */
    struct entry entry = desk_take();
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(stage_of(report)->overdue, 0);
    ck_assert_uint_eq(report->late_count, 0);
    weir_report_free(report);
    finish_next();
    for (int i = 0; i < LONG_LIMIT / LIMIT; i++)
        sleep_past_limit();
    finish_done(&entry);
    finish_overdue(pipeline, 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* The first call is long. The second one begins and returns before the first has returned. */
static int detach_and_pass_first(weir_task *task, void *thing, void *gate) {
    bool first = ((struct thing *)thing)->n == 0;
    int code = detach(task, thing, NULL);
    if (first)
        gate_pass(gate);
    return code;
}

static const weir_late_worker *late_operation(const weir_report *report) {
    for (size_t i = 0; i < report->late_count; i++)
        if (report->late[i].where == WEIR_IN_OPERATION)
            return &report->late[i];
    return NULL;
}

START_TEST (a_report_names_the_operation_that_began_first) {
    struct gate gate = GATE;
    weir_stage_options options = detaching(4);
    options.work.run = detach_and_pass_first;
    options.work.arg = &gate;
    options.threads.count = 2;
    options.errors.attempt_time = LONG_LIMIT;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    for (int i = 0; i < LONG_LIMIT / LIMIT; i++)
        sleep_past_limit();
    put_things(pipeline, 1);
    wait_for_laid(2);
    nap(); /* the second function returns */
    gate_open(&gate);
    uint64_t since = 0;
    while (since == 0) {
        weir_report *report = report_of(pipeline);
        const weir_late_worker *late = late_operation(report);
        since = late == NULL ? 0 : late->since;
        weir_report_free(report);
    }
    ck_assert_uint_gt(since, LONG_LIMIT / LIMIT * (LIMIT + LIMIT / 4));
    finish_next();
    finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* ---- the end of a thread ---- */

static int detach_and_exit(weir_task *task, void *thing, void *unused) {
    (void)detach(task, thing, unused);
    pthread_exit(NULL);
}

/* Ends a test in which one finished item is done, or dropped. */
static void end_with_one(weir_pipeline *pipeline, weir_report *report, bool is_done) {
    ck_assert_uint_eq(report->counts.done, is_done);
    ck_assert_uint_eq(report->counts.dropped, !is_done);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}

START_TEST (the_item_outlives_the_thread) {
    weir_stage_options options = detaching(4);
    options.work.run = detach_and_exit;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    struct entry entry = desk_take();
    wait_for_the_end(pipeline);
    ck_assert_uint_eq(things_dropped(), 0);
    if (_i == 0)
        finish_done(&entry);
    else
        assert_status(WEIR_OK, weir_operation_finish(pipeline, entry.operation, CODE));
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "detach", 1);
    end_with_one(pipeline, report, _i == 0);
}
END_TEST

static int finish_and_exit(weir_task *task, void *thing, void *unused) {
    weir_operation operation;
    (void)unused;
    assert_status(WEIR_OK, weir_task_detach(task, &operation));
    thing_consume(thing);
    assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, operation, 0));
    pthread_exit(NULL);
}

START_TEST (an_answer_outlives_the_thread) {
    weir_stage_options options = detaching(4);
    options.work.run = finish_and_exit;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    wait_for_the_end(pipeline);
    finish_all(pipeline, WEIR_FAILED);
}
END_TEST

static int code_of_first;

/* The second call finishes the operation of the first one, and ends the thread. */
static int finish_the_first_and_exit(weir_task *task, void *thing, void *unused) {
    if (desk_laid() == 0)
        return detach(task, thing, unused);
    struct entry first = desk_take();
    if (code_of_first == 0)
        thing_consume(first.thing);
    assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, first.operation, code_of_first));
    pthread_exit(NULL);
}

START_TEST (what_the_thread_has_finished_outlives_it) {
    weir_stage_options options = detaching(4);
    options.work.run = finish_the_first_and_exit;
    code_of_first = _i == 0 ? 0 : CODE;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 2);
    wait_for_the_end(pipeline);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed, 1);
    end_with_one(pipeline, report, _i == 0);
}
END_TEST

static int exit_without_detach(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)thing;
    (void)unused;
    pthread_exit(NULL);
}

START_TEST (a_thread_that_ends_gives_its_slot_back) {
    weir_stage_options options = detaching(1);
    options.work.run = exit_without_detach;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 1);
    wait_for_the_end(pipeline);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}
END_TEST

/* ---- the bottleneck ---- */

START_TEST (operations_are_the_bottleneck) {
    weir_stage_options options = detaching(1);
    options.threads.count = 1;
    weir_pipeline *pipeline = start(options);
    put_things(pipeline, 10);
    weir_bottleneck kind = WEIR_BOTTLENECK_NONE;
    while (kind != WEIR_BOTTLENECK_OPERATIONS) {
        nap();
        weir_report *report = report_of(pipeline);
        kind = report->bottleneck_kind;
        if (kind == WEIR_BOTTLENECK_OPERATIONS)
            ck_assert_str_eq(report->bottleneck->name, "detach");
        weir_report_free(report);
    }
    for (int i = 0; i < 10; i++)
        finish_next();
    finish_all(pipeline, WEIR_OK);
}
END_TEST

/* ---- all at once ---- */

enum { FINISHERS = 3 };

struct finisher {
    pthread_t thread;
    uint64_t random;
};

/* Finishes operations with one result, several or none, or fails them, one time in four after some others. */
static void *finish_randomly(void *raw) {
    struct finisher *finisher = raw;
    struct entry entry;
    while (desk_try(&entry)) {
        uint64_t lot = random_next(&finisher->random);
        weir_pipeline *pipeline = desk->pipeline;
        if (lot % 4 == 0) {
            weir_operation_fail(pipeline, entry.operation, CODE, lot % 8 == 0 ? NULL : "%s", "no luck");
            continue;
        }
        for (uint64_t i = 0; i < lot / 4 % 3; i++)
            assert_status(WEIR_OK, weir_operation_emit(pipeline, entry.operation, thing_new()));
        if (lot / 16 % 8 == 0)
            nap();
        finish_done(&entry);
    }
    return NULL;
}

static uint64_t key_of_thing(const void *item, void *unused) {
    (void)unused;
    return ((const struct thing *)item)->n % 5;
}

static weir_stage_options kind_of(int kind) {
    weir_stage_options options = failing(3);
    options.threads.count = 1 + (size_t)kind % 2;
    options.limits.in_flight = kind % 3 == 0 ? 1 : 7;
    options.output.ordered = kind / 2 % 2 == 1;
    options.errors.retry.backoff = kind / 4 % 2 == 1 ? 1 : 0;
    if (kind / 8 % 2 == 1) {
        options.limits.per_key = 1 + (size_t)kind % 2;
        options.limits.key = key_of_thing;
    }
    return options;
}

static void run_randomly(int kind, size_t before_cancel) {
    struct finisher finishers[FINISHERS];
    uint64_t seed = now() ^ (uint64_t)kind;
    printf("seed %llu\n", (unsigned long long)seed);
    begin();
    weir_pipeline *pipeline = desk->pipeline = new_pipeline(NULL);
    add_stage(pipeline, kind_of(kind));
    add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (size_t i = 0; i < FINISHERS; i++) {
        finishers[i].random = seed + i;
        thread_start(&finishers[i].thread, finish_randomly, &finishers[i]);
    }
    size_t count = before_cancel != 0 ? before_cancel : 400;
    put_things(pipeline, count);
    for (int i = 0; i < 20; i++) {
        weir_report *report = report_of(pipeline);
        assert_balanced(report);
        ck_assert_uint_le(stage_of(report)->detached, stage_of(report)->in_flight);
        weir_report_free(report);
    }
    if (before_cancel != 0)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, before_cancel != 0 ? WEIR_CANCELLED : WEIR_OK);
    assert_all_over(report);
    ck_assert_uint_eq(report->counts.in, count);
    weir_report_free(report);
    desk_close();
    for (size_t i = 0; i < FINISHERS; i++)
        thread_join(finishers[i].thread);
    destroy_pipeline(pipeline);
    assert_things_ended();
    end();
}

START_TEST (each_item_ends_once) {
    run_randomly(_i, 0);
}
END_TEST

START_TEST (each_item_ends_once_by_a_cancel) {
    run_randomly(_i, 40 + 7 * (size_t)_i);
}
END_TEST

/* Threads of the program that only finish are not waited for by a join; a destroy must be. */
struct last {
    struct gate gate;
    weir_operation operation;
};

static void *finish_last(void *raw) {
    struct last *last = raw;
    gate_pass(&last->gate);
    assert_status(WEIR_OK, weir_operation_finish(desk->pipeline, last->operation, 0));
    return NULL;
}

START_TEST (a_destroy_waits_for_the_call_that_finishes) {
    for (int i = 0; i < 200; i++) {
        struct last last = {.gate = GATE};
        pthread_t thread;
        weir_pipeline *pipeline = start(detaching(1));
        put_things(pipeline, 1);
        struct entry entry = desk_take();
        thing_consume(entry.thing);
        last.operation = entry.operation;
        thread_start(&thread, finish_last, &last);
        gate_open(&last.gate);
        finish_and_destroy(pipeline, WEIR_OK); /* returns while the thread may be in its call: the destroy waits */
        thread_join(thread);
        end();
    }
}
END_TEST

/* ---- the suite ---- */

static void add_cases_of_results(Suite *suite) {
    TCase *cases = add_things_case(suite, "results");
    tcase_add_loop_test(cases, results_leave_in_the_order_of_their_emits, 0, 10);
    tcase_add_loop_test(cases, a_function_and_its_operation_both_emit, 0, 2);
    tcase_add_loop_test(cases, a_failed_operation_drops_its_results, 0, 4);
    tcase_add_test(cases, results_wait_for_room_without_the_finisher);
    tcase_add_test(cases, results_go_to_all_successors);
    tcase_add_loop_test(cases, results_are_in_the_order_of_the_items, 1, 4);
}

static void add_cases_of_failures(Suite *suite) {
    TCase *cases = add_things_case(suite, "failures");
    tcase_add_loop_test(cases, a_failed_operation_is_retried, 0, 3);
    tcase_add_test(cases, a_delay_of_the_function_does_not_count);
    tcase_add_test(cases, a_delay_of_the_function_counts_with_its_own_code);
    tcase_add_loop_test(cases, a_failed_operation_is_dead_lettered, 0, COUNT_OF(failures));
    tcase_add_test(cases, a_long_message_is_truncated);
    tcase_add_test(cases, a_failed_operation_ends_the_run);
}

static void add_cases_of_returns(Suite *suite) {
    TCase *cases = add_things_case(suite, "before the return");
    tcase_add_loop_test(cases, an_operation_may_be_finished_within_the_function, 0, 2);
    tcase_add_test(cases, an_operation_may_fail_within_the_function);
    tcase_add_loop_test(cases, the_finish_meets_the_return, 0, 6);
    tcase_add_test(cases, a_function_may_fail_after_it_has_detached);
    tcase_add_test(cases, a_function_may_succeed_after_it_has_detached);
    cases = add_things_case(suite, "once");
    tcase_add_test(cases, a_second_finish_is_refused);
    tcase_add_test(cases, what_is_no_operation_is_refused);
    tcase_add_test(cases, one_of_several_threads_finishes);
}

static void add_cases_of_refusals(Suite *suite) {
    TCase *cases = add_things_case(suite, "refused");
    tcase_add_test(cases, without_in_flight_a_detach_is_refused);
    tcase_add_test(cases, a_batch_cannot_be_detached);
    tcase_add_test(cases, a_source_cannot_detach);
    tcase_add_test(cases, at_end_cannot_detach);
    tcase_add_test(cases, an_item_is_detached_once);
    tcase_add_loop_test(cases, pending_without_a_detach_is_a_failure, 0, 2);
    tcase_add_loop_test(cases, a_stage_without_effect_is_refused, 0, COUNT_OF(wrong_stages));
    tcase_add_test(cases, too_many_operations_are_refused);
}

static void add_cases_of_limits(Suite *suite) {
    TCase *cases = add_things_case(suite, "limits");
    tcase_add_loop_test(cases, the_key_stays_taken, 1, 3);
    tcase_add_test(cases, the_automatic_max_items_has_room);
    tcase_add_test(cases, a_rate_limits_the_starts);
    tcase_add_test(cases, a_paused_stage_completes_after_the_resume);
    tcase_add_test(cases, a_submitted_item_is_settled_by_its_operation);
    tcase_add_test(cases, wait_idle_waits_for_operations);
    tcase_add_test(cases, finish_waits_for_operations);
    tcase_add_test(cases, an_elastic_stage_detaches);
    tcase_add_test(cases, operations_are_the_bottleneck);
}

static void add_cases_of_the_end(Suite *suite) {
    TCase *cases = add_things_case(suite, "the end");
    tcase_add_test(cases, a_cancel_waits_for_operations);
    tcase_add_loop_test(cases, results_are_dropped_after_a_cancel, 0, 2);
    tcase_add_loop_test(cases, results_leave_after_a_cancel, 0, 2);
    tcase_add_loop_test(cases, an_item_without_a_destination_is_done_after_a_cancel, 0, 6);
    tcase_add_test(cases, a_deadline_cancels_and_waits);
    tcase_add_test(cases, a_cancel_wakes_those_that_wait_for_an_operation);
    tcase_add_test(cases, a_destroy_waits_for_the_call_that_finishes);
    cases = add_things_case(suite, "aborts");
    tcase_add_test(cases, a_cancel_asks_each_operation_once);
    tcase_add_loop_test(cases, an_abort_may_finish_the_operation, 0, 2);
    tcase_add_test(cases, an_operation_that_begins_after_the_cancel_is_asked);
    tcase_add_test(cases, a_late_operation_is_asked_once_an_attempt);
    tcase_add_test(cases, an_abort_may_finish_what_is_late);
    tcase_add_loop_test(cases, an_operation_is_overdue_once, 0, 2);
    tcase_add_test(cases, an_operation_finished_inside_is_overdue_once);
    tcase_add_test(cases, a_report_names_the_operation_that_began_first);
    tcase_add_loop_test(cases, a_wait_of_the_function_does_not_count, 0, 2);
    cases = add_things_case(suite, "the end of a thread");
    tcase_add_loop_test(cases, the_item_outlives_the_thread, 0, 2);
    tcase_add_loop_test(cases, what_the_thread_has_finished_outlives_it, 0, 2);
    tcase_add_test(cases, an_answer_outlives_the_thread);
    tcase_add_test(cases, a_thread_that_ends_gives_its_slot_back);
}

static Suite *operations_suite(void) {
    Suite *suite = suite_create("operations");
    TCase *cases = add_things_case(suite, "in flight");
    tcase_add_test(cases, one_thread_has_many_in_flight);
    tcase_add_loop_test(cases, no_more_than_in_flight, 1, 4);
    tcase_add_test(cases, an_answer_waits_for_no_other_operation);
    tcase_add_test(cases, a_function_need_not_detach);
    tcase_add_loop_test(cases, a_failed_start_leaves_an_operation_to_the_destroy, 0, 2);
    tcase_add_test(cases, the_report_has_the_time_of_operations);
    tcase_add_test(cases, two_stages_have_operations_of_their_own);
    add_cases_of_results(suite);
    add_cases_of_failures(suite);
    add_cases_of_returns(suite);
    add_cases_of_refusals(suite);
    add_cases_of_limits(suite);
    add_cases_of_the_end(suite);
    cases = add_things_case(suite, "all at once");
    tcase_add_loop_test(cases, each_item_ends_once, 0, 16);
    tcase_add_loop_test(cases, each_item_ends_once_by_a_cancel, 0, 16);
    return suite;
}

int main(void) {
    return run_suite(operations_suite());
}
