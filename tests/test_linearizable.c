/*
 * test_linearizable.c - threads make random calls on the queue, and the history must be linearizable. Also tests the
 * checker: it must tell a linearizable history from others.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <sched.h>
#include <stdlib.h>

#include "linear.h"

enum { THREADS = 3, EACH = 7, ROUNDS = 9000 };

struct caller {
    weir_queue *queue;
    struct linear_call calls[EACH];
    unsigned number;
    uint32_t random;
};

static _Atomic uint64_t ticks;
static atomic_uint waiting;

static uint32_t next_random(struct caller *self) {
    self->random = self->random * 1664525u + 1013904223u; /* Knuth 3.3.4 */
    return self->random >> 16;
}

static weir_status call_once(struct caller *self, struct linear_call *call, unsigned item) {
    void *got = NULL;
    weir_status status;
    uint32_t dice = next_random(self) % 40;
    if (dice < 19) {
        call->kind = LINEAR_PUT;
        call->item = item;
        return weir_queue_try_put(self->queue, (void *)(uintptr_t)item);
    }
    if (dice < 38) {
        call->kind = LINEAR_GET;
        status = weir_queue_try_get(self->queue, &got);
        call->item = (unsigned)(uintptr_t)got;
        return status;
    }
    call->kind = dice == 38 ? LINEAR_DRAIN : LINEAR_DISCARD;
    return weir_queue_shutdown(self->queue, dice == 38 ? WEIR_DRAIN : WEIR_DISCARD);
}

static void *call_often(void *raw) {
    struct caller *self = raw;
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0)
        sched_yield();
    for (unsigned i = 0; i < EACH; i++) {
        struct linear_call *call = &self->calls[i];
        call->began = atomic_fetch_add(&ticks, 1);
        call->status = call_once(self, call, 1 + (self->number * EACH + i) % 14);
        call->ended = atomic_fetch_add(&ticks, 1);
    }
    return NULL;
}

static void one_round(unsigned seed, size_t capacity) {
    struct caller callers[THREADS];
    pthread_t threads[THREADS];
    struct linear_call all[THREADS * EACH];
    weir_queue *queue = new_queue(capacity);
    atomic_store(&waiting, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){.queue = queue, .number = i, .random = seed * THREADS + i};
        ck_assert_int_eq(0, pthread_create(&threads[i], NULL, call_often, &callers[i]));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (unsigned k = 0; k < EACH; k++)
            all[i * EACH + k] = callers[i].calls[k];
    }
    linear_order_by_time(all, THREADS * EACH);
    if (!linear_check(all, THREADS * EACH, capacity)) {
        linear_print(all, THREADS * EACH);
        ck_abort_msg("no order explains these calls; seed %u, capacity %zu", seed, capacity);
    }
    ck_assert_int_eq(WEIR_OK, weir_queue_destroy(queue));
}

START_TEST (the_history_of_the_calls_is_linearizable) {
    static const size_t capacities[] = {1, 2, 3, WEIR_UNBOUNDED};
    for (unsigned round = 0; round < ROUNDS; round++)
        one_round(round, capacities[round % 4]);
}
END_TEST

static bool is_linearizable(const struct linear_call *calls, size_t count, size_t capacity) {
    struct linear_call ordered[LINEAR_CALLS];
    for (size_t i = 0; i < count; i++)
        ordered[i] = calls[i];
    linear_order_by_time(ordered, count);
    return linear_check(ordered, count, capacity);
}

#define CALL(kind_, item_, status_, from_, to_)                                                                        \
    { .kind = LINEAR_##kind_, .item = item_, .status = WEIR_##status_, .began = from_, .ended = to_ }

START_TEST (the_checker_accepts_what_can_be) {
    const struct linear_call overlapping[] = {CALL(GET, 2, OK, 1, 9), CALL(PUT, 1, OK, 2, 6), CALL(PUT, 2, OK, 3, 5),
                                              CALL(GET, 1, OK, 7, 8)};
    ck_assert(is_linearizable(overlapping, 4, 2));
    const struct linear_call closing[] = {CALL(PUT, 1, OK, 1, 2), CALL(CLOSE, 0, OK, 3, 4), CALL(GET, 1, OK, 5, 6),
                                          CALL(GET, 0, CLOSED, 7, 8), CALL(GET, 0, EMPTY, 9, 10)};
    ck_assert(is_linearizable(closing, 5, 2));
}
END_TEST

START_TEST (the_checker_refuses_what_cannot_be) {
    const struct linear_call swapped[] = {CALL(PUT, 1, OK, 1, 2), CALL(PUT, 2, OK, 3, 4), CALL(GET, 2, OK, 5, 6)};
    ck_assert(!is_linearizable(swapped, 3, 2));
    const struct linear_call twice[] = {CALL(PUT, 1, OK, 1, 2), CALL(GET, 1, OK, 3, 6), CALL(GET, 1, OK, 4, 5)};
    ck_assert(!is_linearizable(twice, 3, 2));
    const struct linear_call lost[] = {CALL(PUT, 1, OK, 1, 2), CALL(GET, 0, EMPTY, 3, 4)};
    ck_assert(!is_linearizable(lost, 2, 2));
    const struct linear_call overfull[] = {CALL(PUT, 1, OK, 1, 2), CALL(PUT, 2, OK, 3, 4)};
    ck_assert(!is_linearizable(overfull, 2, 1));
    const struct linear_call after_end[] = {CALL(DRAIN, 0, OK, 1, 2), CALL(PUT, 1, OK, 3, 4)};
    ck_assert(!is_linearizable(after_end, 2, 2));
    const struct linear_call two_for_one[] = {CALL(CLOSE, 0, OK, 1, 2), CALL(GET, 0, CLOSED, 3, 4),
                                              CALL(GET, 0, CLOSED, 5, 6)};
    ck_assert(!is_linearizable(two_for_one, 3, 2));
}
END_TEST

static Suite *linearizable_suite(void) {
    Suite *suite = suite_create("closable_queue: linearizable");
    TCase *checker = add_case(suite, "checker");
    tcase_add_test(checker, the_checker_accepts_what_can_be);
    tcase_add_test(checker, the_checker_refuses_what_cannot_be);
    TCase *queue = add_case(suite, "queue");
    tcase_add_test(queue, the_history_of_the_calls_is_linearizable);
    return suite;
}

int main(void) {
    return run_suite(linearizable_suite());
}
