/*
 * envelope.h - Implements what an item travels in.
 *
 * E4  An envelope belongs to one thread at a time: to the one that took it from a queue, a heap, a list or a timer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_ENVELOPE_H
#define WEIR_ITEM_ENVELOPE_H

#include "closable_queue/queue.h"
#include "item/pieces.h"
#include "timer/timer.h"

typedef struct weir__envelope weir__envelope;

typedef struct weir__list {
    weir__envelope *first, *last;
} weir__list;

struct weir__envelope {
    uint64_t position; /* first: in the queue of its stage, which writes it */
    union {
        weir__timer timer;       /* its place in a heap: while it backs off, or waits for its turn or its key */
        weir__requeued requeued; /* its place in the queue, while it is requeued */
    };
    void *item;               /* the user's */
    weir__pieces *pieces;     /* NULL: the only piece of its root */
    uint64_t weight;          /* of the root, if `pieces` is NULL */
    struct weir_stage *stage; /* where it is */
    weir__envelope *next;     /* in a list */
    weir__list list;          /* results that wait for the item's turn; in a batch's first envelope: the others */
    void *key;                /* the entry of its key, while it runs or backs off; NULL: no limit for keys */
    unsigned attempts;        /* made so far */
    unsigned char verdict;    /* a weir__verdict: the worst of its results so far; once it is ready, its own */
    unsigned char reason;     /* a weir_batch_reason: the first envelope of a complete batch; else 0 */
    bool is_result;           /* holds its stage's result already */
    bool entered;             /* its key: `key` is the entry */
    bool lost;                /* never came into its stage, which inherits positions: only its turn is left */
};
_Static_assert(sizeof(weir__envelope) <= WEIR__CELL_CONTENT, "an envelope fits into a cell");
_Static_assert(sizeof(weir__pieces) <= WEIR__CELL_CONTENT, "so does a count of pieces");

/* Returns the envelope of this timer, or place in a heap. */
static inline weir__envelope *weir__envelope_of(weir__heap_node *node) {
    return (weir__envelope *)((char *)node - offsetof(weir__envelope, timer));
}

static inline void weir__list_append(weir__list *list, weir__envelope *envelope) {
    envelope->next = NULL;
    if (list->first == NULL)
        list->first = envelope;
    else
        list->last->next = envelope;
    list->last = envelope;
}

/* Takes the first; NULL if the list is empty. */
static inline weir__envelope *weir__list_take(weir__list *list) {
    weir__envelope *first = list->first;
    if (first != NULL)
        list->first = first->next;
    return first;
}

/* The number of items in a batch. */
static inline size_t weir__batch_count(const weir__envelope *batch) {
    size_t count = 1;
    for (const weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        count++;
    return count;
}

/* Returns a new envelope around an item; NULL if there is no memory. */
weir__envelope *weir__envelope_new(weir__flight *flight, weir__account *account, void *item);

/* Frees an envelope. Its piece goes on. */
void weir__envelope_free(weir__flight *flight, weir__account *account, weir__envelope *envelope);

/* Gives the envelope a count of pieces, unless it has one. Returns false if there is no memory. */
bool weir__envelope_share(weir__flight *flight, weir__account *account, weir__envelope *envelope);

/* Returns a count of one piece, for what a batch becomes; NULL if there is no memory. */
weir__pieces *weir__envelope_combine(weir__flight *flight, weir__account *account, weir__envelope *batch);

/* Ends the piece that the envelope carries, and frees the envelope. */
void weir__envelope_end(weir__flight *flight, weir__account *account, weir__envelope *envelope, weir__verdict verdict);

/* The same for several; takes the admission's lock once. */
void weir__envelopes_end(weir__flight *flight, weir__account *account, weir__envelope **envelopes, size_t count,
                         weir__verdict verdict);

#endif /* WEIR_ITEM_ENVELOPE_H */
