/*
 * test_threads_stoppers.c - callers that stop a group of workers: twice, concurrently, from inside, by mistake.
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

START_TEST (once_stopped_always_stopped) {
    weir_queue *in = new_queue(4);
    weir_threads *threads = start(2, hand_back, NULL, in, NULL);
    for (int i = 0; i < 5; i++)
        assert_status(WEIR_OK, weir_stop_threads(in, threads));
    weir_threads *others = start(2, hand_back, NULL, in, NULL);
    ck_assert_ptr_ne(others, threads);
    assert_status(WEIR_OK, weir_stop_threads(in, threads)); /* the other group is not stopped */
    put_numbers(in, 0, 20);
    assert_status(WEIR_OK, weir_queue_join_until(in, hang_limit()));
    assert_status(WEIR_OK, weir_stop_threads(in, others));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

enum { STOPPERS = 4 };

START_TEST (several_may_stop_at_once_and_all_wait_for_the_work) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(8), *out = new_queue(8);
    weir_threads *threads = start(2, hand_back_at_gate, &gate, in, out);
    struct call stops[STOPPERS];
    put_numbers(in, 0, 4);
    gate_wait_for(&gate, 2);
    for (size_t i = 0; i < STOPPERS; i++) {
        stops[i] = (struct call){.queue = in, .threads = threads};
        call_start_asleep(&stops[i], make_stop);
    }
    gate_open(&gate);
    for (size_t i = 0; i < STOPPERS; i++)
        assert_status(WEIR_OK, call_finish(&stops[i]));
    ck_assert_uint_eq(weir_queue_size(out), 4);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (stoppers_that_race_leave_nothing_behind) {
    size_t before = threads_at_rest();
    for (int round = 0; round < 100; round++) {
        weir_queue *in = new_queue(4);
        weir_threads *threads = start(2, hand_back, NULL, in, NULL);
        struct call stops[STOPPERS];
        put_numbers(in, 0, 4);
        for (size_t i = 0; i < STOPPERS; i++) {
            stops[i] = (struct call){.queue = in, .threads = threads};
            call_start(&stops[i], make_stop);
        }
        for (size_t i = 0; i < STOPPERS; i++)
            assert_status(WEIR_OK, call_finish(&stops[i]));
        ck_assert_uint_eq(weir_queue_unfinished(in), 0);
        assert_status(WEIR_OK, weir_queue_destroy(in));
    }
    ck_assert(wait_for_threads(before));
}
END_TEST

static void *destroy_until_done(void *queue) {
    while (weir_queue_destroy(queue) == WEIR_BUSY)
        ;
    return NULL;
}

/* As soon as destroy no longer returns WEIR_BUSY: the stop does not use the queue any more. */
START_TEST (another_thread_may_destroy_the_queue_while_a_group_is_stopped) {
    for (int round = 0; round < 300; round++) {
        pthread_t destroyer;
        weir_queue *in = new_queue(4);
        weir_threads *threads = start(2, hand_back, NULL, in, NULL);
        put_numbers(in, 0, 1);
        thread_start(&destroyer, destroy_until_done, in);
        assert_status(WEIR_OK, weir_stop_threads(in, threads));
        thread_join(destroyer);
    }
}
END_TEST

START_TEST (concurrent_stops_return_the_same_status_and_later_ones_return_ok) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(8), *other = new_queue(1);
    weir_threads *threads = start(1, hand_back_at_gate, &gate, in, NULL);
    struct call stops[STOPPERS];
    put_numbers(in, 0, 4);
    gate_wait_for(&gate, 1);
    for (size_t i = 0; i < STOPPERS; i++) {
        stops[i] = (struct call){.queue = in, .threads = threads};
        call_start_asleep(&stops[i], make_stop);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(in, WEIR_DISCARD));
    gate_open(&gate);
    for (size_t i = 0; i < STOPPERS; i++)
        assert_status(WEIR_DISCARDED, call_finish(&stops[i]));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_stop_threads(other, threads)); /* the queue is ignored */
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_queue_destroy(other));
}
END_TEST

/* ---- from inside ---- */

struct inside {
    weir_queue *in;
    weir_threads *_Atomic threads;
    weir_status status;
};

static void *stop_own_group(void *item, void *raw) {
    struct inside *inside = raw;
    inside->status = weir_stop_threads(inside->in, atomic_load(&inside->threads));
    return item;
}

START_TEST (stop_from_inside_is_a_deadlock_and_does_nothing) {
    struct inside inside = {.in = new_queue(4)};
    weir_queue *out = new_queue(4);
    atomic_store(&inside.threads, start(1, stop_own_group, &inside, inside.in, out));
    for (size_t n = 0; n < 3; n++) {
        inside.status = WEIR_OK;
        put_numbers(inside.in, n, n + 1);
        take_numbers(out, n, n + 1); /* the group still works */
        assert_status(WEIR_OK, weir_queue_join(inside.in));
        assert_status(WEIR_DEADLOCK, inside.status);
    }
    assert_status(WEIR_OK, weir_stop_threads(inside.in, atomic_load(&inside.threads)));
    assert_status(WEIR_OK, weir_queue_destroy(inside.in));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

struct inside_at_gate {
    struct inside inside;
    struct gate gate;
};

static void *stop_own_group_at_gate(void *item, void *raw) {
    struct inside_at_gate *both = raw;
    gate_pass(&both->gate);
    return stop_own_group(item, &both->inside);
}

START_TEST (stop_from_inside_is_a_deadlock_also_while_another_stops) {
    struct inside_at_gate both = {.gate = GATE};
    weir_queue *in = new_queue(4);
    both.inside.in = in;
    atomic_store(&both.inside.threads, start(1, stop_own_group_at_gate, &both, in, NULL));
    struct call stop = {.queue = in, .threads = atomic_load(&both.inside.threads)};
    put_numbers(in, 0, 1);
    gate_wait_for(&both.gate, 1);
    call_start_asleep(&stop, make_stop);
    gate_open(&both.gate);
    assert_status(WEIR_OK, call_finish(&stop));
    assert_status(WEIR_DEADLOCK, both.inside.status);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (a_worker_may_stop_another_group) {
    weir_queue *other_in = new_queue(4), *in = new_queue(4);
    struct inside inside = {.in = other_in, .status = WEIR_INVALID};
    atomic_store(&inside.threads, start(2, hand_back, NULL, other_in, NULL));
    weir_threads *threads = start(1, stop_own_group, &inside, in, NULL);
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, inside.status);
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(other_in));
}
END_TEST

/* ---- mistakes ---- */

START_TEST (stop_with_another_queue_is_invalid_and_does_nothing) {
    weir_queue *in = new_queue(4), *other = new_queue(4), *out = new_queue(4);
    weir_threads *threads = start(2, hand_back, NULL, in, out);
    assert_status(WEIR_INVALID, weir_stop_threads(other, threads));
    assert_status(WEIR_INVALID, weir_stop_threads(out, threads));
    assert_status(WEIR_INVALID, weir_stop_threads(NULL, threads));
    assert_status(WEIR_INVALID, weir_stop_threads(in, NULL));
    put_numbers(in, 7, 8);
    take_numbers(out, 7, 8);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_INVALID, weir_stop_threads(NULL, threads));
    assert_status(WEIR_OK, weir_queue_destroy(in));
    assert_status(WEIR_OK, weir_queue_destroy(other));
    assert_status(WEIR_OK, weir_queue_destroy(out));
}
END_TEST

START_TEST (a_group_that_never_was_is_invalid) {
    weir_queue *in = new_queue(4);
    int garbage = 0;
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)&garbage));
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)in));
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)UINTPTR_MAX));
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)(uintptr_t)1));
    weir_threads *threads = start(1, hand_back, NULL, in, NULL);
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)((char *)threads + 1)));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_INVALID, weir_stop_threads(in, (weir_threads *)((char *)threads + 4096)));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- a cancelled caller of stop ---- */

static void *stop_and_be_cancelled(void *raw) {
    struct call *call = raw;
    atomic_store(&call->number, thread_number());
    call->status = weir_stop_threads(call->queue, call->threads);
    atomic_store(&call->returned, true);
    return NULL;
}

/* Wherever the cancellation takes effect, the next stop completes, and the group is not lost. */
START_TEST (a_stopper_that_is_cancelled_leaves_the_group_stoppable) {
    struct gate gate = GATE;
    weir_queue *in = new_queue(4);
    weir_threads *threads = start(1, hand_back_at_gate, &gate, in, NULL);
    struct call first = {.queue = in, .threads = threads}, second = {.queue = in, .threads = threads};
    put_numbers(in, 0, 1);
    gate_wait_for(&gate, 1);
    thread_start(&first.thread, stop_and_be_cancelled, &first);
    while (atomic_load(&first.number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&first.number), &first.returned));
    pthread_cancel(first.thread);
    gate_open(&gate);
    thread_join(first.thread);
    call_start(&second, make_stop);
    ck_assert_msg(calls_wait_returned(&second, 1, 1), "the group can never be stopped");
    assert_status(WEIR_OK, call_finish(&second));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static Suite *stoppers_suite(void) {
    Suite *suite = suite_create("stoppable_worker: stoppers");
    TCase *often = add_case(suite, "how often");
    tcase_add_test(often, once_stopped_always_stopped);
    tcase_add_test(often, several_may_stop_at_once_and_all_wait_for_the_work);
    tcase_add_test(often, concurrent_stops_return_the_same_status_and_later_ones_return_ok);
    tcase_add_test(often, stoppers_that_race_leave_nothing_behind);
    tcase_add_test(often, another_thread_may_destroy_the_queue_while_a_group_is_stopped);
    tcase_add_test(often, a_stopper_that_is_cancelled_leaves_the_group_stoppable);
    TCase *inside = add_case(suite, "from inside");
    tcase_add_test(inside, stop_from_inside_is_a_deadlock_and_does_nothing);
    tcase_add_test(inside, stop_from_inside_is_a_deadlock_also_while_another_stops);
    tcase_add_test(inside, a_worker_may_stop_another_group);
    TCase *mistakes = add_case(suite, "mistakes");
    tcase_add_test(mistakes, stop_with_another_queue_is_invalid_and_does_nothing);
    tcase_add_test(mistakes, a_group_that_never_was_is_invalid);
    return suite;
}

int main(void) {
    return run_suite(stoppers_suite());
}
