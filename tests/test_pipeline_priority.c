/*
 * test_pipeline_priority.c - tests priorities of stages, on a crew that has one processor.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "pipeline_support.h"

#include <sched.h>
#include <string.h>

/* ---- which work comes first ---- */

enum { BANDS = 3, ITEMS = 20 };

static atomic_bool occupied, free_now;
static atomic_size_t begun;
static atomic_size_t first_of[BANDS], last_of[BANDS]; /* positions of the first and of the last call, from 1 */

/* Computes, so the crew does not replace its thread. */
static void *occupy(void *item, void *unused) {
    (void)unused;
    atomic_store(&occupied, true);
    while (!atomic_load(&free_now))
        ;
    return item;
}

static void *note(void *item, void *arg) {
    size_t band = (size_t)(uintptr_t)arg, at = atomic_fetch_add(&begun, 1) + 1, none = 0;
    (void)atomic_compare_exchange_strong(&first_of[band], &none, at);
    atomic_store(&last_of[band], at);
    return item;
}

static weir_pipeline *start_with(weir_stage_options options) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.name = "s";
    options.threads.width = 1;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    return pipeline;
}

static void forget(void) {
    atomic_store(&occupied, false);
    atomic_store(&free_now, false);
    atomic_store(&begun, 0);
    for (size_t i = 0; i < BANDS; i++) {
        atomic_store(&first_of[i], 0);
        atomic_store(&last_of[i], 0);
    }
}

/*
 * Puts items to a stage of each priority while the only thread of the crew is occupied, those of the lowest first.
 * Returns whether all work of a higher priority came before that of a lower one.
 */
static bool run_in_order(const weir_priority priorities[BANDS]) {
    weir_pipeline *first = start_with((weir_stage_options){.work.func = occupy}), *pipelines[BANDS];
    bool in_order = true;
    forget();
    for (size_t i = 0; i < BANDS; i++)
        pipelines[i] = start_with((weir_stage_options){.work.func = note,
                                                       .work.arg = (void *)(uintptr_t)i,
                                                       .threads.priority = priorities[i],
                                                       .input.capacity = ITEMS});
    put_things(first, 1);
    while (!atomic_load(&occupied))
        sched_yield();
    for (size_t i = 0; i < BANDS; i++)
        put_things(pipelines[i], ITEMS);
    atomic_store(&free_now, true);
    for (size_t i = 0; i < BANDS; i++)
        finish_and_destroy(pipelines[i], WEIR_OK);
    finish_and_destroy(first, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&begun), BANDS * ITEMS);
    for (size_t i = 0; i + 1 < BANDS; i++)
        in_order = in_order && atomic_load(&last_of[i + 1]) < atomic_load(&first_of[i]);
    return in_order;
}

/* Work that has waited for 20 ms comes first: on a busy machine, try again. */
START_TEST (work_of_a_higher_priority_comes_first) {
    static const weir_priority priorities[BANDS] = {WEIR_LOW, WEIR_NORMAL, WEIR_HIGH};
    weir_deadline limit = hang_limit();
    while (!run_in_order(priorities))
        ck_assert_msg(now() < limit, "work of a higher priority never came first");
}
END_TEST

/* The counterpart: without it, the test above would pass by chance. */
START_TEST (work_of_one_priority_comes_in_the_order_of_its_arrival) {
    static const weir_priority priorities[BANDS] = {WEIR_HIGH, WEIR_HIGH, WEIR_HIGH};
    for (int i = 0; i < 20; i++)
        ck_assert(!run_in_order(priorities));
}
END_TEST

/* ---- refusals ---- */

static weir_status init_nothing(void *arg, void **state) {
    *state = arg;
    return WEIR_OK;
}

static void fini_nothing(void *state) {
    (void)state;
}

static const struct offer {
    weir_stage_options options;
    const char *says; /* NULL: it is accepted */
} offers[] = {
    {{.work.func = hand_back, .threads.priority = WEIR_HIGH}, NULL},
    {{.work.func = hand_back, .threads.priority = WEIR_LOW, .threads.width = 3}, NULL},
    {{.work.source = end_at_once, .threads.priority = WEIR_LOW}, NULL},
    {{.work.func = hand_back, .threads.priority = WEIR_NORMAL, .threads.count = 2}, NULL},
    {{.work.func = hand_back, .threads.priority = (weir_priority)3},
     "stage s: priority is 3, and must be a value of weir_priority"},
    {{.work.func = hand_back, .threads.priority = WEIR_HIGH, .threads.count = 2},
     "stage s: priority is WEIR_HIGH and threads.count is set: only a stage on the crew has a priority"},
    {{.work.func = hand_back, .threads.priority = WEIR_LOW, .threads.max = 2},
     "stage s: priority is WEIR_LOW and threads.max is set: only a stage on the crew has a priority"},
    {{.work.func = hand_back, .threads.priority = WEIR_LOW, .work.init = init_nothing},
     "stage s: priority is WEIR_LOW and init is set: only a stage on the crew has a priority"},
    {{.work.func = hand_back, .threads.priority = WEIR_LOW, .work.fini = fini_nothing},
     "stage s: priority is WEIR_LOW and fini is set: only a stage on the crew has a priority"},
};

START_TEST (only_a_stage_on_the_crew_has_a_priority) {
    const struct offer *offer = &offers[_i];
    weir_stage_options options = offer->options;
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.name = "s";
    assert_status(offer->says == NULL ? WEIR_OK : WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &options));
    if (offer->says != NULL)
        ck_assert_str_eq(weir_pipeline_message(pipeline), offer->says);
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *priority_suite(void) {
    Suite *suite = suite_create("pipeline_priority");
    TCase *order = add_things_case(suite, "order");
    tcase_add_test(order, work_of_a_higher_priority_comes_first);
    tcase_add_test(order, work_of_one_priority_comes_in_the_order_of_its_arrival);
    TCase *refused = add_case(suite, "refused");
    tcase_add_loop_test(refused, only_a_stage_on_the_crew_has_a_priority, 0, (int)COUNT_OF(offers));
    return suite;
}

int main(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        return 77;
    return run_suite(priority_suite());
}
