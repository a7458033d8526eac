/*
 * rounds.c - implements rounds.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "rounds.h"

#include <stdlib.h>

static round_func *run_one;
static pthread_barrier_t gate; /* submitters and the thread that measures */

static void *submit_rounds(void *raw) {
    const struct party *self = raw;
    for (double end = read_now().wall + args.warm; read_now().wall < end;)
        run_one(self);
    pthread_barrier_wait(&gate);
    for (size_t i = 0; i < args.rounds; i++)
        run_one(self);
    return NULL;
}

void run_rounds(round_func *round, size_t submitters, size_t tasks) {
    struct party *parties = new_parties(submitters);
    run_one = round;
    if (pthread_barrier_init(&gate, NULL, (unsigned)submitters + 1) != 0)
        fail("no barrier");
    for (size_t i = 0; i < submitters; i++) {
        parties[i].from = 1 + args.items * i / submitters;
        parties[i].to = 1 + args.items * (i + 1) / submitters;
        start(&parties[i], submit_rounds);
    }
    pthread_barrier_wait(&gate);
    struct reading from = read_now();
    join(parties, submitters);
    struct reading to = read_now();

    pthread_barrier_destroy(&gate);
    free(parties);
    print_result(from, to, args.items * args.rounds * tasks);
}

void check_round(const struct party *self, uint64_t sum, uint64_t times) {
    uint64_t from = self->from, to = self->to;
    uint64_t right = times * ((to - 1) * to / 2 - (from - 1) * from / 2);
    if (sum != right)
        fail("the results have the sum %llu instead of %llu", (unsigned long long)sum, (unsigned long long)right);
}

/* ---- countdown ---- */

void countdown_start(struct countdown *self, size_t count) {
    self->left = count;
    self->over = count == 0;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->end, NULL);
}

void countdown_arrive(struct countdown *self) {
    if (__atomic_sub_fetch(&self->left, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    pthread_mutex_lock(&self->lock);
    self->over = true;
    pthread_cond_signal(&self->end);
    pthread_mutex_unlock(&self->lock);
}

void countdown_wait(struct countdown *self) {
    pthread_mutex_lock(&self->lock);
    while (!self->over)
        pthread_cond_wait(&self->end, &self->lock);
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->end);
}
