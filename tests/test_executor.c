/*
 * test_executor.c - tests executors: submission, waits inside tasks, bounds, shutdown and the life of threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor_support.h"

#include <sched.h>
#include <string.h>

static void create(weir_executor_options options) {
    assert_status(WEIR_OK, weir_executor_create(&executor, &options));
}

static weir_future *submit(weir_executor_func *func, void *arg) {
    weir_future *future;
    assert_status(WEIR_OK, weir_executor_submit(executor, func, arg, &future));
    return future;
}

static void *get(weir_future *future) {
    void *value = NULL;
    assert_status(WEIR_OK, weir_future_get_until(future, &value, hang_limit()));
    weir_future_release(future);
    return value;
}

static void destroy_as(weir_status wanted) {
    assert_status(wanted, weir_executor_destroy(executor));
}

static weir_executor_counts counts(void) {
    weir_executor_counts counted;
    assert_status(WEIR_OK, weir_executor_counts_of(executor, &counted));
    return counted;
}

/* ---- submission ---- */

START_TEST (a_task_runs_once_and_its_future_has_its_value) {
    create((weir_executor_options){.threads = (size_t)_i});
    weir_future *futures[1000];
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        futures[i] = submit(give_back, number(i));
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        ck_assert_ptr_eq(get(futures[i]), number(i));
    finish();
}
END_TEST

static int fail_loudly(weir_future *self, void *arg, void **value) {
    *value = arg; /* ignored */
    (void)weir_executor_error(self, 1, "replaced");
    return weir_executor_error(self, 7, "no file %s", "x.jpg");
}

static int fail_silently(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    return -3;
}

START_TEST (an_error_is_a_code_and_a_message) {
    create((weir_executor_options){0});
    weir_future *future = submit(fail_loudly, NULL), *silent = submit(fail_silently, NULL);
    void *value = &future;
    assert_status(WEIR_FAILED, weir_future_get_until(future, &value, hang_limit()));
    ck_assert_ptr_eq(value, &future);
    ck_assert_int_eq(weir_future_code(future), 7);
    ck_assert_str_eq(weir_future_message(future), "no file x.jpg");
    assert_status(WEIR_FAILED, weir_future_get_until(silent, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(silent), -3);
    ck_assert_str_eq(weir_future_message(silent), "");
    weir_future_release(future);
    weir_future_release(silent);
    ck_assert_int_eq(weir_executor_error(NULL, 5, "nothing"), 5);
    ck_assert_int_eq(weir_executor_error(NULL, 0, "nothing"), WEIR_CODE(WEIR_FAILED));
    finish();
}
END_TEST

static int succeed_with_message(weir_future *self, void *arg, void **value) {
    (void)weir_executor_error(self, 5, "which is not returned");
    *value = arg;
    return 0;
}

START_TEST (a_message_without_a_code_is_no_error) {
    create((weir_executor_options){.threads = 1});
    for (size_t i = 0; i < 2; i++) {
        weir_future *future = submit(succeed_with_message, number(i));
        assert_status(WEIR_OK, weir_future_get_until(future, NULL, hang_limit()));
        ck_assert_int_eq(weir_future_code(future), 0);
        ck_assert_str_eq(weir_future_message(future), "");
        weir_future_release(future);
    }
    assert_status(WEIR_OK, weir_executor_submit(executor, succeed_with_message, NULL, NULL));
    finish();
}
END_TEST

/* More than an executor keeps memory for. */
START_TEST (very_many_tasks_wait) {
    enum { MANY = 100000 };
    struct gate gate = GATE;
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 1);
    for (size_t i = 0; i < MANY; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    ck_assert_uint_eq(counts().pending, MANY);
    gate_open(&gate);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), MANY);
}
END_TEST

START_TEST (tasks_without_a_future_run_too) {
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = 2});
    for (size_t i = 0; i < 1000; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 1000);
}
END_TEST

START_TEST (a_future_can_be_dropped_and_can_outlive_the_executor) {
    create((weir_executor_options){.threads = 1});
    weir_future_release(submit(give_back, NULL));
    weir_future *future = submit(give_back, number(5));
    finish();
    ck_assert_ptr_eq(get(future), number(5));
}
END_TEST

START_TEST (tasks_begin_in_the_order_of_their_submission) {
    static size_t order[100], begun;
    begun = 0;
    struct gate gate = GATE;
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    weir_future *futures[COUNT_OF(order)];
    for (size_t i = 0; i < COUNT_OF(order); i++)
        futures[i] = submit(give_back, number(i));
    gate_wait_for(&gate, 1);
    weir_completions *completions;
    assert_status(WEIR_OK, weir_as_completed(&completions, futures, COUNT_OF(order)));
    gate_open(&gate);
    weir_future *future;
    while (begun < COUNT_OF(order)) {
        assert_status(WEIR_OK, weir_completions_next(completions, &future, &order[begun], hang_limit()));
        ck_assert_uint_eq(order[begun], begun);
        begun++;
    }
    weir_completions_destroy(completions);
    for (size_t i = 0; i < COUNT_OF(order); i++)
        weir_future_release(futures[i]);
    finish();
}
END_TEST

static size_t begun[200], begun_count;

static int note_begin(weir_future *self, void *arg, void **value) {
    begun[begun_count++] = (size_t)(uintptr_t)arg;
    return give_back(self, arg, value);
}

/* Every third task has a future, so bundles and tasks with structs of their own alternate. */
START_TEST (tasks_with_and_without_futures_begin_in_one_order) {
    struct gate gate = GATE;
    begun_count = 0;
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 1);
    for (size_t i = 0; i < COUNT_OF(begun); i++) {
        weir_future *future = NULL;
        weir_future **wanted = i < 100 && i % 3 == 0 ? &future : NULL;
        assert_status(WEIR_OK, weir_executor_submit(executor, note_begin, number(i), wanted));
        weir_future_release(future);
    }
    ck_assert_uint_eq(counts().pending, COUNT_OF(begun));
    gate_open(&gate);
    finish();
    ck_assert_uint_eq(begun_count, COUNT_OF(begun));
    for (size_t i = 0; i < COUNT_OF(begun); i++)
        ck_assert_uint_eq(begun[i], (size_t)(uintptr_t)number(i));
}
END_TEST

static weir_future *kept[10];

static int keep_self(weir_future *self, void *arg, void **value) {
    kept[(size_t)(uintptr_t)arg] = weir_future_retain(self);
    *value = arg;
    return 0;
}

START_TEST (a_task_without_a_future_may_retain_its_own) {
    create((weir_executor_options){.threads = 1});
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        assert_status(WEIR_OK, weir_executor_submit(executor, keep_self, (void *)(uintptr_t)i, NULL));
        assert_status(WEIR_OK, weir_executor_submit(executor, fail_loudly, NULL, NULL));
    }
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    for (size_t i = 0; i < COUNT_OF(kept); i += 2)
        ck_assert_ptr_eq(get(kept[i]), (void *)(uintptr_t)i);
    assert_status(WEIR_OK, weir_executor_destroy(executor));
    for (size_t i = 1; i < COUNT_OF(kept); i += 2)
        ck_assert_ptr_eq(get(kept[i]), (void *)(uintptr_t)i);
}
END_TEST

START_TEST (what_is_never_valid_is_refused) {
    weir_executor *none;
    weir_executor_counts counted;
    assert_status(WEIR_INVALID, weir_executor_create(NULL, NULL));
    assert_status(WEIR_INVALID, weir_executor_create(&none, &(weir_executor_options){.when_full = (weir_when_full)3}));
    assert_status(WEIR_INVALID, weir_executor_create(&none, &(weir_executor_options){.reserved[3] = &none}));
    create((weir_executor_options){0});
    assert_status(WEIR_INVALID, weir_executor_submit(NULL, give_back, NULL, NULL));
    assert_status(WEIR_INVALID, weir_executor_submit(executor, NULL, NULL, NULL));
    weir_submit_options wrong = {.priority = (weir_priority)3};
    assert_status(WEIR_INVALID, weir_executor_submit_with(executor, give_back, NULL, &wrong, NULL));
    wrong = (weir_submit_options){.reserved[0] = &none};
    assert_status(WEIR_INVALID, weir_executor_submit_with(executor, give_back, NULL, &wrong, NULL));
    assert_status(WEIR_INVALID, weir_executor_counts_of(NULL, &counted));
    assert_status(WEIR_INVALID, weir_executor_counts_of(executor, NULL));
    assert_status(WEIR_INVALID, weir_executor_shutdown(NULL, false, false, 0, NULL, NULL));
    assert_status(WEIR_INVALID, weir_executor_map(executor, NULL, NULL, 0, NULL, NULL, NULL));
    assert_status(WEIR_INVALID, weir_executor_map(executor, give_back, NULL, 1, NULL, NULL, NULL));
    assert_status(WEIR_INVALID, weir_executor_map(executor, give_back, NULL, 0,
                                                  &(weir_map_options){.reserved[1] = &none}, NULL, NULL));
    ck_assert_ptr_null(weir_executor_state(executor));
    ck_assert_ptr_null(weir_executor_state(NULL));
    assert_status(WEIR_OK, weir_executor_destroy(NULL));
    finish();
}
END_TEST

/* ---- cancels, waits for several, callbacks ---- */

/* Returns that it was cancelled if its arg is NULL; otherwise the arg is its value all the same. */
static int run_until_cancelled(weir_future *self, void *arg, void **value) {
    while (!weir_future_cancelled(self))
        nap();
    *value = arg;
    return arg == NULL ? WEIR_CODE(WEIR_CANCELLED) : 0;
}

START_TEST (a_task_can_be_cancelled_before_and_during_its_run_but_not_after) {
    void *arg = _i == 0 ? NULL : number(1);
    create((weir_executor_options){.threads = 1});
    atomic_store(&runs, 0);
    weir_future *running = submit(run_until_cancelled, arg), *pending = submit(count_run, NULL);
    while (weir_future_state_of(running) == WEIR_FUTURE_PENDING)
        nap();
    ck_assert_int_eq(weir_future_state_of(running), WEIR_FUTURE_RUNNING);
    assert_status(WEIR_OK, weir_future_cancel(pending));
    assert_status(WEIR_CANCELLED, weir_future_get_until(pending, NULL, 0));
    assert_status(WEIR_OK, weir_future_cancel(pending)); /* again */
    ck_assert_int_eq(weir_future_code(pending), WEIR_CODE(WEIR_CANCELLED));
    assert_status(WEIR_BUSY, weir_future_cancel(running));
    assert_status(arg == NULL ? WEIR_CANCELLED : WEIR_OK, weir_future_get_until(running, NULL, hang_limit()));
    assert_status(arg == NULL ? WEIR_OK : WEIR_CLOSED, weir_future_cancel(running));
    weir_future_release(running);
    weir_future_release(pending);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

START_TEST (tasks_are_waited_for_in_each_mode) {
    struct gate gate = GATE;
    size_t ended = 0;
    create((weir_executor_options){.threads = 2});
    weir_future *futures[] = {submit(pass, &gate), submit(give_back, NULL), submit(fail_loudly, NULL)};
    assert_status(WEIR_OK, weir_wait(futures, 2, WEIR_FIRST_COMPLETED, hang_limit(), &ended));
    ck_assert_uint_eq(ended, 1);
    assert_status(WEIR_OK, weir_wait(futures, 3, WEIR_FIRST_ERROR, hang_limit(), &ended));
    ck_assert_uint_eq(ended, 2);
    assert_status(WEIR_TIMEDOUT, weir_wait(futures, 3, WEIR_ALL, 0, &ended));
    ck_assert_uint_eq(ended, 2);
    gate_open(&gate);
    assert_status(WEIR_OK, weir_wait(futures, 3, WEIR_ALL, hang_limit(), NULL));
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        weir_future_release(futures[i]);
    destroy_as(WEIR_OK);
}
END_TEST

static int run_in_group(weir_future *self, void *arg) {
    (void)self;
    (void)arg;
    atomic_fetch_add(&runs, 1);
    return 0;
}

static atomic_int wrong_calls;

static void expect(weir_status wanted, weir_status status) {
    if (status != wanted)
        atomic_fetch_add(&wrong_calls, 1);
}

/* Makes the calls in the thread that has ended the future: that of the executor, or a program's. */
static void make_all_calls(weir_future *future, void *inside) {
    weir_executor_counts counted;
    weir_future *another;
    weir_task_group *group;
    void *args[] = {NULL, NULL, NULL};
    expect(WEIR_OK, weir_future_get(future, NULL));
    expect(WEIR_CLOSED, weir_future_cancel(future));
    expect(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    expect(WEIR_OK, weir_executor_submit(executor, count_run, NULL, &another));
    expect(WEIR_OK, weir_future_get(another, NULL));
    weir_future_release(another);
    expect(WEIR_OK, weir_executor_map(executor, count_run, args, COUNT_OF(args), NULL, NULL, NULL));
    expect(WEIR_OK, weir_task_group_create(&group, executor, NULL));
    expect(WEIR_OK, weir_task_group_run(group, run_in_group, NULL));
    expect(WEIR_OK, weir_task_group_wait(group));
    expect(WEIR_OK, weir_task_group_destroy(group));
    expect(WEIR_OK, weir_executor_counts_of(executor, &counted));
    if (inside != NULL) {
        expect(WEIR_DEADLOCK, weir_executor_shutdown(executor, true, true, WEIR_NEVER, NULL, NULL));
        expect(WEIR_DEADLOCK, weir_executor_destroy(executor));
    }
}

START_TEST (a_callback_may_make_any_call) {
    struct gate gate = GATE;
    atomic_store(&runs, 0);
    atomic_store(&wrong_calls, 0);
    create((weir_executor_options){.threads = (size_t)_i});
    weir_future *future = submit(pass, &gate);
    assert_status(WEIR_OK, weir_future_on_end(future, make_all_calls, &gate));
    gate_open(&gate);
    assert_status(WEIR_OK, weir_future_get_until(future, NULL, hang_limit()));
    while (atomic_load(&runs) < 6)
        nap();
    assert_status(WEIR_OK, weir_future_on_end(future, make_all_calls, NULL)); /* added late: here and now */
    weir_future_release(future);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 12);
    ck_assert_int_eq(atomic_load(&wrong_calls), 0);
}
END_TEST

/* ---- waits inside tasks ---- */

/* Sums 1 to n, by a task that waits for the task of n - 1. */
static int sum(weir_future *self, void *arg, void **value) {
    size_t n = number_of(arg);
    void *rest = number(0);
    (void)self;
    if (n > 0) {
        weir_future *future = submit(sum, number(n - 1));
        weir_status status = weir_future_get(future, &rest);
        weir_future_release(future);
        if (status != WEIR_OK)
            return (int)status;
    }
    *value = number(n + number_of(rest));
    return 0;
}

START_TEST (a_task_can_wait_for_a_task_that_lacks_a_thread) {
    create((weir_executor_options){.threads = (size_t)_i});
    ck_assert_uint_eq(number_of(get(submit(sum, number(100)))), 5050);
    finish();
}
END_TEST

struct pair {
    struct gate gate;
    weir_future *other;
};

static int wait_for_other(weir_future *self, void *raw, void **value) {
    struct pair *pair = raw;
    (void)self;
    return (int)weir_future_get(pair->other, value);
}

/* The waiting thread sleeps; another one runs the task that opens the gate. */
static int open_gate(weir_future *self, void *gate, void **value) {
    (void)self;
    (void)value;
    gate_open(gate);
    return 0;
}

START_TEST (a_task_that_waits_for_a_running_one_gives_its_place_to_another) {
    struct pair pair = {.gate = GATE};
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_future_create(&pair.other, NULL, NULL)); /* a promise */
    weir_future *waiting = submit(wait_for_other, &pair);
    weir_future *opening = submit(open_gate, &pair.gate);
    gate_pass(&pair.gate);
    assert_status(WEIR_OK, weir_future_set(pair.other, number(3)));
    ck_assert_ptr_eq(get(waiting), number(3));
    (void)get(opening);
    weir_future_release(pair.other);
    finish();
}
END_TEST

static int wait_for_itself(weir_future *self, void *arg, void **value) {
    (void)arg;
    return weir_future_get(self, value) == WEIR_DEADLOCK ? 0 : 1;
}

START_TEST (a_task_cannot_wait_for_itself) {
    create((weir_executor_options){0});
    (void)get(submit(wait_for_itself, NULL));
    finish();
}
END_TEST

/* ---- threads ---- */

struct states {
    atomic_size_t made, destroyed;
    bool fails;
};

static weir_status make_state(void *raw, void **state) {
    struct states *states = raw;
    if (states->fails)
        return WEIR_NOMEM;
    atomic_fetch_add(&states->made, 1);
    *state = states;
    return WEIR_OK;
}

static void destroy_state(void *raw) {
    struct states *states = raw;
    atomic_fetch_add(&states->destroyed, 1);
}

static int give_state(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    *value = weir_executor_state(executor);
    return 0;
}

START_TEST (each_thread_has_a_state) {
    struct states states = {0};
    create((weir_executor_options){.threads = 2, .init = make_state, .fini = destroy_state, .arg = &states});
    ck_assert_uint_eq(atomic_load(&states.made), 1); /* the first thread */
    ck_assert_ptr_eq(get(submit(give_state, NULL)), &states);
    finish();
    ck_assert_uint_ge(atomic_load(&states.made), 1);
    ck_assert_uint_eq(atomic_load(&states.destroyed), atomic_load(&states.made));
    create((weir_executor_options){.fini = destroy_state, .arg = &states});
    ck_assert_ptr_eq(get(submit(give_state, NULL)), &states); /* without init: arg */
    finish();
}
END_TEST

static void *_Atomic state_in_init;

static weir_status look_in_init(void *raw, void **state) {
    if (atomic_fetch_add(&((struct states *)raw)->made, 1) == 1)
        atomic_store(&state_in_init, weir_executor_state(executor));
    *state = raw;
    return WEIR_OK;
}

START_TEST (a_thread_has_no_state_during_its_init) {
    struct states states = {0};
    struct gate gate = GATE;
    create((weir_executor_options){.threads = 2, .init = look_in_init, .fini = destroy_state, .arg = &states});
    weir_future *first = submit(pass, &gate), *second = submit(pass, &gate);
    gate_wait_for(&gate, 2);
    ck_assert_ptr_null(atomic_load(&state_in_init));
    gate_open(&gate);
    (void)get(first);
    (void)get(second);
    finish();
}
END_TEST

START_TEST (a_failing_init_fails_the_creation) {
    struct states states = {.fails = true};
    assert_status(WEIR_INITFAILED,
                  weir_executor_create(&executor, &(weir_executor_options){.init = make_state, .arg = &states}));
}
END_TEST

START_TEST (a_further_thread_whose_init_fails_is_done_without) {
    struct states states = {0};
    weir_future *futures[50];
    create((weir_executor_options){.threads = 3, .init = make_state, .fini = destroy_state, .arg = &states});
    states.fails = true;
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        futures[i] = submit(give_state, NULL);
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        ck_assert_ptr_eq(get(futures[i]), &states);
    destroy_as(WEIR_OK);
    ck_assert_uint_eq(atomic_load(&states.made), 1);
    ck_assert_uint_eq(atomic_load(&states.destroyed), 1);
}
END_TEST

/* Ends its thread, and makes the init of further threads fail. */
static int end_last_thread(weir_future *self, void *raw, void **value) {
    struct states *states = raw;
    (void)self;
    (void)value;
    states->fails = true;
    pthread_exit(NULL);
}

START_TEST (an_executor_without_threads_fails_its_tasks) {
    struct states states = {0};
    create((weir_executor_options){.threads = 1, .init = make_state, .arg = &states});
    weir_future *ending = submit(end_last_thread, &states), *lost = submit(give_back, NULL);
    assert_status(WEIR_FAILED, weir_future_get_until(ending, NULL, hang_limit()));
    assert_status(WEIR_FAILED, weir_future_get_until(lost, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(lost), WEIR_CODE(WEIR_INITFAILED));
    assert_status(WEIR_INITFAILED, weir_executor_submit(executor, give_back, NULL, NULL));
    weir_future_release(ending);
    weir_future_release(lost);
    finish();
}
END_TEST

static int end_thread(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    pthread_exit(NULL);
}

static weir_future *inner;

static int wait_for_task_that_ends_thread(weir_future *self, void *arg, void **value) {
    (void)self;
    inner = submit(end_thread, arg);
    return (int)weir_future_get(inner, value); /* runs it, and ends with it */
}

START_TEST (a_task_that_ends_its_thread_fails_and_nothing_else_is_lost) {
    create((weir_executor_options){.threads = (size_t)_i});
    weir_future *ending = submit(end_thread, NULL), *futures[50];
    for (size_t i = 0; i < COUNT_OF(futures); i++)
        futures[i] = submit(i == 20 ? end_thread : give_back, number(i));
    for (size_t i = 0; i < COUNT_OF(futures); i++) {
        assert_status(i == 20 ? WEIR_FAILED : WEIR_OK, weir_future_get_until(futures[i], NULL, hang_limit()));
        weir_future_release(futures[i]);
    }
    assert_status(WEIR_FAILED, weir_future_get_until(ending, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(ending), WEIR_CODE(WEIR_UNFINISHED));
    ck_assert_str_eq(weir_future_message(ending), "the task ended its thread");
    weir_future_release(ending);
    finish();
}
END_TEST

START_TEST (a_task_without_a_future_that_ends_its_thread_loses_no_other) {
    struct gate gate = GATE;
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = (size_t)_i});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    for (size_t i = 0; i < 100; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, i % 10 == 3 ? end_thread : count_run, NULL, NULL));
    gate_open(&gate);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 90);
}
END_TEST

START_TEST (a_nested_task_that_ends_its_thread_ends_the_outer_one) {
    create((weir_executor_options){.threads = 1});
    weir_future *outer = submit(wait_for_task_that_ends_thread, NULL);
    assert_status(WEIR_FAILED, weir_future_get_until(outer, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(outer), WEIR_CODE(WEIR_UNFINISHED));
    weir_future_release(outer);
    assert_status(WEIR_FAILED, weir_future_get_until(inner, NULL, hang_limit()));
    weir_future_release(inner);
    ck_assert_ptr_eq(get(submit(give_back, number(1))), number(1));
    finish();
}
END_TEST

START_TEST (threads_start_as_needed_and_end_when_idle) {
    struct gate gate = GATE, again = GATE; /* a task may still be leaving the first one */
    create((weir_executor_options){.threads = 3, .idle_time = MILLISECONDS});
    ck_assert_uint_eq(counts().threads, 1);
    for (size_t i = 0; i < 5; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 3); /* no more than that run at once */
    ck_assert_uint_eq(counts().threads, 3);
    ck_assert_uint_eq(counts().running, 3);
    ck_assert_uint_eq(counts().pending, 2);
    gate_open(&gate);
    while (counts().threads > 1)
        nap();
    for (size_t i = 0; i < 3; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, pass, &again, NULL));
    gate_wait_for(&again, 3);
    gate_open(&again);
    finish();
}
END_TEST

/* ---- bounds ---- */

struct submission {
    struct call call; /* first member */
    pthread_t ran_in;
};

static int note_thread(weir_future *self, void *raw, void **value) {
    struct submission *submission = raw;
    (void)self;
    (void)value;
    submission->ran_in = pthread_self();
    return 0;
}

static void make_submission(struct call *call) {
    const weir_submit_options options = {.submit_deadline = call->deadline};
    call->status = weir_executor_submit_with(executor, note_thread, call, &options, NULL);
}

/* Fills an executor of one thread and capacity 1. */
static void fill(weir_when_full when_full, struct gate *gate) {
    create((weir_executor_options){.threads = 1, .capacity = 1, .when_full = when_full});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, gate, NULL));
    gate_wait_for(gate, 1);
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, gate, NULL));
}

START_TEST (a_submit_blocks_until_there_is_room) {
    struct gate gate = GATE;
    struct submission submission = {.call = {.status = WEIR_OK}};
    fill(WEIR_BLOCK, &gate);
    const weir_submit_options past = {.submit_deadline = 1}, soon = {.submit_deadline = now() + MILLISECONDS};
    assert_status(WEIR_TIMEDOUT, weir_executor_submit_with(executor, give_back, NULL, &past, NULL));
    assert_status(WEIR_TIMEDOUT, weir_executor_submit_with(executor, give_back, NULL, &soon, NULL));
    call_start_asleep(&submission.call, make_submission);
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, false, 0, NULL, NULL));
    assert_status(WEIR_CLOSED, call_finish(&submission.call));
    gate_open(&gate);
    finish();

    gate = (struct gate)GATE;
    submission = (struct submission){.call = {.status = WEIR_OK}};
    fill(WEIR_BLOCK, &gate);
    call_start_asleep(&submission.call, make_submission);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&submission.call));
    finish();
}
END_TEST

START_TEST (a_cancel_makes_room) {
    struct gate gate = GATE;
    struct submission submission = {.call = {.status = WEIR_OK}};
    create((weir_executor_options){.threads = 1, .capacity = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 1);
    weir_future *pending = submit(give_back, NULL);
    call_start_asleep(&submission.call, make_submission);
    assert_status(WEIR_OK, weir_future_cancel(pending));
    assert_status(WEIR_OK, call_finish(&submission.call));
    ck_assert_uint_eq(counts().pending, 1);
    weir_future_release(pending);
    gate_open(&gate);
    finish();
}
END_TEST

enum { TAKEN = 10, ROOM = 2 };

/* Submits a task if there is room. */
static weir_status submit_now(void) {
    return weir_executor_submit_with(executor, give_back, NULL, &(weir_submit_options){.submit_deadline = 1}, NULL);
}

/* Runs tasks so quick that a thread takes several. None wakes the caller: that would take longer than the task. */
static void run_quick_tasks(size_t at_once) {
    for (size_t ran = atomic_load(&runs), until = ran + 5000; ran < until; ran += at_once) {
        for (size_t i = 0; i < at_once; i++)
            assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
        while (atomic_load(&runs) < ran + at_once)
            (void)sched_yield();
    }
}

/* The thread holds tasks, with futures or without, that it has taken behind one at the gate. There is room for two more. */
static void hold_a_batch(size_t capacity, struct gate *gate, weir_future **futures) {
    struct gate first = GATE;
    create((weir_executor_options){.threads = 1, .capacity = capacity});
    run_quick_tasks(TAKEN);
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &first, NULL));
    gate_wait_for(&first, 1);
    weir_future *holder;
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, gate, futures == NULL ? NULL : &holder));
    if (futures != NULL)
        weir_future_release(holder);
    for (size_t i = 0; i < TAKEN; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, give_back, NULL, futures == NULL ? NULL : &futures[i]));
    gate_open(&first);
    gate_wait_for(gate, 1);
}

START_TEST (tasks_that_a_thread_has_taken_count_for_the_capacity) {
    struct gate gate = GATE;
    weir_future *futures[TAKEN];
    hold_a_batch(TAKEN + ROOM, &gate, _i == 0 ? NULL : futures);
    for (size_t i = 0; i < ROOM; i++)
        assert_status(WEIR_OK, submit_now());
    assert_status(WEIR_TIMEDOUT, submit_now());
    ck_assert_uint_eq(counts().pending, TAKEN + ROOM);
    if (_i != 0) {
        assert_status(WEIR_OK, weir_future_cancel(futures[TAKEN / 2]));
        assert_status(WEIR_OK, submit_now());
        assert_status(WEIR_TIMEDOUT, submit_now());
    }
    for (size_t i = 0; i < TAKEN && _i != 0; i++)
        weir_future_release(futures[i]);
    gate_open(&gate);
    finish();
}
END_TEST

/* There is room for one more than before, although no submit has looked at the batch since it was taken. */
START_TEST (a_cancel_of_a_task_that_a_thread_has_taken_makes_room) {
    struct gate gate = GATE;
    weir_future *futures[TAKEN];
    hold_a_batch(TAKEN + ROOM, &gate, futures);
    assert_status(WEIR_OK, weir_future_cancel(futures[TAKEN / 2]));
    ck_assert_uint_eq(counts().pending, TAKEN - 1);
    for (size_t i = 0; i < ROOM + 1; i++)
        assert_status(WEIR_OK, submit_now());
    assert_status(WEIR_TIMEDOUT, submit_now());
    for (size_t i = 0; i < TAKEN; i++)
        weir_future_release(futures[i]);
    gate_open(&gate);
    finish();
}
END_TEST

START_TEST (cancelled_tasks_are_not_pending) {
    struct gate gate = GATE;
    weir_future *futures[TAKEN];
    hold_a_batch(WEIR_UNBOUNDED, &gate, futures);
    ck_assert_uint_eq(counts().pending, TAKEN);
    for (size_t i = 0; i < TAKEN; i++) {
        assert_status(WEIR_OK, weir_future_cancel(futures[i]));
        ck_assert_uint_eq(counts().pending, TAKEN - 1 - i);
        weir_future_release(futures[i]);
    }
    ck_assert_uint_eq(counts().running, 1);
    gate_open(&gate);
    finish();
}
END_TEST

/* The waiting thread runs the other task itself, if that has not begun. */
static int wait_for_it(weir_future *self, void *future, void **value) {
    (void)self;
    (void)value;
    (void)weir_future_get(*(weir_future **)future, NULL);
    return 0;
}

START_TEST (a_task_that_runs_inside_another_one_leaves_room) {
    enum { ALL = 3 };
    struct gate first = GATE, second = GATE;
    weir_future *waited = NULL;
    create((weir_executor_options){.threads = 1, .capacity = ALL});
    run_quick_tasks(ALL);
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &first, NULL));
    gate_wait_for(&first, 1);
    weir_future_release(submit(wait_for_it, &waited));
    waited = submit(pass, &second);
    gate_open(&first);
    gate_wait_for(&second, 1);
    for (size_t i = 0; i < ALL; i++)
        assert_status(WEIR_OK, submit_now());
    assert_status(WEIR_TIMEDOUT, submit_now());
    gate_open(&second);
    (void)get(waited);
    finish();
}
END_TEST

static atomic_bool goes_on;

/* Keeps a task in the list. */
static int follow_itself(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    if (atomic_load(&goes_on))
        (void)weir_executor_submit(executor, follow_itself, arg, NULL);
    return 0;
}

/* Tasks were quick, so a thread takes several: one that is not must not hold up those behind it. */
START_TEST (tasks_behind_a_long_one_run_while_others_find_later_ones) {
    enum { BEHIND = 30 };
    struct gate first = GATE, gate = GATE;
    create((weir_executor_options){.threads = 2});
    for (size_t i = 0; i < 5000; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    for (size_t i = 0; i < 2; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, pass, &first, NULL));
    gate_wait_for(&first, 2);
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    for (size_t i = 0; i < BEHIND; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    atomic_store(&goes_on, true);
    for (size_t i = 0; i < BEHIND; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, follow_itself, NULL, NULL));
    gate_open(&first);
    for (weir_deadline limit = hang_limit(); atomic_load(&runs) < 5000 + BEHIND; nap())
        ck_assert_msg(now() < limit, "%zu of %d tasks ran", atomic_load(&runs) - 5000, (int)BEHIND);
    ck_assert_uint_eq(gate_waiting(&gate), 1);
    atomic_store(&goes_on, false);
    gate_open(&gate);
    finish();
}
END_TEST

static int post(weir_future *self, void *gate, void **value) {
    (void)self;
    (void)value;
    gate_open(gate);
    return 0;
}

static int compute_for_long(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    for (weir_deadline end = now() + 100000; now() < end;)
        continue;
    return 0;
}

/* At the end of a slice with a longer task, a thread looks for tasks in batches of others, too. */
START_TEST (a_task_behind_one_that_waits_for_it_runs) {
    create((weir_executor_options){.threads = 2});
    for (size_t round = 0; round < 200; round++) {
        struct gate gate = GATE;
        for (size_t i = 0; i < 200; i++)
            assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
        assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
        assert_status(WEIR_OK, weir_executor_submit(executor, post, &gate, NULL));
        (void)get(submit(compute_for_long, NULL));
        for (weir_deadline limit = hang_limit(); gate_passed(&gate) == 0; nap())
            ck_assert_msg(now() < limit, "in round %zu the task did not run", round);
        while (counts().pending + counts().running > 0)
            nap(); /* the last task may still be leaving the gate */
    }
    finish();
}
END_TEST

START_TEST (a_full_executor_can_refuse) {
    struct gate gate = GATE;
    weir_future *future = NULL;
    fill(WEIR_REFUSE, &gate);
    assert_status(WEIR_FULL, weir_executor_submit(executor, give_back, NULL, &future));
    ck_assert_ptr_null(future);
    gate_open(&gate);
    finish();
}
END_TEST

START_TEST (a_full_executor_can_leave_the_task_to_the_caller) {
    struct gate gate = GATE;
    struct submission submission = {.call = {.status = WEIR_OK}};
    fill(WEIR_RUN_IN_CALLER, &gate);
    weir_future *future = submit(note_thread, &submission);
    ck_assert_int_eq(weir_future_state_of(future), WEIR_FUTURE_DONE);
    ck_assert(pthread_equal(submission.ran_in, pthread_self()));
    weir_future_release(future);
    gate_open(&gate);
    finish();
}
END_TEST

/* Submits ten more of itself, ten deep: no thread but its own can make room. */
static int submit_more(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    atomic_fetch_add(&runs, 1);
    for (size_t i = 0; i < 3 && number_of(arg) > 0; i++)
        weir_future_release(submit(submit_more, number(number_of(arg) - 1)));
    return 0;
}

START_TEST (a_task_that_submits_to_its_full_executor_runs_the_task) {
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = (size_t)_i, .capacity = 1});
    (void)get(submit(submit_more, number(4)));
    while (atomic_load(&runs) < 1 + 3 + 9 + 27 + 81) /* they submit on other threads */
        nap();
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 1 + 3 + 9 + 27 + 81);
}
END_TEST

/* ---- the end ---- */

START_TEST (a_submit_after_the_shutdown_is_refused) {
    create((weir_executor_options){0});
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, false, 0, NULL, NULL));
    assert_status(WEIR_CLOSED, weir_executor_submit(executor, give_back, NULL, NULL));
    const weir_submit_options later = {.delay = 1};
    assert_status(WEIR_CLOSED, weir_executor_submit_with(executor, give_back, NULL, &later, NULL));
    void *args[1] = {NULL};
    assert_status(WEIR_CLOSED, weir_executor_map(executor, give_back, args, 1, NULL, NULL, NULL));
    finish();
}
END_TEST

struct unrun {
    size_t count;
    void *args[50];
};

static void note_unrun(void *task_arg, void *raw) {
    struct unrun *unrun = raw;
    unrun->args[unrun->count++] = task_arg;
}

START_TEST (a_shutdown_gives_back_what_never_ran) {
    struct gate gate = GATE;
    struct unrun unrun = {0};
    weir_future *futures[3];
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 1);
    for (size_t i = 0; i < 3; i++)
        futures[i] = submit(give_back, number(i));
    assert_status(WEIR_OK, weir_future_cancel(futures[1]));
    assert_status(WEIR_TIMEDOUT, weir_executor_shutdown(executor, true, true, 0, note_unrun, &unrun));
    ck_assert_uint_eq(unrun.count, 2);
    ck_assert_ptr_eq(unrun.args[0], number(0));
    ck_assert_ptr_eq(unrun.args[1], number(2));
    for (size_t i = 0; i < 3; i++) {
        assert_status(WEIR_CANCELLED, weir_future_get_until(futures[i], NULL, 0));
        weir_future_release(futures[i]);
    }
    assert_status(WEIR_BUSY, weir_executor_destroy(executor));
    gate_open(&gate);
    finish();
}
END_TEST

START_TEST (a_shutdown_gives_back_tasks_without_futures) {
    struct gate gate = GATE;
    struct unrun unrun = {0};
    create((weir_executor_options){.threads = 1});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    gate_wait_for(&gate, 1);
    for (size_t i = 0; i < COUNT_OF(unrun.args); i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, number(i), NULL));
    assert_status(WEIR_TIMEDOUT, weir_executor_shutdown(executor, true, true, 0, note_unrun, &unrun));
    ck_assert_uint_eq(unrun.count, COUNT_OF(unrun.args));
    for (size_t i = 0; i < COUNT_OF(unrun.args); i++)
        ck_assert_ptr_eq(unrun.args[i], number(i));
    gate_open(&gate);
    finish();
}
END_TEST

enum { NESTED = 50 }; /* more than a thread has room for at first */

static weir_future *nested[NESTED];

/* Submits tasks and does not wait for them. Passes the gate if it is not NULL. */
static int submit_nested(weir_future *self, void *gate, void **value) {
    (void)self;
    (void)value;
    for (size_t i = 0; i < NESTED; i++)
        nested[i] = submit(give_back, number(i));
    if (gate != NULL)
        gate_pass(gate);
    return 0;
}

START_TEST (tasks_that_a_task_has_submitted_run_after_its_end) {
    create((weir_executor_options){.threads = (size_t)_i});
    for (int round = 0; round < 3; round++) {
        (void)get(submit(submit_nested, NULL));
        for (size_t i = 0; i < NESTED; i++)
            ck_assert_ptr_eq(get(nested[i]), number(i));
    }
    finish();
}
END_TEST

/* Checks that each of the first `count` numbers is there once. */
static void assert_each_unrun(const struct unrun *unrun, size_t count) {
    size_t times[COUNT_OF(unrun->args)] = {0};
    ck_assert_uint_eq(unrun->count, count);
    for (size_t i = 0; i < count; i++)
        times[number_of(unrun->args[i])]++;
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(times[i], 1);
}

static void assert_cancelled(weir_future *future) {
    assert_status(WEIR_CANCELLED, weir_future_get_until(future, NULL, 0));
    weir_future_release(future);
}

START_TEST (a_shutdown_gives_back_what_a_task_has_submitted) {
    struct gate gate = GATE;
    struct unrun unrun = {0};
    create((weir_executor_options){.threads = 1});
    weir_future *outer = submit(submit_nested, &gate);
    gate_wait_for(&gate, 1);
    ck_assert_uint_eq(counts().pending, NESTED);
    destroy_as(WEIR_BUSY);
    assert_status(WEIR_OK, weir_future_cancel(nested[NESTED - 1]));
    assert_status(WEIR_TIMEDOUT, weir_executor_shutdown(executor, true, true, 0, note_unrun, &unrun));
    assert_each_unrun(&unrun, NESTED - 1);
    for (size_t i = 0; i < NESTED; i++)
        assert_cancelled(nested[i]);
    gate_open(&gate);
    (void)get(outer);
    finish();
}
END_TEST

/* The thread takes several quick tasks at once: the first blocks it, and the others have not begun. */
START_TEST (a_shutdown_gives_back_what_a_thread_has_taken) {
    enum { QUICK = 5000 };
    struct gate first = GATE, second = GATE;
    struct unrun unrun = {0};
    weir_future *futures[TAKEN];
    create((weir_executor_options){.threads = 1});
    for (size_t i = 0; i < QUICK; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &first, NULL));
    gate_wait_for(&first, 1);
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &second, _i == 0 ? NULL : &futures[0]));
    if (_i != 0)
        weir_future_release(futures[0]);
    for (size_t i = 0; i < TAKEN; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, give_back, number(i), _i == 0 ? NULL : &futures[i]));
    gate_open(&first);
    gate_wait_for(&second, 1);
    ck_assert_uint_eq(counts().pending, TAKEN);
    destroy_as(WEIR_BUSY);
    assert_status(WEIR_TIMEDOUT, weir_executor_shutdown(executor, true, true, 0, note_unrun, &unrun));
    assert_each_unrun(&unrun, TAKEN);
    for (size_t i = 0; i < TAKEN && _i != 0; i++)
        assert_cancelled(futures[i]);
    gate_open(&second);
    finish();
}
END_TEST

START_TEST (a_shutdown_lets_pending_tasks_run) {
    atomic_store(&runs, 0);
    struct gate gate = GATE;
    create((weir_executor_options){.threads = 2});
    assert_status(WEIR_OK, weir_executor_submit(executor, pass, &gate, NULL));
    for (size_t i = 0; i < 100; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, false, 0, NULL, NULL));
    gate_open(&gate);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 100);
}
END_TEST

static int end_executor(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    bool refused = weir_executor_shutdown(executor, true, true, WEIR_NEVER, NULL, NULL) == WEIR_DEADLOCK &&
                   weir_executor_destroy(executor) == WEIR_DEADLOCK &&
                   weir_executor_shutdown(executor, false, true, WEIR_NEVER, NULL, NULL) == WEIR_OK;
    return refused ? 0 : 1;
}

START_TEST (a_task_cannot_wait_for_the_end_of_its_executor) {
    create((weir_executor_options){.threads = 1});
    (void)get(submit(end_executor, NULL));
    finish();
}
END_TEST

/* ---- destroying ---- */

/* What the calling thread has seen the end of, does not keep the executor in use. */
START_TEST (an_idle_executor_needs_no_shutdown) {
    for (size_t round = 0; round < 100; round++) {
        weir_future *futures[40];
        create((weir_executor_options){.threads = (size_t)_i});
        for (size_t i = 0; i < round % COUNT_OF(futures); i++)
            futures[i] = submit(i % 7 == 5 ? fail_silently : give_back, number(i));
        for (size_t i = 0; i < round % COUNT_OF(futures); i++) {
            assert_status(i % 7 == 5 ? WEIR_FAILED : WEIR_OK, weir_future_get_until(futures[i], NULL, hang_limit()));
            weir_future_release(futures[i]);
        }
        destroy_as(WEIR_OK);
    }
}
END_TEST

START_TEST (cancelled_tasks_do_not_keep_it_in_use) {
    for (size_t round = 0; round < 100; round++) {
        weir_future *futures[20];
        create((weir_executor_options){.threads = (size_t)_i});
        const weir_submit_options later = {.delay = round % 2 * 3600 * SECONDS};
        for (size_t i = 0; i < COUNT_OF(futures); i++)
            assert_status(WEIR_OK, weir_executor_submit_with(executor, give_back, NULL, &later, &futures[i]));
        for (size_t i = 0; i < COUNT_OF(futures); i++) {
            if (weir_future_cancel(futures[i]) == WEIR_BUSY)
                (void)weir_future_get_until(futures[i], NULL, hang_limit());
            weir_future_release(futures[i]);
        }
        destroy_as(WEIR_OK);
    }
}
END_TEST

START_TEST (tasks_that_end_their_thread_do_not_keep_it_in_use) {
    for (size_t round = 0; round < 20; round++) {
        create((weir_executor_options){.threads = 1});
        weir_future *outer = submit(wait_for_task_that_ends_thread, NULL);
        assert_status(WEIR_FAILED, weir_future_get_until(outer, NULL, hang_limit()));
        weir_future_release(outer);
        weir_future_release(inner);
        destroy_as(WEIR_OK);
    }
}
END_TEST

START_TEST (a_task_that_has_not_ended_keeps_it_in_use) {
    struct gate gate = GATE;
    const weir_submit_options later = {.delay = 3600 * SECONDS}, often = {.period = MILLISECONDS};
    weir_future *future;
    create((weir_executor_options){.threads = 1});
    weir_future *running = submit(pass, &gate), *pending = submit(give_back, number(1));
    destroy_as(WEIR_BUSY);
    gate_wait_for(&gate, 1);
    destroy_as(WEIR_BUSY);
    gate_open(&gate);
    (void)get(running);
    ck_assert_ptr_eq(get(pending), number(1));
    for (size_t i = 0; i < 2; i++) {
        assert_status(WEIR_OK, weir_executor_submit_with(executor, count_run, NULL, i == 0 ? &later : &often, &future));
        for (size_t look = 0; look < 1000; look++)
            destroy_as(WEIR_BUSY);
        if (weir_future_cancel(future) == WEIR_BUSY)
            assert_status(WEIR_CANCELLED, weir_future_get_until(future, NULL, hang_limit()));
        weir_future_release(future);
    }
    ck_assert_ptr_eq(get(submit(give_back, number(2))), number(2)); /* it was not shut down */
    destroy_as(WEIR_OK);
}
END_TEST

struct aftermath {
    struct gate gate, task_gate;
    weir_status before, after; /* of the callback's submits, before and after it passes the gate */
};

static void submit_twice(weir_future *future, void *raw) {
    struct aftermath *aftermath = raw;
    (void)future;
    aftermath->before = weir_executor_submit(executor, count_run, NULL, NULL);
    gate_pass(&aftermath->gate);
    aftermath->after = weir_executor_submit(executor, count_run, NULL, NULL);
}

static void submit_late(weir_future *future, void *raw) {
    struct aftermath *aftermath = raw;
    (void)future;
    gate_pass(&aftermath->gate);
    aftermath->after = weir_executor_submit(executor, count_run, NULL, NULL);
}

/* Starts a task. Its callback, in the executor's thread, waits at the gate when this returns. */
static void start_with_callback(weir_future_func *callback, struct aftermath *aftermath) {
    weir_future *future = submit(pass, &aftermath->task_gate);
    assert_status(WEIR_OK, weir_future_on_end(future, callback, aftermath));
    gate_open(&aftermath->task_gate);
    gate_wait_for(&aftermath->gate, 1);
    assert_status(WEIR_OK, weir_future_get_until(future, NULL, 0));
    weir_future_release(future);
}

START_TEST (a_submit_of_a_callback_keeps_it_in_use) {
    struct aftermath aftermath = {.gate = GATE, .task_gate = GATE};
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = 1});
    start_with_callback(submit_twice, &aftermath);
    destroy_as(WEIR_BUSY); /* the submitted task is pending behind the callback */
    gate_open(&aftermath.gate);
    finish();
    ck_assert_int_eq(aftermath.before, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 1 + (aftermath.after == WEIR_OK));
}
END_TEST

struct destruction {
    atomic_int number;
    atomic_bool returned;
    weir_status status;
};

static void *destroy_executor(void *raw) {
    struct destruction *destruction = raw;
    atomic_store(&destruction->number, thread_number());
    destruction->status = weir_executor_destroy(executor);
    atomic_store(&destruction->returned, true);
    return NULL;
}

START_TEST (a_destroy_waits_for_callbacks_which_cannot_submit_any_more) {
    struct aftermath aftermath = {.gate = GATE, .task_gate = GATE};
    struct destruction destruction = {.status = WEIR_INVALID};
    pthread_t thread;
    atomic_store(&runs, 0);
    create((weir_executor_options){.threads = 1});
    start_with_callback(submit_late, &aftermath);
    thread_start(&thread, destroy_executor, &destruction);
    while (atomic_load(&destruction.number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&destruction.number), &destruction.returned));
    gate_open(&aftermath.gate);
    thread_join(thread);
    ck_assert_int_eq(destruction.status, WEIR_OK);
    ck_assert_int_eq(aftermath.after, WEIR_CLOSED);
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

static void *cancel_future(void *future) {
    (void)weir_future_cancel(future);
    return NULL;
}

/* The task is delayed, or in a thread's batch, where a cancel leaves it if the executor has no bound. */
START_TEST (a_destroy_waits_for_callbacks_of_cancelled_tasks) {
    struct aftermath aftermath = {.gate = GATE, .task_gate = GATE};
    struct destruction destruction = {.status = WEIR_INVALID};
    weir_future *futures[TAKEN] = {NULL};
    pthread_t canceller, thread;
    if (_i == 0) {
        const weir_submit_options later = {.delay = 3600 * SECONDS};
        create((weir_executor_options){.threads = 1});
        assert_status(WEIR_OK, weir_executor_submit_with(executor, give_back, NULL, &later, &futures[0]));
    } else {
        hold_a_batch(_i == 1 ? TAKEN + ROOM : WEIR_UNBOUNDED, &aftermath.task_gate, futures);
    }
    assert_status(WEIR_OK, weir_future_on_end(futures[0], submit_late, &aftermath));
    thread_start(&canceller, cancel_future, futures[0]);
    gate_wait_for(&aftermath.gate, 1);
    gate_open(&aftermath.task_gate);
    for (size_t i = 0; i < TAKEN && futures[i] != NULL; i++)
        assert_status(i == 0 ? WEIR_CANCELLED : WEIR_OK, weir_future_get_until(futures[i], NULL, hang_limit()));
    thread_start(&thread, destroy_executor, &destruction);
    while (atomic_load(&destruction.number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&destruction.number), &destruction.returned));
    gate_open(&aftermath.gate);
    thread_join(canceller);
    thread_join(thread);
    ck_assert_int_eq(destruction.status, WEIR_OK);
    ck_assert_int_eq(aftermath.after, WEIR_CLOSED);
    for (size_t i = 0; i < TAKEN; i++)
        weir_future_release(futures[i]);
}
END_TEST

static void note_destroy(weir_future *future, void *status) {
    (void)future;
    *(weir_status *)status = weir_executor_destroy(executor);
}

START_TEST (a_callback_of_a_cancelled_task_cannot_destroy) {
    weir_status status = WEIR_OK;
    weir_future *future;
    create((weir_executor_options){.threads = 1});
    const weir_submit_options later = {.delay = 3600 * SECONDS};
    assert_status(WEIR_OK, weir_executor_submit_with(executor, give_back, NULL, &later, &future));
    assert_status(WEIR_OK, weir_future_on_end(future, note_destroy, &status));
    if (_i == 0)
        assert_status(WEIR_OK, weir_future_cancel(future));
    else
        assert_status(WEIR_OK, weir_executor_shutdown(executor, false, true, 0, NULL, NULL));
    assert_status(WEIR_DEADLOCK, status);
    weir_future_release(future);
    destroy_as(WEIR_OK);
}
END_TEST

static Suite *executor_suite(void) {
    Suite *suite = suite_create("executor");
    TCase *submission = add_case(suite, "submission");
    tcase_add_loop_test(submission, a_task_runs_once_and_its_future_has_its_value, 0, 3);
    tcase_add_test(submission, an_error_is_a_code_and_a_message);
    tcase_add_test(submission, a_message_without_a_code_is_no_error);
    tcase_add_test(submission, very_many_tasks_wait);
    tcase_add_test(submission, tasks_without_a_future_run_too);
    tcase_add_test(submission, a_future_can_be_dropped_and_can_outlive_the_executor);
    tcase_add_test(submission, tasks_begin_in_the_order_of_their_submission);
    tcase_add_test(submission, tasks_with_and_without_futures_begin_in_one_order);
    tcase_add_test(submission, a_task_without_a_future_may_retain_its_own);
    tcase_add_test(submission, what_is_never_valid_is_refused);
    TCase *several = add_case(suite, "cancels, waits for several, callbacks");
    tcase_add_loop_test(several, a_task_can_be_cancelled_before_and_during_its_run_but_not_after, 0, 2);
    tcase_add_test(several, tasks_are_waited_for_in_each_mode);
    tcase_add_loop_test(several, a_callback_may_make_any_call, 1, 4);
    TCase *waits = add_case(suite, "waits inside tasks");
    tcase_add_loop_test(waits, a_task_can_wait_for_a_task_that_lacks_a_thread, 1, 4);
    tcase_add_test(waits, a_task_that_waits_for_a_running_one_gives_its_place_to_another);
    tcase_add_test(waits, a_task_cannot_wait_for_itself);
    tcase_add_test(waits, tasks_behind_a_long_one_run_while_others_find_later_ones);
    tcase_add_test(waits, a_task_behind_one_that_waits_for_it_runs);
    TCase *threads = add_case(suite, "threads");
    tcase_add_test(threads, each_thread_has_a_state);
    tcase_add_test(threads, a_thread_has_no_state_during_its_init);
    tcase_add_test(threads, a_failing_init_fails_the_creation);
    tcase_add_test(threads, a_further_thread_whose_init_fails_is_done_without);
    tcase_add_test(threads, an_executor_without_threads_fails_its_tasks);
    tcase_add_loop_test(threads, a_task_that_ends_its_thread_fails_and_nothing_else_is_lost, 1, 3);
    tcase_add_loop_test(threads, a_task_without_a_future_that_ends_its_thread_loses_no_other, 1, 3);
    tcase_add_test(threads, a_nested_task_that_ends_its_thread_ends_the_outer_one);
    tcase_add_test(threads, threads_start_as_needed_and_end_when_idle);
    TCase *bounds = add_case(suite, "bounds");
    tcase_add_test(bounds, a_submit_blocks_until_there_is_room);
    tcase_add_test(bounds, a_cancel_makes_room);
    tcase_add_loop_test(bounds, tasks_that_a_thread_has_taken_count_for_the_capacity, 0, 2);
    tcase_add_test(bounds, a_cancel_of_a_task_that_a_thread_has_taken_makes_room);
    tcase_add_test(bounds, cancelled_tasks_are_not_pending);
    tcase_add_test(bounds, a_task_that_runs_inside_another_one_leaves_room);
    tcase_add_test(bounds, a_full_executor_can_refuse);
    tcase_add_test(bounds, a_full_executor_can_leave_the_task_to_the_caller);
    tcase_add_loop_test(bounds, a_task_that_submits_to_its_full_executor_runs_the_task, 1, 3);
    TCase *end = add_case(suite, "end");
    tcase_add_test(end, a_submit_after_the_shutdown_is_refused);
    tcase_add_test(end, a_shutdown_gives_back_what_never_ran);
    tcase_add_test(end, a_shutdown_gives_back_tasks_without_futures);
    tcase_add_loop_test(end, tasks_that_a_task_has_submitted_run_after_its_end, 1, 4);
    tcase_add_test(end, a_shutdown_gives_back_what_a_task_has_submitted);
    tcase_add_loop_test(end, a_shutdown_gives_back_what_a_thread_has_taken, 0, 2);
    tcase_add_test(end, a_shutdown_lets_pending_tasks_run);
    tcase_add_test(end, a_task_cannot_wait_for_the_end_of_its_executor);
    TCase *destroying = add_case(suite, "destroying");
    tcase_add_loop_test(destroying, an_idle_executor_needs_no_shutdown, 1, 4);
    tcase_add_loop_test(destroying, cancelled_tasks_do_not_keep_it_in_use, 1, 3);
    tcase_add_test(destroying, tasks_that_end_their_thread_do_not_keep_it_in_use);
    tcase_add_test(destroying, a_task_that_has_not_ended_keeps_it_in_use);
    tcase_add_test(destroying, a_submit_of_a_callback_keeps_it_in_use);
    tcase_add_test(destroying, a_destroy_waits_for_callbacks_which_cannot_submit_any_more);
    tcase_add_loop_test(destroying, a_destroy_waits_for_callbacks_of_cancelled_tasks, 0, 3);
    tcase_add_loop_test(destroying, a_callback_of_a_cancelled_task_cannot_destroy, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(executor_suite());
}
