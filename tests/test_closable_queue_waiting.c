/*
 * test_closable_queue_waiting.c - waiting uses no processor time, ignores signals and misses no wakeup; many threads
 * at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* ---- idle threads ---- */

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

START_TEST (idle_threads_cost_no_cpu) {
    enum { IDLE = 12 };
    weir_queue *empty = new_queue(_i ? WEIR_UNBOUNDED : 4), *full = new_queue(1);
    struct call calls[IDLE] = {{0}};
    void (*const makes[])(struct call *) = {make_get, make_get_until, make_get, make_put, make_put_until, make_join};
    put_numbers(full, 0, 1);
    for (size_t i = 0; i < IDLE; i++) {
        calls[i].queue = i % COUNT_OF(makes) < 3 ? empty : full;
        calls[i].deadline = hang_limit();
        call_start_asleep(&calls[i], makes[i % COUNT_OF(makes)]);
    }
    double before = cpu_seconds();
    sleep_until(now() + 300 * MILLISECONDS);
    double spent = cpu_seconds() - before;
    ck_assert_msg(spent < 0.05, "%d idle threads spent %f s of CPU time in 0.3 s", IDLE, spent);
    ck_assert_uint_eq(calls_returned(calls, IDLE), 0);
    assert_status(WEIR_OK, weir_queue_shutdown(empty, WEIR_DISCARD));
    assert_status(WEIR_OK, weir_queue_shutdown(full, WEIR_DISCARD));
    for (size_t i = 0; i < IDLE; i++)
        (void)call_finish(&calls[i]);
    assert_status(WEIR_OK, weir_queue_destroy(empty));
    assert_status(WEIR_OK, weir_queue_destroy(full));
}
END_TEST

/* ---- signals ---- */

static void do_nothing(int signal) {
    (void)signal;
}

static void handle_without_restart(void) {
    struct sigaction action = {.sa_handler = do_nothing}; /* no SA_RESTART: a signal interrupts system calls */
    sigemptyset(&action.sa_mask);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
}

/* Interrupts the blocked call several times. */
static void interrupt(struct call *call) {
    for (int i = 0; i < 20; i++) {
        struct sleep before = sleep_of(atomic_load(&call->number));
        pthread_kill(call->thread, SIGUSR1);
        ck_assert(wait_until_disturbed(&before));
    }
    ck_assert(call_is_asleep(call));
}

START_TEST (signals_end_no_wait) {
    weir_queue *queue = new_queue(1);
    struct call get = {.queue = queue}, get_until = {.queue = queue, .deadline = hang_limit()};
    struct call put = {.queue = queue, .item = number(3)}, join = {.queue = queue};
    handle_without_restart();
    call_start_asleep(&get, make_get);
    interrupt(&get);
    put_numbers(queue, 1, 2);
    assert_status(WEIR_OK, call_finish(&get));
    ck_assert_uint_eq(number_of(get.got), 1);

    call_start_asleep(&get_until, make_get_until);
    interrupt(&get_until);
    put_numbers(queue, 2, 3);
    assert_status(WEIR_OK, call_finish(&get_until));
    ck_assert_uint_eq(number_of(get_until.got), 2);

    put_numbers(queue, 0, 1);
    call_start_asleep(&put, make_put);
    interrupt(&put);
    call_start_asleep(&join, make_join);
    interrupt(&join);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, call_finish(&put));
    take_numbers(queue, 3, 4);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 2));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (signals_do_not_bring_a_deadline_forward_or_put_it_off) {
    weir_queue *queue = new_queue(1);
    struct call get = {.queue = queue, .deadline = now() + 60 * MILLISECONDS};
    handle_without_restart();
    call_start(&get, make_get_until);
    while (!atomic_load(&get.returned)) { /* hangs if each signal postponed the deadline */
        pthread_kill(get.thread, SIGUSR1);
        sched_yield();
    }
    assert_status(WEIR_TIMEDOUT, call_finish(&get));
    ck_assert_uint_ge(get.returned_at, get.deadline);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- cancellation ---- */

static void *make_call_and_be_cancelled(void *raw) {
    struct call *call = raw;
    atomic_store(&call->number, thread_number());
    call->make(call);
    atomic_store(&call->returned, true);
    pthread_testcancel(); /* here, not inside the call */
    call->moved = 4711;
    return NULL;
}

/* Cancels the thread while its call is blocked: the call stays blocked, and ends unaffected. */
static void cancel_call(struct call *call, void (*make)(struct call *)) {
    call->make = make;
    thread_start(&call->thread, make_call_and_be_cancelled, call);
    while (atomic_load(&call->number) == 0)
        nap();
    ck_assert(wait_until_asleep(atomic_load(&call->number), &call->returned));
    ck_assert_int_eq(pthread_cancel(call->thread), 0);
    ck_assert(call_is_asleep(call));
}

static void finish_cancelled(struct call *call) {
    void *result;
    ck_assert_int_eq(pthread_join(call->thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert(atomic_load(&call->returned));
    assert_status(WEIR_OK, call->status);
}

START_TEST (no_call_is_a_cancellation_point) {
    weir_queue *queue = new_queue(1);
    struct call get = {.queue = queue}, get_until = {.queue = queue, .deadline = hang_limit()};
    struct call put = {.queue = queue, .item = number(3)}, join = {.queue = queue};
    cancel_call(&get, make_get);
    put_numbers(queue, 0, 1);
    finish_cancelled(&get);
    cancel_call(&get_until, make_get_until);
    put_numbers(queue, 1, 2);
    finish_cancelled(&get_until);
    put_numbers(queue, 2, 3);
    cancel_call(&put, make_put);
    cancel_call(&join, make_join);
    take_numbers(queue, 2, 3);
    finish_cancelled(&put);
    take_numbers(queue, 3, 4);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 2));
    finish_cancelled(&join);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- traffic ---- */

enum { SIDES = 4, EACH = 8000 };

struct parcel {
    size_t producer, number;
    atomic_uint taken;
};

struct traffic {
    weir_queue *queue;
    struct parcel *parcels; /* SIDES * EACH */
    atomic_size_t next_producer;
    atomic_size_t out_of_order, failed;
};

static void *send_parcels(void *raw) {
    struct traffic *traffic = raw;
    size_t self = atomic_fetch_add(&traffic->next_producer, 1);
    for (size_t n = 0; n < EACH; n++) {
        struct parcel *parcel = &traffic->parcels[self * EACH + n];
        parcel->producer = self;
        parcel->number = n;
        if (weir_queue_put(traffic->queue, parcel) != WEIR_OK)
            atomic_fetch_add(&traffic->failed, 1);
    }
    return NULL;
}

/* Each consumer gets the items of each producer in order. */
static void *receive_parcels(void *raw) {
    struct traffic *traffic = raw;
    size_t next[SIDES] = {0};
    void *item;
    while (weir_queue_get(traffic->queue, &item) == WEIR_OK) {
        struct parcel *parcel = item;
        if (parcel->number < next[parcel->producer])
            atomic_fetch_add(&traffic->out_of_order, 1);
        next[parcel->producer] = parcel->number + 1;
        atomic_fetch_add(&parcel->taken, 1);
        weir_queue_task_done(traffic->queue);
    }
    return NULL;
}

START_TEST (four_producers_and_four_consumers_lose_double_and_reorder_nothing) {
    static const size_t capacities[] = {1, 2, 3, 64, 1024, WEIR_UNBOUNDED};
    struct traffic traffic = {.queue = new_queue(capacities[_i])};
    pthread_t producers[SIDES], consumers[SIDES];
    traffic.parcels = calloc(SIDES * EACH, sizeof *traffic.parcels);
    ck_assert_ptr_nonnull(traffic.parcels);
    for (size_t i = 0; i < SIDES; i++) {
        thread_start(&consumers[i], receive_parcels, &traffic);
        thread_start(&producers[i], send_parcels, &traffic);
    }
    for (size_t i = 0; i < SIDES; i++)
        thread_join(producers[i]);
    for (size_t i = 0; i < SIDES; i++)
        assert_status(WEIR_OK, weir_queue_close(traffic.queue));
    for (size_t i = 0; i < SIDES; i++)
        thread_join(consumers[i]);
    assert_status(WEIR_OK, weir_queue_join(traffic.queue));
    ck_assert_uint_eq(atomic_load(&traffic.failed), 0);
    ck_assert_uint_eq(atomic_load(&traffic.out_of_order), 0);
    for (size_t i = 0; i < SIDES * EACH; i++) {
        if (atomic_load(&traffic.parcels[i].taken) != 1)
            ck_abort_msg("parcel %zu came %u times", i, atomic_load(&traffic.parcels[i].taken));
    }
    ck_assert_uint_eq(weir_queue_size(traffic.queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(traffic.queue));
    free(traffic.parcels);
}
END_TEST

/* Two queues of capacity 1: every hand-over blocks, and one missed wakeup hangs the test. */
struct table {
    weir_queue *there, *back;
};

static void *return_balls(void *raw) {
    struct table *table = raw;
    void *ball;
    while (weir_queue_get(table->there, &ball) == WEIR_OK) {
        weir_queue_put(table->back, ball);
        weir_queue_task_done(table->there);
    }
    return NULL;
}

START_TEST (a_ball_to_and_fro_is_never_stuck) {
    enum { BALLS = 10000 };
    struct table table = {.there = new_queue(1), .back = new_queue(1)};
    pthread_t player;
    thread_start(&player, return_balls, &table);
    for (size_t n = 0; n < BALLS; n++) {
        put_numbers(table.there, n, n + 1);
        take_numbers(table.back, n, n + 1);
    }
    assert_status(WEIR_OK, weir_queue_close(table.there));
    thread_join(player);
    assert_status(WEIR_OK, weir_queue_destroy(table.there));
    assert_status(WEIR_OK, weir_queue_destroy(table.back));
}
END_TEST

static Suite *waiting_suite(void) {
    Suite *suite = suite_create("closable_queue: waiting");
    TCase *idle = add_case(suite, "idle");
    tcase_add_loop_test(idle, idle_threads_cost_no_cpu, 0, 2);
    TCase *signals = add_case(suite, "signals");
    tcase_add_test(signals, signals_end_no_wait);
    tcase_add_test(signals, signals_do_not_bring_a_deadline_forward_or_put_it_off);
    TCase *cancellation = add_case(suite, "cancellation");
    tcase_add_test(cancellation, no_call_is_a_cancellation_point);
    TCase *traffic = add_case(suite, "traffic");
    tcase_add_loop_test(traffic, four_producers_and_four_consumers_lose_double_and_reorder_nothing, 0, 6);
    tcase_add_test(traffic, a_ball_to_and_fro_is_never_stuck);
    return suite;
}

int main(void) {
    return run_suite(waiting_suite());
}
