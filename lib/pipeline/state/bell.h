/*
 * bell.h - Declares bells: each wakes a thread that sleeps in a wait of the program's own (own_wait.h), by a descriptor.
 *
 * The descriptor is written only if the thread sleeps, and once for each sleep. The word of a bell is
 *
 *   AWAKE   the thread is awake, and was not told since it last tried to sleep
 *   TOLD    the same, and it was told
 *   ASLEEP  the thread is in its wait, and was not told
 *   RUNG    the same, and it was told: the descriptor is about to be written
 *   RINGS   the same, and the descriptor is written
 *
 * Y1  No tell is lost. A thread looks for what it waits for, and sleeps only if it has changed the word from AWAKE to
 *     ASLEEP. What it looks at is changed before the tell, and both are under one lock, or the look follows an acquire of
 *     the word. So the look sees the change, or the tell comes after the look: it prevents the sleep, or ends it.
 * Y2  The thread counts the sleeps in which the bell was rung, and the rings that it has read. While they differ, a ring
 *     is still to come, and makes a later wait return early, once.
 * Y3  What the thread itself tells in its wait rings too: the wait may poll after that.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_BELL_H
#define WEIR_PIPELINE_STATE_BELL_H

#include "closable_queue/queue.h"
#include "sync/atomic.h"
#include "sync/event.h"

/* Zero-initialised: AWAKE, and not open. */
typedef struct weir__bell {
    weir__alert items, room; /* left in the stage's queue, and in a full one */
    weir__event event;       /* constant while open */
    int fd;                  /* constant while open */
    weir_queue *full;        /* queue in which `room` may be left; NULL: none; the thread's own */
    weir__u32 word;
    weir__u32 late;    /* 1: the alarm of late operations has rung */
    uint64_t owed;     /* Y2: rings to read; the thread's own */
    unsigned untended; /* calls since the last wait; the thread's own */
    uint64_t tended;   /* time of the end of the last wait; 0: not yet; the thread's own */
    uint64_t read;     /* time of the last reading of the clock, for `tended` or after it; the thread's own */
    unsigned read_at;  /* `untended` at that reading; the thread's own */
    unsigned unread;   /* calls that need no reading; the thread's own */
} weir__bell;

/* Gives the bell its descriptor. Returns false if the system has none left. */
bool weir__bell_open(weir__bell *bell);
void weir__bell_close(weir__bell *bell);

/*
 * Tells the thread. May be called with a lock held. The bell must last until this returns, although the thread may wake
 * before.
 */
void weir__bell_tell(weir__bell *bell);

/* Whether the thread sleeps and the descriptor is readable, so that its wait must return. */
bool weir__bell_rings(const weir__bell *bell);

/*
 * The thread's own. The first begins a sleep, and returns false if the thread was told since the last one. The second
 * ends it.
 */
bool weir__bell_begin_sleep(weir__bell *bell);
void weir__bell_end_sleep(weir__bell *bell);

#endif /* WEIR_PIPELINE_STATE_BELL_H */
