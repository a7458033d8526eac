/*
 * queue.h - Implements the closable queue.
 *
 * State. A queue has two sides, each with a lock of its own:
 *
 *   producers  the place of the next slot to fill, and the tail: the number of items and sentinels ever put
 *   consumers  the place of the next slot to empty, and the head: the number of items and sentinels ever taken
 *
 * The sides share only the slots (segment.h): a put checks that its slot is empty, a get that its slot is filled. Two
 * locks for two ends: M. Michael and M. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent
 * Queue Algorithms", PODC 1996. Slots that carry their own emptiness: J. Giacomoni, T. Moseley and M. Vachharajani,
 * "FastForward for Efficient Pipeline Parallelism", PPoPP 2008.
 *
 * Invariants.
 *
 * Q1  The producers fill the slots in order, under the producers' lock. The consumers empty them in order, under the
 *     consumers' lock.
 * Q2  A put raises the tail (a release), then fills the slot. A get raises the head (a release), then empties the
 *     slot. A thread that sees a slot filled or emptied therefore sees the count too. At every instant
 *         done <= tail,   head <= tail,   tail - emptied <= capacity,
 *     where `emptied` is the number of slots ever emptied: the head plus the number of requeued items (Q8).
 *     The tail changes only under the producers' lock, the head only under the consumers' lock. Each is exact under
 *     its lock, and a past value without it. Each is stored with release. A thread that loads one with acquire sees
 *     the other at least as far as the storing thread had seen it. So size and unfinished are never torn.
 * Q3  Consumers block under the PRODUCERS' lock, and producers under the CONSUMERS' lock. This is the lock of the
 *     side that produces what they wait for (park.h).
 *     A consumer blocks only if it sees head == tail while it holds the producers' lock. The tail is exact there, and
 *     the head never exceeds it, so the queue is empty. The next put comes later and sees the sleeper.
 *     A producer blocks only if it sees tail - emptied >= capacity while it holds the consumers' lock. `emptied` is
 *     exact there, so every slot is filled. The next get that empties a slot comes later and sees the sleeper.
 *     This needs no fence, and no wakeup is lost.
 * Q4  Each side has at most one wake-one in flight. The thread that takes the token retries its operation. If more
 *     than one item or slot is available while other threads sleep, it passes the wake on at once. (A consumer at its
 *     mark takes nothing, so it passes the wake on for the first item already.) Items and room made after the token
 *     was taken cause a wake of their own. So while anything is available and a thread sleeps, one of two things
 *     holds. Either a wake is in flight, or for each item or slot a thread is awake that will look for it.
 *     The workers of a group sleep in a berth of their own (park.h, P6). A wake-one goes to the other consumers and
 *     to each berth in turn. A mark wakes only the workers of its group: no other consumer checks it.
 * Q5  `closed` is set on both sides, and `discarding` on the consumers' side, with both locks held. Neither is ever
 *     cleared. Nothing is put afterwards, so a get that finds `closed` and an empty slot knows that only a requeue
 *     (Q8) can still bring an item. Setting a flag wakes every sleeper, and a thread that has seen it does not block.
 * Q6  Lock order: producers, then consumers. The lock of `settled` is taken with neither held. A thread that is about
 *     to block releases its own side's lock before it takes the other side's.
 * Q7  Drop functions are called with no lock held; meanwhile they are in their thread's list of callouts. The loop
 *     that discards is in that list too. A discard from inside the loop returns at once and leaves the rest to it. So
 *     the depth of the stack does not grow with the number of items.
 * Q8  An item that was taken may be requeued. It then lies outside the slots, in a list in the order of turns.
 *     At the front, its turn has come already. This is for the items that a worker took and had not begun when it
 *     ended, and for a batch that is complete. Behind the queued items, its turn comes once every slot that was
 *     filled at the requeue is emptied. It comes before that of any slot filled later. So neither new nor requeued
 *     items starve.
 *     Each requeue lowers the head by one, with both locks held: the item counts as never taken. Q3 still holds for
 *     consumers, which see the lowered head or are woken. It still holds for producers, which look only at the slots
 *     and `emptied`: a requeue changes neither. So a requeue never blocks, and tail - head may exceed the capacity by
 *     the number of requeued items. If the slots are empty, every turn has come: they were filled under the lock
 *     under which turns are assigned.
 *     A new item may be fed to the same list, even into a full or sealed queue. It raises the tail, and counts as put
 *     into a slot that is emptied at once. `fed` counts these items: turns count only real slots, tail - fed.
 * Q9  A worker takes several items at once only if its group was the last to take, and only while no item is
 *     requeued. So a consumer beside a group of workers gets its turn.
 * Q10 The items of a pipeline's stage are structs of the pipeline. They begin with room for their position: the
 *     item's number in the order of all puts. Only the producers' side knows it, under its lock.
 * Q11 `sealed` is set on both sides too, with both locks held. Nothing is put afterwards, but consumers go on waiting
 *     for items that others may requeue. So a pipeline's stage can be drained of items that await a retry.
 * Q12 A destroy first ends the queue as a discard does, and frees it once every item is dropped. Until then every
 *     call works, also from a drop function. Groups that would outlive the queue are refused: see `dying`.
 * Q13 A thread that will not sleep for an item or for room leaves an alert instead. The thread that publishes the next
 *     item or enough room takes the alert out and tells it, with no lock held unless the alert watches (Q19). An alert
 *     is left under the lock under which a thread would fall asleep (Q3), and only if nothing is available there. So no
 *     publish is missed.
 * Q14 `promised` places are kept for the results of calls that run in a pipeline's stages. Only weir__queue_promise
 *     counts them: a put that was not promised may take such a place. Then a put that was promised one finds the queue
 *     full. Producers that sleep for room fill each place at once, so half of the queue may never be free. Once half of
 *     the capacity was emptied beside such sleepers since the alerts of stages were left, the stages are told, and the
 *     first promise afterwards needs no place (`overdue`): the stage blocks in its put, in turn with the other producers.
 *     A stage whose alert watches (Q19) is told of each place, and has no such promise.
 * Q15 Items may pass through an empty queue: the thread that puts them takes them, in one step with both locks held. No
 *     slot is filled, so no other thread sees them. They count in the tail and in the head, and are settled like others.
 * Q16 `held` is set on both sides, with both locks held, while a pipeline's entrance is paused. A put then finds no room,
 *     and its thread blocks even if slots are empty. The end of the hold wakes all producers.
 *
 * Q19 Selects, descriptors of a queue, bells of stages (bell.h) and stages that wait for room in a queue of the
 *     program leave alerts that watch. A publish tells these with the lock held, so what they write to is neither freed
 *     nor closed then: a destroy, or the end of a select or stage, acquires that lock. The
 *     alert of a descriptor is left while the descriptor is not readable. Each publish that leaves something
 *     tells it, and at most one select, in FIFO order. The end of the queue or of a hold is such a publish. A select that
 *     was told tells the next one, as it returns, if anything is left, or the queue has ended. So while something is
 *     available, no descriptor is quiet, and no select sleeps unless another one was told and has not returned.
 *     The queue of a stage may be destroyed with the alert of another stage left, which was freed before. Nothing watches
 *     such a queue. So the list is read for those that watch only if `watching` says that there are some.
 *
 * Q20 to Q24 are those of a queue with a port, whose items lie elsewhere: see port.h.
 *
 * Lock order: Q6. Wakeups: Q3, Q4, Q5, Q8, Q13, Q16, Q19, Q21, Q22 and Q24. The number of unfinished items is tail -
 * done; settle.c has the proof for joins, and for destroying a queue after a join.
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
#include "sync/event.h"

/* Q8. The list node of a requeued item. The consumer that takes the item may reuse the node. */
typedef struct weir__requeued {
    struct weir__requeued *next;
    void *item;
    uint64_t turn; /* its turn comes once this many real slots were ever emptied */
} weir__requeued;

/* List nodes for the items that a worker may requeue at its end. The queue frees them once no item is requeued. */
typedef struct weir__returned {
    struct weir__returned *next;
    weir__requeued places[];
} weir__returned;

/* Q8. All members are under the consumers' lock. */
typedef struct weir__aside {
    weir__requeued *first, *last; /* in the order of turns */
    weir__returned *memory;
} weir__aside;

/* What leaves an alert. The alerts of a side are in this order. */
typedef enum weir__alert_kind {
    WEIR__ALERT_STAGE, /* told with no lock held, of an item or of room in half of the queue */
    WEIR__ALERT_WATCH, /* watches (Q19) */
    WEIR__ALERT_SELECT /* watches (Q19): a publish tells one of these */
} weir__alert_kind;

/*
 * Q13. Embedded in a larger struct. That of a stage must outlive the queue's users. The lock of the side guards all
 * members but the constant ones.
 */
typedef struct weir__alert {
    void (*tell)(struct weir__alert *alert); /* constant */
    struct weir__alert *next;                /* NULL: the last one of the side */
    struct weir__alert *before;              /* of the first one: the last one */
    bool left;                               /* the alert is left, and not told */
    weir__alert_kind kind;                   /* constant */
} weir__alert;

/* A descriptor of a side: readable, or its alert is left (Q19). */
typedef struct weir__descriptor {
    weir__alert alert; /* first member */
    weir__event event; /* open */
} weir__descriptor;

/* One side of the queue. All members are under its lock, except `index`, which others may read, and `spin`. */
typedef struct weir__side {
    _Alignas(WEIR__APART) weir__lock lock;
    bool closed;                  /* Q5 */
    bool sealed;                  /* Q11; set wherever `closed` is */
    bool held;                    /* Q16 */
    bool discarding;              /* Q5; consumers' side only */
    size_t workers;               /* number of workers that take from here; consumers' side only */
    const void *last;             /* Q9: the team that takes, or took last, or NULL; consumers' side only */
    weir__place place;            /* the next slot to fill, or to empty */
    size_t requeued;              /* Q8: number of requeued items; consumers' side only */
    uint64_t fed;                 /* Q8: number of items ever fed; consumers' side only, changed with both locks held */
    size_t promised;              /* Q14; consumers' side only */
    weir__alert *alerts;          /* Q13: left by the OTHER side's threads */
    weir__u64 index;              /* the tail, or the head */
    weir__park park;              /* where the OTHER side's threads sleep */
    weir__spin spin;              /* adaptive state of this side's spinning; hints */
    size_t watching;              /* number of alerts left here that watch (Q19) */
    uint64_t left_at;             /* Q14: slots emptied by the first alert of a stage; consumers' side only */
    bool overdue;                 /* Q14; consumers' side only */
    weir__descriptor *descriptor; /* for the OTHER side's threads, or NULL; set with both locks held */
} weir__side;

/* T1 to T4: see settle.c. */
typedef struct weir__settled {
    _Alignas(WEIR__APART) weir__u64 word; /* done * 2, plus 1 while a thread joins */
    weir__u64 known_tail;                 /* a past value of the tail */
    weir__lock lock;
    weir__park joiners;
    weir__u32 discarded; /* 1: a WEIR_DISCARD has removed items; set with the consumers' lock held */
} weir__settled;

struct weir_queue {
    /* Constant after creation. */
    size_t capacity;
    const weir__slot *ring; /* the slots of a bounded queue */
    char *name;
    weir_drop_func *drop;
    void *drop_arg;
    bool stamped;            /* Q10 */
    struct weir__port *port; /* Q20; NULL: none */

    weir__side producers;
    weir__side consumers;
    weir__settled settled;
    weir__aside aside;                     /* Q8 */
    _Alignas(WEIR__APART) weir__ptr spare; /* one emptied segment of an unbounded queue, or NULL */
    weir__u32 discarding;                  /* 1: consumers.discarding is set; read without a lock */
    weir__u32 closed;                      /* 1: `closed` is set on both sides; read without a lock */
    size_t users;                          /* groups that take from here or put here; under the consumers' lock */
    bool dying;                            /* Q12: no further group is admitted; under the consumers' lock */
    size_t feeders;                        /* Q18 (feeders.h): stages that put here; under the consumers' lock */
    bool ran;                              /* Q18: a pipeline that fed it has run; under the consumers' lock */
};

/* The ways in which a thread can be inside a queue (sync/callout.h). */
enum {
    WEIR__DROPPING = 1,   /* in the queue's drop function */
    WEIR__DISCARDING = 2, /* in the loop that discards its items */
    WEIR__USING = 4,      /* as a worker that takes from it or puts to it */
    WEIR__OWING = 8,      /* with an item that the thread itself will settle */
    WEIR__ASKING = 16,    /* in an operation of its port */
    WEIR__TAKING = 32     /* in a get of a cursor of a queue with a port */
};

static inline bool weir__queue_is_bounded(const weir_queue *queue) {
    return queue->capacity != WEIR_UNBOUNDED;
}

/*
 * What a spinning thread looks at with no lock held: the slot that it waits for, and those ahead of it. Bounded
 * queues only: their slots stay in place.
 */
typedef struct weir__outlook {
    const weir_queue *queue;
    const weir__slot *slot;
} weir__outlook;

/* Returns the slot `ahead` slots further round the ring; `ahead` is less than the capacity. */
static inline const weir__slot *weir__outlook_slot(const weir__outlook *outlook, size_t ahead) {
    const weir_queue *queue = outlook->queue;
    size_t left = (size_t)(queue->ring + queue->capacity - outlook->slot);
    return ahead < left ? outlook->slot + ahead : queue->ring + (ahead - left);
}

/*
 * Returns how far a streaming partner may run ahead of a waiting thread: half-way round, so that neither side blocks.
 */
static inline size_t weir__queue_far(const weir_queue *queue) {
    size_t half = queue->capacity / 2;
    return half < WEIR__SPIN_FARTHEST ? half : WEIR__SPIN_FARTHEST;
}

/*
 * Returns true if a WEIR_DISCARD has begun. Takes no lock, so a false may be out of date. After a true, the thread sees what
 * came before the discard: the cancel of a run, for which a worker leaves without a call of at_end.
 */
static inline bool weir__queue_is_discarding(const weir_queue *queue) {
    return weir__u32_load_acquire(&queue->discarding) != 0;
}

/* Returns the number of slots ever emptied. The caller holds the consumers' lock. */
static inline uint64_t weir__queue_emptied(const weir_queue *queue) {
    return weir__u64_load_relaxed(&queue->consumers.index) + queue->consumers.requeued;
}

/* Q8. Returns the number of slots ever emptied, without those that no fed item has had. Under the consumers' lock. */
static inline uint64_t weir__queue_turn(const weir_queue *queue) {
    return weir__queue_emptied(queue) - queue->consumers.fed;
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
    weir__assert(queue->port != NULL || producers->held == consumers->held);  /* Q16, Q21 */
}

/* Returns the number of items and sentinels ever taken or discarded, not counting those that are requeued. */
static inline uint64_t weir__queue_head(const weir_queue *queue) {
    return weir__u64_load_acquire(&queue->consumers.index);
}

/* Returns the number of items and sentinels ever put. */
static inline uint64_t weir__queue_tail(const weir_queue *queue) {
    return weir__u64_load_acquire(&queue->producers.index);
}

/*
 * Whether a get, or a put, would find nothing. Takes no lock. If the queue seems empty, a get that comes after all puts
 * and shutdowns that the thread has seen would find nothing either: the head is never seen ahead of a tail of that time.
 * An item that other threads requeue at that time may be overlooked, and a full queue may only seem so.
 */
static inline bool weir__queue_seems_empty(const weir_queue *queue) {
    uint64_t head = weir__queue_head(queue);
    return head == weir__queue_tail(queue) && weir__u32_load_relaxed(&queue->closed) == 0;
}

/* Whether all slots are filled. The hold of the entrance is not looked at. A port may be full at any time. */
static inline bool weir__queue_seems_full(const weir_queue *queue) {
    uint64_t head = weir__queue_head(queue);
    bool full = queue->port != NULL || weir__queue_tail(queue) - head >= queue->capacity;
    return full && weir__u32_load_relaxed(&queue->closed) == 0;
}

#endif /* WEIR_CLOSABLE_QUEUE_QUEUE_H */
