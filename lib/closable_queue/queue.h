/*
 * queue.h - the inside of weir_queue: what it consists of, and why it is right.
 *
 * A queue has two sides. The producers' side has a lock, the place of the next slot to fill, and the tail: how many
 * items and sentinels were ever put. The consumers' side has a lock, the place of the next slot to empty, and the head:
 * how many were ever taken. The sides meet in the slots only (segment.h): a put looks whether its slot is empty, a get
 * whether its is not. Two locks for two ends: M. Michael and M. Scott, "Simple, Fast, and Practical Non-Blocking and
 * Blocking Concurrent Queue Algorithms", PODC 1996; slots that carry their own emptiness: J. Giacomoni, T. Moseley and
 * M. Vachharajani, "FastForward for Efficient Pipeline Parallelism", PPoPP 2008.
 *
 * Q1  Slots are filled in order, under the producers' lock, and emptied in order, under the consumers'.
 * Q2  The tail grows before the slot is filled (a release), the head before the slot is emptied (a release). Whoever
 *     sees a slot filled or emptied therefore sees the count too, and at every instant
 *         done <= tail,   head <= tail,   tail - emptied <= capacity,
 *     where `emptied` is how many slots were ever emptied: the head, and what is requeued (Q8) besides.
 *     The tail changes under the producers' lock only, the head under the consumers' only; under its lock each is
 *     exact, without it a past value. Each is stored with release, so that whoever reads it with acquire sees of the
 *     other one at least what its writer had seen: size and unfinished are never torn.
 * Q3  Consumers sleep under the PRODUCERS' lock, producers under the CONSUMERS': each where what it waits for is made
 *     (park.h). A consumer sleeps only if head == tail, seen with the producers' lock held: the tail is exact and the
 *     head cannot be ahead of it, so the queue is empty, and the next put comes after and sees the sleeper. A producer
 *     sleeps only if tail - emptied >= capacity, seen with the consumers' lock held: `emptied` is exact, so all slots
 *     are filled, and the next get that empties one comes after and sees the sleeper. No fence is needed, and no wake
 *     is lost.
 * Q4  One wake for one is under way on each side. Whoever took the token tries again to have what it came for, and if
 *     there is more than one to be had while others sleep, passes the wake on at once. (A consumer at its mark will
 *     have nothing, and passes it on for the first already.) What is made after the token was taken wakes for itself.
 *     So while there is something to have and somebody sleeps, either a wake is under way, or for each such thing there
 *     is a thread awake that will look for it.
 *     The workers of a group sleep in a berth of their own (park.h, P6). Wakes for one go to the berths and to the other
 *     consumers in turn. A mark wakes the workers of its group alone, since no other consumer looks at it.
 * Q5  `closed` is set on both sides at once, with both locks held, and never cleared; likewise `discarding`. Nothing
 *     is put afterwards, so a get that finds `closed` and an empty slot knows that nothing will ever come. Setting
 *     wakes everybody, and nobody falls asleep that has seen it.
 * Q6  Lock order: producers, consumers. The lock of `settled` is taken with neither held. A sleeper gives its own
 *     side's lock back before it takes the other's.
 * Q7  Drop functions are called with no lock held, and stand in their thread's list of callouts meanwhile. So does the
 *     loop that discards: a discard from inside it leaves the rest to it, so that the stack is no deeper for more items.
 * Q8  An item that was taken may be requeued: it lies outside the slots then, in the order of its turn. The turn of one
 *     that goes to the front has come already (what a worker has taken and not begun when it ends, a batch that is
 *     complete); the turn of one that goes behind what waits comes when all slots are emptied that were filled when it
 *     was requeued, and before those that are filled later. So neither new items nor requeued ones starve. The head goes
 *     back by one for each, with both locks held: the count is as if it had never been taken, and Q3 holds for
 *     consumers, which see the head go back or are woken. Producers look at the slots alone, in which nothing changes.
 *     So a requeue never waits, tail - head may exceed the capacity by what is requeued, and where the slots are empty
 *     every turn has come, for they were filled under the lock under which the turn was taken.
 * Q9  Items may be taken several at once only by who took last, so that another consumer beside a group of workers has
 *     its turn, and not while anything is requeued.
 * Q10 The items of a pipeline's stage are structs of its own, and begin with a place for their position: where in the
 *     order of all puts this one came, which only the producers' side knows, under its lock.
 * Q11 `sealed` is set on both sides at once too: nothing is put any more, but consumers wait on, for what others may
 *     requeue. So a pipeline's stage can be drained of items that are to be tried again.
 * Q12 A destroy first ends the queue as a discard does, and frees it when all is dropped: until then every call works,
 *     from a drop function too. What would outlive the queue is refused: see `dying`.
 *
 * What is unfinished is tail - done; settle.c has the argument for joins, and for destroying a queue after one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_QUEUE_H
#define WEIR_CLOSABLE_QUEUE_QUEUE_H

#include <weir/closable_queue.h>

#include "closable_queue/segment.h"
#include "lock/lock.h"
#include "park/park.h"
#include "park/spin.h"

/* Q8. The place of an item that is requeued; the one that takes the item may use it again. */
typedef struct weir__requeued {
    struct weir__requeued *next;
    void *item;
    uint64_t turn; /* how many slots have to be emptied before */
} weir__requeued;

/* Places for what a worker may give back at its end; freed by the queue, when nothing is requeued any more. */
typedef struct weir__returned {
    struct weir__returned *next;
    weir__requeued places[];
} weir__returned;

/* Q8. All under the consumers' lock. */
typedef struct weir__aside {
    weir__requeued *first, *last; /* by their turns */
    weir__returned *memory;
} weir__aside;

/* One side of the queue. Everything is under its lock but `index`, which others may read, and `spin`. */
typedef struct weir__side {
    _Alignas(WEIR__APART) weir__lock lock;
    bool closed;       /* Q5 */
    bool sealed;       /* Q11; set wherever `closed` is */
    bool discarding;   /* Q5; consumers' side only */
    size_t workers;    /* that take from here; consumers' side only */
    const void *last;  /* Q9; consumers' side only */
    weir__place place; /* the next slot to fill, or to empty */
    size_t requeued;   /* Q8: how many items are; consumers' side only */
    weir__u64 index;   /* the tail, or the head */
    weir__park park;   /* where the OTHER side's threads sleep */
    weir__spin spin;   /* what this side's threads have learnt about waiting */
} weir__side;

/* See settle.c. */
typedef struct weir__settled {
    _Alignas(WEIR__APART) weir__u64 word; /* done * 2, and 1 while somebody joins */
    weir__u64 known_tail;                 /* a past value of the tail */
    weir__lock lock;
    weir__park joiners;
    weir__u32 discarded; /* 1: a WEIR_DISCARD has taken items away; set with the consumers' lock held */
} weir__settled;

struct weir_queue {
    /* Constant after creation. */
    size_t capacity;
    const weir__slot *ring; /* bounded: the slots */
    char *name;
    weir_drop_func *drop;
    void *drop_arg;
    bool stamped; /* Q10 */

    weir__side producers;
    weir__side consumers;
    weir__settled settled;
    weir__aside aside;                     /* Q8 */
    _Alignas(WEIR__APART) weir__ptr spare; /* unbounded: one emptied segment, or NULL */
    weir__u32 discarding;                  /* 1: that of the consumers' side is set; for who holds no lock */
    size_t users;                          /* groups that take from here or put here; under the consumers' lock */
    bool dying;                            /* Q12: there will be no more of them; under the consumers' lock */
};

/* How a thread can be inside of a queue (sync/callout.h). */
enum {
    WEIR__DROPPING = 1,   /* in its drop function */
    WEIR__DISCARDING = 2, /* in the loop that empties it */
    WEIR__USING = 4,      /* a worker that takes from it or puts to it */
    WEIR__OWING = 8       /* with an item that the thread will settle itself */
};

static inline bool weir__queue_is_bounded(const weir_queue *queue) {
    return queue->capacity != WEIR_UNBOUNDED;
}

/*
 * What a waiting thread looks at, with no lock held: the slot that it waits for, and those ahead of it. Bounded queues
 * only, whose slots stay where they are.
 */
typedef struct weir__outlook {
    const weir_queue *queue;
    const weir__slot *slot;
} weir__outlook;

/* The slot that is `ahead` (less than the capacity) further round. */
static inline const weir__slot *weir__outlook_slot(const weir__outlook *outlook, size_t ahead) {
    const weir_queue *queue = outlook->queue;
    size_t left = (size_t)(queue->ring + queue->capacity - outlook->slot);
    return ahead < left ? outlook->slot + ahead : queue->ring + (ahead - left);
}

/* How far a streaming partner may run ahead of a waiting thread: half-way round, so that neither side blocks then. */
static inline size_t weir__queue_far(const weir_queue *queue) {
    size_t half = queue->capacity / 2;
    return half < WEIR__SPIN_FARTHEST ? half : WEIR__SPIN_FARTHEST;
}

/* Ends the queue for everybody, without emptying it. */
void weir__queue_end(weir_queue *queue, bool discarding);

/* Empties the queue, after a shutdown with WEIR_DISCARD, unless this thread is about to. */
void weir__queue_discard(weir_queue *queue);

/* Whether a WEIR_DISCARD has begun; without a lock, so perhaps a moment ago. */
static inline bool weir__queue_is_discarding(const weir_queue *queue) {
    return weir__u32_load_relaxed(&queue->discarding) != 0;
}

/* Whether a WEIR_DISCARD has taken items away, or is about to. */
bool weir__queue_is_discarded(weir_queue *queue);

/* How many slots were ever emptied; with the consumers' lock held. */
static inline uint64_t weir__queue_emptied(const weir_queue *queue) {
    return weir__u64_load_relaxed(&queue->consumers.index) + queue->consumers.requeued;
}

/* Asserts what holds whenever both sides' locks are held. */
static inline void weir__queue_assert_locked(const weir_queue *queue) {
    const weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    weir__assert(weir__lock_is_held(&producers->lock) && weir__lock_is_held(&consumers->lock)); /* Q6 */
    weir__assert(weir__u64_peek(&consumers->index) <= weir__u64_peek(&producers->index));       /* Q2: head <= tail */
    weir__assert(weir__u64_peek(&producers->index) - weir__u64_peek(&consumers->index) - consumers->requeued <=
                 queue->capacity);                                            /* Q2: tail - emptied <= capacity */
    weir__assert((consumers->requeued == 0) == (queue->aside.first == NULL)); /* Q8 */
    weir__assert(producers->closed == consumers->closed);                     /* Q5 */
    weir__assert(producers->sealed == consumers->sealed);                     /* Q11 */
}

/* How many items and sentinels were ever taken or discarded, but for those that are requeued. */
uint64_t weir__queue_head(const weir_queue *queue);

/* How many were ever put. */
uint64_t weir__queue_tail(const weir_queue *queue);

/* Gives an item that nobody will have to the drop function. */
void weir__queue_drop(const weir_queue *queue, void *item);

/* Q10. From now on, before the first put: each item begins with a uint64_t, which is set to its position, from 0. */
void weir__queue_stamp(weir_queue *queue);

/* Q11. Puts return WEIR_CLOSED from now on, the waiting ones at once. */
void weir__queue_seal(weir_queue *queue);

/* Settles `count` items that were taken. */
void weir__queue_settle(weir_queue *queue, size_t count);

/*
 * As weir_queue_join_until, but returns WEIR_CANCELLED as soon as `cancelled` is not 0. Whoever sets it has to call
 * weir__queue_wake_joiners afterwards.
 */
weir_status weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline);
void weir__queue_wake_joiners(weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_QUEUE_H */
