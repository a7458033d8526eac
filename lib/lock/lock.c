/*
 * lock.c - Implements the slow path of the lock: another thread holds it. See lock.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "lock/lock.h"

enum { SHORTEST_PAUSE = 16, LONGEST_PAUSE = 1000 }; /* ns */

weir__u32 weir__lock_sleepers;

static const uint64_t unsure_sleep = 1000 * 1000; /* ns; L4 */

static bool acquire_spinning(weir__lock *lock) {
    int pause = 0;
    for (int spent = 0; spent < WEIR__SPIN_FOR_LOCK; spent += pause) {
        pause = pause < LONGEST_PAUSE ? 2 * pause + SHORTEST_PAUSE : LONGEST_PAUSE;
        weir__pause((uint32_t)pause);
        if (weir__u32_load_relaxed(&lock->state) == WEIR__LOCK_FREE &&
            weir__u32_swap_acquire(&lock->state, WEIR__LOCK_FREE, WEIR__LOCK_HELD))
            return true;
    }
    return false;
}

/* What a thread has done before it sleeps: L1, L4. */
struct sleeper {
    bool counted;
    bool sure; /* every holder sees the sleeper */
};

/*
 * L3, L4. `before` is the sleeper word when the sleeper counted itself. Returns whether every holder sees the sleeper.
 */
static bool make_seen(uint32_t before) {
    weir__assert(weir__u32_peek(&weir__lock_sleepers) >= WEIR__LOCK_SLEEPER); /* L1: it counts itself first */
    if ((before & WEIR__LOCK_SEEN) != 0)
        return true;
    if ((before & WEIR__LOCK_REFUSED) != 0)
        return false;
    bool made = weir__barrier_of_all();
    (void)weir__u32_or_acquire_release(&weir__lock_sleepers, made ? WEIR__LOCK_SEEN : WEIR__LOCK_REFUSED);
    return made;
}

/* L1, L5 */
static struct sleeper count_sleeper(void) {
    if (weir__barrier_never_works())
        return (struct sleeper){.counted = false, .sure = true};
    uint32_t before = weir__u32_add_acquire_release(&weir__lock_sleepers, WEIR__LOCK_SLEEPER);
    return (struct sleeper){.counted = true, .sure = make_seen(before)};
}

static void uncount_sleeper(struct sleeper sleeper) {
    if (!sleeper.counted)
        return;
    uint32_t before = weir__u32_add_acquire_release(&weir__lock_sleepers, (uint32_t)-WEIR__LOCK_SLEEPER);
    weir__assert(before >= WEIR__LOCK_SLEEPER); /* L1 */
    if (before == WEIR__LOCK_SLEEPER + WEIR__LOCK_SEEN)
        (void)weir__u32_swap_acquire(&weir__lock_sleepers, WEIR__LOCK_SEEN, 0); /* unless another one has come */
}

void weir__lock_acquire_contended(weir__lock *lock) {
    if (acquire_spinning(lock))
        return;
    struct sleeper self = count_sleeper();
    /* From here on the word says CONTENDED even if no other thread sleeps: at worst, one wake finds no sleeper. */
    while (weir__u32_exchange_acquire(&lock->state, WEIR__LOCK_CONTENDED) != WEIR__LOCK_FREE)
        weir__futex_wait(&lock->state, WEIR__LOCK_CONTENDED, self.sure ? UINT64_MAX : weir__clock_now() + unsure_sleep);
    uncount_sleeper(self);
}
