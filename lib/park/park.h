/*
 * park.h - Implements parks: threads sleep in one until another thread has something for them.
 *
 * A park is a condition variable that belongs to one lock: the lock under which items, room or the like are published.
 * A sleeper runs:
 *
 *     acquire the lock; find nothing available; weir__park_wait, which releases the lock while the thread sleeps;
 *     release the lock; try again
 *
 * A waker runs:
 *
 *     acquire the lock; publish something; weir__park_release_one or _all, which releases the lock and wakes
 *
 * State: the number of sleepers, and a word to sleep on. The word holds a count, which grows with every wake. Its
 * lowest bit is the token: a wake-one (a wake of one thread) is in flight. A wake-all sets no token.
 *
 * P1  A sleeper is counted from the moment it releases the lock until it holds the lock again.
 * P2  No wakeup is lost. The lock orders publishing and falling asleep. If the publish comes first, the thread that is
 *     about to sleep sees it. If the sleeper is counted first, the waker sees the sleeper and changes the word. The
 *     sleeper sleeps only while the word is what it was when the sleeper was counted. The count in the word keeps it
 *     from returning to that value (for 2^31 wakes).
 * P3  At most one wake-one is in flight: while the token is set, a further one does nothing. The first thread that
 *     returns takes the token, even if its deadline woke it. It must look for what was published. More may have been
 *     published since the token was set: if the thread leaves anything, it must pass a wake on.
 * P4  Falling asleep clears the token. The thread has seen, under the lock, that nothing is available: the wake in
 *     flight is void.
 * P5  The lock is released before the wakeup, so that the woken thread does not block on it. By then the park may be
 *     freed: the wakeup uses only its address. A wake-all in a park with berths (P6) is the exception. It wakes the
 *     berths before the release, because the lock guards their ring.
 * P6  Threads that a wake may concern alone sleep in a berth of the park. A berth has a word, a token and a count of
 *     its own, under the park's lock. The park's count includes its sleepers. A wake-one goes to the park's own
 *     sleepers and to each berth in turn. P2 holds for each word. P3 and P4 hold for the park's token, whichever word
 *     was woken. A sleeper of that word returns; it takes the token unless a thread that returned earlier, from any
 *     word, has it. A wake of a berth alone uses the berth's token in the same way.
 *
 * Lock order: only the park's lock. Wakeups: after its release (P5).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_PARK_H
#define WEIR_PARK_PARK_H

#include "lock/lock.h"
#include "sync/sync.h"

/* P6. Zero-initialised: an empty berth. It may be freed once none of its threads is left. */
typedef struct weir__berth {
    weir__u32 word;                    /* like the park's word */
    weir__u32 sleepers;                /* written under the lock; a hint without it */
    struct weir__berth *next, *before; /* in the ring of berths with sleepers; under the lock */
} weir__berth;

typedef struct weir__park {
    weir__u32 word;      /* written under the lock; sleepers read it without */
    uint32_t sleepers;   /* all, berths included; under the lock */
    uint32_t in_berths;  /* sleepers in berths; under the lock */
    bool berth_is_next;  /* a berth has the next turn; under the lock */
    weir__berth *berths; /* ring of the berths with sleepers, in turn, or NULL; under the lock */
} weir__park;

enum { WEIR__PARK_TOKEN = 1, WEIR__PARK_COUNT = 2 };

/*
 * Blocks like weir__futex_wait, and tells the callout around the calling thread. The caller holds no lock: the callout
 * may take locks and wake threads.
 */
bool weir__sleep(weir__u32 *word, uint32_t value, uint64_t deadline);

/*
 * Blocks until woken; spurious wakeups are possible. The lock is held on entry and exit and released while blocked.
 * Returns false only if the deadline has passed. Sets `*token` to whether the caller has taken the token (P3). `token`
 * may be NULL if no call wakes one thread in this park.
 */
bool weir__park_wait(weir__park *park, weir__lock *lock, uint64_t deadline, bool *token);

/*
 * Like weir__park_wait, in a berth of the park; NULL selects the park's own word. Sets `*token` to whether the caller
 * has taken the park's token; the berth's token is cleared.
 */
bool weir__park_wait_in(weir__park *park, weir__berth *berth, weir__lock *lock, uint64_t deadline, bool *token);

/* Sets the token, and returns the word that has the turn. Requires a sleeper, and the token not set. */
const weir__u32 *weir__park_choose(weir__park *park);

/* Returns a word, or NULL. After releasing the lock, the caller must wake one thread that sleeps on that word. */
static inline const weir__u32 *weir__park_wake_one(weir__park *park) {
    if (park->sleepers == 0)
        return NULL;
    if (weir__u32_load_relaxed(&park->word) & WEIR__PARK_TOKEN)
        return NULL;
    return weir__park_choose(park);
}

/* Wakes all threads in berths, with the lock held (P5). Requires at least one. */
void weir__park_wake_berths(weir__park *park);

/*
 * Wakes all threads in berths. Returns whether the caller must wake all that sleep on the park's own word, after it
 * has released the lock.
 */
static inline bool weir__park_wake_all(weir__park *park) {
    weir__u32_store_relaxed(&park->word, weir__u32_load_relaxed(&park->word) + WEIR__PARK_COUNT);
    if (park->in_berths > 0)
        weir__park_wake_berths(park);
    return park->sleepers > park->in_berths;
}

/*
 * Wakes up to `count` threads that sleep on the park's own word. Called without the lock; does not touch the park
 * (P5).
 */
static inline void weir__park_signal(const weir__park *park, uint32_t count) {
    weir__futex_wake(&park->word, count);
}

/* Releases the lock and wakes one thread, unless none sleeps or a wake-one is in flight. */
static inline void weir__park_release_one(weir__park *park, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P2 */
    const weir__u32 *word = weir__park_wake_one(park);
    weir__lock_release(lock);
    if (word != NULL)
        weir__futex_wake(word, 1);
}

/* Releases the lock and wakes all threads. */
static inline void weir__park_release_all(weir__park *park, weir__lock *lock) {
    weir__assert(weir__lock_is_held(lock)); /* P2 */
    bool wake = weir__park_wake_all(park);
    weir__lock_release(lock);
    if (wake)
        weir__park_signal(park, WEIR__EVERYONE);
}

/*
 * Releases the park's lock and wakes one thread of the berth, unless none sleeps there or such a wake is in flight
 * (P6).
 */
void weir__berth_release_one(weir__berth *berth, weir__lock *lock);

/* Releases the park's lock and wakes all threads of the berth. */
void weir__berth_release_all(weir__berth *berth, weir__lock *lock);

/*
 * Returns whether a thread sleeps in the berth. Called without the lock, it covers the threads that slept before a
 * publish under the lock that the caller has seen.
 */
static inline bool weir__berth_has_sleepers(const weir__berth *berth) {
    return weir__u32_load_relaxed(&berth->sleepers) != 0;
}

#endif /* WEIR_PARK_PARK_H */
