/*
 * test_closable_queue_deadlines.c - calls with a deadline, and races at the deadline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

/* ---- past deadlines ---- */

static weir_deadline past(int which) {
    switch (which) {
        case 0:
            return 0;
        case 1:
            return 1;
        case 2:
            return now() - 1;
        default:
            return weir_deadline_after(0);
    }
}

START_TEST (a_past_deadline_tries_once) {
    weir_queue *queue = new_queue(1);
    void *item = number(77);
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, past(_i)));
    ck_assert_ptr_eq(item, number(77));
    assert_status(WEIR_OK, weir_queue_join_until(queue, past(_i)));
    assert_status(WEIR_OK, weir_queue_put_until(queue, number(1), past(_i)));
    assert_status(WEIR_TIMEDOUT, weir_queue_put_until(queue, number(2), past(_i)));
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, past(_i)));
    ck_assert_uint_eq(weir_queue_size(queue), 1);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_OK, weir_queue_get_until(queue, &item, past(_i)));
    ck_assert_uint_eq(number_of(item), 1);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_join_until(queue, past(_i)));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- future deadlines ---- */

enum { SHORT = 20 }; /* ms */

START_TEST (get_until_is_not_early) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 1);
    void *item = number(77);
    weir_deadline deadline = weir_deadline_after(SHORT * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, deadline));
    ck_assert_uint_ge(now(), deadline);
    ck_assert_ptr_eq(item, number(77));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (put_until_is_not_early_and_the_item_stays_outside) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(1, &drops);
    put_numbers(queue, 0, 1);
    weir_deadline deadline = weir_deadline_after(SHORT * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_put_until(queue, number(1), deadline));
    ck_assert_uint_ge(now(), deadline);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    take_numbers(queue, 0, 1);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), 0);
}
END_TEST

START_TEST (join_until_is_not_early) {
    weir_queue *queue = new_queue(1);
    put_numbers(queue, 0, 1);
    weir_deadline deadline = weir_deadline_after(SHORT * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, deadline));
    ck_assert_uint_ge(now(), deadline);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (one_deadline_bounds_several_calls_together) {
    weir_queue *queue = new_queue(1);
    void *item;
    weir_deadline deadline = weir_deadline_after(SHORT * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, deadline));
    for (int i = 0; i < 1000; i++) /* 20 s in total if each call waited SHORT */
        assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, deadline));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_wait_ends_before_its_deadline_when_there_is_something) {
    weir_queue *queue = new_queue(1);
    struct call get = {.queue = queue, .deadline = _i ? WEIR_NEVER : hang_limit()};
    struct call put = {.queue = queue, .item = number(3), .deadline = get.deadline};
    struct call join = {.queue = queue, .deadline = get.deadline};
    call_start_asleep(&get, make_get_until);
    put_numbers(queue, 1, 2);
    assert_status(WEIR_OK, call_finish(&get));
    ck_assert_uint_lt(get.returned_at, get.deadline);
    put_numbers(queue, 2, 3);
    call_start_asleep(&put, make_put_until);
    call_start_asleep(&join, make_join_until);
    take_numbers(queue, 2, 3);
    assert_status(WEIR_OK, call_finish(&put));
    ck_assert_uint_lt(put.returned_at, put.deadline);
    take_numbers(queue, 3, 4);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, call_finish(&join));
    ck_assert_uint_lt(join.returned_at, join.deadline);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (the_last_deadline_but_one_is_waited_for) {
    weir_queue *queue = new_queue(1);
    struct call get = {.queue = queue, .deadline = WEIR_NEVER - 1};
    call_start_asleep(&get, make_get_until);
    put_numbers(queue, 1, 2);
    assert_status(WEIR_OK, call_finish(&get));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- at the deadline ---- */

enum { RACES = 200 };

/* Returns a deadline that passes once the called thread sleeps. */
static weir_deadline soon(void) {
    return now() + 1200 * 1000;
}

/* Returns times around the deadline; the sleep's timer has some slack. */
static weir_deadline about(weir_deadline deadline, int i) {
    return deadline + (uint64_t)(i % 50) * 3000;
}

static void wait_awake(weir_deadline until) {
    while (now() < until)
        continue;
}

START_TEST (an_item_that_arrives_at_the_deadline_is_neither_lost_nor_doubled) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 1);
    for (int i = 0; i < RACES; i++) {
        struct call get = {.queue = queue, .deadline = soon(), .got = NULL};
        call_start(&get, make_get_until);
        wait_awake(about(get.deadline, i));
        assert_status(WEIR_OK, weir_queue_put(queue, number((size_t)i)));
        if (call_finish(&get) == WEIR_OK) {
            ck_assert_uint_eq(number_of(get.got), (size_t)i);
            assert_status(WEIR_OK, weir_queue_task_done(queue));
        } else {
            assert_status(WEIR_TIMEDOUT, get.status);
            ck_assert_ptr_null(get.got);
            ck_assert_uint_eq(weir_queue_size(queue), 1);
            ck_assert_uint_eq(take_number(queue), (size_t)i);
        }
        ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
        ck_assert_uint_eq(weir_queue_size(queue), 0);
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (room_that_comes_at_the_deadline_is_used_once_or_left) {
    weir_queue *queue = new_queue(1);
    for (int i = 0; i < RACES; i++) {
        put_numbers(queue, 0, 1);
        struct call put = {.queue = queue, .item = number(1), .deadline = soon()};
        call_start(&put, make_put_until);
        wait_awake(about(put.deadline, i));
        take_numbers(queue, 0, 1);
        if (call_finish(&put) == WEIR_OK)
            take_numbers(queue, 1, 2);
        else
            assert_status(WEIR_TIMEDOUT, put.status);
        ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
        ck_assert_uint_eq(weir_queue_size(queue), 0);
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_join_that_ends_at_the_deadline_says_one_or_the_other) {
    weir_queue *queue = new_queue(1);
    for (int i = 0; i < RACES; i++) {
        put_numbers(queue, 0, 1);
        struct call join = {.queue = queue, .deadline = soon()};
        call_start(&join, make_join_until);
        wait_awake(about(join.deadline, i));
        take_numbers(queue, 0, 1);
        if (call_finish(&join) != WEIR_OK)
            assert_status(WEIR_TIMEDOUT, join.status);
        assert_status(WEIR_OK, weir_queue_join(queue));
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* A wakeup given to a waiter just as its deadline passes must reach the waiter without a deadline. */
START_TEST (a_get_that_gives_up_passes_the_wake_on) {
    weir_queue *queue = new_queue(4);
    for (int i = 0; i < RACES; i++) {
        struct call hasty = {.queue = queue, .deadline = soon()};
        struct call patient = {.queue = queue};
        call_start(&hasty, make_get_until);
        call_start(&patient, make_get);
        wait_awake(about(hasty.deadline, i));
        put_numbers(queue, 0, 1);
        if (call_finish(&hasty) == WEIR_OK)
            put_numbers(queue, 1, 2);
        assert_status(WEIR_OK, call_finish(&patient)); /* hangs if the wakeup was lost */
        assert_status(WEIR_OK, weir_queue_tasks_done(queue, weir_queue_unfinished(queue)));
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_put_that_gives_up_passes_the_wake_on) {
    weir_queue *queue = new_queue(1);
    for (int i = 0; i < RACES; i++) {
        put_numbers(queue, 0, 1);
        struct call hasty = {.queue = queue, .item = number(1), .deadline = soon()};
        struct call patient = {.queue = queue, .item = number(2)};
        call_start(&hasty, make_put_until);
        call_start(&patient, make_put);
        wait_awake(about(hasty.deadline, i));
        take_numbers(queue, 0, 1);
        if (call_finish(&hasty) == WEIR_OK)
            (void)take_number(queue);
        assert_status(WEIR_OK, call_finish(&patient));
        (void)take_number(queue);
        ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *deadlines_suite(void) {
    Suite *suite = suite_create("closable_queue: deadlines");
    TCase *waits = add_case(suite, "waits");
    tcase_add_loop_test(waits, a_past_deadline_tries_once, 0, 4);
    tcase_add_loop_test(waits, get_until_is_not_early, 0, 2);
    tcase_add_test(waits, put_until_is_not_early_and_the_item_stays_outside);
    tcase_add_test(waits, join_until_is_not_early);
    tcase_add_test(waits, one_deadline_bounds_several_calls_together);
    tcase_add_loop_test(waits, a_wait_ends_before_its_deadline_when_there_is_something, 0, 2);
    tcase_add_test(waits, the_last_deadline_but_one_is_waited_for);
    TCase *races = add_case(suite, "races");
    tcase_add_loop_test(races, an_item_that_arrives_at_the_deadline_is_neither_lost_nor_doubled, 0, 2);
    tcase_add_test(races, room_that_comes_at_the_deadline_is_used_once_or_left);
    tcase_add_test(races, a_join_that_ends_at_the_deadline_says_one_or_the_other);
    tcase_add_test(races, a_get_that_gives_up_passes_the_wake_on);
    tcase_add_test(races, a_put_that_gives_up_passes_the_wake_on);
    return suite;
}

int main(void) {
    return run_suite(deadlines_suite());
}
