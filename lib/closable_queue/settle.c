/*
 * settle.c - Implements task_done and join: counts settled items, and blocks until none is unfinished.
 *
 * State. `word` is twice the number of settled items, plus 1 (JOINERS) while a thread joins. The number and the flag
 * share a word, so the atomic operation of a settle also tells whether it has more to do.
 *
 * Invariants.
 *
 * T1  done <= tail. A settle adds to the number by compare-and-swap. Before that it checks that the sum does not
 *     exceed a past value of the tail, or of the head, which never exceeds the tail. The tail only grows, so it is
 *     never below a past value.
 *     A settle reads the head first: the head's cache line belongs to the consumers, which have just taken what they
 *     settle. The tail's line belongs to the producers, and reading it would stall them. Only two settles need it:
 *     one that comes before its item is taken, and the last one of a join, which must be exact. `known_tail` is a
 *     past value of the tail: while a thread joins, only a settle that may be the last one reads the tail itself.
 *     Nor is the bound too small. Each thread that settles has seen a head that counts its own items (Q2). The word
 *     is loaded with acquire and swapped with release. So the thread has also seen a head that counts the items of
 *     every earlier settle. The last of all those items has a position in line that is at least their number.
 * T2  The flag is set and cleared under the lock. A joiner sets it before it checks whether done == tail, and before
 *     it blocks.
 * T3  A settle raises the number to the tail without the lock only if it sees the flag clear. If the flag is set
 *     meanwhile, the swap fails. If the flag is set, a settle that may be the last one runs under the lock. If done
 *     == tail afterwards, it wakes the joiners. So the last settle either comes before a joiner's check, which then
 *     sees it, or wakes the joiner.
 * T4  A settle without the lock touches nothing after its swap; a settle under the lock touches nothing after it has
 *     released the lock. A join checks whether done == tail only with the lock held, so it has waited for the settle
 *     that made it true. After it has returned, no settle touches the queue: the thread that joined may destroy it.
 *
 * Every swap is a release and continues the release sequence of all earlier ones. So a joiner's acquire of the word
 * sees what was done before each settle.
 *
 * Lock order: Q6. Wakeups: T3; a cancel wakes joiners too (weir__queue_wake_joiners).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/settle.h"

#include "closable_queue/port_join.h"
#include "closable_queue/port_settle.h"
#include "closable_queue/queue.h"

#define JOINERS UINT64_C(1)
#define ONE_DONE UINT64_C(2)

static inline uint64_t done_of(uint64_t word) {
    return word / ONE_DONE;
}

/*
 * Returns a lower bound of the number of items that may still be settled. While a thread joins, a result that is at
 * most `count` is exact.
 */
static inline uint64_t owed(weir_queue *queue, uint64_t done, uint64_t count, bool joined) {
    if (!joined) {
        uint64_t head = weir__queue_head(queue);
        if (head > done && head - done >= count)
            return head - done;
    }
    uint64_t known = weir__u64_load_relaxed(&queue->settled.known_tail);
    if (known > done && known - done > count)
        return known - done;
    known = weir__queue_tail(queue);
    weir__u64_store_relaxed(&queue->settled.known_tail, known);
    return known - done;
}

/*
 * Adds `count` to the number. Returns WEIR_INVALID, with no effect, if fewer items are unfinished. If a thread joins
 * and this may be the last settle, the lock is required (T3). Without it, returns WEIR_BUSY, with no effect. With it,
 * `*last` says whether this was the last settle.
 */
static inline weir_status add(weir_queue *queue, uint64_t count, bool locked, bool *last) {
    weir__assert(!locked || weir__lock_is_held(&queue->settled.lock)); /* T3 */
    weir__u64 *word = &queue->settled.word;
    uint64_t value = weir__u64_load_acquire(word);
    do {
        bool joined = value & JOINERS;
        uint64_t most = owed(queue, done_of(value), count, joined);
        if (count > most)
            return WEIR_INVALID;
        *last = joined && count == most;
        if (*last && !locked)
            return WEIR_BUSY;
        weir__assert(done_of(value) + count <= weir__u64_peek(&queue->producers.index)); /* T1: done <= tail */
    } while (!weir__u64_swap_weak_acquire_release(word, &value, value + count * ONE_DONE));
    return WEIR_OK;
}

static weir_status settle_with_joiners(weir_queue *queue, uint64_t count) {
    weir__settled *settled = &queue->settled;
    bool last = false;
    weir__lock_acquire(&settled->lock);
    weir_status status = add(queue, count, true, &last);
    if (status == WEIR_OK && last)
        weir__park_release_all(&settled->joiners, &settled->lock);
    else
        weir__lock_release(&settled->lock);
    return status;
}

static inline weir_status settle(weir_queue *queue, uint64_t count) {
    bool last;
    weir_status status = add(queue, count, false, &last);
    return status == WEIR_BUSY ? settle_with_joiners(queue, count) : status;
}

/*
 * If the program called task_done for an item still in the queue, fewer items are unfinished than were taken: then
 * all of those are settled.
 */
void weir__queue_settle(weir_queue *queue, size_t count) {
    if (queue->port != NULL) {
        weir__port_settle_own(queue, count);
        return;
    }
    while (count > 0 && settle(queue, count) != WEIR_OK) {
        size_t left = weir_queue_unfinished(queue);
        count = left < count ? left : count;
    }
}

/* In a queue with a port no settle succeeds here (Q20): the port's list has the items. */
static weir_status refused(weir_queue *queue, size_t count, weir_status status) {
    return queue->port == NULL ? status : weir__port_settle(queue, count);
}

weir_status weir_queue_tasks_done(weir_queue *queue, size_t count) {
    if (queue == NULL)
        return WEIR_INVALID;
    if (count == 0)
        return WEIR_OK;
    weir_status status = settle(queue, count);
    return status == WEIR_OK ? status : refused(queue, count, status);
}

weir_status weir_queue_task_done(weir_queue *queue) {
    if (queue == NULL)
        return WEIR_INVALID;
    weir_status status = settle(queue, 1);
    return status == WEIR_OK ? status : refused(queue, 1, status);
}

/* The number was read before the tail, so it is at most this tail. If they are equal, it has not changed in between. */
static bool all_done(const weir_queue *queue, uint64_t word) {
    return done_of(word) == weir__queue_tail(queue);
}

/* What ends a join before every item is settled. */
struct limits {
    const weir__u32 *cancelled; /* ends the join once it is not 0; NULL: none */
    weir_deadline deadline;
    bool of_itself; /* the join would wait for its own thread */
};

static weir_status join_locked(weir_queue *queue, const struct limits *limits) {
    weir__settled *settled = &queue->settled;
    weir_deadline deadline = limits->deadline;
    bool in_time = true;
    for (;;) {
        uint64_t word = weir__u64_or_acquire(&settled->word, JOINERS); /* T2 */
        if (all_done(queue, word))
            return weir__u32_load_relaxed(&settled->discarded) ? WEIR_DISCARDED : WEIR_OK;
        weir__assert(done_of(word) <= weir__u64_peek(&queue->producers.index)); /* T1 */
        if (limits->cancelled != NULL && weir__u32_load_acquire(limits->cancelled) != 0)
            return WEIR_CANCELLED;
        if (!in_time || (deadline != WEIR_NEVER && weir__clock_now() >= deadline))
            return WEIR_TIMEDOUT;
        if (limits->of_itself)
            return WEIR_DEADLOCK;
        in_time = weir__park_wait(&settled->joiners, &settled->lock, deadline, NULL);
    }
}

static weir_status join(weir_queue *queue, const struct limits *limits) {
    weir__settled *settled = &queue->settled;
    weir__lock_acquire(&settled->lock);
    weir_status status = join_locked(queue, limits);
    weir__assert(weir__lock_is_held(&settled->lock)); /* T2 */
    if (settled->joiners.sleepers == 0)
        weir__u64_and_relaxed(&settled->word, ~JOINERS);
    weir__lock_release(&settled->lock);
    return status;
}

weir_status weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline) {
    return join(queue, &(struct limits){.cancelled = cancelled, .deadline = deadline});
}

void weir__queue_wake_joiners(weir_queue *queue) {
    weir__settled *settled = &queue->settled;
    weir__lock_acquire(&settled->lock);
    weir__park_release_all(&settled->joiners, &settled->lock);
}

weir_status weir_queue_join_until(weir_queue *queue, weir_deadline deadline) {
    if (queue == NULL)
        return WEIR_INVALID;
    if (queue->port != NULL)
        return weir__port_join(queue, deadline);
    struct limits limits = {.deadline = deadline};
    limits.of_itself = weir__callout_is_inside(queue, WEIR__DROPPING | WEIR__OWING);
    return join(queue, &limits);
}

weir_status weir_queue_join(weir_queue *queue) {
    return weir_queue_join_until(queue, WEIR_NEVER);
}

size_t weir_queue_unfinished(const weir_queue *queue) {
    if (queue == NULL)
        return 0;
    if (queue->port != NULL)
        return weir__port_unfinished(queue);
    uint64_t done = done_of(weir__u64_load_acquire(&queue->settled.word));
    for (;;) { /* the number has not moved since before the tail was read: both were true at that instant */
        uint64_t tail = weir__queue_tail(queue);
        uint64_t again = done_of(weir__u64_load_acquire(&queue->settled.word));
        if (again == done)
            return (size_t)(tail - done);
        done = again;
    }
}
