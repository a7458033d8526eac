/*
 * get.h - Declares how workers take items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_GET_H
#define WEIR_CLOSABLE_QUEUE_GET_H

#include "closable_queue/share.h"

/*
 * Takes a fair share of the queued items: their number divided by the number of workers, but at least one item (see
 * also Q9). Spins briefly if the queue is empty, and does not block. Returns WEIR_OK, or WEIR_EMPTY if there is no
 * item. Returns WEIR_CLOSED as weir_queue_get does, and also if every item put before the mark has been taken.
 */
weir_status weir__queue_get_share(weir_queue *queue, const weir__share *share, weir__taken *taken);

/*
 * Blocks until weir__queue_get_share may return something other than WEIR_EMPTY. Returns at once if the team is
 * laden, or if one of its workers must leave. The caller has found the queue empty. This checks again under the
 * producers' lock: if every item ever put is taken, the check of `laden` covers all of them.
 */
void weir__queue_sleep(weir_queue *queue, weir__team *team);

#endif /* WEIR_CLOSABLE_QUEUE_GET_H */
