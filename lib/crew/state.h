/*
 * state.h - Defines the state of a crew and of its threads.
 *
 * Invariants.
 *
 * C1  A thread runs jobs only with a seat; `active` counts the seats taken. A thread that blocks has none. A thread that
 *     continues takes one at once, so `active` may exceed the size until a thread gives its seat up between two jobs.
 * C2  At each release of the lock, if jobs are queued and a seat is free, then one of these holds: a thread spins, or
 *     will look before it sleeps; a wake is in flight; a thread is being started; no further thread can be started; the
 *     last thread's init has failed, and the monitor starts the next thread; or the job was made ready "soon" while a
 *     thread computes, and the monitor ticks. A thread decides to sleep under the lock. So no job is forgotten.
 * C3  One wake is in flight at a time (park.h, P3). A thread that takes a job passes the wake on if C2 asks for that.
 * C4  The monitor looks at each thread with a seat. A thread sleeps in a function if it has run one slice since the last
 *     but one look, has used little processor time meanwhile, and sleeps now. Its seat is then taken from it, with the
 *     effect of weir__hand_block.
 * C5  A thread that ends is first counted out of `threads`, and in `leaving` until it is listed in `gone`. The list is
 *     joined by the monitor and by the destroy.
 * C6  A thread clears `job` of its hand before it ends its visit, and before it ends what keeps another job there.
 *     weir__job_leave takes the lock after that. So the job that the monitor reads there, with the lock held, has not
 *     left; the monitor counts itself as a visitor.
 * C7  A job that is next in a hand is run by its thread, or queued by the monitor if a slice of the thread takes long. So
 *     no job waits for a function of another job.
 * C8  `failing` is the time since which no thread could be created and no thread has taken a seat. If jobs are queued
 *     and no seat is taken for long after it, the monitor tells the jobs, so that they end. So no job waits for ever.
 * C9  The monitor dozes, without a deadline, only while no thread has a seat and no job is queued. It decides that under
 *     the lock. The thread that takes a seat, or begins a part of a slice without one, rouses it. So a part that lasts
 *     is told of, a function that sleeps loses its seat (C4), and a job that was made ready "soon" or "next" runs.
 *
 * Lock order: the lock is taken last: a job may be made ready with a lock of its own held. No function of a job or of
 * the program is called with it held.
 *
 * Wakeups: idle threads sleep in `idlers`; the monitor in `monitor_park`; threads that wait for an end or for the report
 * of init in `changed`.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_STATE_H
#define WEIR_CREW_STATE_H

#include <weir/deadline.h>

#include "crew/options.h"
#include "lock/lock.h"
#include "park/park.h"
#include "park/spin.h"

typedef struct weir__crew weir__crew;
typedef struct weir__hand weir__hand;
typedef struct weir__job weir__job;

struct weir__hand {
    weir__thread thread; /* constant while the thread lives, as is `crew` */
    weir__crew *crew;
    void *state;
    size_t number;
    bool initialised;
    weir__ptr job;      /* job of which the thread runs a slice; written by the thread; C6 */
    weir__job *visited; /* job of which the thread is a visitor; the thread's */
    weir__ptr next;     /* job that it runs next; the thread that exchanges it for NULL has it (C7) */
    size_t blocks;      /* depth of weir__hand_block; the thread's */
    uint64_t from;      /* time at which the thread began to run jobs without a look at the queue; the thread's */

    weir__hand *after, *before; /* in `hands`, or `after` in `gone`; under the lock, as are the members below */
    bool seated;                /* C1 */
    weir__u32 evicted;          /* 1: the monitor has taken the seat (C4); written under the lock */
    _Alignas(WEIR__APART) weir__u32 begun; /* counts slices; written by the thread, as is `parts` */
    weir__u32 parts;                       /* counts parts of slices */
    uint32_t seen, seen_parts, told;       /* the monitor's: both at its last look; `parts` of the last late slice */
    bool lasts, stays;                     /* the monitor's: `begun`, `parts` were the same at its last two looks */
    uint64_t looked, used;                 /* the monitor's: time and processor time at its last look; 0: none */
};

struct weir__crew {
    /* Constant. */
    weir__crew_options options;
    void (*main)(void *hand); /* functions of the threads (hand.h) */
    void (*at_exit)(void *hand);
    char name[WEIR__THREAD_NAME];

    _Alignas(WEIR__APART) weir__lock lock; /* guards all members below; a u32 may be read without it */
    struct {
        weir__job *first, *last;
    } ready[WEIR__BANDS];
    weir__u32 queued;   /* number of queued jobs */
    weir__u32 active;   /* C1 */
    weir__u32 spinning; /* number of threads that spin for a job */
    size_t threads;     /* number of threads that live or are being started */
    size_t leaving;     /* C5 */
    uint64_t failing;   /* C8; 0: none */
    size_t least;       /* number of threads that do not end when they are idle */
    bool ending;
    bool ready_init;         /* a thread has reported success of init */
    bool init_fails;         /* the last init has failed, and the monitor has not looked since */
    weir_status init_status; /* of the last init that has failed; WEIR_OK: none has */
    weir__park idlers, changed;
    weir__hand *hands; /* threads that live */
    weir__hand *gone;  /* C5 */
    size_t numbers;    /* next number of a hand */
    weir__spin spin;

    bool monitored, monitor_starts; /* the monitor's thread was started; is being started */
    bool dozes;                     /* the monitor dozes (C9) */
    unsigned quiet;                 /* number of looks at an idle crew */
    weir__park monitor_park;
    weir__thread monitor;
};

/* Changes a count. The lock is held. */
static inline void weir__crew_count_locked(weir__u32 *count, int by) {
    weir__u32_store_relaxed(count, weir__u32_load_relaxed(count) + (uint32_t)by);
}

#endif /* WEIR_CREW_STATE_H */
