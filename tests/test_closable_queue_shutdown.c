/*
 * test_closable_queue_shutdown.c - shutdown, in both modes: the end for all callers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

static const weir_shutdown_mode modes[] = {WEIR_DRAIN, WEIR_DISCARD};

/* ---- producers ---- */

START_TEST (a_put_after_shutdown_is_closed_and_the_item_is_the_callers) {
    static const size_t capacities[] = {4, WEIR_UNBOUNDED};
    struct drops drops;
    weir_queue *queue = new_dropping_queue(capacities[_i / 2], &drops);
    void *items[2] = {number(1), number(2)};
    size_t put = 99;
    assert_status(WEIR_OK, weir_queue_shutdown(queue, modes[_i % 2]));
    assert_status(WEIR_CLOSED, weir_queue_put(queue, number(0)));
    assert_status(WEIR_CLOSED, weir_queue_try_put(queue, number(0)));
    assert_status(WEIR_CLOSED, weir_queue_put_until(queue, number(0), WEIR_NEVER));
    assert_status(WEIR_CLOSED, weir_queue_put_until(queue, number(0), 0));
    assert_status(WEIR_CLOSED, weir_queue_put_many(queue, items, 2, &put));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_CLOSED, weir_queue_try_put_many(queue, items, 2, &put));
    assert_status(WEIR_CLOSED, weir_queue_put_many_until(queue, items, 2, &put, WEIR_NEVER));
    ck_assert_uint_eq(put, 0);
    assert_status(WEIR_CLOSED, weir_queue_close(queue));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), 0);
}
END_TEST

START_TEST (a_put_to_a_full_queue_is_closed_not_full) {
    weir_queue *queue = new_queue(1);
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_CLOSED, weir_queue_try_put(queue, number(1)));
    assert_status(WEIR_CLOSED, weir_queue_put_until(queue, number(1), 0));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (shutdown_wakes_every_blocked_put) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(1, &drops);
    void *many[2] = {number(6), number(7)};
    struct call calls[] = {{.item = number(1)},
                           {.item = number(2)},
                           {.item = number(3), .deadline = hang_limit()},
                           {.items = many, .count = 2, .moved = 99},
                           {.item = NULL}};
    void (*const makes[])(struct call *) = {make_put, make_put, make_put_until, make_put_many, make_close};
    put_numbers(queue, 0, 1);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        calls[i].queue = queue;
        call_start_asleep(&calls[i], makes[i]);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(queue, modes[_i]));
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        assert_status(WEIR_CLOSED, call_finish(&calls[i]));
    ck_assert_uint_eq(calls[3].moved, 0);
    if (modes[_i] == WEIR_DRAIN)
        take_numbers(queue, 0, 1);
    else
        ck_assert_uint_eq(atomic_load(&drops.count), 1); /* an item that was not put is not dropped */
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- consumers ---- */

static void assert_ended(weir_queue *queue) {
    void *item = number(77), *items[2] = {number(77), number(77)};
    size_t got = 99;
    for (int i = 0; i < 3; i++) {
        assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
        assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
        assert_status(WEIR_CLOSED, weir_queue_get_until(queue, &item, 0));
        assert_status(WEIR_CLOSED, weir_queue_get_many(queue, items, 2, &got));
        assert_status(WEIR_CLOSED, weir_queue_try_get_many(queue, items, 2, &got));
        assert_status(WEIR_CLOSED, weir_queue_get_many_until(queue, items, 2, &got, WEIR_NEVER));
    }
    ck_assert_uint_eq(got, 0);
    ck_assert_ptr_eq(item, number(77));
    ck_assert_ptr_eq(items[0], number(77));
}

START_TEST (drain_hands_out_the_rest_and_then_closes_for_all) {
    static const size_t capacities[] = {4, 600, WEIR_UNBOUNDED};
    weir_queue *queue = new_queue(capacities[_i]);
    size_t count = capacities[_i] < 2000 ? capacities[_i] : 2000;
    put_numbers(queue, 0, count);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    ck_assert_uint_eq(weir_queue_size(queue), count);
    take_numbers(queue, 0, count);
    assert_ended(queue);
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (every_get_form_drains) {
    weir_queue *queue = new_queue(5);
    void *item, *items[4];
    size_t got;
    put_numbers(queue, 0, 5);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    ck_assert_uint_eq(number_of(item), 0);
    assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
    ck_assert_uint_eq(number_of(item), 1);
    assert_status(WEIR_OK, weir_queue_get_until(queue, &item, 0));
    ck_assert_uint_eq(number_of(item), 2);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 4, &got));
    ck_assert_uint_eq(got, 2);
    ck_assert_uint_eq(number_of(items[1]), 4);
    assert_ended(queue);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 5));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (shutdown_wakes_every_blocked_get) {
    weir_queue *queue = new_queue(3);
    void *many[2];
    struct call calls[] = {{0}, {0}, {.deadline = hang_limit()}, {.items = many, .count = 2, .moved = 99}};
    void (*const makes[])(struct call *) = {make_get, make_get, make_get_until, make_get_many};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        calls[i].queue = queue;
        call_start_asleep(&calls[i], makes[i]);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(queue, modes[_i]));
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        assert_status(WEIR_CLOSED, call_finish(&calls[i]));
    ck_assert_uint_eq(calls[3].moved, 0);
    assert_ended(queue);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- discarding ---- */

START_TEST (discard_drops_each_item_once_in_order_in_this_thread_and_settles_it) {
    static const size_t counts[] = {1, 3, 63, 64, 65, 128, 600, 1500};
    struct drops drops;
    size_t count = counts[_i];
    weir_queue *queue = new_dropping_queue(count % 2 ? count : WEIR_UNBOUNDED, &drops);
    put_numbers(queue, 0, count);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.count), count);
    for (size_t n = 0; n < count; n++)
        ck_assert_uint_eq(number_of(drops.items[n]), n);
    ck_assert(pthread_equal(drops.thread, pthread_self()));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_ended(queue);
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    assert_status(WEIR_DISCARDED, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), count);
}
END_TEST

START_TEST (discard_without_a_drop_function_forgets) {
    weir_queue *queue = new_queue(4);
    put_numbers(queue, 0, 4);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_DISCARDED, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (sentinels_are_discarded_but_not_dropped) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(200, &drops);
    for (int i = 0; i < 100; i++)
        assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.count), 0);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_join(queue)); /* no item was discarded */
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (null_items_are_dropped_too) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(2, &drops);
    assert_status(WEIR_OK, weir_queue_put(queue, NULL));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.count), 1);
    ck_assert_ptr_null(drops.items[0]);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (what_was_taken_before_a_discard_still_owes_its_task_done) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(4, &drops);
    void *item;
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.count), 2);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_DISCARDED, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (discard_wakes_every_joiner) {
    weir_queue *queue = new_queue(4);
    struct call joins[3] = {{0}};
    put_numbers(queue, 0, 4);
    for (size_t i = 0; i < COUNT_OF(joins); i++) {
        joins[i].queue = queue;
        call_start_asleep(&joins[i], make_join);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    for (size_t i = 0; i < COUNT_OF(joins); i++)
        assert_status(WEIR_DISCARDED, call_finish(&joins[i]));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (drain_ends_no_join) {
    weir_queue *queue = new_queue(4);
    struct call join = {.queue = queue};
    put_numbers(queue, 0, 1);
    call_start_asleep(&join, make_join);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    ck_assert(call_is_asleep(&join));
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- twice ---- */

START_TEST (twice_is_the_same_as_once_or_discards_what_is_left) {
    const weir_shutdown_mode first = modes[_i / 2], second = modes[_i % 2];
    struct drops drops;
    weir_queue *queue = new_dropping_queue(4, &drops);
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, first));
    ck_assert_uint_eq(atomic_load(&drops.count), first == WEIR_DISCARD ? 3 : 0);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, second));
    if (first == WEIR_DISCARD || second == WEIR_DISCARD) {
        ck_assert_uint_eq(atomic_load(&drops.count), 3);
    } else {
        take_numbers(queue, 0, 3);
        ck_assert_uint_eq(atomic_load(&drops.count), 0);
    }
    assert_ended(queue);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_CLOSED, weir_queue_put(queue, number(9)));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (no_such_mode_does_nothing) {
    weir_queue *queue = new_queue(2);
    assert_status(WEIR_INVALID, weir_queue_shutdown(queue, (weir_shutdown_mode)2));
    assert_status(WEIR_INVALID, weir_queue_shutdown(queue, (weir_shutdown_mode)1000));
    put_numbers(queue, 0, 1);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- drop functions that call weir, and discards at the same time ---- */

struct caller_back {
    weir_queue *queue;
    size_t drops;
    size_t wrong; /* calls with an unexpected status */
};

static void call_back(void *item, void *raw) {
    struct caller_back *back = raw;
    void *other;
    size_t got;
    back->drops++;
    back->wrong += number_of(item) != back->drops - 1;
    back->wrong += weir_queue_put(back->queue, item) != WEIR_CLOSED;
    back->wrong += weir_queue_try_put(back->queue, item) != WEIR_CLOSED;
    back->wrong += weir_queue_close(back->queue) != WEIR_CLOSED;
    back->wrong += weir_queue_get(back->queue, &other) != WEIR_CLOSED;
    back->wrong += weir_queue_get_many(back->queue, &other, 1, &got) != WEIR_CLOSED;
    back->wrong += weir_queue_join_until(back->queue, 0) != WEIR_TIMEDOUT; /* this item is not settled yet */
    back->wrong += weir_queue_join(back->queue) != WEIR_DEADLOCK;
    back->wrong += weir_queue_destroy(back->queue) != WEIR_DEADLOCK;
    back->wrong += weir_queue_unfinished(back->queue) == 0;
    back->wrong += weir_queue_shutdown(back->queue, WEIR_DRAIN) != WEIR_OK;
    back->wrong += weir_queue_destroy(NULL) != WEIR_OK;
    (void)weir_queue_size(back->queue);
}

START_TEST (a_drop_function_may_call_the_queue) {
    struct caller_back back = {0};
    const weir_queue_options options = {.capacity = 150, .drop = call_back, .drop_arg = &back};
    weir_queue *queue;
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    back.queue = queue;
    put_numbers(queue, 0, 150);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD));
    ck_assert_uint_eq(back.drops, 150);
    ck_assert_uint_eq(back.wrong, 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

struct discarder {
    weir_queue *queue;
    size_t wrong; /* discards that did not return WEIR_OK */
    struct drops drops;
};

static void discard_again(void *item, void *raw) {
    struct discarder *discarder = raw;
    record_drop(item, &discarder->drops);
    discarder->wrong += weir_queue_shutdown(discarder->queue, WEIR_DISCARD) != WEIR_OK;
}

static void *discard_many(void *raw) {
    struct discarder *discarder = raw;
    discarder->wrong += weir_queue_shutdown(discarder->queue, WEIR_DISCARD) != WEIR_OK;
    return NULL;
}

/* The stack is too small for one nested call for each item. */
START_TEST (a_drop_function_that_discards_again_is_called_in_order_and_not_in_itself) {
    enum { ITEMS = 300000 };
    static struct discarder discarder;
    const weir_queue_options options = {.capacity = ITEMS, .drop = discard_again, .drop_arg = &discarder};
    pthread_attr_t small;
    pthread_t thread;
    assert_status(WEIR_OK, weir_queue_create_with(&discarder.queue, &options));
    put_numbers(discarder.queue, 0, ITEMS);
    ck_assert_int_eq(pthread_attr_init(&small), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&small, 256 * 1024), 0);
    ck_assert_int_eq(pthread_create(&thread, &small, discard_many, &discarder), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&small);
    ck_assert_uint_eq(discarder.wrong, 0);
    ck_assert_uint_eq(atomic_load(&discarder.drops.count), ITEMS);
    for (size_t i = 0; i < COUNT_OF(discarder.drops.items); i++)
        ck_assert_uint_eq(number_of(discarder.drops.items[i]), i);
    ck_assert_uint_eq(weir_queue_unfinished(discarder.queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(discarder.queue));
}
END_TEST

START_TEST (discards_at_the_same_time_drop_each_item_once) {
    enum { THREADS = 4, ITEMS = 3000 };
    struct drops drops;
    weir_queue *queue = new_dropping_queue(ITEMS, &drops);
    struct call calls[THREADS] = {{0}};
    bool seen[ITEMS] = {false};
    put_numbers(queue, 0, ITEMS);
    for (size_t i = 0; i < THREADS; i++) {
        calls[i].queue = queue;
        calls[i].mode = WEIR_DISCARD;
        call_start(&calls[i], make_shutdown);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_status(WEIR_OK, call_finish(&calls[i]));
    ck_assert_uint_eq(atomic_load(&drops.count), ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        ck_assert(!seen[number_of(drops.items[i])]);
        seen[number_of(drops.items[i])] = true;
    }
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static Suite *shutdown_suite(void) {
    Suite *suite = suite_create("closable_queue: shutdown");
    TCase *both = add_case(suite, "both modes");
    tcase_add_loop_test(both, a_put_after_shutdown_is_closed_and_the_item_is_the_callers, 0, 4);
    tcase_add_test(both, a_put_to_a_full_queue_is_closed_not_full);
    tcase_add_loop_test(both, shutdown_wakes_every_blocked_put, 0, 2);
    tcase_add_loop_test(both, shutdown_wakes_every_blocked_get, 0, 2);
    tcase_add_loop_test(both, twice_is_the_same_as_once_or_discards_what_is_left, 0, 4);
    tcase_add_test(both, no_such_mode_does_nothing);
    TCase *drain = add_case(suite, "drain");
    tcase_add_loop_test(drain, drain_hands_out_the_rest_and_then_closes_for_all, 0, 3);
    tcase_add_test(drain, every_get_form_drains);
    tcase_add_test(drain, drain_ends_no_join);
    TCase *discard = add_case(suite, "discard");
    tcase_add_loop_test(discard, discard_drops_each_item_once_in_order_in_this_thread_and_settles_it, 0, 8);
    tcase_add_test(discard, discard_without_a_drop_function_forgets);
    tcase_add_test(discard, sentinels_are_discarded_but_not_dropped);
    tcase_add_test(discard, null_items_are_dropped_too);
    tcase_add_test(discard, what_was_taken_before_a_discard_still_owes_its_task_done);
    tcase_add_test(discard, discard_wakes_every_joiner);
    tcase_add_test(discard, a_drop_function_may_call_the_queue);
    tcase_add_test(discard, a_drop_function_that_discards_again_is_called_in_order_and_not_in_itself);
    tcase_add_test(discard, discards_at_the_same_time_drop_each_item_once);
    return suite;
}

int main(void) {
    return run_suite(shutdown_suite());
}
