/*
 * bounds.h - Sets the limits of a pipeline: the automatic max_items, and the check that every batch can fill.
 *
 * A root is in flight until its last piece has ended (E1). A partial batch keeps its items, and their roots, in flight.
 * A further item completes it, or its time, or the end of the run. If the partial batches of all stages together hold
 * as many roots as may be in flight, no further item is admitted, and only the time of a batch ends that; with no time,
 * or a long one, the pipeline hangs.
 *
 * M1  A partial batch by items holds at most batch.items - 1 items.
 * M2  An item stands for at most as many roots as `roots` says: 1; behind a batch stage, which may make one result of
 *     the whole batch, times its batch.items. Of several ways to a stage the greatest counts.
 * M3  So all partial batches together hold at most the sum of (batch.items - 1) * roots. If max_items is greater, a
 *     further item is admitted, and every batch fills. Where copies are made (WEIR_TO_ALL, or several results of an
 *     item) the true number may be smaller; elsewhere each smaller max_items has a run that stops.
 * M4  What a batch by bytes alone holds depends on the weights of its items, and what max_bytes admits depends on the
 *     weights of the roots. Where that decides, a batch needs a time, and a short one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_BOUNDS_H
#define WEIR_PIPELINE_BOUNDS_H

#include "pipeline/pipeline.h"

/* Sets the limits, once the order of the graph is known. Refuses if a batch could not fill under them. */
weir_status weir__bounds_set(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_BOUNDS_H */
