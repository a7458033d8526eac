/*
 * test_threads_work.c - running groups of workers: items, results, and functions that exit their thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>

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

/* ---- items and results ---- */

static void *count_item(void *item, void *counts) {
    atomic_fetch_add(&((atomic_uint *)counts)[number_of(item)], 1);
    return item;
}

START_TEST (every_item_is_handled_once_and_every_result_comes_out) {
    enum { ITEMS = 20000 };
    atomic_uint *counts = calloc(ITEMS, sizeof *counts);
    weir_queue *in = new_queue(16), *out = new_queue(WEIR_UNBOUNDED);
    weir_threads *threads = start(4, count_item, counts, in, out);
    put_numbers(in, 0, ITEMS);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), ITEMS);
    bool *seen = calloc(ITEMS, sizeof *seen);
    for (size_t i = 0; i < ITEMS; i++) {
        size_t n = take_number(out);
        if (n >= ITEMS || seen[n] || atomic_load(&counts[n]) != 1)
            ck_abort_msg("item %zu came out twice, or was handled %u times", n, atomic_load(&counts[n]));
        seen[n] = true;
    }
    free(seen);
    free(counts);
    destroy_both(in, out);
}
END_TEST

START_TEST (one_worker_keeps_the_order) {
    weir_queue *in = new_queue(8), *out = new_queue(WEIR_UNBOUNDED);
    weir_threads *threads = start(1, hand_back, NULL, in, out);
    put_numbers(in, 0, 5000);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    take_numbers(out, 0, 5000);
    destroy_both(in, out);
}
END_TEST

START_TEST (what_is_joined_is_downstream) {
    weir_queue *in = new_queue(8), *out = new_queue(WEIR_UNBOUNDED);
    weir_threads *threads = start(3, hand_back, NULL, in, out);
    for (size_t round = 0; round < 500; round++) {
        put_numbers(in, 0, 5);
        assert_status(WEIR_OK, weir_queue_join(in));
        ck_assert_uint_eq(weir_queue_size(out), 5);
        for (size_t n = 0; n < 5; n++)
            (void)take_number(out);
    }
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    destroy_both(in, out);
}
END_TEST

START_TEST (an_item_is_not_settled_while_its_result_waits_for_room) {
    weir_queue *in = new_queue(8), *out = new_queue(1);
    weir_threads *threads = start(1, hand_back, NULL, in, out);
    struct call join = {.queue = in};
    put_numbers(in, 0, 2);
    call_start_asleep(&join, make_join);
    while (weir_queue_unfinished(in) != 1 || weir_queue_size(in) != 0)
        nap();
    ck_assert(call_is_asleep(&join));
    take_numbers(out, 0, 1);
    assert_status(WEIR_OK, call_finish(&join));
    take_numbers(out, 1, 2);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    destroy_both(in, out);
}
END_TEST

START_TEST (without_an_out_queue_results_are_ignored) {
    weir_queue *in = new_queue(8);
    weir_threads *threads = start(2, hand_back, NULL, in, NULL);
    put_numbers(in, 0, 100);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_unfinished(in), 0);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

static void *return_arg(void *item, void *arg) {
    (void)item;
    return arg;
}

START_TEST (the_argument_is_handed_to_the_function_and_null_is_a_result) {
    void *const args[] = {NULL, number(4711)};
    weir_queue *in = new_queue(8), *out = new_queue(8);
    weir_threads *threads = start(2, return_arg, args[_i], in, out);
    void *result = number(1);
    put_numbers(in, 0, 1);
    assert_status(WEIR_OK, weir_queue_put(in, NULL));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    for (int i = 0; i < 2; i++) {
        assert_status(WEIR_OK, weir_queue_try_get(out, &result));
        ck_assert_ptr_eq(result, args[_i]);
    }
    assert_status(WEIR_EMPTY, weir_queue_try_get(out, &result));
    destroy_both(in, out);
}
END_TEST

START_TEST (as_many_functions_run_at_once_as_there_are_workers) {
    enum { WORKERS = 5 };
    struct gate gate = GATE;
    weir_queue *in = new_queue(2 * WORKERS), *out = new_queue(2 * WORKERS);
    weir_threads *threads = start(WORKERS, hand_back_at_gate, &gate, in, out);
    put_numbers(in, 0, 2 * WORKERS);
    gate_wait_for(&gate, WORKERS);
    ck_assert_uint_eq(weir_queue_size(in), WORKERS);
    ck_assert_uint_eq(weir_queue_unfinished(in), 2 * WORKERS);
    gate_open(&gate);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    ck_assert_uint_eq(weir_queue_size(out), 2 * WORKERS);
    destroy_both(in, out);
}
END_TEST

START_TEST (three_stages_stopped_first_to_last_have_all_their_input) {
    enum { ITEMS = 3000 };
    weir_queue *queues[4];
    weir_threads *stages[3];
    for (size_t i = 0; i < 4; i++)
        queues[i] = new_queue(i == 3 ? WEIR_UNBOUNDED : 3);
    for (size_t i = 0; i < 3; i++)
        stages[i] = start(i + 1, hand_back, NULL, queues[i], queues[i + 1]);
    put_numbers(queues[0], 0, ITEMS);
    for (size_t i = 0; i < 3; i++) {
        assert_status(WEIR_OK, weir_stop_threads(queues[i], stages[i]));
        ck_assert_uint_eq(weir_queue_unfinished(queues[i]), 0);
    }
    ck_assert_uint_eq(weir_queue_size(queues[3]), ITEMS);
    for (size_t i = 0; i < 4; i++)
        assert_status(WEIR_OK, weir_queue_destroy(queues[i]));
}
END_TEST

struct own_queue {
    weir_queue *queue;
    weir_status filled, refused;
};

static void *fill_own_queue(void *item, void *raw) {
    struct own_queue *own = raw;
    if (number_of(item) != 0)
        return item;
    own->filled = weir_queue_try_put(own->queue, number(1));
    own->refused = weir_queue_put_until(own->queue, number(2), weir_deadline_after(10 * MILLISECONDS));
    return item;
}

START_TEST (a_worker_may_put_into_its_own_full_queue_with_a_deadline) {
    weir_queue *in = new_queue(1), *out = new_queue(8);
    struct own_queue own = {.queue = in};
    weir_threads *threads = start(1, fill_own_queue, &own, in, out);
    put_numbers(in, 0, 1);
    take_numbers(out, 0, 2);
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, own.filled);
    assert_status(WEIR_TIMEDOUT, own.refused);
    destroy_both(in, out);
}
END_TEST

/* ---- when `out` is shut down ---- */

START_TEST (workers_end_when_out_is_shut_down_and_stop_reports_items_left) {
    struct drops drops;
    weir_queue *in = new_queue(16), *out = new_dropping_queue(16, &drops);
    assert_status(WEIR_OK, weir_queue_shutdown(out, WEIR_DRAIN));
    put_numbers(in, 0, 10);
    weir_threads *threads = start(3, hand_back, NULL, in, out);
    while (weir_queue_unfinished(in) != 7) /* each worker drops one, settles it, and exits */
        nap();
    assert_status(WEIR_UNFINISHED, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&drops.count), 3);
    ck_assert_uint_eq(weir_queue_size(in), 7);
    ck_assert_uint_eq(weir_queue_unfinished(in), 7);
    destroy_both(in, out);
}
END_TEST

START_TEST (a_shutdown_of_out_in_the_midst_of_work_loses_no_result) {
    enum { ITEMS = 200 };
    for (int round = 0; round < 20; round++) {
        struct drops drops;
        weir_queue *in = new_queue(WEIR_UNBOUNDED), *out = new_dropping_queue(4, &drops);
        weir_threads *threads = start(3, hand_back, NULL, in, out);
        put_numbers(in, 0, ITEMS);
        size_t taken = (size_t)round;
        for (size_t i = 0; i < taken; i++)
            (void)take_number(out);
        assert_status(WEIR_OK, weir_queue_shutdown(out, WEIR_DISCARD));
        weir_status status = weir_stop_threads(in, threads);
        size_t left = weir_queue_size(in);
        ck_assert_int_eq(status, left > 0 ? WEIR_UNFINISHED : WEIR_OK);
        ck_assert_uint_eq(weir_queue_unfinished(in), left);
        ck_assert_uint_eq(taken + atomic_load(&drops.count) + left, ITEMS);
        destroy_both(in, out);
    }
}
END_TEST

/* ---- functions that exit their thread ---- */

static void *end_thread_on_odd(void *item, void *arg) {
    (void)arg;
    if (number_of(item) % 2)
        pthread_exit(NULL);
    return item;
}

START_TEST (when_one_function_ends_its_thread_the_others_go_on) {
    weir_queue *in = new_queue(16), *out = new_queue(WEIR_UNBOUNDED);
    weir_threads *threads = start(4, end_thread_on_odd, NULL, in, out);
    put_numbers(in, 1, 2);
    put_numbers(in, 3, 4);
    for (size_t n = 0; n < 100; n += 2)
        put_numbers(in, n, n + 1);
    assert_status(WEIR_OK, weir_queue_join(in)); /* the two items are settled */
    ck_assert_uint_eq(weir_queue_size(out), 50); /* without a result */
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    destroy_both(in, out);
}
END_TEST

START_TEST (stop_does_not_hang_when_all_have_ended_and_the_queue_is_full) {
    weir_queue *in = new_queue(2), *out = new_queue(4);
    weir_threads *threads = start(2, end_thread_on_odd, NULL, in, out);
    for (size_t i = 0; i < 2; i++)
        put_numbers(in, 1, 2);
    assert_status(WEIR_OK, weir_queue_join(in));
    put_numbers(in, 0, 2);
    assert_status(WEIR_FULL, weir_queue_try_put(in, number(2)));
    assert_status(WEIR_UNFINISHED, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    take_numbers(in, 0, 2); /* the caller takes the rest */
    ck_assert_uint_eq(weir_queue_size(out), 0);
    destroy_both(in, out);
}
END_TEST

START_TEST (stop_is_ok_when_all_have_ended_and_nothing_is_left) {
    weir_queue *in = new_queue(2);
    weir_threads *threads = start(2, end_thread_on_odd, NULL, in, NULL);
    for (size_t i = 0; i < 2; i++)
        put_numbers(in, 1, 2);
    assert_status(WEIR_OK, weir_queue_join(in));
    assert_status(WEIR_OK, weir_stop_threads(in, threads));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

/* ---- several items at once ---- */

enum { ALL = 300, SPECIAL = 200 }; /* by then the workers have learnt that items are quick */

struct several {
    weir_queue *in;
    atomic_size_t ran;
    atomic_uint times[ALL];
};

static void count_in(struct several *several, void *item) {
    atomic_fetch_add(&several->times[number_of(item)], 1);
    atomic_fetch_add(&several->ran, 1);
}

/* The special item returns once all others have run. */
static void *wait_on_special(void *item, void *raw) {
    struct several *several = raw;
    while (number_of(item) == SPECIAL && atomic_load(&several->ran) < ALL - 1)
        nap();
    count_in(several, item);
    return item;
}

START_TEST (nothing_waits_behind_a_slow_item_while_another_worker_is_idle) {
    struct several several = {.in = new_queue(_i ? WEIR_UNBOUNDED : ALL)};
    put_numbers(several.in, 0, ALL);
    weir_threads *threads = start(3, wait_on_special, &several, several.in, NULL);
    assert_status(WEIR_OK, weir_queue_join(several.in));
    assert_status(WEIR_OK, weir_stop_threads(several.in, threads));
    for (size_t n = 0; n < ALL; n++)
        ck_assert_uint_eq(atomic_load(&several.times[n]), 1);
    assert_status(WEIR_OK, weir_queue_destroy(several.in));
}
END_TEST

static void *exit_on_special(void *item, void *raw) {
    count_in(raw, item);
    if (number_of(item) == SPECIAL)
        pthread_exit(NULL);
    return item;
}

START_TEST (what_a_worker_has_taken_and_not_begun_is_in_the_queue_when_it_ends) {
    struct several several = {.in = new_queue(_i ? WEIR_UNBOUNDED : ALL)};
    put_numbers(several.in, 0, ALL);
    weir_threads *threads = start(1, exit_on_special, &several, several.in, NULL);
    assert_status(WEIR_UNFINISHED, weir_stop_threads(several.in, threads));
    ck_assert_uint_eq(weir_queue_size(several.in), ALL - SPECIAL - 1);
    ck_assert_uint_eq(weir_queue_unfinished(several.in), ALL - SPECIAL - 1);
    take_numbers(several.in, SPECIAL + 1, ALL); /* in order */
    assert_status(WEIR_OK, weir_queue_join(several.in));
    assert_status(WEIR_OK, weir_queue_destroy(several.in));
}
END_TEST

struct several_and_gate {
    struct several several;
    struct gate gate;
};

static void *exit_on_special_at_gate(void *item, void *raw) {
    struct several_and_gate *both = raw;
    if (number_of(item) == SPECIAL)
        gate_pass(&both->gate);
    return exit_on_special(item, &both->several);
}

static void take_all(weir_queue *queue) {
    for (void *item; weir_queue_try_get(queue, &item) == WEIR_OK;)
        assert_status(WEIR_OK, weir_queue_task_done(queue));
}

/* After the stop has begun, more items are put and taken than a worker requeues. */
START_TEST (items_taken_later_do_not_hide_requeued_items) {
    struct several_and_gate both = {.several = {.in = new_queue(ALL)}, .gate = GATE};
    weir_queue *in = both.several.in;
    put_numbers(in, 0, ALL);
    struct call stop = {.queue = in, .threads = start(1, exit_on_special_at_gate, &both, in, NULL)};
    gate_wait_for(&both.gate, 1);
    call_start_asleep(&stop, make_stop);
    take_all(in);
    put_numbers(in, 0, 64);
    take_all(in);
    gate_open(&both.gate);
    weir_status status = call_finish(&stop);
    size_t left = weir_queue_size(in); /* 0 if the machine was so slow that items counted as slow */
    ck_assert_int_eq(status, left > 0 ? WEIR_UNFINISHED : WEIR_OK);
    take_all(in);
    assert_status(WEIR_OK, weir_queue_join(in));
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (the_others_go_on_with_what_an_ended_worker_has_not_begun) {
    struct several several = {.in = new_queue(ALL)};
    put_numbers(several.in, 0, ALL);
    weir_threads *threads = start(2, exit_on_special, &several, several.in, NULL);
    assert_status(WEIR_OK, weir_queue_join(several.in));
    assert_status(WEIR_OK, weir_stop_threads(several.in, threads));
    ck_assert_uint_eq(atomic_load(&several.ran), ALL);
    assert_status(WEIR_OK, weir_queue_destroy(several.in));
}
END_TEST

START_TEST (requeued_items_go_to_the_drop_function) {
    struct drops drops;
    struct several several = {.in = new_dropping_queue(ALL, &drops)};
    put_numbers(several.in, 0, ALL);
    weir_threads *threads = start(1, exit_on_special, &several, several.in, NULL);
    assert_status(WEIR_UNFINISHED, weir_stop_threads(several.in, threads));
    if (_i == 0)
        assert_status(WEIR_OK, weir_queue_shutdown(several.in, WEIR_DISCARD));
    assert_status(WEIR_OK, weir_queue_destroy(several.in));
    ck_assert_uint_eq(atomic_load(&drops.count), ALL - SPECIAL - 1);
    for (size_t n = 0; n < ALL - SPECIAL - 1; n++)
        ck_assert_uint_eq(number_of(drops.items[n]), SPECIAL + 1 + n);
}
END_TEST

static void *discard_on_special(void *item, void *raw) {
    struct several *several = raw;
    count_in(several, item);
    if (number_of(item) == SPECIAL)
        assert_status(WEIR_OK, weir_queue_shutdown(several->in, WEIR_DISCARD));
    return item;
}

struct drops_by_thread {
    pthread_t starter;
    atomic_size_t in_starter, in_worker;
};

static void count_by_thread(void *item, void *raw) {
    struct drops_by_thread *drops = raw;
    (void)item;
    atomic_fetch_add(pthread_equal(pthread_self(), drops->starter) ? &drops->in_starter : &drops->in_worker, 1);
}

static void *wait_at_gate_on_special(void *item, void *raw) {
    if (number_of(item) == SPECIAL)
        gate_pass(raw);
    return item;
}

START_TEST (after_a_discard_a_worker_drops_what_it_has_taken_and_not_begun) {
    struct drops_by_thread drops = {.starter = pthread_self()};
    const weir_queue_options options = {.capacity = ALL, .drop = count_by_thread, .drop_arg = &drops};
    struct gate gate = GATE;
    weir_queue *in;
    assert_status(WEIR_OK, weir_queue_create_with(&in, &options));
    put_numbers(in, 0, ALL);
    weir_threads *threads = start(1, wait_at_gate_on_special, &gate, in, NULL);
    gate_wait_for(&gate, 1);
    size_t queued = weir_queue_size(in);
    assert_status(WEIR_OK, weir_queue_shutdown(in, WEIR_DISCARD));
    ck_assert_uint_eq(atomic_load(&drops.in_starter), queued);
    gate_open(&gate);
    assert_status(WEIR_DISCARDED, weir_queue_join(in));
    assert_status(WEIR_DISCARDED, weir_stop_threads(in, threads));
    ck_assert_uint_eq(atomic_load(&drops.in_starter), queued);
    ck_assert_uint_eq(atomic_load(&drops.in_worker), ALL - SPECIAL - 1 - queued);
    assert_status(WEIR_OK, weir_queue_destroy(in));
}
END_TEST

START_TEST (a_discard_reaches_what_a_worker_has_taken_and_not_begun) {
    struct drops drops;
    struct several several = {.in = new_dropping_queue(ALL, &drops)};
    put_numbers(several.in, 0, ALL);
    weir_threads *threads = start(1, discard_on_special, &several, several.in, NULL);
    assert_status(WEIR_DISCARDED, weir_queue_join(several.in));
    assert_status(WEIR_DISCARDED, weir_stop_threads(several.in, threads));
    ck_assert_uint_eq(atomic_load(&several.ran), SPECIAL + 1);
    ck_assert_uint_eq(atomic_load(&drops.count), ALL - SPECIAL - 1);
    assert_status(WEIR_OK, weir_queue_destroy(several.in));
}
END_TEST

static Suite *work_suite(void) {
    Suite *suite = suite_create("stoppable_worker: work");
    TCase *results = add_case(suite, "results");
    tcase_add_test(results, every_item_is_handled_once_and_every_result_comes_out);
    tcase_add_test(results, one_worker_keeps_the_order);
    tcase_add_test(results, what_is_joined_is_downstream);
    tcase_add_test(results, an_item_is_not_settled_while_its_result_waits_for_room);
    tcase_add_test(results, without_an_out_queue_results_are_ignored);
    tcase_add_loop_test(results, the_argument_is_handed_to_the_function_and_null_is_a_result, 0, 2);
    tcase_add_test(results, as_many_functions_run_at_once_as_there_are_workers);
    tcase_add_test(results, three_stages_stopped_first_to_last_have_all_their_input);
    tcase_add_test(results, a_worker_may_put_into_its_own_full_queue_with_a_deadline);
    TCase *out = add_case(suite, "out is shut down");
    tcase_add_test(out, workers_end_when_out_is_shut_down_and_stop_reports_items_left);
    tcase_add_test(out, a_shutdown_of_out_in_the_midst_of_work_loses_no_result);
    TCase *exits = add_case(suite, "pthread_exit");
    tcase_add_test(exits, when_one_function_ends_its_thread_the_others_go_on);
    tcase_add_test(exits, stop_does_not_hang_when_all_have_ended_and_the_queue_is_full);
    tcase_add_test(exits, stop_is_ok_when_all_have_ended_and_nothing_is_left);
    TCase *at_once = add_case(suite, "several at once");
    tcase_add_loop_test(at_once, nothing_waits_behind_a_slow_item_while_another_worker_is_idle, 0, 2);
    tcase_add_loop_test(at_once, what_a_worker_has_taken_and_not_begun_is_in_the_queue_when_it_ends, 0, 2);
    tcase_add_test(at_once, the_others_go_on_with_what_an_ended_worker_has_not_begun);
    tcase_add_test(at_once, items_taken_later_do_not_hide_requeued_items);
    tcase_add_loop_test(at_once, requeued_items_go_to_the_drop_function, 0, 2);
    tcase_add_test(at_once, after_a_discard_a_worker_drops_what_it_has_taken_and_not_begun);
    tcase_add_test(at_once, a_discard_reaches_what_a_worker_has_taken_and_not_begun);
    return suite;
}

int main(void) {
    return run_suite(work_suite());
}
