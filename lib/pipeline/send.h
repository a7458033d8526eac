/*
 * send.h - Sends results to the next stages, or out of the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_SEND_H
#define WEIR_PIPELINE_SEND_H

#include "pipeline/stage.h"

/* Puts to a queue; accounts for the wait for room as blocked time of the lane. */
weir_status weir__offer(weir__lane *lane, weir_queue *queue, void *item);

/*
 * Sends on an envelope with a result of the stage, which is not the caller's afterwards. Any stage's lane may. Returns
 * the verdict of the item: done, unless neither a successor nor the results queue has taken the result.
 */
weir__verdict weir__send(weir_stage *from, weir__lane *lane, weir__envelope *envelope);

enum { WEIR__SEND_AT_ONCE = 16 };

/*
 * Sends on several, at most that many, in order, by few puts. For a stage with at most one successor, and envelopes
 * that hold their results. Adds the items' verdicts to `verdicts`.
 */
void weir__send_many(weir_stage *from, weir__lane *lane, weir__envelope **envelopes, size_t count,
                     size_t verdicts[WEIR__VERDICTS]);

/*
 * Sends an envelope to one successor. Returns false if its queue refuses it: the item is dropped, and counted there
 * with that verdict, and the envelope is the caller's.
 */
bool weir__send_to(weir_stage *from, weir_stage *to, weir__lane *lane, weir__envelope *envelope,
                   weir__verdict *verdict);

/*
 * Sends on a result without an envelope, in a plain pipeline, once a try has returned WEIR_FULL. Returns the verdict.
 */
weir__verdict weir__send_plain(weir_stage *from, weir__lane *lane, void *result, weir_status tried);

#endif /* WEIR_PIPELINE_SEND_H */
