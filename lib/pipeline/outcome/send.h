/*
 * send.h - Sends results to the next stages, or out of the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_SEND_H
#define WEIR_PIPELINE_OUTCOME_SEND_H

#include "pipeline/state/stage.h"

/* Puts to a queue. Accounts for the wait for room as blocked time of the lane. */
weir_status weir__offer(weir__lane *lane, weir_queue *queue, void *item);

/*
 * Sends an envelope with a result of `from`, and takes the envelope over. `lane` is the calling thread's, of any stage.
 * Returns the verdict of the item in `from`: done if a successor or the results queue got the result, or a successor
 * counts it as its own item; otherwise failed or dropped.
 */
weir__verdict weir__send(weir_stage *from, weir__lane *lane, weir__envelope *envelope);

enum { WEIR__SEND_AT_ONCE = 16 };

/*
 * Sends several envelopes, at most WEIR__SEND_AT_ONCE, in order, by few puts. The stage must have at most one
 * successor. The envelopes must hold their results. Adds the items' verdicts to `verdicts`.
 */
void weir__send_many(weir_stage *from, weir__lane *lane, weir__envelope **envelopes, size_t count,
                     size_t verdicts[WEIR__VERDICTS]);

/*
 * Sends an envelope to one successor. Returns false if the successor's queue refuses it. Then the item is dropped and
 * counted in the successor, with the verdict in `*verdict`, and the envelope remains the caller's.
 */
bool weir__send_to(weir_stage *from, weir_stage *to, weir__lane *lane, weir__envelope *envelope,
                   weir__verdict *verdict);

/*
 * Sends a result without an envelope, in a plain pipeline. `tried` is the status of a first put without blocking. If it
 * is WEIR_FULL, blocks until there is room. Returns the verdict of the item.
 */
weir__verdict weir__send_plain(weir_stage *from, weir__lane *lane, void *result, weir_status tried);

#endif /* WEIR_PIPELINE_OUTCOME_SEND_H */
