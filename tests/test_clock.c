/*
 * test_clock.c - setting the wall clock moves no deadline: the library reads only the monotonic clock.
 *
 * Linked with the library's internals and with --wrap for clock_gettime, syscall, pthread_cond_timedwait and
 * pthread_condattr_setclock. The wall clock seen through clock_gettime jumps by hours in both directions. The test
 * checks every way to sleep until a point in time, for each futex implementation.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdarg.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>

#include "futex_call.h"
#endif

static struct {
    atomic_uint wall_clock_reads, monotonic_reads;
    atomic_uint timed_sleeps;     /* until a point in time on the monotonic clock */
    atomic_uint other_sleeps;     /* on another clock, or for a duration */
    atomic_uint other_cond_clock; /* condition variables with another clock */
    atomic_uint cond_clocks, cond_sleeps;
    _Atomic uint64_t last_until;
} seen;

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int __real_pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock);
int __wrap_pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
    int result = __real_clock_gettime(clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += atomic_fetch_add(&seen.wall_clock_reads, 1) % 2 ? 7200 : -7200;
    else
        atomic_fetch_add(&seen.monotonic_reads, 1);
    return result;
}

static void note_sleep(const struct timespec *until) {
    atomic_fetch_add(&seen.timed_sleeps, 1);
    atomic_store(&seen.last_until, (uint64_t)until->tv_sec * SECONDS + (uint64_t)until->tv_nsec);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
    note_sleep(until);
    atomic_fetch_add(&seen.cond_sleeps, 1);
    return __real_pthread_cond_timedwait(cond, mutex, until);
}

int __wrap_pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock) {
    atomic_fetch_add(clock == CLOCK_MONOTONIC ? &seen.cond_clocks : &seen.other_cond_clock, 1);
    return __real_pthread_condattr_setclock(attr, clock);
}

#if defined(__linux__)
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* futex(2): only FUTEX_WAIT_BITSET takes an absolute time; without FUTEX_CLOCK_REALTIME it is monotonic. */
static void note_futex(int operation, const struct timespec *until) {
    int command = operation & FUTEX_CMD_MASK;
    if (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET)
        return;
    if (until == NULL)
        return;
    if (command == FUTEX_WAIT_BITSET && !(operation & FUTEX_CLOCK_REALTIME))
        note_sleep(until);
    else
        atomic_fetch_add(&seen.other_sleeps, 1);
}

/* Other system calls than futex have at most three arguments; constructors make some of them. */
long __wrap_syscall(long number, ...) {
    va_list rest;
    va_start(rest, number);
    void *word = va_arg(rest, void *);
    int operation = va_arg(rest, int);
    uint32_t value = va_arg(rest, uint32_t);
    if (!is_futex(number)) {
        va_end(rest);
        return __real_syscall(number, word, operation, value);
    }
    struct timespec *until = va_arg(rest, struct timespec *);
    void *word2 = va_arg(rest, void *);
    uint32_t value3 = va_arg(rest, uint32_t);
    va_end(rest);
    note_futex(operation, until);
    return __real_syscall(number, word, operation, value, until, word2, value3);
}
#endif

static weir_status get_by(weir_queue *queue, weir_deadline deadline) {
    void *item;
    return weir_queue_get_until(queue, &item, deadline);
}

static weir_status put_by(weir_queue *queue, weir_deadline deadline) {
    return weir_queue_put_until(queue, number(1), deadline);
}

/* Makes a wait that times out, and checks its records. If a busy machine is too late for it to sleep, tries again. */
static void assert_sleeps_until(weir_status (*wait)(weir_queue *queue, weir_deadline deadline), weir_queue *queue) {
    weir_deadline deadline, limit = hang_limit();
    do {
        deadline = weir_deadline_after(20 * MILLISECONDS);
        assert_status(WEIR_TIMEDOUT, wait(queue, deadline));
        ck_assert_uint_ge(now(), deadline);
    } while (atomic_load(&seen.timed_sleeps) == 0 && now() < limit);
    ck_assert_uint_gt(atomic_load(&seen.timed_sleeps), 0);
    ck_assert_uint_eq(atomic_load(&seen.last_until), deadline); /* neither a duration, nor converted to another clock */
    ck_assert_uint_eq(atomic_load(&seen.other_sleeps), 0);
    ck_assert_uint_eq(atomic_load(&seen.other_cond_clock), 0);
    ck_assert_uint_eq(atomic_load(&seen.wall_clock_reads), 0);
    ck_assert_uint_gt(atomic_load(&seen.monotonic_reads), 0);
    atomic_store(&seen.timed_sleeps, 0);
}

START_TEST (waits_end_by_the_monotonic_clock) {
    weir_queue *queue = new_queue(1);
    assert_sleeps_until(get_by, queue);
    put_numbers(queue, 0, 1);
    assert_sleeps_until(put_by, queue);
    assert_sleeps_until(weir_queue_join_until, queue);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_condition_variable_that_is_slept_on_has_the_monotonic_clock) {
    weir_queue *queue = new_queue(1);
    void *item;
    unsigned before = atomic_load(&seen.cond_clocks);
    atomic_store(&seen.cond_sleeps, 0);
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, weir_deadline_after(5 * MILLISECONDS)));
    unsigned set = atomic_load(&seen.cond_clocks) - before;
    ck_assert_uint_ge(set, atomic_load(&seen.cond_sleeps)); /* the Linux futex uses none */
    ck_assert_uint_eq(atomic_load(&seen.other_cond_clock), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (nothing_ever_asks_for_the_wall_clock) {
    weir_queue *queue = new_queue(2);
    weir_threads *threads;
    struct call get = {.queue = queue}, join = {.queue = queue};
    call_start_asleep(&get, make_get);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, call_finish(&get));
    call_start_asleep(&join, make_join);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_start_threads(&threads, 2, hand_back, NULL, queue, NULL));
    put_numbers(queue, 0, 100);
    assert_status(WEIR_OK, weir_stop_threads(queue, threads));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&seen.wall_clock_reads), 0);
    ck_assert_uint_eq(atomic_load(&seen.other_sleeps), 0);
}
END_TEST

START_TEST (the_wall_clock_of_this_test_does_jump) { /* the other tests rely on this */
    struct timespec first, second;
    clock_gettime(CLOCK_REALTIME, &first);
    clock_gettime(CLOCK_REALTIME, &second);
    ck_assert_int_gt(second.tv_sec - first.tv_sec, 3600);
    atomic_store(&seen.wall_clock_reads, 0);
}
END_TEST

static Suite *clock_suite(void) {
    Suite *suite = suite_create("clock");
    TCase *clock = add_case(suite, "clock");
    tcase_add_test(clock, waits_end_by_the_monotonic_clock);
    tcase_add_test(clock, a_condition_variable_that_is_slept_on_has_the_monotonic_clock);
    tcase_add_test(clock, nothing_ever_asks_for_the_wall_clock);
    tcase_add_test(clock, the_wall_clock_of_this_test_does_jump);
    return suite;
}

int main(void) {
    return run_suite(clock_suite());
}
