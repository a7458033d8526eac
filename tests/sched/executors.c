/*
 * executors.c - scenarios of executors and groups of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/task_group.h>

#include "executor/state.h"
#include "scenarios.h"
#include "support.h"

static weir_executor *executor;
static weir_task_group *group;
static weir_future *shared;
static weir_queue *gate;
static uint64_t *notes; /* plain memory: written by tasks, read after their end */
static int runs[4];     /* of task i */
static int unrun_count;
static weir_status outcome;

/* The creation is no part of a scenario. */
static void open_executor(weir_executor_options options) {
    options.idle_time = UINT64_MAX;
    notes = sched_scratch(4 * sizeof *notes);
    for (int i = 0; i < 4; i++)
        runs[i] = 0;
    unrun_count = 0;
    outcome = WEIR_OK;
    sched_calm(true);
    must(weir_executor_create(&executor, &options), WEIR_OK);
    sched_calm(false);
}

static void close_executor(void) {
    must(weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL), WEIR_OK);
    must(weir_executor_destroy(executor), WEIR_OK);
}

static void count(int i) {
    sched_plain_write(&notes[i], 1);
    runs[i]++;
}

static int run_task(weir_future *self, void *arg, void **value) {
    (void)self;
    count(number(arg));
    *value = arg;
    return 0;
}

static int run_in_group(weir_future *self, void *arg) {
    (void)self;
    count(number(arg));
    return 0;
}

static void submit(int i, weir_future **future) {
    must(weir_executor_submit(executor, run_task, item(i), future), WEIR_OK);
}

static void check_got(weir_future *future, int i) {
    void *value;
    must(weir_future_get(future, &value), WEIR_OK);
    sched_check(number(value) == i && sched_plain_read(&notes[i]) == 1 && runs[i] == 1, "task %d", i);
    weir_future_release(future);
}

static void check_runs(int i, int wanted) {
    sched_check(runs[i] == wanted, "task %d ran %d times instead of %d", i, runs[i], wanted);
}

/* ---- submission ---- */

void scenario_executor_runs_a_task(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    submit(1, &future);
    check_got(future, 1);
    close_executor();
}

static void submit_second(void *unused) {
    (void)unused;
    submit(2, NULL);
}

void scenario_executor_two_submit(void) {
    open_executor((weir_executor_options){.threads = 2});
    int other = sched_spawn(submit_second, NULL);
    submit(1, NULL);
    sched_join(other);
    close_executor();
    check_runs(1, 1);
    check_runs(2, 1);
}

void scenario_executor_three_tasks(void) {
    open_executor((weir_executor_options){.threads = 2});
    for (int i = 0; i < 3; i++)
        submit(i, NULL);
    close_executor();
    for (int i = 0; i < 3; i++)
        check_runs(i, 1);
}

void scenario_executor_waits_for_room(void) {
    open_executor((weir_executor_options){.threads = 1, .capacity = 1});
    int other = sched_spawn(submit_second, NULL);
    submit(0, NULL);
    submit(1, NULL);
    sched_join(other);
    close_executor();
    for (int i = 0; i < 3; i++)
        check_runs(i, 1);
}

/* ---- the end ---- */

static void try_submit(void *unused) {
    (void)unused;
    outcome = weir_executor_submit(executor, run_task, item(1), NULL);
}

void scenario_executor_shutdown_against_submit(void) {
    open_executor((weir_executor_options){.threads = 1});
    int other = sched_spawn(try_submit, NULL);
    must(weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL), WEIR_OK);
    sched_join(other);
    sched_check(outcome == WEIR_OK || outcome == WEIR_CLOSED, "%s", weir_strerror(outcome));
    check_runs(1, outcome == WEIR_OK);
    must(weir_executor_destroy(executor), WEIR_OK);
}

static void count_unrun(void *task_arg, void *unused) {
    (void)task_arg;
    (void)unused;
    unrun_count++;
}

void scenario_executor_shutdown_against_run(void) {
    open_executor((weir_executor_options){.threads = 1});
    submit(0, NULL);
    submit(1, NULL);
    must(weir_executor_shutdown(executor, true, true, WEIR_NEVER, count_unrun, NULL), WEIR_OK);
    must(weir_executor_destroy(executor), WEIR_OK);
    sched_check(runs[0] + runs[1] + unrun_count == 2, "%d and %d ran, %d did not", runs[0], runs[1], unrun_count);
}

void scenario_executor_future_outlives_it(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    submit(1, &future);
    close_executor();
    check_got(future, 1);
}

static void release_shared(void *unused) {
    (void)unused;
    weir_future_release(shared);
}

void scenario_executor_release_against_destroy(void) {
    open_executor((weir_executor_options){.threads = 1});
    submit(1, &shared);
    int other = sched_spawn(release_shared, NULL);
    close_executor();
    sched_join(other);
    check_runs(1, 1);
}

static int end_thread(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    sched_exit_thread();
}

void scenario_executor_task_ends_its_thread(void) {
    weir_future *ending, *next;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit(executor, end_thread, NULL, &ending), WEIR_OK);
    submit(1, &next);
    must(weir_future_get(ending, NULL), WEIR_FAILED);
    sched_check(weir_future_code(ending) == WEIR_CODE(WEIR_UNFINISHED), "code %d", weir_future_code(ending));
    weir_future_release(ending);
    check_got(next, 1);
    close_executor();
}

static weir_status submitted[4];

static void try_to_submit(int i) {
    weir_status status = submitted[i] = weir_executor_submit(executor, run_task, item(i), NULL);
    sched_check(status == WEIR_OK || status == WEIR_NOTHREAD, "task %d: %s", i, weir_strerror(status));
}

static void try_to_submit_second(void *unused) {
    (void)unused;
    try_to_submit(2);
}

/*
 * The thread may still be there when the first task comes, or the other submit may have called for one: a task that is
 * accepted waits for a thread, which the monitor would start. The scheduler leaves it out.
 */
void scenario_executor_submits_without_a_thread(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    sched_calm(true);
    must(weir_executor_submit(executor, end_thread, NULL, &future), WEIR_OK);
    must(weir_future_get(future, NULL), WEIR_FAILED);
    weir_future_release(future);
    sched_fail_thread(1, true);
    sched_calm(false);
    int other = sched_spawn(try_to_submit_second, NULL);
    try_to_submit(1);
    sched_join(other);
    sched_fail_thread(0, false);
    must(weir__crew_staff(executor->crew), WEIR_OK);
    close_executor();
    for (int i = 1; i < 3; i++)
        check_runs(i, submitted[i] == WEIR_OK);
}

/* ---- tasks without futures ---- */

static int pass_gate(weir_future *self, void *unused, void **value) {
    (void)self;
    (void)unused;
    (void)value;
    (void)get_number(gate);
    return 0;
}

/* Takes 20 us: a worker then takes several tasks at once, and calls another thread for the rest. */
static int take_time(weir_future *self, void *arg, void **value) {
    weir_future *never;
    (void)self;
    (void)arg;
    (void)value;
    must(weir_future_create(&never, NULL, NULL), WEIR_OK);
    must(weir_future_get_until(never, NULL, weir_deadline_after(20 * 1000)), WEIR_TIMEDOUT);
    weir_future_release(never);
    return 0;
}

/* Lets the workers take tasks only when the gate opens, several at once. */
static void open_with(const weir_executor_options *options, size_t at_gate) {
    open_executor(*options);
    gate = new_queue(2);
    sched_calm(true);
    must(weir_executor_submit(executor, take_time, NULL, NULL), WEIR_OK);
    sched_settle();
    sched_calm(true);
    for (size_t i = 0; i < at_gate; i++)
        must(weir_executor_submit(executor, pass_gate, NULL, NULL), WEIR_OK);
    sched_settle();
}

static void open_with_gate(size_t threads) {
    open_with(&(weir_executor_options){.threads = threads}, 1);
}

static void open_gate(void) {
    must(weir_queue_put(gate, NULL), WEIR_OK);
}

static void close_gate(void) {
    close_executor();
    must(weir_queue_destroy(gate), WEIR_OK);
}

void scenario_executor_batch_against_theft(void) {
    open_with_gate(2);
    sched_calm(true);
    for (int i = 0; i < 3; i++)
        submit(i, NULL);
    sched_calm(false);
    open_gate();
    close_gate();
    for (int i = 0; i < 3; i++)
        check_runs(i, 1);
}

void scenario_executor_batch_against_shutdown(void) {
    open_with_gate(1);
    sched_calm(true);
    for (int i = 0; i < 3; i++)
        submit(i, NULL);
    sched_calm(false);
    open_gate();
    must(weir_executor_shutdown(executor, true, true, WEIR_NEVER, count_unrun, NULL), WEIR_OK);
    close_gate();
    sched_check(runs[0] + runs[1] + runs[2] + unrun_count == 3, "%d ran, %d did not", runs[0] + runs[1] + runs[2],
                unrun_count);
}

void scenario_executor_thread_ends_in_batch(void) {
    open_with_gate(1);
    sched_calm(true);
    submit(0, NULL);
    must(weir_executor_submit(executor, end_thread, NULL, NULL), WEIR_OK);
    submit(1, NULL);
    submit(2, NULL);
    sched_calm(false);
    open_gate();
    close_gate();
    for (int i = 0; i < 3; i++)
        check_runs(i, 1);
}

/* ---- batches of which tasks are recalled ---- */

static int order[4], order_size;

static int note_place(weir_future *self, void *arg, void **value) {
    order[order_size++] = number(arg);
    return run_task(self, arg, value);
}

static void note(int i) {
    must(weir_executor_submit(executor, note_place, item(i), NULL), WEIR_OK);
}

static void submit_high(int i) {
    const weir_submit_options high = {.priority = WEIR_HIGH};
    must(weir_executor_submit_with(executor, note_place, item(i), &high, NULL), WEIR_OK);
}

static weir_queue *second_gate;

static int pass_second_gate(weir_future *self, void *unused, void **value) {
    (void)self;
    (void)unused;
    (void)value;
    (void)get_number(second_gate);
    return 0;
}

static void hold(void) {
    must(weir_executor_submit(executor, pass_second_gate, NULL, NULL), WEIR_OK);
}

/* Lets a worker go on at the first gate. It takes half of what is listed, or all if it is alone. */
static void take_batch(void) {
    sched_calm(true);
    open_gate();
    sched_settle();
}

/* Each worker is at the second gate, and its batch has one more task: 0, or 1. Of two threads, task 2 is listed. */
static void hold_batches(size_t threads, size_t capacity) {
    order_size = 0;
    second_gate = new_queue(1);
    open_with(&(weir_executor_options){.threads = threads, .capacity = capacity, .when_full = WEIR_REFUSE}, threads);
    sched_calm(true);
    hold();
    note(0);
    if (threads == 2)
        hold();
    take_batch();
    if (threads == 1)
        return;
    sched_calm(true);
    note(1);
    note(2);
    take_batch();
}

static void release_one(void) {
    must(weir_queue_put(second_gate, NULL), WEIR_OK);
}

static void close_gates(void) {
    close_gate();
    must(weir_queue_destroy(second_gate), WEIR_OK);
}

void scenario_executor_high_before_a_batch(void) {
    hold_batches(1, 0);
    submit_high(1);
    release_one();
    close_gates();
    sched_check(order_size == 2 && order[0] == 1, "task %d came first", order[0]);
}

void scenario_executor_recall_keeps_the_order(void) {
    hold_batches(2, 0);
    submit_high(3);
    release_one();
    sched_settle();
    release_one();
    close_gates();
    for (int i = 0; i < 4; i++)
        sched_check(order[i] == (i + 3) % 4, "task %d was number %d", order[i], i);
}

void scenario_executor_recall_against_batch(void) {
    order_size = 0;
    open_with_gate(1);
    sched_calm(true);
    for (int i = 0; i < 3; i++)
        note(i);
    sched_calm(false);
    open_gate();
    submit_high(3);
    close_gate();
    for (int i = 0; i < 4; i++)
        check_runs(i, 1);
}

void scenario_executor_recall_against_theft(void) {
    open_with_gate(2);
    sched_calm(true);
    for (int i = 0; i < 3; i++)
        submit(i, NULL);
    sched_calm(false);
    open_gate();
    const weir_submit_options high = {.priority = WEIR_HIGH};
    must(weir_executor_submit_with(executor, run_task, item(3), &high, NULL), WEIR_OK);
    close_gate();
    for (int i = 0; i < 4; i++)
        check_runs(i, 1);
}

void scenario_executor_capacity_counts_batches(void) {
    hold_batches(1, 2);
    note(1);
    must(weir_executor_submit(executor, run_task, item(2), NULL), WEIR_FULL);
    release_one();
    close_gates();
    check_runs(2, 0);
}

/* The batch has begun: the worker is at the gate with its last task. */
void scenario_executor_room_behind_a_batch(void) {
    order_size = 0;
    open_with(&(weir_executor_options){.threads = 1, .capacity = 2}, 1);
    sched_calm(true);
    note(0);
    must(weir_executor_submit(executor, pass_gate, NULL, NULL), WEIR_OK);
    take_batch();
    note(1);
    note(2);
    open_gate();
    close_gate();
    for (int i = 0; i < 3; i++)
        sched_check(order[i] == i, "task %d was number %d", order[i], i);
}

/* The other thread blocks, or finds room. */
void scenario_executor_room_against_batch(void) {
    order_size = 0;
    open_with(&(weir_executor_options){.threads = 1, .capacity = 2}, 1);
    sched_calm(true);
    note(0);
    note(1);
    sched_calm(false);
    int other = sched_spawn(submit_second, NULL);
    open_gate();
    submit(3, NULL);
    sched_join(other);
    close_gate();
    for (int i = 0; i < 4; i++)
        check_runs(i, 1);
}

static int retain_self(weir_future *self, void *arg, void **value) {
    shared = weir_future_retain(self);
    must(weir_queue_put(gate, NULL), WEIR_OK);
    return run_task(self, arg, value);
}

void scenario_executor_task_retains_itself(void) {
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    must(weir_executor_submit(executor, retain_self, item(1), NULL), WEIR_OK);
    submit(2, NULL);
    (void)get_number(gate);
    check_got(shared, 1);
    close_gate();
    check_runs(2, 1);
}

/* ---- waits inside ---- */

/* Submits task 2 and waits for it. */
static int wait_inside(weir_future *self, void *arg, void **value) {
    (void)self;
    weir_future *future;
    submit(2, &future);
    check_got(future, 2);
    return run_task(self, arg, value);
}

static void wait_inside_with(size_t threads) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = threads});
    must(weir_executor_submit(executor, wait_inside, item(1), &future), WEIR_OK);
    check_got(future, 1);
    close_executor();
}

void scenario_executor_wait_inside_one_thread(void) {
    wait_inside_with(1);
}

void scenario_executor_wait_inside_two_threads(void) {
    wait_inside_with(2);
}

/* Waits for the shared future, a task that another thread may run. */
static int wait_for_shared(weir_future *self, void *arg, void **value) {
    void *got;
    must(weir_future_get(shared, &got), WEIR_OK);
    sched_check(number(got) == 2, "%d", number(got));
    return run_task(self, arg, value);
}

void scenario_executor_help_against_begin(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 2});
    submit(2, &shared);
    must(weir_executor_submit(executor, wait_for_shared, item(1), &future), WEIR_OK);
    check_got(future, 1);
    check_got(shared, 2);
    close_executor();
}

/* Takes so long that the workers take one task at a time from then on. */
static int compute_long(weir_future *self, void *unused, void **value) {
    (void)self;
    (void)unused;
    (void)value;
    sched_compute(1000 * 1000);
    return 0;
}

/* One thread: the shared future is that of a listed task, which the waiting task runs. */
void scenario_executor_help_of_listed(void) {
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    sched_calm(true);
    must(weir_executor_submit(executor, compute_long, NULL, NULL), WEIR_OK);
    must(weir_executor_submit(executor, pass_gate, NULL, NULL), WEIR_OK);
    sched_settle();
    sched_calm(true);
    must(weir_executor_submit(executor, wait_for_shared, item(1), NULL), WEIR_OK);
    submit(2, &shared);
    submit(3, NULL);
    sched_calm(false);
    open_gate();
    check_got(shared, 2);
    close_gate();
    check_runs(2, 1);
    check_runs(3, 1);
}

/* Waits for the shared future. Its task ends the thread that runs it. */
static int wait_for_end(weir_future *self, void *arg, void **value) {
    must(weir_future_get(shared, NULL), WEIR_FAILED);
    return run_task(self, arg, value);
}

void scenario_executor_helped_task_ends_its_thread(void) {
    open_with_gate(1);
    sched_calm(true);
    must(weir_executor_submit(executor, wait_for_end, item(1), NULL), WEIR_OK);
    must(weir_executor_submit(executor, end_thread, NULL, &shared), WEIR_OK);
    sched_calm(false);
    open_gate();
    must(weir_future_get(shared, NULL), WEIR_FAILED);
    weir_future_release(shared);
    close_gate();
}

/* ---- nests ---- */

/* Submits tasks 2 and 3, and waits for 2 first. */
static int wait_for_the_oldest(weir_future *self, void *arg, void **value) {
    weir_future *older, *newer;
    submit(2, &older);
    submit(3, &newer);
    check_got(older, 2);
    check_got(newer, 3);
    return run_task(self, arg, value);
}

void scenario_executor_nest_claims_the_oldest(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 2});
    must(weir_executor_submit(executor, wait_for_the_oldest, item(1), &future), WEIR_OK);
    check_got(future, 1);
    close_executor();
}

/* Submits tasks 2 and 3. The future of 2 is the shared one. */
static int leave_two(weir_future *self, void *arg, void **value) {
    weir_future *released;
    submit(2, &shared);
    submit(3, &released);
    weir_future_release(released);
    return run_task(self, arg, value);
}

static void leave_with(weir_executor_func *func) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit(executor, func, item(1), &future), WEIR_OK);
    (void)weir_future_get(future, NULL);
    weir_future_release(future);
    check_got(shared, 2);
    close_executor();
    check_runs(3, 1);
}

void scenario_executor_nest_is_left(void) {
    leave_with(leave_two);
    check_runs(1, 1);
}

static int leave_two_and_end(weir_future *self, void *arg, void **value) {
    (void)leave_two(self, arg, value);
    sched_exit_thread();
}

void scenario_executor_nest_is_left_by_its_thread(void) {
    leave_with(leave_two_and_end);
}

static int open_gate_twice(weir_future *self, void *arg, void **value) {
    open_gate();
    open_gate();
    return run_task(self, arg, value);
}

/* The second of the submitted tasks must run while this one and the first sleep, which the executor does not know. */
static int sleep_beside_nest(weir_future *self, void *arg, void **value) {
    weir_future *sleeper, *opener;
    must(weir_executor_submit(executor, pass_gate, NULL, &sleeper), WEIR_OK);
    must(weir_executor_submit(executor, open_gate_twice, item(2), &opener), WEIR_OK);
    (void)get_number(gate);
    check_got(opener, 2);
    must(weir_future_get(sleeper, NULL), WEIR_OK);
    weir_future_release(sleeper);
    return run_task(self, arg, value);
}

void scenario_executor_nest_against_idle(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 3});
    gate = new_queue(2);
    must(weir_executor_submit(executor, sleep_beside_nest, item(1), &future), WEIR_OK);
    check_got(future, 1);
    close_gate();
}

/* Submits the shared task, tells of it and waits. */
static int wait_for_cancelled(weir_future *self, void *arg, void **value) {
    submit(2, &shared);
    open_gate();
    outcome = weir_future_get(shared, NULL);
    return run_task(self, arg, value);
}

void scenario_executor_nest_against_cancel(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 2});
    gate = new_queue(1);
    must(weir_executor_submit(executor, wait_for_cancelled, item(1), &future), WEIR_OK);
    (void)get_number(gate);
    weir_status status = weir_future_cancel(shared);
    check_got(future, 1);
    sched_check((status == WEIR_OK) == (outcome == WEIR_CANCELLED), "cancel %d, get %d", status, outcome);
    weir_future_release(shared);
    close_gate();
    check_runs(2, status != WEIR_OK);
}

/* Submits task 2 and ends. */
static int try_to_leave_one(weir_future *self, void *arg, void **value) {
    weir_future *released = NULL;
    outcome = weir_executor_submit(executor, run_task, item(2), &released);
    weir_future_release(released);
    return run_task(self, arg, value);
}

void scenario_executor_nest_against_shutdown(void) {
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    outcome = WEIR_CLOSED;
    must(weir_executor_submit(executor, try_to_leave_one, item(1), NULL), WEIR_OK);
    must(weir_executor_shutdown(executor, true, true, WEIR_NEVER, count_unrun, NULL), WEIR_OK);
    close_gate();
    sched_check(outcome == WEIR_OK || outcome == WEIR_CLOSED, "%s", weir_strerror(outcome));
    sched_check(runs[1] + runs[2] + unrun_count == 1 + (outcome == WEIR_OK), "%d, %d, %d", runs[1], runs[2],
                unrun_count);
}

static int pass_and_leave_one(weir_future *self, void *arg, void **value) {
    (void)get_number(gate);
    return try_to_leave_one(self, arg, value);
}

void scenario_executor_nest_is_closed(void) {
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    must(weir_executor_submit(executor, pass_and_leave_one, item(1), NULL), WEIR_OK);
    sched_settle();
    must(weir_executor_shutdown(executor, false, false, 0, NULL, NULL), WEIR_OK);
    open_gate();
    close_gate();
    sched_check(outcome == WEIR_CLOSED, "%s", weir_strerror(outcome));
    check_runs(2, 0);
}

/* ---- destroying without a shutdown ---- */

/* Like open_with_gate, and waits for the end of the first task; `*passed` is the future of the one at the gate. */
static void open_with_gate_of(size_t threads, weir_future **passed) {
    weir_future *timed;
    open_executor((weir_executor_options){.threads = threads});
    gate = new_queue(1);
    sched_calm(true);
    must(weir_executor_submit(executor, take_time, NULL, &timed), WEIR_OK);
    must(weir_future_get(timed, NULL), WEIR_OK);
    weir_future_release(timed);
    sched_settle();
    sched_calm(true);
    must(weir_executor_submit(executor, pass_gate, NULL, passed), WEIR_OK);
    sched_settle();
}

static void end_gate(weir_future *passed) {
    must(weir_future_get(passed, NULL), WEIR_OK);
    weir_future_release(passed);
}

static void destroy_idle(void) {
    must(weir_executor_destroy(executor), WEIR_OK);
}

void scenario_executor_destroy_after_the_end(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    submit(1, &future);
    check_got(future, 1);
    destroy_idle();
}

void scenario_executor_destroy_after_a_theft(void) {
    weir_future *passed, *futures[3];
    open_with_gate_of(2, &passed);
    sched_calm(true);
    for (int i = 0; i < 3; i++)
        submit(i, &futures[i]);
    sched_calm(false);
    open_gate();
    for (int i = 0; i < 3; i++)
        check_got(futures[i], i);
    end_gate(passed);
    destroy_idle();
    must(weir_queue_destroy(gate), WEIR_OK);
}

void scenario_executor_destroy_after_a_cancel(void) {
    weir_future *passed, *futures[2];
    open_with_gate_of(1, &passed);
    sched_calm(true);
    for (int i = 0; i < 2; i++)
        submit(i, &futures[i]);
    sched_calm(false);
    open_gate();
    check_got(futures[0], 0);
    if (weir_future_cancel(futures[1]) == WEIR_BUSY)
        must(weir_future_get(futures[1], NULL), WEIR_OK);
    weir_future_release(futures[1]);
    end_gate(passed);
    destroy_idle();
    must(weir_queue_destroy(gate), WEIR_OK);
}

static void note_callback(weir_future *future, void *unused) {
    (void)future;
    (void)unused;
    count(3);
}

static void cancel_future(void *future) {
    (void)weir_future_cancel(future);
}

/* The worker that finds the task claimed may count its end before the callback runs. */
void scenario_executor_destroy_waits_for_a_cancel(void) {
    weir_future *passed, *futures[2];
    open_with_gate_of(1, &passed);
    sched_calm(true);
    for (int i = 0; i < 2; i++)
        submit(i, &futures[i]);
    must(weir_future_on_end(futures[1], note_callback, NULL), WEIR_OK);
    sched_calm(false);
    int other = sched_spawn(cancel_future, futures[1]);
    open_gate();
    check_got(futures[0], 0);
    (void)weir_future_get(futures[1], NULL);
    end_gate(passed);
    destroy_idle();
    sched_check(sched_plain_read(&notes[3]) == 1 && runs[3] == 1, "the callback did not return before the destroy");
    sched_join(other);
    weir_future_release(futures[1]);
    must(weir_queue_destroy(gate), WEIR_OK);
}

void scenario_executor_destroy_after_a_thread_end(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit(executor, end_thread, NULL, &future), WEIR_OK);
    must(weir_future_get(future, NULL), WEIR_FAILED);
    weir_future_release(future);
    destroy_idle();
}

/*
 * A task never runs on an executor that a destroy has shut down: what it submits is accepted. An executor that is in use
 * is not shut down either.
 */
void scenario_executor_destroy_against_run(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    outcome = WEIR_CLOSED;
    must(weir_executor_submit(executor, try_to_leave_one, item(1), &future), WEIR_OK);
    weir_status status = weir_executor_destroy(executor);
    sched_check(status == WEIR_OK || status == WEIR_BUSY, "%s", weir_strerror(status));
    check_got(future, 1);
    if (status == WEIR_BUSY)
        close_executor();
    must(outcome, WEIR_OK);
    check_runs(2, 1);
}

static weir_status outcome_of_callback;

/* Submits task 1 when the gate opens, then sleeps: the destroy goes on meanwhile. */
static void submit_in_callback(weir_future *future, void *unused) {
    (void)get_number(gate);
    outcome_of_callback = weir_executor_submit(executor, try_to_leave_one, item(1), NULL);
    (void)take_time(future, unused, NULL);
}

void scenario_executor_destroy_against_callback(void) {
    weir_future *passed;
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    sched_calm(true);
    must(weir_executor_submit(executor, pass_gate, NULL, &passed), WEIR_OK);
    must(weir_future_on_end(passed, submit_in_callback, NULL), WEIR_OK);
    open_gate();
    sched_settle();
    end_gate(passed);
    open_gate();
    weir_status status = weir_executor_destroy(executor);
    sched_check(status == WEIR_OK || status == WEIR_BUSY, "%s", weir_strerror(status));
    bool closed_first = status == WEIR_OK && outcome_of_callback == WEIR_CLOSED;
    sched_check(closed_first || status == WEIR_BUSY || outcome == WEIR_OK, "task 1 found it shut down");
    if (status == WEIR_BUSY)
        close_executor();
    must(weir_queue_destroy(gate), WEIR_OK);
    must(outcome_of_callback, closed_first ? WEIR_CLOSED : WEIR_OK);
    check_runs(1, !closed_first);
}

/* ---- waits for what is not a task ---- */

/* Waits for a promise, which the next task sets. */
static int wait_for_promise(weir_future *self, void *arg, void **value) {
    must(weir_future_get(shared, NULL), WEIR_OK);
    return run_task(self, arg, value);
}

static int set_promise(weir_future *self, void *arg, void **value) {
    must(weir_future_set(shared, NULL), WEIR_OK);
    return run_task(self, arg, value);
}

void scenario_executor_wait_gives_its_place(void) {
    open_executor((weir_executor_options){.threads = 1});
    must(weir_future_create(&shared, NULL, NULL), WEIR_OK);
    must(weir_executor_submit(executor, wait_for_promise, item(1), NULL), WEIR_OK);
    must(weir_executor_submit(executor, set_promise, item(2), NULL), WEIR_OK);
    close_executor();
    weir_future_release(shared);
    check_runs(1, 1);
    check_runs(2, 1);
}

/* ---- cancels and times ---- */

void scenario_executor_cancel_against_begin(void) {
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    submit(1, &future);
    weir_status status = weir_future_cancel(future);
    close_executor();
    sched_check(status == WEIR_OK || status == WEIR_BUSY || status == WEIR_CLOSED, "%s", weir_strerror(status));
    check_runs(1, status != WEIR_OK);
    must(weir_future_get(future, NULL), status == WEIR_OK ? WEIR_CANCELLED : WEIR_OK);
    weir_future_release(future);
}

void scenario_executor_cancel_against_timer(void) {
    const weir_submit_options later = {.delay = 100};
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit_with(executor, run_task, item(1), &later, &future), WEIR_OK);
    weir_status status = weir_future_cancel(future);
    close_executor();
    check_runs(1, status != WEIR_OK);
    weir_future_release(future);
}

static void shut_down(void *unused) {
    (void)unused;
    must(weir_executor_shutdown(executor, false, true, 0, count_unrun, NULL), WEIR_OK);
}

void scenario_executor_period_against_shutdown(void) {
    const weir_submit_options often = {.period = 100};
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit_with(executor, run_task, item(1), &often, &future), WEIR_OK);
    int other = sched_spawn(shut_down, NULL);
    must(weir_future_get(future, NULL), WEIR_CANCELLED);
    sched_join(other);
    close_executor();
    weir_future_release(future);
}

static int run_twice(weir_future *self, void *arg, void **value) {
    (void)run_task(self, arg, value);
    return runs[1] == 2 ? weir_executor_error(self, 7, "enough") : 0;
}

void scenario_executor_destroy_against_period(void) {
    const weir_submit_options often = {.period = 100};
    weir_future *future;
    open_executor((weir_executor_options){.threads = 1});
    must(weir_executor_submit_with(executor, run_twice, item(1), &often, &future), WEIR_OK);
    weir_status status = weir_executor_destroy(executor);
    sched_check(status == WEIR_OK || status == WEIR_BUSY, "%s", weir_strerror(status));
    must(weir_future_get(future, NULL), WEIR_FAILED);
    weir_future_release(future);
    check_runs(1, 2);
    if (status == WEIR_BUSY)
        destroy_idle();
}

/* Sets the promise in its first run. */
static int tell_of_the_run(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    (void)weir_future_set(shared, NULL);
    return 0;
}

/* The other task is cancelled in the batch: its worker has not counted its end yet when the destroy looks. */
void scenario_executor_destroy_after_a_period(void) {
    const weir_submit_options seldom = {.period = UINT64_C(1) << 40};
    weir_future *passed, *futures[2];
    open_with_gate_of(1, &passed);
    must(weir_future_create(&shared, NULL, NULL), WEIR_OK);
    sched_calm(true);
    must(weir_executor_submit_with(executor, tell_of_the_run, NULL, &seldom, &futures[0]), WEIR_OK);
    submit(1, &futures[1]);
    sched_calm(false);
    open_gate();
    must(weir_future_get(shared, NULL), WEIR_OK);
    for (int i = 0; i < 2; i++) {
        if (weir_future_cancel(futures[i]) == WEIR_BUSY)
            (void)weir_future_get(futures[i], NULL);
        weir_future_release(futures[i]);
    }
    weir_future_release(shared);
    end_gate(passed);
    destroy_idle();
    must(weir_queue_destroy(gate), WEIR_OK);
}

static weir_future *periodic;

static int wait_for_periodic(weir_future *self, void *arg, void **value) {
    must(weir_future_get(periodic, NULL), WEIR_CANCELLED);
    return run_task(self, arg, value);
}

/* A thread holds the periodic task behind the one that waits for it. It runs it, and no thread finds its token later. */
void scenario_executor_help_of_a_period(void) {
    const weir_submit_options seldom = {.period = UINT64_C(1) << 40};
    weir_future *passed, *waiter;
    open_with_gate_of(1, &passed);
    must(weir_future_create(&shared, NULL, NULL), WEIR_OK);
    sched_calm(true);
    must(weir_executor_submit(executor, wait_for_periodic, item(1), &waiter), WEIR_OK);
    must(weir_executor_submit_with(executor, tell_of_the_run, NULL, &seldom, &periodic), WEIR_OK);
    sched_calm(false);
    open_gate();
    must(weir_future_get(shared, NULL), WEIR_OK);
    sched_calm(true);
    (void)weir_future_cancel(periodic);
    check_got(waiter, 1);
    weir_future_release(periodic);
    weir_future_release(shared);
    end_gate(passed);
    destroy_idle();
    must(weir_queue_destroy(gate), WEIR_OK);
}

static int first_run, run_count;

static int note_order(weir_future *self, void *arg, void **value) {
    first_run = run_count++ == 0 ? number(arg) : first_run;
    return run_task(self, arg, value);
}

static void pass_time(uint64_t time) {
    weir_future *never;
    must(weir_future_create(&never, NULL, NULL), WEIR_OK);
    must(weir_future_get_until(never, NULL, weir_deadline_after(time)), WEIR_TIMEDOUT);
    weir_future_release(never);
}

/*
 * Submits a task of low priority, and one of high priority after the time `between`. Both wait for the time `after`.
 * The one that runs first is noted.
 */
static void submit_low_then_high(uint64_t between, uint64_t after) {
    const weir_submit_options low = {.priority = WEIR_LOW}, high = {.priority = WEIR_HIGH};
    run_count = 0;
    open_executor((weir_executor_options){.threads = 1});
    gate = new_queue(1);
    sched_calm(true);
    must(weir_executor_submit(executor, pass_gate, NULL, NULL), WEIR_OK);
    sched_settle();
    must(weir_executor_submit_with(executor, note_order, item(1), &low, NULL), WEIR_OK);
    pass_time(between);
    must(weir_executor_submit_with(executor, note_order, item(2), &high, NULL), WEIR_OK);
    pass_time(after);
    must(weir_queue_put(gate, NULL), WEIR_OK);
    close_executor();
    must(weir_queue_destroy(gate), WEIR_OK);
}

void scenario_executor_high_before_low(void) {
    submit_low_then_high(50 * 1000 * 1000, 150 * 1000 * 1000);
    sched_check(first_run == 2, "the low priority came first");
}

void scenario_executor_low_ages(void) {
    submit_low_then_high(150 * 1000 * 1000, 0);
    sched_check(first_run == 1, "the high priority came first");
}

/* ---- groups ---- */

static void open_group(size_t threads, size_t limit) {
    const weir_task_group_options options = {.limit = limit, .unrun = count_unrun};
    open_executor((weir_executor_options){.threads = threads});
    must(weir_task_group_create(&group, executor, &options), WEIR_OK);
}

static void close_group(weir_status wanted) {
    must(weir_task_group_wait(group), wanted);
    must(weir_task_group_destroy(group), WEIR_OK);
    close_executor();
}

void scenario_group_runs_two(void) {
    open_group(2, 0);
    must(weir_task_group_run(group, run_in_group, item(0)), WEIR_OK);
    must(weir_task_group_run(group, run_in_group, item(1)), WEIR_OK);
    must(weir_task_group_wait(group), WEIR_OK);
    sched_check(sched_plain_read(&notes[0]) == 1 && sched_plain_read(&notes[1]) == 1, "they have not run");
    close_group(WEIR_OK);
}

static int fail_in_group(weir_future *self, void *arg) {
    count(number(arg));
    return weir_executor_error(self, 7, "seven");
}

void scenario_group_first_error(void) {
    open_group(2, 0);
    must(weir_task_group_run(group, fail_in_group, item(0)), WEIR_OK);
    weir_status status = weir_task_group_run(group, run_in_group, item(1));
    sched_check(status == WEIR_OK || status == WEIR_CANCELLED, "%s", weir_strerror(status));
    must(weir_task_group_wait(group), WEIR_FAILED);
    sched_check(weir_task_group_code(group, 0) == 7, "code %d", weir_task_group_code(group, 0));
    check_runs(0, 1);
    sched_check(runs[1] + unrun_count == (status == WEIR_OK), "%d ran, %d did not", runs[1], unrun_count);
    close_group(WEIR_FAILED);
}

void scenario_group_two_errors(void) {
    open_group(2, 0);
    must(weir_task_group_run(group, fail_in_group, item(0)), WEIR_OK);
    (void)weir_task_group_run(group, fail_in_group, item(1));
    must(weir_task_group_wait(group), WEIR_FAILED);
    sched_check((int)weir_task_group_errors(group) == runs[0] + runs[1], "%d errors of %d",
                (int)weir_task_group_errors(group), runs[0] + runs[1]);
    close_group(WEIR_FAILED);
}

void scenario_group_limit(void) {
    open_group(1, 1);
    must(weir_task_group_run(group, run_in_group, item(0)), WEIR_OK);
    must(weir_task_group_run(group, run_in_group, item(1)), WEIR_OK);
    close_group(WEIR_OK);
    check_runs(0, 1);
    check_runs(1, 1);
}

static void cancel_group(void *unused) {
    (void)unused;
    must(weir_task_group_cancel(group), WEIR_OK);
}

void scenario_group_cancel_against_limit(void) {
    open_group(1, 1);
    must(weir_task_group_run(group, run_in_group, item(0)), WEIR_OK);
    int other = sched_spawn(cancel_group, NULL);
    weir_status status = weir_task_group_run(group, run_in_group, item(1));
    sched_join(other);
    close_group(WEIR_CANCELLED);
    sched_check(runs[0] + runs[1] + unrun_count == 1 + (status == WEIR_OK), "%d, %d, %d", runs[0], runs[1],
                unrun_count);
}

/* Makes a group below, runs a task in it and waits. */
static int fan_out(weir_future *self, void *arg) {
    weir_task_group *below;
    const weir_task_group_options options = {.parent = group};
    must(weir_task_group_create(&below, executor, &options), WEIR_OK);
    must(weir_task_group_run(below, run_in_group, item(2)), WEIR_OK);
    must(weir_task_group_wait(below), WEIR_OK);
    check_runs(2, 1);
    must(weir_task_group_destroy(below), WEIR_OK);
    return run_in_group(self, arg);
}

static void fan_out_with(size_t threads) {
    open_group(threads, 0);
    must(weir_task_group_run(group, fan_out, item(1)), WEIR_OK);
    close_group(WEIR_OK);
    check_runs(1, 1);
}

void scenario_group_wait_inside_one_thread(void) {
    fan_out_with(1);
}

void scenario_group_wait_inside_two_threads(void) {
    fan_out_with(2);
}

/* ---- faults ---- */

static int with_message(weir_future *self, void *arg, void **value) {
    (void)arg;
    (void)value;
    return weir_executor_error(self, 7, "seven");
}

/* Every call succeeds, or says why not and leaves nothing behind. */
static void use_all(void) {
    const weir_submit_options timed = {.delay = 10, .name = "name"};
    weir_future *future = NULL;
    void *args[2] = {item(1), item(2)};
    const weir_map_options completed = {.as_completed = true};
    (void)weir_executor_submit_with(executor, run_task, item(1), &timed, NULL);
    (void)weir_executor_submit(executor, run_task, item(1), NULL);
    if (weir_executor_submit(executor, with_message, NULL, &future) == WEIR_OK) {
        (void)weir_future_get(future, NULL);
        weir_future_release(future);
    }
    (void)weir_executor_map(executor, run_task, args, 2, &completed, NULL, NULL);
    if (weir_task_group_create(&group, executor, NULL) == WEIR_OK) {
        (void)weir_task_group_run(group, fail_in_group, item(3));
        (void)weir_task_group_wait(group);
        must(weir_task_group_destroy(group), WEIR_OK);
    }
}

void scenario_executor_faults(void) {
    int n = sched_choose(32), on = sched_choose(2), what = sched_choose(2);
    weir_executor_options options = {.threads = 1, .idle_time = UINT64_MAX};
    notes = sched_scratch(4 * sizeof *notes);
    sched_calm(true);
    if (what == 0)
        sched_fail_allocation((unsigned)n, on == 1);
    else
        sched_fail_thread((unsigned)n, on == 1);
    weir_status status = weir_executor_create(&executor, &options);
    sched_check(status == WEIR_OK || status == WEIR_NOMEM || status == WEIR_NOTHREAD, "%s", weir_strerror(status));
    if (status != WEIR_OK)
        return;
    use_all();
    close_executor();
}
