/*
 * test_future_inside.c - tests futures of tasks, from the side of the owner of the task: claims, helping, waits on threads
 * of a crew, and waits of a task for itself.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/crew.h"
#include "future/future.h"
#include "support.h"

#include <string.h>

struct task {
    weir_future future; /* first */
    weir_future *other; /* for the task's function */
    weir_status said;
    int runs, helps, left_queue;
    bool may_help;
};

static struct task tasks[3];
static int freed;

static void destroy_task(weir_future *future) {
    (void)future;
    freed++;
}

static void leave_queue(weir_future *future) {
    ((struct task *)future)->left_queue++;
}

static bool help_task(weir_future *future) {
    struct task *task = (struct task *)future;
    task->helps++;
    if (!task->may_help || !weir__future_begin(future))
        return false;
    task->runs++;
    weir__future_end_value(future, number(7));
    return true;
}

static const weir__future_kind kind = {.destroy = destroy_task, .help = help_task, .cancelled = leave_queue};

static weir_future *new_task(size_t i) {
    tasks[i] = (struct task){.may_help = true};
    freed = 0;
    weir__future_init(&tasks[i].future, &kind, 1, NULL, NULL);
    return &tasks[i].future;
}

/* ---- claims ---- */

START_TEST (a_task_is_small) {
    ck_assert_uint_le(sizeof(weir_future), 64);
}
END_TEST

START_TEST (a_task_runs_once) {
    void *value;
    weir_future *future = new_task(0);
    ck_assert_int_eq(WEIR_FUTURE_PENDING, weir_future_state_of(future));
    ck_assert(weir__future_begin(future));
    ck_assert_int_eq(WEIR_FUTURE_RUNNING, weir_future_state_of(future));
    ck_assert(!weir__future_begin(future));
    assert_status(WEIR_TIMEDOUT, weir_future_get_until(future, &value, 0));
    weir__future_end_value(future, number(3));
    ck_assert(!weir__future_begin(future));
    assert_status(WEIR_OK, weir_future_get(future, &value));
    ck_assert_ptr_eq(number(3), value);
    weir_future_release(future);
    ck_assert_int_eq(1, freed);
    ck_assert_int_eq(0, tasks[0].left_queue);
}
END_TEST

START_TEST (a_task_fails_with_a_message) {
    weir_future *future = new_task(0);
    ck_assert(weir__future_begin(future));
    weir__future_end_error(future, 12, "twelve");
    assert_status(WEIR_FAILED, weir_future_get(future, NULL));
    ck_assert_int_eq(12, weir_future_code(future));
    ck_assert_str_eq("twelve", weir_future_message(future));
    weir_future_release(future);
}
END_TEST

START_TEST (only_its_owner_ends_a_task) {
    weir_future *future = new_task(0);
    for (int round = 0; round < 2; round++) {
        assert_status(WEIR_INVALID, weir_future_set(future, NULL));
        assert_status(WEIR_INVALID, weir_future_fail(future, 1, "x"));
        if (round == 0)
            ck_assert(weir__future_begin(future));
    }
    weir__future_end_error(future, WEIR_CODE(WEIR_NOMEM), NULL);
    ck_assert_str_eq("", weir_future_message(future));
    weir_future_release(future);
}
END_TEST

/* ---- cancels ---- */

START_TEST (a_pending_task_that_is_cancelled_leaves_its_queue) {
    weir_future *future = new_task(0);
    assert_status(WEIR_OK, weir_future_cancel(future));
    ck_assert_int_eq(1, tasks[0].left_queue);
    ck_assert(!weir__future_begin(future));
    assert_status(WEIR_OK, weir_future_cancel(future));
    ck_assert_int_eq(1, tasks[0].left_queue);
    weir_future_release(future);
}
END_TEST

START_TEST (a_running_task_sees_the_request) {
    weir_future *future = new_task(0);
    ck_assert(weir__future_begin(future));
    ck_assert(!weir_future_cancelled(future));
    assert_status(WEIR_BUSY, weir_future_cancel(future));
    ck_assert(weir_future_cancelled(future));
    ck_assert_int_eq(WEIR_FUTURE_RUNNING, weir_future_state_of(future));
    weir__future_end_value(future, number(1)); /* it may end all the same */
    ck_assert_int_eq(WEIR_FUTURE_DONE, weir_future_state_of(future));
    ck_assert(weir_future_cancelled(future));
    assert_status(WEIR_CLOSED, weir_future_cancel(future));
    ck_assert_int_eq(0, tasks[0].left_queue);
    weir_future_release(future);
}
END_TEST

START_TEST (a_running_task_may_end_as_cancelled) {
    weir_future *future = new_task(0);
    ck_assert(weir__future_begin(future));
    assert_status(WEIR_BUSY, weir_future_cancel(future));
    weir__future_end_cancelled(future);
    assert_status(WEIR_CANCELLED, weir_future_get(future, NULL));
    ck_assert_int_eq(WEIR_CODE(WEIR_CANCELLED), weir_future_code(future));
    ck_assert_int_eq(0, tasks[0].left_queue);
    weir_future_release(future);
}
END_TEST

START_TEST (a_task_may_run_again) {
    weir_future *future = new_task(0);
    for (int round = 0; round < 2; round++) {
        ck_assert(weir__future_begin(future));
        ck_assert(weir__future_again(future));
        ck_assert_int_eq(WEIR_FUTURE_PENDING, weir_future_state_of(future));
    }
    ck_assert(weir__future_begin(future));
    assert_status(WEIR_BUSY, weir_future_cancel(future));
    ck_assert(!weir__future_again(future));
    ck_assert_int_eq(WEIR_FUTURE_RUNNING, weir_future_state_of(future));
    weir__future_end_cancelled(future);
    weir_future_release(future);
}
END_TEST

/* ---- a task that waits for itself ---- */

static void assert_deadlock(weir_future *future) {
    size_t ended = 9;
    weir_future *found;
    weir_completions *completions;
    assert_status(WEIR_DEADLOCK, weir_future_get(future, NULL));
    assert_status(WEIR_DEADLOCK, weir_future_get_until(future, NULL, hang_limit()));
    for (int mode = WEIR_FIRST_COMPLETED; mode <= WEIR_ALL; mode++) {
        assert_status(WEIR_DEADLOCK, weir_wait(&future, 1, (weir_wait_mode)mode, WEIR_NEVER, &ended));
        ck_assert_uint_eq(0, ended);
    }
    assert_status(WEIR_OK, weir_as_completed(&completions, &future, 1));
    assert_status(WEIR_DEADLOCK, weir_completions_next(completions, &found, NULL, WEIR_NEVER));
    weir_completions_destroy(completions);
}

START_TEST (a_task_that_waits_for_itself_is_a_deadlock) {
    weir__callout outer, inner;
    weir_future *future = new_task(0), *next = new_task(1);
    ck_assert(weir__future_begin(future) && weir__future_begin(next));
    weir__callout_begin(&outer, future, WEIR__FUTURE_RUNS);
    assert_deadlock(future);
    weir__callout_begin(&inner, next, WEIR__FUTURE_RUNS); /* on the same stack */
    assert_deadlock(future);
    assert_deadlock(next);
    weir__callout_end(&inner);
    weir__callout_end(&outer);
    assert_status(WEIR_TIMEDOUT, weir_future_get_until(future, NULL, 0));
    weir__future_end_value(future, NULL);
    weir__future_end_value(next, NULL);
    weir_future_release(future);
    weir_future_release(next);
}
END_TEST

/* A wait for itself and for another one ends with that one. */
START_TEST (a_task_may_wait_for_itself_or_another) {
    weir__callout callout;
    size_t ended, index;
    weir_future *both[2] = {new_task(0), new_task(1)}, *found;
    weir_completions *completions;
    ck_assert(weir__future_begin(both[0]) && weir__future_begin(both[1]));
    weir__callout_begin(&callout, both[0], WEIR__FUTURE_RUNS);
    assert_status(WEIR_OK, weir_as_completed(&completions, both, 2));
    assert_status(WEIR_TIMEDOUT, weir_wait(both, 2, WEIR_FIRST_COMPLETED, weir_deadline_after(MILLISECONDS), &ended));
    assert_status(WEIR_DEADLOCK, weir_wait(both, 2, WEIR_ALL, WEIR_NEVER, &ended));
    assert_status(WEIR_TIMEDOUT, weir_completions_next(completions, &found, &index, 0));
    weir__future_end_value(both[1], NULL);
    assert_status(WEIR_OK, weir_wait(both, 2, WEIR_FIRST_COMPLETED, WEIR_NEVER, &ended));
    ck_assert_uint_eq(1, ended);
    assert_status(WEIR_DEADLOCK, weir_wait(both, 2, WEIR_FIRST_ERROR, WEIR_NEVER, &ended));
    ck_assert_uint_eq(1, ended);
    assert_status(WEIR_OK, weir_completions_next(completions, &found, &index, WEIR_NEVER));
    ck_assert_uint_eq(1, index);
    assert_status(WEIR_DEADLOCK, weir_completions_next(completions, &found, &index, WEIR_NEVER));
    weir__callout_end(&callout);
    weir__future_end_value(both[0], NULL);
    assert_status(WEIR_OK, weir_completions_next(completions, &found, &index, WEIR_NEVER));
    assert_status(WEIR_CLOSED, weir_completions_next(completions, &found, &index, WEIR_NEVER));
    weir_completions_destroy(completions);
    weir_future_release(both[0]);
    weir_future_release(both[1]);
}
END_TEST

/* ---- on threads of a crew ---- */

struct scene {
    weir__job job; /* first */
    void (*play)(void);
    struct gate played;
};

static void run_scene(weir__job *job, weir__hand *hand) {
    struct scene *scene = (struct scene *)job;
    (void)hand;
    scene->play();
    gate_open(&scene->played);
}

/* Plays the scene on a thread of a crew that has at most `most` threads. */
static void play(void (*scene)(void), size_t most) {
    weir__crew *crew;
    const weir__crew_options options = {.name = "test", .size = 1, .most = most, .idle_time = UINT64_MAX};
    static struct scene stage;
    stage = (struct scene){.job = {.run = run_scene}, .play = scene, .played = GATE};
    ck_assert_int_eq(WEIR_OK, weir__crew_create(&crew, &options));
    stage.job.crew = crew;
    stage.job.band = WEIR__BAND_NORMAL;
    ck_assert(weir__job_ready(&stage.job));
    gate_pass(&stage.played);
    weir__job_leave(&stage.job);
    weir__crew_destroy(crew);
}

/* What the scene saw; the test asserts when it has been played. */
static weir_status seen[8];
static size_t steps;

static void see(weir_status status) {
    seen[steps++] = status;
}

static void get_first(void) {
    see(weir_future_get(&tasks[0].future, NULL));
    see(weir_future_get_until(&tasks[1].future, NULL, weir_deadline_after(MILLISECONDS)));
}

START_TEST (a_waiting_thread_of_the_crew_helps) {
    (void)new_task(0);
    (void)new_task(1);
    steps = 0;
    play(get_first, 2);
    assert_status(WEIR_OK, seen[0]);
    ck_assert_int_eq(1, tasks[0].runs);
    assert_status(WEIR_TIMEDOUT, seen[1]); /* with a deadline it does not: the task might take longer */
    ck_assert_int_eq(0, tasks[1].helps);
    weir_future_release(&tasks[0].future);
    assert_status(WEIR_OK, weir_future_cancel(&tasks[1].future));
    weir_future_release(&tasks[1].future);
}
END_TEST

START_TEST (another_thread_does_not_help) {
    weir_future *future = new_task(0);
    assert_status(WEIR_TIMEDOUT, weir_future_get_until(future, NULL, weir_deadline_after(MILLISECONDS)));
    ck_assert_int_eq(0, tasks[0].helps);
    assert_status(WEIR_OK, weir_future_cancel(future));
    weir_future_release(future);
}
END_TEST

static void wait_for_three(void) {
    weir_future *all[3] = {&tasks[0].future, &tasks[1].future, &tasks[2].future};
    see(weir_wait(all, 3, WEIR_ALL, WEIR_NEVER, NULL));
}

START_TEST (a_wait_for_all_helps_each) {
    for (size_t i = 0; i < 3; i++)
        (void)new_task(i);
    steps = 0;
    play(wait_for_three, 1);
    assert_status(WEIR_OK, seen[0]);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(1, tasks[i].runs);
        weir_future_release(&tasks[i].future);
    }
}
END_TEST

/* The only thread of the crew cannot sleep for a task of the crew that does not let it help. */
static void block_alone(void) {
    weir_future *future = &tasks[0].future, *found;
    weir_completions *completions;
    see(weir_future_get(future, NULL));
    see(weir_future_get_until(future, NULL, hang_limit()));
    see(weir_wait(&future, 1, WEIR_ALL, WEIR_NEVER, NULL));
    see(weir_wait(&future, 1, WEIR_FIRST_COMPLETED, WEIR_NEVER, NULL));
    see(weir_wait(&future, 1, WEIR_FIRST_ERROR, hang_limit(), NULL));
    see(weir_as_completed(&completions, &future, 1));
    see(weir_completions_next(completions, &found, NULL, WEIR_NEVER));
    weir_completions_destroy(completions);
}

START_TEST (the_last_thread_of_a_crew_does_not_sleep) {
    weir_future *future = new_task(0);
    tasks[0].may_help = false;
    steps = 0;
    play(block_alone, 1);
    for (size_t i = 0; i < 7; i++)
        assert_status(i == 5 ? WEIR_OK : WEIR_DEADLOCK, seen[i]);
    assert_status(WEIR_OK, weir_future_cancel(future));
    weir_future_release(future);
}
END_TEST

/* With a deadline the last thread helps, because it must not sleep. */
static void help_late(void) {
    see(weir_future_get_until(&tasks[0].future, NULL, hang_limit()));
}

START_TEST (the_last_thread_of_a_crew_helps_with_a_deadline_too) {
    weir_future *future = new_task(0);
    steps = 0;
    play(help_late, 1);
    assert_status(WEIR_OK, seen[0]);
    ck_assert_int_eq(1, tasks[0].runs);
    weir_future_release(future);
}
END_TEST

static weir_future *promise;

static void get_promise(void) {
    weir_future *found;
    weir_completions *completions;
    see(weir_future_get(promise, NULL));
    see(weir_wait(&promise, 1, WEIR_FIRST_COMPLETED, WEIR_NEVER, NULL));
    see(weir_as_completed(&completions, &promise, 1));
    see(weir_completions_next(completions, &found, NULL, WEIR_NEVER));
    weir_completions_destroy(completions);
}

static void *set_promise(void *unused) {
    (void)unused;
    nap();
    ck_assert_int_eq(WEIR_OK, weir_future_set(promise, NULL));
    return NULL;
}

/* While a thread of the crew waits, another one has its seat. */
START_TEST (a_thread_of_a_crew_may_wait_for_a_promise) {
    pthread_t thread;
    assert_status(WEIR_OK, weir_future_create(&promise, NULL, NULL));
    thread_start(&thread, set_promise, NULL);
    steps = 0;
    play(get_promise, 2);
    for (size_t i = 0; i < 4; i++)
        assert_status(WEIR_OK, seen[i]);
    thread_join(thread);
    weir_future_release(promise);
}
END_TEST

static Suite *future_inside_suite(void) {
    Suite *suite = suite_create("future: tasks");
    TCase *claims = add_case(suite, "claims");
    tcase_add_test(claims, a_task_is_small);
    tcase_add_test(claims, a_task_runs_once);
    tcase_add_test(claims, a_task_fails_with_a_message);
    tcase_add_test(claims, only_its_owner_ends_a_task);
    TCase *cancels = add_case(suite, "cancels");
    tcase_add_test(cancels, a_pending_task_that_is_cancelled_leaves_its_queue);
    tcase_add_test(cancels, a_running_task_sees_the_request);
    tcase_add_test(cancels, a_running_task_may_end_as_cancelled);
    tcase_add_test(cancels, a_task_may_run_again);
    TCase *itself = add_case(suite, "itself");
    tcase_add_test(itself, a_task_that_waits_for_itself_is_a_deadlock);
    tcase_add_test(itself, a_task_may_wait_for_itself_or_another);
    TCase *crew = add_case(suite, "crew");
    tcase_add_test(crew, a_waiting_thread_of_the_crew_helps);
    tcase_add_test(crew, another_thread_does_not_help);
    tcase_add_test(crew, a_wait_for_all_helps_each);
    tcase_add_test(crew, the_last_thread_of_a_crew_does_not_sleep);
    tcase_add_test(crew, the_last_thread_of_a_crew_helps_with_a_deadline_too);
    tcase_add_test(crew, a_thread_of_a_crew_may_wait_for_a_promise);
    return suite;
}

int main(void) {
    return run_suite(future_inside_suite());
}
