/*
 * test_future_linear.c - threads make random calls on a promise, and the history must be linearizable. Also tests the
 * checker.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>

#include "future_linear.h"

enum { THREADS = 3, EACH = 7, ROUNDS = 500 };

struct caller {
    weir_future *future;
    struct future_call calls[EACH];
    unsigned number;
    uint64_t random;
};

static _Atomic uint64_t ticks;
static atomic_uint waiting;

/* Calls that end the promise are rare, so that the others see it before and after. */
static enum future_kind choose(struct caller *self) {
    uint64_t dice = random_next(&self->random) % 24;
    if (dice < 3)
        return (enum future_kind)dice;
    return (enum future_kind)(FUTURE_GET + dice % (FUTURE_CALLS_OF - FUTURE_GET));
}

static void *call_often(void *raw) {
    struct caller *self = raw;
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0)
        sched_yield();
    for (unsigned i = 0; i < EACH; i++) {
        struct future_call *call = &self->calls[i];
        enum future_kind kind = choose(self);
        call->began = atomic_fetch_add(&ticks, 1);
        future_make_call(self->future, call, kind, 20 + self->number * EACH + i);
        call->ended = atomic_fetch_add(&ticks, 1);
    }
    return NULL;
}

static void one_round(unsigned seed) {
    struct caller callers[THREADS];
    pthread_t threads[THREADS];
    struct future_call all[THREADS * EACH];
    weir_future *future;
    assert_status(WEIR_OK, weir_future_create(&future, NULL, NULL));
    atomic_store(&waiting, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){.future = future, .number = i, .random = seed * THREADS + i + 1};
        thread_start(&threads[i], call_often, &callers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        for (unsigned k = 0; k < EACH; k++)
            all[i * EACH + k] = callers[i].calls[k];
    }
    future_order_by_time(all, THREADS * EACH);
    if (!future_check(all, THREADS * EACH)) {
        future_print(all, THREADS * EACH);
        ck_abort_msg("no order explains these calls; seed %u", seed);
    }
    weir_future_release(future);
}

START_TEST (the_history_of_the_calls_is_linearizable) {
    for (unsigned round = 0; round < ROUNDS; round++)
        one_round(round);
}
END_TEST

static bool is_linearizable(const struct future_call *calls, size_t count) {
    struct future_call ordered[FUTURE_CALLS];
    for (size_t i = 0; i < count; i++)
        ordered[i] = calls[i];
    future_order_by_time(ordered, count);
    return future_check(ordered, count);
}

#define CALL(kind_, value_, status_, from_, to_)                                                                       \
    { .kind = FUTURE_##kind_, .value = value_, .status = WEIR_##status_, .began = from_, .ended = to_ }

START_TEST (the_checker_accepts_what_can_be) {
    const struct future_call raced[] = {CALL(SET, 21, OK, 1, 9),      CALL(CANCEL, 0, CLOSED, 2, 8),
                                        CALL(GET, 0, TIMEDOUT, 3, 4), CALL(GET, 21, OK, 5, 6),
                                        CALL(TAKE, 21, OK, 10, 11),   CALL(GET, 0, EMPTY, 12, 13)};
    ck_assert(is_linearizable(raced, 6));
    const struct future_call cancelled[] = {CALL(CANCEL, 0, OK, 1, 2), CALL(SET, 21, CANCELLED, 3, 4),
                                            CALL(CODE, WEIR_CANCELLED, OK, 5, 6), CALL(ASKED, 1, OK, 7, 8)};
    ck_assert(is_linearizable(cancelled, 4));
}
END_TEST

START_TEST (the_checker_refuses_what_cannot_be) {
    const struct future_call twice[] = {CALL(SET, 21, OK, 1, 9), CALL(SET, 22, OK, 2, 8)};
    ck_assert(!is_linearizable(twice, 2));
    const struct future_call back[] = {CALL(SET, 21, OK, 1, 9), CALL(GET, 21, OK, 2, 3), CALL(STATE, 0, OK, 4, 5)};
    ck_assert(!is_linearizable(back, 3));
    const struct future_call refused[] = {CALL(SET, 21, OK, 1, 9), CALL(FAIL, 3, CLOSED, 2, 3),
                                          CALL(GET, 0, TIMEDOUT, 4, 5)};
    ck_assert(!is_linearizable(refused, 3));
    const struct future_call both[] = {CALL(SET, 21, OK, 1, 2), CALL(TAKE, 21, OK, 3, 6), CALL(TAKE, 21, OK, 4, 5)};
    ck_assert(!is_linearizable(both, 3));
}
END_TEST

static Suite *future_linear_suite(void) {
    Suite *suite = suite_create("future: linearizable");
    TCase *checker = add_case(suite, "checker");
    tcase_add_test(checker, the_checker_accepts_what_can_be);
    tcase_add_test(checker, the_checker_refuses_what_cannot_be);
    TCase *promise = add_case(suite, "promise");
    tcase_add_test(promise, the_history_of_the_calls_is_linearizable);
    return suite;
}

int main(void) {
    return run_suite(future_linear_suite());
}
