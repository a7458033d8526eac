/*
 * spin.h - waiting awake for a moment, before sleeping.
 *
 * Sleeping and being woken costs both sides microseconds, and the partner is often about to act. So a thread that has
 * to wait pauses and looks, pauses longer and looks, then lets others have its processor and looks, and only then goes
 * to sleep. Altogether that takes about as long as sleeping and being woken would, so that it is never much worse than
 * the better of the two (A. Karlin, K. Li, M. Manasse and S. Owicki, "Empirical Studies of Competitive Spinning for a
 * Shared-Memory Multiprocessor", SOSP 1991). The rest is learnt:
 *
 * - How long to pause before the first look. A partner that has done several things meanwhile is streaming: let it run
 *   ahead, for each look takes away the cache line that it writes to. One that has done a single thing waits for an
 *   answer, and one that is half-way through all that it can do will wait soon: look sooner.
 * - How long to go on pausing. Pauses in vain tell that the partner is not running; there may be more threads than
 *   processors. Then a yield is better, which lets it run.
 * - How often to yield. A yield that comes back at once tells that nobody else wanted the processor, and one that takes
 *   long that it was of use to somebody. If it took a whole time slice and brought little, that was some other program;
 *   then yields are left out for a while. Where they are mostly in vain there are few of them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_SPIN_H
#define WEIR_PARK_SPIN_H

#include "sync/sync.h"

/* What there is to have, as far as one can see with no lock held; a hint. */
typedef enum weir__sight {
    WEIR__SEE_NOTHING,
    WEIR__SEE_ONE,
    WEIR__SEE_SEVERAL,
    WEIR__SEE_PLENTY /* half of all that there can be */
} weir__sight;

typedef weir__sight weir__spin_look(const void *arg);

/* What a group of waiting threads has learnt; zero at first. Written without a lock: each member is a hint. */
typedef struct weir__spin {
    weir__u32 first;    /* the logarithm of the pauses before the first look */
    weir__u32 short_of; /* how often the pauses before a yield are halved */
    weir__u32 in_vain;  /* how many waits in a row have ended in sleep */
} weir__spin;

/* Returns as soon as `look(arg)` sees something, with true, or after some microseconds or yields, with false. */
bool weir__spin_until(weir__spin *spin, weir__spin_look *look, const void *arg);

#endif /* WEIR_PARK_SPIN_H */
