/*
 * kind.h - Defines what a future does with its task: free it, run it in a waiting thread, and take it out of its place.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_KIND_H
#define WEIR_EXECUTOR_KIND_H

#include "executor/state.h"

extern const weir__future_kind weir__task_kind;

#endif /* WEIR_EXECUTOR_KIND_H */
