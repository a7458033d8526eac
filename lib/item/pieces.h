/*
 * pieces.h - Counts the pieces of a root: the results that were made of it and have not ended.
 *
 * E1  A root is an item put from outside, or an item of a source. It is in flight, and counts against the limits, until
 *     its last piece has ended. As long as a root has never had a second piece, one envelope carries it without a
 *     count. A second piece needs a count of pieces.
 * E2  The verdict of a root is the worst verdict of its pieces. From the worst to the best: failed, dead, dropped,
 *     done.
 * E3  A result of a batch may stand for several roots. So the results of a batch have a count of their own. The parents
 *     of that count are the counts of the batch's items. The count holds one piece of each parent. When its own last
 *     piece ends, it ends those pieces.
 *
 * E5  A root with a ticket has a count from its beginning. The thread that ends the root tells the program of the ticket,
 *     once its room has returned to the admission, with no lock held.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_PIECES_H
#define WEIR_ITEM_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "item/flight.h"
#include "measure/counter.h"

/* What the program calls a submitted item. */
typedef struct weir__ticket {
    void *of;
} weir__ticket;

typedef struct weir__pieces {
    weir__u64 left;    /* pieces not ended; the thread that ends the last frees the count */
    weir__u64 verdict; /* worst verdict so far */
    uint64_t weight;   /* weight of the root; constant */
    bool combined;     /* E3: the count is a batch's; constant */
    bool ticketed;     /* E5: the root has a ticket; constant */
    weir__ticket ticket;
    struct weir__pieces **parents; /* E3: counts of the items of the batch */
    size_t parent_count;
    struct weir__pieces *next_ended; /* list of the thread that ended the last piece; NULL before */
} weir__pieces;

/* Returns a count of one piece for a root of that weight. Returns NULL if there is no memory. */
weir__pieces *weir__pieces_new(weir__flight *flight, weir__account *account, uint64_t weight);

/*
 * Returns a count of one piece for the results of a batch of `count` items. Returns NULL if there is no memory. Before
 * the caller adds a piece, it must add each item's count by weir__pieces_adopt.
 */
weir__pieces *weir__pieces_combine(weir__flight *flight, weir__account *account, size_t count);

/* E3. Adds a parent to a count. The caller must have a piece of the parent. */
void weir__pieces_adopt(weir__pieces *combined, weir__pieces *parent);

/* Frees the count of a root that never began. Tells nothing. */
void weir__pieces_free(weir__flight *flight, weir__account *account, weir__pieces *pieces);

/* Adds a piece. The caller must have a piece of the same count. */
void weir__pieces_add(weir__pieces *pieces);

/* Ends a piece with that verdict. If it is the last piece, ends the root or the pieces of the parents. */
void weir__pieces_end(weir__flight *flight, weir__account *account, weir__pieces *pieces, weir__verdict verdict);

/* Ends roots, and returns their load to the admission if that is limited. */
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
