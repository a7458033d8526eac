/*
 * envelope.h - Declares envelopes: an envelope carries one item, or one result, through a pipeline.
 *
 * E4  An envelope belongs to one thread at a time: the thread that took it from a queue, a heap, a list or a timer.
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
    uint64_t position; /* first member; position of the item (ordered.h); the queue writes it */
    union {
        weir__timer timer;       /* node in a heap: of timers, of its turn or of its key */
        weir__requeued requeued; /* node in the queue, while requeued */
        struct {
            weir__requeued requeued;
            char *message; /* of the answer; NULL: none */
        } reply;           /* the same, while `answered` */
    };
    void *item;               /* user's pointer */
    weir__pieces *pieces;     /* count of pieces (pieces.h); NULL: the only piece of its root */
    uint64_t weight;          /* weight of the root, if `pieces` is NULL */
    struct weir_stage *stage; /* stage that has the item */
    weir__envelope *next;     /* next in a list */
    weir__list list; /* results that wait for the item's turn; in the first envelope of a batch: the other envelopes */
    void *key;       /* entry of its key (keyed.h); NULL: none */
    unsigned attempts;     /* attempts made so far */
    unsigned char verdict; /* weir__verdict: the worst of its results so far; once the item is ready: its own */
    unsigned char reason;  /* weir_batch_reason, in the first envelope of a complete batch; otherwise 0 */
    bool is_result;        /* `item` is the result of its stage */
    bool entered;          /* `key` is the entry in use */
    bool lost;             /* the next stage refused it; only its turn is left (ordered.h) */
    bool answered;         /* its operation is finished with `code`, and its call is not ended (operations.h) */
    bool lacks;            /* there was no memory for a result of its operation */
    int code;              /* valid while `answered` */
};
_Static_assert(sizeof(weir__envelope) <= WEIR__CELL_CONTENT, "an envelope fits into a cell");
_Static_assert(sizeof(weir__pieces) <= WEIR__CELL_CONTENT, "so does a count of pieces");

/* Returns the envelope of a node in a heap, or of a timer. */
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

/* Removes and returns the first envelope. Returns NULL if the list is empty. */
static inline weir__envelope *weir__list_take(weir__list *list) {
    weir__envelope *first = list->first;
    if (first != NULL)
        list->first = first->next;
    return first;
}

/* Returns the number of items in a batch. */
static inline size_t weir__batch_count(const weir__envelope *batch) {
    size_t count = 1;
    for (const weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        count++;
    return count;
}

/* Returns a new envelope with an item. Returns NULL if there is no memory. */
weir__envelope *weir__envelope_new(weir__flight *flight, weir__account *account, void *item);

/* Frees an envelope. Does not end its piece. */
void weir__envelope_free(weir__flight *flight, weir__account *account, weir__envelope *envelope);

/* Gives the root of a new envelope its ticket (E5). Returns false if there is no memory. */
bool weir__envelope_ticket(weir__flight *flight, weir__account *account, weir__envelope *envelope,
                           const weir__ticket *ticket);

/* Frees an envelope of a root that never began. */
void weir__envelope_abandon(weir__flight *flight, weir__account *account, weir__envelope *envelope);

/* Adds a count of pieces to the envelope, if it has none. Returns false if there is no memory. */
bool weir__envelope_share(weir__flight *flight, weir__account *account, weir__envelope *envelope);

/* Returns a count of one piece for the results of a batch (E3). Returns NULL if there is no memory. */
weir__pieces *weir__envelope_combine(weir__flight *flight, weir__account *account, weir__envelope *batch);

/* Ends the piece of the envelope, and frees the envelope. */
void weir__envelope_end(weir__flight *flight, weir__account *account, weir__envelope *envelope, weir__verdict verdict);

/*
 * Ends the pieces of several envelopes, and frees the envelopes. Takes the admission's lock once for all roots that
 * they carry alone.
 */
void weir__envelopes_end(weir__flight *flight, weir__account *account, weir__envelope **envelopes, size_t count,
                         weir__verdict verdict);

#endif /* WEIR_ITEM_ENVELOPE_H */
