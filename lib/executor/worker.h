/*
 * worker.h - Declares the workers of an executor, and the job that runs its tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_WORKER_H
#define WEIR_EXECUTOR_WORKER_H

#include "executor/state.h"

/* The init and fini of the threads of the executor's crew. */
weir_status weir__worker_init(void *executor, void **worker);
void weir__worker_fini(void *worker);

/* The job: runs a slice; takes over what a thread leaves that a function has ended. */
void weir__worker_run(weir__job *job, weir__hand *hand);
void weir__worker_exited(weir__job *job, weir__hand *hand);

/* Takes a listed task of the source and runs it. Returns false if there is none. */
bool weir__worker_help_source(weir__worker *worker, weir__source *source);

#endif /* WEIR_EXECUTOR_WORKER_H */
