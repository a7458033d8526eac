/*
 * stages.h - what the workers of each stage do.
 *
 * Each stage is a worker function of weir and, where a thread needs something for itself, the init and fini functions
 * that make and unmake it. A stage function takes a photo and returns the same photo, for the queue behind it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_STAGES_H
#define IMAGE_PIPELINE_STAGES_H

#include <stdbool.h>

#include <weir/status.h>

#include "account.h"
#include "options.h"

/* What all workers share. Constant while they run, but for the account, which takes care of itself. */
struct work {
    const struct options *options;
    struct account *account;
    const char *to_url;                    /* the collection to upload to */
    bool from_is_embedded, to_is_embedded; /* served by this program itself: no proxy comes into it */
};

/* download.c: one connection a thread. `work` is a struct work. */
weir_status download_init(void *work, void **state);
void *download_photo(void *photo, void *state);
void download_fini(void *state);

/* resize.c. resize_open before the workers start; false: a message was printed. resize_close when they are gone. */
bool resize_open(const char *program);
void resize_close(void);
weir_status resize_init(void *work, void **state);
void *resize_photo(void *photo, void *state);
void resize_fini(void *state);

/* upload.c: one connection a thread. */
weir_status upload_init(void *work, void **state);
void *upload_photo(void *photo, void *state);
void upload_fini(void *state);

#endif /* IMAGE_PIPELINE_STAGES_H */
