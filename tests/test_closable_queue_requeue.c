/*
 * test_closable_queue_requeue.c - requeued items: their place in the queue, and what a requeue leaves unchanged.
 *
 * Linked with the library's internals: pipelines use calls that are not public.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/requeue.h"
#include "closable_queue/share.h"
#include "closable_queue/shutdown.h"
#include "support.h"

/* Takes an item; returns its place, for a later requeue. */
static weir__requeued taken_from(weir_queue *queue) {
    weir__requeued place;
    assert_status(WEIR_OK, weir_queue_try_get(queue, &place.item));
    return place;
}

static void end_empty(weir_queue *queue, size_t put) {
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), put);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, put));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

static size_t number_from(weir_queue *queue) {
    return number_of(taken_from(queue).item);
}

static const size_t capacities[] = {5, WEIR_UNBOUNDED};

START_TEST (a_requeued_item_comes_behind_what_waits_and_before_what_is_put_later) {
    weir_queue *queue = new_queue(capacities[_i]);
    put_numbers(queue, 0, 3);
    weir__requeued first = taken_from(queue), second = taken_from(queue);
    weir__queue_requeue(queue, &second);
    put_numbers(queue, 3, 4);
    weir__queue_requeue(queue, &first);
    put_numbers(queue, 4, 5);
    ck_assert_uint_eq(weir_queue_size(queue), 5);
    static const size_t expected[] = {2, 1, 3, 0, 4};
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        ck_assert_uint_eq(number_from(queue), expected[i]);
    end_empty(queue, 5);
}
END_TEST

START_TEST (an_item_requeued_at_the_front_comes_before_all) {
    weir_queue *queue = new_queue(capacities[_i]);
    put_numbers(queue, 0, 4);
    weir__requeued places[] = {taken_from(queue), taken_from(queue), taken_from(queue)};
    weir__queue_requeue(queue, &places[0]);
    weir__queue_requeue_first(queue, &places[2]);
    weir__queue_requeue_first(queue, &places[1]);
    static const size_t expected[] = {1, 2, 3, 0};
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        ck_assert_uint_eq(number_from(queue), expected[i]);
    end_empty(queue, 4);
}
END_TEST

/* Covers many segments of an unbounded queue and many laps of a ring; each item is requeued several times. */
START_TEST (neither_new_items_nor_requeued_ones_starve) {
    enum { ROUNDS = 5000, INSIDE = 4, REQUEUED = 3 };
    static weir__requeued places[NUMBERS];
    weir_queue *queue = new_queue(capacities[_i]);
    size_t visits[REQUEUED] = {0}, put = INSIDE, last_new = 0;
    put_numbers(queue, 0, INSIDE);
    while (put < ROUNDS) {
        void *item;
        assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
        size_t n = number_of(item);
        if (n < REQUEUED) {
            visits[n]++;
            places[n].item = item;
            weir__queue_requeue(queue, &places[n]);
            continue;
        }
        ck_assert_uint_eq(n, n == REQUEUED ? REQUEUED : last_new + 1);
        last_new = n;
        put_numbers(queue, put, put + 1); /* keeps the size of the queue constant */
        put++;
    }
    for (size_t n = 0; n < REQUEUED; n++) {
        ck_assert_uint_ge(visits[n], ROUNDS - INSIDE - 1); /* each new item alternates with every requeued one */
        ck_assert_uint_le(visits[n], ROUNDS);
    }
    for (size_t i = 0; i < INSIDE; i++)
        (void)taken_from(queue);
    end_empty(queue, put);
}
END_TEST

START_TEST (a_requeue_needs_no_room_and_takes_none_away) {
    weir_queue *queue = new_queue(2);
    put_numbers(queue, 0, 2);
    weir__requeued first = taken_from(queue);
    put_numbers(queue, 2, 3);
    weir__queue_requeue(queue, &first); /* into a full queue */
    ck_assert_uint_eq(weir_queue_size(queue), 3);
    assert_status(WEIR_FULL, weir_queue_try_put(queue, number(3)));
    ck_assert_uint_eq(number_from(queue), 1);
    put_numbers(queue, 3, 4); /* the get freed a slot */
    struct call put = {.queue = queue, .item = number(4)};
    call_start_asleep(&put, make_put);
    ck_assert_uint_eq(number_from(queue), 2);
    assert_status(WEIR_OK, call_finish(&put)); /* three items inside, one of them in no slot */
    ck_assert_uint_eq(weir_queue_size(queue), 3);
    ck_assert_uint_eq(number_from(queue), 0);
    ck_assert_uint_eq(number_from(queue), 3);
    ck_assert_uint_eq(number_from(queue), 4);
    end_empty(queue, 5);
}
END_TEST

START_TEST (a_sentinel_has_its_turn_among_them) {
    weir_queue *queue = new_queue(capacities[_i]);
    void *item;
    put_numbers(queue, 0, 1);
    weir__requeued first = taken_from(queue);
    assert_status(WEIR_OK, weir_queue_close(queue));
    weir__queue_requeue(queue, &first);
    put_numbers(queue, 1, 2);
    assert_status(WEIR_CLOSED, weir_queue_try_get(queue, &item));
    ck_assert_uint_eq(number_from(queue), 0);
    ck_assert_uint_eq(number_from(queue), 1);
    end_empty(queue, 2);
}
END_TEST

/* A get_many takes requeued items in order too. */
START_TEST (several_are_taken_in_their_order) {
    weir_queue *queue = new_queue(capacities[_i]);
    void *items[5];
    size_t got;
    put_numbers(queue, 0, 2);
    weir__requeued first = taken_from(queue);
    weir__queue_requeue(queue, &first);
    put_numbers(queue, 2, 4);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 5, &got));
    ck_assert_uint_eq(got, 4);
    static const size_t expected[] = {1, 0, 2, 3};
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        ck_assert_uint_eq(number_of(items[i]), expected[i]);
    end_empty(queue, 4);
}
END_TEST

enum ending { DRAIN, SEAL, DISCARD, DESTROY };

/* An unsettled item may be requeued in every state of the queue: until it is settled, the queue has not ended. */
START_TEST (an_item_requeued_at_the_end_is_handed_out_or_dropped) {
    struct drops drops = {.count = 0};
    weir_queue *queue = new_dropping_queue(capacities[_i / 4], &drops);
    enum ending ending = (enum ending)(_i % 4);
    void *item;
    put_numbers(queue, 0, 2);
    weir__requeued first = taken_from(queue);
    if (ending == SEAL)
        weir__queue_seal(queue);
    else if (ending != DESTROY)
        assert_status(WEIR_OK, weir_queue_shutdown(queue, ending == DRAIN ? WEIR_DRAIN : WEIR_DISCARD));
    weir__queue_requeue(queue, &first);
    if (ending == DRAIN || ending == SEAL) {
        ck_assert_uint_eq(number_from(queue), 1);
        ck_assert_uint_eq(number_from(queue), 0);
        assert_status(ending == DRAIN ? WEIR_CLOSED : WEIR_EMPTY, weir_queue_try_get(queue, &item));
        end_empty(queue, 2);
        ck_assert_uint_eq(atomic_load(&drops.count), 0);
        return;
    }
    if (ending == DISCARD)
        assert_status(WEIR_DISCARDED, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), 2);
}
END_TEST

/*
 * An exiting worker of a group requeues its batch at the front; the queue owns the memory for it until the batch is
 * taken.
 */
static void *exit_at_once(void *item, void *arg) {
    (void)item;
    (void)arg;
    pthread_exit(NULL);
}

START_TEST (memory_of_a_workers_requeue_is_freed_when_nothing_is_requeued_any_more) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    weir_threads *threads;
    put_numbers(queue, 0, 4);
    weir__requeued first = taken_from(queue);
    assert_status(WEIR_OK, weir_start_threads(&threads, 1, exit_at_once, NULL, queue, NULL));
    assert_status(WEIR_UNFINISHED, weir_stop_threads(queue, threads));
    weir__queue_requeue(queue, &first);
    ck_assert(weir__queue_holds_requeued(queue));
    ck_assert_uint_eq(number_from(queue), 2);
    ck_assert_uint_eq(number_from(queue), 3);
    ck_assert_uint_eq(number_from(queue), 0);
    ck_assert(!weir__queue_holds_requeued(queue));
    ck_assert_ptr_null(queue->aside.memory);
    end_empty(queue, 3); /* the worker settled the item that it was in */
}
END_TEST

static Suite *requeue_suite(void) {
    Suite *suite = suite_create("requeue");
    TCase *place = add_case(suite, "place");
    tcase_add_loop_test(place, a_requeued_item_comes_behind_what_waits_and_before_what_is_put_later, 0, 2);
    tcase_add_loop_test(place, an_item_requeued_at_the_front_comes_before_all, 0, 2);
    tcase_add_loop_test(place, neither_new_items_nor_requeued_ones_starve, 0, 2);
    tcase_add_test(place, a_requeue_needs_no_room_and_takes_none_away);
    tcase_add_loop_test(place, a_sentinel_has_its_turn_among_them, 0, 2);
    tcase_add_loop_test(place, several_are_taken_in_their_order, 0, 2);
    TCase *end = add_case(suite, "end");
    tcase_add_loop_test(end, an_item_requeued_at_the_end_is_handed_out_or_dropped, 0, 8);
    tcase_add_test(end, memory_of_a_workers_requeue_is_freed_when_nothing_is_requeued_any_more);
    return suite;
}

int main(void) {
    return run_suite(requeue_suite());
}
