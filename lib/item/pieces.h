/*
 * pieces.h - Implements roots that become several pieces.
 *
 * E1  A root is what came in, from outside or from a source. It is in flight, and counts and weighs, until its last
 *     piece has ended. If no stage makes more than one piece of it, one envelope carries it from beginning to end. A
 *     second piece needs a count of pieces.
 * E2  A root's verdict is the worst of its pieces': failed, dead, dropped, done.
 * E3  A batch may make results of several roots. Its count of pieces has those roots' counts as parents: it holds one
 *     piece of each, and ends these when its own last piece has ended.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_PIECES_H
#define WEIR_ITEM_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "item/flight.h"
#include "measure/counter.h"

typedef struct weir__pieces {
    weir__u64 left;                /* pieces that have not ended; the thread that ends the last one frees the count */
    weir__u64 verdict;             /* the worst so far */
    uint64_t weight;               /* of the root; constant */
    bool combined;                 /* E3; constant */
    struct weir__pieces **parents; /* E3; constant */
    size_t parent_count;
    struct weir__pieces *next_ended; /* of the thread that ended the last piece; NULL until then */
} weir__pieces;

/* Returns a count of one piece, for a root of that weight; NULL if there is no memory. */
weir__pieces *weir__pieces_new(weir__flight *flight, weir__account *account, uint64_t weight);

/*
 * Returns a count of one piece, for what a batch of `count` items becomes; NULL if there is no memory. The caller adds
 * each item's count by weir__pieces_adopt before it adds a piece.
 */
weir__pieces *weir__pieces_combine(weir__flight *flight, weir__account *account, size_t count);

/* E3. Makes that count a parent, of which the caller has a piece. */
void weir__pieces_adopt(weir__pieces *combined, weir__pieces *parent);

/* Adds a piece. The caller has one. */
void weir__pieces_add(weir__pieces *pieces);

/* Ends a piece with that verdict. */
void weir__pieces_end(weir__flight *flight, weir__account *account, weir__pieces *pieces, weir__verdict verdict);

/* Ends roots that are in flight in one piece each. */
static inline void weir__roots_end(weir__flight *flight, weir__account *account, weir__load load,
                                   weir__verdict verdict) {
    if (account != NULL)
        weir__count(&account->roots[verdict], load.items);
    else
        weir__count_shared(&flight->roots[verdict], load.items);
    if (flight->admission.limited)
        weir__admission_leave(&flight->admission, load);
}

#endif /* WEIR_ITEM_PIECES_H */
