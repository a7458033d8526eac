/*
 * test_pipeline_feed.c - feedback: items that a stage hands to itself or to a stage upstream, and the wait until nothing
 * is in flight.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <string.h>

/* ---- walks: a thing with depth d in `of` leads to two things of depth d - 1 ---- */

enum { DEPTH = 6, WALKED = (1 << (DEPTH + 1)) - 1 };

struct walk {
    weir_stage *to;      /* stage that is fed; NULL: the own one */
    struct gate *gate;   /* passed by each call; NULL: none */
    unsigned failures;   /* attempts at each thing that fail, before it feeds */
    atomic_uint refused; /* feeds with a status other than `wanted` */
    weir_status wanted;
    atomic_uint returned; /* things that a refused feed has left to the caller */
};

static struct thing *thing_of_depth(size_t depth) {
    struct thing *thing = thing_new();
    thing->of = depth;
    return thing;
}

static void feed_one(weir_task *task, struct walk *walk, size_t depth) {
    struct thing *thing = thing_of_depth(depth);
    weir_status status = weir_task_feed(task, walk->to, thing);
    if (status != walk->wanted)
        atomic_fetch_add(&walk->refused, 1);
    if (status == WEIR_OK)
        return;
    atomic_fetch_add(&walk->returned, 1);
    thing_consume(thing);
}

static void feed_two(weir_task *task, struct walk *walk, const struct thing *thing) {
    for (int i = 0; i < 2 && thing->of > 0; i++)
        feed_one(task, walk, thing->of - 1);
}

static int run_walk(weir_task *task, void *raw, void *walk_of_stage) {
    struct walk *walk = walk_of_stage;
    struct thing *thing = raw;
    if (walk->gate != NULL)
        gate_pass(walk->gate);
    if (atomic_fetch_add(&thing->tries, 1) < walk->failures)
        return weir_task_fail(task, 7, "not yet");
    feed_two(task, walk, thing);
    weir_task_emit(task, thing);
    return 0;
}

static int run_walk_batch(weir_task *task, void *const *things, size_t count, void *walk) {
    for (size_t i = 0; i < count; i++)
        (void)run_walk(task, things[i], walk);
    return 0;
}

static uint64_t key_of(const void *thing, void *unused) {
    (void)unused;
    return ((const struct thing *)thing)->n % 3;
}

static weir_stage_options walking(struct walk *walk) {
    return (weir_stage_options){.name = "walk",
                                .work.run = run_walk,
                                .work.arg = walk,
                                .input.capacity = 1,
                                .input.drop = thing_drop,
                                .errors.on_error = WEIR_SKIP};
}

static weir_stage_options consuming(const char *name) {
    return (weir_stage_options){
        .name = name, .work.func = consume_thing, .input.capacity = 1, .input.drop = thing_drop};
}

/* The kinds of stages that are fed. */
enum { PLAIN, ORDERED, BY_KEY, BATCHED, ORDERED_BATCHED, RETRIED, KINDS };

static weir_stage_options walking_as(struct walk *walk, int kind) {
    weir_stage_options options = walking(walk);
    options.output.ordered = kind == ORDERED || kind == ORDERED_BATCHED;
    options.limits.key = kind == BY_KEY ? key_of : NULL;
    options.limits.per_key = kind == BY_KEY;
    if (kind == BATCHED || kind == ORDERED_BATCHED) {
        options.work.run = NULL;
        options.work.run_batch = run_walk_batch;
        options.batch.items = 5;
    }
    walk->failures = kind == RETRIED ? 2 : 0;
    options.errors.retry.attempts = kind == RETRIED ? 3 : 0;
    options.errors.retry.backoff = kind == RETRIED ? 1000 : 0;
    return options;
}

static void assert_walked(const struct walk *walk, weir_report *report, size_t roots) {
    ck_assert_uint_eq(atomic_load(&walk->refused), 0);
    ck_assert_uint_eq(things_consumed(), WALKED * roots);
    ck_assert_uint_eq(report->counts.in, WALKED * roots);
    ck_assert_uint_eq(report->counts.done, WALKED * roots);
    ck_assert_uint_eq(stage_in(report, "walk")->counts.in, WALKED * roots);
    assert_things_ended();
    weir_report_free(report);
}

/* The input queue has one place, and max_items may be one less than a batch needs: the feeds exceed both. */
START_TEST (a_stage_feeds_itself) {
    struct walk walk = {.wanted = WEIR_OK};
    int kind = _i % KINDS;
    size_t limit = _i / KINDS % 2 == 0 ? 0 : kind == BATCHED || kind == ORDERED_BATCHED ? 5 : 1;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = limit});
    weir_stage_options options = walking_as(&walk, kind);
    options.threads.count = kind == ORDERED_BATCHED ? 1 : (size_t)_i / KINDS / 2 + 1;
    add_stage(pipeline, options);
    add_stage(pipeline, consuming("last"));
    start_pipeline(pipeline);
    for (int i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_pipeline_put_until(pipeline, thing_of_depth(DEPTH), hang_limit()));
    assert_walked(&walk, finish_pipeline(pipeline, WEIR_OK), 3);
    destroy_pipeline(pipeline);
}
END_TEST

/* The first of three stages is fed by the last one, which has a stage behind it. */
START_TEST (a_stage_feeds_one_upstream) {
    struct walk walk = {.wanted = WEIR_OK};
    int kind = _i % KINDS;
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = walking_as(&walk, kind);
    options.threads.count = kind == ORDERED_BATCHED ? 1 : (size_t)_i / KINDS + 1;
    walk.to = add_stage(pipeline, (weir_stage_options){.name = "first",
                                                       .work.run = run_pass_on,
                                                       .output.ordered = _i % 2,
                                                       .input.capacity = 1,
                                                       .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "second",
                                             .work.run = run_pass_on,
                                             .threads.count = 2,
                                             .input.capacity = 1,
                                             .input.drop = thing_drop});
    weir_stage *feeder = add_stage(pipeline, options);
    add_stage(pipeline, consuming("last"));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, feeder, walk.to));
    start_pipeline(pipeline);
    for (int i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_pipeline_put_until(pipeline, thing_of_depth(DEPTH), hang_limit()));
    assert_walked(&walk, finish_pipeline(pipeline, WEIR_OK), 3);
    destroy_pipeline(pipeline);
}
END_TEST

static int produce_roots(weir_task *task, void *none, void *left) {
    (void)none;
    if (atomic_fetch_sub((atomic_int *)left, 1) <= 0)
        return WEIR_END;
    weir_task_emit(task, thing_of_depth(DEPTH));
    return 0;
}

/* A batch stage inside the loop gathers what passes it: its incomplete batches do not stop the loop. */
START_TEST (sources_and_feedback_end_by_themselves) {
    struct walk walk = {.wanted = WEIR_OK};
    atomic_int roots = 4;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = produce_roots, .work.arg = &roots});
    walk.to =
        add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on, .input.drop = thing_drop});
    weir_stage *feeder = add_stage(pipeline, walking_as(&walk, BATCHED));
    add_stage(pipeline, consuming("last"));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, feeder, walk.to));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    assert_walked(&walk, finish_pipeline(pipeline, WEIR_OK), 4);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- the place in the queue ---- */

static size_t seen[8];
static atomic_size_t seen_count;

/* Thing 0 feeds thing 3, and lets the test put thing 4 afterwards. */
static int run_in_order(weir_task *task, void *raw, void *gates) {
    struct thing *thing = raw;
    struct gate *two = gates;
    if (thing->n == 0) {
        gate_pass(&two[0]);
        (void)weir_task_feed(task, NULL, thing_new());
        gate_pass(&two[1]);
    }
    weir_task_emit(task, thing);
    return 0;
}

static void *note_thing(void *thing, void *unused) {
    seen[atomic_fetch_add(&seen_count, 1)] = ((struct thing *)thing)->n;
    return consume_thing(thing, unused);
}

/* A fed item comes behind those that are queued, and before those that come later; in an ordered stage too. */
START_TEST (a_fed_item_is_put_behind_the_queued_ones) {
    struct gate gates[2] = {GATE, GATE};
    atomic_store(&seen_count, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first",
                                             .work.run = run_in_order,
                                             .work.arg = gates,
                                             .threads.count = (size_t)_i + 1,
                                             .output.ordered = _i > 0,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = note_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    gate_wait_for(&gates[0], 1);
    gate_open(&gates[0]);
    gate_wait_for(&gates[1], 1);
    put_things(pipeline, 1);
    gate_open(&gates[1]);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(seen[i], i);
}
END_TEST

/* ---- the end ---- */

/* A finish comes while the first thing is in the function: all that it leads to is completed. */
START_TEST (a_finish_completes_all_that_is_fed) {
    struct gate gate = GATE;
    struct walk walk = {.gate = &gate, .wanted = WEIR_OK};
    weir_pipeline *pipeline = new_pipeline(NULL);
    walk.to =
        add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on, .input.drop = thing_drop});
    weir_stage *feeder = add_stage(pipeline, walking_as(&walk, _i));
    add_stage(pipeline, consuming("last"));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, feeder, walk.to));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_depth(DEPTH)));
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = hang_limit()};
    call_start(&finish.call, make_pipeline_finish);
    wait_for_the_end(pipeline);
    gate_wait_for(&gate, 1);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&finish.call));
    assert_walked(&walk, finish.report, 1);
    destroy_pipeline(pipeline);
}
END_TEST

/* Feeds without end. */
static int run_for_ever(weir_task *task, void *thing, void *calls) {
    (void)weir_task_feed(task, NULL, thing_new());
    (void)weir_task_feed(task, NULL, thing_new());
    atomic_fetch_add((atomic_uint *)calls, 1);
    thing_consume(thing);
    return 0;
}

/* Calls for which the cancel has passed drop what they feed. In each snapshot all items are accounted for. */
START_TEST (a_cancel_drops_what_is_fed) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = _i % 2 ? 2 : 0});
    weir_stage_options options = {
        .name = "only", .work.run = run_for_ever, .work.arg = &calls, .input.drop = thing_drop};
    options.threads.count = (size_t)_i / 2 + 1;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    while (atomic_load(&calls) < 1000) {
        weir_report *report = report_of(pipeline);
        assert_balanced(report);
        weir_report_free(report);
    }
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.in, things_made());
    ck_assert_uint_eq(report->counts.done, things_consumed());
    ck_assert_uint_eq(report->counts.dropped, things_dropped());
    assert_things_ended();
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

struct late {
    struct gate gate;
    weir_stage *to;
    weir_status status;
};

static int run_feed_late(weir_task *task, void *thing, void *raw) {
    struct late *late = raw;
    gate_pass(&late->gate);
    late->status = weir_task_feed(task, late->to, thing_new());
    thing_consume(thing);
    return 0;
}

/* The pipeline owns an item that is fed after a cancel. It counts as dropped in its stage, and in the pipeline. */
START_TEST (after_a_cancel_the_item_is_dropped_at_once) {
    struct late late = {.gate = GATE, .status = WEIR_INVALID};
    weir_pipeline *pipeline = new_pipeline(NULL);
    late.to =
        add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on, .input.drop = thing_drop});
    weir_stage *second = add_stage(pipeline, (weir_stage_options){.name = "second", .work.run = run_pass_on});
    weir_stage *last =
        add_stage(pipeline, (weir_stage_options){.name = "last", .work.run = run_feed_late, .work.arg = &late});
    late.to = _i == 0 ? late.to : _i == 1 ? second : NULL;
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, last, _i == 0 ? late.to : _i == 1 ? second : last));
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&late.gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&late.gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    assert_status(WEIR_OK, late.status);
    ck_assert_uint_eq(report->counts.in, 2);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(report->counts.dropped, 1);
    ck_assert_uint_eq(stage_in(report, _i == 0 ? "first" : _i == 1 ? "second" : "last")->counts.dropped, 1);
    ck_assert_uint_eq(things_dropped(), _i == 0 ? 1 : 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- at_end ---- */

enum { LAST_ONE = 1000 };

/* Feeds itself in vain, and emits a thing whose feed comes too late. */
static int end_with_feed(weir_task *task, void *raw) {
    struct walk *walk = raw;
    struct thing *thing = thing_of_depth(0);
    if (weir_task_feed(task, NULL, thing) != WEIR_INVALID)
        atomic_fetch_add(&walk->refused, 1);
    thing->of = LAST_ONE;
    weir_task_emit(task, thing);
    return 0;
}

static int run_walk_to_the_end(weir_task *task, void *raw, void *arg) {
    struct walk *walk = arg;
    struct thing *thing = raw;
    if (thing->of != LAST_ONE)
        return run_walk(task, raw, arg);
    struct walk late = {.to = walk->to, .wanted = WEIR_CLOSED};
    feed_one(task, &late, 0);
    atomic_fetch_add(&walk->refused, atomic_load(&late.refused));
    atomic_fetch_add(&walk->returned, atomic_load(&late.returned));
    weir_task_emit(task, thing);
    return 0;
}

/* The calls of at_end come when nothing is left in the loop. What they lead to cannot be fed to the ended stage. */
START_TEST (at_end_comes_after_all_that_is_fed) {
    struct walk walk = {.wanted = WEIR_OK};
    weir_pipeline *pipeline = new_pipeline(NULL);
    walk.to = add_stage(pipeline, (weir_stage_options){.name = "first",
                                                       .work.run = run_pass_on,
                                                       .work.arg = &walk,
                                                       .work.at_end = end_with_feed,
                                                       .input.drop = thing_drop});
    weir_stage *feeder = add_stage(
        pipeline, (weir_stage_options){
                      .name = "walk", .work.run = run_walk_to_the_end, .work.arg = &walk, .input.drop = thing_drop});
    add_stage(pipeline, consuming("last"));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, feeder, walk.to));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_depth(DEPTH)));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&walk.refused), 0);
    ck_assert_uint_eq(atomic_load(&walk.returned), 1);
    ck_assert_uint_eq(report->counts.in, WALKED + 1);
    ck_assert_uint_eq(report->counts.done, WALKED + 1);
    ck_assert_uint_eq(things_consumed(), WALKED + 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static int emit_late_one(weir_task *task, void *unused) {
    (void)unused;
    weir_task_emit(task, thing_of_depth(LAST_ONE));
    return 0;
}

static uint64_t weigh_two(const void *thing, void *unused) {
    (void)thing;
    (void)unused;
    return 2;
}

/* The fed stage is not the entrance, and the limits count the items: a feed that is refused has counted nothing. */
START_TEST (a_refused_feed_leaves_no_count_and_no_room) {
    struct walk walk = {.wanted = WEIR_OK};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_bytes = 100 * WALKED, .weigh = weigh_two});
    add_stage(pipeline, (weir_stage_options){.name = "entrance", .work.run = run_pass_on, .input.drop = thing_drop});
    walk.to = add_stage(pipeline, (weir_stage_options){.name = "fed",
                                                       .work = {.run = run_pass_on, .at_end = emit_late_one},
                                                       .input.drop = thing_drop});
    weir_stage *feeder = add_stage(
        pipeline, (weir_stage_options){
                      .name = "walk", .work.run = run_walk_to_the_end, .work.arg = &walk, .input.drop = thing_drop});
    add_stage(pipeline, consuming("last"));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, feeder, walk.to));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_depth(DEPTH)));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&walk.refused), 0);
    ck_assert_uint_eq(atomic_load(&walk.returned), 1);
    ck_assert_uint_eq(report->counts.in, WALKED + 1);
    ck_assert_uint_eq(report->counts.done, WALKED + 1);
    ck_assert_uint_eq(report->counts.live, 0);
    ck_assert_uint_eq(report->bytes, 0);
    ck_assert_uint_eq(stage_in(report, "fed")->counts.in, WALKED + 1); /* with the call of at_end */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int consume_and_end(void *thing) {
    thing_consume(thing);
    return 0;
}

static int feed_until_the_end(weir_task *task, void *thing, void *fed) {
    if (weir_task_finishing(task))
        return consume_and_end(thing);
    atomic_fetch_add((atomic_uint *)fed, 1);
    return weir_task_feed(task, NULL, thing) == WEIR_OK ? 0 : consume_and_end(thing);
}

/* A stage that feeds itself for ever knows that the run is finishing, and so the finish returns. */
START_TEST (a_stage_stops_feeding_at_the_finish) {
    atomic_uint fed = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "walk",
                                             .work.run = feed_until_the_end,
                                             .work.arg = &fed,
                                             .threads.count = (size_t)_i % 2,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    while (atomic_load(&fed) < 100)
        nap();
    if (_i / 2 == 1)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, _i / 2 == 1 ? WEIR_CANCELLED : WEIR_OK);
}
END_TEST

/* ---- wait_idle ---- */

static void make_wait_idle(struct call *call) {
    call->status = weir_pipeline_wait_idle(((struct pipeline_call *)call)->pipeline, call->deadline);
}

/* When it returns, all that was put has ended; more may be put. */
START_TEST (idle_means_that_all_has_ended) {
    struct walk walk = {.wanted = WEIR_OK};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = walking_as(&walk, _i % 4 == 3 ? RETRIED : _i % 4);
    options.threads.count = (size_t)_i / 4 + 1;
    add_stage(pipeline, options);
    add_stage(pipeline, consuming("last"));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, 0));
    for (size_t i = 1; i <= 20; i++) {
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_depth(DEPTH)));
        assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
        ck_assert_uint_eq(things_consumed(), WALKED * i);
    }
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* In a plain pipeline nothing counts the items in flight. */
START_TEST (a_plain_pipeline_is_idle_too) {
    atomic_int roots = _i == 0 ? 0 : 100;
    weir_pipeline *pipeline = new_pipeline(NULL);
    if (_i == 1)
        add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = produce_roots, .work.arg = &roots});
    add_stage(pipeline,
              (weir_stage_options){.name = "first", .work.func = hand_back, .threads.count = 2, .input.capacity = 2});
    add_stage(pipeline, consuming("last"));
    start_pipeline(pipeline);
    for (size_t i = 0; _i == 0 && i < 100; i++) {
        put_things(pipeline, 3);
        assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
        ck_assert_uint_eq(things_consumed(), 3 * (i + 1));
    }
    assert_status(WEIR_OK, weir_pipeline_wait_idle(pipeline, hang_limit()));
    ck_assert_uint_eq(things_consumed(), _i == 0 ? 300 : 100);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* Starts a pipeline with one item, which blocks at the gate. */
static weir_pipeline *blocked_at(struct gate *gate) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "only", .work.run = run_pass_gate, .work.arg = gate, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(gate, 1);
    return pipeline;
}

START_TEST (the_wait_for_idleness_ends_with_the_run) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = blocked_at(&gate);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, 0));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, weir_deadline_after(WEIR_MILLISECOND)));
    struct pipeline_call idle = {.pipeline = pipeline, .call.deadline = WEIR_NEVER};
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = hang_limit()};
    call_start_asleep(&idle.call, make_wait_idle);
    if (_i == 0)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    else
        call_start(&finish.call, make_pipeline_finish);
    assert_status(_i == 0 ? WEIR_CANCELLED : WEIR_CLOSED, call_finish(&idle.call));
    gate_open(&gate);
    if (_i == 1) {
        assert_status(WEIR_OK, call_finish(&finish.call));
        weir_report_free(finish.report);
    }
    finish_and_destroy(pipeline, _i == 0 ? WEIR_CANCELLED : WEIR_OK);
}
END_TEST

static int run_wait_idle(weir_task *task, void *thing, void *status) {
    *(weir_status *)status = weir_pipeline_wait_idle(weir_task_pipeline(task), WEIR_NEVER);
    thing_consume(thing);
    return 0;
}

START_TEST (the_wait_for_idleness_is_refused_where_it_cannot_end) {
    weir_status status = WEIR_OK;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "only", .work.run = run_wait_idle, .work.arg = &status});
    assert_status(WEIR_INVALID, weir_pipeline_wait_idle(pipeline, WEIR_NEVER));
    assert_status(WEIR_INVALID, weir_pipeline_wait_idle(NULL, WEIR_NEVER));
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_DEADLOCK, status);
}
END_TEST

/* ---- refusals ---- */

struct tries {
    weir_stage *stages[5];
    weir_status statuses[5];
    char messages[5][128];
};

/* Feeds each of the stages, and keeps the statuses. */
static int run_try(weir_task *task, void *thing, void *raw) {
    struct tries *tries = raw;
    for (size_t i = 0; i < 5; i++) {
        tries->statuses[i] = weir_task_feed(task, tries->stages[i], thing);
        strncpy(tries->messages[i], weir_pipeline_message(weir_task_pipeline(task)), 127);
    }
    thing_consume(thing);
    return 0;
}

static int source_try(weir_task *task, void *none, void *status) {
    (void)none;
    *(weir_status *)status = weir_task_feed(task, NULL, NULL);
    return WEIR_END;
}

/* A refused feed has no effect: the item is still the caller's. */
START_TEST (a_feed_to_another_stage_is_refused) {
    struct tries tries = {.stages = {NULL}};
    weir_status of_source = WEIR_OK;
    weir_pipeline *pipeline = new_pipeline(NULL), *other = new_pipeline(NULL);
    weir_stage *source =
        add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = source_try, .work.arg = &of_source});
    weir_stage *first = add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on});
    weir_stage *second =
        add_stage(pipeline, (weir_stage_options){.name = "second", .work.run = run_try, .work.arg = &tries});
    weir_stage *last = add_stage(pipeline, consuming("last"));
    tries.stages[0] = source;
    tries.stages[1] = first;
    tries.stages[2] = last;
    tries.stages[3] = add_stage(other, consuming("foreign"));
    connect_stages(pipeline, first, second);
    connect_stages(pipeline, second, last);
    connect_stages(pipeline, source, last);
    start_pipeline(pipeline);
    tries.stages[4] = first;
    put_things(pipeline, 1);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    destroy_pipeline(other);
    for (size_t i = 0; i < 5; i++)
        assert_status(WEIR_INVALID, tries.statuses[i]);
    ck_assert_str_eq(tries.messages[1], "stage second: feed: it is not connected back to stage first");
    ck_assert_str_eq(tries.messages[3],
                     "stage second: feed: it is not connected back to a stage of another pipeline, foreign");
    assert_status(WEIR_INVALID, of_source);
    assert_status(WEIR_INVALID, weir_task_feed(NULL, NULL, NULL));
}
END_TEST

/* An ordered stage that shares the reordering of the stage before it is fed only if it is connected back to itself. */
START_TEST (a_shared_order_is_fed_if_that_is_known) {
    struct walk walk = {.wanted = _i == 0 ? WEIR_INVALID : WEIR_OK};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first",
                                             .work.func = hand_back,
                                             .output.ordered = true,
                                             .threads.count = 2,
                                             .input.drop = thing_drop});
    weir_stage_options options = walking_as(&walk, ORDERED);
    options.threads.count = 2;
    weir_stage *stage = add_stage(pipeline, options);
    add_stage(pipeline, consuming("last"));
    if (_i == 1)
        assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, stage, stage));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, thing_of_depth(DEPTH)));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&walk.refused), 0);
    ck_assert_uint_eq(things_consumed(), _i == 0 ? 3 : WALKED);
}
END_TEST

START_TEST (a_connection_back_needs_a_pipeline) {
    assert_status(WEIR_INVALID, weir_pipeline_connect_back(NULL, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(NULL), "connect_back"));
}
END_TEST

START_TEST (a_connection_back_leads_upstream) {
    static const char *const messages[] = {
        "stage first: it is connected back, and only run and run_batch feed",
        "stage second: it is connected back to stage last, which is not upstream",
        "stage source: stage second is connected back to it: a source has no input",
        "stage source: it is connected back, and only run and run_batch feed",
        "stage left: it is connected back to stage second, which is not upstream",
        "stage second: connect_back: it is already connected back to stage second",
        "connect_back: from is NULL",
    };
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *source = add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = end_at_once});
    weir_stage *first = add_stage(pipeline, (weir_stage_options){.name = "first", .work.func = hand_back});
    weir_stage *second = add_stage(pipeline, (weir_stage_options){.name = "second", .work.run = run_pass_on});
    weir_stage *left = add_stage(pipeline, (weir_stage_options){.name = "left", .work.run = run_pass_on});
    weir_stage *last = add_stage(pipeline, (weir_stage_options){.name = "last", .work.run = run_pass_on});
    weir_stage *const from[] = {first, second, second, source, left, second, NULL};
    weir_stage *const to[] = {first, last, source, first, second, second, NULL};
    connect_stages(pipeline, source, first);
    connect_stages(pipeline, first, second);
    connect_stages(pipeline, first, left);
    connect_stages(pipeline, second, last);
    connect_stages(pipeline, left, last);
    weir_status status = weir_pipeline_connect_back(pipeline, from[_i], to[_i]);
    if (_i == 5)
        status = weir_pipeline_connect_back(pipeline, from[_i], to[_i]);
    assert_status(_i < 5 ? WEIR_OK : WEIR_INVALID, status);
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_str_eq(weir_pipeline_message(pipeline), messages[_i]);
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *feed_suite(void) {
    Suite *suite = suite_create("feed");
    TCase *walks = add_things_case(suite, "walks");
    tcase_add_loop_test(walks, a_stage_feeds_itself, 0, 2 * 2 * KINDS);
    tcase_add_loop_test(walks, a_stage_feeds_one_upstream, 0, 3 * KINDS);
    tcase_add_test(walks, sources_and_feedback_end_by_themselves);
    tcase_add_loop_test(walks, a_fed_item_is_put_behind_the_queued_ones, 0, 3);
    TCase *ends = add_things_case(suite, "ends");
    tcase_add_loop_test(ends, a_finish_completes_all_that_is_fed, 0, KINDS);
    tcase_add_loop_test(ends, a_cancel_drops_what_is_fed, 0, 6);
    tcase_add_loop_test(ends, after_a_cancel_the_item_is_dropped_at_once, 0, 3);
    tcase_add_loop_test(ends, a_stage_stops_feeding_at_the_finish, 0, 4);
    tcase_add_test(ends, at_end_comes_after_all_that_is_fed);
    tcase_add_test(ends, a_refused_feed_leaves_no_count_and_no_room);
    TCase *idle = add_things_case(suite, "wait_idle");
    tcase_add_loop_test(idle, idle_means_that_all_has_ended, 0, 12);
    tcase_add_loop_test(idle, a_plain_pipeline_is_idle_too, 0, 2);
    tcase_add_loop_test(idle, the_wait_for_idleness_ends_with_the_run, 0, 2);
    tcase_add_test(idle, the_wait_for_idleness_is_refused_where_it_cannot_end);
    TCase *refusals = add_things_case(suite, "refusals");
    tcase_add_test(refusals, a_feed_to_another_stage_is_refused);
    tcase_add_loop_test(refusals, a_shared_order_is_fed_if_that_is_known, 0, 2);
    tcase_add_test(refusals, a_connection_back_needs_a_pipeline);
    tcase_add_loop_test(refusals, a_connection_back_leads_upstream, 0, 7);
    return suite;
}

int main(void) {
    return run_suite(feed_suite());
}
