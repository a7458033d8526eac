/*
 * maker.h - in which the thumbnails of a picture are made: a call of the resize stage, or a child process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MAKER_H
#define IMAGE_PIPELINE_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/pipeline.h>

#include "budget.h"
#include "recipe.h"

struct maker {
    const struct recipe *recipe;
    weir_task *task;       /* the call; NULL in a child process, which a cancel kills */
    struct budget *budget; /* memory for all decodes; NULL in a child process */
    uint64_t granted;      /* bytes that have been taken for the child process */
    uint64_t needed;       /* bytes that the decode takes; 0 before they are known */
};

/* Fails with a reason, formatted as by printf. Returns the code for that, which is FAILED. */
int maker_fail(struct maker *maker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns whether the run has been cancelled. */
bool maker_is_cancelled(const struct maker *maker);

/*
 * Takes maker->needed bytes for a decode. Blocks until they are there. Returns 0; or fails, if the run is cancelled
 * first. In a child process, returns NEEDS_MEMORY if more is needed than has been granted.
 */
int maker_take_memory(struct maker *maker);

/* Returns the bytes that maker_take_memory has taken. */
void maker_return_memory(struct maker *maker);

#endif /* IMAGE_PIPELINE_MAKER_H */
