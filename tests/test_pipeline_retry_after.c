/*
 * test_pipeline_retry_after.c - attempts delayed by the failing function.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdint.h>

enum { DELAY = 40 * MILLISECONDS };

/* ---- no sooner than requested ---- */

struct put_off {
    uint64_t delay, least;
    uint64_t failed;
    atomic_bool too_soon;
    weir_status said;
};

static int fail_first(struct put_off *put_off, weir_task *task) {
    if (weir_task_attempt(task) > 1) {
        atomic_store(&put_off->too_soon, now() - put_off->failed < put_off->least);
        return 0;
    }
    put_off->said = weir_task_retry_after(task, put_off->delay);
    put_off->failed = now();
    return 8;
}

static int run(weir_task *task, void *item, void *put_off) {
    int code = fail_first(put_off, task);
    if (code == 0)
        thing_consume(item);
    return code;
}

static int run_batch(weir_task *task, void *const *items, size_t count, void *put_off) {
    return count == 1 ? run(task, items[0], put_off) : -1;
}

static int run_source(weir_task *task, void *item, void *put_off) {
    (void)item;
    return fail_first(put_off, task) != 0 ? 8 : WEIR_END;
}

static uint64_t key_of_all(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

static const weir_stage_options kinds[] = {
    {.work.run = run},
    {.work.run = run, .output.ordered = true},
    {.work.run = run, .limits.key = key_of_all, .limits.per_key = 1},
    {.work.run_batch = run_batch, .batch = {.items = 1}},
    {.work.source = run_source},
};

static void expect_delay(weir_stage_options stage, uint64_t delay, uint64_t backoff, uint64_t least) {
    struct put_off put_off = {.delay = delay, .least = least};
    weir_pipeline *pipeline = new_pipeline(NULL);
    stage.name = "fails";
    stage.work.arg = &put_off;
    stage.input.drop = thing_drop;
    stage.errors.retry = (weir_retry){.attempts = 2, .backoff = backoff, .max_backoff = backoff};
    add_stage(pipeline, stage);
    start_pipeline(pipeline);
    if (stage.work.source == NULL)
        put_things(pipeline, 1);
    else
        assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->retried, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, put_off.said);
    ck_assert(!atomic_load(&put_off.too_soon));
    assert_things_ended();
}

START_TEST (the_next_attempt_comes_no_sooner) {
    expect_delay(kinds[_i], DELAY, 1, DELAY);
}
END_TEST

START_TEST (it_overrides_a_longer_back_off) {
    expect_delay(kinds[_i], 1, 3600 * WEIR_SECOND, 1);
}
END_TEST

/* ---- for this attempt only ---- */

/* The first item is delayed forever; the others, in the same thread, must not be. */
static int put_first_off(weir_task *task, void *item, void *done) {
    struct thing *thing = item;
    if (thing->n == 0)
        assert_status(WEIR_OK, weir_task_retry_after(task, UINT64_MAX));
    if (thing->n == 1 && weir_task_retry_after(task, UINT64_MAX) == WEIR_OK)
        assert_status(WEIR_OK, weir_task_retry_after(task, 0));
    if (thing->n == 0 || weir_task_attempt(task) == 1)
        return 8;
    thing_consume(thing);
    atomic_fetch_add((atomic_uint *)done, 1);
    return 0;
}

START_TEST (a_delay_applies_to_one_attempt_and_can_be_undone) {
    atomic_uint done = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "fails",
                                             .work.run = put_first_off,
                                             .work.arg = &done,
                                             .input.drop = thing_drop,
                                             .errors.retry = {.attempts = 2, .backoff = 1}});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_for_count(&done, 9);
    weir_report *report = NULL;
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, 0, &report));
    ck_assert_uint_eq(report->counts.dropped, 1);
    ck_assert_uint_eq(report->retried, 10);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- without a back-off ---- */

static int expect_refusal(weir_task *task, void *item, void *unused) {
    (void)unused;
    assert_status(WEIR_INVALID, weir_task_retry_after(task, UINT64_MAX));
    if (weir_task_attempt(task) == 1)
        return 8;
    thing_consume(item);
    return 0;
}

static const weir_retry without[] = {{.attempts = 0}, {.attempts = 1}, {.attempts = 2}};

START_TEST (without_a_back_off_it_is_refused) {
    bool again = without[_i].attempts > 1;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "fails",
                                             .work.run = expect_refusal,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP,
                                             .errors.retry = without[_i]});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, again);
    ck_assert_uint_eq(report->counts.failed, !again);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static Suite *retry_after_suite(void) {
    Suite *suite = suite_create("attempts put off");
    TCase *cases = add_things_case(suite, "put off");
    tcase_add_loop_test(cases, the_next_attempt_comes_no_sooner, 0, COUNT_OF(kinds));
    tcase_add_loop_test(cases, it_overrides_a_longer_back_off, 0, COUNT_OF(kinds));
    tcase_add_test(cases, a_delay_applies_to_one_attempt_and_can_be_undone);
    tcase_add_loop_test(cases, without_a_back_off_it_is_refused, 0, COUNT_OF(without));
    return suite;
}

int main(void) {
    return run_suite(retry_after_suite());
}
