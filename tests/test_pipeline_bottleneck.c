/*
 * test_pipeline_bottleneck.c - the bottleneck that a report names, in pipelines with a known bottleneck; and that time
 * spent waiting in calls of weir is no busy time.
 *
 * What is slow sleeps ten times as long as the rest, so that a loaded machine changes no answer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

enum { ITEMS = 30 };

static uint64_t quick = 1 * MILLISECONDS, slow = 10 * MILLISECONDS;

/* ---- functions of stages ---- */

static void *sleep_for(void *item, void *time) {
    sleep_until(now() + *(const uint64_t *)time);
    return item;
}

static int fail_after(weir_task *task, void *item, void *time) {
    (void)sleep_for(item, time);
    return weir_task_fail(task, 1, NULL);
}

/* A source of ITEMS items. */
static int produce_after(weir_task *task, void *none, void *time) {
    static atomic_size_t made;
    if (atomic_fetch_add(&made, 1) == ITEMS) {
        atomic_store(&made, 0);
        return WEIR_END;
    }
    weir_task_emit(task, sleep_for(&made, time));
    return none == NULL ? 0 : 1;
}

static uint64_t same_key(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 7;
}

static uint64_t weigh_one(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

/* ---- checks ---- */

static void put_items(weir_pipeline *pipeline, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, number(i)));
}

static void assert_bottleneck(const weir_report *report, weir_bottleneck kind, const char *stage) {
    const char *found = report->bottleneck == NULL ? "none" : report->bottleneck->name;
    ck_assert_msg(report->bottleneck_kind == kind, "kind %d of stage %s, %d%%", (int)report->bottleneck_kind, found,
                  (int)(report->bottleneck_share * 100));
    ck_assert_str_eq(found, stage == NULL ? "none" : stage);
    ck_assert(report->bottleneck_share >= 0 && report->bottleneck_share <= 1);
}

/* Finishes and destroys a pipeline with this bottleneck. */
static void end_with(weir_pipeline *pipeline, weir_bottleneck kind, const char *stage) {
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    assert_bottleneck(report, kind, stage);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}

/* ---- stages ---- */

/* On threads of their own, or on the crew; the slow stage is one of three. */
START_TEST (a_slow_stage_is_the_bottleneck) {
    static const char *const names[] = {"a", "b", "c"};
    const size_t width = (size_t)_i % 2, place = (size_t)_i / 2;
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        add_stage(pipeline, (weir_stage_options){.name = names[i],
                                                 .work.func = sleep_for,
                                                 .work.arg = i == place ? &slow : &quick,
                                                 .threads.width = width,
                                                 .input.capacity = 4});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    end_with(pipeline, WEIR_BOTTLENECK_STAGE, names[place]);
}
END_TEST

START_TEST (a_slow_source_is_the_input) {
    const size_t width = (size_t)_i;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "read", .work.source = produce_after, .work.arg = &slow, .threads.width = width});
    add_stage(pipeline,
              (weir_stage_options){.name = "use", .work.func = sleep_for, .work.arg = &quick, .threads.width = width});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    end_with(pipeline, WEIR_BOTTLENECK_INPUT, "read");
}
END_TEST

START_TEST (a_program_that_puts_slowly_is_the_input) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = sleep_for, .work.arg = &quick});
    add_stage(pipeline, (weir_stage_options){.name = "second", .work.func = sleep_for, .work.arg = &quick});
    start_pipeline(pipeline);
    for (size_t i = 0; i < ITEMS; i++) {
        put_items(pipeline, 1);
        sleep_until(now() + slow);
    }
    end_with(pipeline, WEIR_BOTTLENECK_INPUT, NULL);
}
END_TEST

START_TEST (an_idle_pipeline_has_none) {
    weir_report *report;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "quick", .work.func = sleep_for, .work.arg = &quick});
    start_pipeline(pipeline);
    put_items(pipeline, 1);
    wait_until_empty(pipeline);
    for (;; nap(), weir_report_free(report)) { /* until the item no longer counts */
        report = report_of(pipeline);
        if (report->bottleneck_kind == WEIR_BOTTLENECK_NONE)
            break;
    }
    assert_bottleneck(report, WEIR_BOTTLENECK_NONE, NULL);
    weir_report_free(report);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- readers outside ---- */

static void read_slowly(weir_queue *queue, size_t count, bool letters) {
    for (size_t i = 0; i < count; i++) {
        void *item;
        assert_status(WEIR_OK, weir_queue_get(queue, &item));
        assert_status(WEIR_OK, weir_queue_task_done(queue));
        if (letters)
            weir_dead_letter_free(item);
        sleep_until(now() + slow);
    }
}

START_TEST (a_slow_reader_of_results_is_the_bottleneck) {
    const size_t width = (size_t)_i;
    weir_queue *results = new_queue(1);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first",
                                             .work.func = sleep_for,
                                             .work.arg = &quick,
                                             .threads.width = width,
                                             .input.capacity = ITEMS});
    add_stage(pipeline, (weir_stage_options){.name = "last",
                                             .work.func = sleep_for,
                                             .work.arg = &quick,
                                             .threads.width = width,
                                             .output.results = results});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    read_slowly(results, ITEMS, false);
    end_with(pipeline, WEIR_BOTTLENECK_RESULTS, "last");
    weir_queue_destroy(results);
}
END_TEST

START_TEST (a_slow_reader_of_dead_letters_is_the_bottleneck) {
    weir_queue *dead = new_queue(1);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "fails",
                                             .work.run = fail_after,
                                             .work.arg = &quick,
                                             .errors.on_error = WEIR_SKIP,
                                             .input.capacity = ITEMS,
                                             .errors.dead = dead});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    read_slowly(dead, ITEMS, true);
    end_with(pipeline, WEIR_BOTTLENECK_LETTERS, "fails");
    weir_queue_destroy(dead);
}
END_TEST

/* ---- limits ---- */

START_TEST (a_rate_is_the_bottleneck) {
    const size_t width = (size_t)_i;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = sleep_for, .work.arg = &quick});
    add_stage(pipeline, (weir_stage_options){.name = "fetch",
                                             .work.func = sleep_for,
                                             .work.arg = &quick,
                                             .threads.width = width,
                                             .limits.rate = 50,
                                             .input.capacity = 4});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    end_with(pipeline, WEIR_BOTTLENECK_RATE, "fetch");
}
END_TEST

START_TEST (the_rate_of_a_source_is_the_bottleneck) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "read", .work.source = produce_after, .work.arg = &quick, .limits.rate = 50});
    add_stage(pipeline, (weir_stage_options){.name = "use", .work.func = sleep_for, .work.arg = &quick});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    end_with(pipeline, WEIR_BOTTLENECK_RATE, "read");
}
END_TEST

/* All items have one key, so that one of four threads works. */
START_TEST (a_key_limit_is_the_bottleneck) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = sleep_for, .work.arg = &quick});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.func = sleep_for,
                                             .work.arg = &slow,
                                             .threads.count = 4,
                                             .input.capacity = ITEMS,
                                             .limits.key = same_key,
                                             .limits.per_key = 1});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    end_with(pipeline, WEIR_BOTTLENECK_KEYS, "keyed");
}
END_TEST

/* One item is in flight at a time, and ten threads could work. Items are put, or come from a source. */
START_TEST (a_limit_on_what_is_in_flight_is_the_bottleneck) {
    const bool bytes = _i % 2, sourced = _i / 2;
    weir_pipeline_options options = {.max_items = bytes ? 0 : 1};
    if (bytes) {
        options.max_bytes = 1;
        options.weigh = weigh_one;
    }
    weir_pipeline *pipeline = new_pipeline(&options);
    if (sourced)
        add_stage(pipeline, (weir_stage_options){.name = "read", .work.source = produce_after, .work.arg = &quick});
    add_stage(pipeline,
              (weir_stage_options){.name = "use", .work.func = sleep_for, .work.arg = &slow, .threads.count = 10});
    start_pipeline(pipeline);
    if (sourced)
        assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    else
        put_items(pipeline, ITEMS);
    end_with(pipeline, bytes ? WEIR_BOTTLENECK_BYTES : WEIR_BOTTLENECK_ITEMS, NULL);
}
END_TEST

/* ---- waits in calls of weir ---- */

static struct {
    weir_queue *empty, *full, *unsettled;
    weir_pipeline *pipeline; /* another one, without room */
    weir_future *future;
    struct gate gate;
} other;

static weir_status get_in_vain(weir_deadline deadline) {
    void *item;
    return weir_queue_get_until(other.empty, &item, deadline);
}

static weir_status put_in_vain(weir_deadline deadline) {
    return weir_queue_put_until(other.full, &other, deadline);
}

static weir_status join_in_vain(weir_deadline deadline) {
    return weir_queue_join_until(other.unsettled, deadline);
}

static weir_status put_to_pipeline(weir_deadline deadline) {
    return weir_pipeline_put_until(other.pipeline, &other, deadline);
}

static weir_status wait_for_future(weir_deadline deadline) {
    return weir_future_get_until(other.future, NULL, deadline);
}

static weir_status wait_for_futures(weir_deadline deadline) {
    weir_future *futures[] = {other.future};
    return weir_wait(futures, 1, WEIR_ALL, deadline, NULL);
}

static weir_status (*const waits[])(weir_deadline deadline) = {get_in_vain,     put_in_vain,     join_in_vain,
                                                               put_to_pipeline, wait_for_future, wait_for_futures};

static void prepare_waits(void) {
    void *items[] = {&other};
    other.gate = (struct gate)GATE;
    other.empty = new_queue(1);
    other.full = new_queue(1);
    other.unsettled = new_queue(1);
    assert_status(WEIR_OK, weir_queue_put(other.full, items[0]));
    assert_status(WEIR_OK, weir_queue_put(other.unsettled, items[0]));
    assert_status(WEIR_OK, weir_future_create(&other.future, NULL, NULL));
    other.pipeline = new_pipeline(NULL);
    add_stage(other.pipeline,
              (weir_stage_options){
                  .name = "other", .work.func = hand_back_at_gate, .work.arg = &other.gate, .input.capacity = 1});
    start_pipeline(other.pipeline);
    put_items(other.pipeline, 1);
    gate_wait_for(&other.gate, 1);
    put_items(other.pipeline, 1);
}

static void end_waits(void) {
    gate_open(&other.gate);
    finish_and_destroy(other.pipeline, WEIR_OK);
    weir_future_release(other.future);
    (void)weir_queue_destroy(other.empty);
    (void)weir_queue_shutdown(other.full, WEIR_DISCARD);
    (void)weir_queue_shutdown(other.unsettled, WEIR_DISCARD);
    (void)weir_queue_destroy(other.full);
    (void)weir_queue_destroy(other.unsettled);
}

static int wait_in_call(weir_task *task, void *item, void *raw) {
    weir_status (*const *wait)(weir_deadline) = raw;
    (void)item;
    weir_status status = (*wait)(now() + slow);
    return status == WEIR_TIMEDOUT ? 0 : weir_task_fail(task, 1, "%s", weir_strerror(status));
}

/* On threads of their own, or on the crew. */
START_TEST (a_wait_in_a_call_of_weir_is_blocked_time) {
    const size_t width = (size_t)_i % 2;
    prepare_waits();
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "first", .work.func = sleep_for, .work.arg = &quick, .threads.width = width});
    add_stage(pipeline, (weir_stage_options){.name = "waits",
                                             .work.run = wait_in_call,
                                             .work.arg = (void *)&waits[_i / 2],
                                             .threads.width = width});
    start_pipeline(pipeline);
    put_items(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    const weir_stage_report *stage = stage_in(report, "waits");
    ck_assert_uint_ge(stage->blocked, ITEMS * slow / 2); /* the call may begin after some of its time */
    ck_assert_uint_gt(stage->blocked, stage->busy);
    ck_assert_uint_lt(stage->p50, slow / 2);
    ck_assert(!stage->blocks);
    assert_bottleneck(report, WEIR_BOTTLENECK_CALLS, "waits");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    end_waits();
}
END_TEST

static int get_for_ever(weir_task *task, void *item, void *queue) {
    (void)task;
    return weir_queue_get(queue, &item) == WEIR_CLOSED ? 0 : 1;
}

START_TEST (a_thread_that_waits_in_a_call_of_weir_after_the_end_is_stuck) {
    const size_t width = (size_t)_i;
    weir_queue *queue = new_queue(1);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 2 * MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "stuck", .work.run = get_for_ever, .work.arg = queue, .threads.width = width});
    start_pipeline(pipeline);
    put_items(pipeline, 1);
    weir_report *report;
    for (;; weir_report_free(report), nap()) { /* until the thread waits */
        report = report_of(pipeline);
        if (report->stages[0].blocked > 0 && report->stages[0].running == 0)
            break;
    }
    weir_report_free(report);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
    ck_assert_uint_eq(report->late_count, 1);
    ck_assert(report->late[0].stuck);
    ck_assert_int_eq(report->late[0].where, WEIR_IN_FUNCTION);
    weir_report_free(report);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    for (weir_deadline limit = hang_limit(); weir_pipeline_destroy(pipeline) == WEIR_BUSY && now() < limit;)
        nap();
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *bottleneck_suite(void) {
    Suite *suite = suite_create("the bottleneck of a pipeline");
    TCase *stages = add_things_case(suite, "stages");
    tcase_add_loop_test(stages, a_slow_stage_is_the_bottleneck, 0, 6);
    tcase_add_loop_test(stages, a_slow_source_is_the_input, 0, 2);
    tcase_add_test(stages, a_program_that_puts_slowly_is_the_input);
    tcase_add_test(stages, an_idle_pipeline_has_none);
    TCase *readers = add_things_case(suite, "readers");
    tcase_add_loop_test(readers, a_slow_reader_of_results_is_the_bottleneck, 0, 2);
    tcase_add_test(readers, a_slow_reader_of_dead_letters_is_the_bottleneck);
    TCase *limits = add_things_case(suite, "limits");
    tcase_add_loop_test(limits, a_rate_is_the_bottleneck, 0, 2);
    tcase_add_test(limits, the_rate_of_a_source_is_the_bottleneck);
    tcase_add_test(limits, a_key_limit_is_the_bottleneck);
    tcase_add_loop_test(limits, a_limit_on_what_is_in_flight_is_the_bottleneck, 0, 4);
    TCase *calls = add_things_case(suite, "calls");
    tcase_add_loop_test(calls, a_wait_in_a_call_of_weir_is_blocked_time, 0, 2 * (int)COUNT_OF(waits));
    tcase_add_loop_test(calls, a_thread_that_waits_in_a_call_of_weir_after_the_end_is_stuck, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(bottleneck_suite());
}
