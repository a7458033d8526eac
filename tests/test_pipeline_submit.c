/*
 * test_pipeline_submit.c - submitted items: the program is told once what became of each.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <weir/future.h>

enum { ITEMS = 60, OUTCOMES = 4 };

struct ticket {
    atomic_uint told[OUTCOMES];
};

static struct ticket tickets[4 * ITEMS];
static atomic_size_t made; /* tickets of sources */

static void forget_tickets(void) {
    for (size_t i = 0; i < COUNT_OF(tickets); i++) {
        for (size_t o = 0; o < OUTCOMES; o++)
            atomic_store(&tickets[i].told[o], 0);
    }
    atomic_store(&made, 0);
}

static void settled(void *raw, weir_outcome outcome) {
    struct ticket *ticket = raw;
    ck_assert_uint_lt(outcome, OUTCOMES);
    atomic_fetch_add(&ticket->told[outcome], 1);
}

static void assert_told(size_t i, weir_outcome outcome) {
    for (size_t o = 0; o < OUTCOMES; o++)
        ck_assert_msg(atomic_load(&tickets[i].told[o]) == (o == (size_t)outcome), "ticket %zu, outcome %zu: %u times",
                      i, o, atomic_load(&tickets[i].told[o]));
}

static size_t count_told(weir_outcome outcome) {
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(tickets); i++)
        count += atomic_load(&tickets[i].told[outcome]);
    return count;
}

static weir_pipeline *telling(weir_pipeline_options options) {
    forget_tickets();
    options.settled = settled;
    return new_pipeline(&options);
}

static void submit(weir_pipeline *pipeline, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        assert_status(WEIR_OK, weir_pipeline_submit_until(pipeline, thing_new(), &tickets[i], hang_limit()));
}

/* Emits three results for each item. Fails an item that is a multiple of 5. */
static int split(weir_task *task, void *raw, void *unused) {
    struct thing *thing = raw;
    (void)unused;
    if (thing->n % 5 == 0)
        return weir_task_fail(task, 5, "a multiple of 5");
    for (int i = 0; i < 3; i++)
        weir_task_emit(task, copy_thing(thing, NULL));
    thing_consume(thing);
    return 0;
}

/* Fails a piece of an item that is a multiple of 7. */
static int check(weir_task *task, void *raw, void *unused) {
    struct thing *thing = raw;
    (void)unused;
    if (thing->of % 7 == 0)
        return weir_task_fail(task, 7, "of a multiple of 7");
    thing_consume(thing);
    return 0;
}

static int check_batch(weir_task *task, void *const *things, size_t count, void *unused) {
    for (size_t i = 0; i < count; i++)
        weir_task_emit(task, copy_thing(things[i], unused));
    for (size_t i = 0; i < count; i++)
        thing_consume(things[i]);
    return 0;
}

/* Items are numbered by their tickets: nothing else makes things before. Even: plain; odd: ordered. */
START_TEST (the_worst_of_all_that_came_of_it_is_told) {
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = telling((weir_pipeline_options){.max_items = _i < 4 ? 0 : 100});
    struct thing *things[ITEMS];
    void *taken;
    add_stage(pipeline, (weir_stage_options){.name = "split",
                                             .work.run = split,
                                             .output.ordered = _i % 2 == 1,
                                             .threads.count = 2,
                                             .input.drop = thing_drop,
                                             .errors.dead = _i % 4 < 2 ? dead : NULL,
                                             .errors.retry = {.attempts = 2, .backoff = 1000},
                                             .errors.on_error = WEIR_SKIP});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "check", .work.run = check, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    for (size_t i = 0; i < ITEMS; i++)
        things[i] = thing_new();
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_submit_until(pipeline, things[i], &tickets[i], hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < ITEMS; i++) {
        weir_outcome given_up = _i % 4 < 2 ? WEIR_ITEM_DEAD : WEIR_ITEM_FAILED;
        assert_told(i, i % 5 == 0 ? given_up : i % 7 == 0 ? WEIR_ITEM_FAILED : WEIR_ITEM_DONE);
    }
    while (weir_queue_try_get(dead, &taken) == WEIR_OK) {
        thing_consume(((weir_dead_letter *)taken)->item);
        weir_dead_letter_free(taken);
    }
    assert_things_ended();
    (void)weir_queue_shutdown(dead, WEIR_DISCARD);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}
END_TEST

/* A result of a batch is derived from all its items; an item that was put is told of nothing. */
START_TEST (the_items_of_a_batch_are_told_when_its_results_have_ended) {
    weir_pipeline *pipeline = telling((weir_pipeline_options){.name = "batches"});
    struct gate gate = GATE;
    add_stage(pipeline, (weir_stage_options){.name = "batch", .work.run_batch = check_batch, .batch.items = 4});
    add_stage(pipeline, (weir_stage_options){
                            .name = "last", .threads.count = 1, .work.run = run_pass_on_at_gate, .work.arg = &gate});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    submit(pipeline, 0, 3);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    ck_assert_uint_eq(count_told(WEIR_ITEM_DONE), 0);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_told(i, WEIR_ITEM_DONE);
    ck_assert_uint_eq(count_told(WEIR_ITEM_DONE), 3);
    assert_things_ended();
}
END_TEST

/* Items in the function, in the queue and in back-off. One that was refused is told of nothing. */
START_TEST (items_that_a_cancel_drops_are_told) {
    weir_pipeline *pipeline = telling((weir_pipeline_options){.name = "cancelled"});
    struct gate gate = GATE;
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = &gate,
                                             .threads.count = 1,
                                             .input.capacity = 4,
                                             .output.ordered = _i == 1,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    submit(pipeline, 0, 4);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    ck_assert_uint_eq(count_told(WEIR_ITEM_DROPPED), 3);
    gate_open(&gate);
    struct thing *refused = thing_new();
    assert_status(WEIR_CLOSED, weir_pipeline_submit(pipeline, refused, &tickets[4]));
    thing_consume(refused);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    for (size_t i = 0; i < 4; i++)
        assert_told(i, WEIR_ITEM_DROPPED);
    ck_assert_uint_eq(count_told(WEIR_ITEM_DROPPED), 4);
    assert_things_ended();
}
END_TEST

static int submit_in_source(weir_task *task, void *none, void *limit) {
    size_t number = atomic_fetch_add(&made, 1);
    (void)none;
    if (number == *(size_t *)limit)
        return WEIR_END;
    ck_assert_int_eq(weir_task_submit(task, thing_new(), &tickets[number]), WEIR_OK);
    return 0;
}

static int submit_late(weir_task *task, void *unused) {
    (void)unused;
    return weir_task_submit(task, thing_new(), &tickets[ITEMS]) == WEIR_OK ? 0 : 1;
}

static int submit_in_stage(weir_task *task, void *thing, void *unused) {
    (void)unused;
    ck_assert_int_eq(weir_task_submit(task, thing, &tickets[0]), WEIR_INVALID);
    weir_task_emit(task, thing);
    return 0;
}

START_TEST (sources_and_ends_submit_too) {
    size_t limit = ITEMS;
    weir_pipeline *pipeline = telling((weir_pipeline_options){.max_items = _i == 0 ? 0 : 3});
    add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = submit_in_source, .work.arg = &limit});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "stage", .threads.count = 1, .work.run = submit_in_stage, .work.at_end = submit_late});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i <= ITEMS; i++)
        assert_told(i, WEIR_ITEM_DONE);
    assert_things_ended();
}
END_TEST

static int submit_when_cancelled(weir_task *task, void *none, void *raw) {
    (void)none;
    gate_pass(raw);
    ck_assert_int_eq(weir_task_submit(task, thing_new(), &tickets[0]), WEIR_OK);
    assert_told(0, WEIR_ITEM_DROPPED);
    return 0;
}

START_TEST (a_source_is_told_of_an_item_after_a_cancel) {
    weir_pipeline *pipeline = telling((weir_pipeline_options){.max_items = _i == 0 ? 0 : 3});
    struct gate gate = GATE;
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "source", .threads.count = 1, .work.source = submit_when_cancelled, .work.arg = &gate});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_told(0, WEIR_ITEM_DROPPED);
    assert_things_ended();
}
END_TEST

/* ---- within settled ---- */

struct client {
    weir_pipeline *pipeline;
    size_t left;
    weir_status finish, wait;
};

static void submit_next(void *raw, weir_outcome outcome) {
    struct client *client = raw;
    ck_assert_int_eq(outcome, WEIR_ITEM_DONE);
    client->finish = weir_pipeline_wait(client->pipeline, WEIR_NEVER);
    if (client->left == 0 || --client->left == 0)
        return;
    assert_status(WEIR_OK, weir_pipeline_submit(client->pipeline, thing_new(), client));
}

/* Its own room is free, though the pipeline admits one item. */
START_TEST (it_may_submit_the_next_item) {
    struct client client = {.left = ITEMS};
    client.pipeline = new_pipeline(&(weir_pipeline_options){.max_items = (size_t)_i, .settled = submit_next});
    add_stage(client.pipeline,
              (weir_stage_options){.name = "end", .work.run = run_consume, .threads.count = 1, .input.capacity = 1});
    start_pipeline(client.pipeline);
    assert_status(WEIR_OK, weir_pipeline_submit(client.pipeline, thing_new(), &client));
    while (things_consumed() < ITEMS)
        nap();
    finish_and_destroy(client.pipeline, WEIR_OK);
    assert_status(WEIR_DEADLOCK, client.finish);
    assert_things_ended();
}
END_TEST

static void set_promise(void *promise, weir_outcome outcome) {
    (void)weir_future_set(promise, (void *)(uintptr_t)outcome);
    weir_future_release(promise);
}

START_TEST (a_ticket_may_be_a_promise) {
    weir_future *futures[ITEMS];
    void *value;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.settled = set_promise});
    add_stage(pipeline, (weir_stage_options){.name = "check",
                                             .work.run = check,
                                             .threads.count = 2,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    for (size_t i = 0; i < ITEMS; i++) {
        struct thing *thing = thing_new();
        thing->of = i;
        assert_status(WEIR_OK, weir_future_create(&futures[i], NULL, NULL));
        assert_status(WEIR_OK, weir_pipeline_submit(pipeline, thing, weir_future_retain(futures[i])));
    }
    for (size_t i = 0; i < ITEMS; i++) {
        assert_status(WEIR_OK, weir_future_get_until(futures[i], &value, hang_limit()));
        ck_assert_uint_eq((uintptr_t)value, i % 7 == 0 ? WEIR_ITEM_FAILED : WEIR_ITEM_DONE);
        weir_future_release(futures[i]);
    }
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- refusals ---- */

static weir_task *known_task;

static int know_task(weir_task *task, void *none, void *unused) {
    (void)none;
    (void)unused;
    known_task = task;
    return WEIR_END;
}

static void submit_too_late(void *status) {
    *(weir_status *)status = weir_task_submit(known_task, status, NULL);
}

/* After its call, a task of a source has no result to submit. */
START_TEST (a_submit_outside_a_call_is_refused) {
    weir_status status = WEIR_OK;
    weir_pipeline *pipeline = telling((weir_pipeline_options){.max_items = 0});
    add_stage(pipeline, (weir_stage_options){.name = "source",
                                             .work = {.source = know_task, .fini = submit_too_late, .arg = &status}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_status(WEIR_INVALID, status);
}
END_TEST

static int submit_unsettled(weir_task *task, void *none, void *status) {
    (void)none;
    *(weir_status *)status = weir_task_submit(task, task, NULL);
    return WEIR_END;
}

START_TEST (a_pipeline_without_settled_refuses) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_report *report = NULL;
    weir_status status = WEIR_OK;
    weir_stage *source = add_stage(
        pipeline, (weir_stage_options){.name = "source", .work = {.source = submit_unsettled, .arg = &status}});
    connect_stages(pipeline, source,
                   add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing}));
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_submit(pipeline, pipeline, NULL));
    ck_assert_str_eq(weir_pipeline_message(pipeline), "submit: settled is NULL in the options of the pipeline");
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, WEIR_NEVER, &report));
    assert_status(WEIR_INVALID, status);
    ck_assert_uint_eq(report->counts.in, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_submit(NULL, pipeline, NULL));
    assert_status(WEIR_INVALID, weir_task_submit(NULL, pipeline, NULL));
}
END_TEST

START_TEST (a_submit_waits_until_its_deadline) {
    weir_pipeline *pipeline = telling((weir_pipeline_options){.max_items = 1});
    struct gate gate = GATE;
    add_stage(pipeline,
              (weir_stage_options){.name = "gate", .threads.count = 1, .work.run = run_pass_gate, .work.arg = &gate});
    assert_status(WEIR_INVALID, weir_pipeline_submit(pipeline, pipeline, NULL));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_submit(pipeline, pipeline, &tickets[0]));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_submit_until(pipeline, pipeline, &tickets[1], 0));
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_told(0, WEIR_ITEM_DONE);
    ck_assert_uint_eq(count_told(WEIR_ITEM_DROPPED), 0);
}
END_TEST

static Suite *submit_suite(void) {
    Suite *suite = suite_create("submit");
    TCase *outcomes = add_things_case(suite, "outcomes");
    tcase_add_loop_test(outcomes, the_worst_of_all_that_came_of_it_is_told, 0, 8);
    tcase_add_test(outcomes, the_items_of_a_batch_are_told_when_its_results_have_ended);
    tcase_add_loop_test(outcomes, items_that_a_cancel_drops_are_told, 0, 2);
    tcase_add_loop_test(outcomes, sources_and_ends_submit_too, 0, 2);
    tcase_add_loop_test(outcomes, a_source_is_told_of_an_item_after_a_cancel, 0, 2);
    TCase *within = add_things_case(suite, "within");
    tcase_add_loop_test(within, it_may_submit_the_next_item, 0, 2);
    tcase_add_test(within, a_ticket_may_be_a_promise);
    TCase *refusals = add_things_case(suite, "refusals");
    tcase_add_test(refusals, a_pipeline_without_settled_refuses);
    tcase_add_test(refusals, a_submit_outside_a_call_is_refused);
    tcase_add_test(refusals, a_submit_waits_until_its_deadline);
    return suite;
}

int main(void) {
    return run_suite(submit_suite());
}
