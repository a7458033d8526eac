/*
 * account.h - Counts tasks that end, and wakes the threads and callers that a change concerns.
 *
 * A function that changes the state under the lock notes in `calls` what the change calls for. The release of the lock
 * does it: the lock first, then the wakes, by address only (park.h, P5).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_ACCOUNT_H
#define WEIR_EXECUTOR_ACCOUNT_H

#include "executor/state.h"

/* Zero-initialised: nothing to do. */
typedef struct weir__calls {
    const weir__u32 *one;     /* a thread that sleeps on it is woken; NULL: none */
    const weir__park *all[3]; /* parks; all of their threads are woken */
    size_t count;             /* of `all` */
    enum { WEIR__CALL_NONE, WEIR__CALL_SOON, WEIR__CALL_NOW } thread; /* X4 */
} weir__calls;

/* Below this time of a task, a thread that computes will soon look for the next one, in ns. */
enum { WEIR__QUICK = 10 * 1000 };

/* Whether tasks are known to be so quick. */
static inline bool weir__is_quick(const weir_executor *executor) {
    uint32_t each = weir__u32_load_relaxed(&executor->each);
    return each != 0 && each < WEIR__QUICK;
}

/* X4. Notes that a task is listed, or can be taken from a nest or a batch. */
static inline void weir__call_thread_locked(weir_executor *executor, weir__calls *calls) {
    if (calls->thread == WEIR__CALL_NOW || (weir__u32_load_relaxed(&executor->job.state) & WEIR__JOB_QUEUED) != 0)
        return; /* a visit follows, and sees what precedes this release of the lock */
    calls->thread = weir__is_quick(executor) ? WEIR__CALL_SOON : WEIR__CALL_NOW;
}

/* Notes that there may be room for a caller. */
static inline void weir__call_room_locked(weir_executor *executor, weir__calls *calls) {
    if (calls->one == NULL && executor->room.sleepers > 0 && executor->bands.listed < executor->capacity)
        calls->one = weir__park_wake_one(&executor->room);
}

/* Does what `calls` says. Returns what weir__calls_release does. */
bool weir__calls_make(weir_executor *executor, const weir__calls *calls);

/*
 * Releases the lock, and does what `calls` says. Returns false if no thread serves the executor and none can be created.
 * The caller keeps the executor alive: by a task that has not ended, a visit of the job, or the contract of its call.
 */
static inline bool weir__calls_release(weir_executor *executor, weir__calls *calls) {
    weir__assert(weir__lock_is_held(&executor->lock)); /* X4 */
    weir__lock_release(&executor->lock);
    bool none = calls->thread == WEIR__CALL_NONE && calls->one == NULL && calls->count == 0;
    return none || weir__calls_make(executor, calls);
}

/* X5. Counts `count` tasks of the source as ended. */
void weir__account_locked(weir_executor *executor, weir__source *source, size_t count, weir__calls *calls);

/* X12. Counts a cancel as ended. */
void weir__account_cancel_locked(weir_executor *executor, weir__calls *calls);

/* X5. Report what the worker has counted, and collect its spare tasks. The lock is not held for the second. */
void weir__report_locked(weir__worker *worker, weir__calls *calls);
void weir__report(weir__worker *worker);

/* X5, N5. Counts a task that ended on the worker's thread, which reports it later. Its own nest is empty afterwards. */
void weir__account_later(weir__worker *worker, weir__source *source);

/* X5. Reports at once, if the worker has counted tasks of another source. The lock is not held. */
static inline void weir__report_before(weir__worker *worker, const weir__source *source) {
    if (worker->ended != 0 && worker->ended_of != source)
        weir__report(worker);
}

#endif /* WEIR_EXECUTOR_ACCOUNT_H */
