/*
 * thread_state.h - Declares what the init of an executor has made for the calling thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_THREAD_STATE_H
#define WEIR_EXECUTOR_THREAD_STATE_H

#include <weir/executor.h>

/*
 * Returns the state of the calling thread, if it is one of the executor of this task and `init` is the executor's init;
 * NULL otherwise. `self` may be any future, or NULL.
 */
void *weir__thread_state(const weir_future *self, weir_worker_init *init);

#endif /* WEIR_EXECUTOR_THREAD_STATE_H */
