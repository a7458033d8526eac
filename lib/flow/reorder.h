/*
 * reorder.h - Implements a reorder buffer: envelopes come in any order and leave by their positions.
 *
 * O1  An envelope that is ready lies in the window, at its position modulo the window's size, or, if that is too far
 *     ahead, in the heap.
 * O2  One thread at a time releases: the one that added the next envelope. It takes runs of envelopes, without the lock
 *     in between, until the next one is not ready; the others return at once.
 * O3  The releasing thread stops only when it has seen, with the lock held, that the next one is not ready. So the
 *     thread that adds that one afterwards releases.
 * O4  After the close nothing is added.
 *
 * The lock is taken alone. No thread blocks here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_REORDER_H
#define WEIR_FLOW_REORDER_H

#include "item/envelope.h"

/* Zero is a buffer that is not prepared. All but `size` is under the lock. */
typedef struct weir__reorder {
    weir__lock lock;
    weir__envelope **window; /* O1 */
    size_t size;             /* of the window: a power of two; constant */
    weir__heap beyond;       /* O1 */
    uint64_t next;           /* the position that leaves next */
    bool releasing;          /* O2 */
    bool closed;             /* O4 */
} weir__reorder;

/* Makes the window for `most` envelopes, or a smaller one. Returns false if there is no memory. */
bool weir__reorder_prepare(weir__reorder *reorder, uint64_t most);

void weir__reorder_free(weir__reorder *reorder);

/*
 * Adds an envelope that is ready. Returns 0 if it waits for its turn, or another thread releases it. Otherwise the
 * caller releases: that many envelopes, up to `most`, are in `run`, in order, and it calls weir__reorder_take until
 * that returns 0. `*closed`: the envelope was not added (O4).
 */
size_t weir__reorder_add(weir__reorder *reorder, weir__envelope *envelope, weir__envelope **run, size_t most,
                         bool *closed);

/* Takes up to `most` further envelopes, in order; 0: the next one is not ready, and the caller releases no more. */
size_t weir__reorder_take(weir__reorder *reorder, weir__envelope **run, size_t most);

/* O4. Closes the buffer, and returns what waits in it. */
weir__list weir__reorder_close(weir__reorder *reorder);

#endif /* WEIR_FLOW_REORDER_H */
