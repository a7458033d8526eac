/*
 * test_executor_options.c - tests options of tasks: priorities, deadlines, delays, periods, names; and map.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "executor_support.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static void create(size_t threads) {
    atomic_store(&runs, 0);
    assert_status(WEIR_OK, weir_executor_create(&executor, &(weir_executor_options){.threads = threads}));
}

static weir_future *submit(weir_executor_func *func, void *arg, weir_submit_options options) {
    weir_future *future;
    assert_status(WEIR_OK, weir_executor_submit_with(executor, func, arg, &options, &future));
    return future;
}

static void assert_end(weir_future *future, weir_status wanted) {
    assert_status(wanted, weir_future_get_until(future, NULL, hang_limit()));
    weir_future_release(future);
}

/* Occupies the only thread. */
static weir_future *block(struct gate *gate) {
    weir_future *blocked = submit(pass, gate, (weir_submit_options){0});
    gate_wait_for(gate, 1);
    return blocked;
}

static size_t order[16];

static int note_order(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    order[atomic_fetch_add(&runs, 1)] = number_of(arg);
    return 0;
}

/* Submits tasks of each priority behind a blocked one; returns whether they began by priority, and then in order. */
static bool begin_by_priority(void) {
    struct gate gate = GATE;
    static const weir_priority priorities[] = {WEIR_LOW, WEIR_NORMAL, WEIR_HIGH, WEIR_LOW, WEIR_NORMAL, WEIR_HIGH};
    static const size_t expected[] = {2, 5, 1, 4, 0, 3};
    weir_future *futures[COUNT_OF(priorities)];
    bool ordered = true;
    create(1);
    weir_future *blocked = block(&gate);
    for (size_t i = 0; i < COUNT_OF(priorities); i++)
        futures[i] = submit(note_order, number(i), (weir_submit_options){.priority = priorities[i]});
    gate_open(&gate);
    assert_end(blocked, WEIR_OK);
    for (size_t i = 0; i < COUNT_OF(priorities); i++)
        assert_end(futures[i], WEIR_OK);
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        ordered = ordered && order[i] == expected[i];
    finish();
    return ordered;
}

/* The thread holds tasks of the priority `low` behind a blocked one. Returns whether a later one of `high` began first. */
static bool begin_before_a_batch(weir_priority low, weir_priority high) {
    enum { QUICK = 5000, TAKEN = 10 };
    struct gate first = GATE, second = GATE;
    create(1);
    for (size_t i = 0; i < QUICK; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    weir_future *blocked = block(&first);
    atomic_store(&runs, 0);
    weir_future *holder = submit(pass, &second, (weir_submit_options){.priority = low});
    for (size_t i = 0; i < TAKEN; i++)
        assert_status(WEIR_OK, weir_executor_submit_with(executor, note_order, number(i + 1),
                                                         &(weir_submit_options){.priority = low}, NULL));
    gate_open(&first);
    gate_wait_for(&second, 1);
    weir_future *late = submit(note_order, number(0), (weir_submit_options){.priority = high});
    gate_open(&second);
    assert_end(late, WEIR_OK);
    assert_end(blocked, WEIR_OK);
    assert_end(holder, WEIR_OK);
    finish();
    bool ordered = true;
    for (size_t i = 0; i <= TAKEN; i++)
        ordered = ordered && order[i] == i;
    return ordered;
}

START_TEST (a_higher_priority_begins_before_what_a_thread_has_taken) {
    static const weir_priority of[][2] = {{WEIR_NORMAL, WEIR_HIGH}, {WEIR_LOW, WEIR_HIGH}, {WEIR_LOW, WEIR_NORMAL}};
    weir_deadline limit = hang_limit();
    while (!begin_before_a_batch(of[_i][0], of[_i][1]))
        ck_assert_msg(now() < limit, "the tasks never began by priority");
}
END_TEST

/*
 * A thread holds the first of ten tasks of the priority `first` behind a blocked one. The other thread takes the rest,
 * and later ones of `later`. Returns whether those of `first` began in a rotation of their order, and before the later
 * ones if their priority is higher.
 */
static bool begin_beside_a_batch(weir_priority first, weir_priority later) {
    enum { QUICK = 5000, FIRST = 10, ALL = 14 };
    struct gate gates[2] = {GATE, GATE}, holding = GATE;
    create(2);
    for (size_t i = 0; i < QUICK; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    weir_future *blocked[] = {block(&gates[0]), block(&gates[1])};
    atomic_store(&runs, 0);
    weir_future *holder = submit(pass, &holding, (weir_submit_options){.priority = first});
    for (size_t i = 0; i < ALL; i++) {
        const weir_submit_options options = {.priority = i < FIRST ? first : later};
        if (i == FIRST) {
            gate_open(&gates[0]);
            gate_wait_for(&holding, 1);
        }
        assert_status(WEIR_OK, weir_executor_submit_with(executor, note_order, number(i), &options, NULL));
    }
    gate_open(&gates[1]);
    while (atomic_load(&runs) < ALL)
        nap();
    gate_open(&holding);
    assert_end(holder, WEIR_OK);
    assert_end(blocked[0], WEIR_OK);
    assert_end(blocked[1], WEIR_OK);
    finish();
    size_t together = first == later ? ALL : FIRST;
    bool ordered = true;
    for (size_t i = 0; i < together; i++)
        ordered = ordered && order[i] < together && (i == 0 || order[i] == (order[i - 1] + 1) % together);
    return ordered;
}

START_TEST (tasks_behind_a_long_one_begin_by_priority_and_in_order) {
    static const weir_priority of[][2] = {
        {WEIR_HIGH, WEIR_LOW}, {WEIR_HIGH, WEIR_NORMAL}, {WEIR_NORMAL, WEIR_LOW}, {WEIR_NORMAL, WEIR_NORMAL}};
    weir_deadline limit = hang_limit();
    while (!begin_beside_a_batch(of[_i][0], of[_i][1]))
        ck_assert_msg(now() < limit, "the tasks never began by priority and in order");
}
END_TEST

/* Tasks that have waited for 100 ms come first: on a busy machine, try again. */
START_TEST (a_higher_priority_begins_first) {
    weir_deadline limit = hang_limit();
    while (!begin_by_priority())
        ck_assert_msg(now() < limit, "the tasks never began by priority");
}
END_TEST

START_TEST (a_task_that_has_waited_for_long_begins_first) {
    struct gate gate = GATE;
    create(1);
    weir_future *blocked = block(&gate);
    weir_future *low = submit(note_order, number(0), (weir_submit_options){.priority = WEIR_LOW});
    sleep_until(now() + 150 * MILLISECONDS);
    weir_future *high = submit(note_order, number(1), (weir_submit_options){.priority = WEIR_HIGH});
    gate_open(&gate);
    assert_end(blocked, WEIR_OK);
    assert_end(low, WEIR_OK);
    assert_end(high, WEIR_OK);
    ck_assert_uint_eq(order[0], 0);
    finish();
}
END_TEST

/* ---- tasks that a running task submits ---- */

enum { CHILDREN = 64, TASKS = 4, MOST_BEFORE = 8 };

static atomic_size_t begun_before;

/* Two tasks that take so long that each is alone in a slice. */
static int run_child(weir_future *self, void *arg, void **value) {
    nap();
    return count_run(self, arg, value);
}

static int note_begun_before(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    atomic_store(&begun_before, atomic_load(&runs));
    nap();
    return 0;
}

static int submit_children(weir_future *self, void *gate, void **value) {
    (void)self;
    (void)value;
    for (size_t i = 0; i < CHILDREN; i++) {
        weir_future *child;
        if (weir_executor_submit(executor, run_child, NULL, &child) != WEIR_OK)
            return 1;
        weir_future_release(child);
    }
    gate_pass(gate);
    return 0;
}

/*
 * A running task has submitted others. Another thread then takes tasks of this priority, which have waited for `wait`.
 * Returns how many of the others began before the last of them.
 */
static size_t begin_beside_children(weir_priority priority, uint64_t wait) {
    struct gate busy = GATE, parents = GATE;
    create(2);
    weir_future *blocked = block(&busy);
    weir_future *parent = submit(submit_children, &parents, (weir_submit_options){0});
    gate_wait_for(&parents, 1);
    weir_future *tasks[TASKS];
    for (size_t i = 0; i < TASKS; i++)
        tasks[i] = submit(note_begun_before, NULL, (weir_submit_options){.priority = priority});
    sleep_until(now() + wait);
    gate_open(&busy);
    for (size_t i = 0; i < TASKS; i++)
        assert_end(tasks[i], WEIR_OK);
    assert_end(blocked, WEIR_OK);
    gate_open(&parents);
    assert_end(parent, WEIR_OK);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), CHILDREN);
    return atomic_load(&begun_before);
}

/* The same for tasks of WEIR_HIGH that a third thread has taken, behind one at the gate. */
START_TEST (a_higher_priority_in_a_batch_begins_before_the_tasks_of_a_running_one) {
    enum { QUICK = 5000, HELD = 5 };
    struct gate busy[2] = {GATE, GATE}, parents = GATE, holding = GATE;
    create(3);
    for (size_t i = 0; i < QUICK; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    weir_future *blocked[] = {block(&busy[0]), block(&busy[1])}, *held[HELD];
    weir_future *parent = submit(submit_children, &parents, (weir_submit_options){0});
    gate_wait_for(&parents, 1);
    atomic_store(&runs, 0);
    weir_future *holder = submit(pass, &holding, (weir_submit_options){.priority = WEIR_HIGH});
    for (size_t i = 0; i < HELD; i++)
        held[i] = submit(note_begun_before, NULL, (weir_submit_options){.priority = WEIR_HIGH});
    gate_open(&busy[0]);
    gate_wait_for(&holding, 1);
    gate_open(&busy[1]);
    for (size_t i = 0; i < HELD; i++)
        assert_end(held[i], WEIR_OK);
    ck_assert_uint_eq(atomic_load(&begun_before), 0);
    gate_open(&holding);
    gate_open(&parents);
    assert_end(holder, WEIR_OK);
    assert_end(parent, WEIR_OK);
    for (size_t i = 0; i < COUNT_OF(blocked); i++)
        assert_end(blocked[i], WEIR_OK);
    finish();
}
END_TEST

START_TEST (a_higher_priority_begins_before_the_tasks_of_a_running_one) {
    ck_assert_uint_eq(begin_beside_children(WEIR_HIGH, 0), 0);
}
END_TEST

START_TEST (the_tasks_of_a_running_one_do_not_starve_others) {
    ck_assert_uint_le(begin_beside_children(WEIR_NORMAL, 0), MOST_BEFORE);
    ck_assert_uint_le(begin_beside_children(WEIR_LOW, 150 * MILLISECONDS), MOST_BEFORE);
}
END_TEST

static void assert_end_late(weir_future *future) {
    assert_status(WEIR_FAILED, weir_future_get_until(future, NULL, hang_limit()));
    ck_assert_int_eq(weir_future_code(future), WEIR_CODE(WEIR_TIMEDOUT));
    ck_assert_str_eq(weir_future_message(future), "not begun by its deadline");
    weir_future_release(future);
}

START_TEST (a_task_that_has_not_begun_by_its_deadline_fails) {
    struct gate gate = GATE;
    create(1);
    weir_future *blocked = block(&gate);
    weir_future *late = submit(note_order, number(0), (weir_submit_options){.deadline = 1});
    weir_future *early = submit(note_order, number(1), (weir_submit_options){.deadline = hang_limit()});
    gate_open(&gate);
    assert_end(blocked, WEIR_OK);
    assert_end_late(late);
    assert_end(early, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 1);
    finish();
}
END_TEST

/* Submits a task with a deadline in the past, and waits for it by a call without a deadline. */
static int wait_for_a_late_one(weir_future *self, void *raw, void **value) {
    weir_future **late = raw;
    (void)self;
    (void)value;
    *late = submit(count_run, NULL, (weir_submit_options){.deadline = 1});
    (void)weir_future_get(*late, NULL);
    return 0;
}

START_TEST (a_late_task_does_not_run_in_a_task_that_waits_for_it) {
    weir_future *late;
    create(1);
    assert_end(submit(wait_for_a_late_one, &late, (weir_submit_options){0}), WEIR_OK);
    assert_end_late(late);
    ck_assert_uint_eq(atomic_load(&runs), 0);
    finish();
}
END_TEST

START_TEST (a_late_task_does_not_run_in_its_caller) {
    struct gate gate = GATE;
    const weir_executor_options one = {.threads = 1, .capacity = 1, .when_full = WEIR_RUN_IN_CALLER};
    atomic_store(&runs, 0);
    assert_status(WEIR_OK, weir_executor_create(&executor, &one));
    weir_future *blocked = block(&gate), *pending = submit(pass, &gate, (weir_submit_options){0});
    assert_end_late(submit(count_run, NULL, (weir_submit_options){.deadline = 1}));
    ck_assert_uint_eq(atomic_load(&runs), 0);
    gate_open(&gate);
    assert_end(blocked, WEIR_OK);
    assert_end(pending, WEIR_OK);
    finish();
}
END_TEST

static int note_time(weir_future *self, void *raw, void **value) {
    weir_deadline *begun = raw;
    (void)self;
    (void)value;
    *begun = now();
    return 0;
}

START_TEST (a_delayed_task_begins_no_sooner) {
    weir_deadline begun[2], submitted = now();
    create(2);
    weir_future *later = submit(note_time, &begun[1], (weir_submit_options){.delay = 20 * MILLISECONDS});
    weir_future *sooner = submit(note_time, &begun[0], (weir_submit_options){.delay = 10 * MILLISECONDS});
    assert_end(later, WEIR_OK);
    assert_end(sooner, WEIR_OK);
    ck_assert_uint_ge(begun[0], submitted + 10 * MILLISECONDS);
    ck_assert_uint_ge(begun[1], submitted + 20 * MILLISECONDS);
    finish();
}
END_TEST

static weir_executor_counts counts(void) {
    weir_executor_counts counted;
    assert_status(WEIR_OK, weir_executor_counts_of(executor, &counted));
    return counted;
}

START_TEST (a_delayed_task_can_be_cancelled) {
    create(1);
    weir_future *future = submit(note_order, NULL, (weir_submit_options){.delay = 3600 * SECONDS});
    ck_assert_uint_eq(counts().delayed, 1);
    assert_status(WEIR_OK, weir_future_cancel(future));
    ck_assert_uint_eq(counts().delayed, 0);
    assert_end(future, WEIR_CANCELLED);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 0);
}
END_TEST

static void note_unrun(void *task_arg, void *raw) {
    *(void **)raw = task_arg;
}

START_TEST (a_shutdown_waits_for_delayed_tasks_or_cancels_them) {
    void *unrun = NULL;
    create(1);
    weir_future *future = submit(note_order, number(1), (weir_submit_options){.delay = 10 * MILLISECONDS});
    finish();
    assert_end(future, WEIR_OK);
    create(1);
    future = submit(note_order, number(2), (weir_submit_options){.delay = 3600 * SECONDS});
    assert_status(WEIR_TIMEDOUT, weir_executor_shutdown(executor, true, false, 0, NULL, NULL));
    assert_status(WEIR_BUSY, weir_executor_destroy(executor));
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, true, 0, note_unrun, &unrun));
    ck_assert_ptr_eq(unrun, number(2));
    assert_end(future, WEIR_CANCELLED);
    finish();
}
END_TEST

/* ---- periods ---- */

static int run_thrice(weir_future *self, void *arg, void **value) {
    *value = number(1);
    (void)arg;
    return atomic_fetch_add(&runs, 1) == 2 ? weir_executor_error(self, 5, "enough") : 0;
}

static struct drops drops;

START_TEST (a_periodic_task_runs_until_it_fails) {
    weir_submit_options options = {.period = MILLISECONDS, .drop = record_drop, .drop_arg = &drops};
    options.delay = _i == 0 ? 0 : MILLISECONDS;
    create(2);
    weir_future *future = submit(run_thrice, NULL, options);
    assert_status(WEIR_FAILED, weir_future_get_until(future, NULL, hang_limit()));
    ck_assert_str_eq(weir_future_message(future), "enough");
    weir_future_release(future);
    ck_assert_uint_eq(atomic_load(&runs), 3);
    ck_assert_uint_eq(atomic_load(&drops.count), 2); /* a failing run has no value */
    atomic_store(&drops.count, 0);
    finish();
}
END_TEST

START_TEST (a_periodic_task_runs_until_it_is_cancelled) {
    create(1);
    weir_future *future = submit(count_run, NULL, (weir_submit_options){.period = MILLISECONDS});
    while (atomic_load(&runs) < 5)
        nap();
    (void)weir_future_cancel(future);
    assert_end(future, WEIR_CANCELLED);
    size_t ran = atomic_load(&runs);
    sleep_until(now() + 5 * MILLISECONDS);
    ck_assert_uint_eq(atomic_load(&runs), ran);
    finish();
}
END_TEST

START_TEST (a_period_beyond_the_end_of_time_is_never_over) {
    weir_executor_counts counts = {0};
    create(1);
    weir_future *future = submit(count_run, NULL, (weir_submit_options){.period = UINT64_MAX});
    while (counts.delayed == 0) {
        assert_status(WEIR_OK, weir_executor_counts_of(executor, &counts));
        nap();
    }
    assert_end(submit(count_run, NULL, (weir_submit_options){.delay = MILLISECONDS}), WEIR_OK);
    ck_assert_uint_eq(atomic_load(&runs), 2);
    assert_status(WEIR_OK, weir_future_cancel(future));
    assert_end(future, WEIR_CANCELLED);
    finish();
}
END_TEST

START_TEST (a_shutdown_ends_periodic_tasks) {
    create(1);
    weir_future *often = submit(count_run, NULL, (weir_submit_options){.period = 1});
    weir_future *later = submit(count_run, NULL, (weir_submit_options){.delay = SECONDS, .period = SECONDS});
    while (atomic_load(&runs) < 5)
        nap();
    finish();
    assert_end(often, WEIR_CANCELLED);
    assert_end(later, WEIR_CANCELLED);
}
END_TEST

struct wait {
    struct gate gate;
    weir_future *future;
};

/* Waits for the future, by a call without a deadline, once the gate is open. */
static int wait_behind_gate(weir_future *self, void *raw, void **value) {
    struct wait *wait = raw;
    (void)self;
    (void)value;
    gate_pass(&wait->gate);
    (void)weir_future_get(wait->future, NULL);
    return 0;
}

/* Waits until as many tasks run, and none is pending. */
static void wait_for_running(size_t running) {
    weir_deadline limit = hang_limit();
    while (counts().pending > 0 || counts().running != running) {
        ck_assert_msg(now() < limit, "%zu tasks are pending, %zu run", counts().pending, counts().running);
        nap();
    }
}

/* A thread holds the periodic task behind one at a gate, while a task on another thread waits for it. */
START_TEST (a_periodic_task_that_is_waited_for_in_a_batch_runs_once_a_period) {
    enum { QUICK = 5000, BEHIND = 6 };
    struct wait wait = {.gate = GATE};
    struct gate first = GATE, second = GATE;
    create(2);
    for (size_t i = 0; i < QUICK; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, count_run, NULL, NULL));
    weir_future *waiter = submit(wait_behind_gate, &wait, (weir_submit_options){0});
    gate_wait_for(&wait.gate, 1);
    weir_future *blocked = block(&first), *holder = submit(pass, &second, (weir_submit_options){0});
    atomic_store(&runs, 0);
    wait.future = submit(count_run, NULL, (weir_submit_options){.period = 3600 * SECONDS});
    for (size_t i = 0; i < BEHIND; i++)
        assert_status(WEIR_OK, weir_executor_submit(executor, give_back, NULL, NULL));
    gate_open(&first);
    gate_wait_for(&second, 1);
    gate_open(&wait.gate);
    wait_for_running(2);
    gate_open(&second);
    wait_for_running(1);
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert_uint_eq(counts().delayed, 1);
    assert_status(WEIR_OK, weir_future_cancel(wait.future));
    assert_end(wait.future, WEIR_CANCELLED);
    assert_end(waiter, WEIR_OK);
    assert_end(blocked, WEIR_OK);
    assert_end(holder, WEIR_OK);
    finish();
}
END_TEST

START_TEST (cancelled_periodic_tasks_do_not_keep_it_in_use) {
    for (size_t round = 0; round < 1000; round++) {
        weir_future *futures[4];
        create(2);
        for (size_t i = 0; i < COUNT_OF(futures); i++)
            futures[i] = submit(count_run, NULL, (weir_submit_options){.period = 1});
        while (atomic_load(&runs) < COUNT_OF(futures))
            (void)sched_yield();
        for (size_t i = 0; i < COUNT_OF(futures); i++)
            (void)weir_future_cancel(futures[i]);
        for (size_t i = 0; i < COUNT_OF(futures); i++)
            assert_end(futures[i], WEIR_CANCELLED);
        assert_status(WEIR_OK, weir_executor_destroy(executor));
    }
}
END_TEST

#ifdef __linux__
static int note_name(weir_future *self, void *name, void **value) {
    (void)self;
    (void)value;
    return pthread_getname_np(pthread_self(), name, 16);
}

START_TEST (a_task_names_its_thread_while_it_runs) {
    char during[16], after[16];
    assert_status(WEIR_OK, weir_executor_create(&executor, &(weir_executor_options){.name = "crew", .threads = 1}));
    assert_end(submit(note_name, during, (weir_submit_options){.name = "a very long name of a task"}), WEIR_OK);
    assert_end(submit(note_name, after, (weir_submit_options){0}), WEIR_OK);
    ck_assert_str_eq(during, "a very long nam");
    ck_assert_int_eq(strncmp(after, "crew-", 5), 0);
    finish();
}
END_TEST

/* Tasks, each of which waits for the next: "outer", one without a name, and "inner". */
struct names {
    char inner[16], middle[16], outer[16];
};

static int name_inner(weir_future *self, void *names, void **value) {
    return note_name(self, ((struct names *)names)->inner, value);
}

/* Waits for a task by a call without a deadline: the calling thread runs it. */
static void run_inside(weir_executor_func *func, struct names *names, const char *name) {
    weir_future *future = submit(func, names, (weir_submit_options){.name = name});
    (void)weir_future_get(future, NULL);
    weir_future_release(future);
}

static int name_middle(weir_future *self, void *names, void **value) {
    run_inside(name_inner, names, "inner");
    return note_name(self, ((struct names *)names)->middle, value);
}

static int name_outer(weir_future *self, void *names, void **value) {
    run_inside(name_middle, names, NULL);
    return note_name(self, ((struct names *)names)->outer, value);
}

START_TEST (a_task_has_its_name_again_after_one_that_ran_inside_it) {
    struct names names;
    create(1);
    assert_end(submit(name_outer, &names, (weir_submit_options){.name = "outer"}), WEIR_OK);
    ck_assert_str_eq(names.inner, "inner");
    ck_assert_str_eq(names.middle, "outer");
    ck_assert_str_eq(names.outer, "outer");
    finish();
}
END_TEST
#endif

/* ---- map ---- */

enum { ELEMENTS = 200 };

static void *elements[ELEMENTS];
static size_t passed[ELEMENTS], passed_count, stop_after;

static bool note_passed(size_t index, weir_future *future, void *arg) {
    void *value = NULL;
    ck_assert_ptr_eq(arg, &passed_count);
    if (weir_future_get_until(future, &value, 0) == WEIR_OK)
        ck_assert_uint_eq(number_of(value), index);
    passed[passed_count++] = index;
    return passed_count < stop_after;
}

static void prepare_map(size_t stop) {
    for (size_t i = 0; i < ELEMENTS; i++)
        elements[i] = number(i);
    passed_count = 0;
    stop_after = stop;
}

static weir_status map(weir_executor_func *func, weir_map_options options) {
    return weir_executor_map(executor, func, elements, ELEMENTS, &options, note_passed, &passed_count);
}

START_TEST (a_map_passes_all_in_order) {
    static const size_t in_flight[] = {0, 1, 3, 1000};
    create(2);
    for (size_t i = 0; i < COUNT_OF(in_flight); i++) {
        prepare_map(SIZE_MAX);
        assert_status(WEIR_OK, map(give_back, (weir_map_options){.in_flight = in_flight[i]}));
        ck_assert_uint_eq(passed_count, ELEMENTS);
        for (size_t k = 0; k < ELEMENTS; k++)
            ck_assert_uint_eq(passed[k], k);
    }
    assert_status(WEIR_OK, weir_executor_map(executor, give_back, NULL, 0, NULL, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_map(executor, give_back, elements, ELEMENTS, NULL, NULL, NULL));
    finish();
}
END_TEST

static struct gate first_gate;

/* The first element waits until the gate is opened by the last one. */
static int give_back_first_last(weir_future *self, void *arg, void **value) {
    if (number_of(arg) == 0)
        gate_pass(&first_gate);
    if (number_of(arg) == ELEMENTS - 1)
        gate_open(&first_gate);
    return give_back(self, arg, value);
}

START_TEST (a_map_passes_each_once_as_completed) {
    bool seen[ELEMENTS] = {false};
    first_gate = (struct gate)GATE;
    create(2);
    prepare_map(SIZE_MAX);
    assert_status(WEIR_OK, map(give_back_first_last, (weir_map_options){.as_completed = true, .in_flight = 5}));
    ck_assert_uint_eq(passed_count, ELEMENTS);
    for (size_t i = 0; i < ELEMENTS; i++) {
        ck_assert(!seen[passed[i]]);
        seen[passed[i]] = true;
    }
    ck_assert_uint_ne(passed[0], 0);
    finish();
}
END_TEST

static atomic_size_t present, most_present;

static int count_present(weir_future *self, void *arg, void **value) {
    size_t seen = atomic_fetch_add(&present, 1) + 1, most = atomic_load(&most_present);
    while (seen > most && !atomic_compare_exchange_weak(&most_present, &most, seen))
        continue;
    atomic_fetch_sub(&present, 1);
    return give_back(self, arg, value);
}

START_TEST (a_map_bounds_what_is_in_flight) {
    create(4);
    prepare_map(SIZE_MAX);
    atomic_store(&most_present, 0);
    assert_status(WEIR_OK, map(count_present, (weir_map_options){.in_flight = 2, .as_completed = _i == 1}));
    ck_assert_uint_le(atomic_load(&most_present), 2);
    finish();
}
END_TEST

START_TEST (a_map_stops_when_it_is_told_to) {
    create(2);
    prepare_map(3);
    assert_status(WEIR_CANCELLED, map(give_back, (weir_map_options){.in_flight = 10, .as_completed = _i == 1}));
    ck_assert_uint_eq(passed_count, 3);
    finish();
}
END_TEST

START_TEST (a_map_ends_at_its_deadline) {
    struct gate gate = GATE;
    create(1);
    weir_future *blocked = block(&gate);
    prepare_map(SIZE_MAX);
    const weir_map_options options = {.as_completed = _i == 1, .deadline = now() + MILLISECONDS};
    assert_status(WEIR_TIMEDOUT, map(give_back, options));
    ck_assert_uint_eq(passed_count, 0);
    gate_open(&gate);
    assert_end(blocked, WEIR_OK);
    finish();
}
END_TEST

static weir_deadline map_deadline;

/* The first call waits until all tasks have run and the deadline has passed. */
static bool note_passed_late(size_t index, weir_future *future, void *arg) {
    while (passed_count == 0 && atomic_load(&runs) < ELEMENTS)
        nap();
    sleep_until(map_deadline);
    return note_passed(index, future, arg);
}

static int count_and_give_back(weir_future *self, void *arg, void **value) {
    atomic_fetch_add(&runs, 1);
    return give_back(self, arg, value);
}

START_TEST (a_map_passes_no_task_after_its_deadline) {
    create(1);
    prepare_map(SIZE_MAX);
    map_deadline = now() + 100 * MILLISECONDS;
    const weir_map_options options = {.as_completed = _i == 1, .deadline = map_deadline, .in_flight = ELEMENTS};
    assert_status(WEIR_TIMEDOUT, weir_executor_map(executor, count_and_give_back, elements, ELEMENTS, &options,
                                                   note_passed_late, &passed_count));
    ck_assert_uint_le(passed_count, 1);
    atomic_store(&runs, 0);
    assert_status(WEIR_TIMEDOUT, map(count_and_give_back, options));
    ck_assert_uint_eq(atomic_load(&runs), 0);
    finish();
}
END_TEST

static int map_inside(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    prepare_map(SIZE_MAX);
    return (int)map(give_back, (weir_map_options){.as_completed = number_of(arg) == 1});
}

START_TEST (a_task_can_map_on_its_own_executor) {
    create((size_t)(_i % 2) + 1);
    assert_end(submit(map_inside, number((size_t)_i / 2), (weir_submit_options){0}), WEIR_OK);
    ck_assert_uint_eq(passed_count, ELEMENTS);
    finish();
}
END_TEST

static pthread_t mapping;
static atomic_size_t met;
static atomic_bool let_go;

static int open_the_way(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    atomic_store(&let_go, true);
    return 0;
}

/* Two elements run at once. The one that is not on the mapping thread ends after a task that is submitted later. */
static int meet(weir_future *self, void *arg, void **value) {
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < 2)
        nap();
    while (!pthread_equal(mapping, pthread_self()) && !atomic_load(&let_go))
        nap();
    return give_back(self, arg, value);
}

static bool submit_after_first(size_t index, weir_future *future, void *arg) {
    if (passed_count == 0)
        assert_status(WEIR_OK, weir_executor_submit(executor, open_the_way, NULL, NULL));
    return note_passed(index, future, arg);
}

static int map_and_sleep(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    mapping = pthread_self();
    const weir_map_options options = {.as_completed = true};
    return (int)weir_executor_map(executor, meet, elements, 2, &options, submit_after_first, &passed_count);
}

/* Both threads are occupied: one waits in the map, the other one for the task. */
START_TEST (a_map_that_waits_lets_another_thread_run_a_task) {
    create(2);
    prepare_map(SIZE_MAX);
    atomic_store(&met, 0);
    atomic_store(&let_go, false);
    assert_end(submit(map_and_sleep, NULL, (weir_submit_options){0}), WEIR_OK);
    ck_assert_uint_eq(passed_count, 2);
    ck_assert_uint_eq(passed[0] + passed[1], 1);
    finish();
}
END_TEST

/* The first element ends its thread. */
static int end_thread_first(weir_future *self, void *arg, void **value) {
    atomic_fetch_add(&runs, 1);
    if (number_of(arg) == 0)
        pthread_exit(NULL);
    return give_back(self, arg, value);
}

static int map_and_end(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    return (int)map(end_thread_first, (weir_map_options){.as_completed = number_of(arg) == 1, .in_flight = 3});
}

/* The thread that maps runs the first element, and ends: so does the map. */
START_TEST (a_map_ends_with_its_thread) {
    create(1);
    prepare_map(SIZE_MAX);
    assert_end(submit(map_and_end, number((size_t)_i), (weir_submit_options){0}), WEIR_FAILED);
    finish();
    ck_assert_uint_eq(atomic_load(&runs), 1);
    ck_assert_uint_eq(passed_count, 0);
}
END_TEST

static struct gate other_gate;
static atomic_int mapping_number;
static atomic_bool map_ended;

/* Two elements run at once. The one on the mapping thread ends it; the other one waits at a gate. */
static int meet_and_end(weir_future *self, void *arg, void **value) {
    if (!pthread_equal(mapping, pthread_self())) {
        gate_pass(&other_gate);
        return give_back(self, arg, value);
    }
    gate_wait_for(&other_gate, 1);
    atomic_store(&mapping_number, thread_number());
    pthread_exit(NULL);
}

static int map_two_and_end(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    mapping = pthread_self();
    const weir_map_options options = {.as_completed = true};
    return (int)weir_executor_map(executor, meet_and_end, elements, 2, &options, note_passed, &passed_count);
}

static void note_end(weir_future *future, void *arg) {
    (void)future;
    (void)arg;
    atomic_store(&map_ended, true);
}

START_TEST (a_map_that_ends_with_its_thread_waits_for_its_tasks) {
    create(2);
    prepare_map(SIZE_MAX);
    other_gate = (struct gate)GATE;
    atomic_store(&mapping_number, 0);
    atomic_store(&map_ended, false);
    weir_future *mapped = submit(map_two_and_end, NULL, (weir_submit_options){0});
    assert_status(WEIR_OK, weir_future_on_end(mapped, note_end, NULL));
    while (atomic_load(&mapping_number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&mapping_number), &map_ended));
    gate_open(&other_gate);
    assert_end(mapped, WEIR_FAILED);
    finish();
    ck_assert_uint_eq(passed_count, 0);
}
END_TEST

static int fail_on_odd(weir_future *self, void *arg, void **value) {
    size_t n = number_of(arg);
    return n % 2 == 1 ? weir_executor_error(self, (int)n, "odd") : give_back(self, arg, value);
}

static bool check_odd(size_t index, weir_future *future, void *arg) {
    (void)arg;
    ck_assert_int_eq(weir_future_state_of(future), index % 2 == 1 ? WEIR_FUTURE_FAILED : WEIR_FUTURE_DONE);
    ck_assert_int_eq(weir_future_code(future), index % 2 == 1 ? (int)index : 0);
    return true;
}

START_TEST (a_map_passes_errors_as_results) {
    create(2);
    prepare_map(SIZE_MAX);
    assert_status(WEIR_OK, weir_executor_map(executor, fail_on_odd, elements, ELEMENTS, NULL, check_odd, NULL));
    finish();
}
END_TEST

/* ---- map over structs, values and statuses ---- */

struct element {
    size_t index, squared;
    char odd_size;
};

static int square(weir_future *self, void *arg, void **value) {
    struct element *element = arg;
    (void)self;
    element->squared = element->index * element->index;
    *value = number(element->index);
    return 0;
}

START_TEST (a_map_takes_an_array_of_structs) {
    struct element squares[ELEMENTS];
    const weir_map_options options = {.as_completed = _i == 1, .arg_size = sizeof squares[0]};
    create(2);
    prepare_map(SIZE_MAX);
    for (size_t i = 0; i < ELEMENTS; i++)
        squares[i] = (struct element){.index = i};
    assert_status(WEIR_OK,
                  weir_executor_map(executor, square, squares, ELEMENTS, &options, note_passed, &passed_count));
    ck_assert_uint_eq(passed_count, ELEMENTS);
    for (size_t i = 0; i < ELEMENTS; i++)
        ck_assert_uint_eq(squares[i].squared, i * i);
    finish();
}
END_TEST

static int add_one(weir_future *self, void *byte, void **value) {
    (void)self;
    (void)value;
    ++*(unsigned char *)byte;
    return 0;
}

START_TEST (an_element_may_be_a_byte) {
    unsigned char bytes[ELEMENTS] = {0};
    create(1);
    assert_status(
        WEIR_OK, weir_executor_map(executor, add_one, bytes, ELEMENTS, &(weir_map_options){.arg_size = 1}, NULL, NULL));
    for (size_t i = 0; i < ELEMENTS; i++)
        ck_assert_uint_eq(bytes[i], 1);
    finish();
}
END_TEST

/* More threads than a system has are never started. */
START_TEST (an_executor_may_have_any_number_of_threads) {
    static const size_t most[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 1, SIZE_MAX / 16 + 1};
    create(most[_i]);
    prepare_map(SIZE_MAX);
    assert_end(submit(count_run, NULL, (weir_submit_options){0}), WEIR_OK);
    assert_status(WEIR_OK, map(give_back, (weir_map_options){0}));
    ck_assert_uint_eq(passed_count, ELEMENTS);
    finish();
}
END_TEST

START_TEST (a_map_over_more_than_the_memory_is_refused) {
    const size_t half = SIZE_MAX / 2 + 1;
    char byte;
    create(1);
    assert_status(WEIR_INVALID,
                  weir_executor_map(executor, count_run, &byte, 2, &(weir_map_options){.arg_size = half}, NULL, NULL));
    assert_status(WEIR_INVALID,
                  weir_executor_map(executor, count_run, &byte, half, &(weir_map_options){.arg_size = 2}, NULL, NULL));
    assert_status(WEIR_INVALID,
                  weir_executor_map(executor, count_run, NULL, 1, &(weir_map_options){.arg_size = 8}, NULL, NULL));
    const weir_map_options largest = {.arg_size = SIZE_MAX};
    assert_status(WEIR_OK, weir_executor_map(executor, count_run, NULL, 0, &largest, NULL, NULL));
    assert_status(WEIR_OK, weir_executor_map(executor, count_run, &byte, 1, &largest, NULL, NULL));
    const weir_map_options wide = {.arg_size = 1, .in_flight = SIZE_MAX};
    assert_status(WEIR_NOMEM, weir_executor_map(executor, count_run, &byte, SIZE_MAX, &wide, NULL, NULL));
    ck_assert_uint_eq(atomic_load(&runs), 1);
    finish();
    create(1);
    assert_status(WEIR_OK, weir_executor_shutdown(executor, false, false, 0, NULL, NULL));
    assert_status(WEIR_CLOSED, weir_executor_map(executor, count_run, &byte, 1, &largest, NULL, NULL));
    finish();
}
END_TEST

static int end_by_index(weir_future *self, void *arg, void **value) {
    size_t index = number_of(arg);
    atomic_fetch_add(&runs, 1);
    if (index == 3 || index == 5)
        return index == 3 ? WEIR_CODE(WEIR_CANCELLED) : weir_executor_error(self, 7, "five");
    return give_back(self, arg, value);
}

START_TEST (without_a_function_the_status_says_whether_all_succeeded) {
    static const struct {
        size_t count;
        weir_status status;
    } cases[] = {{3, WEIR_OK}, {5, WEIR_CANCELLED}, {8, WEIR_FAILED}};
    const weir_map_options options = {.as_completed = _i == 1};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        create(2);
        prepare_map(SIZE_MAX);
        assert_status(cases[i].status,
                      weir_executor_map(executor, end_by_index, elements, cases[i].count, &options, NULL, NULL));
        ck_assert_uint_eq(atomic_load(&runs), cases[i].count); /* an error stops nothing */
        finish();
    }
}
END_TEST

static int shut_down_when_all_are_pending(weir_future *self, void *arg, void **value) {
    (void)value;
    if (atomic_fetch_add(&runs, 1) > 0)
        return 0;
    while (counts().pending < ELEMENTS - 1)
        nap();
    (void)self;
    (void)arg;
    return (int)weir_executor_shutdown(executor, false, true, 0, NULL, NULL);
}

START_TEST (a_shutdown_during_a_map_is_no_success) {
    create(1);
    prepare_map(SIZE_MAX);
    assert_status(WEIR_CANCELLED, weir_executor_map(executor, shut_down_when_all_are_pending, elements, ELEMENTS,
                                                    &(weir_map_options){.in_flight = ELEMENTS}, NULL, NULL));
    ck_assert_uint_eq(atomic_load(&runs), 1);
    finish();
}
END_TEST

static size_t taken;
static weir_future *retained;

/* Takes every third value, and retains the future of the fourth. */
static bool take_third(size_t index, weir_future *future, void *arg) {
    void *value;
    if (index % 3 == 0) {
        ck_assert_int_eq(weir_future_take(future, &value), WEIR_OK);
        ck_assert_ptr_eq(value, number(index));
        taken++;
    }
    if (index == 4)
        retained = weir_future_retain(future);
    return arg == NULL;
}

/* A thread may release the last future a moment after the call. */
static void wait_for_drops(size_t count) {
    for (weir_deadline limit = hang_limit(); atomic_load(&drops.count) < count; nap())
        ck_assert_uint_lt(now(), limit);
    ck_assert_uint_eq(atomic_load(&drops.count), count);
}

START_TEST (a_value_that_is_not_taken_is_dropped) {
    weir_map_options options = {.as_completed = _i == 1, .in_flight = 20, .drop = record_drop, .drop_arg = &drops};
    atomic_store(&drops.count, 0);
    taken = 0;
    create(2);
    prepare_map(SIZE_MAX);
    assert_status(WEIR_OK, weir_executor_map(executor, give_back, elements, ELEMENTS, &options, take_third, NULL));
    ck_assert_uint_eq(taken, (ELEMENTS + 2) / 3);
    wait_for_drops(ELEMENTS - taken - 1);
    weir_future_release(retained);
    wait_for_drops(ELEMENTS - taken);

    atomic_store(&drops.count, 0); /* those that end and are not passed */
    atomic_store(&runs, 0);
    assert_status(WEIR_CANCELLED,
                  weir_executor_map(executor, end_by_index, elements, 3, &options, take_third, &options));
    wait_for_drops(atomic_load(&runs) - (taken - (ELEMENTS + 2) / 3));
    options.drop = NULL; /* left alone */
    assert_status(WEIR_OK, weir_executor_map(executor, give_back, elements, ELEMENTS, &options, NULL, NULL));
    finish();
}
END_TEST

static Suite *options_suite(void) {
    Suite *suite = suite_create("executor options");
    TCase *order_case = add_case(suite, "order");
    tcase_add_test(order_case, a_higher_priority_begins_first);
    tcase_add_loop_test(order_case, a_higher_priority_begins_before_what_a_thread_has_taken, 0, 3);
    tcase_add_loop_test(order_case, tasks_behind_a_long_one_begin_by_priority_and_in_order, 0, 4);
    tcase_add_test(order_case, a_task_that_has_waited_for_long_begins_first);
    tcase_add_test(order_case, a_higher_priority_begins_before_the_tasks_of_a_running_one);
    tcase_add_test(order_case, a_higher_priority_in_a_batch_begins_before_the_tasks_of_a_running_one);
    tcase_add_test(order_case, the_tasks_of_a_running_one_do_not_starve_others);
    TCase *times = add_case(suite, "times");
    tcase_add_test(times, a_task_that_has_not_begun_by_its_deadline_fails);
    tcase_add_test(times, a_late_task_does_not_run_in_a_task_that_waits_for_it);
    tcase_add_test(times, a_late_task_does_not_run_in_its_caller);
    tcase_add_test(times, a_delayed_task_begins_no_sooner);
    tcase_add_test(times, a_delayed_task_can_be_cancelled);
    tcase_add_test(times, a_shutdown_waits_for_delayed_tasks_or_cancels_them);
    TCase *periods = add_case(suite, "periods");
    tcase_add_loop_test(periods, a_periodic_task_runs_until_it_fails, 0, 2);
    tcase_add_test(periods, a_periodic_task_runs_until_it_is_cancelled);
    tcase_add_test(periods, a_period_beyond_the_end_of_time_is_never_over);
    tcase_add_test(periods, a_shutdown_ends_periodic_tasks);
    tcase_add_test(periods, a_periodic_task_that_is_waited_for_in_a_batch_runs_once_a_period);
    tcase_add_test(periods, cancelled_periodic_tasks_do_not_keep_it_in_use);
#ifdef __linux__
    TCase *names = add_case(suite, "names");
    tcase_add_test(names, a_task_names_its_thread_while_it_runs);
    tcase_add_test(names, a_task_has_its_name_again_after_one_that_ran_inside_it);
#endif
    TCase *maps = add_case(suite, "map");
    tcase_add_test(maps, a_map_passes_all_in_order);
    tcase_add_test(maps, a_map_passes_each_once_as_completed);
    tcase_add_loop_test(maps, a_map_bounds_what_is_in_flight, 0, 2);
    tcase_add_loop_test(maps, a_map_stops_when_it_is_told_to, 0, 2);
    tcase_add_loop_test(maps, a_map_ends_at_its_deadline, 0, 2);
    tcase_add_loop_test(maps, a_map_passes_no_task_after_its_deadline, 0, 2);
    tcase_add_loop_test(maps, a_task_can_map_on_its_own_executor, 0, 4);
    tcase_add_test(maps, a_map_that_waits_lets_another_thread_run_a_task);
    tcase_add_loop_test(maps, a_map_ends_with_its_thread, 0, 2);
    tcase_add_test(maps, a_map_that_ends_with_its_thread_waits_for_its_tasks);
    tcase_add_test(maps, a_map_passes_errors_as_results);
    tcase_add_loop_test(maps, a_map_takes_an_array_of_structs, 0, 2);
    tcase_add_test(maps, an_element_may_be_a_byte);
    tcase_add_loop_test(maps, an_executor_may_have_any_number_of_threads, 0, 4);
    tcase_add_test(maps, a_map_over_more_than_the_memory_is_refused);
    tcase_add_loop_test(maps, without_a_function_the_status_says_whether_all_succeeded, 0, 2);
    tcase_add_test(maps, a_shutdown_during_a_map_is_no_success);
    tcase_add_loop_test(maps, a_value_that_is_not_taken_is_dropped, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(options_suite());
}
