/*
 * job.h - Declares jobs: what has work for the threads of a crew.
 *
 * J1  `state` of a job holds two flags and the number of its visitors. Every change is one read-modify-write, so the
 *     changes have an order that all threads agree on.
 * J2  A job with QUEUED set is in one place: in the crew's queue, or next in one hand. The thread that takes it out
 *     counts itself as a visitor and clears QUEUED in one step, and looks for work afterwards. So work that a thread
 *     publishes before it makes the job ready is seen by a visit that begins later.
 * J3  Once LEAVING is set and neither QUEUED nor a visitor is left, no thread of the crew touches the job.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_JOB_H
#define WEIR_CREW_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crew/options.h"
#include "sync/sync.h"

typedef struct weir__crew weir__crew;
typedef struct weir__hand weir__hand; /* a thread of a crew */
typedef struct weir__job weir__job;

/* Zero-initialised, except for the first six members, which are constant. */
struct weir__job {
    void (*run)(weir__job *job, weir__hand *hand);    /* runs a slice; called with no lock held */
    void (*exited)(weir__job *job, weir__hand *hand); /* a function has ended the thread within `run`; NULL: none */
    void (*late)(weir__job *job,
                 weir__hand *hand);  /* a part of a slice of `hand` takes long; called by the monitor, once
                                                         for a part; NULL: none */
    void (*starved)(weir__job *job); /* no thread runs the job, and none can be had (C8); called by the monitor within a
                                        visit, in place of `run`; NULL: none */
    weir__crew *crew;
    enum weir__band band;
    weir__u32 state; /* J1 */
    weir__job *next; /* next queued job of the band; under the crew's lock */
    uint64_t since;  /* time at which the job was queued; under the crew's lock */
};

enum { WEIR__JOB_QUEUED = 1, WEIR__JOB_LEAVING = 2, WEIR__JOB_VISITOR = 4 };

/*
 * Makes a job ready: a thread runs it after this call. Without effect if the job is queued already. Takes the crew's
 * lock, and may start a thread. Returns false if the crew has no thread and none can be created: the job stays queued.
 */
bool weir__job_ready(weir__job *job);

/* Like weir__job_ready, but wakes and starts no thread while one computes. The monitor wakes one a little later. */
void weir__job_ready_soon(weir__job *job);

/*
 * Like weir__job_ready, for a job that the calling thread should run next, after the present slice. `hand` is the
 * calling thread's. The present slice must end soon.
 */
void weir__job_ready_next(weir__job *job, weir__hand *hand);

/*
 * Takes the job out of the crew's queue, if it is there. No work may be left for it, and none may be published meanwhile:
 * a weir__job_ready that found the job queued has relied on that.
 */
void weir__job_withdraw(weir__job *job);

/*
 * Removes a job from the crew: blocks until no thread runs it and none will. The job must not be made ready any more.
 * Must not be called within the job.
 */
void weir__job_leave(weir__job *job);

/* ---- for the crew's threads ---- */

/* J2. Begins a visit of a job that was taken out of the queue. */
void weir__job_enter(weir__job *job);

/* Ends a visit. The job may be gone afterwards (J3). */
void weir__job_exit(weir__job *job);

/* Takes the next job out of the queue; NULL if it is empty. The crew's lock is held. */
weir__job *weir__job_take_locked(weir__crew *crew);

/* Queues a job. The caller has set QUEUED. The crew's lock is held. */
void weir__job_queue_locked(weir__job *job);

/* Queues the job that is next in a hand, if there is one. The crew's lock is held. */
void weir__job_queue_next_locked(weir__hand *hand);

#endif /* WEIR_CREW_JOB_H */
