/*
 * test_future_wait.c - tests waiting for several futures: weir_wait and weir_as_completed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdio.h>

enum { MANY = 10000 };

static void make_futures(weir_future **futures, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_status(WEIR_OK, weir_future_create(&futures[i], NULL, NULL));
}

static void release_all(weir_future **futures, size_t count) {
    for (size_t i = 0; i < count; i++)
        weir_future_release(futures[i]);
}

/* ---- a wait in a thread of its own ---- */

struct waiter {
    struct call call; /* first member */
    weir_future **futures;
    size_t count;
    weir_wait_mode mode;
    size_t ended;
};

static void make_wait(struct call *call) {
    struct waiter *waiter = (struct waiter *)call;
    call->status = weir_wait(waiter->futures, waiter->count, waiter->mode, hang_limit(), &waiter->ended);
}

static void start_asleep(struct waiter *waiter, weir_future **futures, size_t count, weir_wait_mode mode) {
    *waiter = (struct waiter){.futures = futures, .count = count, .mode = mode};
    call_start_asleep(&waiter->call, make_wait);
}

static void assert_waited(struct waiter *waiter, size_t ended) {
    assert_status(WEIR_OK, call_finish(&waiter->call));
    ck_assert_uint_eq(ended, waiter->ended);
}

/* ---- the modes ---- */

START_TEST (first_completed_returns_at_any_end) {
    struct waiter waiter;
    weir_future *futures[3];
    make_futures(futures, 3);
    start_asleep(&waiter, futures, 3, WEIR_FIRST_COMPLETED);
    assert_status(WEIR_OK, weir_future_cancel(futures[1]));
    assert_waited(&waiter, 1);
    start_asleep(&waiter, &futures[2], 1, WEIR_FIRST_COMPLETED);
    assert_status(WEIR_OK, weir_future_set(futures[2], NULL));
    assert_waited(&waiter, 1);
    release_all(futures, 3);
}
END_TEST

START_TEST (first_error_waits_for_a_failure) {
    struct waiter waiter;
    weir_future *futures[4];
    make_futures(futures, 4);
    start_asleep(&waiter, futures, 4, WEIR_FIRST_ERROR);
    assert_status(WEIR_OK, weir_future_set(futures[0], NULL));
    ck_assert(call_is_asleep(&waiter.call));
    assert_status(WEIR_OK, weir_future_cancel(futures[3])); /* is no failure */
    ck_assert(call_is_asleep(&waiter.call));
    assert_status(WEIR_OK, weir_future_fail(futures[2], 1, "x"));
    assert_waited(&waiter, 3);
    release_all(futures, 4);
}
END_TEST

START_TEST (first_error_returns_when_all_have_ended) {
    struct waiter waiter;
    weir_future *futures[2];
    make_futures(futures, 2);
    start_asleep(&waiter, futures, 2, WEIR_FIRST_ERROR);
    assert_status(WEIR_OK, weir_future_set(futures[0], NULL));
    assert_status(WEIR_OK, weir_future_cancel(futures[1]));
    assert_waited(&waiter, 2);
    release_all(futures, 2);
}
END_TEST

START_TEST (all_waits_for_each) {
    struct waiter waiter;
    weir_future *futures[3];
    make_futures(futures, 3);
    start_asleep(&waiter, futures, 3, WEIR_ALL);
    assert_status(WEIR_OK, weir_future_fail(futures[2], 1, "x"));
    ck_assert(call_is_asleep(&waiter.call));
    assert_status(WEIR_OK, weir_future_set(futures[0], NULL));
    ck_assert(call_is_asleep(&waiter.call));
    assert_status(WEIR_OK, weir_future_cancel(futures[1]));
    assert_waited(&waiter, 3);
    release_all(futures, 3);
}
END_TEST

START_TEST (those_that_have_ended_count_at_once) {
    size_t ended;
    weir_future *futures[3];
    make_futures(futures, 3);
    assert_status(WEIR_OK, weir_future_set(futures[1], NULL));
    assert_status(WEIR_OK, weir_wait(futures, 3, WEIR_FIRST_COMPLETED, WEIR_NEVER, &ended));
    ck_assert_uint_eq(1, ended);
    assert_status(WEIR_TIMEDOUT, weir_wait(futures, 3, WEIR_FIRST_ERROR, 0, &ended));
    assert_status(WEIR_OK, weir_future_fail(futures[0], 1, "x"));
    assert_status(WEIR_OK, weir_wait(futures, 3, WEIR_FIRST_ERROR, WEIR_NEVER, &ended));
    ck_assert_uint_eq(2, ended);
    assert_status(WEIR_TIMEDOUT, weir_wait(futures, 3, WEIR_ALL, 0, &ended));
    ck_assert_uint_eq(2, ended);
    assert_status(WEIR_OK, weir_wait(futures, 2, WEIR_ALL, 0, NULL));
    release_all(futures, 3);
}
END_TEST

START_TEST (a_wait_returns_at_its_deadline) {
    weir_future *futures[2];
    make_futures(futures, 2);
    assert_status(WEIR_OK, weir_future_set(futures[1], NULL));
    for (int mode = WEIR_FIRST_COMPLETED; mode <= WEIR_ALL; mode++) {
        size_t ended = 9;
        weir_deadline deadline = weir_deadline_after(10 * MILLISECONDS);
        size_t count = mode == WEIR_FIRST_COMPLETED ? 1 : 2;
        assert_status(WEIR_TIMEDOUT, weir_wait(futures, count, (weir_wait_mode)mode, deadline, &ended));
        ck_assert_uint_ge(now(), deadline);
        ck_assert_uint_eq(count - 1, ended);
    }
    /* Nothing of the waits is left: an end tells none of them. */
    assert_status(WEIR_OK, weir_future_set(futures[0], NULL));
    release_all(futures, 2);
}
END_TEST

START_TEST (an_empty_wait_returns_at_once) {
    for (int mode = WEIR_FIRST_COMPLETED; mode <= WEIR_ALL; mode++) {
        size_t ended = 9;
        assert_status(WEIR_OK, weir_wait(NULL, 0, (weir_wait_mode)mode, WEIR_NEVER, &ended));
        ck_assert_uint_eq(0, ended);
    }
}
END_TEST

START_TEST (an_entry_counts_as_often_as_it_occurs) {
    struct waiter waiter;
    weir_future *future;
    make_futures(&future, 1);
    for (int mode = WEIR_FIRST_COMPLETED; mode <= WEIR_ALL; mode++) {
        weir_future *twice[2] = {future, future};
        start_asleep(&waiter, twice, 2, (weir_wait_mode)mode);
        assert_status(WEIR_OK, weir_future_set(future, NULL));
        assert_waited(&waiter, 2);
        weir_future_release(future);
        make_futures(&future, 1);
    }
    weir_future_release(future);
}
END_TEST

START_TEST (several_may_wait_for_one) {
    struct waiter waiters[3];
    weir_future *futures[2];
    make_futures(futures, 2);
    for (int mode = WEIR_FIRST_COMPLETED; mode <= WEIR_ALL; mode++)
        start_asleep(&waiters[mode], futures, 2, (weir_wait_mode)mode);
    assert_status(WEIR_OK, weir_future_fail(futures[0], 1, "x"));
    assert_waited(&waiters[WEIR_FIRST_COMPLETED], 1);
    assert_waited(&waiters[WEIR_FIRST_ERROR], 1);
    ck_assert(call_is_asleep(&waiters[WEIR_ALL].call));
    assert_status(WEIR_OK, weir_future_set(futures[1], NULL));
    assert_waited(&waiters[WEIR_ALL], 2);
    release_all(futures, 2);
}
END_TEST

START_TEST (a_wrong_wait_is_refused) {
    size_t ended = 7;
    weir_future *futures[2] = {NULL, NULL};
    make_futures(futures, 1);
    assert_status(WEIR_INVALID, weir_wait(NULL, 1, WEIR_ALL, 0, &ended));
    assert_status(WEIR_INVALID, weir_wait(futures, 2, WEIR_ALL, 0, &ended));
    assert_status(WEIR_INVALID, weir_wait(futures, 1, (weir_wait_mode)3, 0, &ended));
    assert_status(WEIR_INVALID, weir_wait(futures, 1, (weir_wait_mode)-1, 0, &ended));
    ck_assert_uint_eq(7, ended);
    weir_future_release(futures[0]);
}
END_TEST

/* ---- as completed ---- */

static weir_completions *completions_of(weir_future **futures, size_t count) {
    weir_completions *completions;
    assert_status(WEIR_OK, weir_as_completed(&completions, futures, count));
    return completions;
}

static size_t next(weir_completions *completions, weir_future *const *futures) {
    weir_future *future;
    size_t index = SIZE_MAX;
    assert_status(WEIR_OK, weir_completions_next(completions, &future, &index, hang_limit()));
    ck_assert_ptr_eq(futures[index], future);
    ck_assert_int_ge(weir_future_state_of(future), WEIR_FUTURE_DONE);
    return index;
}

static void assert_at_end(weir_completions *completions) {
    weir_future *future = NULL;
    for (int i = 0; i < 2; i++)
        assert_status(WEIR_CLOSED, weir_completions_next(completions, &future, NULL, WEIR_NEVER));
    ck_assert_ptr_null(future);
}

START_TEST (they_come_in_the_order_in_which_they_end) {
    weir_future *futures[5], *future;
    make_futures(futures, 5);
    assert_status(WEIR_OK, weir_future_set(futures[3], NULL));
    assert_status(WEIR_OK, weir_future_set(futures[1], NULL));
    weir_completions *completions = completions_of(futures, 5);
    assert_status(WEIR_OK, weir_future_set(futures[4], NULL));
    assert_status(WEIR_OK, weir_future_cancel(futures[0]));
    ck_assert_uint_eq(1, next(completions, futures)); /* had ended: in the order of the array */
    ck_assert_uint_eq(3, next(completions, futures));
    ck_assert_uint_eq(4, next(completions, futures));
    ck_assert_uint_eq(0, next(completions, futures));
    assert_status(WEIR_TIMEDOUT, weir_completions_next(completions, &future, NULL, 0));
    assert_status(WEIR_TIMEDOUT, weir_completions_next(completions, &future, NULL, weir_deadline_after(MILLISECONDS)));
    assert_status(WEIR_OK, weir_future_fail(futures[2], 1, "x"));
    ck_assert_uint_eq(2, next(completions, futures));
    assert_at_end(completions);
    weir_completions_destroy(completions);
    release_all(futures, 5);
}
END_TEST

START_TEST (completions_keep_their_futures) {
    weir_future *futures[2];
    make_futures(futures, 2);
    weir_completions *completions = completions_of(futures, 2);
    assert_status(WEIR_OK, weir_future_set(futures[1], NULL));
    weir_future_release(futures[1]);
    ck_assert_uint_eq(1, next(completions, futures));
    weir_completions_destroy(completions);
    assert_status(WEIR_OK, weir_future_set(futures[0], NULL)); /* it is told no more */
    weir_future_release(futures[0]);
}
END_TEST

START_TEST (an_entry_comes_as_often_as_it_occurs) {
    weir_future *future;
    make_futures(&future, 1);
    weir_future *twice[2] = {future, future};
    weir_completions *completions = completions_of(twice, 2);
    assert_status(WEIR_OK, weir_future_set(future, NULL));
    ck_assert_uint_eq(0, next(completions, twice));
    ck_assert_uint_eq(1, next(completions, twice));
    assert_at_end(completions);
    weir_completions_destroy(completions);
    weir_future_release(future);
}
END_TEST

START_TEST (completions_of_none_are_at_their_end) {
    weir_completions *completions = completions_of(NULL, 0);
    assert_at_end(completions);
    weir_completions_destroy(completions);
    weir_completions_destroy(NULL);
}
END_TEST

START_TEST (wrong_completions_are_refused) {
    weir_completions *completions = NULL;
    weir_future *futures[2] = {NULL, NULL}, *future;
    make_futures(futures, 1);
    assert_status(WEIR_INVALID, weir_as_completed(NULL, futures, 1));
    assert_status(WEIR_INVALID, weir_as_completed(&completions, NULL, 1));
    assert_status(WEIR_INVALID, weir_as_completed(&completions, futures, 2));
    ck_assert_ptr_null(completions);
    assert_status(WEIR_INVALID, weir_completions_next(NULL, &future, NULL, 0));
    completions = completions_of(futures, 1);
    assert_status(WEIR_INVALID, weir_completions_next(completions, NULL, NULL, 0));
    weir_completions_destroy(completions);
    weir_future_release(futures[0]);
}
END_TEST

/* ---- several threads ---- */

struct share {
    weir_completions *completions;
    size_t got;
    uint64_t sum;
    weir_status status;
};

static void *take_share(void *raw) {
    struct share *share = raw;
    weir_future *future;
    size_t index;
    while ((share->status = weir_completions_next(share->completions, &future, &index, hang_limit())) == WEIR_OK) {
        share->got++;
        share->sum += index;
    }
    return NULL;
}

START_TEST (each_entry_goes_to_one_of_several_threads) {
    static weir_future *futures[MANY];
    struct share shares[3] = {0};
    pthread_t threads[3];
    make_futures(futures, MANY);
    weir_completions *completions = completions_of(futures, MANY);
    for (size_t t = 0; t < 3; t++) {
        shares[t].completions = completions;
        thread_start(&threads[t], take_share, &shares[t]);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_status(WEIR_OK, weir_future_set(futures[i], NULL));
    size_t got = 0;
    uint64_t sum = 0;
    for (size_t t = 0; t < 3; t++) {
        thread_join(threads[t]);
        assert_status(WEIR_CLOSED, shares[t].status);
        got += shares[t].got;
        sum += shares[t].sum;
    }
    ck_assert_uint_eq(MANY, got);
    ck_assert_uint_eq((uint64_t)MANY * (MANY - 1) / 2, sum);
    weir_completions_destroy(completions);
    release_all(futures, MANY);
}
END_TEST

struct setter {
    weir_future **futures;
    size_t first;
};

static void *set_half(void *raw) {
    const struct setter *setter = raw;
    for (size_t i = setter->first; i < MANY; i += 2)
        ck_assert_int_eq(WEIR_OK, weir_future_set(setter->futures[i], number(i)));
    return NULL;
}

static void set_by_two(weir_future **futures, pthread_t *threads, struct setter *setters) {
    for (size_t t = 0; t < 2; t++) {
        setters[t] = (struct setter){.futures = futures, .first = t};
        thread_start(&threads[t], set_half, &setters[t]);
    }
}

START_TEST (ten_thousand_are_waited_for) {
    static weir_future *futures[MANY];
    for (int mode = WEIR_FIRST_ERROR; mode <= WEIR_ALL; mode++) {
        struct setter setters[2];
        pthread_t threads[2];
        size_t ended = 0;
        make_futures(futures, MANY);
        set_by_two(futures, threads, setters);
        assert_status(WEIR_OK, weir_wait(futures, MANY, (weir_wait_mode)mode, hang_limit(), &ended));
        ck_assert_uint_eq(MANY, ended);
        for (size_t t = 0; t < 2; t++)
            thread_join(threads[t]);
        release_all(futures, MANY);
    }
}
END_TEST

START_TEST (ten_thousand_come_as_they_end) {
    static weir_future *futures[MANY];
    static bool came[MANY];
    struct setter setters[2];
    pthread_t threads[2];
    size_t last[2] = {0, 1};
    make_futures(futures, MANY);
    weir_completions *completions = completions_of(futures, MANY);
    set_by_two(futures, threads, setters);
    for (size_t i = 0; i < MANY; i++) {
        void *value;
        size_t index = next(completions, futures);
        ck_assert(!came[index]);
        came[index] = true;
        ck_assert_uint_ge(index, last[index % 2]); /* those of one thread in its order */
        last[index % 2] = index;
        assert_status(WEIR_OK, weir_future_get(futures[index], &value));
        ck_assert_ptr_eq(number(index), value);
    }
    assert_at_end(completions);
    for (size_t t = 0; t < 2; t++)
        thread_join(threads[t]);
    weir_completions_destroy(completions);
    release_all(futures, MANY);
}
END_TEST

static Suite *future_wait_suite(void) {
    Suite *suite = suite_create("future: several");
    TCase *wait = add_case(suite, "wait");
    tcase_add_test(wait, first_completed_returns_at_any_end);
    tcase_add_test(wait, first_error_waits_for_a_failure);
    tcase_add_test(wait, first_error_returns_when_all_have_ended);
    tcase_add_test(wait, all_waits_for_each);
    tcase_add_test(wait, those_that_have_ended_count_at_once);
    tcase_add_test(wait, a_wait_returns_at_its_deadline);
    tcase_add_test(wait, an_empty_wait_returns_at_once);
    tcase_add_test(wait, an_entry_counts_as_often_as_it_occurs);
    tcase_add_test(wait, several_may_wait_for_one);
    tcase_add_test(wait, a_wrong_wait_is_refused);
    tcase_add_test(wait, ten_thousand_are_waited_for);
    TCase *completed = add_case(suite, "as completed");
    tcase_add_test(completed, they_come_in_the_order_in_which_they_end);
    tcase_add_test(completed, completions_keep_their_futures);
    tcase_add_test(completed, an_entry_comes_as_often_as_it_occurs);
    tcase_add_test(completed, completions_of_none_are_at_their_end);
    tcase_add_test(completed, wrong_completions_are_refused);
    tcase_add_test(completed, each_entry_goes_to_one_of_several_threads);
    tcase_add_test(completed, ten_thousand_come_as_they_end);
    return suite;
}

int main(void) {
    return run_suite(future_wait_suite());
}
