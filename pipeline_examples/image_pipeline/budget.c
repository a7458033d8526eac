/*
 * budget.c - waits in line, and looks for a cancel ten times a second.
 *
 * The line keeps a large amount from being passed by small ones for ever. A cancel holds for all that wait, so none
 * waits for the turn of one that has left.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "budget.h"

#include <time.h>

enum { LOOK_EVERY = 100000000 /* ns */, SECOND = 1000000000 };

void budget_open(struct budget *budget, uint64_t limit) {
    *budget = (struct budget){.limit = limit};
    pthread_mutex_init(&budget->lock, NULL);
    pthread_cond_init(&budget->changed, NULL);
}

void budget_close(struct budget *budget) {
    pthread_cond_destroy(&budget->changed);
    pthread_mutex_destroy(&budget->lock);
}

/* Waits for a change, or for a tenth of a second. */
static void wait_locked(struct budget *budget) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_EVERY;
    if (until.tv_nsec >= SECOND) {
        until.tv_sec++;
        until.tv_nsec -= SECOND;
    }
    pthread_cond_timedwait(&budget->changed, &budget->lock, &until);
}

bool budget_take(struct budget *budget, weir_task *task, uint64_t bytes) {
    bool is_cancelled = false;
    pthread_mutex_lock(&budget->lock);
    uint64_t mine = budget->line++;
    while ((mine != budget->turn || budget->used + bytes > budget->limit) && !is_cancelled) {
        wait_locked(budget);
        is_cancelled = weir_task_cancelled(task);
    }
    if (!is_cancelled) {
        budget->used += bytes;
        budget->turn++;
        pthread_cond_broadcast(&budget->changed);
    }
    pthread_mutex_unlock(&budget->lock);
    return !is_cancelled;
}

void budget_return(struct budget *budget, uint64_t bytes) {
    pthread_mutex_lock(&budget->lock);
    budget->used -= bytes;
    pthread_cond_broadcast(&budget->changed);
    pthread_mutex_unlock(&budget->lock);
}
