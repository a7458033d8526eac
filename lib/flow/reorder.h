/*
 * reorder.h - Declares a reorder buffer: envelopes come in any order and leave in the order of their positions.
 *
 * O1  The window holds a ready envelope at its position modulo the window's size. If the position is too far ahead for
 *     the window, the heap holds the envelope.
 * O2  One thread at a time releases envelopes: the thread that added the next one. It takes runs of envelopes until the
 *     next one is not ready, and releases the lock between runs. Other threads that add envelopes return at once.
 * O3  The releasing thread stops only if, with the lock held, the next envelope is not ready. So the thread that adds
 *     that envelope later becomes the releasing thread.
 * O4  After the close the buffer keeps only a run of envelopes from `next` on, for the releasing thread: it adds an
 *     envelope only behind that run. All other envelopes have no turn any more, as items before them may be dropped.
 *
 * Lock order: the lock is taken with no other lock held. No thread blocks here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_REORDER_H
#define WEIR_FLOW_REORDER_H

#include "item/envelope.h"

/* Zero-initialised: an unprepared buffer. The lock guards all other members except `size`. */
typedef struct weir__reorder {
    weir__lock lock;
    weir__envelope **window; /* ready envelopes by position (O1) */
    size_t size;             /* number of places in the window; a power of two; constant */
    weir__heap beyond;       /* ready envelopes beyond the window (O1) */
    uint64_t next;           /* position that leaves next */
    size_t count;            /* number of envelopes in window and heap */
    bool releasing;          /* a thread releases envelopes (O2) */
    bool closed;             /* O4 */
} weir__reorder;

/*
 * Allocates the window: for `most` envelopes, or fewer if `most` is above the largest window. Returns false if there is
 * no memory.
 */
bool weir__reorder_prepare(weir__reorder *reorder, uint64_t most);

void weir__reorder_free(weir__reorder *reorder);

/*
 * Adds a ready envelope. Returns 0 if the envelope waits for its turn, or another thread releases it. Otherwise the
 * caller becomes the releasing thread: the call returns a number of envelopes, at most `most`, in `run`, in order. The
 * caller then calls weir__reorder_take until that returns 0. Sets `*closed` if the buffer is closed, and the envelope
 * has no turn any more: it was not added (O4).
 */
size_t weir__reorder_add(weir__reorder *reorder, weir__envelope *envelope, weir__envelope **run, size_t most,
                         bool *closed);

/*
 * Takes up to `most` further envelopes, in order. Returns 0 if the next one is not ready: the caller is no longer the
 * releasing thread.
 */
size_t weir__reorder_take(weir__reorder *reorder, weir__envelope **run, size_t most);

/* Returns the number of envelopes that wait for their turn. */
size_t weir__reorder_count(weir__reorder *reorder);

/*
 * Begins the turn of an envelope that is not added. Returns false if its turn has not come, or another thread releases
 * envelopes. Otherwise the caller becomes the releasing thread, as after weir__reorder_add.
 */
bool weir__reorder_begin(weir__reorder *reorder, uint64_t position);

/* O4. Closes the buffer. Returns the envelopes that have no turn any more. */
weir__list weir__reorder_close(weir__reorder *reorder);

#endif /* WEIR_FLOW_REORDER_H */
