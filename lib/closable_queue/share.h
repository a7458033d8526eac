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

/*
 * A group of workers, as its queue sees it. Initially zero, except for the mark.
 *
 * Elastic teams. `alive` is the number of workers that take items. A worker leaves only by lowering `alive` while it
 * exceeds `wanted`. So no more workers leave than are not wanted. A worker that is added counts as `coming` until it is
 * alive, or its init has failed: it might never take items.
 */
typedef struct weir__team {
    weir__u64 mark;    /* the workers end once the head reaches it: see weir__queue_mark; UINT64_MAX: never */
    weir__berth berth; /* where its workers sleep; under the producers' lock */
    weir__u32 laden;   /* number of listed holds; changed under the consumers' lock */
    weir__hold *first; /* the list of holds that may have an item to take away; under the consumers' lock */
    weir__hold *last;
    bool elastic;            /* workers may come and leave while others work; constant */
    weir__u32 wanted;        /* elastic: number of workers that may stay; lowered under the producers' lock */
    weir__u32 alive, coming; /* elastic */
} weir__team;

/*
 * Returns true if an item may lie in a worker's hold. Takes no lock. The answer covers every item taken before a head
 * that the caller has seen: a hold is listed before its second item counts as taken.
 */
static inline bool weir__team_is_laden(const weir__team *team) {
    return weir__u32_load_relaxed(&team->laden) != 0;
}

/* Returns true if a worker of the team must leave. Takes no lock: weir__team_leave decides. */
static inline bool weir__team_has_surplus(const weir__team *team) {
    return team->elastic && weir__u32_load_relaxed(&team->alive) > weir__u32_load_relaxed(&team->wanted);
}

/* Returns true if the calling worker must leave; then it no longer counts as alive. */
bool weir__team_leave(weir__team *team);

/* Counts an added worker as coming; then as alive, or as lost. */
static inline void weir__team_expect(weir__team *team) {
    (void)weir__u32_add_acquire_release(&team->coming, 1);
}

static inline void weir__team_lose(weir__team *team) {
    (void)weir__u32_add_acquire_release(&team->coming, UINT32_MAX); /* subtracts 1 */
}

static inline void weir__team_come(weir__team *team) {
    (void)weir__u32_add_acquire_release(&team->alive, 1);
    weir__team_lose(team);
}

/* Returns the number of workers alive or coming. One that becomes alive meanwhile may count twice. */
static inline size_t weir__team_size(const weir__team *team) {
    size_t coming = weir__u32_load_acquire(&team->coming);
    return coming + weir__u32_load_acquire(&team->alive);
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
 * Adds `workers` to the number of workers that take from the queue. weir__queue_give_back subtracts each of them when
 * it ends; detach, the workers without a thread.
 */
void weir__queue_attach(weir_queue *queue, size_t workers);
void weir__queue_detach(weir_queue *queue, size_t workers);

/*
 * Takes an item out of one of the team's holds. Returns WEIR__EMPTY if there is none. `*more` is set if another one
 * is left. Holds found empty are removed from the list, so each is searched in vain once.
 */
void *weir__queue_take_held(weir_queue *queue, weir__team *team, bool *more);

/* Wakes one of the team's sleeping workers, if there is one, for an item that lies in a hold. */
void weir__queue_call(weir_queue *queue, weir__team *team);

/* Sets the number of workers that may stay. If it is too low for all, wakes the team's workers, so that some leave. */
void weir__queue_want(weir_queue *queue, weir__team *team, size_t workers);

/* Returns true if any item is requeued. */
bool weir__queue_holds_requeued(weir_queue *queue);

/* Sets the team's mark behind every queued item. Wakes the team's workers, and no other consumers. */
void weir__queue_mark(weir_queue *queue, weir__team *team);

#endif /* WEIR_CLOSABLE_QUEUE_SHARE_H */
