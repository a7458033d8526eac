/*
 * state.h - Defines the state of executors, their workers and tasks.
 *
 * A task is submitted, listed in a source, taken by a worker, run, and ended. A source is a FIFO of tasks: the executor
 * has one for each priority, and each group of tasks has one. A worker is a thread of the executor's crew. It takes up
 * to BATCH tasks at once, and runs them one by one.
 *
 * Invariants.
 *
 * X1  A task is in one place: in a source (LISTED), among the delayed (DELAYED), or OUT: in the nest or the batch of a
 *     worker, or in the hands of one thread. `where` says so, under the lock. The place owns one reference of the task's
 *     future.
 * X2  A task runs, is cancelled or expires once: the thread that does it has claimed the future (weir__future_begin, or
 *     weir__future_cancel_pending). A thread that finds a task claimed by another one only drops it.
 * X3  The token of a batch's entry is emptied by an exchange: by the batch's worker, or under the lock by a recall. The
 *     one that gets the token owns the task. The rest of the entry is written under the lock, when the token is NULL.
 * X4  At each release of the lock: if a task is listed or in a nest, or a batch has more than one task, the job is queued
 *     in the crew, or the thread that releases the lock makes it ready next: also at the end of a slice, as other workers
 *     may hold batches. A thread that visits the job takes a listed task, recalls one, or steals one from a nest. So a
 *     task waits for a busy worker no longer than until the crew has an idle thread. Each slice begins with a look at
 *     the nests. Their tasks take turns with listed ones, but wait for those of the high band as listed ones of their
 *     own band do. So neither keeps the other from beginning.
 * X5  `unfinished` counts the tasks that were accepted and have not ended, as far as the workers have reported. A worker
 *     counts the tasks that it ends, and reports them at its next acquire of the lock: at the latest after its batch,
 *     and before it begins a task of another group. The same holds for `unfinished` of a group.
 * X6  The executor is freed when it has been destroyed and no task is left: a future may outlive its executor.
 * X7  A task without a future and options is a pair in a bundle, then an entry in a batch. It has no state that another
 *     thread could change. Its worker runs it in a task of its own, `own`, which it uses again if no reference to its
 *     future is left and nothing waits for its end. So a function may use `self` like that of any task.
 * X8  A worker sets CLAIMING in `running` before it takes a task out of its place, and replaces it by one more that runs.
 *     It takes that one off when the function has returned, before the future ends; after a run of a periodic task, in the
 *     step that delays the task again, or before its end. So a thread with the lock that finds neither a pending task nor a worker
 *     that claims or runs one knows that no function is called any more, unless a callback submits a task. A thread that
 *     sees the end of a future does not find its task running.
 * X9  The first task of a batch begins when it is taken. The others are pending: `held` of the worker, and of the
 *     executor for each band, is no less than their number. A thread that lists a task of a higher band recalls those
 *     of lower ones under the same lock, so they do not begin first. A thread that finds that `capacity` tasks may be
 *     pending recalls all, and then knows. So no batch holds a task when a caller falls asleep for room. Each take wakes
 *     one, which looks again. A thread that takes listed tasks first recalls those that are held of higher bands, and
 *     one that finds no listed task recalls all. Once the others have taken several batches of a band while one lasts,
 *     all are recalled, and the tasks behind a long one are listed again.
 * X10 A worker has a bundle of room WEIR__BATCH in reserve for each run of tasks without structs in its batch, so a
 *     recall needs no memory. A worker without one takes one task at a time.
 * X11 A thread that waits for a task may claim it in another worker's batch: the token stays until that worker finds it
 *     claimed. A periodic task is claimed in its source only, or by its worker: else it would be pending again behind a
 *     token that another thread may then find, although it is delayed.
 * X12 `cancels` counts the cancels of single tasks that are under way, their callbacks included. A thread counts its
 *     cancel before it claims the task: so a thread that finds the task claimed, and acquires the lock, finds it counted.
 *     A destroy waits until none is left: callbacks may make calls on the executor.
 *
 * Lock order: the executor's lock, then a future's, or the crew's. No function of the program is called with a lock held.
 *
 * Wakeups: callers that wait for room sleep in `room`, and those that wait for the end in `idle`. Those of a group sleep
 * in its park, under the executor's lock. Threads that lack tasks sleep in the crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_STATE_H
#define WEIR_EXECUTOR_STATE_H

#include <weir/executor.h>
#include <weir/task_group.h>

#include "crew/crew.h"
#include "executor/bundle.h"
#include "executor/nest.h"
#include "executor/source.h"
#include "executor/task.h"
#include "future/future.h"
#include "lock/lock.h"
#include "park/park.h"
#include "park/spin.h"
#include "sync/sync.h"
#include "timer/timer.h"

enum {
    WEIR__BATCH = 64,   /* most tasks of a batch */
    WEIR__RESERVES = 4, /* X10; most of a worker */
};

#define WEIR__CLAIMING UINT32_C(0x80000000) /* X8 */

/*
 * How a thread is inside an executor (sync/callout.h): it ends tasks that never ran. A destroy would wait for itself; and
 * within DROPS, which end several tasks that count until then, so would any wait for tasks.
 */
enum { WEIR__CANCELS = 1, WEIR__DROPS = 2 };

/* A worker; the thread's own, except for the batch and the list. */
typedef struct weir__worker {
    weir_executor *executor;
    void *state;            /* what init made */
    weir__task *current;    /* innermost task that runs; the outer ones by `before` */
    size_t ended;           /* X5 */
    weir__source *ended_of; /* source of the ended tasks */
    weir__task *own;        /* X7: RUNNING, with one reference */
    weir__task *spare;      /* freed tasks, by `next` */
    size_t spares;
    bool lacks;                     /* reserves, after the last take */
    size_t batch_size;              /* number of entries in use; under the lock, as are the next six */
    enum weir__band band;           /* of the batch */
    uint32_t since;                 /* of its tasks without structs, as in weir__take */
    size_t held;                    /* X9 */
    uint64_t taken;                 /* number of the take */
    weir__bundle *reserve;          /* X10: empty bundles, by `next` of their heads */
    size_t reserves;                /* number of them */
    weir__entry batch[WEIR__BATCH]; /* X3 */
    weir__nest nest;
    weir__u32 running; /* X8: tasks that run on the thread, nested ones included, and CLAIMING; others read it */
    struct weir__worker *after, *prior; /* in `workers`; under the lock */
} weir__worker;

struct weir__error {
    int code;
    char *message; /* NULL: none */
};

struct weir_task_group {
    weir__source source; /* first member */
    /* Constant. */
    weir_executor *executor;
    weir_task_group *parent;
    size_t limit; /* most tasks that are unfinished; 0: no limit */
    weir_unrun_func *unrun;
    void *unrun_arg;

    weir__u32 unfinished;                      /* X5; written under the lock */
    weir__u32 cancelled;                       /* 1: cancelled; written under the lock */
    bool incomplete;                           /* a task was cancelled; under the lock, as are the next three */
    size_t callers;                            /* calls that sleep */
    weir__park park;                           /* callers of wait and run */
    weir_task_group *children, *after, *prior; /* the tree */
    weir__spin spin;

    weir__lock errors_lock;     /* guards the members below; taken last */
    struct weir__error *errors; /* `first`, or allocated */
    struct weir__error first;   /* so that the first error is kept without memory */
    size_t error_count, error_room;
};

struct weir_executor {
    /* Constant. */
    weir_worker_init *init;
    weir_worker_fini *fini;
    void *arg;
    weir__crew *crew;
    size_t size;     /* number of threads that run tasks at once */
    size_t capacity; /* most tasks that are listed */
    weir_when_full when_full;

    weir__ptr home; /* the crew; once its threads have ended, the executor, which no thread is of */
    weir__u32 each; /* learnt: ns that a task takes; 0: nothing is known; a hint */

    _Alignas(WEIR__APART) weir__lock lock; /* guards all members below */
    weir__bands bands;
    weir__source own[WEIR__BANDS];
    size_t held[WEIR__BANDS]; /* X9 */
    uint64_t takes;           /* number of batches that were taken */
    size_t delayed;           /* number of delayed tasks */
    size_t unfinished;        /* X5 */
    size_t cancels;           /* X12 */
    bool closed;              /* shut down: no task is accepted */
    bool destroyed;
    bool staffed;             /* the first thread has started */
    weir_status broken;       /* not WEIR_OK: no thread can be had */
    weir__task *delayed_list; /* doubly linked */
    weir__worker *workers;
    weir__park room, idle;
    size_t callers;          /* calls that sleep */
    size_t running_here;     /* tasks that run in threads of the program */
    weir_task_group *groups; /* those without a parent */

    weir__task *spare; /* freed tasks, by `next` */
    size_t spares;
    size_t alive; /* X6: tasks that exist, without the spare ones */

    bool timed; /* the timer thread was started; guarded by timer_lock */
    weir__lock timer_lock;
    weir__timers timers;
    weir__job job;
};

/* X8. The worker is about to take a task out of its place. */
static inline void weir__claim_begin(weir__worker *worker) {
    weir__u32_store_relaxed(&worker->running, weir__u32_load_relaxed(&worker->running) | WEIR__CLAIMING);
}

/* X8. It has taken none, or one that does not run. */
static inline void weir__claim_end(weir__worker *worker) {
    weir__u32_store_relaxed(&worker->running, weir__u32_load_relaxed(&worker->running) & ~WEIR__CLAIMING);
}

/* X8. The worker is about to call a function. */
static inline void weir__running_begin(weir__worker *worker) {
    weir__u32_store_relaxed(&worker->running, (weir__u32_load_relaxed(&worker->running) & ~WEIR__CLAIMING) + 1);
}

/* X8. The function has returned. NULL: a caller's thread has called it. */
static inline void weir__running_end(weir__worker *worker) {
    if (worker != NULL)
        weir__u32_store_relaxed(&worker->running, weir__u32_load_relaxed(&worker->running) - 1);
}

/*
 * Returns the calling thread's worker, if it is a thread of the executor; otherwise NULL. A thread has none until its
 * init has returned: its state is the argument of weir__worker_init then, which is the executor.
 */
static inline weir__worker *weir__worker_of_thread(const weir_executor *executor) {
    const weir__hand *hand = weir__hand_of_thread(weir__ptr_load_relaxed(&executor->home));
    void *state = hand == NULL ? NULL : weir__hand_state(hand);
    return state == executor ? NULL : state;
}

#endif /* WEIR_EXECUTOR_STATE_H */
