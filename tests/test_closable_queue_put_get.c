/*
 * test_closable_queue_put_get.c - single puts and gets: order, capacity, blocking, waking.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>

static const size_t capacities[] = {1, 2, 3, 5, 64, 1000, WEIR_UNBOUNDED};

/* ---- without blocking ---- */

START_TEST (items_come_out_in_the_order_put) {
    weir_queue *queue = new_queue(capacities[_i]);
    size_t in = 0, out = 0, most = capacities[_i] < 300 ? capacities[_i] : 300;
    for (size_t round = 0; round < 100; round++) { /* wraps around the ring, in steps that do not divide it */
        for (size_t room = most - (in - out), n = 1 + round % room; n > 0; n--)
            assert_status(WEIR_OK, weir_queue_put(queue, number(in++)));
        size_t count = 1 + (round * 7) % (in - out);
        take_numbers(queue, out, out + count);
        out += count;
    }
    take_numbers(queue, out, in);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (null_is_an_item) {
    weir_queue *queue = new_queue(capacities[_i]);
    void *item = number(1);
    assert_status(WEIR_OK, weir_queue_put(queue, NULL));
    ck_assert_uint_eq(weir_queue_size(queue), 1);
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    ck_assert_ptr_null(item);
    assert_status(WEIR_OK, weir_queue_try_put(queue, NULL));
    item = number(1);
    assert_status(WEIR_OK, weir_queue_try_get(queue, &item));
    ck_assert_ptr_null(item);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 2));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (one_item_may_be_put_twice) {
    weir_queue *queue = new_queue(2);
    put_numbers(queue, 5, 6);
    put_numbers(queue, 5, 6);
    take_numbers(queue, 5, 6);
    take_numbers(queue, 5, 6);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (try_put_finds_a_full_queue_full) {
    struct drops drops;
    size_t capacity = capacities[_i];
    if (capacity == WEIR_UNBOUNDED)
        return;
    weir_queue *queue = new_dropping_queue(capacity, &drops);
    for (size_t n = 0; n < capacity; n++)
        assert_status(WEIR_OK, weir_queue_try_put(queue, number(n)));
    assert_status(WEIR_FULL, weir_queue_try_put(queue, number(capacity)));
    assert_status(WEIR_FULL, weir_queue_try_put(queue, NULL));
    ck_assert_uint_eq(weir_queue_size(queue), capacity);
    ck_assert_uint_eq(weir_queue_unfinished(queue), capacity);
    take_numbers(queue, 0, capacity);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(atomic_load(&drops.count), 0); /* refused items stay with the caller */
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (try_get_finds_an_empty_queue_empty_and_touches_nothing) {
    weir_queue *queue = new_queue(capacities[_i]);
    void *item = number(77);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    ck_assert_ptr_eq(item, number(77));
    put_numbers(queue, 1, 2);
    take_numbers(queue, 1, 2);
    assert_status(WEIR_EMPTY, weir_queue_try_get(queue, &item));
    ck_assert_ptr_eq(item, number(77));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (size_and_unfinished_count_every_step) {
    weir_queue *queue = new_queue(capacities[_i]);
    size_t most = capacities[_i] < 700 ? capacities[_i] : 700;
    void *item;
    for (size_t n = 0; n < most; n++) {
        ck_assert_uint_eq(weir_queue_size(queue), n);
        assert_status(WEIR_OK, weir_queue_put(queue, number(n)));
    }
    for (size_t n = 0; n < most; n++) {
        ck_assert_uint_eq(weir_queue_size(queue), most - n);
        ck_assert_uint_eq(weir_queue_unfinished(queue), most);
        assert_status(WEIR_OK, weir_queue_get(queue, &item));
    }
    for (size_t n = 0; n < most; n++) {
        ck_assert_uint_eq(weir_queue_unfinished(queue), most - n);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
    }
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    ck_assert_uint_eq(weir_queue_capacity(queue), capacities[_i]);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (an_unbounded_queue_is_never_full) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    for (size_t n = 0; n < 100000; n++) {
        if (weir_queue_try_put(queue, number(n)) != WEIR_OK)
            ck_abort_msg("item %zu was not put", n);
    }
    ck_assert_uint_eq(weir_queue_size(queue), 100000);
    take_numbers(queue, 0, 100000);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- blocking ---- */

START_TEST (put_waits_until_a_get_makes_room) {
    weir_queue *queue = new_queue(2);
    struct call put = {.queue = queue, .item = number(2)};
    put_numbers(queue, 0, 2);
    call_start_asleep(&put, make_put);
    ck_assert_uint_eq(weir_queue_size(queue), 2);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 2);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, call_finish(&put));
    take_numbers(queue, 1, 2);
    take_numbers(queue, 2, 3);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (get_waits_until_a_put) {
    weir_queue *queue = new_queue(capacities[_i]);
    struct call get = {.queue = queue};
    call_start_asleep(&get, make_get);
    assert_status(WEIR_OK, weir_queue_put(queue, number(9)));
    assert_status(WEIR_OK, call_finish(&get));
    ck_assert_uint_eq(number_of(get.got), 9);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (task_done_makes_no_room) {
    weir_queue *queue = new_queue(1);
    struct call put = {.queue = queue, .item = number(1)};
    put_numbers(queue, 0, 1);
    call_start_asleep(&put, make_put);
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(call_is_asleep(&put));
    void *item;
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, call_finish(&put));
    take_numbers(queue, 1, 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

enum { WAITERS = 6 };

/* Starts a call in each of WAITERS threads and waits until all of them block. */
static void start_waiters(struct call *calls, weir_queue *queue, void (*make)(struct call *), size_t first) {
    for (size_t i = 0; i < WAITERS; i++) {
        calls[i] = (struct call){.queue = queue, .item = number(first + i)};
        call_start_asleep(&calls[i], make);
    }
}

static void assert_others_sleep(struct call *calls, size_t returned) {
    for (size_t i = 0; i < WAITERS; i++) {
        if (!atomic_load(&calls[i].returned))
            (void)call_is_asleep(&calls[i]); /* gives the call time to return */
    }
    ck_assert_uint_eq(calls_returned(calls, WAITERS), returned);
}

START_TEST (each_put_ends_the_wait_of_one_get) {
    weir_queue *queue = new_queue(capacities[_i]);
    struct call gets[WAITERS];
    bool seen[WAITERS] = {false};
    start_waiters(gets, queue, make_get, 0);
    for (size_t n = 0; n < WAITERS; n++) {
        assert_others_sleep(gets, n);
        put_numbers(queue, n, n + 1);
        ck_assert(calls_wait_returned(gets, WAITERS, n + 1));
    }
    for (size_t i = 0; i < WAITERS; i++) {
        assert_status(WEIR_OK, call_finish(&gets[i]));
        ck_assert_uint_lt(number_of(gets[i].got), WAITERS);
        ck_assert(!seen[number_of(gets[i].got)]);
        seen[number_of(gets[i].got)] = true;
    }
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, WAITERS));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (each_get_ends_the_wait_of_one_put) {
    weir_queue *queue = new_queue(2);
    struct call puts[WAITERS];
    bool seen[WAITERS + 2] = {false};
    put_numbers(queue, 0, 2);
    start_waiters(puts, queue, make_put, 2);
    for (size_t n = 0; n < WAITERS; n++) {
        assert_others_sleep(puts, n);
        seen[take_number(queue)] = true;
        ck_assert(calls_wait_returned(puts, WAITERS, n + 1));
    }
    for (size_t n = 0; n < 2; n++)
        seen[take_number(queue)] = true;
    for (size_t i = 0; i < WAITERS; i++)
        assert_status(WEIR_OK, call_finish(&puts[i]));
    for (size_t n = 0; n < COUNT_OF(seen); n++)
        ck_assert(seen[n]);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (quick_puts_end_the_wait_of_as_many_gets) {
    weir_queue *queue = new_queue(WAITERS);
    struct call gets[WAITERS];
    start_waiters(gets, queue, make_get, 0);
    put_numbers(queue, 0, WAITERS); /* most of them while a wakeup is under way */
    for (size_t i = 0; i < WAITERS; i++)
        assert_status(WEIR_OK, call_finish(&gets[i]));
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, WAITERS));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (quick_gets_end_the_wait_of_as_many_puts) {
    weir_queue *queue = new_queue(WAITERS);
    struct call puts[WAITERS];
    void *item;
    put_numbers(queue, 0, WAITERS);
    start_waiters(puts, queue, make_put, WAITERS);
    for (size_t i = 0; i < WAITERS; i++)
        assert_status(WEIR_OK, weir_queue_get(queue, &item));
    for (size_t i = 0; i < WAITERS; i++)
        assert_status(WEIR_OK, call_finish(&puts[i]));
    ck_assert_uint_eq(weir_queue_size(queue), WAITERS);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- writes before a put are visible after its get ---- */

struct letter {
    uint64_t text[8];
};

enum { LETTERS = 5000 };

static void *write_letters(void *raw) {
    static struct letter letters[LETTERS];
    for (uint64_t n = 0; n < LETTERS; n++) {
        for (size_t i = 0; i < COUNT_OF(letters[n].text); i++)
            letters[n].text[i] = n * 8 + i;
        weir_queue_put(raw, &letters[n]);
    }
    return NULL;
}

START_TEST (what_was_written_before_a_put_is_seen_after_its_get) {
    weir_queue *queue = new_queue(capacities[_i]);
    pthread_t writer;
    thread_start(&writer, write_letters, queue);
    for (uint64_t n = 0; n < LETTERS; n++) {
        void *item = NULL;
        if (weir_queue_get(queue, &item) != WEIR_OK)
            ck_abort_msg("letter %zu did not come", (size_t)n);
        const struct letter *letter = item;
        uint64_t sum = 0;
        for (size_t i = 0; i < COUNT_OF(letter->text); i++)
            sum += letter->text[i];
        if (sum != n * 64 + 28)
            ck_abort_msg("letter %zu cannot be read", (size_t)n);
    }
    thread_join(writer);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- writes before a get are visible after the put into its slot ---- */

enum { PLACES = 3, TURNS = 5000 };

struct room {
    weir_queue *queue;
    size_t before_get[TURNS]; /* set before the consumer's n-th get; read after a put has used that slot */
};

static void *make_room(void *raw) {
    struct room *room = raw;
    void *item;
    for (size_t n = 0; n < TURNS; n++) {
        room->before_get[n] = n + 1;
        weir_queue_get(room->queue, &item);
    }
    return NULL;
}

START_TEST (what_was_done_before_a_get_is_seen_after_the_put_that_has_its_room) {
    struct room *room = calloc(1, sizeof *room);
    pthread_t consumer;
    room->queue = new_queue(PLACES);
    thread_start(&consumer, make_room, room);
    for (size_t n = 0; n < TURNS; n++) {
        put_numbers(room->queue, n, n + 1);
        if (n >= PLACES && room->before_get[n - PLACES] != n - PLACES + 1) /* a data race without that order */
            ck_abort_msg("put %zu does not see what was before get %zu", n, n - PLACES);
    }
    thread_join(consumer);
    assert_status(WEIR_OK, weir_queue_destroy(room->queue));
    free(room);
}
END_TEST

static Suite *put_get_suite(void) {
    const int all = (int)COUNT_OF(capacities);
    Suite *suite = suite_create("closable_queue: put and get");
    TCase *alone = add_case(suite, "without waiting");
    tcase_add_loop_test(alone, items_come_out_in_the_order_put, 0, all);
    tcase_add_loop_test(alone, null_is_an_item, 1, all);
    tcase_add_test(alone, one_item_may_be_put_twice);
    tcase_add_loop_test(alone, try_put_finds_a_full_queue_full, 0, all);
    tcase_add_loop_test(alone, try_get_finds_an_empty_queue_empty_and_touches_nothing, 0, all);
    tcase_add_loop_test(alone, size_and_unfinished_count_every_step, 0, all);
    tcase_add_test(alone, an_unbounded_queue_is_never_full);
    TCase *waiting = add_case(suite, "waiting");
    tcase_add_test(waiting, put_waits_until_a_get_makes_room);
    tcase_add_loop_test(waiting, get_waits_until_a_put, 0, all);
    tcase_add_test(waiting, task_done_makes_no_room);
    tcase_add_loop_test(waiting, each_put_ends_the_wait_of_one_get, 0, all);
    tcase_add_test(waiting, each_get_ends_the_wait_of_one_put);
    tcase_add_test(waiting, quick_puts_end_the_wait_of_as_many_gets);
    tcase_add_test(waiting, quick_gets_end_the_wait_of_as_many_puts);
    tcase_add_loop_test(waiting, what_was_written_before_a_put_is_seen_after_its_get, 0, all);
    tcase_add_test(waiting, what_was_done_before_a_get_is_seen_after_the_put_that_has_its_room);
    return suite;
}

int main(void) {
    return run_suite(put_get_suite());
}
