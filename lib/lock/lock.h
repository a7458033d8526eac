/*
 * lock.h - a small lock: one word, one atomic operation to take it and one to give it back while nobody competes.
 *
 * U. Drepper, "Futexes Are Tricky", 2011, section 5 (mutex2). The word is FREE, HELD, or CONTENDED: held, and somebody
 * may sleep. A word of zero is a free lock; there is nothing to create or destroy.
 *
 * A thread that finds it held spins for a moment, because critical sections here are a few dozen instructions long, and
 * then sleeps: if the holder has lost its processor, spinning would burn ours for nothing.
 *
 * Giving it back ends with one exchange. After that the lock is not touched, only its address goes into the wake-up:
 * whoever takes it next may free it.
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

void weir__lock_acquire_contended(weir__lock *lock);

static inline void weir__lock_acquire(weir__lock *lock) {
    if (!weir__u32_swap_acquire(&lock->state, WEIR__LOCK_FREE, WEIR__LOCK_HELD))
        weir__lock_acquire_contended(lock);
}

static inline void weir__lock_release(weir__lock *lock) {
    if (weir__u32_exchange_release(&lock->state, WEIR__LOCK_FREE) == WEIR__LOCK_CONTENDED)
        weir__futex_wake(&lock->state, 1);
}

#endif /* WEIR_LOCK_LOCK_H */
