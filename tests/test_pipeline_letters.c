/*
 * test_pipeline_letters.c - dead letters that go to a stage of the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS = 200, EVERY = 3 }; /* things with a multiple of EVERY as their number fail */

static bool is_bad(const struct thing *thing) {
    return thing->n % EVERY == 0;
}

static size_t bad_of(size_t count) {
    return (count + EVERY - 1) / EVERY;
}

static int fail_some(weir_task *task, void *item, void *unused) {
    const struct thing *thing = item;
    (void)unused;
    if (is_bad(thing))
        return weir_task_fail(task, 100 + (int)thing->n, "thing %zu", thing->n);
    weir_task_emit(task, item);
    return 0;
}

static int fail_some_of_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i < count; i++) {
        const struct thing *thing = items[i];
        if (is_bad(thing))
            assert_status(WEIR_OK, weir_task_fail_item(task, i, 100 + (int)thing->n, "thing %zu", thing->n));
        else
            weir_task_emit(task, items[i]);
    }
    return 0;
}

static uint64_t key_of(const void *item, void *unused) {
    (void)unused;
    return ((const struct thing *)item)->n % 7;
}

/* ---- functions that get letters ---- */

static atomic_uint letters;

static void end_letter(weir_dead_letter *letter) {
    thing_consume(letter->item);
    weir_dead_letter_free(letter);
    atomic_fetch_add(&letters, 1);
}

static void drop_letter(void *raw, void *unused) {
    weir_dead_letter *letter = raw;
    thing_drop(letter->item, unused);
    weir_dead_letter_free(letter);
}

static void expect_reason(const weir_dead_letter *letter) {
    const struct thing *thing = letter->item;
    char message[40];
    (void)snprintf(message, sizeof message, "thing %zu", thing->n);
    ck_assert_str_eq(letter->message, message);
    ck_assert_int_eq(letter->code, 100 + (int)thing->n);
    ck_assert_uint_eq(letter->attempts, 1);
}

static int run_letter(weir_task *task, void *raw, void *unused) {
    (void)task;
    (void)unused;
    expect_reason(raw);
    end_letter(raw);
    return 0;
}

static int run_letters(weir_task *task, void *const *items, size_t count, void *unused) {
    for (size_t i = 0; i < count; i++)
        (void)run_letter(task, items[i], unused);
    return 0;
}

static void *func_letter(void *raw, void *unused) {
    (void)run_letter(NULL, raw, unused);
    return NULL;
}

static uint64_t key_of_letter(const void *raw, void *unused) {
    return key_of(((const weir_dead_letter *)raw)->item, unused);
}

/* Fails letters of even things; ends the others. */
static int fail_letter(weir_task *task, void *raw, void *unused) {
    const struct thing *thing = ((weir_dead_letter *)raw)->item;
    return thing->n % 2 == 0 ? weir_task_fail(task, 9, "letter") : run_letter(task, raw, unused);
}

static int emit_item(weir_task *task, void *raw, void *unused) {
    weir_dead_letter *letter = raw;
    (void)unused;
    weir_task_emit(task, letter->item);
    weir_dead_letter_free(letter);
    return 0;
}

/* ---- stages ---- */

static const weir_stage_options senders[] = {
    {.work.run = fail_some},
    {.work.run = fail_some, .threads.count = 3},
    {.work.run = fail_some, .threads.count = 2, .output.ordered = true},
    {.work.run = fail_some, .threads.count = 2, .limits.key = key_of, .limits.per_key = 1},
    {.work.run_batch = fail_some_of_batch, .batch = {.items = 7}},
    {.work.run_batch = fail_some_of_batch, .threads.count = 2, .batch = {.items = 7}},
};

static const weir_stage_options receivers[] = {
    {.work.run_batch = run_letters, .batch = {.items = 10}},
    {.work.run_batch = run_letters, .threads.count = 2, .batch = {.items = 10, .wait = 1000}},
    {.work.run = run_letter, .threads.count = 2, .output.ordered = true},
    {.work.run = run_letter, .threads.count = 2, .limits.key = key_of_letter, .limits.per_key = 1},
    {.work.func = func_letter, .input.capacity = 1},
};

static weir_stage *add_sender(weir_pipeline *pipeline, const char *name, weir_stage_options options) {
    options.name = name;
    options.errors.on_error = WEIR_SKIP;
    options.input.drop = thing_drop;
    return add_stage(pipeline, options);
}

static weir_stage *add_receiver(weir_pipeline *pipeline, weir_stage_options options) {
    options.name = "letters";
    options.errors.on_error = WEIR_SKIP;
    options.input.drop = drop_letter;
    return add_stage(pipeline, options);
}

static void connect_dead(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    assert_status(WEIR_OK, weir_pipeline_connect_dead(pipeline, from, to));
}

/* Adds the end of the chain, after the stage of the letters, which is no part of the chain. */
static void add_end(weir_pipeline *pipeline) {
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
}

static weir_pipeline *start_with_letters(weir_stage_options sender, weir_stage_options receiver, size_t max_items) {
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = max_items, .grace = HANG_SECONDS * SECONDS});
    atomic_store(&letters, 0);
    weir_stage *from = add_sender(pipeline, "fails", sender);
    connect_dead(pipeline, from, add_receiver(pipeline, receiver));
    add_end(pipeline);
    start_pipeline(pipeline);
    return pipeline;
}

/* ---- letters that arrive ---- */

START_TEST (each_letter_reaches_its_stage_before_the_end) {
    weir_pipeline *pipeline =
        start_with_letters(senders[(size_t)_i % COUNT_OF(senders)], receivers[(size_t)_i / COUNT_OF(senders)], 0);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, bad_of(ITEMS));
    ck_assert_uint_eq(report->counts.done, ITEMS - bad_of(ITEMS));
    ck_assert_uint_eq(stage_in(report, "fails")->counts.dead, bad_of(ITEMS));
    ck_assert_uint_eq(stage_in(report, "letters")->counts.done, bad_of(ITEMS));
    ck_assert_uint_eq(stage_in(report, "end")->counts.done, ITEMS - bad_of(ITEMS));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&letters), bad_of(ITEMS));
    assert_things_ended();
}
END_TEST

/* A letter needs no admission, so a limit of one item holds up none. */
START_TEST (limits_and_full_queues_hold_up_no_letter) {
    weir_pipeline *pipeline =
        start_with_letters((weir_stage_options){.work.run = fail_some, .threads.count = 2, .input.capacity = 1},
                           (weir_stage_options){.work.run = run_letter, .input.capacity = 1}, (size_t)_i);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, bad_of(ITEMS));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (stages_share_one_and_it_has_results) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *to = add_receiver(pipeline, (weir_stage_options){.work.run = emit_item});
    weir_stage *a = add_sender(pipeline, "a", (weir_stage_options){.work.run = run_pass_on});
    weir_stage *b = add_sender(pipeline, "b", (weir_stage_options){.work.run = fail_some, .threads.count = 2});
    weir_stage *c = add_sender(pipeline, "c", (weir_stage_options){.work.run = run_consume});
    weir_stage *d =
        add_stage(pipeline, (weir_stage_options){.name = "d", .work.func = consume_thing, .input.drop = thing_drop});
    connect_stages(pipeline, a, b);
    connect_stages(pipeline, b, c);
    connect_stages(pipeline, to, d);
    connect_dead(pipeline, a, to);
    connect_dead(pipeline, b, to);
    connect_dead(pipeline, c, to);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, bad_of(ITEMS));
    ck_assert_uint_eq(stage_in(report, "d")->counts.done, bad_of(ITEMS));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- letters that fail ---- */

static void drop_both_letters(void *raw, void *unused) {
    weir_dead_letter *outer = raw;
    drop_letter(outer->item, unused);
    weir_dead_letter_free(outer);
}

static int run_letter_of_letter(weir_task *task, void *raw, void *unused) {
    (void)task;
    const weir_dead_letter *outer = raw;
    ck_assert_str_eq(outer->stage, "letters");
    ck_assert_str_eq(((const weir_dead_letter *)outer->item)->stage, "fails");
    drop_both_letters(raw, unused);
    return 0;
}

/* Without a stage for its letters, a letter that fails goes to the drop function, and its root has failed. */
START_TEST (a_letter_can_fail_and_have_a_letter) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    atomic_store(&letters, 0);
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = fail_some});
    weir_stage *to = add_receiver(pipeline, (weir_stage_options){.work.run = fail_letter});
    connect_dead(pipeline, from, to);
    if (_i == 1)
        connect_dead(pipeline, to,
                     add_stage(pipeline, (weir_stage_options){.name = "last",
                                                              .work.run = run_letter_of_letter,
                                                              .input.drop = drop_both_letters}));
    add_end(pipeline);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    size_t again = bad_of(ITEMS) - atomic_load(&letters);
    ck_assert_uint_gt(again, 0);
    ck_assert_uint_eq(report->counts.dead, _i == 1 ? bad_of(ITEMS) : bad_of(ITEMS) - again);
    ck_assert_uint_eq(report->counts.failed, _i == 1 ? 0 : again);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- a cancel ---- */

static int end_letter_at_gate(weir_task *task, void *raw, void *gate) {
    (void)task;
    gate_pass(gate);
    end_letter(raw);
    return 0;
}

/* Waits until three letters are with their stage and the other four things have ended. */
static void wait_for_others(weir_pipeline *pipeline) {
    for (weir_deadline limit = hang_limit();;) {
        weir_report *report = report_of(pipeline);
        bool settled = stage_in(report, "letters")->counts.in == 3 && things_consumed() == 4;
        weir_report_free(report);
        if (settled)
            return;
        ck_assert_uint_lt(now(), limit);
        nap();
    }
}

/* The first letter waits at the gate, and the others behind it. */
START_TEST (a_cancel_drops_letters_by_their_stage) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = fail_some, .input.capacity = 2});
    weir_stage *to = add_receiver(
        pipeline, (weir_stage_options){
                      .work.run = end_letter_at_gate, .work.arg = &gate, .input.capacity = 2, .threads.count = 1});
    connect_dead(pipeline, from, to);
    add_end(pipeline);
    start_pipeline(pipeline);
    put_things(pipeline, 2 * EVERY + 1);
    gate_wait_for(&gate, 1);
    wait_for_others(pipeline);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    ck_assert_uint_eq(things_dropped(), 2);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(stage_in(report, "letters")->counts.dropped, 2);
    ck_assert_uint_eq(stage_in(report, "fails")->counts.dead, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The fourth one blocks the stage that sends it. */
START_TEST (a_cancel_ends_the_wait_for_room_for_a_letter) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = fail_some, .input.capacity = 2});
    weir_stage *to = add_receiver(
        pipeline, (weir_stage_options){
                      .work.run = end_letter_at_gate, .work.arg = &gate, .input.capacity = 2, .threads.count = 1});
    connect_dead(pipeline, from, to);
    add_end(pipeline);
    start_pipeline(pipeline);
    put_things(pipeline, 3 * EVERY + 1);
    gate_wait_for(&gate, 1);
    for (uint64_t live = 0; live != 1 || things_consumed() < 2 * EVERY; nap()) {
        weir_report *report = report_of(pipeline);
        live = stage_in(report, "fails")->counts.live;
        weir_report_free(report);
    }
    let_them_err();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(stage_in(report, "letters")->counts.dropped, 2);
    ck_assert_uint_eq(stage_in(report, "fails")->counts.dropped, 1);
    ck_assert_uint_eq(stage_in(report, "fails")->counts.dead, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- the graph ---- */

static weir_stage *a, *source, *func, *with_queue, *b, *foreign;

static const struct refusal {
    weir_stage **from, **to;
    const char *message;
} refusals[] = {
    {NULL, &b, "stage b: connect_dead: from is NULL"},
    {&a, NULL, "stage a: connect_dead: to is NULL"},
    {&foreign, &b, "stage foreign: connect_dead: from is a stage of another pipeline"},
    {&a, &foreign, "stage foreign: connect_dead: to is a stage of another pipeline"},
    {&source, &b, "stage source: connect_dead: it has no dead letters: a source has no input"},
    {&func, &b, "stage func: connect_dead: it has no dead letters: a func cannot fail: use run"},
    {&with_queue, &b, "stage queue: connect_dead: it has no dead letters: dead is not NULL"},
};

START_TEST (connections_without_letters_are_refused) {
    const struct refusal *refusal = &refusals[_i];
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL), *other = new_pipeline(NULL);
    a = add_stage(pipeline, (weir_stage_options){.name = "a", .work.run = run_consume});
    source = add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = end_at_once});
    func = add_stage(pipeline, (weir_stage_options){.name = "func", .work.func = consume_thing});
    with_queue =
        add_stage(pipeline, (weir_stage_options){.name = "queue", .work.run = run_consume, .errors.dead = dead});
    b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.run = run_letter});
    foreign = add_stage(other, (weir_stage_options){.name = "foreign", .work.run = run_letter});
    assert_status(WEIR_INVALID, weir_pipeline_connect_dead(NULL, a, b));
    assert_status(WEIR_INVALID, weir_pipeline_connect_dead(pipeline, refusal->from != NULL ? *refusal->from : NULL,
                                                           refusal->to != NULL ? *refusal->to : NULL));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), refusal->message) != NULL, "\"%s\"",
                  weir_pipeline_message(pipeline));
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    destroy_pipeline(pipeline);
    destroy_pipeline(other);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}
END_TEST

START_TEST (a_second_stage_for_letters_is_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = run_consume});
    weir_stage *to = add_receiver(pipeline, (weir_stage_options){.work.run = run_letter});
    connect_dead(pipeline, from, to);
    assert_status(WEIR_INVALID, weir_pipeline_connect_dead(pipeline, from, to));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "already go to stage letters"));
    destroy_pipeline(pipeline);
}
END_TEST

static void expect_start_refused(weir_pipeline *pipeline, const char *message) {
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), message) != NULL, "\"%s\"", weir_pipeline_message(pipeline));
    destroy_pipeline(pipeline);
}

START_TEST (letters_go_round_no_cycle) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = run_consume});
    weir_stage *to = add_receiver(pipeline, (weir_stage_options){.work.run = run_letter});
    connect_dead(pipeline, from, _i == 0 ? from : to);
    if (_i == 1)
        connect_dead(pipeline, to, from);
    if (_i == 2)
        connect_stages(pipeline, to, from);
    expect_start_refused(pipeline, "it is on a cycle");
}
END_TEST

START_TEST (a_stage_gets_letters_or_results) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = run_consume});
    weir_stage *to = add_receiver(pipeline, (weir_stage_options){.work.run = run_letter});
    connect_dead(pipeline, from, to);
    connect_stages(pipeline, from, to);
    expect_start_refused(pipeline, "stage letters: it gets dead letters and results");
}
END_TEST

START_TEST (a_source_gets_no_letters) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_sender(pipeline, "fails", (weir_stage_options){.work.run = run_consume});
    connect_dead(pipeline, from, add_stage(pipeline, (weir_stage_options){.name = "s", .work.source = end_at_once}));
    expect_start_refused(pipeline, "stage s: source is set, and it has a predecessor");
}
END_TEST

/* The letters of a batch are single items: 9 of them wait for a tenth, beside 2 items for a third. */
START_TEST (a_batch_of_letters_can_fill) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = (size_t)_i});
    weir_stage *from = add_sender(pipeline, "fails",
                                  (weir_stage_options){.work.run_batch = fail_some_of_batch, .batch = {.items = 3}});
    connect_dead(pipeline, from, add_receiver(pipeline, receivers[0]));
    if (_i == 11) {
        expect_start_refused(pipeline, "stage letters: batch.items is 10: incomplete batches can hold 11 items");
        return;
    }
    add_end(pipeline);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

START_TEST (a_report_shows_the_way_of_the_letters) {
    weir_pipeline *pipeline = start_with_letters(senders[0], receivers[0], 0);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    char *text = NULL;
    ck_assert_uint_eq(report->edge_count, 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert_uint_eq(report->edges[i].to, report->edges[i].dead ? 1 : 2);
    ck_assert(report->edges[0].dead != report->edges[1].dead);
    assert_status(WEIR_OK, weir_report_text(report, WEIR_DOT, &text, NULL));
    ck_assert_ptr_nonnull(strstr(text, "s0 -> s1 [style=dashed, label=\"0/64 letters\"];"));
    ck_assert_ptr_nonnull(strstr(text, "s0 -> s2 [label=\"0/64 queued\"];"));
    ck_assert_ptr_null(strstr(text, "in1"));
    free(text);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

static int fail_once(weir_task *task, void *raw, void *unused) {
    struct thing *thing = raw;
    (void)unused;
    if (atomic_fetch_add(&thing->tries, 1) == 0)
        return weir_task_fail(task, 5, "the first time");
    thing_consume(thing);
    return 0;
}

static int feed_back(weir_task *task, void *raw, void *work) {
    weir_dead_letter *letter = raw;
    ck_assert_int_eq(weir_task_feed(task, *(weir_stage **)work, letter->item), WEIR_OK);
    weir_dead_letter_free(letter);
    return 0;
}

/* The way of the letters is a part of the loop: both stages end together. */
START_TEST (a_stage_of_letters_can_feed_the_items_back) {
    static weir_stage *work;
    weir_pipeline *pipeline = new_pipeline(NULL);
    work = add_stage(pipeline, (weir_stage_options){.name = "work",
                                                    .work.run = fail_once,
                                                    .threads.count = _i == 0 ? 0 : 2,
                                                    .input.drop = thing_drop,
                                                    .input.capacity = 2,
                                                    .errors.on_error = WEIR_SKIP});
    weir_stage *again = add_stage(
        pipeline, (weir_stage_options){.name = "again", .work.run = feed_back, .work.arg = &work, .input.capacity = 1});
    assert_status(WEIR_OK, weir_pipeline_connect_dead(pipeline, work, again));
    assert_status(WEIR_OK, weir_pipeline_connect_back(pipeline, again, work));
    start_pipeline(pipeline);
    put_things(pipeline, 50);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), 50);
    assert_things_ended();
}
END_TEST

static Suite *letters_suite(void) {
    Suite *suite = suite_create("dead letters to a stage");
    TCase *arrive = add_things_case(suite, "arrive");
    tcase_add_loop_test(arrive, each_letter_reaches_its_stage_before_the_end, 0,
                        COUNT_OF(senders) * COUNT_OF(receivers));
    tcase_add_loop_test(arrive, limits_and_full_queues_hold_up_no_letter, 0, 3);
    tcase_add_test(arrive, stages_share_one_and_it_has_results);
    tcase_add_loop_test(arrive, a_letter_can_fail_and_have_a_letter, 0, 2);
    tcase_add_test(arrive, a_cancel_drops_letters_by_their_stage);
    tcase_add_test(arrive, a_cancel_ends_the_wait_for_room_for_a_letter);
    tcase_add_loop_test(arrive, a_stage_of_letters_can_feed_the_items_back, 0, 2);
    TCase *graph = add_things_case(suite, "graph");
    tcase_add_loop_test(graph, connections_without_letters_are_refused, 0, COUNT_OF(refusals));
    tcase_add_test(graph, a_second_stage_for_letters_is_refused);
    tcase_add_loop_test(graph, letters_go_round_no_cycle, 0, 3);
    tcase_add_test(graph, a_stage_gets_letters_or_results);
    tcase_add_test(graph, a_source_gets_no_letters);
    tcase_add_loop_test(graph, a_batch_of_letters_can_fill, 11, 13);
    tcase_add_test(graph, a_report_shows_the_way_of_the_letters);
    return suite;
}

int main(void) {
    return run_suite(letters_suite());
}
