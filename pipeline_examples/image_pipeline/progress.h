/*
 * progress.h - tells how the work goes, while it runs: what has failed, and how far it is.
 *
 * On a terminal: one line, rewritten five times a second. Elsewhere, such as in a log: a plain line every two seconds.
 * A photo that failed is named at once, in a line of its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PROGRESS_H
#define IMAGE_PIPELINE_PROGRESS_H

#include <pthread.h>

#include <weir/pipeline.h>

struct progress {
    weir_pipeline *pipeline;
    weir_queue *dead; /* the dead letters of its stages, whose items are photos */
    size_t total;     /* photos that there are */
    pthread_t thread;
};

/* Starts the thread; all but `thread` is set. It ends when the pipeline is over. WEIR_OK; WEIR_NOTHREAD. */
weir_status progress_start(struct progress *progress);

/* Waits for its end and, on a terminal, shows the final state. */
void progress_stop(struct progress *progress, const weir_report *report);

#endif /* IMAGE_PIPELINE_PROGRESS_H */
