/*
 * test_pipeline_limits.c - limits: items in flight, the rate of calls, and items for each key.
 *
 * Times are checked only from below: a busy machine is slower than any limit.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <sched.h>
#include <stdio.h>

/* The weight of a thing, as set by the test. */
static uint64_t weigh_thing(const void *item, void *weighings) {
    if (weighings != NULL)
        atomic_fetch_add((atomic_uint *)weighings, 1);
    return ((const struct thing *)item)->of;
}

static struct thing *thing_of_weight(size_t weight) {
    struct thing *thing = thing_new();
    thing->of = weight;
    return thing;
}

static weir_pipeline *gated(struct gate *gate, weir_pipeline_options options) {
    weir_pipeline *pipeline = new_pipeline(&options);
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = gate,
                                             .input.drop = thing_drop,
                                             .input.capacity = 100});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    return pipeline;
}

START_TEST (no_more_than_max_items_are_in_flight) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated(&gate, (weir_pipeline_options){.max_items = 5});
    put_things(pipeline, 5);
    struct thing *sixth = thing_new();
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, sixth, 0));
    gate_open(&gate);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, sixth));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->max_items, 5);
    ck_assert_uint_eq(report->counts.in, 6); /* without the refused ones */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (no_more_than_max_bytes_are_in_flight_except_for_a_single_item) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated(&gate, (weir_pipeline_options){.max_bytes = 100, .weigh = weigh_thing});
    struct thing *light = thing_of_weight(0), *one = thing_of_weight(1), *heavy = thing_of_weight(1000);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(60)));
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(40)));
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->bytes, 100);
    ck_assert_uint_eq(report->max_bytes, 100);
    weir_report_free(report);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, one, 0));
    assert_status(WEIR_OK, weir_pipeline_put_until(pipeline, light, 0)); /* weight 0 */
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, heavy, 0));
    struct pipeline_call put = {.call = {.item = heavy, .deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&put.call, make_pipeline_put);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&put.call)); /* once the pipeline is empty */
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, one));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* A heavy item waits first; the light ones behind it would fit, and wait too. */
START_TEST (blocked_callers_are_admitted_in_fifo_order) {
    enum { WAITING = 5 };
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated(&gate, (weir_pipeline_options){.max_bytes = 100, .weigh = weigh_thing});
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(50)));
    struct pipeline_call puts[WAITING];
    for (size_t i = 0; i < WAITING; i++) {
        puts[i] = (struct pipeline_call){.call = {.item = thing_of_weight(i == 0 ? 90 : 2), .deadline = WEIR_NEVER},
                                         .pipeline = pipeline};
        call_start_asleep(&puts[i].call, make_pipeline_put);
    }
    struct thing *late = thing_of_weight(1);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, late, 0));
    thing_consume(late);
    for (size_t i = 0; i < WAITING; i++)
        ck_assert(!atomic_load(&puts[i].call.returned));
    gate_open(&gate);
    for (size_t i = 0; i < WAITING; i++)
        assert_status(WEIR_OK, call_finish(&puts[i].call));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* A caller that gives up in the middle of the line lets the others proceed. */
START_TEST (a_caller_that_times_out_leaves_the_line) {
    enum { WAITING = 4 };
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated(&gate, (weir_pipeline_options){.max_bytes = 100, .weigh = weigh_thing});
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(50)));
    struct pipeline_call puts[WAITING];
    for (size_t i = 0; i < WAITING; i++) {
        puts[i] = (struct pipeline_call){
            .call = {.item = thing_of_weight(i == 0 ? 90 : 10),
                     .deadline = i == (size_t)_i ? weir_deadline_after(100 * MILLISECONDS) : WEIR_NEVER},
            .pipeline = pipeline};
        call_start(&puts[i].call, make_pipeline_put);
    }
    ck_assert(calls_wait_returned(&puts[_i].call, 1, 1));
    if (_i == 0) { /* then the others fit beside the admitted item */
        for (size_t i = 1; i < WAITING; i++)
            ck_assert(calls_wait_returned(&puts[i].call, 1, 1));
    }
    gate_open(&gate);
    for (size_t i = 0; i < WAITING; i++) {
        weir_status status = call_finish(&puts[i].call);
        ck_assert(status == WEIR_OK || (status == WEIR_TIMEDOUT && i == (size_t)_i));
        if (status == WEIR_TIMEDOUT)
            thing_consume(puts[i].call.item);
    }
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* A caller blocked on a limit may be the reader of the results: it must wake as soon as one more item fits. */
START_TEST (a_blocked_caller_that_reads_the_results_is_admitted_in_time) {
    enum { INSIDE = 100, MORE = 1000 };
    weir_queue *results;
    assert_status(WEIR_OK, weir_queue_create(&results, 4));
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = INSIDE});
    add_stage(pipeline, (weir_stage_options){.name = "pass",
                                             .work.func = hand_back,
                                             .output.ordered = _i == 1,
                                             .input.capacity = 2 * INSIDE,
                                             .output.results = results,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, INSIDE);
    void *taken;
    for (size_t i = 0; i < INSIDE + MORE; i++) {
        assert_status(WEIR_OK, weir_queue_get(results, &taken));
        assert_status(WEIR_OK, weir_queue_task_done(results));
        thing_consume(taken);
        if (i < MORE)
            put_things(pipeline, 1);
    }
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
    assert_things_ended();
}
END_TEST

/* ---- put_many ---- */

enum { SEVERAL = 100 };

static void **several_things(void) {
    static void *things[SEVERAL];
    for (size_t i = 0; i < SEVERAL; i++)
        things[i] = thing_new();
    return things;
}

static void consume_from(void **things, size_t first) {
    for (size_t i = first; i < SEVERAL; i++)
        thing_consume(things[i]);
}

/* With max_items, with max_bytes, and without limits, so that the queue is full. */
static atomic_uint weighings;

static weir_pipeline *gated_for_several(struct gate *gate, int which) {
    atomic_store(&weighings, 0);
    return gated(gate, (weir_pipeline_options){.max_items = which == 0 ? 7 : 0,
                                               .max_bytes = which == 1 ? 1000 : 0,
                                               .weigh = which == 1 ? weigh_thing : NULL,
                                               .weigh_arg = which == 1 ? &weighings : NULL});
}

START_TEST (several_are_put_as_there_is_room_for_them) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated_for_several(&gate, _i);
    void **things = several_things();
    for (size_t i = 0; _i == 1 && i < SEVERAL; i++)
        ((struct thing *)things[i])->of = 100 + i;
    struct pipeline_call put = {.call = {.items = things, .count = SEVERAL}, .pipeline = pipeline};
    call_start(&put.call, make_pipeline_put_many);
    gate_wait_for(&gate, 1);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&put.call));
    ck_assert_uint_eq(put.call.moved, SEVERAL);
    ck_assert_uint_eq(atomic_load(&weighings), _i == 1 ? SEVERAL : 0); /* once each, however often the call blocked */
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, SEVERAL);
    ck_assert_uint_eq(report->counts.done, SEVERAL);
    ck_assert_uint_eq(report->bytes, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The limits or the queue are full before all items are in; with a passed deadline, at once. */
START_TEST (items_of_several_not_admitted_by_the_deadline_stay_the_callers) {
    static const size_t fit[] = {7, 10, 0};
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated_for_several(&gate, _i % 3);
    void **things = several_things();
    size_t put = SIZE_MAX, first = 0, all = 0;
    for (size_t i = 0; i < SEVERAL; i++)
        ((struct thing *)things[i])->of = 100;
    if (_i % 3 == 2) { /* the queue: its capacity, and the worker's items */
        for (; first < SEVERAL; first++)
            assert_status(WEIR_OK, weir_pipeline_put(pipeline, things[first]));
        gate_wait_for(&gate, 1);
        things = several_things();
        all = SEVERAL;
    }
    weir_deadline deadline = _i < 3 ? 0 : weir_deadline_after(20 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_many_until(pipeline, things, SEVERAL, &put, deadline));
    ck_assert_uint_ge(now(), deadline);
    if (_i % 3 != 2)
        ck_assert_uint_eq(put, fit[_i % 3]);
    ck_assert_uint_lt(put, SEVERAL);
    consume_from(things, put);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, all + put);
    ck_assert_uint_eq(report->counts.done, all + put);
    ck_assert_uint_eq(report->bytes, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (several_are_admitted_before_their_deadline) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated_for_several(&gate, _i);
    void **things = several_things();
    struct pipeline_call put = {.call = {.items = things, .count = SEVERAL, .deadline = hang_limit()},
                                .pipeline = pipeline};
    call_start(&put.call, make_pipeline_put_many_until);
    gate_wait_for(&gate, 1);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&put.call));
    ck_assert_uint_eq(put.call.moved, SEVERAL);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* A cancel or a finish comes after the first items. */
START_TEST (items_of_several_not_admitted_stay_the_callers) {
    bool cancels = _i / 2 == 0;
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated_for_several(&gate, _i % 2);
    void **things = several_things();
    for (size_t i = 0; i < SEVERAL; i++)
        ((struct thing *)things[i])->of = 100;
    struct pipeline_call put = {.call = {.items = things, .count = SEVERAL}, .pipeline = pipeline};
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&put.call, make_pipeline_put_many);
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    else
        call_start(&finish.call, make_pipeline_finish);
    assert_status(WEIR_CLOSED, call_finish(&put.call));
    ck_assert_uint_eq(put.call.moved, _i % 2 == 0 ? 7 : 10);
    consume_from(things, put.call.moved);
    gate_open(&gate);
    if (!cancels) {
        assert_status(WEIR_OK, call_finish(&finish.call));
        weir_report_free(finish.report);
    }
    weir_report *report = finish_pipeline(pipeline, cancels ? WEIR_CANCELLED : WEIR_OK);
    ck_assert_uint_eq(report->counts.in, put.call.moved);
    ck_assert_uint_eq(report->bytes, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* A put_many blocked on its queue leaves the limits to others: here, to a source. */
static int produce_many(weir_task *task, void *none, void *raw) {
    atomic_uint *produced = raw;
    (void)none;
    if (atomic_load(produced) == 1000)
        return WEIR_END;
    weir_task_emit(task, thing_new());
    atomic_fetch_add(produced, 1);
    return 0;
}

START_TEST (several_blocked_on_the_queue_hold_no_room_under_the_limits) {
    enum { INSIDE = 32 };
    struct gate gate = GATE;
    atomic_uint produced = 0;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = INSIDE, .grace = HANG_SECONDS * SECONDS});
    weir_stage *slow = add_stage(pipeline, (weir_stage_options){.name = "gate",
                                                                .work.func = hand_back_at_gate,
                                                                .work.arg = &gate,
                                                                .input.capacity = 2,
                                                                .input.drop = thing_drop});
    weir_stage *source =
        add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = produce_many, .work.arg = &produced});
    weir_stage *end =
        add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    connect_stages(pipeline, slow, end);
    connect_stages(pipeline, source, end);
    start_pipeline(pipeline);
    void **things = several_things();
    struct pipeline_call put = {.call = {.items = things, .count = SEVERAL}, .pipeline = pipeline};
    call_start(&put.call, make_pipeline_put_many);
    gate_wait_for(&gate, 1);
    wait_for_count(&produced, 1000);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_CLOSED, call_finish(&put.call));
    consume_from(things, put.call.moved);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* Weighs a thing. At the second one of a put of several, fills the entrance's queue first. */
struct filling {
    weir_pipeline *pipeline;
    void *at; /* NULL: it is full */
    atomic_size_t filled, weighed;
};

static uint64_t fill_and_weigh(const void *item, void *raw) {
    struct filling *filling = raw;
    bool fills = item == filling->at;
    filling->weighed++;
    filling->at = fills ? NULL : filling->at;
    for (struct thing *thing; fills; filling->filled++) {
        thing = thing_new();
        if (weir_pipeline_put_until(filling->pipeline, thing, 0) == WEIR_OK)
            continue;
        thing_consume(thing);
        break;
    }
    return 1;
}

/* While a put of several blocks on the queue, the items behind its first one leave their room to others. */
START_TEST (several_that_find_the_queue_full_keep_room_for_one) {
    struct gate gate = GATE;
    struct filling filling = {.at = NULL};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){
        .max_bytes = 1000, .weigh = fill_and_weigh, .weigh_arg = &filling, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.run = run_pass_gate,
                                             .work.arg = &gate,
                                             .input.drop = thing_drop,
                                             .input.capacity = 8});
    start_pipeline(pipeline);
    void *things[] = {thing_new(), thing_new(), thing_new()};
    filling.pipeline = pipeline;
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    filling.at = things[1];
    struct pipeline_call put = {.call = {.items = things, .count = COUNT_OF(things)}, .pipeline = pipeline};
    call_start_asleep(&put.call, make_pipeline_put_many);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_ge(atomic_load(&filling.filled), 8);
    ck_assert_uint_eq(report->bytes, 1 + atomic_load(&filling.filled) + 1);
    weir_report_free(report);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&put.call));
    ck_assert_uint_eq(put.call.moved, COUNT_OF(things));
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1 + atomic_load(&filling.filled) + COUNT_OF(things));
    ck_assert_uint_eq(atomic_load(&filling.weighed), report->counts.in + 1); /* the last thing did not fit */
    ck_assert_uint_eq(report->bytes, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (several_may_be_none_and_are_checked) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated_for_several(&gate, _i);
    void *things[1] = {NULL};
    size_t put = 9;
    assert_status(WEIR_INVALID, weir_pipeline_put_many(pipeline, things, 1, NULL));
    assert_status(WEIR_INVALID, weir_pipeline_put_many(pipeline, NULL, 1, &put));
    ck_assert_uint_eq(put, 0);
    put = 9;
    assert_status(WEIR_INVALID, weir_pipeline_put_many(NULL, things, 1, &put));
    ck_assert_uint_eq(put, 0);
    put = 9;
    assert_status(WEIR_OK, weir_pipeline_put_many(pipeline, NULL, 0, &put));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_INVALID, weir_pipeline_put_many_until(pipeline, things, 1, NULL, 0));
    put = 9;
    assert_status(WEIR_INVALID, weir_pipeline_put_many_until(pipeline, NULL, 1, &put, 0));
    ck_assert_uint_eq(put, 0);
    put = 9;
    assert_status(WEIR_OK, weir_pipeline_put_many_until(pipeline, NULL, 0, &put, 0));
    ck_assert_uint_eq(put, 0);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* The queue is full: admitted items that do not fit into it are returned to the caller. */
START_TEST (items_of_several_refused_by_the_queue_stay_the_callers) {
    struct gate gate = GATE;
    const weir_pipeline_options options = {
        .max_items = _i == 0 ? 50 : 0, .weigh = weigh_thing, .grace = HANG_SECONDS * SECONDS};
    weir_pipeline *pipeline = new_pipeline(&options);
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = &gate,
                                             .input.drop = thing_drop,
                                             .input.capacity = 3});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    void **things = several_things();
    struct pipeline_call put = {.call = {.items = things, .count = SEVERAL}, .pipeline = pipeline};
    call_start_asleep(&put.call, make_pipeline_put_many);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_CLOSED, call_finish(&put.call));
    ck_assert_uint_lt(put.call.moved, 32); /* fewer than are admitted at once */
    consume_from(things, put.call.moved);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.in, put.call.moved);
    ck_assert_uint_eq(report->counts.dropped, put.call.moved);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- what makes room ---- */

static int split_in_three(weir_task *task, void *item, void *unused) {
    (void)unused;
    for (int i = 0; i < 3; i++)
        weir_task_emit(task, thing_of_weight(1));
    thing_consume(item);
    return 0;
}

START_TEST (an_item_is_in_flight_until_its_last_result_is_done) {
    struct gate gate = GATE;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = 1, .max_bytes = 10, .weigh = weigh_thing});
    add_stage(pipeline, (weir_stage_options){.name = "split", .work.run = split_in_three, .input.drop = thing_drop});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "gate", .work.run = run_pass_on_at_gate, .work.arg = &gate, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(7)));
    gate_wait_for(&gate, 1);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->counts.live, 1);
    ck_assert_uint_eq(report->bytes, 7); /* its own weight, not that of its results */
    assert_balanced(report);
    weir_report_free(report);
    struct thing *second = thing_of_weight(7);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_put_until(pipeline, second, 0));
    gate_open(&gate);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, second));
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 2);
    ck_assert_uint_eq(stage_in(report, "end")->counts.done, 6);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Weighed only for the report. */
START_TEST (without_a_limit_of_bytes_they_are_counted) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = gated(&gate, (weir_pipeline_options){.weigh = weigh_thing});
    for (size_t i = 0; i < 10; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_weight(100 + i)));
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->bytes, 1045);
    ck_assert_uint_eq(report->max_bytes, 0);
    ck_assert_uint_eq(report->max_items, 0);
    weir_report_free(report);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK); /* no item is in flight then */
    assert_things_ended();
}
END_TEST

START_TEST (many_producers_keep_within_both_limits) {
    enum { PUTTERS = 4 };
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = 6, .max_bytes = 40, .weigh = weigh_thing});
    add_stage(pipeline,
              (weir_stage_options){.name = "a", .work.run = run_pass_on, .threads.count = 2, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (size_t round = 0; round < 100; round++) {
        struct pipeline_call puts[PUTTERS];
        for (size_t i = 0; i < PUTTERS; i++) {
            puts[i] = (struct pipeline_call){
                .call = {.item = thing_of_weight((round * 7 + i * 13) % 60), .deadline = hang_limit()},
                .pipeline = pipeline};
            call_start(&puts[i].call, make_pipeline_put);
        }
        weir_report *report = report_of(pipeline);
        ck_assert_uint_le(report->bytes, 60);
        assert_balanced(report);
        weir_report_free(report);
        for (size_t i = 0; i < PUTTERS; i++)
            assert_status(WEIR_OK, call_finish(&puts[i].call));
    }
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* ---- the rate ---- */

static const struct rating {
    double rate;
    size_t burst, threads, items;
    uint64_t least; /* ns: (items - burst) / rate */
} ratings[] = {
    {1000, 0, 1, 51, 50 * MILLISECONDS},
    {1000, 1, 4, 51, 50 * MILLISECONDS},
    {2000, 20, 3, 120, 50 * MILLISECONDS},
    {1000, 50, 2, 50, 0},
    {1e9, 1, 2, 2000, 0},
    {0.001, SIZE_MAX, 2, 200, 0}, /* an unlimited burst */
};

/* Runs a rated stage; returns the time for which its workers waited. */
static uint64_t run_rated(const struct rating *rating) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "rated",
                                             .work.func = consume_thing,
                                             .threads.count = rating->threads,
                                             .limits.rate = rating->rate,
                                             .limits.burst = rating->burst,
                                             .input.drop = thing_drop});
    weir_deadline begin = now();
    start_pipeline(pipeline);
    put_things(pipeline, rating->items);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_ge(now() - begin, rating->least);
    ck_assert_uint_ge(report->elapsed, rating->least);
    ck_assert_uint_eq(report->counts.done, rating->items);
    uint64_t blocked = report->stages[0].blocked;
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    return blocked;
}

/* A worker waits nearly all the time, and waiting is not busy time. On a busy machine, which is late with it, try again. */
START_TEST (calls_are_no_more_often_than_the_rate) {
    weir_deadline limit = hang_limit();
    while (run_rated(&ratings[_i]) < ratings[_i].least / 2)
        ck_assert_msg(now() < limit, "the wait for the rate was never blocked time");
}
END_TEST

/* A batch counts as its items: after ten items, the next batch waits ten intervals. */
START_TEST (batches_are_rated_by_their_items) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "rated", .work.run_batch = run_batch_consume, .batch = {.items = 10}, .limits.rate = 1000});
    start_pipeline(pipeline);
    put_things(pipeline, 60);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_ge(report->elapsed, 50 * MILLISECONDS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The rate is so low that the time of the second call, or batch, exceeds 64 bits. */
START_TEST (at_the_lowest_rate_the_first_call_comes_and_the_others_wait_for_the_end) {
    enum { AT_ONCE = 30 };
    size_t each = _i == 0 ? 1 : AT_ONCE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage_options rated = {.name = "rated", .limits.rate = 1e-300, .threads.count = 2, .input.drop = thing_drop};
    if (_i == 0) {
        rated.work.func = consume_thing;
    } else {
        rated.work.run_batch = run_batch_consume;
        rated.batch = (weir_batch){.items = AT_ONCE};
    }
    add_stage(pipeline, rated);
    start_pipeline(pipeline);
    put_things(pipeline, 2 * AT_ONCE);
    while (things_consumed() < each)
        nap();
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, weir_deadline_after(MILLISECONDS), NULL));
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), each);
    assert_things_ended();
}
END_TEST

/* ---- keys ---- */

enum { KEYS = 5 };

struct keyed {
    atomic_uint inside[KEYS], most[KEYS];
    atomic_size_t last[KEYS]; /* the last item's number, plus 1 */
    atomic_uint out_of_order;
    bool fails; /* each third item fails once */
};

static uint64_t key_of(const void *item, void *arg) {
    (void)arg;
    size_t n = ((const struct thing *)item)->n;
    return n % 3 == 0 ? 0 : n % KEYS;
}

static int work_by_key(weir_task *task, void *item, void *raw) {
    struct keyed *keyed = raw;
    struct thing *thing = item;
    size_t key = (size_t)key_of(thing, NULL);
    unsigned inside = atomic_fetch_add(&keyed->inside[key], 1) + 1, most = atomic_load(&keyed->most[key]);
    while (most < inside && !atomic_compare_exchange_weak(&keyed->most[key], &most, inside))
        ;
    if (thing->n % 4 == 0)
        sched_yield();
    if (thing->n % 97 == 0)
        nap();
    atomic_fetch_sub(&keyed->inside[key], 1);
    if (keyed->fails && thing->n % 3 == 1 && weir_task_attempt(task) == 1)
        return 1;
    if (atomic_exchange(&keyed->last[key], thing->n + 1) > thing->n)
        atomic_fetch_add(&keyed->out_of_order, 1);
    thing_consume(thing);
    return 0;
}

START_TEST (so_many_of_a_key_at_a_time_and_with_one_in_order) {
    size_t per_key = (size_t)_i / 4 + 1;
    struct keyed keyed = {.fails = _i & 1};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = _i & 2 ? 30 : 0});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.run = work_by_key,
                                             .work.arg = &keyed,
                                             .threads.count = 6,
                                             .limits.per_key = per_key,
                                             .limits.key = key_of,
                                             .input.drop = thing_drop,
                                             .errors.retry = {.attempts = 2, .backoff = 20 * 1000}});
    start_pipeline(pipeline);
    put_things(pipeline, 1000);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1000);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    for (size_t key = 0; key < KEYS; key++)
        ck_assert_uint_le(atomic_load(&keyed.most[key]), per_key);
    if (per_key == 1)
        ck_assert_uint_eq(atomic_load(&keyed.out_of_order), 0);
    assert_things_ended();
}
END_TEST

START_TEST (a_cancel_drops_items_that_wait_for_their_key) {
    struct keyed keyed = {.fails = true};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.run = work_by_key,
                                             .work.arg = &keyed,
                                             .threads.count = 3,
                                             .limits.per_key = 1 + (size_t)_i % 2,
                                             .limits.key = key_of,
                                             .input.drop = thing_drop,
                                             .errors.retry = {.attempts = 2, .backoff = 200 * 1000}});
    start_pipeline(pipeline);
    put_things(pipeline, 70 + (size_t)_i);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* All items have one key, and the first is in back-off. */
static uint64_t one_key(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 12345;
}

static int fail_once(weir_task *task, void *item, void *unused) {
    return weir_task_attempt(task) == 1 ? 1 : run_consume(task, item, unused);
}

static size_t depth_of_first(weir_pipeline *pipeline) {
    weir_report *report = report_of(pipeline);
    size_t depth = report->stages[0].depth;
    weir_report_free(report);
    return depth;
}

START_TEST (a_cancel_of_very_many_items_that_wait_for_one_key_completes) {
    enum { MANY = 20000 };
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = 100000, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "keyed",
                            .work.run = fail_once,
                            .threads.count = 2,
                            .limits.per_key = 1,
                            .limits.key = one_key,
                            .input.drop = thing_drop,
                            .errors.retry = {.attempts = 2, .backoff = 3600 * SECONDS, .max_backoff = 3600 * SECONDS}});
    start_pipeline(pipeline);
    put_things(pipeline, MANY);
    for (weir_deadline limit = hang_limit(); depth_of_first(pipeline) > 0; nap())
        ck_assert_uint_lt(now(), limit);
    weir_deadline from = now();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    printf("a cancel of %d that wait for one key: %.1f ms\n", MANY, (double)(now() - from) / 1e6);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, MANY);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), MANY);
    assert_things_ended();
}
END_TEST

/* Each item has its own key; there are more keys than places in a small index. */
static uint64_t own_key(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n;
}

static void *hold_the_first(void *item, void *gate) {
    if (((struct thing *)item)->n == 0)
        gate_pass(gate);
    thing_consume(item);
    return NULL;
}

START_TEST (one_key_holds_up_no_other) {
    enum { MANY = 1000 };
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 60});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.func = hold_the_first,
                                             .work.arg = &gate,
                                             .threads.count = 2,
                                             .limits.per_key = (size_t)_i,
                                             .limits.key = own_key,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    put_things(pipeline, MANY - 1);
    for (weir_deadline limit = hang_limit(); things_consumed() < MANY - 1; nap())
        ck_assert_uint_lt(now(), limit);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, MANY);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/*
 * The key of the first item is not known yet, so the items behind it are not admitted, although their keys are known.
 */
struct slow_key {
    struct gate gate;
    atomic_uint others;
};

static uint64_t wait_for_first_key(const void *item, void *raw) {
    struct slow_key *slow = raw;
    if (((const struct thing *)item)->n == 0)
        gate_pass(&slow->gate);
    else
        atomic_fetch_add(&slow->others, 1);
    return ((const struct thing *)item)->n;
}

START_TEST (a_cancel_drops_items_not_yet_admitted_by_their_keys) {
    struct slow_key slow = {.gate = GATE};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.run = run_consume,
                                             .work.arg = &slow,
                                             .threads.count = 2,
                                             .limits.per_key = 1,
                                             .limits.key = wait_for_first_key,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&slow.gate, 1);
    put_things(pipeline, 10);
    wait_for_count(&slow.others, 10); /* the last one may be about to join */
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&slow.gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 11);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 11);
    assert_things_ended();
}
END_TEST

/* ---- the rate of a key ---- */

static atomic_uint begun[2];

static uint64_t parity(const void *item, void *unused) {
    (void)unused;
    return ((const struct thing *)item)->n % 2;
}

static int count_of_key(weir_task *task, void *item, void *unused) {
    atomic_fetch_add(&begun[parity(item, NULL)], 1);
    return run_consume(task, item, unused);
}

static weir_pipeline *start_key_rate(double key_rate, size_t threads, size_t per_key, bool ordered) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    atomic_store(&begun[0], 0);
    atomic_store(&begun[1], 0);
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.run = count_of_key,
                                             .threads.count = threads,
                                             .output.ordered = ordered,
                                             .limits.per_key = per_key,
                                             .limits.key = parity,
                                             .limits.key_rate = key_rate,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    return pipeline;
}

static const struct key_rating {
    size_t threads, per_key;
    bool ordered;
} key_ratings[] = {{1, 1, false}, {3, 1, false}, {3, 2, false}, {3, 1, true}, {0, 1, false}, {0, 2, true}};

/* Ten items of each key take at least nine intervals, and one thread is enough for both. */
START_TEST (items_of_a_key_begin_no_more_often_than_its_rate) {
    const struct key_rating *rating = &key_ratings[_i];
    weir_pipeline *pipeline = start_key_rate(500, rating->threads, rating->per_key, rating->ordered);
    weir_deadline before = now();
    put_things(pipeline, 20);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_ge(now() - before, 9 * 2 * MILLISECONDS);
    ck_assert_uint_eq(report->counts.done, 20);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&begun[0]), 10);
    ck_assert_uint_eq(atomic_load(&begun[1]), 10);
    assert_things_ended();
}
END_TEST

/* The stage remembers a key without items. The items that rest are dropped by a cancel, and block no worker. */
START_TEST (a_key_is_remembered_until_its_next_item_may_begin) {
    const struct key_rating *rating = &key_ratings[_i];
    weir_pipeline *pipeline = start_key_rate(1e-9, rating->threads, rating->per_key, rating->ordered);
    put_things(pipeline, 1);
    wait_until_empty(pipeline);
    put_things(pipeline, 10);
    wait_for_count(&begun[1], 1);
    sleep_until(weir_deadline_after(20 * MILLISECONDS));
    ck_assert_uint_eq(atomic_load(&begun[0]), 1);
    ck_assert_uint_eq(atomic_load(&begun[1]), 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 9);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Entries that rest are left when the run ends. */
START_TEST (a_run_ends_while_keys_rest) {
    weir_pipeline *pipeline = start_key_rate(1e-9, 2, 1, false);
    put_things(pipeline, 2);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

static Suite *limits_suite(void) {
    Suite *suite = suite_create("limits of a pipeline");
    TCase *inside = add_things_case(suite, "inside");
    tcase_add_test(inside, no_more_than_max_items_are_in_flight);
    tcase_add_test(inside, no_more_than_max_bytes_are_in_flight_except_for_a_single_item);
    tcase_add_test(inside, blocked_callers_are_admitted_in_fifo_order);
    tcase_add_loop_test(inside, a_caller_that_times_out_leaves_the_line, 0, 4);
    tcase_add_test(inside, an_item_is_in_flight_until_its_last_result_is_done);
    tcase_add_test(inside, without_a_limit_of_bytes_they_are_counted);
    tcase_add_test(inside, many_producers_keep_within_both_limits);
    tcase_add_loop_test(inside, a_blocked_caller_that_reads_the_results_is_admitted_in_time, 0, 2);
    TCase *several = add_things_case(suite, "several");
    tcase_add_loop_test(several, several_are_put_as_there_is_room_for_them, 0, 3);
    tcase_add_loop_test(several, several_are_admitted_before_their_deadline, 0, 3);
    tcase_add_loop_test(several, items_of_several_not_admitted_by_the_deadline_stay_the_callers, 0, 6);
    tcase_add_loop_test(several, items_of_several_not_admitted_stay_the_callers, 0, 4);
    tcase_add_test(several, several_blocked_on_the_queue_hold_no_room_under_the_limits);
    tcase_add_test(several, several_that_find_the_queue_full_keep_room_for_one);
    tcase_add_loop_test(several, several_may_be_none_and_are_checked, 0, 3);
    tcase_add_loop_test(several, items_of_several_refused_by_the_queue_stay_the_callers, 0, 2);
    TCase *rate = add_things_case(suite, "rate");
    tcase_add_loop_test(rate, calls_are_no_more_often_than_the_rate, 0, COUNT_OF(ratings));
    tcase_add_test(rate, batches_are_rated_by_their_items);
    tcase_add_loop_test(rate, at_the_lowest_rate_the_first_call_comes_and_the_others_wait_for_the_end, 0, 2);
    TCase *keys = add_things_case(suite, "keys");
    tcase_add_loop_test(keys, so_many_of_a_key_at_a_time_and_with_one_in_order, 0, 12);
    tcase_add_loop_test(keys, a_cancel_drops_items_that_wait_for_their_key, 0, 20);
    tcase_add_loop_test(keys, one_key_holds_up_no_other, 1, 3);
    tcase_add_test(keys, a_cancel_drops_items_not_yet_admitted_by_their_keys);
    tcase_add_test(keys, a_cancel_of_very_many_items_that_wait_for_one_key_completes);
    tcase_add_loop_test(keys, items_of_a_key_begin_no_more_often_than_its_rate, 0, COUNT_OF(key_ratings));
    tcase_add_loop_test(keys, a_key_is_remembered_until_its_next_item_may_begin, 0, COUNT_OF(key_ratings));
    tcase_add_test(keys, a_run_ends_while_keys_rest);
    return suite;
}

int main(void) {
    return run_suite(limits_suite());
}
