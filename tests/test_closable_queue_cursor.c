/*
 * test_closable_queue_cursor.c - the cursor: a consumer's loop that settles its items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

START_TEST (a_cursor_hands_out_all_and_settles_each_as_it_moves_on) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item;
    size_t n = 0;
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_close(queue));
    while (weir_queue_cursor_next(&cursor, &item) == WEIR_OK) {
        ck_assert_uint_eq(number_of(item), n);
        ck_assert_uint_eq(weir_queue_unfinished(queue), 4 - n);
        n++;
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_cursor_at_its_end_stays_there_and_takes_no_second_sentinel) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue), second = WEIR_QUEUE_CURSOR(queue);
    void *item = number(77);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_close(queue));
    put_numbers(queue, 1, 2);
    for (int i = 0; i < 3; i++) {
        assert_status(WEIR_CLOSED, weir_queue_cursor_next(&cursor, &item));
        ck_assert_uint_eq(weir_queue_size(queue), 2);
    }
    ck_assert_ptr_eq(item, number(77));
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&second, &item));
    take_numbers(queue, 1, 2);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    assert_status(WEIR_OK, weir_queue_cursor_end(&second));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_loop_that_is_left_early_settles_its_last_item) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item;
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 2);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor)); /* a second call has no effect */
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&cursor, &item));
    take_numbers(queue, 2, 3);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (ending_an_unused_cursor_settles_nothing) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_shutdown_ends_a_cursor) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item;
    put_numbers(queue, 0, 2);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, _i ? WEIR_DISCARD : WEIR_DRAIN));
    if (!_i)
        assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_CLOSED, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static weir_queue_cursor waiting_cursor;

static void make_cursor_next(struct call *call) {
    call->status = weir_queue_cursor_next(&waiting_cursor, &call->got);
}

START_TEST (next_settles_before_it_waits) {
    weir_queue *queue = new_queue(4);
    struct call next = {.queue = queue};
    void *item;
    waiting_cursor = (weir_queue_cursor)WEIR_QUEUE_CURSOR(queue);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_cursor_next(&waiting_cursor, &item));
    call_start_asleep(&next, make_cursor_next);
    assert_status(WEIR_OK, weir_queue_join_until(queue, hang_limit()));
    put_numbers(queue, 1, 2);
    assert_status(WEIR_OK, call_finish(&next));
    ck_assert_uint_eq(number_of(next.got), 1);
    assert_status(WEIR_OK, weir_queue_cursor_end(&waiting_cursor));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (misuse_of_a_cursor_is_reported) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue), none = WEIR_QUEUE_CURSOR(NULL);
    void *item = number(77);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_INVALID, weir_queue_cursor_next(NULL, &item));
    assert_status(WEIR_INVALID, weir_queue_cursor_next(&none, &item));
    assert_status(WEIR_INVALID, weir_queue_cursor_next(&cursor, NULL));
    assert_status(WEIR_INVALID, weir_queue_cursor_end(NULL));
    assert_status(WEIR_INVALID, weir_queue_cursor_end(&none));
    ck_assert_ptr_eq(item, number(77));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_INVALID, weir_queue_cursor_next(&cursor, NULL)); /* the cursor keeps its item */
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (an_item_settled_outside_the_cursor_is_reported) {
    weir_queue *queue = new_queue(4);
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item;
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_cursor_next(&cursor, &item));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    if (_i)
        assert_status(WEIR_INVALID, weir_queue_cursor_end(&cursor));
    else
        assert_status(WEIR_INVALID, weir_queue_cursor_next(&cursor, &item));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_cursor_end(&cursor));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *cursor_suite(void) {
    Suite *suite = suite_create("closable_queue: cursor");
    TCase *cursor = add_case(suite, "cursor");
    tcase_add_test(cursor, a_cursor_hands_out_all_and_settles_each_as_it_moves_on);
    tcase_add_test(cursor, a_cursor_at_its_end_stays_there_and_takes_no_second_sentinel);
    tcase_add_test(cursor, a_loop_that_is_left_early_settles_its_last_item);
    tcase_add_test(cursor, ending_an_unused_cursor_settles_nothing);
    tcase_add_loop_test(cursor, a_shutdown_ends_a_cursor, 0, 2);
    tcase_add_test(cursor, next_settles_before_it_waits);
    tcase_add_test(cursor, misuse_of_a_cursor_is_reported);
    tcase_add_loop_test(cursor, an_item_settled_outside_the_cursor_is_reported, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(cursor_suite());
}
