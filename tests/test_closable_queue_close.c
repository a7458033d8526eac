/*
 * test_closable_queue_close.c - close: one sentinel, one consumer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

START_TEST (close_is_told_once) {
    weir_queue *queue = new_queue(4);
    void *item = number(77);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    ck_assert_ptr_eq(item, number(77));
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    assert_status(WEIR_TIMEDOUT, weir_queue_get_until(queue, &item, 0));
    ck_assert_ptr_eq(item, number(77));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (every_get_can_take_a_sentinel) {
    weir_queue *queue = new_queue(4);
    void *item = number(77), *items[2] = {number(77), number(77)};
    size_t got = 99;
    for (int i = 0; i < 4; i++)
        assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
    assert_status(WEIR_CLOSED, weir_queue_get_until(queue, &item, 0));
    assert_status(WEIR_CLOSED, weir_queue_get_many(queue, items, 2, &got));
    ck_assert_uint_eq(got, 0);
    ck_assert_ptr_eq(item, number(77));
    ck_assert_ptr_eq(items[0], number(77));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (items_before_a_sentinel_come_before_it_and_those_after_it_after) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    void *item;
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_close(queue));
    put_numbers(queue, 3, 5);
    take_numbers(queue, 0, 3);
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    take_numbers(queue, 3, 5);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_sentinel_counts_until_it_is_taken_and_nothing_is_owed_for_it) {
    weir_queue *queue = new_queue(3);
    void *item;
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_close(queue));
    ck_assert_uint_eq(weir_queue_size(queue), 2);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 2);
    take_numbers(queue, 0, 1);
    ck_assert_uint_eq(weir_queue_size(queue), 1);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (close_wakes_a_blocked_get) {
    static const size_t capacities[] = {1, 3, WEIR_UNBOUNDED};
    weir_queue *queue = new_queue(capacities[_i]);
    struct call get = {.queue = queue, .got = number(77)};
    call_start_asleep(&get, make_get);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_CLOSED, call_finish(&get));
    ck_assert_ptr_eq(get.got, number(77));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

enum { CONSUMERS = 4 };

START_TEST (close_stops_exactly_one_of_n_consumers) {
    weir_queue *queue = new_queue(CONSUMERS);
    struct call gets[CONSUMERS] = {{0}};
    size_t closed = 0;
    for (size_t i = 0; i < CONSUMERS; i++) {
        gets[i].queue = queue;
        call_start_asleep(&gets[i], make_get);
    }
    assert_status(WEIR_OK, weir_queue_close(queue));
    ck_assert(calls_wait_returned(gets, CONSUMERS, 1));
    for (size_t i = 0; i < CONSUMERS; i++) {
        if (!atomic_load(&gets[i].returned))
            (void)call_is_asleep(&gets[i]);
    }
    ck_assert_uint_eq(calls_returned(gets, CONSUMERS), 1);
    put_numbers(queue, 0, CONSUMERS - 1); /* the other consumers continue */
    for (size_t i = 0; i < CONSUMERS; i++)
        closed += call_finish(&gets[i]) == WEIR_CLOSED;
    ck_assert_uint_eq(closed, 1);
    ck_assert_uint_eq(weir_queue_unfinished(queue), CONSUMERS - 1);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, CONSUMERS - 1));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (n_closes_stop_n_consumers) {
    weir_queue *queue = new_queue(CONSUMERS);
    struct call gets[CONSUMERS] = {{0}};
    for (size_t i = 0; i < CONSUMERS; i++) {
        gets[i].queue = queue;
        call_start_asleep(&gets[i], make_get);
    }
    for (size_t i = 0; i < CONSUMERS; i++)
        assert_status(WEIR_OK, weir_queue_close(queue));
    for (size_t i = 0; i < CONSUMERS; i++)
        assert_status(WEIR_CLOSED, call_finish(&gets[i]));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (close_of_a_full_queue_waits_and_is_not_lost) {
    const size_t capacity = (size_t)_i;
    weir_queue *queue = new_queue(capacity);
    struct call close = {.queue = queue};
    void *item;
    put_numbers(queue, 0, capacity);
    call_start_asleep(&close, make_close);
    ck_assert_uint_eq(weir_queue_size(queue), capacity);
    for (size_t n = 0; n < capacity; n++) {
        take_numbers(queue, n, n + 1);
        if (n == 0)
            assert_status(WEIR_OK, call_finish(&close));
    }
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (sentinels_fill_a_queue_and_leave_room_when_taken) {
    weir_queue *queue = new_queue(2);
    struct call put = {.queue = queue, .item = number(1)};
    void *item;
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_FULL, weir_queue_try_put(queue, number(0)));
    call_start_asleep(&put, make_put);
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, call_finish(&put));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    take_numbers(queue, 1, 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (close_after_a_shutdown_is_closed) {
    for (int mode = WEIR_DRAIN; mode <= WEIR_DISCARD; mode++) {
        weir_queue *queue = new_queue(2);
        assert_status(WEIR_OK, weir_queue_shutdown(queue, (weir_shutdown_mode)mode));
        assert_status(WEIR_CLOSED, weir_queue_close(queue));
        ck_assert_uint_eq(weir_queue_size(queue), 0);
        assert_status(WEIR_OK, weir_queue_destroy(queue));
    }
}
END_TEST

START_TEST (a_drained_queue_still_has_its_sentinels) {
    weir_queue *queue = new_queue(4);
    void *item;
    assert_status(WEIR_OK, weir_queue_close(queue));
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    take_numbers(queue, 0, 1); /* one consumer took the sentinel; another takes the item */
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *close_suite(void) {
    Suite *suite = suite_create("closable_queue: close");
    TCase *close = add_case(suite, "close");
    tcase_add_test(close, close_is_told_once);
    tcase_add_test(close, every_get_can_take_a_sentinel);
    tcase_add_test(close, items_before_a_sentinel_come_before_it_and_those_after_it_after);
    tcase_add_test(close, a_sentinel_counts_until_it_is_taken_and_nothing_is_owed_for_it);
    tcase_add_loop_test(close, close_wakes_a_blocked_get, 0, 3);
    tcase_add_test(close, close_stops_exactly_one_of_n_consumers);
    tcase_add_test(close, n_closes_stop_n_consumers);
    tcase_add_loop_test(close, close_of_a_full_queue_waits_and_is_not_lost, 1, 4);
    tcase_add_test(close, sentinels_fill_a_queue_and_leave_room_when_taken);
    tcase_add_test(close, close_after_a_shutdown_is_closed);
    tcase_add_test(close, a_drained_queue_still_has_its_sentinels);
    return suite;
}

int main(void) {
    return run_suite(close_suite());
}
