/*
 * batch.h - Gathers envelopes into batches, until a batch has enough items or bytes, is old enough, or is the last.
 *
 * G1  The workers of a stage add the items that they take to one partial batch. If an item completes the batch, its
 *     worker gets the batch. The other workers return at once.
 * G2  A batch is its first envelope; the list of that envelope holds the others. `reason` in the first envelope says
 *     what completed the batch.
 * G3  A batch that is completed by its age or by the end is passed to `complete`, with the lock held. So a close finds
 *     each batch either here, or where `complete` has put it.
 * G4  After the close no batch is gathered: weir__batch_add returns the item itself.
 * G5  Once the batch is ended, an item also completes it if no other one is queued. The tail of the input queue counts
 *     the items ever put, so the item that makes `taken` equal to it is the last one so far. Feedback may bring more.
 *
 * Lock order: `complete` is called with the lock held. It requeues the batch, so the queue's locks are taken after this
 * lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_BATCH_H
#define WEIR_FLOW_BATCH_H

#include "item/envelope.h"

/* Reason for which a batch is complete; the values are those of weir_batch_reason. */
typedef enum weir__batch_reason {
    WEIR__BATCH_PARTIAL,
    WEIR__BATCH_ITEMS,
    WEIR__BATCH_BYTES,
    WEIR__BATCH_TIME,
    WEIR__BATCH_END
} weir__batch_reason;

typedef struct weir__batch_limits {
    size_t items;   /* 0: no limit */
    uint64_t bytes; /* 0: no limit */
    uint64_t wait;  /* ns since the first item came; 0: no limit */
} weir__batch_limits;

typedef struct weir__batch {
    weir__timer timer; /* first member */

    /* Constant after the preparation. */
    weir__batch_limits limits;
    weir__timers *timers;
    void (*complete)(weir__envelope *batch); /* G3 */
    const weir_queue *input;                 /* G5 */

    weir__lock lock;       /* guards all members below */
    weir__envelope *first; /* first envelope of the partial batch (G2); NULL: none */
    size_t items;
    uint64_t bytes;
    uint64_t due;   /* time at which the partial batch is old enough */
    uint64_t taken; /* number of items gathered so far, in all batches */
    bool armed;     /* the timer is set, or about to be */
    bool ended;     /* G5 */
    bool closed;    /* G4 */
} weir__batch;

void weir__batch_prepare(weir__batch *batch, const weir_queue *input, const weir__batch_limits *limits,
                         weir__timers *timers, void (*complete)(weir__envelope *batch));

/*
 * G1. Adds an item of that weight to the partial batch. Returns the batch if the item completes it, otherwise NULL.
 * After the close, returns the item itself.
 */
weir__envelope *weir__batch_add(weir__batch *batch, weir__envelope *envelope, uint64_t weight);

/* G5. Ends the batch: from now on it waits for no item that is not queued. */
void weir__batch_end(weir__batch *batch);

/* G4. Closes the batch. Returns the partial batch, or NULL if there is none. */
weir__envelope *weir__batch_close(weir__batch *batch);

#endif /* WEIR_FLOW_BATCH_H */
