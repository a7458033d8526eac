/*
 * turns.h - Lets results leave in the order in which their items were taken, several items at a time.
 *
 * Several threads take groups of items from one queue. The items of a group get successive positions. Each group has
 * one turn, in which its results leave. A thread whose group is done before its turn leaves the results here, and is
 * free for other items.
 *
 * O5  Positions are assigned under the lock under which the items are taken. So their order is that of the queue.
 * O6  `next` is the position whose turn has come. The thread that has that group sends its results, and then ends the
 *     turn. It alone changes `next`, under the lock.
 * O7  The window holds the results of a group at its position modulo the window's size. A group is kept only if its
 *     turn has not come, as seen with the lock held. The thread that ends a turn looks for the next group under the
 *     same lock. So it finds each kept group. It then has the turn of that group.
 * O8  At most `size` positions are in use, from `next` on. If no position is free, a thread sets `missed`. The end of a
 *     turn clears `missed`, and tells its thread. A turn always ends later: a thread has the group at `next`, or takes
 *     it as a returned group (O9).
 *
 * O9  Items that were taken and not begun may be returned with their positions: they are a group of their own. Such
 *     groups are taken again before items of the queue.
 *
 * Lock order: a thread that holds the lock may acquire that of the next stage's turns, and locks of queues. No thread
 * blocks here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_TURNS_H
#define WEIR_FLOW_TURNS_H

#include "closable_queue/segment.h"
#include "lock/lock.h"

/* A slot of the window. */
typedef struct weir__turn_slot {
    void *result;
    uint32_t items;    /* in the first slot of a kept group: number of its items; otherwise 0 */
    uint32_t results;  /* in the same slot: number of its results, from that slot on; at most one for each item */
    uint32_t promised; /* in the same slot: see weir__parcel */
} weir__turn_slot;

/* A returned group (O9). */
typedef struct weir__returned_group {
    struct weir__returned_group *next; /* with higher positions */
    uint64_t position;                 /* of the first item that is left */
    size_t at, end;                    /* the items that are left */
    void *items[];
} weir__returned_group;

/*
 * Zero-initialised: not in use. The lock guards all members that are not constant; other threads may read the atomic
 * ones.
 */
typedef struct weir__turns {
    weir__lock lock;
    weir__turn_slot *window;        /* O7; constant; NULL: not in use */
    size_t size;                    /* number of slots in the window; a power of two; constant */
    uint64_t taken;                 /* number of positions assigned */
    weir__u64 next;                 /* O6 */
    bool missed;                    /* O8 */
    weir__returned_group *returned; /* O9: in the order of positions */
    weir__u32 returns;              /* number of items in these groups */
    size_t kept;                    /* number of results in the window */
    weir__u32 deferred;             /* number of threads whose results wait for their turn (has_turn.h) */
} weir__turns;

/* The results of a group, in an array of the calling thread. */
typedef struct weir__parcel {
    weir__slot *results;
    uint32_t items, count; /* numbers of items and of results; `items` is 0 if there is no group */
    uint32_t promised;     /* number of places of the next queue that are promised to these results (Q14) */
} weir__parcel;

/*
 * Allocates a window of `most` slots, rounded up to a power of two from 256 to 16384. Returns false if there is no
 * memory.
 */
bool weir__turns_prepare(weir__turns *turns, size_t most);

void weir__turns_free(weir__turns *turns);

static inline bool weir__turns_are_kept(const weir__turns *turns) {
    return turns->window != NULL;
}

/* Whether `position` has its turn. If it is of the caller's group, only the caller can end this turn. */
static inline bool weir__turns_has_come(const weir__turns *turns, uint64_t position) {
    return weir__u64_load_acquire(&turns->next) == position;
}

/* Returns the number of positions that may be assigned. The lock is held. */
size_t weir__turns_room_locked(const weir__turns *turns);

/* Assigns positions to `count` items that were taken with the lock held (O5). Returns the first position. */
uint64_t weir__turns_assign_locked(weir__turns *turns, size_t count);

/* O9. Returns a group of items, in memory of weir__alloc, which it takes over. The lock is held. */
void weir__turns_return_locked(weir__turns *turns, weir__returned_group *group);

/* Takes up to `most` items of the first returned group, if there is one, and their positions. The lock is held. */
size_t weir__turns_retake_locked(weir__turns *turns, void **items, size_t most, uint64_t *position);

/* Returns the number of returned items. Takes no lock. */
static inline size_t weir__turns_returned(const weir__turns *turns) {
    return weir__u32_load_acquire(&turns->returns);
}

/* Whether an item seems to be returned. Takes no lock. */
static inline bool weir__turns_has_returned(const weir__turns *turns) {
    return weir__turns_returned(turns) != 0;
}

/* Keeps the results of a group for its turn. Returns false, with no effect, if the turn has come (O7). */
bool weir__turns_keep(weir__turns *turns, uint64_t position, const weir__parcel *parcel);

/* The group at `next` has `items` items. Returns whether the group after it is kept. The lock is held. */
bool weir__turns_follows_locked(const weir__turns *turns, size_t items);

/* Ends the turn of a group of `items` items. Returns whether a thread has missed a position (O8). The lock is held. */
bool weir__turns_end_locked(weir__turns *turns, size_t items);

/*
 * The group at `next` has `items` items. If the group after it is kept and has at most `most` results, moves these into
 * the array of `parcel`; both groups then share one turn. Otherwise returns false. The lock is held.
 */
bool weir__turns_move_locked(weir__turns *turns, size_t items, size_t most, weir__parcel *parcel);

/*
 * Ends a turn like weir__turns_end_locked. If the next group is kept, moves its results into the array of `parcel`,
 * which has room for `most`, at least those of any group: the caller has its turn (O7). Otherwise sets `parcel->items`
 * to 0.
 */
bool weir__turns_end(weir__turns *turns, size_t items, size_t most, weir__parcel *parcel);

#endif /* WEIR_FLOW_TURNS_H */
