/*
 * thread_state.c - Implements what the init of an executor has made for the calling thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/thread_state.h"

#include "executor/kind.h"
#include "executor/state.h"

void *weir_executor_state(weir_executor *executor) {
    const weir__worker *worker = executor == NULL ? NULL : weir__worker_of_thread(executor);
    return worker == NULL ? NULL : worker->state;
}

void *weir__thread_state(const weir_future *self, weir_worker_init *init) {
    if (self == NULL || self->kind != &weir__task_kind)
        return NULL;
    weir_executor *executor = ((const weir__task *)self)->executor;
    return executor->init == init ? weir_executor_state(executor) : NULL;
}
