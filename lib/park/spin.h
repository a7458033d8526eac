/*
 * spin.h - waiting awake for a moment, before sleeping.
 *
 * Sleeping and being woken costs both sides microseconds, and the partner is often about to act. So a thread that has
 * to wait pauses and looks, pauses longer and looks, then lets others have its processor and looks, and only then goes
 * to sleep. Altogether that takes about as long as sleeping and being woken would, so that it is never much worse than
 * the better of the two (A. Karlin, K. Li, M. Manasse and S. Owicki, "Empirical Studies of Competitive Spinning for a
 * Shared-Memory Multiprocessor", SOSP 1991). All of it is in nanoseconds, whatever the processor's pause takes.
 *
 * A partner answers, or it streams. One that answers is met soonest by looking at once and often: the looks cost
 * nothing, for until it writes the line stays in our cache. One that streams is held up by that: each look at a line
 * that it is writing takes the line away from it, and what could be a line of items at a time becomes one item a trip.
 * So a streaming partner is let run ahead: the look goes far ahead of what is waited for, to a line that it has yet to
 * come to, until it is there or the time for that is over. This is gathering. The rest is learnt:
 *
 * - How long to gather. If the partner has done little by then, half as long the next time; if it has done a lot and is
 *   not there, twice as long. When it has come down to nothing the partner answers, and there is no gathering; each so
 *   many waits it is tried again, for a microsecond, which a streaming partner fills and an answering one does not. So
 *   whatever was learnt before, it comes to the same.
 * - How long to go on pausing. Pauses in vain tell that the partner is not running; there may be more threads than
 *   processors. Then a yield is better, which lets it run.
 * - How long to yield. A yield that comes back at once tells that no other thread wanted the processor, and one that
 *   takes long that it was of use to another. If it took a whole time slice and brought little, that was some other
 *   program; then yields are left out for a while. Where they are mostly in vain there are few of them.
 *
 * A sleep ends at the deadline of the wait, and so does a pause. A yield ends when the other threads have had their time
 * slices. So a wait makes no yield if its deadline is nearer than a few of those.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_SPIN_H
#define WEIR_PARK_SPIN_H

#include <stddef.h>

#include "sync/sync.h"

/* Whether what is waited for is there, or (`ahead` > 0) the one so many behind it, as far as one can see with no lock
   held; a hint. */
typedef bool weir__spin_look(const void *arg, size_t ahead);

/* What a group of waiting threads has learnt; zero at first. Written without a lock: each member is a hint. */
typedef struct weir__spin {
    weir__u32 gather;   /* how often the shortest time to gather is doubled, and one; 0: no gathering */
    weir__u32 waits;    /* without */
    weir__u32 short_of; /* how often the pauses before a yield are halved */
    weir__u32 in_vain;  /* how many waits in a row have ended in sleep */
} weir__spin;

/*
 * Returns as soon as `look(arg, 0)` says so, with true, or after some microseconds, with false. `far` is how far ahead
 * a streaming partner may run; less than WEIR__SPIN_FAR: too little to let it. Returns false at `deadline` at the latest,
 * unless threads of others keep the processor; UINT64_MAX is no deadline.
 */
bool weir__spin_until(weir__spin *spin, weir__spin_look *look, const void *arg, size_t far, uint64_t deadline);

enum {
    WEIR__SPIN_FAR = 4,       /* the nearest that is far */
    WEIR__SPIN_FARTHEST = 512 /* the farthest that is of use */
};

#endif /* WEIR_PARK_SPIN_H */
