/*
 * budget.h - an amount of memory that several threads share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_BUDGET_H
#define IMAGE_PIPELINE_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/pipeline.h>

struct budget {
    uint64_t limit; /* constant */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t used; /* guarded by the lock, like the next two */
    uint64_t line; /* numbers those that wait, in the order in which they came */
    uint64_t turn; /* the first of them */
};

void budget_open(struct budget *budget, uint64_t limit);
void budget_close(struct budget *budget);

/*
 * Takes `bytes`, which must not be more than the limit. Blocks until they fit, in the order of the calls. Returns false,
 * with nothing taken, if the pipeline is cancelled first.
 */
bool budget_take(struct budget *budget, weir_task *task, uint64_t bytes);

void budget_return(struct budget *budget, uint64_t bytes);

#endif /* IMAGE_PIPELINE_BUDGET_H */
