/*
 * stages.h - what the threads of each stage do.
 *
 * Each stage is a function of a weir pipeline and, where a thread needs something for itself, the init and fini
 * functions that make and unmake it. A stage takes a photo and emits the same photo, with a little more in it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_STAGES_H
#define IMAGE_PIPELINE_STAGES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/pipeline.h>

#include "ends.h"
#include "options.h"
#include "photo.h"

/* What all stages share; the `arg` of each. Constant while they run, but for the sums. */
struct work {
    const struct options *options;
    struct ends ends;
    atomic_uint_fast64_t bytes_in, bytes_out; /* of the pictures that were downloaded, and the thumbnails uploaded */
    atomic_size_t skipped;                    /* photos whose thumbnail is there already */
    atomic_size_t profiles_ignored;           /* thumbnails whose picture has a colour profile that does not fit */
    atomic_size_t damaged_kept;               /* thumbnails of damaged pictures */
};

/* The code of a failure: whether a later attempt may do better. The message is for people. */
enum { FAILED = 1, TRANSIENT = 2 };

/* download.c: one connection a thread. */
weir_status download_init(void *work, void **state);
weir_task_func download_photo;
void download_fini(void *state);

/* resize.c. resize_open before the pipeline starts; false: a message was printed. resize_close when it is gone. */
bool resize_open(const char *program);
void resize_close(void);
weir_task_func resize_photo;
void resize_fini(void *state);

/* upload.c: one connection a thread. */
weir_status upload_init(void *work, void **state);
weir_task_func upload_photo;
void upload_fini(void *state);

#endif /* IMAGE_PIPELINE_STAGES_H */
