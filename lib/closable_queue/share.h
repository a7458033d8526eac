/*
 * share.h - Declares the queue's interface for groups of workers, beyond the public calls. See queue.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SHARE_H
#define WEIR_CLOSABLE_QUEUE_SHARE_H

#include "closable_queue/queue.h"

/*
 * The items that a worker has taken and not begun. Slots are filled by weir__queue_get_share. Exception: a worker
 * that has taken an item from another hold stores it in its first slot, and begins it at once.
 */
typedef struct weir__hold {
    weir__slot *slots; /* constant, like their number */
    size_t count;
    struct weir__hold *next; /* in the team's list; under the consumers' lock */
    bool listed;             /* under the consumers' lock */
} weir__hold;

/* A group of workers, as its queue sees it. Initially zero, except for the mark. */
typedef struct weir__team {
    weir__u64 mark;    /* the workers end once the head reaches it: see weir__queue_mark; UINT64_MAX: never */
    weir__berth berth; /* where its workers sleep; under the producers' lock */
    weir__u32 laden;   /* number of listed holds; changed under the consumers' lock */
    weir__hold *first; /* the list of holds that may have an item to take away; under the consumers' lock */
    weir__hold *last;
} weir__team;

/*
 * Returns true if an item may lie in a worker's hold. Takes no lock. The answer covers every item taken before a head
 * that the caller has seen: a hold is listed before its second item counts as taken.
 */
static inline bool weir__team_is_laden(const weir__team *team) {
    return weir__u32_load_relaxed(&team->laden) != 0;
}

/* Lists a hold that has two items. The caller holds the consumers' lock. */
void weir__team_list(weir__team *team, weir__hold *hold);

/* A worker's request. */
typedef struct weir__share {
    weir__team *team;
    weir__hold *hold; /* receives the items, from the first slot on; filled with the consumers' lock held */
    size_t most;      /* maximum number of items */
} weir__share;

/* The result of a request. */
typedef struct weir__taken {
    size_t count;
    bool sentinel; /* a sentinel was taken: it ends the caller */
} weir__taken;

/*
 * Takes a fair share of the queued items: their number divided by the number of workers, but at least one item (see
 * also Q9). Spins briefly if the queue is empty, and does not block. Returns WEIR_OK, or WEIR_EMPTY if there is no
 * item. Returns WEIR_CLOSED as weir_queue_get does, and also if every item put before the mark has been taken.
 */
weir_status weir__queue_get_share(weir_queue *queue, const weir__share *share, weir__taken *taken);

/*
 * Registers a group that takes from the queue or puts to it. The queue cannot be destroyed before the matching
 * weir__queue_release. Returns false, with no effect, if the queue is being destroyed.
 */
bool weir__queue_use(weir_queue *queue);
void weir__queue_release(weir_queue *queue);

/* Adds `workers` to the number of workers that take from the queue, or subtracts it. */
void weir__queue_attach(weir_queue *queue, size_t workers);
void weir__queue_detach(weir_queue *queue, size_t workers);

/*
 * Blocks until weir__queue_get_share may return something other than WEIR_EMPTY. Returns at once if the team is
 * laden. The caller has found the queue empty. This checks again under the producers' lock: if every item ever put is
 * taken, the check of `laden` covers all of them.
 */
void weir__queue_sleep(weir_queue *queue, weir__team *team);

/*
 * Takes an item out of one of the team's holds. Returns WEIR__EMPTY if there is none. `*more` is set if another one
 * is left. Holds found empty are removed from the list, so each is searched in vain once.
 */
void *weir__queue_take_held(weir_queue *queue, weir__team *team, bool *more);

/* Wakes one of the team's sleeping workers, if there is one, for an item that lies in a hold. */
void weir__queue_call(weir_queue *queue, weir__team *team);

/*
 * Q8. Requeues an item that was taken and is not settled: behind the queued items, or at the front. Never blocks and
 * never fails. The item's owner has set place->item; the queue owns the place until the item is taken. After a
 * discard the item is discarded too, possibly by this call.
 */
void weir__queue_requeue(weir_queue *queue, weir__requeued *place);
void weir__queue_requeue_first(weir_queue *queue, weir__requeued *place);

/*
 * Requeues at the front the items that are left of a share, in the first `count` of `slots`. Empties the slots with
 * the consumers' lock held. The queue frees `returned`, which has `count` places.
 */
void weir__queue_give_back(weir_queue *queue, weir__slot *slots, size_t count, weir__returned *returned);

/* Returns true if any item is requeued. */
bool weir__queue_holds_requeued(weir_queue *queue);

/* Sets the team's mark behind every queued item. Wakes the team's workers, and no other consumers. */
void weir__queue_mark(weir_queue *queue, weir__team *team);

#endif /* WEIR_CLOSABLE_QUEUE_SHARE_H */
