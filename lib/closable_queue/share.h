/*
 * share.h - what groups of workers ask of a queue, beyond what everybody may.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SHARE_H
#define WEIR_CLOSABLE_QUEUE_SHARE_H

#include "closable_queue/queue.h"

/* What a worker has taken and not begun. The worker fills its slots by weir__queue_get_share alone. */
typedef struct weir__hold {
    weir__slot *slots; /* constant, as their number is */
    size_t count;
    struct weir__hold *next; /* in the team's list; under the consumers' lock */
    bool listed;             /* under the consumers' lock */
} weir__hold;

/* A group of workers, as its queue knows it. Zero, but for the mark. */
typedef struct weir__team {
    weir__u64 mark;    /* where to end: see weir__queue_mark; UINT64_MAX: nowhere */
    weir__berth berth; /* where its workers sleep; under the producers' lock */
    weir__u32 laden;   /* how many are in the list; changed under the consumers' lock */
    weir__hold *first; /* the list of those that may hold an item that can be taken away; under the consumers' lock */
    weir__hold *last;
} weir__team;

/*
 * Whether something that was taken may lie in a worker's hold. Without a lock: certain of what was taken before a head
 * that the caller has seen, since a hold is listed before its second item is counted as taken.
 */
static inline bool weir__team_is_laden(const weir__team *team) {
    return weir__u32_load_relaxed(&team->laden) != 0;
}

/* Lists a hold that has two items, with the consumers' lock held. */
void weir__team_list(weir__team *team, weir__hold *hold);

/* What a worker asks for. */
typedef struct weir__share {
    weir__team *team;
    weir__hold *hold; /* where the items go, from the first slot on; filled with the consumers' lock held */
    size_t most;      /* at most so many items */
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
 * Blocks until weir__queue_get_share may have something to say, unless the team is laden. Called when nothing is in the
 * queue; with the lock under which puts are made, so all that was taken of what was ever put is seen.
 */
void weir__queue_sleep(weir_queue *queue, weir__team *team);

/*
 * Takes an item away from one of the team's holds; WEIR__EMPTY: there is none. `*more`: another one is left. Holds that
 * are found empty are taken off the list, so that each is looked at in vain once.
 */
void *weir__queue_take_held(weir_queue *queue, weir__team *team, bool *more);

/* Wakes one of the team's workers, if one sleeps, for what lies in a hold. */
void weir__queue_call(weir_queue *queue, weir__team *team);

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

/* Sets the team's mark behind everything that is queued, and wakes its workers, and no others. */
void weir__queue_mark(weir_queue *queue, weir__team *team);

#endif /* WEIR_CLOSABLE_QUEUE_SHARE_H */
