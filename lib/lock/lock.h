/*
 * lock.h - a small lock: one word, one atomic operation to take it, and mostly none to give it back.
 *
 * U. Drepper, "Futexes Are Tricky", 2011, section 5 (mutex2). The word is FREE, HELD, or CONTENDED: held, and a thread
 * may sleep. A word of zero is a free lock; there is nothing to create or destroy.
 *
 * A thread that finds it held spins for a moment, because critical sections here are a few dozen instructions long, and
 * then sleeps: if the holder has lost its processor, spinning would burn ours for nothing.
 *
 * Giving it back would be an exchange, which tells whether the word said CONTENDED: an exchange waits until all that was
 * written in the critical section has reached the cache, which costs as much as the critical section. It is left out
 * where the system has a barrier for all threads (sync/barrier.h):
 *
 * L1  `weir__lock_sleepers` counts the threads of the process that sleep for any lock, or are about to. While it is zero
 *     a lock is given back by a plain store. A sleeper first counts itself, then has the barrier made, and only then
 *     writes CONTENDED and sleeps.
 * L2  A holder that gives a lock back by a plain store looks at the count after it again, and wakes a sleeper if it is
 *     no longer zero. Either the store comes before the barrier that its processor makes, and the sleeper sees the lock free; or
 *     the look comes after it, and sees the sleeper. The plain store may write FREE over CONTENDED; then the wake makes
 *     good for it. Else a wake is for nothing, at worst.
 * L3  A sleeper needs no barrier of its own if the count has not been zero since another sleeper's barrier was made. The
 *     bit SEEN says that; the sleeper that has made one sets it, while it is counted, and it goes when the count is zero.
 * L4  If the barrier fails, the sleeper sets the bit REFUSED, which stays, so that the word is never zero again and locks
 *     are given back by an exchange. A sleeper that finds the bit asks for no barrier. For locks that are being given back
 *     when the bit comes, such sleepers look again every millisecond. A sleeper that finds SEEN beside it sleeps without:
 *     its barrier was made, and the word has not been zero since.
 * L5  `weir__barrier_works` may turn true while locks are held and threads sleep. It only chooses how a holder gives a
 *     lock back. A sleeper does not ask it: it counts itself and has the barrier made in any case, and takes back what it
 *     has added, and no more. Say B counts itself while it is false, it turns true, A gives the lock back by a store over
 *     the CONTENDED that B has written, and B sleeps: B's barrier was made between its count and its CONTENDED, so L2
 *     holds, and A's second look sees B. A sleeper is left out of the count only where the system has refused for good;
 *     there no holder ever gives a lock back by a store.
 *
 * After the store or the exchange the lock is not touched, only its address goes into the wake-up: the next holder may
 * free it.
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

extern weir__u32 weir__lock_sleepers; /* how many (L1), times SLEEPER, and the bits SEEN (L3) and REFUSED (L4) */

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
