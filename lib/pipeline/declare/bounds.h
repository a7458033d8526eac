/*
 * bounds.h - Sets the limits of a pipeline, and checks that every batch can fill under them.
 *
 * A root is in flight until its last piece has ended (E1). So a partial batch keeps the roots of its items in flight. A
 * further item, the time limit of the batch, or the end of the run completes the batch. If the partial batches of all
 * stages hold as many roots as may be in flight, no further item is admitted. Then only a batch's time limit lets the
 * run go on. If no batch has a time limit, or only a long one, the pipeline hangs.
 *
 * M1  A partial batch with a limit of items holds at most batch.items - 1 items.
 * M2  An item of a stage stands for at most `roots` roots. `roots` is 1 at first. A batch stage may make one result of
 *     a whole batch, so for its successors `roots` is multiplied by its batch.items. If several paths lead to a stage,
 *     the greatest product counts.
 * M3  So all partial batches together hold at most the sum of (batch.items - 1) * roots. If max_items is greater than
 *     that sum, a further item is admitted, and every batch fills. If a root can have several pieces (WEIR_TO_ALL, or
 *     several results of one item), the true maximum may be smaller. Otherwise, every smaller max_items has a run that
 *     hangs.
 * M4  The number of items in a batch limited by bytes alone depends on their weights. The number of items that
 *     max_bytes admits depends on the weights of the roots. In these cases a batch needs a time limit, and a short one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DECLARE_BOUNDS_H
#define WEIR_PIPELINE_DECLARE_BOUNDS_H

#include "pipeline/state/pipeline.h"

/* Sets the limits. The stages must be sorted already. Refuses if a batch could not fill under the limits. */
weir_status weir__bounds_set(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_DECLARE_BOUNDS_H */
