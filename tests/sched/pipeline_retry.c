/*
 * pipeline_retry.c - scenarios of items that fail, back off and are given up, and of results that are not taken.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static int first_fails_once(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    sched_check(weir_task_attempt(task) == (unsigned)ran[number(got)], "attempt %u", weir_task_attempt(task));
    if (number(got) == 1 && weir_task_attempt(task) == 1)
        return weir_task_fail(task, 5, NULL);
    weir_task_emit(task, got);
    return end_call(got);
}

static void add_retrying(weir_task_func *run, weir_stage_options options) {
    options.name = "retry";
    options.work.run = run;
    options.input.capacity = 2;
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry = (weir_retry){.attempts = 2, .backoff = WEIR_SECOND};
    add_stage(options);
}

/* The only worker runs other items while one backs off, and finish waits for that one. */
void scenario_retry_holds_no_worker(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "retry"});
    add_retrying(first_fails_once, (weir_stage_options){.output.results = results});
    start_pipeline();
    uint64_t from = sched_now();
    put_items(1, 2);
    int first = get_number(results);
    if (sched_now() < from + WEIR_SECOND / 2)
        sched_check(first == 2, "the first item is through before its time");
    finish_with(WEIR_OK, 2, 0, 0, 0);
    sched_check(ran[1] == 2 && ran[2] == 1, "%d and %d attempts", ran[1], ran[2]);
    check_results(results, (int[]){3 - first, 0});
}

/* The first item is at the gate when the second one comes. */
static int first_waits_and_fails(weir_task *task, void *got, void *arg) {
    if (number(got) == 1 && weir_task_attempt(task) == 1)
        wait_at_gate();
    if (number(got) == 1 && weir_task_attempt(task) == 2)
        sched_check(done[2] == 1, "the second attempt at the first item came before the second item");
    return first_fails_once(task, got, arg);
}

/* Without a back-off there is no time in which other items could overtake: the order of the queue decides. */
void scenario_retry_behind_what_waits(void) {
    begin_pipeline((weir_pipeline_options){.name = "retry"});
    add_stage((weir_stage_options){.name = "retry",
                                   .work.run = first_waits_and_fails,
                                   .input.capacity = 2,
                                   .errors.on_error = WEIR_SKIP,
                                   .errors.retry = {.attempts = 2}});
    start_pipeline();
    put_items(1, 2);
    open_gate();
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* The results leave in order, although that of item 3 has been ready for a while. The end waits for item 1. */
void scenario_retry_in_order(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "retry"});
    add_retrying(first_fails_once, (weir_stage_options){.output.results = results, .output.ordered = true});
    start_pipeline();
    put_items(2, 1);
    put_items(1, 1);
    put_items(3, 1);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    check_results(results, (int[]){2, 1, 3, 0});
}

static int fail_first(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    return number(got) == 1 ? weir_task_fail(task, 7, "attempt %u", weir_task_attempt(task)) : end_call(got);
}

static void check_letter(weir_queue *dead, unsigned attempts, const char *message) {
    void *got;
    must(weir_queue_get(dead, &got), WEIR_OK);
    weir_dead_letter *letter = got;
    sched_check(number(letter->item) == 1 && letter->code == 7 && letter->attempts == attempts, "item %d, code %d, %u",
                number(letter->item), letter->code, letter->attempts);
    sched_check(letter->message[8] == message[0], "its message is '%s'", letter->message);
    weir_dead_letter_free(letter);
    must(weir_queue_get(dead, &got), WEIR_CLOSED);
    must(weir_queue_destroy(dead), WEIR_OK);
}

void scenario_given_up(void) {
    weir_queue *dead = new_queue(1);
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_retrying(fail_first, (weir_stage_options){.errors.dead = dead, .threads.count = 2});
    start_pipeline();
    put_items(1, 2);
    finish_with(WEIR_OK, 1, 0, 1, 0);
    sched_check(dropped[1] == 0, "the caller's item was dropped");
    check_letter(dead, 2, "2");
}

static int source_calls;

static int fail_then_produce(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    if (++source_calls == 1)
        return weir_task_fail(task, 5, NULL);
    sched_check(weir_task_attempt(task) == 2, "attempt %u", weir_task_attempt(task));
    weir_task_emit(task, item(1));
    return WEIR_END;
}

/* A source that backs off when the run is finished is not called again. */
void scenario_source_backs_off(void) {
    source_calls = 0;
    begin_pipeline((weir_pipeline_options){.name = "source"});
    add_stage((weir_stage_options){.name = "source",
                                   .work.source = fail_then_produce,
                                   .errors.on_error = WEIR_SKIP,
                                   .errors.retry = {.attempts = 2, .backoff = WEIR_SECOND}});
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    start_pipeline();
    finish_pipeline(WEIR_OK);
    sched_check(ran[1] == (source_calls == 2), "%d calls, and the item %d times", source_calls, ran[1]);
}

/* ---- the reader is gone ---- */

static weir_queue *leaving;

static void take_one_and_go(void *unused) {
    (void)unused;
    (void)get_number(leaving);
    must(weir_queue_shutdown(leaving, WEIR_DISCARD), WEIR_OK);
}

/* A result that the reader does not take has failed; it is not dropped silently. */
void scenario_reader_goes(void) {
    leaving = new_counting_queue(1);
    begin_pipeline((weir_pipeline_options){.name = "leaves"});
    add_stage((weir_stage_options){
        .name = "last", .work.func = pass_on, .output.results = leaving, .errors.on_error = WEIR_SKIP});
    start_pipeline();
    int reader = sched_spawn(take_one_and_go, NULL);
    put_items(1, 2);
    sched_join(reader);
    finish_pipeline(WEIR_OK); /* the report says that none was dropped */
    sched_check(dropped[1] == 0 && dropped[2] == 1, "%d and %d drops", dropped[1], dropped[2]);
    must(weir_queue_destroy(leaving), WEIR_OK);
}
