/*
 * lock.c - what happens when the lock is held by somebody else.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "lock/lock.h"

static bool acquire_spinning(weir__lock *lock) {
    for (int pauses = 1; pauses <= WEIR__PAUSES_FOR_LOCK; pauses *= 2) {
        for (int i = 0; i < pauses; i++)
            weir__pause();
        if (weir__u32_load_relaxed(&lock->state) == WEIR__LOCK_FREE &&
            weir__u32_swap_acquire(&lock->state, WEIR__LOCK_FREE, WEIR__LOCK_HELD))
            return true;
    }
    return false;
}

void weir__lock_acquire_contended(weir__lock *lock) {
    if (acquire_spinning(lock))
        return;
    /* From here on the word says CONTENDED even when nobody else sleeps: at worst one wake-up finds nobody. */
    while (weir__u32_exchange_acquire(&lock->state, WEIR__LOCK_CONTENDED) != WEIR__LOCK_FREE)
        weir__futex_wait(&lock->state, WEIR__LOCK_CONTENDED, UINT64_MAX);
}
