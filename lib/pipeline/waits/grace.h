/*
 * grace.h - Lets the end of a run wait for a call of the library that ends something of its own after a cancel.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_GRACE_H
#define WEIR_PIPELINE_WAITS_GRACE_H

#include "pipeline/state/pipeline.h"

/* D9. The function of the task, which has been told to return, does so by that time, if not within `grace`. */
void weir__grace_extend(const weir_task *task, uint64_t until);

#endif /* WEIR_PIPELINE_WAITS_GRACE_H */
