/*
 * settle.c - task_done and join: counting what is dealt with, and waiting for it.
 *
 * `word` is twice the number of tasks that are done, and 1 (JOINERS) while somebody joins. The number and the flag are
 * one word, so that whoever settles learns with the same atomic operation whether it has to do more.
 *
 * T1  done <= tail. A settle adds to the number by compare and swap, after it has seen that the sum is not beyond a
 *     past value of the tail, or of the head, which is no more than that; what is past is never beyond what is now, for
 *     the tail only grows. It looks at the head first: its line belongs to the consumers, who have just taken what they
 *     settle. The tail's line belongs to the producers, and reading it would stop them: that is for who settles earlier
 *     than he takes, and for the last one of a join, which has to be exact. `known_tail` is a past value of the tail,
 *     so that while somebody joins only those look who may be the last.
 *     The bound is not too small either. Each thread that settles has seen a head that counts its own items (Q2), and
 *     the word is read with acquire and swapped with release, so it has also seen a head that counts the items of all
 *     who settled before. The last in line of all those items has a place that is at least their number.
 * T2  The flag is set and cleared under the lock. It is set before a joiner looks whether done == tail and sleeps.
 * T3  A settle may take the number up to the tail without the lock only if it sees the flag clear: the swap fails if
 *     the flag is set meanwhile. With the flag set, a settle that may be the last one does all of it under the lock,
 *     and if done == tail afterwards, wakes the joiners. So the last settle comes either before a joiner looks, which
 *     then sees it, or it wakes the joiner.
 * T4  A settle without the lock touches nothing after its swap, and one with it nothing after it has given the lock
 *     back. A join looks whether done == tail only with the lock held, so it has waited for the one that made it so.
 *     When it has returned, no settle touches the queue any more: the thread that joined may destroy it.
 *
 * The swaps are releases, and every one continues the release sequence of those before it, so that a joiner's acquire
 * sees what every settled task has done.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/queue.h"

#define JOINERS UINT64_C(1)
#define ONE_DONE UINT64_C(2)

static inline uint64_t done_of(uint64_t word) {
    return word / ONE_DONE;
}

/* At least so many may still be settled; exactly so many, where it is not more than `count` and somebody joins. */
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
 * Adds `count` to the number. Returns WEIR_BUSY, and has done nothing, if that may be all and somebody joins: then it
 * wants to be called with the lock held (T3), where `*last` says whether it was all.
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

static weir_status settle(weir_queue *queue, uint64_t count) {
    bool last;
    weir_status status = add(queue, count, false, &last);
    return status == WEIR_BUSY ? settle_with_joiners(queue, count) : status;
}

/* Where somebody has called task_done for an item that was still inside, less is left than was taken: all of that. */
void weir__queue_settle(weir_queue *queue, size_t count) {
    while (count > 0 && settle(queue, count) != WEIR_OK) {
        size_t left = weir_queue_unfinished(queue);
        count = left < count ? left : count;
    }
}

weir_status weir_queue_tasks_done(weir_queue *queue, size_t count) {
    if (queue == NULL)
        return WEIR_INVALID;
    return count == 0 ? WEIR_OK : settle(queue, count);
}

weir_status weir_queue_task_done(weir_queue *queue) {
    return queue == NULL ? WEIR_INVALID : settle(queue, 1);
}

/* The number is read first: it is at most the tail that is read then, and if they are equal, it has not moved since. */
static bool all_done(const weir_queue *queue, uint64_t word) {
    return done_of(word) == weir__queue_tail(queue);
}

/* What ends a join before everything is settled. */
struct limits {
    const weir__u32 *cancelled; /* not NULL: once it is not 0 */
    weir_deadline deadline;
    bool of_itself; /* it would wait for the thread that joins */
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
    uint64_t done = done_of(weir__u64_load_acquire(&queue->settled.word));
    for (;;) { /* the number has not moved since before the tail was read: both were true at that instant */
        uint64_t tail = weir__queue_tail(queue);
        uint64_t again = done_of(weir__u64_load_acquire(&queue->settled.word));
        if (again == done)
            return (size_t)(tail - done);
        done = again;
    }
}
