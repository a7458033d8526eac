/*
 * settled.h - Tells the program what became of submitted items.
 *
 * E6  The program is told of each submitted item once, by the thread that ends the last piece of its root (E1). A
 *     piece ends before its item is settled in its stage, or within a call of a source: so each call of `settled` has
 *     returned before the run is over.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_SETTLED_H
#define WEIR_PIPELINE_STATE_SETTLED_H

#include <weir/pipeline.h>

/* Called by create. */
void weir__settled_prepare(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_STATE_SETTLED_H */
