/*
 * test_pipeline_answers.c - the results of functions that a pipeline calls for an item: failing copies, any key, any
 * weight, invalid choices.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <string.h>

enum { WAYS = 3 };

static atomic_uint dropped_at[WAYS], seen_at[WAYS];
static const size_t numbers[WAYS] = {0, 1, 2};
static const char *const names[WAYS] = {"first", "second", "third"};

static void drop_there(void *item, void *raw) {
    atomic_fetch_add(&dropped_at[*(const size_t *)raw], 1);
    if (item != NULL)
        thing_drop(item, NULL);
}

static void *see_there(void *item, void *raw) {
    atomic_fetch_add(&seen_at[*(const size_t *)raw], 1);
    if (item != NULL)
        thing_consume(item);
    return NULL;
}

/* Starts a stage with three successors. */
static weir_pipeline *fork_with(weir_stage_options options) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.name = "from";
    options.input.drop = thing_drop;
    weir_stage *from = add_stage(pipeline, options);
    for (size_t i = 0; i < WAYS; i++) {
        atomic_store(&dropped_at[i], 0);
        atomic_store(&seen_at[i], 0);
        const weir_stage_options there = {
            .name = names[i], .work.func = see_there, .work.arg = (void *)&numbers[i], .input.drop = drop_there};
        connect_stages(pipeline, from, add_stage(pipeline, there));
    }
    start_pipeline(pipeline);
    return pipeline;
}

/* ---- copy ---- */

enum { FIFTH = 5, COPIED = 20 };

/* Fails for each fifth item: at its first copy, or at its last one. */
static void *copy_but_each_fifth(void *item, void *raw) {
    struct thing *thing = item;
    unsigned fails_at = *(const unsigned *)raw, nth = atomic_fetch_add(&thing->tries, 1) + 1;
    if (thing->n % FIFTH == 0 && thing->of == thing->n && nth == fails_at)
        return NULL;
    return copy_thing(item, NULL);
}

START_TEST (a_copy_that_fails_is_an_error_and_no_stage_gets_the_result) {
    unsigned fails_at = (unsigned)_i / 2 + 1;
    bool ordered = _i % 2 == 1;
    weir_pipeline *pipeline = fork_with((weir_stage_options){.work.func = hand_back,
                                                             .work.arg = &fails_at,
                                                             .output.fan_out = WEIR_TO_ALL,
                                                             .output.copy = copy_but_each_fifth,
                                                             .output.ordered = ordered,
                                                             .errors.on_error = WEIR_SKIP});
    struct thing *items[COPIED];
    for (size_t i = 0; i < COPIED; i++) {
        items[i] = thing_new();
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, items[i]));
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    size_t failed = 0;
    for (size_t i = 0; i < COPIED; i++)
        failed += items[i]->n % FIFTH == 0; /* copies are numbered too */
    ck_assert_uint_eq(report->counts.failed, failed);
    ck_assert_uint_eq(report->counts.done, COPIED - failed);
    ck_assert_uint_eq(report->error_count, failed);
    ck_assert_str_eq(report->errors[0].stage, "from");
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_NOMEM));
    ck_assert_str_eq(report->errors[0].message, "copy returned NULL");
    for (size_t i = 0; i < WAYS; i++) {
        ck_assert_uint_eq(atomic_load(&seen_at[i]), COPIED - failed);
        ck_assert_uint_eq(stage_in(report, names[i])->counts.in, COPIED - failed);
        bool was_there = i == 0 || i < fails_at; /* the result itself, and the copies made before the failed one */
        ck_assert_uint_eq(atomic_load(&dropped_at[i]), was_there ? failed : 0);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (a_copy_that_fails_ends_the_run_where_errors_do) {
    unsigned fails_at = 1;
    weir_pipeline *pipeline = fork_with((weir_stage_options){.work.run = run_pass_on,
                                                             .work.arg = &fails_at,
                                                             .output.fan_out = WEIR_TO_ALL,
                                                             .output.copy = copy_but_each_fifth});
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert(report->errors[0].fatal);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_NOMEM));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static void *never_copy(void *item, void *calls) {
    (void)item;
    atomic_fetch_add((atomic_uint *)calls, 1);
    return NULL;
}

START_TEST (a_result_that_is_null_has_copies_that_are_null) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = fork_with((weir_stage_options){
        .work.func = hand_back, .work.arg = &calls, .output.fan_out = WEIR_TO_ALL, .output.copy = never_copy});
    for (size_t i = 0; i < 10; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&calls), 0);
    for (size_t i = 0; i < WAYS; i++)
        ck_assert_uint_eq(atomic_load(&seen_at[i]), 10);
}
END_TEST

/* ---- route and key ---- */

static const uint64_t answers[] = {0, 1, 2, 3, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, UINT64_MAX - 1, UINT64_MAX};

static uint64_t answer_for(const void *item, void *unused) {
    (void)unused;
    return answers[((const struct thing *)item)->n % COUNT_OF(answers)];
}

START_TEST (a_choice_that_there_is_not_is_an_error_and_its_item_has_failed) {
    enum { ROUNDS = 3, THERE = WAYS };
    weir_pipeline *pipeline = fork_with((weir_stage_options){.work.func = hand_back,
                                                             .output.fan_out = WEIR_BY_CHOICE,
                                                             .output.route = answer_for,
                                                             .errors.on_error = WEIR_SKIP});
    put_things(pipeline, ROUNDS * COUNT_OF(answers));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    size_t wrong = ROUNDS * (COUNT_OF(answers) - THERE);
    ck_assert_uint_eq(report->counts.failed, wrong);
    ck_assert_uint_eq(report->counts.done, ROUNDS * THERE);
    ck_assert_uint_eq(report->error_count, wrong);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_INVALID));
    ck_assert_ptr_nonnull(strstr(report->errors[0].message, "route must return an index below 3, and returned "));
    for (size_t i = 0; i < WAYS; i++) {
        ck_assert_uint_eq(atomic_load(&seen_at[i]), ROUNDS);
        ck_assert_uint_eq(atomic_load(&dropped_at[i]), i == 0 ? wrong : 0);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static atomic_uint inside[COUNT_OF(answers)], together;

static int one_at_a_time(weir_task *task, void *item, void *unused) {
    size_t which = ((struct thing *)item)->n % COUNT_OF(answers);
    (void)unused;
    if (atomic_fetch_add(&inside[which], 1) > 0)
        atomic_fetch_add(&together, 1);
    nap();
    atomic_fetch_sub(&inside[which], 1);
    weir_task_emit(task, item);
    return 0;
}

START_TEST (any_value_is_a_key) {
    bool routed = _i == 1;
    weir_stage_options options = {
        .work.run = one_at_a_time, .threads.count = 4, .limits.per_key = 1, .limits.key = answer_for};
    if (routed)
        options = (weir_stage_options){
            .work.func = hand_back, .threads.count = 4, .output.fan_out = WEIR_BY_KEY, .output.route = answer_for};
    atomic_store(&together, 0);
    weir_pipeline *pipeline = fork_with(options);
    put_things(pipeline, 5 * COUNT_OF(answers));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 5 * COUNT_OF(answers));
    ck_assert_uint_eq(atomic_load(&together), 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    for (size_t i = 0; i < WAYS && routed; i++) /* all items of a key go to one stage */
        ck_assert_uint_eq(atomic_load(&seen_at[i]) % 5, 0);
    assert_things_ended();
}
END_TEST

/* ---- weigh ---- */

static uint64_t weigh_as_said(const void *item, void *weights) {
    return item == NULL ? 0 : ((const uint64_t *)weights)[((const struct thing *)item)->n];
}

/* How many items are admitted before the first completes, by weights and limits. */
static const struct load {
    uint64_t weights[4];
    size_t max_items;
    uint64_t max_bytes, bytes;
    size_t admitted;
} loads[] = {
    {{0, 0, 0, 0}, 0, 1, 0, 4},                                        /* weight 0: always fits */
    {{1, 0, 0, 1}, 0, 1, 1, 3},                                        /* weight 0 fits beside a full load */
    {{UINT64_MAX, 0, 0, 0}, 0, 1, UINT64_MAX, 1},                      /* over the limit: admitted alone */
    {{0, UINT64_MAX, 0, 0}, 0, 1, 0, 1},                               /* admitted alone, before the next ones */
    {{1, UINT64_MAX, 0, 0}, 0, UINT64_MAX - 1, 1, 1},                  /* the sum must not overflow */
    {{UINT64_MAX - 1, 1, 1, 0}, 0, UINT64_MAX - 1, UINT64_MAX - 1, 1}, /* nor the remaining room */
    {{UINT64_MAX, UINT64_MAX, 1, 1}, 0, 0, 0, 4},                      /* without a limit, no put blocks */
    {{UINT64_MAX, UINT64_MAX, 1, 1}, 3, 0, UINT64_MAX, 3},             /* limited by max_items */
};

static void *wait_at_gate(void *item, void *gate) {
    gate_pass(gate);
    return consume_thing(item, NULL);
}

START_TEST (any_weight_is_right_and_no_sum_of_them_overflows) {
    const struct load *load = &loads[_i];
    struct gate gate = GATE;
    size_t put = 0;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = load->max_items,
                                                                    .max_bytes = load->max_bytes,
                                                                    .weigh = weigh_as_said,
                                                                    .weigh_arg = (void *)load->weights});
    add_stage(pipeline, (weir_stage_options){
                            .name = "a", .work.func = wait_at_gate, .work.arg = &gate, .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (; put < 4 && weir_pipeline_put_until(pipeline, thing_new(), 0) == WEIR_OK; put++)
        ;
    ck_assert_uint_eq(put, load->admitted);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->bytes, load->bytes);
    weir_report_free(report);
    gate_open(&gate);
    for (size_t i = put; i < 4; i++) /* the others are admitted in turn, whatever their weight */
        assert_status(WEIR_OK, weir_pipeline_put_until(pipeline, i == put ? thing_at(i) : thing_new(), hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), 4);
    assert_things_ended();
}
END_TEST

/* The number of items in the first batch. */
static const struct first_batch {
    uint64_t weights[4], bytes;
    unsigned items;
} first_batches[] = {
    {{0, 0, 5, 0}, 5, 3},
    {{UINT64_MAX, 0, 0, 0}, 5, 1},
    {{2, UINT64_MAX, 0, 0}, 5, 2},
    {{2, UINT64_MAX - 1, 0, 0}, 5, 2},                   /* an overflowing sum would be 0 */
    {{UINT64_MAX - 1, UINT64_MAX, 0, 0}, UINT64_MAX, 2}, /* the largest limit */
};

struct batches {
    uint64_t weights[4];
    atomic_uint first;
};

static uint64_t weigh_in_batch(const void *item, void *raw) {
    return weigh_as_said(item, ((struct batches *)raw)->weights);
}

static int keep_first(weir_task *task, void *const *items, size_t count, void *raw) {
    struct batches *batches = raw;
    unsigned none = 0;
    (void)atomic_compare_exchange_strong(&batches->first, &none, (unsigned)count);
    return run_batch_consume(task, items, count, NULL);
}

START_TEST (any_weight_is_right_in_a_batch) {
    const struct first_batch *first = &first_batches[_i];
    struct batches batches = {.first = 0};
    for (size_t i = 0; i < 4; i++)
        batches.weights[i] = first->weights[i];
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run_batch = keep_first,
                                             .work.arg = &batches,
                                             .batch = {.bytes = first->bytes, .weigh = weigh_in_batch}});
    start_pipeline(pipeline);
    put_things(pipeline, 4);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&batches.first), first->items);
    assert_things_ended();
}
END_TEST

static Suite *answers_suite(void) {
    Suite *suite = suite_create("answers to a pipeline");
    TCase *copies = add_things_case(suite, "copies");
    tcase_add_loop_test(copies, a_copy_that_fails_is_an_error_and_no_stage_gets_the_result, 0, 4);
    tcase_add_test(copies, a_copy_that_fails_ends_the_run_where_errors_do);
    tcase_add_test(copies, a_result_that_is_null_has_copies_that_are_null);
    TCase *keys = add_things_case(suite, "keys");
    tcase_add_test(keys, a_choice_that_there_is_not_is_an_error_and_its_item_has_failed);
    tcase_add_loop_test(keys, any_value_is_a_key, 0, 2);
    TCase *weights = add_things_case(suite, "weights");
    tcase_add_loop_test(weights, any_weight_is_right_and_no_sum_of_them_overflows, 0, COUNT_OF(loads));
    tcase_add_loop_test(weights, any_weight_is_right_in_a_batch, 0, COUNT_OF(first_batches));
    return suite;
}

int main(void) {
    return run_suite(answers_suite());
}
