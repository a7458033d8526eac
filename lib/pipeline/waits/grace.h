/*
 * grace.h - Lets the end of a run wait for calls of the library that end something of their own after a cancel.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_GRACE_H
#define WEIR_PIPELINE_WAITS_GRACE_H

#include "pipeline/state/pipeline.h"

/*
 * D9. Begin and end a part of a function that returns within `allowance` ns after it has been told to, if not within
 * `grace`. `task` may be NULL.
 */
void weir__grace_begin(const weir_task *task, uint64_t allowance);
void weir__grace_end(const weir_task *task);

#endif /* WEIR_PIPELINE_WAITS_GRACE_H */
