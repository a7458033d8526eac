/*
 * lock.h - Implements a lock of one word: one atomic operation to acquire it, and usually none to release it.
 *
 * The lock is mutex2 of U. Drepper, "Futexes Are Tricky", 2011, section 5, with a cheaper release. A word of zero is a
 * free lock, so that nothing is created or destroyed. A thread that finds the lock held spins briefly, because
 * critical sections here are a few dozen instructions long. Then it sleeps: if the holder is preempted, spinning
 * wastes the processor.
 *
 * A release by an atomic exchange tells whether the word said CONTENDED. The exchange waits until all writes of the
 * critical section have reached the cache, which costs as much as the section. If the system has a barrier for all
 * threads (sync/barrier.h), a plain store replaces it.
 *
 * State: the word of each lock is FREE, HELD, or CONTENDED (held, and a thread may sleep). The sleeper word,
 * `weir__lock_sleepers`, is one for the process: a count (L1) and the bits SEEN (L3) and REFUSED (L4).
 *
 * L1  The count is the number of threads of the process that sleep for any lock or are about to. While the sleeper
 *     word is zero and the barrier works, a lock is released by a plain store. A sleeper first counts itself, then
 *     issues the barrier, and only then writes CONTENDED and sleeps.
 * L2  After a release by a plain store, the holder reads the sleeper word again, and wakes a sleeper if it is not
 *     zero. The sleeper's barrier takes effect at one point in the holder. If the store precedes that point, the
 *     sleeper sees the lock free. Otherwise the second read follows that point and sees the sleeper. The store may
 *     overwrite CONTENDED with FREE; the wake makes up for it. In all other cases the wake is at worst spurious.
 * L3  A sleeper needs no barrier of its own if the sleeper word has not been zero since another sleeper's barrier. The
 *     bit SEEN says so. The sleeper that has issued a barrier sets the bit while it is counted. The bit is cleared
 *     when the count reaches zero.
 * L4  If the barrier fails, the sleeper sets the bit REFUSED, which stays. The sleeper word is then never zero, and
 *     locks are released by an exchange. A sleeper that finds the bit issues no barrier. It checks the lock again
 *     every millisecond, for locks that are being released when the bit is set. A sleeper that finds SEEN beside it
 *     sleeps without checking again: its barrier was issued, and the sleeper word has not been zero since.
 * L5  `weir__barrier_works` may turn true while locks are held and threads sleep. It selects only how a holder
 *     releases a lock. A sleeper does not read it. In any case it counts itself and relies on a barrier (L3, L4);
 *     later it subtracts exactly what it added. Example: B counts itself while the function is false. It turns true, A
 *     releases by a store over B's CONTENDED, and B sleeps. B's barrier was issued between its count and its
 *     CONTENDED, so L2 holds, and A's second read sees B. A sleeper is left out of the count only if the system has
 *     refused the barrier for good. No holder ever releases by a store then.
 *
 * Acquire and release: each acquire of the word pairs with the store or exchange by which the previous holder released
 * it.
 *
 * Wakeups: a release wakes one sleeper. After the store or exchange the lock is not touched, and the wake uses only
 * its address: the next holder may free it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_LOCK_LOCK_H
#define WEIR_LOCK_LOCK_H

#include "sync/sync.h"

typedef struct weir__lock {
    weir__u32 state;
} weir__lock;

enum { WEIR__LOCK_FREE = 0, WEIR__LOCK_HELD = 1, WEIR__LOCK_CONTENDED = 2 };

enum { WEIR__LOCK_SEEN = 1, WEIR__LOCK_REFUSED = 2, WEIR__LOCK_SLEEPER = 4 };

extern weir__u32 weir__lock_sleepers; /* the count (L1) times SLEEPER, and the bits SEEN (L3) and REFUSED (L4) */

void weir__lock_acquire_contended(weir__lock *lock);

static inline void weir__lock_acquire(weir__lock *lock) {
    if (!weir__u32_swap_acquire(&lock->state, WEIR__LOCK_FREE, WEIR__LOCK_HELD))
        weir__lock_acquire_contended(lock);
}

/* Whether a thread holds the lock; for assertions of the thread that should be it. */
static inline bool weir__lock_is_held(const weir__lock *lock) {
    return weir__u32_peek(&lock->state) != WEIR__LOCK_FREE;
}

/* L2 */
static inline void weir__lock_release_unslept(weir__lock *lock) {
    weir__u32_store_release(&lock->state, WEIR__LOCK_FREE);
    weir__barrier_of_compiler();
    if (weir__u32_load_relaxed(&weir__lock_sleepers) != 0)
        weir__futex_wake(&lock->state, 1);
}

static inline void weir__lock_release(weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* L2 */
    if (weir__barrier_works() && weir__u32_load_relaxed(&weir__lock_sleepers) == 0)
        weir__lock_release_unslept(lock);
    else if (weir__u32_exchange_release(&lock->state, WEIR__LOCK_FREE) == WEIR__LOCK_CONTENDED)
        weir__futex_wake(&lock->state, 1);
}

#endif /* WEIR_LOCK_LOCK_H */
