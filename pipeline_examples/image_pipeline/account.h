/*
 * account.h - what has become of the photos, and where the time went.
 *
 * Each photo is settled exactly once, at the end of its life, by the last stage or by a queue's drop function. So when
 * all is over, always: total = done + failed + abandoned + not started.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ACCOUNT_H
#define IMAGE_PIPELINE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photo.h"

struct account {
    size_t total; /* constant once the work begins, as the next */
    size_t threads[STAGE_COUNT];
    uint64_t began, ended; /* nanoseconds on the monotonic clock; `ended` is set when all workers are joined */

    atomic_size_t started; /* photos that were put to the first queue */
    atomic_size_t done;    /* uploaded */
    atomic_size_t failed[STAGE_COUNT];
    atomic_size_t abandoned; /* thrown away half-way, after a second Ctrl-C */
    atomic_uint_fast64_t bytes_in, bytes_out;
    atomic_uint_fast64_t busy[STAGE_COUNT]; /* nanoseconds spent on photos, all threads of the stage added up */
};

/* The monotonic clock, in nanoseconds. */
uint64_t account_clock(void);

/* Adds the time since `began` to what the stage was busy. */
void account_busy(struct account *account, enum stage stage, uint64_t began);

/* Writes down what has become of the photo, and frees it. */
void account_settle(struct account *account, struct photo *photo);

size_t account_failed(struct account *account);
size_t account_settled(struct account *account);

/* Whether every photo there was is a thumbnail now. */
bool account_is_all_done(struct account *account);

/* Prints the summary to standard output. False: it could not be written. */
bool account_print(struct account *account);

#endif /* IMAGE_PIPELINE_ACCOUNT_H */
