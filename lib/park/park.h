/*
 * park.h - where threads sleep until another one has something for them.
 *
 * A park belongs to a lock: the one under which whatever the sleepers wait for is made. The life of a sleeper:
 *
 *     take the lock; see that there is nothing to have; weir__park_wait, which gives the lock back while it sleeps;
 *     give the lock back; try again to have something
 *
 * and of a waker:
 *
 *     take the lock; make something; weir__park_release_one or _all, which gives the lock back and wakes
 *
 * The word holds a count, which grows with every wake, and in its lowest bit the token: a wake for one is under way.
 *
 * P1  A sleeper is counted from the moment it gives the lock back until it has the lock again.
 * P2  No wake is lost. Making and falling asleep are ordered by the lock. Made first: the one that wanted to sleep sees
 *     it. Counted first: the waker sees the sleeper, and changes the word; the sleeper sleeps only while the word is
 *     what it was when it was counted, and the count in it makes sure that it does not become that again (for 2^31
 *     wakes).
 * P3  At most one wake for one is under way: while the token is set, waking one does nothing. The thread that takes the
 *     token (any that comes back; a deadline may have got it there) knows that it must look for what was made, and that
 *     more may have been made since the token was set: it has to pass a wake on if there is more than it will have.
 * P4  Falling asleep clears the token: the thread has seen, under the lock, that there is nothing to have, so the wake
 *     that was under way has lost its reason.
 * P5  The lock is given back first and the wake-up comes then, so that the one that is woken need not wait for the
 *     lock. By then the park may be freed: the wake-up uses its address only.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_PARK_H
#define WEIR_PARK_PARK_H

#include "lock/lock.h"
#include "sync/sync.h"

typedef struct weir__park {
    weir__u32 word;    /* changed with the lock held; sleepers look at it without */
    uint32_t sleepers; /* under the lock */
} weir__park;

enum { WEIR__PARK_TOKEN = 1, WEIR__PARK_COUNT = 2 };

/*
 * Sleeps until woken, or for no reason; the lock is held before and after, and given back meanwhile. Returns false only
 * when the deadline has passed. `*token` says whether the caller has taken the token (P3); NULL: nobody wakes one here.
 */
bool weir__park_wait(weir__park *park, weir__lock *lock, uint64_t deadline, bool *token);

/* Returns whether the caller has to signal one sleeper, once it has given the lock back. */
static inline bool weir__park_wake_one(weir__park *park) {
    if (park->sleepers == 0)
        return false;
    uint32_t word = weir__u32_load_relaxed(&park->word);
    if (word & WEIR__PARK_TOKEN)
        return false;
    weir__u32_store_relaxed(&park->word, (word + WEIR__PARK_COUNT) | WEIR__PARK_TOKEN);
    return true;
}

/* Returns whether the caller has to signal everyone, once it has given the lock back. */
static inline bool weir__park_wake_all(weir__park *park) {
    weir__u32_store_relaxed(&park->word, weir__u32_load_relaxed(&park->word) + WEIR__PARK_COUNT);
    return park->sleepers > 0;
}

/* Wakes up to `count` of those that sleep. Without the lock; does not touch the park (P5). */
static inline void weir__park_signal(const weir__park *park, uint32_t count) {
    weir__futex_wake(&park->word, count);
}

/* Gives the lock back and wakes one, unless nobody sleeps or a wake is under way. */
static inline void weir__park_release_one(weir__park *park, weir__lock *lock) {
    bool wake = weir__park_wake_one(park);
    weir__lock_release(lock);
    if (wake)
        weir__park_signal(park, 1);
}

/* Gives the lock back and wakes everyone. */
static inline void weir__park_release_all(weir__park *park, weir__lock *lock) {
    bool wake = weir__park_wake_all(park);
    weir__lock_release(lock);
    if (wake)
        weir__park_signal(park, WEIR__EVERYONE);
}

#endif /* WEIR_PARK_PARK_H */
