/*
 * progress.h - tells how far the work is, while it runs.
 *
 * On a terminal: one line, rewritten five times a second. Elsewhere, such as in a log: a plain line every two seconds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PROGRESS_H
#define IMAGE_PIPELINE_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

#include <weir/closable_queue.h>

#include "account.h"

struct progress {
    struct account *account;
    weir_queue *const *queues; /* the one in front of each stage; STAGE_COUNT of them */
    weir_queue *bell; /* nothing is ever put: the thread sleeps in it until the next line is due, or it is over */
    pthread_t thread;
};

/* False: a message was printed, and nothing runs. */
bool progress_start(struct progress *progress, struct account *account, weir_queue *const *queues);

/* Shows the final state, on a terminal, and ends the thread. */
void progress_stop(struct progress *progress);

#endif /* IMAGE_PIPELINE_PROGRESS_H */
