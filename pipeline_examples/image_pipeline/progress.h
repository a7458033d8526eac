/*
 * progress.h - prints failures and the progress of a run.
 *
 * On a terminal it rewrites one line five times a second. Elsewhere, as in a log, it prints a plain line every two
 * seconds. Each photo that fails is reported at once, on a line of its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PROGRESS_H
#define IMAGE_PIPELINE_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <weir/pipeline.h>

#include "refusals.h"
#include "report.h"
#include "source.h"

struct progress {
    weir_pipeline *pipeline;
    weir_queue *dead; /* dead letters of its stages; the items are photos */
    const struct source *source;
    atomic_size_t *put_again; /* photos that are left out, because they are in the queue again */
    struct report *report;
    const struct recipe *recipe;
    struct refusals *refusals;
    bool is_quiet; /* prints failures only */
    pthread_t thread;
    unsigned looks; /* used by the thread only, like the next one */
    bool has_said_interrupted;
};

/*
 * Starts the thread, which ends with the pipeline. Sets `thread`; the caller sets the rest. Returns WEIR_OK or
 * WEIR_NOTHREAD.
 */
weir_status progress_start(struct progress *progress);

/* Joins the thread and, on a terminal, shows the final state. */
void progress_stop(struct progress *progress, const weir_report *report);

#endif /* IMAGE_PIPELINE_PROGRESS_H */
