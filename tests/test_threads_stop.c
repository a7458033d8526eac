/*
 * test_threads_stop.c - stopping groups of workers: items completed first, repeated stops, shutdowns and sentinels.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

static weir_threads *start(size_t count, weir_worker_func *func, void *arg, weir_queue *in, weir_queue *out) {
    weir_threads *threads = NULL;
    assert_status(WEIR_OK, weir_start_threads(&threads, count, func, arg, in, out));
    ck_assert_ptr_nonnull(threads);
    return threads;
}

static void destroy_both(weir_queue *in, weir_queue *out) {
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}

/* Finishes a call that is certain to return; fails the test if it does not. */
static weir_status finish_or_fail(struct call *call) {
    if (!calls_wait_returned(call, 1, 1))
        ck_abort_msg("the call does not return");
    return call_finish(call);
}

/* ---- items completed before a stop ---- */

START_TEST (stop_finishes_what_was_put_before) {
    static const size_t workers[] = {1, 3, 8};
    weir_queue *in = new_queue(WEIR_UNBOUNDED), *out = new_queue(WEIR_UNBOUNDED);
    put_numbers(in, 0, 1000);
    weir_threads *threads = start(workers[_i], hand_back, NULL, in, out);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), 1000);
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    destroy_both(in, out);
}
END_TEST

START_TEST (stop_of_idle_workers_ends_them) {
    weir_queue *in = new_queue(2);
    size_t before = threads_at_rest();
    weir_threads *threads = start(4, hand_back, NULL, in, NULL);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert(wait_for_threads(before));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (stop_waits_for_every_running_function) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(4), *out = new_queue(4);
    struct call stop = {.queue = in, .threads = start(2, hand_back_at_gate, &gate, in, out)};
    put_numbers(in, 0, 2);
    gate_wait_for(&gate, 2);
    call_start_asleep(&stop, make_stop);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&stop));
    ck_assert_uint_eq(weir_queue_size(out), 2);
    destroy_both(in, out);
}
END_TEST

START_TEST (stop_waits_for_room_in_out) {
    weir_queue *in = new_queue(4), *out = new_queue(1);
    struct call stop = {.queue = in, .threads = start(1, hand_back, NULL, in, out)};
    put_numbers(in, 0, 3);
    call_start_asleep(&stop, make_stop);
    take_numbers(out, 0, 1);
    ck_assert(call_is_asleep(&stop));
    take_numbers(out, 1, 3);
    assert_status(WEIR_OK, call_finish(&stop));
    destroy_both(in, out);
}
END_TEST

START_TEST (items_put_after_stop_stay_in_the_queue) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(8), *out = new_queue(8);
    struct call stop = {.queue = in, .threads = start(2, hand_back_at_gate, &gate, in, out)};
    put_numbers(in, 0, 3);
    gate_wait_for(&gate, 2);
    call_start_asleep(&stop, make_stop);
    put_numbers(in, 3, 5);
    gate_open(&gate);
    assert_status(WEIR_OK, finish_or_fail(&stop));
    ck_assert_uint_eq(weir_queue_size(out), 3);
    ck_assert_uint_eq(weir_queue_size(in), 2);
    take_numbers(in, 3, 5);
    destroy_both(in, out);
}
END_TEST

START_TEST (a_second_group_takes_what_is_put_after_the_first_was_stopped) {
    enum { ROUNDS = 30, ITEMS = 20 };
    for (size_t round = 0; round < ROUNDS; round++) {
        weir_queue *in = new_queue(round % 3 + 1), *out = new_queue(WEIR_UNBOUNDED);
        weir_threads *first = start(3, hand_back, NULL, in, out), *second = start(2, hand_back, NULL, in, out);
        put_numbers(in, 0, round);
        assert_status(WEIR_OK, weir_stop_threads(in, first));
        put_numbers(in, round, round + ITEMS); /* no wakeup may go to a stopped worker */
        assert_status(WEIR_OK, weir_queue_join_until(in, hang_limit()));
        ck_assert_uint_eq(weir_queue_size(out), round + ITEMS);
        assert_status(WEIR_OK, weir_stop_threads(in, second));
        destroy_both(in, out);
    }
}
END_TEST

static void *put_steadily(void *raw) {
    put_numbers(raw, 0, 5000);
    return NULL;
}

START_TEST (stopping_one_of_two_groups_in_the_midst_of_puts_loses_no_wake) {
    for (int round = 0; round < 10; round++) {
        weir_queue *in = new_queue(2), *out = new_queue(WEIR_UNBOUNDED);
        weir_threads *first = start(2, hand_back, NULL, in, out), *second = start(1, hand_back, NULL, in, out);
        pthread_t producer;
        thread_start(&producer, put_steadily, in);
        while (weir_queue_size(out) < (size_t)round * 100)
            nap();
        struct call stop = {.queue = in, .threads = first};
        call_start(&stop, make_stop);
        thread_join(producer);
        assert_status(WEIR_OK, finish_or_fail(&stop));
        assert_status(WEIR_OK, weir_stop_threads(in, second));
        ck_assert_uint_eq(weir_queue_size(out), 5000);
        destroy_both(in, out);
    }
}
END_TEST

/* ---- items taken by other consumers ---- */

START_TEST (stop_does_not_wait_for_other_consumers) {
    weir_queue *in = new_queue(4);
    void *item;
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_queue_get(in, &item)); /* by another consumer: this thread */
    struct call stop = {.queue = in, .threads = start(2, hand_back, NULL, in, NULL)};
    call_start(&stop, make_stop);
    assert_status(WEIR_OK, finish_or_fail(&stop));
    ck_assert_uint_eq(weir_queue_unfinished(in), 1);
    assert_status(WEIR_OK, weir_queue_task_done(in));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (stop_waits_neither_for_other_consumers_nor_for_what_was_put_later) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(4);
    void *item;
    put_numbers(in, 0, 2);
    assert_status(WEIR_OK, weir_queue_get(in, &item));
    struct call stop = {.queue = in, .threads = start(1, hand_back_at_gate, &gate, in, NULL)};
    gate_wait_for(&gate, 1);
    call_start_asleep(&stop, make_stop);
    put_numbers(in, 2, 3); /* while the worker still has items */
    gate_open(&gate);
    assert_status(WEIR_OK, finish_or_fail(&stop));
    ck_assert_uint_eq(weir_queue_size(in), 1);
    ck_assert_uint_eq(weir_queue_unfinished(in), 2);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- shutdowns ---- */

START_TEST (stop_after_a_shutdown) {
    struct gate gate = GATE;
    struct drops drops;
    weir_queue *in = new_dropping_queue(8, &drops), *out = new_queue(8);
    weir_threads *threads = start(1, hand_back_at_gate, &gate, in, out);
    put_numbers(in, 0, 5);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_queue_shutdown(in, _i ? WEIR_DISCARD : WEIR_DRAIN));
    gate_open(&gate);
    assert_status(_i ? WEIR_DISCARDED : WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), _i ? 1 : 5);
    ck_assert_uint_eq(atomic_load(&drops.count), _i ? 4 : 0);
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    destroy_both(in, out);
}
END_TEST

START_TEST (a_shutdown_while_stop_waits) {
    struct gate gate = GATE;
    struct drops drops;
    weir_queue *in = new_dropping_queue(8, &drops), *out = new_queue(8);
    struct call stop = {.queue = in, .threads = start(1, hand_back_at_gate, &gate, in, out)};
    put_numbers(in, 0, 5);
    gate_wait_for(&gate, 1);
    call_start_asleep(&stop, make_stop);
    assert_status(WEIR_OK, weir_queue_shutdown(in, _i ? WEIR_DISCARD : WEIR_DRAIN));
    gate_open(&gate);
    assert_status(_i ? WEIR_DISCARDED : WEIR_OK, finish_or_fail(&stop));
    ck_assert_uint_eq(weir_queue_size(out), _i ? 1 : 5);
    destroy_both(in, out);
}
END_TEST

START_TEST (a_discard_is_reported_even_if_items_were_put_after_stop) {
    struct gate gate = GATE;
    struct drops drops;
    weir_queue *in = new_dropping_queue(8, &drops);
    struct call stop = {.queue = in, .threads = start(1, hand_back_at_gate, &gate, in, NULL)};
    put_numbers(in, 0, 5);
    gate_wait_for(&gate, 1);
    call_start_asleep(&stop, make_stop);
    put_numbers(in, 5, 6);
    assert_status(WEIR_OK, weir_queue_shutdown(in, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.count), 5);
    gate_open(&gate);
    assert_status(WEIR_DISCARDED, finish_or_fail(&stop));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static void drop_at_gate(void *item, void *gate) {
    (void)item;
    gate_pass(gate);
}

START_TEST (a_discard_that_is_under_way_is_no_unfinished_work) {
    enum { ITEMS = 200 };
    struct gate gate = GATE;
    const weir_queue_options options = {.capacity = ITEMS, .drop = drop_at_gate, .drop_arg = &gate};
    struct gate work = GATE;
    weir_queue *in;
    assert_status(WEIR_OK, weir_queue_create_with(&in, &options));
    weir_threads *threads = start(1, hand_back_at_gate, &work, in, NULL);
    struct call shutdown = {.queue = in, .mode = WEIR_DISCARD}, stop = {.queue = in, .threads = threads};
    put_numbers(in, 0, ITEMS);
    gate_wait_for(&work, 1);
    call_start(&shutdown, make_shutdown); /* its first drop blocks at the gate */
    gate_wait_for(&gate, 1);
    gate_open(&work);
    call_start(&stop, make_stop);
    (void)call_is_asleep(&stop);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&shutdown));
    assert_status(WEIR_DISCARDED, finish_or_fail(&stop));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- sentinels ---- */

START_TEST (a_close_by_hand_ends_one_worker_and_stop_ends_the_rest) {
    weir_queue *in = new_queue(8), *out = new_queue(WEIR_UNBOUNDED);
    size_t before = threads_at_rest();
    weir_threads *threads = start(3, hand_back, NULL, in, out);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_queue_join(in));
    ck_assert(before == 0 || wait_for_threads(before + 2));
    put_numbers(in, 0, 20);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), 20);
    ck_assert(wait_for_threads(before));
    destroy_both(in, out);
}
END_TEST

START_TEST (sentinels_for_all_workers_leave_the_rest_unfinished) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(8);
    weir_threads *threads = start(2, hand_back_at_gate, &gate, in, NULL);
    put_numbers(in, 0, 2);
    gate_wait_for(&gate, 2);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_queue_close(in));
    put_numbers(in, 2, 4);
    gate_open(&gate);
    assert_status(WEIR_UNFINISHED, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(in), 2);
    take_numbers(in, 2, 4);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (surplus_sentinels_before_stop_do_no_harm) {
    weir_queue *in = new_queue(8), *out = new_queue(8);
    weir_threads *threads = start(2, hand_back, NULL, in, out);
    put_numbers(in, 0, 2);
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_queue_close(in));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), 2);
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    destroy_both(in, out);
}
END_TEST

static Suite *stop_suite(void) {
    Suite *suite = suite_create("stoppable_worker: stop");
    TCase *work = add_case(suite, "what is finished");
    tcase_add_loop_test(work, stop_finishes_what_was_put_before, 0, 3);
    tcase_add_test(work, stop_of_idle_workers_ends_them);
    tcase_add_test(work, stop_waits_for_every_running_function);
    tcase_add_test(work, stop_waits_for_room_in_out);
    tcase_add_test(work, items_put_after_stop_stay_in_the_queue);
    tcase_add_test(work, a_second_group_takes_what_is_put_after_the_first_was_stopped);
    tcase_add_test(work, stopping_one_of_two_groups_in_the_midst_of_puts_loses_no_wake);
    TCase *others = add_case(suite, "other consumers");
    tcase_add_test(others, stop_does_not_wait_for_other_consumers);
    tcase_add_test(others, stop_waits_neither_for_other_consumers_nor_for_what_was_put_later);
    TCase *shutdown = add_case(suite, "shutdown");
    tcase_add_loop_test(shutdown, stop_after_a_shutdown, 0, 2);
    tcase_add_loop_test(shutdown, a_shutdown_while_stop_waits, 0, 2);
    tcase_add_test(shutdown, a_discard_is_reported_even_if_items_were_put_after_stop);
    tcase_add_test(shutdown, a_discard_that_is_under_way_is_no_unfinished_work);
    TCase *sentinels = add_case(suite, "sentinels");
    tcase_add_test(sentinels, a_close_by_hand_ends_one_worker_and_stop_ends_the_rest);
    tcase_add_test(sentinels, sentinels_for_all_workers_leave_the_rest_unfinished);
    tcase_add_test(sentinels, surplus_sentinels_before_stop_do_no_harm);
    return suite;
}

int main(void) {
    return run_suite(stop_suite());
}
