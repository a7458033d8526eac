/*
 * pace.h - the number of requests a second, over all threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PACE_H
#define IMAGE_PIPELINE_PACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/pipeline.h>

struct pace {
    uint64_t interval; /* ns between two requests; 0: no limit; constant */
    pthread_mutex_t lock;
    weir_deadline next; /* earliest time of the next request; guarded by the lock */
};

/* 0 requests a second disables the limit. */
void pace_open(struct pace *pace, uint64_t per_second);
void pace_close(struct pace *pace);

/* Blocks until a further request may begin. Returns false if the pipeline is cancelled first. */
bool pace_wait(struct pace *pace, weir_task *task);

#endif /* IMAGE_PIPELINE_PACE_H */
