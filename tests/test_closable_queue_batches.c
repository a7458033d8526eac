/*
 * test_closable_queue_batches.c - put_many and get_many, with their try and until forms.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

enum { MOST = 2000 };

static void fill(void **items, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++)
        items[i] = number(first + i);
}

static void assert_numbers(void *const *items, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (items[i] != number(first + i))
            ck_abort_msg("item %zu is %zu instead of %zu", i, number_of(items[i]), first + i);
    }
}

/* ---- get_many ---- */

START_TEST (get_many_takes_what_is_there_up_to_max_in_order) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 10);
    void *items[10] = {0};
    size_t got = 99;
    put_numbers(queue, 0, 7);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 3, &got));
    ck_assert_uint_eq(got, 3);
    assert_numbers(items, 0, 3);
    ck_assert_ptr_null(items[3]);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 10, &got));
    ck_assert_uint_eq(got, 4);
    assert_numbers(items, 3, 4);
    ck_assert_ptr_null(items[4]);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 7);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 7));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (get_many_goes_across_segments_and_round_rings) {
    static const size_t capacities[] = {7, 1500, WEIR_UNBOUNDED};
    weir_queue *queue = new_queue(capacities[_i]);
    static void *items[MOST];
    size_t next = 0, put = 0, got;
    while (next < 3 * MOST) {
        size_t count = capacities[_i] < MOST ? capacities[_i] : MOST;
        fill(items, next, count);
        assert_status(WEIR_OK, weir_queue_put_many(queue, items, count, &put));
        ck_assert_uint_eq(put, count);
        assert_status(WEIR_OK, weir_queue_get_many(queue, items, MOST, &got));
        ck_assert_uint_eq(got, count);
        assert_numbers(items, next, count);
        next += count;
        put_numbers(queue, next, next + 1); /* shifts the next round within the ring */
        take_numbers(queue, next, next + 1);
        next++;
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (get_many_waits_for_the_first_and_not_for_more) {
    weir_queue *queue = new_queue(4);
    void *items[4];
    struct call get = {.queue = queue, .items = items, .count = 4, .moved = 99};
    call_start_asleep(&get, make_get_many);
    put_numbers(queue, 5, 6);
    assert_status(WEIR_OK, call_finish(&get));
    ck_assert_uint_eq(get.moved, 1);
    ck_assert_uint_eq(number_of(items[0]), 5);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (get_many_never_takes_a_sentinel_together_with_items) {
    weir_queue *queue = new_queue(8);
    void *items[8];
    size_t got = 99;
    put_numbers(queue, 0, 2);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_close(queue));
    put_numbers(queue, 2, 5);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 8, &got));
    ck_assert_uint_eq(got, 2);
    assert_numbers(items, 0, 2);
    for (size_t i = 0; i < 2; i++) {
        got = 99;
        assert_status(WEIR_CLOSED, weir_queue_get_many(queue, items, 8, &got));
        ck_assert_uint_eq(got, 0);
        ck_assert_uint_eq(weir_queue_size(queue), 4 - i);
    }
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 8, &got));
    ck_assert_uint_eq(got, 3);
    assert_numbers(items, 2, 3);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (one_get_many_wakes_as_many_puts_as_it_made_room_for) {
    enum { PUTS = 5 };
    weir_queue *queue = new_queue(PUTS);
    struct call puts[PUTS] = {{0}};
    void *items[PUTS];
    size_t got;
    put_numbers(queue, 0, PUTS);
    for (size_t i = 0; i < PUTS; i++) {
        puts[i].queue = queue;
        call_start_asleep(&puts[i], i % 2 ? make_put : make_close);
    }
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, PUTS, &got));
    ck_assert_uint_eq(got, PUTS);
    for (size_t i = 0; i < PUTS; i++)
        assert_status(WEIR_OK, call_finish(&puts[i]));
    ck_assert_uint_eq(weir_queue_size(queue), PUTS);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- put_many ---- */

START_TEST (put_many_puts_all_in_order) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : MOST);
    static void *items[MOST];
    size_t put = 99;
    fill(items, 0, MOST);
    assert_status(WEIR_OK, weir_queue_put_many(queue, items, MOST, &put));
    ck_assert_uint_eq(put, MOST);
    take_numbers(queue, 0, MOST);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (put_many_waits_for_room_as_often_as_need_be) {
    weir_queue *queue = new_queue((size_t)_i);
    static void *items[MOST];
    struct call put = {.queue = queue, .items = items, .count = MOST, .moved = 99};
    fill(items, 0, MOST);
    call_start_asleep(&put, make_put_many);
    ck_assert_uint_eq(weir_queue_size(queue), (size_t)_i);
    take_numbers(queue, 0, MOST);
    assert_status(WEIR_OK, call_finish(&put));
    ck_assert_uint_eq(put.moved, MOST);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (put_many_of_nothing_is_ok) {
    weir_queue *queue = new_queue(1);
    void *item = number(1);
    size_t put = 99;
    assert_status(WEIR_OK, weir_queue_put_many(queue, NULL, 0, &put));
    ck_assert_uint_eq(put, 0);
    put = 99;
    put_numbers(queue, 0, 1); /* also when the queue is full */
    assert_status(WEIR_OK, weir_queue_put_many(queue, &item, 0, &put));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (put_many_that_a_shutdown_ends_reports_how_many) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(4, &drops);
    void *items[10];
    struct call put = {.queue = queue, .items = items, .count = 10, .moved = 99};
    fill(items, 0, 10);
    call_start_asleep(&put, make_put_many);
    take_numbers(queue, 0, 3);
    ck_assert(call_is_asleep(&put));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, _i ? WEIR_DISCARD : WEIR_DRAIN));
    assert_status(WEIR_CLOSED, call_finish(&put));
    ck_assert_uint_eq(put.moved, 7);
    if (!_i)
        take_numbers(queue, 3, 7);
    ck_assert_uint_eq(atomic_load(&drops.count), _i ? 4 : 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), _i ? 4 : 0); /* the caller still owns items 7, 8, 9 */
}
END_TEST

START_TEST (one_put_many_wakes_as_many_gets_as_it_has_items) {
    enum { GETS = 6 };
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : GETS);
    struct call gets[GETS] = {{0}};
    void *items[GETS];
    size_t put;
    fill(items, 0, GETS);
    for (size_t i = 0; i < GETS; i++) {
        gets[i].queue = queue;
        call_start_asleep(&gets[i], make_get);
    }
    assert_status(WEIR_OK, weir_queue_put_many(queue, items, GETS, &put));
    for (size_t i = 0; i < GETS; i++)
        assert_status(WEIR_OK, call_finish(&gets[i]));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- without blocking, and until a deadline ---- */

START_TEST (try_get_many_takes_what_is_there_or_says_empty) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 8);
    void *items[8] = {number(77), number(77), number(77)};
    size_t got = 99;
    assert_status(WEIR_EMPTY, weir_queue_try_get_many(queue, items, 8, &got));
    ck_assert_uint_eq(got, 0);
    ck_assert_ptr_eq(items[0], number(77));
    put_numbers(queue, 0, 2);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_try_get_many(queue, items, 8, &got));
    ck_assert_uint_eq(got, 2);
    assert_numbers(items, 0, 2);
    ck_assert_ptr_eq(items[2], number(77));
    got = 99;
    assert_status(WEIR_CLOSED, weir_queue_try_get_many(queue, items, 8, &got)); /* the sentinel */
    ck_assert_uint_eq(got, 0);
    assert_status(WEIR_EMPTY, weir_queue_try_get_many(queue, items, 8, &got));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (get_many_until_waits_for_the_first_until_the_deadline) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 4);
    void *items[4] = {number(77)};
    size_t got = 99;
    assert_status(WEIR_TIMEDOUT, weir_queue_get_many_until(queue, items, 4, &got, 0));
    ck_assert_uint_eq(got, 0);
    got = 99;
    weir_deadline deadline = weir_deadline_after(20 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_get_many_until(queue, items, 4, &got, deadline));
    ck_assert_uint_ge(now(), deadline);
    ck_assert_uint_eq(got, 0);
    ck_assert_ptr_eq(items[0], number(77));
    struct call get = {.queue = queue, .items = items, .count = 4, .moved = 99, .deadline = hang_limit()};
    call_start_asleep(&get, make_get_many_until);
    put_numbers(queue, 5, 6);
    assert_status(WEIR_OK, call_finish(&get)); /* without waiting for more items */
    ck_assert_uint_eq(get.moved, 1);
    assert_numbers(items, 5, 1);
    put_numbers(queue, 6, 9);
    assert_status(WEIR_OK, weir_queue_get_many_until(queue, items, 2, &got, 0)); /* a passed deadline tries once */
    ck_assert_uint_eq(got, 2);
    assert_numbers(items, 6, 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (try_put_many_puts_what_there_is_room_for) {
    weir_queue *queue = new_queue(5);
    void *items[8];
    size_t put = 99;
    fill(items, 0, 8);
    assert_status(WEIR_OK, weir_queue_try_put_many(queue, items, 2, &put));
    ck_assert_uint_eq(put, 2);
    assert_status(WEIR_FULL, weir_queue_try_put_many(queue, items + 2, 6, &put));
    ck_assert_uint_eq(put, 3);
    put = 99;
    assert_status(WEIR_FULL, weir_queue_try_put_many(queue, items + 5, 3, &put));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_queue_try_put_many(queue, NULL, 0, &put)); /* also when the queue is full */
    ck_assert_uint_eq(weir_queue_unfinished(queue), 5);
    take_numbers(queue, 0, 5);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (try_put_many_without_a_bound_puts_all) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    static void *items[MOST];
    size_t put = 99;
    fill(items, 0, MOST);
    assert_status(WEIR_OK, weir_queue_try_put_many(queue, items, MOST, &put));
    ck_assert_uint_eq(put, MOST);
    take_numbers(queue, 0, MOST);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (put_many_until_puts_what_there_is_room_for_until_the_deadline) {
    weir_queue *queue = new_queue(3);
    void *items[10];
    size_t put = 99;
    fill(items, 0, 10);
    assert_status(WEIR_TIMEDOUT, weir_queue_put_many_until(queue, items, 10, &put, 0));
    ck_assert_uint_eq(put, 3);
    put = 99;
    weir_deadline deadline = weir_deadline_after(20 * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_queue_put_many_until(queue, items + 3, 7, &put, deadline));
    ck_assert_uint_ge(now(), deadline);
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_OK, weir_queue_put_many_until(queue, NULL, 0, &put, 0));
    struct call call = {.queue = queue, .items = items + 3, .count = 7, .moved = 99, .deadline = hang_limit()};
    call_start_asleep(&call, make_put_many_until);
    take_numbers(queue, 0, 10); /* the call blocks as often as necessary */
    assert_status(WEIR_OK, call_finish(&call));
    ck_assert_uint_eq(call.moved, 7);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* The deadline covers the whole call: an item that was put does not restart it. */
START_TEST (a_deadline_that_comes_between_two_items_reports_how_many) {
    weir_queue *queue = new_queue(1);
    void *items[3];
    fill(items, 0, 3);
    struct call put = {.queue = queue, .items = items, .count = 3, .moved = 99};
    put.deadline = weir_deadline_after(200 * MILLISECONDS);
    call_start(&put, make_put_many_until);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_TIMEDOUT, call_finish(&put));
    ck_assert_uint_ge(now(), put.deadline);
    ck_assert_uint_ge(put.moved, 1); /* 2, unless this thread was very slow */
    ck_assert_uint_lt(put.moved, 3);
    take_numbers(queue, 1, put.moved);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_shutdown_ends_put_many_until_and_get_many_until) {
    weir_queue *queue = new_queue(2), *empty = new_queue(2);
    void *items[5], *others[5];
    fill(items, 0, 5);
    struct call put = {.queue = queue, .items = items, .count = 5, .moved = 99, .deadline = hang_limit()};
    struct call get = {.queue = empty, .items = others, .count = 5, .moved = 99, .deadline = hang_limit()};
    call_start_asleep(&put, make_put_many_until);
    call_start_asleep(&get, make_get_many_until);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_OK, weir_queue_shutdown(empty, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, call_finish(&put));
    ck_assert_uint_eq(put.moved, 2);
    assert_status(WEIR_CLOSED, call_finish(&get));
    ck_assert_uint_eq(get.moved, 0);
    take_numbers(queue, 0, 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    assert_status(WEIR_OK, weir_queue_destroy(empty));
}
END_TEST

START_TEST (one_try_put_many_wakes_as_many_gets_as_it_has_items) {
    enum { GETS = 4 };
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : GETS);
    struct call gets[GETS] = {{0}};
    void *items[GETS];
    size_t put;
    fill(items, 0, GETS);
    for (size_t i = 0; i < GETS; i++) {
        gets[i].queue = queue;
        call_start_asleep(&gets[i], make_get);
    }
    assert_status(WEIR_OK, weir_queue_try_put_many(queue, items, GETS, &put));
    for (size_t i = 0; i < GETS; i++)
        assert_status(WEIR_OK, call_finish(&gets[i]));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* Concurrent put_many and get_many keep the order of each producer's items. */
enum { PRODUCERS = 3, EACH = 30000, BATCH = 7 };

struct producer {
    weir_queue *queue;
    size_t first;
    size_t put;
};

static void *produce_batches(void *raw) {
    struct producer *producer = raw;
    void *items[BATCH];
    for (size_t n = 0; n < EACH; n += BATCH) {
        size_t put, count = EACH - n < BATCH ? EACH - n : BATCH;
        fill(items, producer->first + n, count);
        weir_queue_put_many(producer->queue, items, count, &put);
        producer->put += put;
    }
    return NULL;
}

START_TEST (producers_with_batches_keep_their_own_order) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 10);
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    size_t next[PRODUCERS] = {0}, all = 0, got;
    void *items[5];
    for (size_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.queue = queue, .first = i * EACH};
        thread_start(&threads[i], produce_batches, &producers[i]);
    }
    while (all < PRODUCERS * EACH) {
        if (weir_queue_get_many(queue, items, COUNT_OF(items), &got) != WEIR_OK)
            ck_abort_msg("get_many failed");
        for (size_t i = 0; i < got; i++) {
            size_t n = number_of(items[i]);
            if (n % EACH != next[n / EACH]++)
                ck_abort_msg("%zu of producer %zu came too early or too late", n % EACH, n / EACH);
        }
        if (weir_queue_tasks_done(queue, got) != WEIR_OK)
            ck_abort_msg("tasks_done failed");
        all += got;
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        thread_join(threads[i]);
        ck_assert_uint_eq(producers[i].put, EACH);
    }
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *batches_suite(void) {
    Suite *suite = suite_create("closable_queue: batches");
    TCase *get = add_case(suite, "get_many");
    tcase_add_loop_test(get, get_many_takes_what_is_there_up_to_max_in_order, 0, 2);
    tcase_add_loop_test(get, get_many_goes_across_segments_and_round_rings, 0, 3);
    tcase_add_test(get, get_many_waits_for_the_first_and_not_for_more);
    tcase_add_test(get, get_many_never_takes_a_sentinel_together_with_items);
    tcase_add_test(get, one_get_many_wakes_as_many_puts_as_it_made_room_for);
    TCase *put = add_case(suite, "put_many");
    tcase_add_loop_test(put, put_many_puts_all_in_order, 0, 2);
    tcase_add_loop_test(put, put_many_waits_for_room_as_often_as_need_be, 1, 4);
    tcase_add_test(put, put_many_of_nothing_is_ok);
    tcase_add_loop_test(put, put_many_that_a_shutdown_ends_reports_how_many, 0, 2);
    tcase_add_loop_test(put, one_put_many_wakes_as_many_gets_as_it_has_items, 0, 2);
    tcase_add_loop_test(put, producers_with_batches_keep_their_own_order, 0, 2);
    TCase *forms = add_case(suite, "without waiting, and until a deadline");
    tcase_add_loop_test(forms, try_get_many_takes_what_is_there_or_says_empty, 0, 2);
    tcase_add_loop_test(forms, get_many_until_waits_for_the_first_until_the_deadline, 0, 2);
    tcase_add_test(forms, try_put_many_puts_what_there_is_room_for);
    tcase_add_test(forms, try_put_many_without_a_bound_puts_all);
    tcase_add_test(forms, put_many_until_puts_what_there_is_room_for_until_the_deadline);
    tcase_add_test(forms, a_deadline_that_comes_between_two_items_reports_how_many);
    tcase_add_test(forms, a_shutdown_ends_put_many_until_and_get_many_until);
    tcase_add_loop_test(forms, one_try_put_many_wakes_as_many_gets_as_it_has_items, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(batches_suite());
}
