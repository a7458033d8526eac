/*
 * envelope.h - what an item travels in.
 *
 * E1  What came in, from outside or from a source, is a root: it is in flight, and counts and weighs, until the last of
 *     the pieces that it has become is done with. Where no stage makes more than one piece of it there is one envelope
 *     from beginning to end. A second piece needs a token, which counts them.
 * E2  A root's verdict is the worst of its pieces': failed, dead, dropped, done.
 * E3  A batch may make results of several roots. Its token has those roots' tokens for parents, and gives them back
 *     when its own last piece is done with.
 * E4  An envelope belongs to one thread at a time: to whoever has taken it from a queue, a heap, a list, or the keeper.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ENVELOPE_H
#define WEIR_PIPELINE_ENVELOPE_H

#include <weir/pipeline.h>

#include "closable_queue/queue.h"
#include "pipeline/keeper.h"
#include "pipeline/pool.h"
#include "sync/sync.h"

/* What becomes of an item; the worst is the last. */
typedef enum weir__verdict { WEIR__DONE, WEIR__DROPPED, WEIR__DEAD, WEIR__FAILED, WEIR__VERDICTS } weir__verdict;

static inline weir__verdict weir__worse(weir__verdict a, weir__verdict b) {
    return a > b ? a : b;
}

typedef struct weir__token {
    weir__u64 pieces;             /* that are not done with; whoever takes the last one away frees the token */
    weir__u64 verdict;            /* the worst so far */
    uint64_t weight;              /* constant */
    bool combined;                /* E3; constant */
    struct weir__token **parents; /* E3; constant */
    size_t parent_count;
    struct weir__token *next_over; /* of the thread that has taken the last piece away; NULL until then */
} weir__token;

typedef struct weir__envelope weir__envelope;

typedef struct weir__list {
    weir__envelope *first, *last;
} weir__list;

struct weir__envelope {
    uint64_t position; /* first: in the queue of its stage, by which it is ordered */
    union {
        weir__timer timer; /* its place in a heap: the keeper's while it backs off, the order's when it is ready */
        weir__requeued requeued; /* its place in the queue, when it is requeued there */
    };
    void *item;            /* the user's */
    weir__token *token;    /* NULL: the only piece of its root */
    uint64_t weight;       /* of the root, where there is no token */
    weir_stage *stage;     /* that it is in */
    weir__envelope *next;  /* in a list */
    weir__list list;       /* an ordered stage's results; or the rest of a batch, whose first this is */
    void *key;             /* the entry of its key, while it runs or backs off; NULL: no limit for keys */
    unsigned attempts;     /* that have been made */
    unsigned char verdict; /* a weir__verdict: the worst of its results so far; when it is ready, its own */
    unsigned char reason;  /* a weir_batch_reason: this is a batch, complete; else 0 */
    bool kept;             /* its worker does not settle it: whoever is done with it does */
    bool is_result;        /* it holds its stage's result already */
    bool entered;          /* its key: `key` is the entry */
};
_Static_assert(sizeof(weir__envelope) <= WEIR__CELL_CONTENT, "an envelope fits into a cell");

/* The one whose timer, or place in a heap, this is. */
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

/* How many items a batch has. */
static inline size_t weir__batch_count(const weir__envelope *batch) {
    size_t count = 1;
    for (const weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        count++;
    return count;
}

/* NULL: it is empty. */
static inline weir__envelope *weir__list_take(weir__list *list) {
    weir__envelope *first = list->first;
    if (first != NULL)
        list->first = first->next;
    return first;
}

/* The pieces of roots. `task` is the calling worker's, or NULL in a thread that is none. See envelope.c. */

/* A new envelope around an item, with nothing else in it; NULL: out of memory. */
weir__envelope *weir__envelope_new(weir_pipeline *pipeline, weir_task *task, void *item);
void weir__envelope_free(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope);

/* Makes sure that there is a token. False: out of memory. */
bool weir__envelope_share(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope);

/* A token with one piece, for what is made of a batch: of this envelope and those in its list. NULL: out of memory. */
weir__token *weir__token_of_batch(weir_pipeline *pipeline, weir_task *task, weir__envelope *batch);

/* One more piece. By who has one. */
void weir__token_add(weir__token *token);

/* One piece less. */
void weir__token_release(weir_pipeline *pipeline, weir_task *task, weir__token *token, weir__verdict verdict);

/* The piece of its root that this envelope stands for is done with; the envelope is freed. */
void weir__envelope_over(weir_pipeline *pipeline, weir_task *task, weir__envelope *envelope, weir__verdict verdict);

/* The same of several, with one look at the limits. */
void weir__envelopes_over(weir_pipeline *pipeline, weir_task *task, weir__envelope **envelopes, size_t count,
                          weir__verdict verdict);

#endif /* WEIR_PIPELINE_ENVELOPE_H */
