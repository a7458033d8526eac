/*
 * test_task_group.c - tests groups of tasks: errors, limits, cancels and trees.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

static weir_executor *executor;
static atomic_size_t runs, cancelled_seen;

static void create_with(weir_executor_options options) {
    atomic_store(&runs, 0);
    atomic_store(&cancelled_seen, 0);
    assert_status(WEIR_OK, weir_executor_create(&executor, &options));
}

static void create(size_t threads) {
    create_with((weir_executor_options){.threads = threads});
}

static void finish(void) {
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
}

static weir_task_group *new_group(weir_task_group_options options) {
    weir_task_group *group;
    assert_status(WEIR_OK, weir_task_group_create(&group, executor, &options));
    return group;
}

static void run(weir_task_group *group, weir_task_group_func *func, void *arg) {
    assert_status(WEIR_OK, weir_task_group_run(group, func, arg));
}

static void wait_and_destroy(weir_task_group *group, weir_status wanted) {
    assert_status(wanted, weir_task_group_wait_until(group, hang_limit()));
    assert_status(wanted, weir_task_group_wait(group)); /* again */
    assert_status(WEIR_OK, weir_task_group_destroy(group));
}

static int count_run(weir_future *self, void *arg) {
    (void)self;
    (void)arg;
    atomic_fetch_add(&runs, 1);
    return 0;
}

static int pass(weir_future *self, void *gate) {
    (void)self;
    gate_pass(gate);
    return 0;
}

static int fail_with(weir_future *self, void *arg) {
    int code = (int)number_of(arg);
    atomic_fetch_add(&runs, 1);
    return weir_executor_error(self, code, "error %d", code);
}

START_TEST (a_wait_returns_when_all_tasks_have_ended) {
    create((size_t)_i);
    weir_task_group *group = new_group((weir_task_group_options){0});
    for (size_t round = 1; round <= 3; round++) {
        for (size_t i = 0; i < 1000; i++)
            run(group, count_run, NULL);
        assert_status(WEIR_OK, weir_task_group_wait_until(group, hang_limit()));
        ck_assert_uint_eq(atomic_load(&runs), 1000 * round);
    }
    wait_and_destroy(group, WEIR_OK);
    finish();
}
END_TEST

static int count_task(weir_future *self, void *arg, void **value) {
    (void)value;
    return count_run(self, arg);
}

static int pass_task(weir_future *self, void *gate, void **value) {
    (void)value;
    return pass(self, gate);
}

/* A thread has taken tasks of the group behind one that runs: a cancel drops them, and they leave room. */
START_TEST (a_cancel_drops_tasks_that_a_thread_has_taken) {
    enum { ALL = 4 };
    struct gate first = GATE, second = GATE;
    create_with((weir_executor_options){.threads = 1, .capacity = ALL, .when_full = WEIR_REFUSE});
    for (size_t i = 0; i < 5000;)
        i += weir_executor_submit(executor, count_task, NULL, NULL) == WEIR_OK;
    while (weir_executor_submit(executor, pass_task, &first, NULL) != WEIR_OK)
        continue;
    gate_wait_for(&first, 1);
    weir_task_group *group = new_group((weir_task_group_options){0});
    run(group, pass, &second);
    for (size_t i = 1; i < ALL; i++)
        run(group, count_run, NULL);
    gate_open(&first);
    gate_wait_for(&second, 1);
    assert_status(WEIR_OK, weir_task_group_cancel(group));
    for (size_t i = 0; i < ALL; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_task, NULL, NULL));
    gate_open(&second);
    wait_and_destroy(group, WEIR_CANCELLED);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 5000 + ALL);
}
END_TEST

START_TEST (a_wait_with_a_deadline_times_out) {
    struct gate gate = GATE;
    create(1);
    weir_task_group *group = new_group((weir_task_group_options){0});
    run(group, pass, &gate);
    run(group, count_run, NULL);
    assert_status(WEIR_TIMEDOUT, weir_task_group_wait_until(group, 0));
    assert_status(WEIR_TIMEDOUT, weir_task_group_wait_until(group, now() + MILLISECONDS));
    assert_status(WEIR_BUSY, weir_task_group_destroy(group));
    gate_open(&gate);
    wait_and_destroy(group, WEIR_OK);
    finish();
}
END_TEST

/* ---- errors ---- */

/* Runs until it sees a cancel. */
static int run_until_cancelled(weir_future *self, void *gate) {
    gate_pass(gate);
    while (!weir_future_cancelled(self))
        nap();
    atomic_fetch_add(&cancelled_seen, 1);
    return WEIR_CODE(WEIR_CANCELLED);
}

static void note_unrun(void *task_arg, void *raw) {
    size_t *unrun = raw;
    unrun[number_of(task_arg)]++;
}

START_TEST (the_first_error_cancels_the_rest) {
    struct gate open = GATE, gate = GATE;
    size_t unrun[4] = {0};
    gate_open(&open);
    create(2);
    weir_task_group *group = new_group((weir_task_group_options){.unrun = note_unrun, .unrun_arg = unrun});
    run(group, run_until_cancelled, &open);
    run(group, pass, &gate);
    gate_wait_for(&gate, 1);
    while (gate_passed(&open) < 1) /* the first task may begin after the second */
        nap();
    run(group, fail_with, number(3));
    for (size_t i = 0; i < 3; i++)
        run(group, count_run, number(i));
    gate_open(&gate);
    assert_status(WEIR_FAILED, weir_task_group_wait_until(group, hang_limit()));
    ck_assert(weir_task_group_cancelled(group));
    ck_assert_uint_eq(atomic_load(&cancelled_seen), 1);
    ck_assert_uint_eq(atomic_load(&runs), 1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(unrun[i], 1);
    ck_assert_uint_eq(weir_task_group_errors(group), 1);
    ck_assert_int_eq(weir_task_group_code(group, 0), 3);
    ck_assert_str_eq(weir_task_group_message(group, 0), "error 3");
    ck_assert_int_eq(weir_task_group_code(group, 1), 0);
    ck_assert_str_eq(weir_task_group_message(group, 1), "");
    assert_status(WEIR_CANCELLED, weir_task_group_run(group, count_run, NULL));
    wait_and_destroy(group, WEIR_FAILED);
    finish();
}
END_TEST

/* Fails once the gate is open. */
static int fail_at_gate(weir_future *self, void *gate) {
    gate_pass(gate);
    return weir_executor_error(self, 9, "late");
}

START_TEST (a_group_has_all_errors) {
    enum { ERRORS = 9 };
    struct gate gate = GATE;
    create(ERRORS);
    weir_task_group *group = new_group((weir_task_group_options){0});
    for (size_t i = 0; i < ERRORS; i++)
        run(group, fail_at_gate, &gate);
    gate_wait_for(&gate, ERRORS);
    gate_open(&gate);
    assert_status(WEIR_FAILED, weir_task_group_wait_until(group, hang_limit()));
    ck_assert_uint_eq(weir_task_group_errors(group), ERRORS);
    for (size_t i = 0; i < ERRORS; i++) {
        ck_assert_int_eq(weir_task_group_code(group, i), 9);
        ck_assert_str_eq(weir_task_group_message(group, i), "late");
    }
    wait_and_destroy(group, WEIR_FAILED);
    finish();
}
END_TEST

static int end_thread(weir_future *self, void *arg) {
    (void)self;
    (void)arg;
    pthread_exit(NULL);
}

START_TEST (a_task_that_ends_its_thread_is_an_error) {
    create(1);
    weir_task_group *group = new_group((weir_task_group_options){0});
    run(group, end_thread, NULL);
    assert_status(WEIR_FAILED, weir_task_group_wait_until(group, hang_limit()));
    ck_assert_int_eq(weir_task_group_code(group, 0), WEIR_CODE(WEIR_UNFINISHED));
    wait_and_destroy(group, WEIR_FAILED);
    finish();
}
END_TEST

/* ---- limits ---- */

static atomic_size_t present, most_present;

static int count_present(weir_future *self, void *arg) {
    (void)self;
    (void)arg;
    size_t seen = atomic_fetch_add(&present, 1) + 1, most = atomic_load(&most_present);
    while (seen > most && !atomic_compare_exchange_weak(&most_present, &most, seen))
        continue;
    nap();
    atomic_fetch_sub(&present, 1);
    return count_run(self, arg);
}

START_TEST (a_limit_bounds_what_runs_at_once) {
    atomic_store(&present, 0);
    atomic_store(&most_present, 0);
    create(4);
    weir_task_group *group = new_group((weir_task_group_options){.limit = 2});
    for (size_t i = 0; i < 20; i++)
        run(group, count_present, NULL);
    wait_and_destroy(group, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 20);
    ck_assert_uint_le(atomic_load(&most_present), 2);
    finish();
}
END_TEST

struct runner {
    struct call call; /* first member */
    weir_task_group *group;
};

static void make_run(struct call *call) {
    call->status = weir_task_group_run(((struct runner *)call)->group, count_run, NULL);
}

START_TEST (a_cancel_ends_the_wait_for_a_limit) {
    struct gate gate = GATE;
    create(1);
    weir_task_group *group = new_group((weir_task_group_options){.limit = 1});
    run(group, pass, &gate);
    gate_wait_for(&gate, 1);
    struct runner runner = {.group = group};
    call_start_asleep(&runner.call, make_run);
    assert_status(WEIR_BUSY, weir_task_group_destroy(group));
    assert_status(WEIR_OK, weir_task_group_cancel(group));
    assert_status(WEIR_CANCELLED, call_finish(&runner.call));
    gate_open(&gate);
    wait_and_destroy(group, WEIR_CANCELLED);
    finish();
}
END_TEST

/* Creates a full executor with its thread at the gate, and a group with a run that blocks for room. */
static weir_task_group *block_for_room(struct gate *gate, struct runner *runner) {
    create_with((weir_executor_options){.threads = 1, .capacity = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass_task, gate, NULL));
    gate_wait_for(gate, 1);
    assert_status(WEIR_OK, weir_executor_submit(executor, count_task, NULL, NULL));
    *runner = (struct runner){.group = new_group((weir_task_group_options){0})};
    call_start_asleep(&runner->call, make_run);
    return runner->group;
}

START_TEST (a_group_outlives_a_run_that_blocks_for_room) {
    struct gate gate = GATE;
    struct runner runner;
    weir_task_group *group = block_for_room(&gate, &runner);
    assert_status(WEIR_BUSY, weir_task_group_destroy(group));
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&runner.call));
    wait_and_destroy(group, WEIR_OK);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 2);
}
END_TEST

START_TEST (a_cancel_ends_the_wait_for_room) {
    struct gate gate = GATE;
    struct runner runner;
    weir_task_group *group = block_for_room(&gate, &runner);
    assert_status(WEIR_OK, weir_task_group_cancel(group));
    assert_status(WEIR_CANCELLED, call_finish(&runner.call));
    gate_open(&gate);
    wait_and_destroy(group, WEIR_CANCELLED);
    finish();
}
END_TEST

/* A run blocks at the limit of a group, which has groups beside and above it. */
START_TEST (a_shutdown_ends_the_wait_for_a_limit) {
    struct gate gate = GATE;
    create(1);
    weir_task_group *first = new_group((weir_task_group_options){0});
    weir_task_group *parent = new_group((weir_task_group_options){0});
    weir_task_group *group = new_group((weir_task_group_options){.parent = parent, .limit = 1});
    weir_task_group *last = new_group((weir_task_group_options){0});
    run(group, pass, &gate);
    gate_wait_for(&gate, 1);
    struct runner runner = {.group = group};
    call_start_asleep(&runner.call, make_run);
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, false, 0, NULL, NULL));
    assert_status(WEIR_CLOSED, call_finish(&runner.call));
    gate_open(&gate);
    wait_and_destroy(group, WEIR_OK);
    wait_and_destroy(last, WEIR_OK);
    wait_and_destroy(first, WEIR_OK);
    wait_and_destroy(parent, WEIR_OK);
    finish();
}
END_TEST

/* Runs ten tasks in its own group, which has room for one more. */
static int run_in_own_group(weir_future *self, void *raw) {
    weir_task_group *group = raw;
    (void)self;
    for (size_t i = 0; i < 10; i++) {
        if (weir_task_group_run(group, count_run, NULL) != WEIR_OK)
            return 1;
    }
    return weir_task_group_wait(group) == WEIR_DEADLOCK ? 0 : 2;
}

START_TEST (a_task_can_run_tasks_in_its_own_group_up_to_the_limit) {
    create((size_t)_i);
    weir_task_group *group = new_group((weir_task_group_options){.limit = 2});
    run(group, run_in_own_group, group);
    wait_and_destroy(group, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 10);
    finish();
}
END_TEST

static int run_beyond_limit(weir_future *self, void *group) {
    (void)self;
    return weir_task_group_run(group, count_run, NULL) == WEIR_DEADLOCK ? 0 : 1;
}

START_TEST (a_task_that_takes_up_the_limit_cannot_run_another_one) {
    create(2);
    weir_task_group *group = new_group((weir_task_group_options){.limit = 1});
    run(group, run_beyond_limit, group);
    wait_and_destroy(group, WEIR_OK);
    finish();
}
END_TEST

static unsigned refused;

/* Called for a task that still counts: a wait for it would be for ever. */
static void wait_for_itself(void *task_arg, void *group) {
    (void)task_arg;
    refused += weir_task_group_wait(group) == WEIR_DEADLOCK;
    refused += weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL) == WEIR_DEADLOCK;
}

START_TEST (a_function_of_a_dropped_task_does_not_wait_for_it) {
    struct gate open = GATE;
    refused = 0;
    create(1);
    weir_task_group *busy = new_group((weir_task_group_options){0});
    run(busy, run_until_cancelled, &open);
    gate_open(&open);
    while (gate_passed(&open) < 1)
        nap();
    weir_task_group *group = new_group((weir_task_group_options){.unrun = wait_for_itself, .unrun_arg = busy});
    run(group, count_run, NULL);
    if (_i == 0)
        assert_status(WEIR_OK, weir_task_group_cancel(group));
    else
        assert_status(WEIR_OK, weir_executor_shutdown(executor, false, true, 0, NULL, NULL));
    ck_assert_uint_eq(refused, 2);
    assert_status(WEIR_OK, weir_task_group_cancel(busy));
    wait_and_destroy(group, WEIR_CANCELLED);
    wait_and_destroy(busy, WEIR_CANCELLED);
    finish();
}
END_TEST

/* ---- trees ---- */

START_TEST (a_cancel_of_the_parent_cancels_the_groups_below_it) {
    struct gate open = GATE;
    size_t unrun[2] = {0};
    gate_open(&open);
    create(2);
    weir_task_group *parent = new_group((weir_task_group_options){0}), *groups[3];
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        weir_task_group_options options = {.parent = i == 2 ? groups[1] : parent};
        groups[i] = new_group(options);
    }
    weir_task_group *other = new_group((weir_task_group_options){.unrun = note_unrun, .unrun_arg = unrun});
    run(groups[0], run_until_cancelled, &open);
    run(groups[2], run_until_cancelled, &open);
    while (gate_passed(&open) < 2)
        nap();
    run(groups[1], count_run, NULL);
    run(other, count_run, number(1));
    assert_status(WEIR_BUSY, weir_task_group_destroy(parent));
    assert_status(WEIR_OK, weir_task_group_cancel(parent));
    for (size_t i = COUNT_OF(groups); i-- > 0;) {
        ck_assert(weir_task_group_cancelled(groups[i]));
        wait_and_destroy(groups[i], WEIR_CANCELLED);
    }
    ck_assert(!weir_task_group_cancelled(other));
    wait_and_destroy(other, WEIR_OK);
    weir_task_group *late = new_group((weir_task_group_options){.parent = parent});
    assert_status(WEIR_CANCELLED, weir_task_group_run(late, count_run, NULL));
    wait_and_destroy(late, WEIR_CANCELLED);
    wait_and_destroy(parent, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert_uint_eq(unrun[1], 0);
    finish();
}
END_TEST

START_TEST (groups_below_a_group_are_destroyed_in_any_order) {
    static const size_t orders[][3] = {{0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}};
    create(1);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        weir_task_group *parent = new_group((weir_task_group_options){0}), *groups[3];
        for (size_t k = 0; k < 3; k++)
            groups[k] = new_group((weir_task_group_options){.parent = parent});
        wait_and_destroy(groups[orders[i][0]], WEIR_OK);
        assert_status(WEIR_OK, weir_task_group_cancel(parent));
        for (size_t k = 1; k < 3; k++) {
            assert_status(WEIR_BUSY, weir_task_group_destroy(parent));
            wait_and_destroy(groups[orders[i][k]], WEIR_CANCELLED);
        }
        wait_and_destroy(parent, WEIR_CANCELLED);
    }
    finish();
}
END_TEST

START_TEST (an_error_leaves_the_parent_alone) {
    create(2);
    weir_task_group *parent = new_group((weir_task_group_options){0});
    weir_task_group *child = new_group((weir_task_group_options){.parent = parent});
    run(child, fail_with, number(4));
    wait_and_destroy(child, WEIR_FAILED);
    ck_assert(!weir_task_group_cancelled(parent));
    run(parent, count_run, NULL);
    wait_and_destroy(parent, WEIR_OK);
    finish();
}
END_TEST

/* Fans out: a group of its own with `arg` levels below it. */
static int fan_out(weir_future *self, void *arg) {
    size_t levels = number_of(arg);
    weir_task_group *group;
    (void)self;
    atomic_fetch_add(&runs, 1);
    if (levels == 0)
        return 0;
    if (weir_task_group_create(&group, executor, NULL) != WEIR_OK)
        return 1;
    for (size_t i = 0; i < 4; i++) {
        if (weir_task_group_run(group, fan_out, number(levels - 1)) != WEIR_OK)
            return 2;
    }
    int code = (int)weir_task_group_wait(group);
    return weir_task_group_destroy(group) == WEIR_OK ? code : 3;
}

START_TEST (tasks_can_wait_for_groups_of_their_own) {
    create((size_t)_i);
    weir_task_group *group = new_group((weir_task_group_options){0});
    run(group, fan_out, number(5));
    wait_and_destroy(group, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 1 + 4 + 16 + 64 + 256 + 1024);
    finish();
}
END_TEST

/* ---- the end ---- */

START_TEST (a_shutdown_cancels_tasks_of_groups) {
    struct gate gate = GATE;
    size_t unrun[3] = {0}, of_group[3] = {0};
    create(1);
    weir_task_group *group = new_group((weir_task_group_options){0});
    weir_task_group *other = new_group((weir_task_group_options){.unrun = note_unrun, .unrun_arg = of_group});
    run(group, pass, &gate);
    gate_wait_for(&gate, 1);
    run(group, count_run, number(1));
    run(other, count_run, number(2));
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, true, 0, note_unrun, unrun));
    ck_assert_uint_eq(unrun[1], 1);
    ck_assert_uint_eq(unrun[2], 0);
    ck_assert_uint_eq(of_group[2], 1);
    assert_status(WEIR_CLOSED, weir_task_group_run(group, count_run, NULL));
    gate_open(&gate);
    wait_and_destroy(group, WEIR_CANCELLED);
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_BUSY, weir_executor_destroy(executor)); /* a group is left */
    wait_and_destroy(other, WEIR_CANCELLED);
    finish();
}
END_TEST

START_TEST (what_is_never_valid_is_refused) {
    weir_task_group *group, *none;
    weir_executor *other;
    create(1);
    assert_status(WEIR_OK, weir_executor_create(&other, NULL));
    assert_status(WEIR_OK, weir_task_group_create(&group, other, NULL));
    assert_status(WEIR_INVALID, weir_task_group_create(NULL, executor, NULL));
    assert_status(WEIR_INVALID, weir_task_group_create(&none, NULL, NULL));
    assert_status(WEIR_INVALID, weir_task_group_create(&none, executor, &(weir_task_group_options){.parent = group}));
    assert_status(WEIR_INVALID,
                  weir_task_group_create(&none, executor, &(weir_task_group_options){.reserved[2] = &none}));
    assert_status(WEIR_INVALID, weir_task_group_run(NULL, count_run, NULL));
    assert_status(WEIR_INVALID, weir_task_group_run(group, NULL, NULL));
    assert_status(WEIR_INVALID, weir_task_group_wait(NULL));
    assert_status(WEIR_INVALID, weir_task_group_cancel(NULL));
    ck_assert(!weir_task_group_cancelled(NULL));
    ck_assert_uint_eq(weir_task_group_errors(NULL), 0);
    ck_assert_int_eq(weir_task_group_code(NULL, 0), 0);
    ck_assert_str_eq(weir_task_group_message(NULL, 0), "");
    assert_status(WEIR_OK, weir_task_group_destroy(NULL));
    assert_status(WEIR_OK, weir_task_group_destroy(group));
    assert_status(WEIR_OK, weir_executor_shutdown(other, true, false, 0, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(other));
    finish();
}
END_TEST

static Suite *group_suite(void) {
    Suite *suite = suite_create("task groups");
    TCase *waits = add_case(suite, "waits");
    tcase_add_loop_test(waits, a_wait_returns_when_all_tasks_have_ended, 1, 4);
    tcase_add_test(waits, a_wait_with_a_deadline_times_out);
    tcase_add_test(waits, a_cancel_drops_tasks_that_a_thread_has_taken);
    TCase *errors = add_case(suite, "errors");
    tcase_add_test(errors, the_first_error_cancels_the_rest);
    tcase_add_test(errors, a_group_has_all_errors);
    tcase_add_test(errors, a_task_that_ends_its_thread_is_an_error);
    TCase *limits = add_case(suite, "limits");
    tcase_add_test(limits, a_limit_bounds_what_runs_at_once);
    tcase_add_test(limits, a_cancel_ends_the_wait_for_a_limit);
    tcase_add_test(limits, a_group_outlives_a_run_that_blocks_for_room);
    tcase_add_test(limits, a_cancel_ends_the_wait_for_room);
    tcase_add_test(limits, a_shutdown_ends_the_wait_for_a_limit);
    tcase_add_loop_test(limits, a_task_can_run_tasks_in_its_own_group_up_to_the_limit, 1, 3);
    tcase_add_test(limits, a_task_that_takes_up_the_limit_cannot_run_another_one);
    TCase *trees = add_case(suite, "trees");
    tcase_add_test(trees, a_cancel_of_the_parent_cancels_the_groups_below_it);
    tcase_add_test(trees, groups_below_a_group_are_destroyed_in_any_order);
    tcase_add_test(trees, an_error_leaves_the_parent_alone);
    tcase_add_loop_test(trees, tasks_can_wait_for_groups_of_their_own, 1, 4);
    TCase *end = add_case(suite, "end");
    tcase_add_test(end, a_shutdown_cancels_tasks_of_groups);
    tcase_add_loop_test(end, a_function_of_a_dropped_task_does_not_wait_for_it, 0, 2);
    tcase_add_test(end, what_is_never_valid_is_refused);
    return suite;
}

int main(void) {
    return run_suite(group_suite());
}
