/*
 * pipeline_letters.c - scenarios of dead letters that go to a stage, and of items that fail alone in a batch.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

/* ---- letters ---- */

static int fail_all(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    return weir_task_fail(task, 5, NULL);
}

static void *end_letter(void *got, void *arg) {
    weir_dead_letter *letter = got;
    (void)arg;
    (void)end_call(letter->item);
    weir_dead_letter_free(letter);
    return NULL;
}

static void drop_letter(void *got, void *arg) {
    weir_dead_letter *letter = got;
    (void)arg;
    dropped[number(letter->item)]++;
    weir_dead_letter_free(letter);
}

/* The stage of the letters is added first, so only its input puts it last. */
static void begin_letters(size_t max_items, size_t threads) {
    begin_pipeline((weir_pipeline_options){.name = "letters", .max_items = max_items});
    weir_stage *letters =
        add_stage((weir_stage_options){.name = "letters", .work.func = end_letter, .input.drop = drop_letter});
    weir_stage *fails = add_stage((weir_stage_options){
        .name = "fails", .work.run = fail_all, .threads.count = threads, .errors.on_error = WEIR_SKIP});
    must(weir_pipeline_connect_dead(pipeline, fails, letters), WEIR_OK);
    start_pipeline();
}

/* The stage of the letters is drained after the last letter has come. */
void scenario_last_letter(void) {
    begin_letters(0, 1);
    put_items(1, 2);
    finish_with(WEIR_OK, 0, 0, 2, 0);
    check_each_ended_once(2);
}

/* A full queue of letters and a limit of one item hold up none. */
void scenario_letters_of_two_threads(void) {
    begin_letters(1, 2);
    put_items(1, 2);
    finish_with(WEIR_OK, 0, 0, 2, 0);
    check_each_ended_once(2);
}

void scenario_letter_against_cancel(void) {
    begin_letters(0, 1);
    put_items(1, 1);
    cancel(NULL);
    look_calmly();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(1);
}

/* ---- items that fail alone ---- */

/* The items after the first fail in their first attempt. */
static int fail_alone(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        begin_call(items[i]);
        if (number(items[i]) > 1 && weir_task_attempt(task) == 1)
            must(weir_task_fail_item(task, i, 5, NULL), WEIR_OK);
        else
            (void)end_call(items[i]);
    }
    return 0;
}

/* The finish comes beside their retry, which is one call. */
void scenario_items_fail_alone(void) {
    begin_pipeline((weir_pipeline_options){.name = "alone"});
    add_stage((weir_stage_options){.name = "batch",
                                   .work.run_batch = fail_alone,
                                   .batch = {.items = 3},
                                   .input.capacity = 3,
                                   .errors.retry = {.attempts = 2}});
    start_pipeline();
    put_items(1, 3);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    check_each_ended_once(3);
    sched_check(ran[1] == 1 && ran[2] == 2 && ran[3] == 2, "%d, %d and %d attempts", ran[1], ran[2], ran[3]);
}
