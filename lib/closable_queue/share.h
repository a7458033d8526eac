/*
 * share.h - what groups of workers ask of a queue, beyond what everybody may.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SHARE_H
#define WEIR_CLOSABLE_QUEUE_SHARE_H

#include "closable_queue/queue.h"

/* What a worker asks for. */
typedef struct weir__share {
    const weir__u64 *mark; /* where to end: see weir__queue_mark; UINT64_MAX in it: nowhere */
    size_t most;           /* at most so many items */
    weir__slot *items;     /* where they go, from the first on; filled with the consumers' lock held */
} weir__share;

/* What has come of it. */
typedef struct weir__taken {
    size_t count;
    bool sentinel; /* a sentinel was taken: the caller is the one that it ends */
} weir__taken;

/*
 * Takes a fair share of what is there: one item, or what is there divided by the workers if that is more (but see Q9).
 * Waits awake for a moment if nothing is there, but does not sleep. WEIR_OK; WEIR_EMPTY; WEIR_CLOSED as weir_queue_get,
 * and also once all that was put before the mark has been taken.
 */
weir_status weir__queue_get_share(weir_queue *queue, const weir__share *share, weir__taken *taken);

/*
 * A group of workers begins to take from the queue, or to put to it, and so keeps it from being destroyed until the
 * release. False, and nothing has happened: the queue is being destroyed.
 */
bool weir__queue_use(weir_queue *queue);
void weir__queue_release(weir_queue *queue);

/* So many workers more take from the queue, or fewer again. */
void weir__queue_attach(weir_queue *queue, size_t workers);
void weir__queue_detach(weir_queue *queue, size_t workers);

/*
 * Sleeps until weir__queue_get_share may have something to say, unless `busy(arg)` says that the caller has something
 * else to do. It is called when nothing is in the queue and nothing can be put, and sees all that was kept in a share.
 */
void weir__queue_sleep(weir_queue *queue, const weir__u64 *mark, bool (*busy)(const void *arg), const void *arg);

/* Wakes somebody that sleeps in weir__queue_sleep or in a get. */
void weir__queue_wake_consumer(weir_queue *queue);

/*
 * Q8. Requeues an item that was taken and is not settled, behind what waits, or at the front. Never waits and cannot
 * fail: the item's owner has set place->item, and the place is the queue's until the item is taken. After a discard the
 * item is discarded too, perhaps by this call.
 */
void weir__queue_requeue(weir_queue *queue, weir__requeued *place);
void weir__queue_requeue_first(weir_queue *queue, weir__requeued *place);

/*
 * Requeues what is left of a share, in the first `count` of these slots, at the front; the slots are emptied with the
 * consumers' lock held. The queue frees `returned`, which has as many places.
 */
void weir__queue_give_back(weir_queue *queue, weir__slot *slots, size_t count, weir__returned *returned);

/* Whether something is requeued. */
bool weir__queue_holds_requeued(weir_queue *queue);

/* Sets the mark behind everything that is queued, and lets the consumers that wait look at it. */
void weir__queue_mark(weir_queue *queue, weir__u64 *mark);

#endif /* WEIR_CLOSABLE_QUEUE_SHARE_H */
