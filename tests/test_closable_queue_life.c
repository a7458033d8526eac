/*
 * test_closable_queue_life.c - creating and destroying a queue, and detectable misuse.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <string.h>

/* ---- creating ---- */

static weir_queue *const untouched = (weir_queue *)&untouched;

START_TEST (a_capacity_that_cannot_be_is_refused) {
    static const size_t capacities[] = {0, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / sizeof(void *),
                                        (SIZE_MAX - 64) / sizeof(void *)};
    weir_queue *queue = untouched;
    const weir_queue_options options = {.capacity = capacities[_i]};
    assert_status(WEIR_INVALID, weir_queue_create(&queue, capacities[_i]));
    ck_assert_ptr_eq(queue, untouched);
    assert_status(WEIR_INVALID, weir_queue_create_with(&queue, &options));
    ck_assert_ptr_eq(queue, untouched);
}
END_TEST

START_TEST (a_capacity_is_kept) {
    static const size_t capacities[] = {1, 2, 3, 1000, 12345, WEIR_UNBOUNDED};
    weir_queue *queue = new_queue(capacities[_i]);
    ck_assert_uint_eq(weir_queue_capacity(queue), capacities[_i]);
    ck_assert_uint_eq(weir_queue_size(queue), 0);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    ck_assert_str_eq(weir_queue_name(queue), "");
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_name_is_copied) {
    char name[] = "download";
    const weir_queue_options options = {.capacity = 1, .name = name};
    weir_queue *queue;
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    strcpy(name, "gone");
    const char *kept = weir_queue_name(queue);
    ck_assert_str_eq(kept, "download");
    put_numbers(queue, 0, 1);
    ck_assert_ptr_eq(weir_queue_name(queue), kept);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (an_empty_and_a_long_name_are_names) {
    static char name[5000];
    weir_queue_options options = {.capacity = 1, .name = ""};
    weir_queue *queue;
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    ck_assert_str_eq(weir_queue_name(queue), "");
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    memset(name, 'x', sizeof name - 1);
    options.name = name;
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    ck_assert_str_eq(weir_queue_name(queue), name);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_reserved_member_has_to_be_null) {
    for (size_t i = 0; i < 4; i++) {
        weir_queue_options options = {.capacity = 1};
        weir_queue *queue = untouched;
        options.reserved[i] = &options;
        assert_status(WEIR_INVALID, weir_queue_create_with(&queue, &options));
        ck_assert_ptr_eq(queue, untouched);
    }
}
END_TEST

/* ---- NULL ---- */

START_TEST (a_null_argument_is_invalid) {
    weir_queue *queue = new_queue(2), *other = untouched;
    const weir_queue_options options = {.capacity = 1};
    void *item = number(77), *items[1] = {number(1)};
    assert_status(WEIR_INVALID, weir_queue_create(NULL, 1));
    assert_status(WEIR_INVALID, weir_queue_create_with(NULL, &options));
    assert_status(WEIR_INVALID, weir_queue_create_with(&other, NULL));
    ck_assert_ptr_eq(other, untouched);

    assert_status(WEIR_INVALID, weir_queue_put(NULL, item));
    assert_status(WEIR_INVALID, weir_queue_try_put(NULL, item));
    assert_status(WEIR_INVALID, weir_queue_put_until(NULL, item, 0));
    assert_status(WEIR_INVALID, weir_queue_close(NULL));
    assert_status(WEIR_INVALID, weir_queue_get(NULL, &item));
    assert_status(WEIR_INVALID, weir_queue_try_get(NULL, &item));
    assert_status(WEIR_INVALID, weir_queue_get_until(NULL, &item, 0));
    assert_status(WEIR_INVALID, weir_queue_task_done(NULL));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_join(NULL));
    assert_status(WEIR_INVALID, weir_queue_join_until(NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_shutdown(NULL, WEIR_DRAIN));

    put_numbers(queue, 0, 1);
    assert_status(WEIR_INVALID, weir_queue_get(queue, NULL));
    assert_status(WEIR_INVALID, weir_queue_try_get(queue, NULL));
    assert_status(WEIR_INVALID, weir_queue_get_until(queue, NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_put_many(queue, items, 1, NULL));
    assert_status(WEIR_INVALID, weir_queue_get_many(queue, items, 1, NULL));
    assert_status(WEIR_INVALID, weir_queue_try_put_many(queue, items, 1, NULL));
    assert_status(WEIR_INVALID, weir_queue_put_many_until(queue, items, 1, NULL, 0));
    assert_status(WEIR_INVALID, weir_queue_try_get_many(queue, items, 1, NULL));
    assert_status(WEIR_INVALID, weir_queue_get_many_until(queue, items, 1, NULL, 0));
    ck_assert_ptr_eq(item, number(77));
    ck_assert_uint_eq(weir_queue_size(queue), 1);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* The three forms of each call. */
static weir_status put_batch(weir_queue *queue, void *const *items, size_t count, size_t *put, int form) {
    if (form == 0)
        return weir_queue_put_many(queue, items, count, put);
    return form == 1 ? weir_queue_try_put_many(queue, items, count, put)
                     : weir_queue_put_many_until(queue, items, count, put, 0);
}

static weir_status get_batch(weir_queue *queue, void **items, size_t max, size_t *got, int form) {
    if (form == 0)
        return weir_queue_get_many(queue, items, max, got);
    return form == 1 ? weir_queue_try_get_many(queue, items, max, got)
                     : weir_queue_get_many_until(queue, items, max, got, 0);
}

START_TEST (a_batch_that_is_invalid_still_says_how_many) {
    weir_queue *queue = new_queue(2);
    void *items[1] = {number(77)};
    size_t moved = 99;
    assert_status(WEIR_INVALID, put_batch(NULL, items, 1, &moved, _i));
    ck_assert_uint_eq(moved, 0);
    moved = 99;
    assert_status(WEIR_INVALID, put_batch(queue, NULL, 1, &moved, _i));
    ck_assert_uint_eq(moved, 0);
    moved = 99;
    assert_status(WEIR_INVALID, get_batch(NULL, items, 1, &moved, _i));
    ck_assert_uint_eq(moved, 0);
    put_numbers(queue, 0, 1);
    moved = 99;
    assert_status(WEIR_INVALID, get_batch(queue, NULL, 1, &moved, _i));
    ck_assert_uint_eq(moved, 0);
    moved = 99;
    assert_status(WEIR_INVALID, get_batch(queue, items, 0, &moved, _i));
    ck_assert_uint_eq(moved, 0);
    ck_assert_ptr_eq(items[0], number(77));
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (questions_about_no_queue_have_an_answer) {
    ck_assert_uint_eq(weir_queue_size(NULL), 0);
    ck_assert_uint_eq(weir_queue_capacity(NULL), 0);
    ck_assert_uint_eq(weir_queue_unfinished(NULL), 0);
    ck_assert_str_eq(weir_queue_name(NULL), "");
}
END_TEST

/* ---- destroying ---- */

START_TEST (destroying_no_queue_is_ok) {
    assert_status(WEIR_OK, weir_queue_destroy(NULL));
}
END_TEST

START_TEST (destroy_drops_all_items_in_order_in_this_thread) {
    static const size_t capacities[] = {1, 3, 600, WEIR_UNBOUNDED};
    const size_t capacity = capacities[_i / 3], start = (size_t)(_i % 3); /* offset in the ring */
    const size_t count = capacity < 1800 ? capacity : 1800;
    struct drops drops;
    weir_queue *queue = new_dropping_queue(capacity, &drops);
    for (size_t n = 0; n < start; n++) {
        put_numbers(queue, n, n + 1);
        (void)take_number(queue);
    }
    put_numbers(queue, 0, count);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), count);
    for (size_t n = 0; n < count; n++)
        ck_assert_uint_eq(number_of(drops.items[n]), n);
    ck_assert(pthread_equal(drops.thread, pthread_self()));
}
END_TEST

START_TEST (destroy_drops_no_sentinel_and_nothing_that_was_taken) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(_i ? WEIR_UNBOUNDED : 5, &drops);
    void *item;
    put_numbers(queue, 0, 2);
    assert_status(WEIR_OK, weir_queue_close(queue));
    put_numbers(queue, 2, 3);
    assert_status(WEIR_OK, weir_queue_close(queue));
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), 2);
    ck_assert_uint_eq(number_of(drops.items[0]), 1);
    ck_assert_uint_eq(number_of(drops.items[1]), 2);
}
END_TEST

START_TEST (destroy_after_a_drain_drops_the_items_left) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(5, &drops);
    put_numbers(queue, 0, 3);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DRAIN));
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), 2);
}
END_TEST

START_TEST (destroy_without_a_drop_function_forgets) {
    weir_queue *queue = new_queue(_i ? WEIR_UNBOUNDED : 5);
    put_numbers(queue, 0, 5);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static void rescue(void *item, void *other) {
    weir_queue_put(other, item);
}

START_TEST (the_drop_function_of_a_destroyed_queue_may_call_weir) {
    weir_queue *other = new_queue(8), *queue;
    const weir_queue_options options = {.capacity = 5, .drop = rescue, .drop_arg = other};
    assert_status(WEIR_OK, weir_queue_create_with(&queue, &options));
    put_numbers(queue, 0, 5);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    take_numbers(other, 0, 5);
    assert_status(WEIR_OK, weir_queue_destroy(other));
}
END_TEST

/* While a thread is blocked in a call, destroy returns WEIR_BUSY and changes nothing. */
static void busy(size_t capacity, size_t inside, void (*make)(struct call *)) {
    struct drops drops;
    weir_queue *queue = new_dropping_queue(capacity, &drops);
    void *items[2] = {number(5), number(6)};
    struct call call = {.queue = queue, .item = number(5), .items = items, .count = 2, .deadline = hang_limit()};
    put_numbers(queue, 0, inside);
    call_start_asleep(&call, make);
    for (int i = 0; i < 3; i++)
        assert_status(WEIR_BUSY, weir_queue_destroy(queue));
    ck_assert(call_is_asleep(&call));
    ck_assert_uint_eq(atomic_load(&drops.count), 0);
    ck_assert_uint_eq(weir_queue_size(queue), inside);
    assert_status(WEIR_OK, weir_queue_shutdown(queue, WEIR_DISCARD)); /* unblocks the call */
    (void)call_finish(&call);
    ck_assert_uint_eq(atomic_load(&drops.count), inside);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    ck_assert_uint_eq(atomic_load(&drops.count), inside);
}

START_TEST (destroy_with_a_sleeper_is_busy_and_harmless) {
    static const struct {
        size_t inside;
        void (*make)(struct call *);
    } sleepers[] = {{0, make_get},        {0, make_get_until},      {0, make_get_many},      {2, make_put},
                    {2, make_put_until},  {2, make_put_many},       {2, make_close},         {1, make_join},
                    {2, make_join_until}, {0, make_get_many_until}, {2, make_put_many_until}};
    ck_assert_uint_lt((size_t)_i, COUNT_OF(sleepers));
    busy(2, sleepers[_i].inside, sleepers[_i].make);
}
END_TEST

/* Workers keep the queue in use until they are stopped or joined, even if they have nothing left to do. */
START_TEST (destroy_of_a_queue_that_workers_use_is_busy_and_harmless) {
    struct drops drops;
    weir_queue *in = new_dropping_queue(4, &drops), *out = new_queue(4);
    const weir_worker_options options = {.func = hand_back};
    weir_threads *threads = NULL;
    weir_worker *worker = NULL;
    assert_status(WEIR_OK, weir_start_threads(&threads, 2, hand_back, NULL, in, out));
    assert_status(WEIR_BUSY, weir_queue_destroy(in));
    assert_status(WEIR_BUSY, weir_queue_destroy(out));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_worker_start(&worker, &options, in, out));
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_BUSY, weir_queue_destroy(out));
    take_numbers(out, 0, 1);
    assert_status(WEIR_BUSY, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_worker_join(worker));
    ck_assert_uint_eq(atomic_load(&drops.count), 0);
    assert_status(WEIR_OK, weir_queue_destroy(out));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* The queue is closed, so all calls return at once and no worker stays behind. */
struct dying {
    weir_queue *queue;
    size_t drops, wrong;
};

static void use_dying_queue(void *item, void *raw) {
    struct dying *dying = raw;
    weir_queue *queue = dying->queue;
    void *got = NULL;
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    weir_threads *threads;
    size_t count;
    dying->drops++;
    dying->wrong += weir_queue_get(queue, &got) != WEIR_CLOSED;
    dying->wrong += weir_queue_try_get(queue, &got) != WEIR_CLOSED;
    dying->wrong += weir_queue_get_until(queue, &got, hang_limit()) != WEIR_CLOSED;
    dying->wrong += weir_queue_get_many(queue, &got, 1, &count) != WEIR_CLOSED;
    dying->wrong += weir_queue_cursor_next(&cursor, &got) != WEIR_CLOSED;
    dying->wrong += weir_queue_put(queue, item) != WEIR_CLOSED;
    dying->wrong += weir_queue_close(queue) != WEIR_CLOSED;
    dying->wrong += weir_queue_shutdown(queue, WEIR_DISCARD) != WEIR_OK;
    dying->wrong += weir_queue_join(queue) != WEIR_DEADLOCK;
    dying->wrong += weir_queue_destroy(queue) != WEIR_DEADLOCK;
    dying->wrong += weir_queue_size(queue) > 5000;
    if (dying->drops == 1)
        dying->wrong += weir_start_threads(&threads, 1, hand_back, NULL, queue, NULL) != WEIR_CLOSED;
}

START_TEST (a_queue_that_is_being_destroyed_is_closed_for_its_drop_function) {
    static const size_t capacities[] = {1, 5000, WEIR_UNBOUNDED};
    const size_t count = capacities[_i] < 5000 ? capacities[_i] : 5000;
    struct dying dying = {0};
    const weir_queue_options options = {.capacity = capacities[_i], .drop = use_dying_queue, .drop_arg = &dying};
    assert_status(WEIR_OK, weir_queue_create_with(&dying.queue, &options));
    put_numbers(dying.queue, 0, count);
    assert_status(WEIR_OK, weir_queue_destroy(dying.queue));
    ck_assert_uint_eq(dying.drops, count);
    ck_assert_uint_eq(dying.wrong, 0);
}
END_TEST

static Suite *life_suite(void) {
    Suite *suite = suite_create("closable_queue: life");
    TCase *create = add_case(suite, "create");
    tcase_add_loop_test(create, a_capacity_that_cannot_be_is_refused, 0, 5);
    tcase_add_loop_test(create, a_capacity_is_kept, 0, 6);
    tcase_add_test(create, a_name_is_copied);
    tcase_add_test(create, an_empty_and_a_long_name_are_names);
    tcase_add_test(create, a_reserved_member_has_to_be_null);
    TCase *misuse = add_case(suite, "misuse");
    tcase_add_test(misuse, a_null_argument_is_invalid);
    tcase_add_loop_test(misuse, a_batch_that_is_invalid_still_says_how_many, 0, 3);
    tcase_add_test(misuse, questions_about_no_queue_have_an_answer);
    TCase *destroy = add_case(suite, "destroy");
    tcase_add_test(destroy, destroying_no_queue_is_ok);
    tcase_add_loop_test(destroy, destroy_drops_all_items_in_order_in_this_thread, 0, 12);
    tcase_add_loop_test(destroy, destroy_drops_no_sentinel_and_nothing_that_was_taken, 0, 2);
    tcase_add_test(destroy, the_drop_function_of_a_destroyed_queue_may_call_weir);
    tcase_add_test(destroy, destroy_after_a_drain_drops_the_items_left);
    tcase_add_loop_test(destroy, destroy_without_a_drop_function_forgets, 0, 2);
    tcase_add_loop_test(destroy, destroy_with_a_sleeper_is_busy_and_harmless, 0, 11);
    tcase_add_test(destroy, destroy_of_a_queue_that_workers_use_is_busy_and_harmless);
    tcase_add_loop_test(destroy, a_queue_that_is_being_destroyed_is_closed_for_its_drop_function, 0, 3);
    return suite;
}

int main(void) {
    return run_suite(life_suite());
}
