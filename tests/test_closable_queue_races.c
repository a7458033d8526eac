/*
 * test_closable_queue_races.c - races two calls many times, at varying offsets.
 *
 * In each round another thread makes one call on a new queue, and the test makes its own at about the same time. The
 * other thread then still looks, spins, falls asleep, or sleeps. tests/sched tries every order; this test uses native
 * threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>

enum { ROUNDS = 1000 };

struct race {
    void (*call)(struct race *race); /* made by the other thread */
    pthread_t thread;
    atomic_uint begun, ended; /* round numbers */
    /* State of the round. */
    weir_queue *queue;
    weir_status status;
    void *got;
};

static void *run_rounds(void *raw) {
    struct race *race = raw;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&race->begun) != round)
            sched_yield();
        race->call(race);
        atomic_store(&race->ended, round);
    }
    return NULL;
}

static void race_start(struct race *race, void (*call)(struct race *race)) {
    race->call = call;
    atomic_store(&race->begun, 0);
    atomic_store(&race->ended, 0);
    thread_start(&race->thread, run_rounds, race);
}

/* Starts the other thread's call, and returns 0 to 20 microseconds later. */
static void race_begin(struct race *race, unsigned round) {
    weir_deadline later = now() + round % 64 * UINT64_C(300);
    atomic_store(&race->begun, round);
    while (round % 64 != 0 && now() < later)
        continue;
}

/* Waits until the other thread's call has returned. */
static void race_end(struct race *race, unsigned round) {
    for (weir_deadline limit = hang_limit(); atomic_load(&race->ended) != round; sched_yield()) {
        if (now() > limit)
            ck_abort_msg("round %u: the call does not return", round);
    }
}

static void check_round(bool good, unsigned round, const struct race *race) {
    if (!good)
        ck_abort_msg("round %u: \"%s\", %zu inside, %zu unfinished", round, weir_strerror(race->status),
                     weir_queue_size(race->queue), weir_queue_unfinished(race->queue));
}

/* ---- the other thread's calls ---- */

static void race_put(struct race *race) {
    race->status = weir_queue_put(race->queue, number(1));
}

static void race_close(struct race *race) {
    race->status = weir_queue_close(race->queue);
}

static void race_get(struct race *race) {
    race->status = weir_queue_get(race->queue, &race->got);
}

static void race_join(struct race *race) {
    race->status = weir_queue_join(race->queue);
}

static void race_task_done(struct race *race) {
    race->status = weir_queue_task_done(race->queue);
}

/* ---- shutdowns ---- */

static const weir_shutdown_mode modes[] = {WEIR_DRAIN, WEIR_DISCARD};

static void race_with_shutdown(void (*call)(struct race *race), size_t inside, weir_shutdown_mode mode) {
    struct race race = {0};
    race_start(&race, call);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(1);
        put_numbers(race.queue, 0, inside);
        race_begin(&race, round);
        weir_queue_shutdown(race.queue, mode);
        race_end(&race, round);
        check_round(race.status == WEIR_CLOSED, round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}

START_TEST (a_put_that_waits_or_is_about_to_is_ended_by_a_shutdown) {
    race_with_shutdown(race_put, 1, modes[_i]);
}
END_TEST

START_TEST (a_close_that_waits_or_is_about_to_is_ended_by_a_shutdown) {
    race_with_shutdown(race_close, 1, modes[_i]);
}
END_TEST

START_TEST (a_get_that_waits_or_is_about_to_is_ended_by_a_shutdown) {
    race_with_shutdown(race_get, 0, modes[_i]);
}
END_TEST

START_TEST (nothing_comes_after_the_end_of_a_drained_queue) {
    struct race race = {0};
    void *item;
    race_start(&race, race_put);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        size_t came = 0;
        race.queue = new_queue(_i ? WEIR_UNBOUNDED : 2);
        race_begin(&race, round);
        weir_queue_shutdown(race.queue, WEIR_DRAIN);
        while (weir_queue_try_get(race.queue, &item) == WEIR_OK)
            came++;
        race_end(&race, round); /* a put that returned WEIR_OK preceded the shutdown */
        check_round(came == (race.status == WEIR_OK) && weir_queue_size(race.queue) == 0, round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

START_TEST (a_put_during_a_discard_is_dropped_or_refused) {
    struct race race = {0};
    race_start(&race, race_put);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        struct drops drops;
        race.queue = new_dropping_queue(_i ? WEIR_UNBOUNDED : 2, &drops);
        race_begin(&race, round);
        weir_queue_shutdown(race.queue, WEIR_DISCARD);
        race_end(&race, round);
        check_round(atomic_load(&drops.count) == (race.status == WEIR_OK) && weir_queue_unfinished(race.queue) == 0,
                    round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

/* ---- put and get ---- */

START_TEST (a_get_meets_a_put) {
    struct race race = {0};
    race_start(&race, race_get);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(_i ? WEIR_UNBOUNDED : 1);
        race_begin(&race, round);
        weir_queue_put(race.queue, number(round));
        race_end(&race, round);
        check_round(race.status == WEIR_OK && race.got == number(round), round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

START_TEST (a_get_meets_a_close) {
    struct race race = {0};
    race_start(&race, race_get);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(_i ? WEIR_UNBOUNDED : 1);
        race_begin(&race, round);
        weir_queue_close(race.queue);
        race_end(&race, round);
        check_round(race.status == WEIR_CLOSED && weir_queue_unfinished(race.queue) == 0, round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

START_TEST (a_put_meets_a_get) {
    struct race race = {0};
    void *item;
    race_start(&race, race_put);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(1);
        put_numbers(race.queue, 0, 1);
        race_begin(&race, round);
        weir_queue_get(race.queue, &item);
        race_end(&race, round);
        check_round(race.status == WEIR_OK && item == number(0) && weir_queue_size(race.queue) == 1, round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

/* ---- settling ---- */

START_TEST (a_join_meets_the_last_task_done) {
    struct race race = {0};
    race_start(&race, race_join);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(1);
        put_numbers(race.queue, 0, 1);
        race_begin(&race, round);
        weir_queue_task_done(race.queue);
        race_end(&race, round);
        check_round(race.status == WEIR_OK, round, &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

START_TEST (of_two_task_dones_for_one_item_one_is_refused) {
    struct race race = {0};
    race_start(&race, race_task_done);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        race.queue = new_queue(1);
        put_numbers(race.queue, 0, 1);
        race_begin(&race, round);
        weir_status own = weir_queue_task_done(race.queue);
        race_end(&race, round);
        check_round((own == WEIR_OK) != (race.status == WEIR_OK) && weir_queue_unfinished(race.queue) == 0, round,
                    &race);
        weir_queue_destroy(race.queue);
    }
    thread_join(race.thread);
}
END_TEST

static Suite *races_suite(void) {
    Suite *suite = suite_create("closable_queue: races");
    TCase *shutdown = add_case(suite, "shutdown");
    tcase_add_loop_test(shutdown, a_put_that_waits_or_is_about_to_is_ended_by_a_shutdown, 0, 2);
    tcase_add_loop_test(shutdown, a_close_that_waits_or_is_about_to_is_ended_by_a_shutdown, 0, 2);
    tcase_add_loop_test(shutdown, a_get_that_waits_or_is_about_to_is_ended_by_a_shutdown, 0, 2);
    tcase_add_loop_test(shutdown, nothing_comes_after_the_end_of_a_drained_queue, 0, 2);
    tcase_add_loop_test(shutdown, a_put_during_a_discard_is_dropped_or_refused, 0, 2);
    TCase *handover = add_case(suite, "put and get");
    tcase_add_loop_test(handover, a_get_meets_a_put, 0, 2);
    tcase_add_loop_test(handover, a_get_meets_a_close, 0, 2);
    tcase_add_test(handover, a_put_meets_a_get);
    TCase *settling = add_case(suite, "settling");
    tcase_add_test(settling, a_join_meets_the_last_task_done);
    tcase_add_test(settling, of_two_task_dones_for_one_item_one_is_refused);
    return suite;
}

int main(void) {
    return run_suite(races_suite());
}
