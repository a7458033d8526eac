/*
 * state.h - Declares the structures of a select.
 *
 * A select looks at its cases in random order, and lets the first happen that is ready. If none is, it watches each of
 * them, looks at what it has been told of, and sleeps until it is told. A queue tells it by an alert (Q19), a future by a
 * watcher; a descriptor needs the thread to sleep in poll(2), with an event that is rung in place of a wake.
 *
 * H1  A case happens only in weir__select_try, in the selecting thread: a tell gives nothing but a wake. So exactly one
 *     case happens, and the others have no effect.
 * H2  `word` is ASLEEP only while the thread sleeps or is about to, TOLD after a tell. A tell exchanges the word, and wakes
 *     if it was ASLEEP. The thread sleeps only if it has changed the word from AWAKE to ASLEEP.
 * H3  No wakeup is lost. The thread sets the word to AWAKE, and then watches each case under the lock of that queue or
 *     future: it sees there that the case is ready, or leaves what is told of the next change. A tell before that took out
 *     what was left, under the same lock, so the thread looks at that case again. A tell after that finds the word, and
 *     prevents the sleep or ends it.
 * H4  A tell runs under the lock of its queue or future. The select ends after it has acquired each of these locks, or has
 *     seen the future's end, which follows the tell. From then on, no tell touches it.
 * H5  A select that a queue has told and that takes nothing there passes that on (Q19), when it ends.
 *
 * Lock order: the lock of a queue's side, or of a future; a select has none. Wakeups: H3.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_STATE_H
#define WEIR_SELECT_STATE_H

#include <weir/select.h>

#include "closable_queue/queue.h"
#include "future/future.h"
#include "sync/event.h"
#include "sync/poll.h"

/* H2 */
enum { WEIR__SELECT_AWAKE, WEIR__SELECT_TOLD, WEIR__SELECT_ASLEEP };

/* What is left at the queue or the future of a case. */
typedef struct weir__watch {
    union {
        weir__alert alert;
        weir__watcher watcher;
    } of;                        /* first member */
    struct weir__select *select; /* constant */
    bool begun;                  /* the thread has watched the case; the thread's own */
} weir__watch;

/* All members but the word are constant while the thread can be told, or its own. */
typedef struct weir__select {
    weir_case *cases;
    size_t count;
    size_t first;         /* index of the case that comes first in the first look */
    size_t drawn;         /* places of the order that are chosen for the next look; the thread's own */
    size_t live;          /* number of cases that are not switched off */
    size_t descriptors;   /* number of those with a descriptor */
    uint32_t *order;      /* a permutation of the cases' indices */
    uint32_t *places;     /* where a case with a descriptor is in `polled`; one for each case */
    weir__pollfd *polled; /* one for each of `descriptors`, and one for the event: poll(2) limits their number */
    weir__watch *watches; /* one for each case; while the select waits */
    weir__event event;    /* rings if `rings` */
    bool rings;           /* a tell rings the event: the thread sleeps in poll(2) */
    weir__u32 word;       /* H2 */
} weir__select;

#endif /* WEIR_SELECT_STATE_H */
