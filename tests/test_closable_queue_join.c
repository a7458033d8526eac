/*
 * test_closable_queue_join.c - task_done, join, the unfinished count, and destroying a queue after a join.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>

START_TEST (an_empty_queue_is_joined_at_once) {
    weir_queue *queue = new_queue(2);
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_join_until(queue, 0));
    put_numbers(queue, 0, 2);
    take_numbers(queue, 0, 1);
    take_numbers(queue, 1, 2);
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (join_waits_for_the_task_done_and_not_only_for_the_get) {
    weir_queue *queue = new_queue(2);
    struct call join = {.queue = queue};
    void *item;
    put_numbers(queue, 0, 2);
    call_start_asleep(&join, make_join);
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, weir_queue_get(queue, &item));
    ck_assert(call_is_asleep(&join));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    ck_assert(call_is_asleep(&join));
    assert_status(WEIR_OK, weir_queue_task_done(queue));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (task_done_beyond_the_count_is_refused_and_changes_nothing) {
    weir_queue *queue = new_queue(4);
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    put_numbers(queue, 0, 1);
    take_numbers(queue, 0, 1);
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 0);
    put_numbers(queue, 1, 2);
    ck_assert_uint_eq(weir_queue_unfinished(queue), 1);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0));
    take_numbers(queue, 1, 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (tasks_done_settles_all_or_none) {
    weir_queue *queue = new_queue(8);
    void *items[8];
    size_t got;
    put_numbers(queue, 0, 5);
    assert_status(WEIR_OK, weir_queue_get_many(queue, items, 8, &got));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 0));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 5);
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 6));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, SIZE_MAX));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, SIZE_MAX / 2 + 1)); /* doubled, it overflows to 0 */
    ck_assert_uint_eq(weir_queue_unfinished(queue), 5);
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 2));
    ck_assert_uint_eq(weir_queue_unfinished(queue), 3);
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 4));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 3));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 0));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 1));
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (task_done_beyond_the_count_is_refused_during_a_join) {
    weir_queue *queue = new_queue(4);
    struct call join = {.queue = queue};
    put_numbers(queue, 0, 3);
    call_start_asleep(&join, make_join);
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 4));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 2));
    assert_status(WEIR_INVALID, weir_queue_tasks_done(queue, 2));
    ck_assert(call_is_asleep(&join));
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, 1));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_INVALID, weir_queue_task_done(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

enum { JOINERS = 5 };

START_TEST (the_last_task_done_wakes_every_joiner) {
    weir_queue *queue = new_queue(2);
    struct call joins[JOINERS] = {{0}};
    put_numbers(queue, 0, 1);
    for (size_t i = 0; i < JOINERS; i++) {
        joins[i].queue = queue;
        joins[i].deadline = hang_limit();
        call_start_asleep(&joins[i], i % 2 ? make_join : make_join_until);
    }
    take_numbers(queue, 0, 1);
    for (size_t i = 0; i < JOINERS; i++)
        assert_status(WEIR_OK, call_finish(&joins[i]));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_joiner_that_gives_up_leaves_the_others_waiting) {
    weir_queue *queue = new_queue(2);
    struct call join = {.queue = queue};
    put_numbers(queue, 0, 1);
    call_start_asleep(&join, make_join);
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, 0));
    assert_status(WEIR_TIMEDOUT, weir_queue_join_until(queue, now() + MILLISECONDS));
    ck_assert(call_is_asleep(&join));
    take_numbers(queue, 0, 1);
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (join_waits_until_a_pending_sentinel_is_taken) {
    weir_queue *queue = new_queue(3);
    struct call join = {.queue = queue};
    void *item;
    put_numbers(queue, 0, 1);
    assert_status(WEIR_OK, weir_queue_close(queue));
    call_start_asleep(&join, make_join);
    take_numbers(queue, 0, 1);
    ck_assert(call_is_asleep(&join));
    assert_status(WEIR_CLOSED, weir_queue_get(queue, &item));
    assert_status(WEIR_OK, call_finish(&join));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_queue_can_be_joined_again_and_again) {
    weir_queue *queue = new_queue(2);
    for (size_t round = 0; round < 5; round++) {
        struct call join = {.queue = queue};
        put_numbers(queue, round, round + 1);
        call_start_asleep(&join, make_join);
        take_numbers(queue, round, round + 1);
        assert_status(WEIR_OK, call_finish(&join));
    }
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* ---- settling in several threads ---- */

enum { SETTLERS = 4, TASKS = 20000 };

struct settlers {
    weir_queue *queue;
    uint64_t sums[SETTLERS]; /* one for each thread; read after the join */
    atomic_size_t next, refused, done;
};

static void *settle_some(void *raw) {
    struct settlers *settlers = raw;
    size_t self = atomic_fetch_add(&settlers->next, 1);
    void *item;
    while (weir_queue_get(settlers->queue, &item) == WEIR_OK) {
        settlers->sums[self] += number_of(item);
        weir_queue_task_done(settlers->queue);
    }
    return NULL;
}

START_TEST (a_join_makes_the_work_of_every_task_visible) {
    struct settlers settlers = {.queue = new_queue(64)};
    pthread_t threads[SETTLERS];
    uint64_t wanted = 0;
    for (size_t i = 0; i < SETTLERS; i++)
        thread_start(&threads[i], settle_some, &settlers);
    for (size_t n = 0; n < TASKS; n++) {
        put_numbers(settlers.queue, n, n + 1);
        wanted += n;
        if (n % 1000 != 999)
            continue;
        uint64_t sum = 0;
        assert_status(WEIR_OK, weir_queue_join(settlers.queue));
        for (size_t i = 0; i < SETTLERS; i++)
            sum += settlers.sums[i]; /* a data race unless join synchronizes */
        ck_assert_uint_eq(sum, wanted);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(settlers.queue, WEIR_DRAIN));
    for (size_t i = 0; i < SETTLERS; i++)
        thread_join(threads[i]);
    assert_status(WEIR_OK, weir_queue_destroy(settlers.queue));
}
END_TEST

static void *settle_too_many(void *raw) {
    struct settlers *settlers = raw;
    for (size_t n = 0; n < TASKS / SETTLERS + 100; n++) {
        if (weir_queue_task_done(settlers->queue) == WEIR_OK)
            atomic_fetch_add(&settlers->done, 1);
        else
            atomic_fetch_add(&settlers->refused, 1);
    }
    return NULL;
}

START_TEST (settlers_at_the_same_time_never_settle_too_many) {
    struct settlers settlers = {.queue = new_queue(TASKS)};
    struct call join = {.queue = settlers.queue};
    pthread_t threads[SETTLERS];
    put_numbers(settlers.queue, 0, TASKS);
    call_start_asleep(&join, make_join);
    for (size_t i = 0; i < SETTLERS; i++)
        thread_start(&threads[i], settle_too_many, &settlers);
    for (size_t i = 0; i < SETTLERS; i++)
        thread_join(threads[i]);
    assert_status(WEIR_OK, call_finish(&join));
    ck_assert_uint_eq(atomic_load(&settlers.done), TASKS);
    ck_assert_uint_eq(atomic_load(&settlers.refused), SETTLERS * 100);
    ck_assert_uint_eq(weir_queue_unfinished(settlers.queue), 0);
    assert_status(WEIR_OK, weir_queue_destroy(settlers.queue));
}
END_TEST

/* Several threads race to settle the last item while another thread joins. */
enum { RUNS = 40 };

struct runners {
    weir_queue *queue;
    pthread_barrier_t start, finish;
    atomic_size_t done;
};

static void *settle_at_the_signal(void *raw) {
    struct runners *runners = raw;
    for (int run = 0; run < RUNS; run++) {
        pthread_barrier_wait(&runners->start);
        if (weir_queue_task_done(runners->queue) == WEIR_OK)
            atomic_fetch_add(&runners->done, 1);
        pthread_barrier_wait(&runners->finish);
    }
    return NULL;
}

START_TEST (of_settlers_that_race_for_the_last_one_only_one_settles_it) {
    struct runners runners = {.queue = new_queue(1)};
    pthread_t threads[SETTLERS];
    pthread_barrier_init(&runners.start, NULL, SETTLERS + 1);
    pthread_barrier_init(&runners.finish, NULL, SETTLERS + 1);
    for (size_t i = 0; i < SETTLERS; i++)
        thread_start(&threads[i], settle_at_the_signal, &runners);
    for (size_t run = 0; run < RUNS; run++) {
        struct call join = {.queue = runners.queue};
        void *item;
        put_numbers(runners.queue, run, run + 1);
        assert_status(WEIR_OK, weir_queue_get(runners.queue, &item));
        call_start_asleep(&join, make_join);
        pthread_barrier_wait(&runners.start);
        pthread_barrier_wait(&runners.finish);
        assert_status(WEIR_OK, call_finish(&join));
        ck_assert_uint_eq(atomic_load(&runners.done), run + 1);
        ck_assert_uint_eq(weir_queue_unfinished(runners.queue), 0);
    }
    for (size_t i = 0; i < SETTLERS; i++)
        thread_join(threads[i]);
    pthread_barrier_destroy(&runners.start);
    pthread_barrier_destroy(&runners.finish);
    assert_status(WEIR_OK, weir_queue_destroy(runners.queue));
}
END_TEST

/* ---- the unfinished count at every moment ---- */

struct sampled {
    weir_queue *queue;
    atomic_bool stop;
    atomic_size_t samples;
    size_t most_unfinished, most_inside;
};

static void *sample(void *raw) {
    struct sampled *sampled = raw;
    while (!atomic_load(&sampled->stop)) {
        size_t unfinished = weir_queue_unfinished(sampled->queue);
        size_t inside = weir_queue_size(sampled->queue);
        sampled->most_unfinished = unfinished > sampled->most_unfinished ? unfinished : sampled->most_unfinished;
        sampled->most_inside = inside > sampled->most_inside ? inside : sampled->most_inside;
        atomic_fetch_add(&sampled->samples, 1);
    }
    return NULL;
}

START_TEST (unfinished_is_put_minus_done_at_every_moment) {
    enum { CAPACITY = 3, SAMPLES = 1000 };
    struct sampled sampled = {.queue = new_queue(CAPACITY)};
    struct settlers settlers = {.queue = sampled.queue};
    pthread_t sampler, threads[2];
    thread_start(&sampler, sample, &sampled);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        thread_start(&threads[i], settle_some, &settlers);
    /* All items may be settled before the sampler has run once. */
    for (weir_deadline limit = hang_limit(); atomic_load(&sampled.samples) < SAMPLES && now() < limit;) {
        put_numbers(sampled.queue, 0, TASKS);
        assert_status(WEIR_OK, weir_queue_join(sampled.queue));
        ck_assert_uint_eq(weir_queue_unfinished(sampled.queue), 0);
    }
    assert_status(WEIR_OK, weir_queue_shutdown(sampled.queue, WEIR_DRAIN));
    atomic_store(&sampled.stop, true);
    thread_join(sampler);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        thread_join(threads[i]);
    ck_assert_uint_ge(atomic_load(&sampled.samples), SAMPLES);
    ck_assert_uint_le(sampled.most_inside, CAPACITY);
    ck_assert_uint_le(sampled.most_unfinished, CAPACITY + COUNT_OF(threads)); /* a negative count would be huge */
    assert_status(WEIR_OK, weir_queue_destroy(sampled.queue));
}
END_TEST

/* ---- destroying after a join: for AddressSanitizer ---- */

static void *consume_one(void *raw) {
    weir_queue *queue = raw;
    void *item;
    if (weir_queue_get(queue, &item) == WEIR_OK)
        weir_queue_task_done(queue); /* last access to the queue */
    return NULL;
}

static void *put_one(void *queue) {
    weir_queue_put(queue, number(1));
    return NULL;
}

static void *close_one(void *queue) {
    weir_queue_close(queue);
    return NULL;
}

/* One thread puts, another takes and settles; the joining thread destroys the queue while they return. */
static void destroy_after_join(size_t capacity, void *(*produce)(void *)) {
    weir_queue *queue = new_queue(capacity);
    pthread_t producer, consumer;
    thread_start(&consumer, consume_one, queue);
    thread_start(&producer, produce, queue);
    thread_join(producer); /* the race is with the consumer */
    assert_status(WEIR_OK, weir_queue_join(queue));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
    thread_join(consumer);
}

START_TEST (destroy_right_after_join_is_safe_while_the_consumer_returns) {
    static const size_t capacities[] = {1, WEIR_UNBOUNDED};
    for (int i = 0; i < 500; i++)
        destroy_after_join(capacities[_i / 2], _i % 2 ? close_one : put_one);
}
END_TEST

struct relay {
    _Atomic(weir_queue *) queue;
    atomic_bool stop;
};

/* Puts an item into each queue it is given, then drops the reference. */
static void *put_into_each(void *raw) {
    struct relay *relay = raw;
    while (!atomic_load(&relay->stop)) {
        weir_queue *queue = atomic_exchange(&relay->queue, NULL);
        if (queue != NULL)
            weir_queue_put(queue, queue);
        else
            sched_yield();
    }
    return NULL;
}

START_TEST (destroy_right_after_join_is_safe_while_the_producer_returns) {
    struct relay relay = {.stop = false};
    pthread_t producer;
    thread_start(&producer, put_into_each, &relay);
    for (int i = 0; i < 2000; i++) {
        weir_queue *queue = new_queue(i % 3 ? 1 : WEIR_UNBOUNDED);
        void *item = NULL;
        atomic_store(&relay.queue, queue);
        assert_status(WEIR_OK, weir_queue_get(queue, &item));
        ck_assert_ptr_eq(item, queue);
        assert_status(WEIR_OK, weir_queue_task_done(queue));
        assert_status(WEIR_OK, weir_queue_join(queue));
        assert_status(WEIR_OK, weir_queue_destroy(queue));
    }
    atomic_store(&relay.stop, true);
    thread_join(producer);
}
END_TEST

static Suite *join_suite(void) {
    Suite *suite = suite_create("closable_queue: join");
    TCase *join = add_case(suite, "join");
    tcase_add_test(join, an_empty_queue_is_joined_at_once);
    tcase_add_test(join, join_waits_for_the_task_done_and_not_only_for_the_get);
    tcase_add_test(join, the_last_task_done_wakes_every_joiner);
    tcase_add_test(join, a_joiner_that_gives_up_leaves_the_others_waiting);
    tcase_add_test(join, join_waits_until_a_pending_sentinel_is_taken);
    tcase_add_test(join, a_queue_can_be_joined_again_and_again);
    TCase *settle = add_case(suite, "settle");
    tcase_add_test(settle, task_done_beyond_the_count_is_refused_and_changes_nothing);
    tcase_add_test(settle, tasks_done_settles_all_or_none);
    tcase_add_test(settle, task_done_beyond_the_count_is_refused_during_a_join);
    tcase_add_test(settle, a_join_makes_the_work_of_every_task_visible);
    tcase_add_test(settle, settlers_at_the_same_time_never_settle_too_many);
    tcase_add_test(settle, of_settlers_that_race_for_the_last_one_only_one_settles_it);
    tcase_add_test(settle, unfinished_is_put_minus_done_at_every_moment);
    TCase *destroy = add_case(suite, "destroy after join");
    tcase_add_loop_test(destroy, destroy_right_after_join_is_safe_while_the_consumer_returns, 0, 4);
    tcase_add_test(destroy, destroy_right_after_join_is_safe_while_the_producer_returns);
    return suite;
}

int main(void) {
    return run_suite(join_suite());
}
