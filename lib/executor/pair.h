/*
 * pair.h - Runs tasks without futures of their own (X7).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_PAIR_H
#define WEIR_EXECUTOR_PAIR_H

#include "executor/state.h"

/* Prepares the worker's own task. Returns false if there is no memory. */
bool weir__pair_prepare(weir__worker *worker);

/* Runs a task that was taken out of its place, and accounts for it. */
void weir__pair_run(weir_executor_func *func, void *arg, weir__source *source, weir__worker *worker);

#endif /* WEIR_EXECUTOR_PAIR_H */
