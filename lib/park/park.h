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
 * P5  The lock is released first and the wakeup comes then, so that the woken thread need not wait for the lock. By then
 *     the park may be freed: the wakeup uses its address only. The exception is a wake of everyone in a park with berths
 *     (P6), which signals the berths before the lock is released: they are in a list that the lock holds together.
 * P6  Threads that a wake may concern alone sleep apart, in a berth of the park: a word, a token and a count of their
 *     own, under the park's lock. The park's count includes them, and a wake for one goes to the park's own sleepers and
 *     to each berth in turn. P2 holds for each word. P3 and P4 hold for the park's token whichever word was signalled:
 *     a sleeper of that word comes back, and it, or a thread that comes back from any word before it, takes the token. A
 *     wake of a berth alone uses the berth's token in the same way.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_PARK_H
#define WEIR_PARK_PARK_H

#include "lock/lock.h"
#include "sync/sync.h"

/* P6. Zero is an empty berth. It may be freed when none of its threads is left. */
typedef struct weir__berth {
    weir__u32 word;                    /* as the park's */
    weir__u32 sleepers;                /* changed with the lock held; a hint without */
    struct weir__berth *next, *before; /* in the ring of the berths that have sleepers */
} weir__berth;

typedef struct weir__park {
    weir__u32 word;     /* changed with the lock held; sleepers look at it without */
    uint32_t sleepers;  /* all, those in berths included; under the lock */
    uint32_t in_berths; /* under the lock */
    bool berth_is_next; /* whose turn the next wake for one is; under the lock */
    weir__berth
        *berths; /* the ring, the one whose turn is next first; NULL: no sleeper is in a berth; under the lock */
} weir__park;

enum { WEIR__PARK_TOKEN = 1, WEIR__PARK_COUNT = 2 };

/*
 * Sleeps until woken, or for no reason; the lock is held before and after, and given back meanwhile. Returns false only
 * when the deadline has passed. `*token` says whether the caller has taken the token (P3); NULL: nobody wakes one here.
 */
bool weir__park_wait(weir__park *park, weir__lock *lock, uint64_t deadline, bool *token);

/*
 * As weir__park_wait, in a berth of the park, or, if that is NULL, in none. `*token` says whether the caller has taken the
 * park's token; the berth's is cleared.
 */
bool weir__park_wait_in(weir__park *park, weir__berth *berth, weir__lock *lock, uint64_t deadline, bool *token);

/* Sets the token, and chooses whom to wake: returns the word to signal. Some thread sleeps, and the token is not set. */
const weir__u32 *weir__park_choose(weir__park *park);

/* Returns the word whose sleepers the caller has to signal, one of them, after it has released the lock; NULL: none. */
static inline const weir__u32 *weir__park_wake_one(weir__park *park) {
    if (park->sleepers == 0)
        return NULL;
    if (weir__u32_load_relaxed(&park->word) & WEIR__PARK_TOKEN)
        return NULL;
    return weir__park_choose(park);
}

/* Wakes everyone in the berths, with the lock held (P5). There are some. */
void weir__park_wake_berths(weir__park *park);

/* Returns whether the caller has to signal everyone in the park's own word, once it has released the lock. */
static inline bool weir__park_wake_all(weir__park *park) {
    weir__u32_store_relaxed(&park->word, weir__u32_load_relaxed(&park->word) + WEIR__PARK_COUNT);
    if (park->in_berths > 0)
        weir__park_wake_berths(park);
    return park->sleepers > park->in_berths;
}

/* Wakes up to `count` of those that sleep in the park's own word. Without the lock; does not touch the park (P5). */
static inline void weir__park_signal(const weir__park *park, uint32_t count) {
    weir__futex_wake(&park->word, count);
}

/* Gives the lock back and wakes one, unless nobody sleeps or a wake is under way. */
static inline void weir__park_release_one(weir__park *park, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P2 */
    const weir__u32 *word = weir__park_wake_one(park);
    weir__lock_release(lock);
    if (word != NULL)
        weir__futex_wake(word, 1);
}

/* Gives the lock back and wakes everyone. */
static inline void weir__park_release_all(weir__park *park, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P2 */
    bool wake = weir__park_wake_all(park);
    weir__lock_release(lock);
    if (wake)
        weir__park_signal(park, WEIR__EVERYONE);
}

/* Releases the park's lock and wakes one of the berth, unless none sleeps or a wake of this kind is under way (P6). */
void weir__berth_release_one(weir__berth *berth, weir__lock *lock);

/* Releases the park's lock and wakes all of the berth. */
void weir__berth_release_all(weir__berth *berth, weir__lock *lock);

/* Whether a thread sleeps in the berth. Without the lock: of threads that slept before something was made under the lock
   that the caller has seen. */
static inline bool weir__berth_has_sleepers(const weir__berth *berth) {
    return weir__u32_load_relaxed(&berth->sleepers) != 0;
}

#endif /* WEIR_PARK_PARK_H */
