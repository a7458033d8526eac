/*
 * batch.h - Implements batches: envelopes gathered until they are enough, or old enough, or the last.
 *
 * G1  The workers of a stage add what they take to one partial batch. The worker that completes it gets it; the
 *     others return at once.
 * G2  A batch is its first envelope, with the others in that one's list. Its `reason` says what completed it.
 * G3  A partial batch that is old enough, or the last, goes to `complete`, with the lock held: so a close finds it here
 *     or where that has put it.
 * G4  After the close nothing is gathered.
 *
 * Lock order: `complete` is called with the lock held and requeues; it takes the locks of the queue after this one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_BATCH_H
#define WEIR_FLOW_BATCH_H

#include "item/envelope.h"

/* What completed a batch; as weir_batch_reason. */
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
    uint64_t wait;  /* ns since the first item; 0: no limit */
} weir__batch_limits;

typedef struct weir__batch {
    weir__timer timer; /* first */

    /* Constant. */
    weir__batch_limits limits;
    weir__timers *timers;
    void (*complete)(weir__envelope *batch); /* G3 */

    weir__lock lock;       /* of all that follows */
    weir__envelope *first; /* G2: of the partial batch; NULL: there is none */
    size_t items;
    uint64_t bytes;
    uint64_t due;   /* when its time is over */
    uint64_t taken; /* items ever gathered */
    uint64_t last;  /* items that will ever come; UINT64_MAX: not known yet */
    bool armed;     /* the timer is set */
    bool closed;    /* G4 */
} weir__batch;

void weir__batch_prepare(weir__batch *batch, const weir__batch_limits *limits, weir__timers *timers,
                         void (*complete)(weir__envelope *batch));

/* G1. Adds an item of that weight. Returns a complete batch, or NULL: it is kept. After the close, the item itself. */
weir__envelope *weir__batch_add(weir__batch *batch, weir__envelope *envelope, uint64_t weight);

/* No more than that many items will ever come: completes the last batch once they have. */
void weir__batch_end(weir__batch *batch, uint64_t last);

/* G4. Closes, and returns the partial batch, or NULL. */
weir__envelope *weir__batch_close(weir__batch *batch);

#endif /* WEIR_FLOW_BATCH_H */
