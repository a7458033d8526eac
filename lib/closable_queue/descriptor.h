/*
 * descriptor.h - Declares what the queue does with its descriptors (Q19).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_DESCRIPTOR_H
#define WEIR_CLOSABLE_QUEUE_DESCRIPTOR_H

#include "closable_queue/queue.h"

/*
 * Makes the side's descriptor quiet and leaves its alert, unless there is something again. Called with no lock held,
 * after the calling thread has found nothing. The side has a descriptor.
 */
void weir__descriptor_quiet(weir_queue *queue, weir__side *side);

/* Closes and frees a descriptor; NULL does nothing. No thread uses the queue any more. */
void weir__descriptor_destroy(weir__descriptor *descriptor);

#endif /* WEIR_CLOSABLE_QUEUE_DESCRIPTOR_H */
