/*
 * spin.h - Declares spinning for a moment before a thread sleeps.
 *
 * Sleeping and being woken costs both sides microseconds, and the partner is often about to act. A thread that must
 * wait therefore pauses, for longer each time, then yields, and only then sleeps; after each step it looks. In total
 * that takes about as long as sleeping and being woken. The wait therefore never costs much more than the better of
 * the two would (A. Karlin, K. Li, M. Manasse and S. Owicki, "Empirical Studies of Competitive Spinning for a
 * Shared-Memory Multiprocessor", SOSP 1991). All limits are in nanoseconds, regardless of the length of the
 * processor's pause.
 *
 * A partner answers, or it streams. A thread meets an answering partner soonest by frequent looks. Such looks cost
 * nothing: until the partner writes, the line stays in the thread's cache. Frequent looks slow a streaming partner
 * down, because each takes away the line that the partner is writing. Each round trip of the line then carries one
 * item, and not a line of items. A streaming partner is therefore allowed to run ahead. The thread looks far ahead, at
 * a line that the partner has yet to reach. It stops when the partner is there or a time limit has passed. This is
 * gathering. Three things are learnt:
 *
 * - How long to gather. If the partner has done little by then, the next gathering is half as long. If it has done
 *   much and is not there, the next one is twice as long. At zero the partner answers, and threads do not gather. One
 *   wait in TRY_GATHER tries again for a microsecond, which only a streaming partner fills. The result is therefore
 *   the same, whatever was learnt before.
 * - How long to pause. Pauses in vain show that the partner is not running, perhaps because there are more threads
 *   than processors. A yield is better then: it lets the partner run.
 * - How long to yield. A yield that returns at once shows that no other thread wanted the processor. A long yield was
 *   of use to another thread. If yields take whole time slices and this process's threads have not kept the processors
 *   busy, another program had the slices. There are no yields then for a while. After several waits that yielded in
 *   vain, most waits yield only briefly.
 *
 * A sleep and a pause end at the deadline of the wait. A yield ends when the other threads have had their time slices.
 * A wait therefore does not yield if its deadline is closer than a few of them.
 *
 * State: a weir__spin for each group of waiting threads, and one record of the processors. Threads read and write them
 * without a lock, relaxed: each member is a hint. A lost update affects only the time spent.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_SPIN_H
#define WEIR_PARK_SPIN_H

#include <stddef.h>

#include "sync/sync.h"

/*
 * Returns whether the awaited thing is there, or, with `ahead` > 0, the one that many places after it. Called without
 * a lock; the answer is a hint.
 */
typedef bool weir__spin_look(const void *arg, size_t ahead);

/* What a group of waiting threads has learnt. Zero-initialised. Written without a lock: each member is a hint. */
typedef struct weir__spin {
    weir__u32 gather;   /* 1 + how often the shortest gathering time is doubled; 0: no gathering */
    weir__u32 waits;    /* waits without gathering */
    weir__u32 short_of; /* how often the pauses before a yield are halved */
    weir__u32 in_vain;  /* consecutive waits that yielded in vain */
} weir__spin;

/*
 * Returns true as soon as `look(arg, 0)` does, or false after some microseconds. `far` is how far ahead a streaming
 * partner may run; below WEIR__SPIN_FAR there is no gathering. Returns false at `deadline` at the latest, unless other
 * threads keep the processor. UINT64_MAX is no deadline.
 */
bool weir__spin_until(weir__spin *spin, weir__spin_look *look, const void *arg, size_t far, uint64_t deadline);

enum {
    WEIR__SPIN_FAR = 4,       /* the smallest distance for gathering */
    WEIR__SPIN_FARTHEST = 512 /* the largest useful distance */
};

#endif /* WEIR_PARK_SPIN_H */
