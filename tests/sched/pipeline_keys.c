/*
 * pipeline_keys.c - scenarios of limits for items with the same key.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static weir_queue *begun;
static bool emitting;
static int inside[2], most_inside, last_of[2];

/* Items from 1 to 9 have one key, higher ones the other. */
static uint64_t key_of(const void *got, void *arg) {
    (void)arg;
    return number(got) > 9;
}

static void enter(void *got) {
    size_t key = (size_t)key_of(got, NULL);
    begin_call(got);
    most_inside = ++inside[key] > most_inside ? inside[key] : most_inside;
    sched_check(number(got) >= last_of[key], "%d after %d", number(got), last_of[key]);
    last_of[key] = number(got);
}

static int leave(weir_task *task, void *got) {
    inside[key_of(got, NULL)]--;
    if (emitting)
        weir_task_emit(task, item(40 + number(got)));
    return end_call(got);
}

static int run_by_key(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    return leave(task, got);
}

static void add_keys(weir_stage_options options, size_t per_key) {
    inside[0] = inside[1] = most_inside = last_of[0] = last_of[1] = 0;
    begin_pipeline((weir_pipeline_options){.name = "keys"});
    options.name = "keys";
    options.limits.key = options.limits.key == NULL ? key_of : options.limits.key;
    options.limits.per_key = per_key;
    options.threads.count = 2;
    options.input.capacity = 4;
    options.errors.on_error = WEIR_SKIP;
    emitting = false;
    add_stage(options);
}

static void begin_keys(weir_stage_options options, size_t per_key) {
    add_keys(options, per_key);
    start_pipeline();
}

/* The results go to a second stage. It ends when no more can come from the first one, and not earlier. */
static void begin_keys_before_another(weir_stage_options options) {
    add_keys(options, 1);
    emitting = true;
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on, .input.capacity = 4});
    start_pipeline();
}

static void finish_keys(unsigned all, unsigned failed) {
    finish_with(WEIR_OK, all - failed, failed, 0, 0);
    for (int i = 1; emitting && i <= 10; i++)
        sched_check(done[40 + i] == done[i], "item %d was done %d times, its result %d times", i, done[i],
                    done[40 + i]);
}

void scenario_keys_in_order(void) {
    begin_keys((weir_stage_options){.work.run = run_by_key}, 1);
    put_items(1, 2);
    finish_keys(2, 0);
    check_each_ended_once(2);
    sched_check(most_inside == 1, "%d at once", most_inside);
}

static int first_waits_for_other_key(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    if (number(got) == 1)
        wait_at_gate();
    else if (number(got) == 10)
        open_gate();
    return leave(task, got);
}

/* One worker is in the first item. The other one lets the second wait, and runs the third, which has another key. */
void scenario_keys_beside_each_other(void) {
    begin_keys((weir_stage_options){.work.run = first_waits_for_other_key}, 1);
    put_items(1, 2);
    put_items(10, 1);
    finish_keys(3, 0);
    sched_check(most_inside == 1, "%d at once", most_inside);
}

static int first_fails_once(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    if (number(got) == 1 && weir_task_attempt(task) == 1) {
        inside[0]--;
        return weir_task_fail(task, 5, NULL);
    }
    return leave(task, got);
}

/* An item that backs off keeps its place: the next one of its key comes after it. */
void scenario_key_kept_in_backoff(void) {
    begin_keys(
        (weir_stage_options){.work.run = first_fails_once, .errors.retry = {.attempts = 2, .backoff = WEIR_SECOND}}, 1);
    put_items(1, 2);
    finish_keys(2, 0);
    sched_check(ran[1] == 2 && ran[2] == 1, "%d and %d attempts", ran[1], ran[2]);
}

/* The rest of the key ends beside its first item, and beside the arrival of the second one. */
void scenario_key_rests(void) {
    begin_keys((weir_stage_options){.work.run = run_by_key, .limits.key_rate = 1000}, 1);
    put_items(1, 2);
    finish_keys(2, 0);
    check_each_ended_once(2);
    sched_check(most_inside == 1, "%d at once", most_inside);
}

static uint64_t key_of_second_waits(const void *got, void *arg) {
    if (number(got) == 2)
        wait_at_gate();
    return key_of(got, arg);
}

/* The second item enters beside the cancel, while the timer of its key is set. */
void scenario_cancel_against_resting_key(void) {
    begin_keys((weir_stage_options){.work.run = run_by_key, .limits.key = key_of_second_waits, .limits.key_rate = 1000},
               1);
    sched_calm(true);
    put_items(1, 2);
    sched_settle();
    open_gate();
    cancel(NULL);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

static int first_waits(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    if (number(got) == 1)
        wait_at_gate();
    return leave(task, got);
}

/* The other items wait for their key, or for the items before them. */
void scenario_cancel_against_keys(void) {
    begin_keys((weir_stage_options){.work.run = first_waits}, 1);
    put_items(1, 2);
    cancel(NULL);
    look_calmly();
    open_gate();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* The first is about to come in; the second tells the main thread that it will be early. */
static uint64_t key_that_waits(const void *got, void *arg) {
    (void)arg;
    if (number(got) == 1)
        wait_at_gate();
    else
        must(weir_queue_put(begun, item(2)), WEIR_OK);
    return 0;
}

void scenario_cancel_against_early(void) {
    begin_keys((weir_stage_options){.work.run = run_by_key, .limits.key = key_that_waits}, 1);
    begun = new_queue(1);
    put_items(1, 2);
    (void)get_number(begun);
    cancel(NULL);
    open_gate();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
    must(weir_queue_destroy(begun), WEIR_OK);
}

/* Two items run at a time; no order is promised. */
static int count_two(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    inside[0]++;
    sched_check(inside[0] <= 2, "%d at once", inside[0]);
    look_calmly();
    return leave(task, got);
}

void scenario_two_for_each_key(void) {
    begin_keys((weir_stage_options){.work.run = count_two}, 2);
    put_items(1, 3);
    finish_keys(3, 0);
}

static int exit_in_first_of_two(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        sched_exit_thread();
    inside[0]++;
    return leave(task, got);
}

static int exit_in_first(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    if (number(got) == 1) {
        inside[0]--;
        sched_exit_thread();
    }
    return leave(task, got);
}

/* The failed run of items 1 and 2, of which one has ended its thread. */
static void finish_exited_keys(int exited) {
    finish_exited("keys", 1);
    check_each_ended_once(2);
    sched_check(dropped[exited] == 1, "item %d was done", exited);
    for (int i = 1; emitting && i <= 2; i++)
        sched_check(done[40 + i] + dropped[40 + i] == done[i], "item %d was done %d times, its result %d times", i,
                    done[i], done[40 + i] + dropped[40 + i]);
}

/* The next item of the key waits for it, or comes later. */
void scenario_key_kept_by_exit(void) {
    begin_keys_before_another((weir_stage_options){.work.run = exit_in_first});
    put_items(1, 1);
    put_if_open(item(2));
    finish_exited_keys(1);
    sched_check(ran[2] == 0, "item 2 ran");
}

/* The same where two items of a key may run. The second one runs, or is dropped. */
void scenario_exit_in_one_of_two(void) {
    begin_keys((weir_stage_options){.work.run = exit_in_first_of_two}, 2);
    put_items(1, 1);
    put_if_open(item(2));
    finish_exited_keys(1);
    sched_check(done[2] == ran[2], "item 2 was begun %d times and ended %d times", ran[2], done[2]);
}

static int exit_in_second(weir_task *task, void *got, void *arg) {
    (void)arg;
    enter(got);
    if (number(got) == 1)
        wait_at_gate();
    if (number(got) == 2) {
        inside[0]--;
        sched_exit_thread();
    }
    return leave(task, got);
}

/* A worker's thread ends in an item that it runs after its own, because its own had the key. */
void scenario_exit_in_next_of_key(void) {
    begin_keys_before_another((weir_stage_options){.work.run = exit_in_second});
    put_items(1, 2);
    open_gate();
    finish_exited_keys(2);
}

/* As key_that_waits, but each item has its own key. */
static uint64_t own_key_that_waits(const void *got, void *arg) {
    (void)key_that_waits(got, arg);
    return (uint64_t)number(got);
}

static int just_run(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    return leave(task, got);
}

/* The first item closes the gap before the second one, which another worker may then run. */
void scenario_early_one_is_requeued(void) {
    begin_keys((weir_stage_options){.work.run = just_run, .limits.key = own_key_that_waits}, 1);
    begun = new_queue(1);
    put_items(1, 2);
    (void)get_number(begun);
    sched_settle();
    open_gate();
    finish_keys(2, 0);
    must(weir_queue_destroy(begun), WEIR_OK);
}

/* While the first item waits, there is no memory for the second one's entry. */
static uint64_t key_without_memory(const void *got, void *arg) {
    (void)arg;
    if (number(got) == 1) {
        sched_fail_allocation(1, true);
        wait_at_gate();
        sched_fail_allocation(0, false);
    }
    return (uint64_t)number(got);
}

/* The second item comes in with the first one. The worker of the first one would run it afterwards. */
void scenario_exit_before_those_that_came_in(void) {
    begin_keys((weir_stage_options){.work.run = exit_in_first, .limits.key = key_without_memory}, 1);
    sched_calm(true);
    put_items(1, 2);
    sched_settle();
    open_gate();
    finish_exited_keys(1);
    sched_check(ran[2] == 0, "item 2 ran");
}
