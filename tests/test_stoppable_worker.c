/*
 * test_stoppable_worker.c - one worker: how it starts, how it ends, and joining it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

static weir_worker *const untouched = (weir_worker *)&untouched;

static weir_worker *start_worker(weir_worker_func *func, void *arg, weir_queue *in, weir_queue *out) {
    const weir_worker_options options = {.func = func, .arg = arg};
    weir_worker *worker = NULL;
    assert_status(WEIR_OK, weir_worker_start(&worker, &options, in, out));
    ck_assert_ptr_nonnull(worker);
    return worker;
}

START_TEST (a_worker_ends_when_it_takes_a_sentinel) {
    weir_queue *in = new_queue(4), *out = new_queue(10);
    weir_worker *worker = start_worker(hand_back, NULL, in, out);
    put_numbers(in, 0, 5);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_worker_join(worker));
    put_numbers(in, 5, 6); /* no worker is left to take it */
    ck_assert_uint_eq(weir_queue_size(in), 1);
    take_numbers(out, 0, 5);
    ck_assert_uint_eq(weir_queue_size(out), 0);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (a_worker_ends_when_its_in_queue_is_shut_down) {
    struct gate gate = GATE;
    struct drops drops;
    weir_queue *in = new_dropping_queue(4, &drops), *out = new_queue(10);
    weir_worker *worker = start_worker(hand_back_at_gate, &gate, in, out);
    put_numbers(in, 0, 4);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_queue_shutdown(in, _i ? WEIR_DISCARD : WEIR_DRAIN));
    gate_open(&gate);
    assert_status(WEIR_OK, weir_worker_join(worker));
    take_numbers(out, 0, _i ? 1 : 4);
    ck_assert_uint_eq(atomic_load(&drops.count), _i ? 3 : 0);
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    ck_assert_uint_eq(weir_queue_size(out), 0);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (a_worker_that_waits_for_an_item_ends_by_a_shutdown) {
    weir_queue *in = new_queue(4);
    struct call join = {.worker = start_worker(hand_back, NULL, in, NULL)};
    call_start_asleep(&join, make_worker_join);
    assert_status(WEIR_OK, weir_queue_shutdown(in, _i ? WEIR_DISCARD : WEIR_DRAIN));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (a_worker_with_a_shut_down_out_queue_drops_its_result_settles_and_ends) {
    struct drops drops;
    weir_queue *in = new_queue(4), *out = new_dropping_queue(4, &drops);
    assert_status(WEIR_OK, weir_queue_shutdown(out, _i ? WEIR_DISCARD : WEIR_DRAIN));
    put_numbers(in, 7, 9);
    weir_worker *worker = start_worker(hand_back, NULL, in, out);
    assert_status(WEIR_OK, weir_worker_join(worker));
    ck_assert_uint_eq(atomic_load(&drops.count), 1);
    ck_assert_uint_eq(number_of(drops.items[0]), 7);
    ck_assert(!pthread_equal(drops.thread, pthread_self())); /* in the worker's thread */
    ck_assert_uint_eq(weir_queue_size(in), 1);
    ck_assert_uint_eq(weir_queue_unfinished(in), 1);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (a_shutdown_of_a_full_out_queue_frees_the_worker_that_waits_for_room) {
    struct drops drops;
    weir_queue *in = new_queue(4), *out = new_dropping_queue(1, &drops);
    struct call join = {.worker = start_worker(hand_back, NULL, in, out)};
    put_numbers(in, 0, 2);
    call_start_asleep(&join, make_worker_join);
    while (weir_queue_size(in) != 0 || weir_queue_size(out) != 1)
        nap();
    ck_assert_uint_eq(weir_queue_unfinished(in), 1); /* its result is not downstream yet */
    assert_status(WEIR_OK, weir_queue_shutdown(out, WEIR_DRAIN));
    assert_status(WEIR_OK, call_finish(&join));
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    ck_assert_uint_eq(atomic_load(&drops.count), 1);
    ck_assert_uint_eq(number_of(drops.items[0]), 1);
    take_numbers(out, 0, 1);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (join_does_not_stop_the_worker) {
    weir_queue *in = new_queue(4), *out = new_queue(4);
    struct call join = {.worker = start_worker(hand_back, NULL, in, out)};
    call_start_asleep(&join, make_worker_join);
    put_numbers(in, 0, 3);
    take_numbers(out, 0, 3);
    ck_assert(call_is_asleep(&join));
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

static void *join_itself(void *item, void *status) {
    *(weir_status *)status = weir_worker_join(item); /* the item is the worker */
    return item;
}

START_TEST (join_from_inside_is_a_deadlock_and_does_nothing) {
    weir_queue *in = new_queue(4), *out = new_queue(4);
    weir_status inside = WEIR_OK;
    weir_worker *worker = start_worker(join_itself, &inside, in, out);
    void *item = NULL;
    for (int i = 0; i < 2; i++) {
        inside = WEIR_OK;
        assert_status(WEIR_OK, weir_queue_put(in, worker));
        assert_status(WEIR_OK, weir_queue_get(out, &item));
        assert_status(WEIR_OK, weir_queue_join(in));
        assert_status(WEIR_DEADLOCK, inside);
    }
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_worker_join(worker));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (a_worker_may_join_another) {
    weir_queue *in = new_queue(4), *other_in = new_queue(4);
    weir_status inside = WEIR_INVALID;
    weir_worker *other = start_worker(hand_back, NULL, other_in, NULL);
    weir_worker *worker = start_worker(join_itself, &inside, in, NULL);
    assert_status(WEIR_OK, weir_queue_close(other_in));
    assert_status(WEIR_OK, weir_queue_put(in, other));
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_worker_join(worker));
    assert_status(WEIR_OK, inside);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(other_in));
}
END_TEST

static void *end_thread(void *item, void *arg) {
    (void)item;
    (void)arg;
    pthread_exit(NULL);
}

START_TEST (a_function_that_ends_its_thread_settles_its_item_without_a_result) {
    weir_queue *in = new_queue(4), *out = new_queue(4);
    weir_worker *worker = start_worker(end_thread, NULL, in, out);
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_worker_join(worker));
    assert_status(WEIR_OK, weir_queue_join(in));
    ck_assert_uint_eq(weir_queue_size(out), 0);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

static weir_status init_fails(void *arg, void **state) {
    (void)arg;
    (void)state;
    return WEIR_FULL;
}

START_TEST (what_cannot_be_started_is_refused) {
    weir_worker *worker = untouched;
    weir_queue *in = new_queue(1);
    weir_worker_options options = {.func = hand_back};
    assert_status(WEIR_INVALID, weir_worker_start(NULL, &options, in, NULL));
    assert_status(WEIR_INVALID, weir_worker_start(&worker, NULL, in, NULL));
    assert_status(WEIR_INVALID, weir_worker_start(&worker, &options, NULL, NULL));
    for (size_t i = 0; i < COUNT_OF(options.reserved); i++) {
        options.reserved[i] = &options;
        assert_status(WEIR_INVALID, weir_worker_start(&worker, &options, in, NULL));
        options.reserved[i] = NULL;
    }
    options.init = init_fails;
    assert_status(WEIR_INITFAILED, weir_worker_start(&worker, &options, in, NULL));
    options.func = NULL;
    assert_status(WEIR_INVALID, weir_worker_start(&worker, &options, in, NULL));
    ck_assert_ptr_eq(worker, untouched);
    assert_status(WEIR_INVALID, weir_worker_join(NULL));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (a_joined_worker_leaves_no_thread) {
    weir_queue *in = new_queue(4);
    size_t before = threads_at_rest();
    for (int i = 0; i < 20; i++) {
        weir_worker *worker = start_worker(hand_back, NULL, in, NULL);
        assert_status(WEIR_OK, weir_queue_close(in));
        assert_status(WEIR_OK, weir_worker_join(worker));
    }
    ck_assert(wait_for_threads(before));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static Suite *worker_suite(void) {
    Suite *suite = suite_create("stoppable_worker");
    TCase *ends = add_case(suite, "ends");
    tcase_add_test(ends, a_worker_ends_when_it_takes_a_sentinel);
    tcase_add_loop_test(ends, a_worker_ends_when_its_in_queue_is_shut_down, 0, 2);
    tcase_add_loop_test(ends, a_worker_that_waits_for_an_item_ends_by_a_shutdown, 0, 2);
    tcase_add_loop_test(ends, a_worker_with_a_shut_down_out_queue_drops_its_result_settles_and_ends, 0, 2);
    tcase_add_test(ends, a_shutdown_of_a_full_out_queue_frees_the_worker_that_waits_for_room);
    tcase_add_test(ends, a_function_that_ends_its_thread_settles_its_item_without_a_result);
    TCase *join = add_case(suite, "join");
    tcase_add_test(join, join_does_not_stop_the_worker);
    tcase_add_test(join, join_from_inside_is_a_deadlock_and_does_nothing);
    tcase_add_test(join, a_worker_may_join_another);
    tcase_add_test(join, a_joined_worker_leaves_no_thread);
    TCase *start = add_case(suite, "start");
    tcase_add_test(start, what_cannot_be_started_is_refused);
    return suite;
}

int main(void) {
    return run_suite(worker_suite());
}
