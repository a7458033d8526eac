/*
 * test_pipeline_outputs.c - queues of the program that several pipelines put to: the last of them shuts the queue down.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

enum { EACH = 40 };

static int fail_at_once(weir_task *task, void *thing, void *unused) {
    (void)thing;
    (void)unused;
    return weir_task_fail(task, 7, "cannot");
}

static void *pass_on(void *thing, void *unused) {
    (void)unused;
    return thing;
}

static weir_queue *output(size_t capacity, bool letters) {
    weir_queue *queue = NULL;
    const weir_queue_options options = {.capacity = capacity, .drop = letters ? NULL : thing_drop};
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    return queue;
}

/* A pipeline that puts its items, or their letters, to the queue. */
static weir_pipeline *feeding(weir_queue *queue, bool letters) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {.name = "out", .input.drop = thing_drop, .errors.on_error = WEIR_SKIP};
    if (letters) {
        options.work.run = fail_at_once;
        options.errors.dead = queue;
    } else {
        options.work.func = pass_on;
        options.output.results = queue;
    }
    add_stage(pipeline, options);
    return pipeline;
}

static void take_one(weir_queue *queue, bool letters) {
    void *taken;
    assert_status(WEIR_OK, weir_queue_get(queue, &taken));
    if (letters) {
        weir_dead_letter *letter = taken;
        taken = letter->item;
        weir_dead_letter_free(letter);
    }
    thing_consume(taken);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
}

static void assert_ended(weir_queue *queue) {
    void *taken;
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &taken));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_things_ended();
}

static void assert_open(weir_queue *queue) {
    void *taken;
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &taken));
}

/* The first of the pipelines ends by a finish, a cancel or a destroy. */
START_TEST (the_last_pipeline_shuts_the_queue_down) {
    bool letters = _i % 2 != 0;
    weir_queue *queue = output(WEIR_UNBOUNDED, letters);
    weir_pipeline *first = feeding(queue, letters), *second = feeding(queue, letters);
    start_pipeline(first);
    if (_i < 2)
        finish_and_destroy(first, WEIR_OK);
    else if (_i < 4)
        assert_status(WEIR_OK, weir_pipeline_cancel(first));
    else
        destroy_pipeline(first);
    assert_open(queue);
    start_pipeline(second);
    put_things(second, EACH);
    weir_report *report = finish_pipeline(second, WEIR_OK);
    ck_assert_uint_eq(letters ? report->counts.dead : report->counts.done, EACH);
    ck_assert_uint_eq(report->error_count, letters ? EACH : 0);
    weir_report_free(report);
    for (size_t i = 0; i < EACH; i++)
        take_one(queue, letters);
    if (_i >= 2 && _i < 4)
        finish_and_destroy(first, WEIR_CANCELLED);
    assert_ended(queue);
    destroy_pipeline(second);
}
END_TEST

/* A pipeline that is never started keeps the queue open until its destroy; alone it leaves the queue open. */
START_TEST (a_declared_pipeline_counts) {
    bool letters = _i % 2 != 0;
    weir_queue *queue = output(WEIR_UNBOUNDED, letters);
    weir_pipeline *unused = feeding(queue, letters), *used = feeding(queue, letters);
    destroy_pipeline(unused);
    assert_open(queue);
    unused = feeding(queue, letters);
    start_pipeline(used);
    put_things(used, 1);
    finish_and_destroy(used, WEIR_OK);
    take_one(queue, letters);
    assert_open(queue);
    assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    assert_open(queue);
    destroy_pipeline(unused);
    assert_ended(queue);
}
END_TEST

static weir_status fail_init(void *unused, void **state) {
    (void)unused;
    (void)state;
    return WEIR_INITFAILED;
}

/* A start that fails is no run: another pipeline can use the queue. */
START_TEST (a_failed_start_leaves_the_queue_open) {
    bool letters = _i % 2 != 0;
    weir_queue *queue = output(WEIR_UNBOUNDED, letters);
    weir_pipeline *failed = feeding(queue, letters);
    add_stage(failed, (weir_stage_options){
                          .name = "no", .work.source = end_at_once, .threads.count = 1, .work.init = fail_init});
    assert_status(WEIR_INVALID, weir_pipeline_start(failed)); /* not a chain */
    destroy_pipeline(failed);
    failed = new_pipeline(NULL);
    weir_stage_options options = {.name = "no", .threads.count = 1, .work.init = fail_init, .work.run = fail_at_once};
    if (letters)
        options.errors.dead = queue;
    else
        options.output.results = queue;
    add_stage(failed, options);
    assert_status(WEIR_INITFAILED, weir_pipeline_start(failed));
    destroy_pipeline(failed);
    assert_open(queue);
    weir_pipeline *used = feeding(queue, letters);
    start_pipeline(used);
    put_things(used, 1);
    finish_and_destroy(used, WEIR_OK);
    take_one(queue, letters);
    assert_ended(queue);
}
END_TEST

static void wait_until_blocked(weir_pipeline *pipeline) {
    uint64_t blocked = 0;
    while (blocked == 0) {
        nap();
        weir_report *report = report_of(pipeline);
        blocked = report->stages[0].blocked;
        weir_report_free(report);
    }
}

/* The queue is full, and nothing is taken out of it before the cancelled pipeline has ended. */
START_TEST (a_cancel_ends_the_wait_for_room_of_its_pipeline_alone) {
    bool letters = _i % 2 != 0;
    weir_queue *queue = output(1, letters);
    weir_pipeline *cancelled = feeding(queue, letters), *patient = feeding(queue, letters);
    start_pipeline(patient);
    put_things(patient, 2);
    wait_until_blocked(patient);
    start_pipeline(cancelled);
    put_things(cancelled, 3);
    wait_until_blocked(cancelled);
    assert_status(WEIR_OK, weir_pipeline_cancel(cancelled));
    weir_report *report = finish_pipeline(cancelled, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 3);
    weir_report_free(report);
    destroy_pipeline(cancelled);
    take_one(queue, letters);
    take_one(queue, letters);
    finish_and_destroy(patient, WEIR_OK);
    assert_ended(queue);
}
END_TEST

static int emit_at_gate(weir_task *task, void *none, void *gate) {
    (void)none;
    gate_pass(gate);
    weir_task_emit(task, thing_new());
    return WEIR_END;
}

/* Of a function, the same in an ordered stage, and of a source. */
static const weir_stage_options late_kinds[] = {
    {.work.run = run_pass_on_at_gate, .input.drop = thing_drop},
    {.work.run = run_pass_on_at_gate, .input.drop = thing_drop, .threads.count = 2, .output.ordered = true},
    {.work.source = emit_at_gate, .threads.count = 1},
};

/* A result that is emitted after the cancel of its pipeline leaves while another pipeline keeps the queue open. */
START_TEST (a_result_after_a_cancel_goes_to_an_open_queue) {
    struct gate gate = GATE;
    weir_queue *queue = output(WEIR_UNBOUNDED, false);
    weir_pipeline *other = _i % 2 == 0 ? feeding(queue, false) : NULL;
    weir_pipeline *cancelled = new_pipeline(&(weir_pipeline_options){.max_items = 10});
    weir_stage_options late = late_kinds[_i / 2];
    late.name = "late";
    late.work.arg = &gate;
    late.output.results = queue;
    add_stage(cancelled, late);
    start_pipeline(cancelled);
    if (late.work.source == NULL)
        put_things(cancelled, 1);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(cancelled));
    gate_open(&gate);
    weir_report *report = finish_pipeline(cancelled, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, other != NULL);
    ck_assert_uint_eq(report->counts.dropped, other == NULL);
    weir_report_free(report);
    destroy_pipeline(cancelled);
    if (other != NULL)
        take_one(queue, false); /* else the queue's drop function has it */
    destroy_pipeline(other);
    assert_ended(queue);
}
END_TEST

/* Each of the first two things waits at a gate of its own. */
static void *pass_own_gate(void *thing, void *gates) {
    size_t n = ((struct thing *)thing)->n;
    if (n < 2)
        gate_pass((struct gate *)gates + n);
    return thing;
}

/* An ordered stage puts a result after a cancel only if its turn has come. The third result waits at the cancel. */
START_TEST (results_after_a_cancel_leave_in_order) {
    struct gate gates[] = {GATE, GATE};
    bool in_order = _i == 0;
    weir_queue *queue = output(WEIR_UNBOUNDED, false);
    weir_pipeline *other = feeding(queue, false), *cancelled = new_pipeline(&(weir_pipeline_options){.max_items = 10});
    add_stage(cancelled, (weir_stage_options){.name = "late",
                                              .work = {.func = pass_own_gate, .arg = gates},
                                              .threads.count = 3,
                                              .output = {.ordered = true, .results = queue},
                                              .input.drop = thing_drop});
    start_pipeline(cancelled);
    put_things(cancelled, 3);
    wait_until_told(cancelled, "late", 0, 2, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(cancelled));
    ck_assert_uint_eq(things_dropped(), 1);
    gate_open(&gates[in_order ? 0 : 1]);
    while (weir_queue_size(queue) + things_dropped() < 2)
        nap();
    gate_open(&gates[in_order ? 1 : 0]);
    weir_report *report = finish_pipeline(cancelled, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, in_order ? 2 : 1);
    weir_report_free(report);
    destroy_pipeline(cancelled);
    for (size_t n = 0; n < (in_order ? 2 : 1); n++) {
        take_one(queue, false);
        ck_assert_uint_eq(atomic_load(&thing_at(n)->consumed), 1);
    }
    destroy_pipeline(other);
    assert_ended(queue);
}
END_TEST

static void *run_once(void *raw) {
    weir_pipeline *pipeline = raw;
    for (int i = 0; i < EACH; i++)
        put_things(pipeline, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    return NULL;
}

/* They end in any order, while the reader takes what they put. */
START_TEST (pipelines_that_end_together_lose_nothing) {
    bool letters = _i % 2 != 0;
    weir_queue *queue = output(2, letters);
    weir_pipeline *pipelines[3];
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        pipelines[i] = feeding(queue, letters);
        start_pipeline(pipelines[i]);
    }
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_once, pipelines[i]), 0);
    for (size_t i = 0; i < 3 * (size_t)EACH; i++)
        take_one(queue, letters);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    assert_ended(queue);
}
END_TEST

static Suite *outputs_suite(void) {
    Suite *suite = suite_create("outputs");
    TCase *shared = add_things_case(suite, "shared");
    tcase_add_loop_test(shared, the_last_pipeline_shuts_the_queue_down, 0, 6);
    tcase_add_loop_test(shared, a_declared_pipeline_counts, 0, 2);
    tcase_add_loop_test(shared, a_failed_start_leaves_the_queue_open, 0, 2);
    tcase_add_loop_test(shared, a_cancel_ends_the_wait_for_room_of_its_pipeline_alone, 0, 2);
    tcase_add_loop_test(shared, a_result_after_a_cancel_goes_to_an_open_queue, 0, 2 * COUNT_OF(late_kinds));
    tcase_add_loop_test(shared, results_after_a_cancel_leave_in_order, 0, 2);
    tcase_add_loop_test(shared, pipelines_that_end_together_lose_nothing, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(outputs_suite());
}
