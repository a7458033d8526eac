/*
 * stages.h - the functions of each stage.
 *
 * Each stage is a function of a weir pipeline and, for per-thread state, init and fini functions. A stage takes a
 * photo and emits the same photo with more of its members set.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_STAGES_H
#define IMAGE_PIPELINE_STAGES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/pipeline.h>
#include <weir/process.h>

#include "budget.h"
#include "ends.h"
#include "hosts.h"
#include "journal.h"
#include "options.h"
#include "pace.h"
#include "photo.h"
#include "refusals.h"
#include "report.h"
#include "room.h"

/* State shared by all stages, passed as `arg`. Constant while they run, except for the counters. */
struct work {
    const struct options *options;
    struct ends ends;
    atomic_uint_fast64_t bytes_in, bytes_out; /* of downloaded pictures, and of uploaded thumbnails */
    atomic_size_t skipped;                    /* photos that already had their thumbnail */
    atomic_size_t profiles_ignored;           /* thumbnails of pictures with a colour profile that does not fit */
    atomic_size_t damaged_kept;               /* thumbnails of damaged pictures */
    atomic_size_t retried;                    /* further attempts at transfers */
    struct refusals refusals;
    struct report report;
    struct journal journal;
    struct budget memory;       /* for decodes */
    struct room room;           /* for pictures and thumbnails in flight */
    weir_process decoder;       /* the child processes; unused with --no-isolate */
    atomic_bool has_no_decoder; /* one of them could not be started */
    atomic_size_t put_again;    /* photos that went back to the end of their queue */
    struct pace again;          /* of these */
    struct hosts *hosts;
    struct pace pace; /* of requests to other servers */
};

/*
 * Error codes: TRANSIENT if a later attempt may succeed; PUT_OFF if this one was not made, because the host is paused;
 * GONE_HOST if the host is given up, of which a message has told. NEEDS_MEMORY never leaves the resize stage
 * (isolate.c). The message of the others is for users.
 */
enum { FAILED = 1, TRANSIENT = 2, PUT_OFF = 4, GONE_HOST = 5, NEEDS_MEMORY = 6 };

/* download.c; one connection per thread. */
weir_status download_init(void *work, void **state);
weir_task_func download_photo;
void download_fini(void *state);

/* resize.c; isolate.h has the same in child processes. */
weir_task_func resize_photo;
void resize_fini(void *state);

/* Ends a call of the resize stage: with code 0, marks the thumbnails, and emits the photo. Returns the code. */
int resize_end(weir_task *task, struct work *work, struct photo *photo, int code);

/* upload.c; one connection per thread. */
weir_status upload_init(void *work, void **state);
weir_task_func upload_photo;
void upload_fini(void *state);

#endif /* IMAGE_PIPELINE_STAGES_H */
