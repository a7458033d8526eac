/*
 * test_future.c - tests futures as promises: values, errors, cancels, callbacks, references and the descriptor.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static struct drops drops;

static weir_future *new_future(void) {
    weir_future *future;
    assert_status(WEIR_OK, weir_future_create(&future, NULL, NULL));
    return future;
}

static weir_future *new_dropping(void) {
    weir_future *future;
    atomic_store(&drops.count, 0);
    assert_status(WEIR_OK, weir_future_create(&future, record_drop, &drops));
    return future;
}

static void assert_drops(size_t count) {
    ck_assert_uint_eq(count, atomic_load(&drops.count));
}

/* ---- threads that get ---- */

struct getter {
    struct call call; /* first member */
    weir_future *future;
    void *value;
};

static void make_get_value(struct call *call) {
    struct getter *getter = (struct getter *)call;
    call->status = weir_future_get_until(getter->future, &getter->value, hang_limit());
}

static void start_asleep(struct getter *getter, weir_future *future) {
    *getter = (struct getter){.future = future};
    call_start_asleep(&getter->call, make_get_value);
}

/* ---- values ---- */

START_TEST (a_new_one_is_pending) {
    void *value = number(3);
    weir_future *future = new_future();
    ck_assert_int_eq(WEIR_FUTURE_PENDING, weir_future_state_of(future));
    assert_status(WEIR_TIMEDOUT, weir_future_get_until(future, &value, 0));
    assert_status(WEIR_BUSY, weir_future_take(future, &value));
    ck_assert_ptr_eq(number(3), value);
    ck_assert_int_eq(0, weir_future_code(future));
    ck_assert_str_eq("", weir_future_message(future));
    ck_assert(!weir_future_cancelled(future));
    weir_future_release(future);
}
END_TEST

START_TEST (a_value_is_got_as_often_as_wanted) {
    weir_future *future = new_future();
    assert_status(WEIR_OK, weir_future_set(future, number(7)));
    ck_assert_int_eq(WEIR_FUTURE_DONE, weir_future_state_of(future));
    for (int i = 0; i < 3; i++) {
        void *value = NULL;
        assert_status(WEIR_OK, weir_future_get(future, &value));
        ck_assert_ptr_eq(number(7), value);
    }
    assert_status(WEIR_OK, weir_future_get(future, NULL));
    ck_assert_int_eq(0, weir_future_code(future));
    ck_assert_str_eq("", weir_future_message(future));
    weir_future_release(future);
}
END_TEST

START_TEST (null_is_a_value) {
    void *value = number(1);
    weir_future *future = new_dropping();
    assert_status(WEIR_OK, weir_future_set(future, NULL));
    assert_status(WEIR_OK, weir_future_get(future, &value));
    ck_assert_ptr_null(value);
    weir_future_release(future);
    assert_drops(1);
    ck_assert_ptr_null(drops.items[0]);
}
END_TEST

START_TEST (set_wakes_every_thread_that_waits) {
    struct getter getters[3];
    weir_future *future = new_future();
    for (size_t i = 0; i < 3; i++)
        start_asleep(&getters[i], future);
    assert_status(WEIR_OK, weir_future_set(future, number(9)));
    for (size_t i = 0; i < 3; i++) {
        assert_status(WEIR_OK, call_finish(&getters[i].call));
        ck_assert_ptr_eq(number(9), getters[i].value);
    }
    weir_future_release(future);
}
END_TEST

START_TEST (get_returns_at_its_deadline) {
    void *value;
    weir_future *future = new_future();
    weir_deadline deadline = weir_deadline_after(20 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_future_get_until(future, &value, deadline));
    ck_assert_uint_ge(now(), deadline);
    assert_status(WEIR_OK, weir_future_set(future, NULL));
    assert_status(WEIR_OK, weir_future_get_until(future, &value, 0));
    weir_future_release(future);
}
END_TEST

static void *set_four(void *future) {
    ck_assert_int_eq(WEIR_OK, weir_future_set(future, number(4)));
    return NULL;
}

/* The thread that gets has the only reference: the set may still be returning when it is released. */
START_TEST (one_thread_waits_and_another_sets) {
    for (int i = 0; i < 2000; i++) {
        void *value;
        pthread_t thread;
        weir_future *future = new_dropping();
        thread_start(&thread, set_four, future);
        assert_status(WEIR_OK, weir_future_get(future, &value));
        ck_assert_ptr_eq(number(4), value);
        weir_future_release(future);
        assert_drops(1);
        thread_join(thread);
    }
}
END_TEST

START_TEST (it_ends_once) {
    void *value;
    weir_future *future = new_dropping();
    assert_status(WEIR_OK, weir_future_set(future, number(1)));
    assert_status(WEIR_CLOSED, weir_future_set(future, number(2)));
    assert_status(WEIR_CLOSED, weir_future_fail(future, 5, "late"));
    assert_status(WEIR_CLOSED, weir_future_cancel(future));
    ck_assert(!weir_future_cancelled(future));
    assert_status(WEIR_OK, weir_future_get(future, &value));
    ck_assert_ptr_eq(number(1), value);
    weir_future_release(future);
    assert_drops(1); /* what was refused is the caller's */
}
END_TEST

/* ---- take ---- */

START_TEST (take_moves_the_value_out_once) {
    void *value = NULL;
    weir_future *future = new_dropping();
    assert_status(WEIR_OK, weir_future_set(future, number(1)));
    assert_status(WEIR_OK, weir_future_take(future, &value));
    ck_assert_ptr_eq(number(1), value);
    value = number(5);
    assert_status(WEIR_EMPTY, weir_future_take(future, &value));
    assert_status(WEIR_EMPTY, weir_future_get(future, &value));
    ck_assert_ptr_eq(number(5), value);
    ck_assert_int_eq(WEIR_FUTURE_DONE, weir_future_state_of(future));
    weir_future_release(future);
    assert_drops(0);
}
END_TEST

static atomic_int takers;

static void *take_often(void *future) {
    void *value;
    while (weir_future_state_of(future) == WEIR_FUTURE_PENDING)
        continue;
    if (weir_future_take(future, &value) == WEIR_OK)
        atomic_fetch_add(&takers, 1);
    return NULL;
}

START_TEST (one_of_several_takes_it) {
    for (int i = 0; i < 500; i++) {
        pthread_t threads[2];
        weir_future *future = new_dropping();
        atomic_store(&takers, 0);
        for (size_t t = 0; t < 2; t++)
            thread_start(&threads[t], take_often, future);
        assert_status(WEIR_OK, weir_future_set(future, number(1)));
        for (size_t t = 0; t < 2; t++)
            thread_join(threads[t]);
        ck_assert_int_eq(1, atomic_load(&takers));
        weir_future_release(future);
        assert_drops(0);
    }
}
END_TEST

START_TEST (a_value_without_a_drop_function_is_left_alone) {
    weir_future *future = new_future();
    assert_status(WEIR_OK, weir_future_set(future, number(1)));
    weir_future_release(future);
}
END_TEST

/* ---- errors ---- */

START_TEST (an_error_has_a_code_and_a_message) {
    void *value = number(2);
    weir_future *future = new_dropping();
    assert_status(WEIR_OK, weir_future_fail(future, 404, "no page %d at %s", 12, "home"));
    ck_assert_int_eq(WEIR_FUTURE_FAILED, weir_future_state_of(future));
    assert_status(WEIR_FAILED, weir_future_get(future, &value));
    assert_status(WEIR_FAILED, weir_future_take(future, &value));
    ck_assert_ptr_eq(number(2), value);
    ck_assert_int_eq(404, weir_future_code(future));
    ck_assert_str_eq("no page 12 at home", weir_future_message(future));
    assert_status(WEIR_CLOSED, weir_future_set(future, NULL));
    assert_status(WEIR_CLOSED, weir_future_cancel(future));
    weir_future_release(future);
    assert_drops(0);
}
END_TEST

START_TEST (a_message_may_be_left_out) {
    const char *const none = NULL;
    weir_future *future = new_future();
    assert_status(WEIR_OK, weir_future_fail(future, WEIR_CODE(WEIR_NOMEM), none));
    ck_assert_int_eq(WEIR_CODE(WEIR_NOMEM), weir_future_code(future));
    ck_assert_str_eq("", weir_future_message(future));
    weir_future_release(future);
}
END_TEST

START_TEST (a_message_keeps_255_bytes) {
    char text[400];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weir_future *future = new_future();
    assert_status(WEIR_OK, weir_future_fail(future, 1, "%s", text));
    ck_assert_uint_eq(255, strlen(weir_future_message(future)));
    weir_future_release(future);
}
END_TEST

START_TEST (an_error_wakes_threads_that_wait) {
    struct getter getter;
    weir_future *future = new_future();
    start_asleep(&getter, future);
    assert_status(WEIR_OK, weir_future_fail(future, 3, "x"));
    assert_status(WEIR_FAILED, call_finish(&getter.call));
    weir_future_release(future);
}
END_TEST

/* ---- cancels ---- */

START_TEST (a_cancelled_one_has_ended) {
    void *value = number(2);
    weir_future *future = new_dropping();
    assert_status(WEIR_OK, weir_future_cancel(future));
    ck_assert_int_eq(WEIR_FUTURE_CANCELLED, weir_future_state_of(future));
    ck_assert(weir_future_cancelled(future));
    assert_status(WEIR_CANCELLED, weir_future_get(future, &value));
    assert_status(WEIR_CANCELLED, weir_future_take(future, &value));
    ck_assert_ptr_eq(number(2), value);
    ck_assert_int_eq(WEIR_CODE(WEIR_CANCELLED), weir_future_code(future));
    ck_assert_str_eq("", weir_future_message(future));
    assert_status(WEIR_OK, weir_future_cancel(future));
    assert_status(WEIR_CANCELLED, weir_future_set(future, number(1)));
    assert_status(WEIR_CANCELLED, weir_future_fail(future, 1, "x"));
    weir_future_release(future);
    assert_drops(0);
}
END_TEST

START_TEST (a_cancel_wakes_threads_that_wait) {
    struct getter getters[2];
    weir_future *future = new_future();
    for (size_t i = 0; i < 2; i++)
        start_asleep(&getters[i], future);
    assert_status(WEIR_OK, weir_future_cancel(future));
    for (size_t i = 0; i < 2; i++)
        assert_status(WEIR_CANCELLED, call_finish(&getters[i].call));
    weir_future_release(future);
}
END_TEST

/* ---- callbacks ---- */

static char trail[64];
static weir_future *seen;
static pthread_t seen_in;

static void leave_trail(weir_future *future, void *text) {
    seen = future;
    seen_in = pthread_self();
    strcat(trail, text);
}

static weir_status on_end(weir_future *future, const char *text) {
    return weir_future_on_end(future, leave_trail, (void *)(uintptr_t)text);
}

START_TEST (callbacks_run_in_the_order_in_which_they_were_added) {
    weir_future *future = new_future();
    trail[0] = '\0';
    assert_status(WEIR_OK, on_end(future, "a"));
    assert_status(WEIR_OK, on_end(future, "b"));
    assert_status(WEIR_OK, on_end(future, "c"));
    ck_assert_str_eq("", trail);
    assert_status(WEIR_OK, weir_future_set(future, NULL));
    ck_assert_str_eq("abc", trail);
    ck_assert_ptr_eq(future, seen);
    weir_future_release(future);
    ck_assert_str_eq("abc", trail);
}
END_TEST

START_TEST (a_late_callback_runs_at_once) {
    weir_future *future = new_future();
    trail[0] = '\0';
    assert_status(WEIR_OK, weir_future_fail(future, 1, "x"));
    assert_status(WEIR_OK, on_end(future, "late"));
    ck_assert_str_eq("late", trail);
    ck_assert(pthread_equal(pthread_self(), seen_in));
    weir_future_release(future);
}
END_TEST

START_TEST (a_callback_runs_in_the_thread_that_ends_it) {
    pthread_t thread;
    weir_future *future = new_future();
    trail[0] = '\0';
    assert_status(WEIR_OK, on_end(future, "x"));
    thread_start(&thread, set_four, future);
    pthread_t other = thread;
    thread_join(thread);
    ck_assert(pthread_equal(other, seen_in));
    weir_future_release(future);
}
END_TEST

START_TEST (a_cancel_and_an_error_call_back) {
    weir_future *future = new_future();
    trail[0] = '\0';
    assert_status(WEIR_OK, on_end(future, "cancelled "));
    assert_status(WEIR_OK, weir_future_cancel(future));
    weir_future_release(future);
    future = new_future();
    assert_status(WEIR_OK, on_end(future, "failed"));
    assert_status(WEIR_OK, weir_future_fail(future, 2, "x"));
    weir_future_release(future);
    ck_assert_str_eq("cancelled failed", trail);
}
END_TEST

static void make_every_call(weir_future *future, void *unused) {
    void *value;
    (void)unused;
    ck_assert_int_eq(WEIR_FUTURE_DONE, weir_future_state_of(future));
    assert_status(WEIR_OK, weir_future_get(future, &value));
    assert_status(WEIR_CLOSED, weir_future_set(future, NULL));
    assert_status(WEIR_CLOSED, weir_future_cancel(future));
    assert_status(WEIR_OK, on_end(future, "inner "));
    assert_status(WEIR_OK, weir_wait(&future, 1, WEIR_ALL, WEIR_NEVER, NULL));
    ck_assert_ptr_eq(future, weir_future_retain(future));
    weir_future_release(future);
    assert_status(WEIR_OK, weir_future_take(future, &value));
    weir_future_release(future); /* the one of the thread that sets */
}

START_TEST (a_callback_may_make_any_call) {
    weir_future *future = new_dropping();
    trail[0] = '\0';
    assert_status(WEIR_OK, weir_future_on_end(future, make_every_call, NULL));
    assert_status(WEIR_OK, on_end(future, "second"));
    assert_status(WEIR_OK, weir_future_set(future, number(1)));
    ck_assert_str_eq("inner second", trail);
    assert_drops(0);
}
END_TEST

static void release_in_callback(weir_future *future, void *unused) {
    (void)unused;
    weir_future_release(future);
    assert_drops(0);
}

START_TEST (a_callback_may_release_the_reference_of_the_caller) {
    weir_future *future = new_dropping();
    if (_i == 0)
        assert_status(WEIR_OK, weir_future_on_end(future, release_in_callback, NULL));
    assert_status(WEIR_OK, weir_future_set(future, number(1)));
    if (_i == 1)
        assert_status(WEIR_OK, weir_future_on_end(future, release_in_callback, NULL));
    assert_drops(1);
}
END_TEST

/* ---- references ---- */

START_TEST (the_last_release_drops_the_value) {
    weir_future *future = new_dropping();
    ck_assert_ptr_eq(future, weir_future_retain(future));
    assert_status(WEIR_OK, weir_future_set(future, number(6)));
    weir_future_release(future);
    assert_drops(0);
    weir_future_release(future);
    assert_drops(1);
    ck_assert_ptr_eq(number(6), drops.items[0]);
}
END_TEST

static void keep(weir_future *future, void *kept) {
    *(weir_future **)kept = weir_future_retain(future);
}

START_TEST (a_promise_that_is_dropped_is_cancelled) {
    weir_future *future = new_dropping(), *kept = NULL;
    trail[0] = '\0';
    assert_status(WEIR_OK, on_end(future, "told"));
    assert_status(WEIR_OK, weir_future_on_end(future, keep, &kept));
    weir_future_release(future);
    ck_assert_str_eq("told", trail);
    ck_assert_ptr_eq(future, kept);
    ck_assert_int_eq(WEIR_FUTURE_CANCELLED, weir_future_state_of(kept));
    weir_future_release(kept);
    assert_drops(0);
}
END_TEST

START_TEST (it_can_be_dropped_in_any_state) {
    weir_future *future = new_dropping();
    ck_assert_int_ge(weir_future_fd(future), 0);
    weir_future_release(future);
    future = new_dropping();
    assert_status(WEIR_OK, weir_future_fail(future, 1, "a message"));
    weir_future_release(future);
    future = new_dropping();
    assert_status(WEIR_OK, weir_future_cancel(future));
    weir_future_release(future);
    assert_drops(0);
}
END_TEST

static void release_other(void *item, void *other) {
    (void)item;
    weir_future_release(other);
}

START_TEST (a_drop_function_may_release_another) {
    weir_future *inner = new_dropping(), *outer;
    assert_status(WEIR_OK, weir_future_set(inner, number(1)));
    assert_status(WEIR_OK, weir_future_create(&outer, release_other, inner));
    assert_status(WEIR_OK, weir_future_set(outer, NULL));
    weir_future_release(outer);
    assert_drops(1);
}
END_TEST

/* ---- the descriptor ---- */

static bool is_readable(int fd, int milliseconds) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    return poll(&poll_for, 1, milliseconds) == 1;
}

START_TEST (the_descriptor_is_readable_from_the_end_on) {
    weir_future *future = new_future();
    int fd = weir_future_fd(future);
    ck_assert_int_gt(fd, 2);
    ck_assert_int_eq(fd, weir_future_fd(future));
    ck_assert(!is_readable(fd, 0));
    assert_status(WEIR_OK, weir_future_set(future, NULL));
    ck_assert(is_readable(fd, 0));
    ck_assert(is_readable(fd, 0));
    ck_assert_int_eq(fd, weir_future_fd(future));
    weir_future_release(future);
}
END_TEST

START_TEST (a_late_descriptor_is_readable) {
    weir_future *future = new_future();
    assert_status(WEIR_OK, weir_future_cancel(future));
    int fd = weir_future_fd(future);
    ck_assert_int_gt(fd, 2);
    ck_assert(is_readable(fd, 0));
    weir_future_release(future);
    struct pollfd closed = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(1, poll(&closed, 1, 0));
    ck_assert_int_ne(0, closed.revents & POLLNVAL);
}
END_TEST

START_TEST (a_poll_wakes_at_the_end) {
    pthread_t thread;
    void *value;
    weir_future *future = new_future();
    int fd = weir_future_fd(future);
    thread_start(&thread, set_four, future);
    ck_assert(is_readable(fd, HANG_SECONDS * 1000));
    assert_status(WEIR_OK, weir_future_get_until(future, &value, 0));
    thread_join(thread);
    weir_future_release(future);
}
END_TEST

/* ---- misuse ---- */

START_TEST (null_is_refused) {
    void *value;
    weir_future *future = new_future();
    assert_status(WEIR_INVALID, weir_future_create(NULL, NULL, NULL));
    assert_status(WEIR_INVALID, weir_future_set(NULL, NULL));
    assert_status(WEIR_INVALID, weir_future_fail(NULL, 1, "x"));
    assert_status(WEIR_INVALID, weir_future_fail(future, 0, "x"));
    ck_assert_ptr_null(weir_future_retain(NULL));
    weir_future_release(NULL);
    assert_status(WEIR_INVALID, weir_future_get(NULL, &value));
    assert_status(WEIR_INVALID, weir_future_get_until(NULL, &value, 0));
    assert_status(WEIR_INVALID, weir_future_take(NULL, &value));
    assert_status(WEIR_INVALID, weir_future_take(future, NULL));
    ck_assert_int_eq(WEIR_FUTURE_CANCELLED, weir_future_state_of(NULL));
    ck_assert_int_eq(0, weir_future_code(NULL));
    ck_assert_str_eq("", weir_future_message(NULL));
    assert_status(WEIR_INVALID, weir_future_cancel(NULL));
    ck_assert(!weir_future_cancelled(NULL));
    assert_status(WEIR_INVALID, on_end(NULL, "x"));
    assert_status(WEIR_INVALID, weir_future_on_end(future, NULL, NULL));
    ck_assert_int_eq(-1, weir_future_fd(NULL));
    ck_assert_int_eq(WEIR_FUTURE_PENDING, weir_future_state_of(future));
    weir_future_release(future);
}
END_TEST

static void add_value_tests(Suite *suite) {
    TCase *values = add_case(suite, "values");
    tcase_add_test(values, a_new_one_is_pending);
    tcase_add_test(values, a_value_is_got_as_often_as_wanted);
    tcase_add_test(values, null_is_a_value);
    tcase_add_test(values, set_wakes_every_thread_that_waits);
    tcase_add_test(values, get_returns_at_its_deadline);
    tcase_add_test(values, one_thread_waits_and_another_sets);
    tcase_add_test(values, it_ends_once);
    tcase_add_test(values, take_moves_the_value_out_once);
    tcase_add_test(values, one_of_several_takes_it);
    tcase_add_test(values, a_value_without_a_drop_function_is_left_alone);
}

static void add_end_tests(Suite *suite) {
    TCase *errors = add_case(suite, "errors");
    tcase_add_test(errors, an_error_has_a_code_and_a_message);
    tcase_add_test(errors, a_message_may_be_left_out);
    tcase_add_test(errors, a_message_keeps_255_bytes);
    tcase_add_test(errors, an_error_wakes_threads_that_wait);
    TCase *cancels = add_case(suite, "cancels");
    tcase_add_test(cancels, a_cancelled_one_has_ended);
    tcase_add_test(cancels, a_cancel_wakes_threads_that_wait);
    TCase *callbacks = add_case(suite, "callbacks");
    tcase_add_test(callbacks, callbacks_run_in_the_order_in_which_they_were_added);
    tcase_add_test(callbacks, a_late_callback_runs_at_once);
    tcase_add_test(callbacks, a_callback_runs_in_the_thread_that_ends_it);
    tcase_add_test(callbacks, a_cancel_and_an_error_call_back);
    tcase_add_test(callbacks, a_callback_may_make_any_call);
    tcase_add_loop_test(callbacks, a_callback_may_release_the_reference_of_the_caller, 0, 2);
}

static Suite *future_suite(void) {
    Suite *suite = suite_create("future");
    add_value_tests(suite);
    add_end_tests(suite);
    TCase *references = add_case(suite, "references");
    tcase_add_test(references, the_last_release_drops_the_value);
    tcase_add_test(references, a_promise_that_is_dropped_is_cancelled);
    tcase_add_test(references, it_can_be_dropped_in_any_state);
    tcase_add_test(references, a_drop_function_may_release_another);
    TCase *descriptor = add_case(suite, "descriptor");
    tcase_add_test(descriptor, the_descriptor_is_readable_from_the_end_on);
    tcase_add_test(descriptor, a_late_descriptor_is_readable);
    tcase_add_test(descriptor, a_poll_wakes_at_the_end);
    TCase *misuse = add_case(suite, "misuse");
    tcase_add_test(misuse, null_is_refused);
    return suite;
}

int main(void) {
    return run_suite(future_suite());
}
