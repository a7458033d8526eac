/*
 * test_pipeline_pause.c - pauses of stages and of the entrance.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint calls;

static void *count_func(void *thing, void *unused) {
    (void)unused;
    atomic_fetch_add(&calls, 1);
    thing_consume(thing);
    return NULL;
}

static int count_run(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)count_func(thing, unused);
    return 0;
}

static int count_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    for (size_t i = 0; i < count; i++)
        (void)count_run(task, items[i], unused);
    return 0;
}

static int count_second_attempt(weir_task *task, void *thing, void *unused) {
    return weir_task_attempt(task) == 1 ? 8 : count_run(task, thing, unused);
}

static uint64_t key_of_all(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

static const weir_stage_options kinds[] = {
    {.work.func = count_func, .threads.count = 2},
    {.work.func = count_func, .threads.count = 1, .threads.max = 4},
    {.work.func = count_func, .threads.width = 2},
    {.work.run = count_run, .threads.count = 2},
    {.work.run = count_run, .threads.width = 2},
    {.work.run = count_run, .threads.count = 2, .output.ordered = true},
    {.work.run = count_run, .threads.width = 2, .output.ordered = true},
    {.work.run = count_run, .threads.count = 2, .limits.key = key_of_all, .limits.per_key = 1},
    {.work.run = count_run, .threads.count = 1, .limits.rate = 1e9},
    {.work.run_batch = count_batch, .threads.count = 2, .batch = {.items = 3}},
    {.work.run_batch = count_batch, .threads.width = 2, .batch = {.items = 3, .wait = MILLISECONDS}},
    {.work.run = count_second_attempt, .threads.count = 1, .errors.retry = {.attempts = 2, .backoff = 1}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct run {
    weir_pipeline *pipeline;
    weir_stage *stage;
};

static struct run start(weir_stage_options options) {
    struct run run = {.pipeline = new_pipeline(NULL)};
    atomic_store(&calls, 0);
    options.name = "counts";
    options.input.drop = thing_drop;
    run.stage = add_stage(run.pipeline, options);
    start_pipeline(run.pipeline);
    return run;
}

static void expect_paused(weir_pipeline *pipeline, bool stage, bool entrance) {
    weir_report *report = report_of(pipeline);
    ck_assert(stage_in(report, "counts")->paused == stage);
    ck_assert(report->paused == entrance);
    weir_report_free(report);
}

/* ---- a stage ---- */

START_TEST (a_paused_stage_begins_no_call) {
    struct run run = start(kinds[_i]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    expect_paused(run.pipeline, true, false);
    put_things(run.pipeline, 10);
    let_them_err();
    ck_assert_uint_eq(atomic_load(&calls), 0);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    expect_paused(run.pipeline, false, false);
    wait_for_count(&calls, 9); /* a batch may lack an item */
    finish_and_destroy(run.pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

START_TEST (a_finish_resumes) {
    struct run run = start(kinds[_i]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    put_things(run.pipeline, 10);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    weir_report *report = finish_pipeline(run.pipeline, WEIR_OK);
    ck_assert(!report->paused && !stage_in(report, "counts")->paused);
    weir_report_free(report);
    ck_assert_uint_eq(atomic_load(&calls), 10);
    assert_status(WEIR_CLOSED, weir_pipeline_pause(run.pipeline, run.stage));
    assert_status(WEIR_CLOSED, weir_pipeline_pause(run.pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    destroy_pipeline(run.pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (a_cancel_drops_what_is_paused) {
    struct run run = start(kinds[_i]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    put_things(run.pipeline, 10);
    if (_i % 2 == 0)
        let_them_err(); /* some workers wait for the resume */
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    assert_status(WEIR_CLOSED, weir_pipeline_pause(run.pipeline, run.stage));
    finish_and_destroy(run.pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&calls), 0);
    ck_assert_uint_eq(things_dropped(), 10);
}
END_TEST

START_TEST (a_destroy_ends_a_pause) {
    struct run run = start(kinds[_i]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    put_things(run.pipeline, 10);
    destroy_pipeline(run.pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (back_pressure_holds_up_the_puts) {
    weir_stage_options options = kinds[_i];
    options.input.capacity = 4;
    struct run run = start(options);
    struct thing *thing;
    unsigned put = 0;
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    weir_status status;
    do {
        thing = thing_new();
        status = weir_pipeline_put_until(run.pipeline, thing, weir_deadline_after(5 * MILLISECONDS));
        put += status == WEIR_OK;
        ck_assert_uint_lt(put, 100);
    } while (status == WEIR_OK);
    assert_status(WEIR_TIMEDOUT, status);
    thing_drop(thing, NULL);
    ck_assert_uint_eq(atomic_load(&calls), 0);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), put);
}
END_TEST

/* ---- a callback, and a call that runs ---- */

static int pause_own(weir_task *task, void *thing, void *stage) {
    if (atomic_fetch_add(&calls, 1) == 0)
        assert_status(WEIR_OK, weir_pipeline_pause(weir_task_pipeline(task), *(weir_stage **)stage));
    thing_consume(thing);
    return 0;
}

START_TEST (a_call_may_pause_its_stage) {
    weir_stage *stage = NULL;
    weir_pipeline *pipeline = new_pipeline(NULL);
    atomic_store(&calls, 0);
    weir_stage_options options = {
        .name = "counts", .work.run = pause_own, .work.arg = &stage, .input.drop = thing_drop};
    if (_i == 0)
        options.threads.count = 1;
    else
        options.threads.width = 1;
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, &stage, &options));
    start_pipeline(pipeline);
    put_things(pipeline, 20);
    wait_for_count(&calls, 1);
    let_them_err();
    ck_assert_uint_eq(atomic_load(&calls), 1);
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), 20);
}
END_TEST

/* ---- sources ---- */

static int produce(weir_task *task, void *none, void *unused) {
    (void)none;
    (void)unused;
    struct thing *thing = thing_new();
    unsigned made = atomic_fetch_add(&calls, 1) + 1;
    weir_task_emit(task, thing);
    return made < 1000 ? 0 : WEIR_END;
}

static struct run start_source(bool on_crew, bool plain) {
    struct run run = {.pipeline = new_pipeline(NULL)};
    weir_stage_options source = {
        .name = "counts", .work.source = produce, .threads.count = !on_crew, .input.drop = thing_drop};
    weir_stage_options sink = {.name = "sink", .threads.count = 1, .input.capacity = 1, .input.drop = thing_drop};
    if (plain)
        sink.work.func = consume_thing;
    else
        sink.work.run = run_consume;
    atomic_store(&calls, 0);
    run.stage = add_stage(run.pipeline, source);
    add_stage(run.pipeline, sink);
    start_pipeline(run.pipeline);
    return run;
}

/* Waits until no further call of the source is made. Returns their number. */
static unsigned settled_calls(void) {
    unsigned before, after = atomic_load(&calls);
    do {
        before = after;
        let_them_err();
        after = atomic_load(&calls);
    } while (after != before);
    return after;
}

START_TEST (a_source_and_the_entrance_can_be_paused) {
    struct run run = start_source((_i & 1) != 0, (_i & 2) != 0);
    weir_stage *stage = (_i & 4) != 0 ? NULL : run.stage;
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, stage));
    expect_paused(run.pipeline, stage != NULL, stage == NULL);
    unsigned made = settled_calls();
    wait_until_empty(run.pipeline);
    if (made < 1000) /* it had not ended before */
        assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(run.pipeline, weir_deadline_after(MILLISECONDS)));
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, stage));
    assert_status(WEIR_OK, weir_pipeline_wait(run.pipeline, hang_limit()));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), 1000);
    assert_things_ended();
}
END_TEST

/* A source that pauses, in call HALF, itself or the entrance, before its result. */
enum { HALF = 500 };
static atomic_bool is_started; /* before, a pause is refused */

static int produce_and_pause(weir_task *task, void *none, void *stage) {
    if (atomic_load(&calls) + 1 == HALF) {
        while (!atomic_load(&is_started))
            nap();
        assert_status(WEIR_OK, weir_pipeline_pause(weir_task_pipeline(task), *(weir_stage **)stage));
    }
    return produce(task, none, NULL);
}

static atomic_size_t last_of_sink, disorder;

static void *consume_in_order(void *thing, void *unused) {
    size_t n = ((struct thing *)thing)->n;
    disorder += n != 0 && n != atomic_load(&last_of_sink) + 1;
    atomic_store(&last_of_sink, n);
    return consume_thing(thing, unused);
}

/* The call that pauses its stage is the last one. A call that pauses the entrance blocks before its result. */
START_TEST (a_source_may_pause_itself_or_the_entrance) {
    bool on_crew = (_i & 1) != 0, entrance = (_i & 2) != 0;
    weir_stage *stage = NULL, *paused = NULL;
    weir_pipeline *pipeline = new_pipeline(NULL);
    const weir_stage_options source = {
        .name = "counts", .work = {.source = produce_and_pause, .arg = &paused}, .threads.count = !on_crew};
    atomic_store(&is_started, false);
    atomic_store(&calls, 0);
    atomic_store(&last_of_sink, 0);
    atomic_store(&disorder, 0);
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, &stage, &source));
    paused = entrance ? NULL : stage;
    weir_stage_options sink = {.name = "sink", .work.func = consume_in_order, .input.drop = thing_drop};
    sink.threads.width = on_crew;
    add_stage(pipeline, sink);
    start_pipeline(pipeline);
    atomic_store(&is_started, true);
    wait_for_consumed(entrance ? HALF - 1 : HALF);
    let_them_err();
    ck_assert_uint_eq(atomic_load(&calls), HALF);
    ck_assert_uint_eq(things_consumed(), entrance ? HALF - 1 : HALF);
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, paused));
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), 1000);
    ck_assert_uint_eq(atomic_load(&disorder), 0);
}
END_TEST

START_TEST (the_end_stops_a_paused_source) {
    struct run run = start_source((_i & 1) != 0, (_i & 2) != 0);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, (_i & 4) != 0 ? NULL : run.stage));
    if ((_i & 8) != 0)
        assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    finish_and_destroy(run.pipeline, (_i & 8) != 0 ? WEIR_CANCELLED : WEIR_OK);
    assert_things_ended();
}
END_TEST

/* ---- the entrance ---- */

START_TEST (a_paused_entrance_takes_no_item) {
    struct run run = start(kinds[_i]);
    struct thing *thing = thing_new();
    size_t put = 7;
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    expect_paused(run.pipeline, false, true);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(run.pipeline, thing, 0));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(run.pipeline, thing, weir_deadline_after(MILLISECONDS)));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_many_until(run.pipeline, (void *[]){thing}, 1, &put,
                                                              weir_deadline_after(MILLISECONDS)));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_put(run.pipeline, thing));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), 1);
}
END_TEST

START_TEST (a_blocked_put_goes_on_with_the_resume) {
    struct run run = start(kinds[_i]);
    struct pipeline_call call = {.call = {.item = thing_new(), .deadline = hang_limit()}, .pipeline = run.pipeline};
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    call_start_asleep(&call.call, make_pipeline_put);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, NULL));
    assert_status(WEIR_OK, call_finish(&call.call));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), 1);
}
END_TEST

START_TEST (the_end_closes_a_paused_entrance) {
    struct run run = start(kinds[0]);
    struct pipeline_call call = {.call = {.item = thing_new(), .deadline = hang_limit()}, .pipeline = run.pipeline};
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    call_start_asleep(&call.call, make_pipeline_put);
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    weir_report *report = finish_pipeline(run.pipeline, _i == 1 ? WEIR_CANCELLED : WEIR_OK);
    weir_report_free(report);
    assert_status(WEIR_CLOSED, call_finish(&call.call));
    destroy_pipeline(run.pipeline);
    thing_drop(call.call.item, NULL);
}
END_TEST

/* A put that waits for room when the pause comes does not enter by the room that is made later. */
START_TEST (a_put_that_waits_for_room_is_held_up_too) {
    weir_stage_options options = kinds[0];
    options.input.capacity = 1;
    options.threads.count = 1;
    struct run run = start(options);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    while (weir_pipeline_put_until(run.pipeline, thing_new(), weir_deadline_after(20 * MILLISECONDS)) == WEIR_OK)
        ;
    thing_drop(thing_at(things_made() - 1), NULL);
    unsigned in = (unsigned)things_made() - 1;
    struct pipeline_call call = {.call = {.item = thing_new(), .deadline = hang_limit()}, .pipeline = run.pipeline};
    call_start_asleep(&call.call, make_pipeline_put);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    wait_for_count(&calls, in);
    let_them_err();
    ck_assert_uint_eq(atomic_load(&calls), in);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, NULL));
    assert_status(WEIR_OK, call_finish(&call.call));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), in + 1);
}
END_TEST

static int produce_three(weir_task *task, void *none, void *unused) {
    (void)none;
    (void)unused;
    unsigned made = atomic_fetch_add(&calls, 1) + 1;
    weir_task_emit(task, thing_new());
    return made < 3 ? 0 : WEIR_END;
}

static void *consume_at_gate(void *thing, void *gate) {
    gate_pass(gate);
    return consume_thing(thing, NULL);
}

static void wait_for_blocked(weir_pipeline *pipeline, const char *name) {
    bool is_blocked = false;
    while (!is_blocked) {
        weir_report *report = report_of(pipeline);
        is_blocked = stage_in(report, name)->blocked > 0;
        weir_report_free(report);
    }
}

static void expect_entered(weir_pipeline *pipeline, uint64_t wanted) {
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->counts.in, wanted);
    weir_report_free(report);
}

/* A source that waits for max_items when the pause comes: its item does not enter as another one ends. */
START_TEST (a_source_that_waits_for_a_limit_is_held_up_too) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 1});
    atomic_store(&calls, 0);
    add_stage(pipeline,
              (weir_stage_options){.name = "counts", .work.source = produce_three, .threads.count = (size_t)_i % 2});
    add_stage(pipeline, (weir_stage_options){
                            .name = "sink", .work = {.func = consume_at_gate, .arg = &gate}, .input.drop = thing_drop});
    start_pipeline(pipeline);
    gate_wait_for(&gate, 1);
    wait_for_blocked(pipeline, "counts");
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, NULL));
    gate_open(&gate);
    wait_for_consumed(1);
    let_them_err();
    expect_entered(pipeline, 1);
    ck_assert_uint_eq(things_consumed(), 1);
    if (_i / 2 == 0)
        assert_status(WEIR_OK, weir_pipeline_resume(pipeline, NULL));
    else if (_i / 2 == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    if (_i / 2 == 0)
        assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, _i / 2 == 1 ? WEIR_CANCELLED : WEIR_OK);
    assert_things_ended();
}
END_TEST

/* ---- reports ---- */

static void expect_text(const weir_report *report, weir_report_format format, const char *wanted) {
    char *text = NULL;
    assert_status(WEIR_OK, weir_report_text(report, format, &text, NULL));
    ck_assert_msg(strstr(text, wanted) != NULL, "no \"%s\" in:\n%s", wanted, text);
    free(text);
}

START_TEST (reports_show_what_is_paused) {
    struct run run = start(kinds[_i == 0 ? 0 : 2]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    put_things(run.pipeline, 2);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    sleep_until(weir_deadline_after(100 * MILLISECONDS));
    weir_report *report = report_of(run.pipeline);
    const weir_stage_report *stage = stage_in(report, "counts");
    ck_assert_uint_gt(stage->paused_time, 50 * MILLISECONDS);
    ck_assert_uint_lt(stage->busy + stage->blocked, stage->paused_time);
    ck_assert_int_eq(report->bottleneck_kind, WEIR_BOTTLENECK_PAUSED);
    ck_assert(report->bottleneck == stage);
    expect_text(report, WEIR_TABLE, "stage counts is paused");
    expect_text(report, WEIR_TABLE, "the entrance is paused");
    expect_text(report, WEIR_TABLE, "bottleneck: the paused stage counts");
    expect_text(report, WEIR_PROMETHEUS, "weir_stage_paused{pipeline=\"\",stage=\"counts\"} 1");
    expect_text(report, WEIR_PROMETHEUS, "weir_pipeline_paused{pipeline=\"\"} 1");
    expect_text(report, WEIR_PROMETHEUS, "kind=\"paused\"} 1");
    weir_report_free(report);
    finish_and_destroy(run.pipeline, WEIR_OK);
}
END_TEST

START_TEST (the_paused_entrance_is_the_bottleneck) {
    struct run run = start(kinds[0]);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, NULL));
    sleep_until(weir_deadline_after(100 * MILLISECONDS));
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, NULL));
    put_things(run.pipeline, 2);
    weir_report *report = report_of(run.pipeline);
    if (report->bottleneck_kind != WEIR_BOTTLENECK_NONE) {
        ck_assert_int_eq(report->bottleneck_kind, WEIR_BOTTLENECK_PAUSED);
        ck_assert(report->bottleneck == NULL);
        expect_text(report, WEIR_TABLE, "bottleneck: the entrance, it was paused");
    }
    weir_report_free(report);
    finish_and_destroy(run.pipeline, WEIR_OK);
}
END_TEST

/* ---- refusals ---- */

START_TEST (a_pause_is_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    struct run other = start(kinds[0]);
    weir_stage *stage =
        add_stage(pipeline, (weir_stage_options){.name = "counts", .work.func = count_func, .threads.count = 1});
    assert_status(WEIR_INVALID, weir_pipeline_pause(NULL, stage));
    assert_status(WEIR_INVALID, weir_pipeline_resume(NULL, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_pause(pipeline, stage));
    ck_assert_str_eq(weir_pipeline_message(pipeline), "pause: the pipeline is not started");
    assert_status(WEIR_INVALID, weir_pipeline_resume(pipeline, NULL));
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_pause(pipeline, other.stage));
    ck_assert_str_eq(weir_pipeline_message(pipeline), "pause: the stage is of another pipeline");
    assert_status(WEIR_INVALID, weir_pipeline_resume(pipeline, other.stage));
    finish_and_destroy(pipeline, WEIR_OK);
    finish_and_destroy(other.pipeline, WEIR_OK);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pauses");
    TCase *stages = add_things_case(suite, "stages");
    TCase *entrance = add_things_case(suite, "entrance");
    TCase *reports = add_things_case(suite, "reports");
    tcase_add_loop_test(stages, a_paused_stage_begins_no_call, 0, KINDS);
    tcase_add_loop_test(stages, a_finish_resumes, 0, KINDS);
    tcase_add_loop_test(stages, a_cancel_drops_what_is_paused, 0, KINDS);
    tcase_add_loop_test(stages, a_destroy_ends_a_pause, 0, KINDS);
    tcase_add_loop_test(stages, back_pressure_holds_up_the_puts, 0, KINDS);
    tcase_add_loop_test(stages, a_call_may_pause_its_stage, 0, 2);
    tcase_add_loop_test(stages, a_source_and_the_entrance_can_be_paused, 0, 8);
    tcase_add_loop_test(stages, a_source_may_pause_itself_or_the_entrance, 0, 4);
    tcase_add_loop_test(stages, the_end_stops_a_paused_source, 0, 16);
    tcase_add_loop_test(entrance, a_paused_entrance_takes_no_item, 0, KINDS);
    tcase_add_loop_test(entrance, a_blocked_put_goes_on_with_the_resume, 0, KINDS);
    tcase_add_loop_test(entrance, the_end_closes_a_paused_entrance, 0, 2);
    tcase_add_test(entrance, a_put_that_waits_for_room_is_held_up_too);
    tcase_add_loop_test(entrance, a_source_that_waits_for_a_limit_is_held_up_too, 0, 6);
    tcase_add_loop_test(reports, reports_show_what_is_paused, 0, 2);
    tcase_add_test(reports, the_paused_entrance_is_the_bottleneck);
    tcase_add_test(reports, a_pause_is_refused);
    return run_suite(suite);
}
