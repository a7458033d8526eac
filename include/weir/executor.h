/*
 * weir/executor.h - threads that run tasks, with a future for each task.
 *
 * An executor has a bounded number of threads. A caller submits a function. A thread of the executor runs the function.
 * The future of the task (weir/future.h) then has its value or its error.
 *
 *     weir_executor_create(&executor, NULL);
 *     weir_executor_submit(executor, resize, photo, &future);
 *     ... other work ...
 *     weir_future_get(future, &thumbnail);
 *     weir_future_release(future);
 *     weir_executor_destroy(executor);
 *
 * The following holds for every call here, unless its comment says otherwise:
 *
 *   Order      Tasks of one priority begin in the order in which they were submitted. Tasks of a higher priority begin
 *              first. A task that has waited 100 ms longer than the others begins next, regardless of its priority.
 *              Threads take quick tasks several at a time: behind one that takes long, some may begin after later ones
 *              of their priority.
 *              Exception: a task that a running task submits may begin earlier, on an idle thread, in a wait of the
 *              submitting task, or in turn with tasks of WEIR_NORMAL. If it has not begun when the submitting task
 *              ends, it is queued behind the others.
 *   Threads    All calls are thread-safe, and tasks may make them. Threads start when tasks need them, and end after
 *              `idle_time`; the first one starts at the creation and stays.
 *   Waits      A task may wait for a future of its own executor (weir_future_get, weir_task_group_wait). If the task of
 *              that future has not begun, the waiting thread runs it itself. So a wait never lacks a thread for the
 *              task, and the stack is no deeper than the chain of waits. No other task runs inside the wait, because
 *              the waiting task may hold locks. If the task of the future is already running, the thread sleeps, and
 *              the executor runs other tasks on one more thread meanwhile. If all threads are blocked and no further
 *              thread can be created, the wait returns WEIR_DEADLOCK.
 *   Blocking   While a task blocks in a wait for futures or a group of tasks, in weir_executor_map or in weir_select,
 *              another thread runs tasks in its place. A thread that a task blocks elsewhere is not replaced: in a
 *              system call, a call of a queue, or a submit to another executor, for instance. So at most `threads`
 *              tasks run at once. A task whose wait has ended continues at once, so a few more may run.
 *   Signals    Threads block every signal except those that a thread causes itself, as workers do
 *              (weir/stoppable_worker.h).
 *   Exceptions No C++ exception may leave a function given to an executor. If one does, std::terminate is called.
 *   NULL       If the executor, the function or a pointer for a result is NULL, the call returns WEIR_INVALID and has
 *              no effect. `future` may be NULL: then no future is stored.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_H
#define WEIR_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/future.h>
#include <weir/priority.h>
#include <weir/status.h>
#include <weir/stoppable_worker.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_executor weir_executor;

/*
 * The function of a task. Returns 0 if the task has succeeded; `*value`, which is NULL at the call, is then the value
 * of the future. Returns another code if the task has failed: the future fails with this code, and `*value` is ignored.
 * A task that ends because of a cancel returns WEIR_CODE(WEIR_CANCELLED): the future is then cancelled. `self` is the
 * task's own future, for weir_future_cancelled and weir_executor_error.
 *
 * A task may end its thread (pthread_exit): its future fails with WEIR_CODE(WEIR_UNFINISHED), and another thread takes
 * its place. A task that runs in a caller's thread (WEIR_RUN_IN_CALLER) must not end it.
 */
typedef int weir_executor_func(weir_future *self, void *arg, void **value);

/* What a submit does if `capacity` tasks are pending. */
typedef enum weir_when_full {
    WEIR_BLOCK = 0,        /* blocks until there is room; in a thread of the executor, behaves as WEIR_RUN_IN_CALLER */
    WEIR_REFUSE = 1,       /* returns WEIR_FULL */
    WEIR_RUN_IN_CALLER = 2 /* runs the task at once, in the calling thread */
} weir_when_full;

/* The options of an executor. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_executor_options {
    const char *name;         /* copied; the threads' name before a number; NULL selects "weir" */
    size_t threads;           /* maximum tasks that run at once; 0 selects the number of usable processors */
    size_t capacity;          /* maximum pending tasks: submitted, due and not begun; 0 selects WEIR_UNBOUNDED */
    weir_when_full when_full; /* what a submit does if `capacity` tasks are pending */
    weir_worker_init *init;   /* creates the state of a thread; NULL disables it */
    weir_worker_fini *fini;   /* destroys the state of a thread; NULL disables it */
    void *arg;                /* passed to init, or to fini without init */
    size_t stack_size;        /* bytes, raised to the system's minimum; 0 selects the system's default */
    uint64_t idle_time;       /* ns after which an idle thread ends; 0 selects 10 s; UINT64_MAX: never */
    void *reserved[4];        /* must be NULL */
} weir_executor_options;

/*
 * Creates an executor, starts its first thread, and stores the executor in `*executor`. NULL options select all
 * defaults. Blocks until init has returned in that thread. The caller frees the executor with weir_executor_destroy,
 * once its tasks have ended.
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID     if an option has an invalid value, or a reserved member is not NULL
 *   WEIR_NOMEM       if out of memory
 *   WEIR_NOTHREAD    if the system creates no thread
 *   WEIR_INITFAILED  if init fails
 */
WEIR_API weir_status weir_executor_create(weir_executor **executor, const weir_executor_options *options);

/*
 * Submits a task: a call of `func` with `arg`. Stores its future in `*future`, with a reference that the caller must
 * release (weir_future_release). If `future` is NULL, stores none. If the call fails, the caller still owns `arg`.
 *
 * If `capacity` tasks are pending, `when_full` determines what happens. A caller that blocks wakes when a task begins
 * or is cancelled, or at the shutdown.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED      after a shutdown
 *   WEIR_FULL        if there is no room and `when_full` is WEIR_REFUSE
 *   WEIR_NOMEM       if out of memory
 *   WEIR_NOTHREAD    if the executor has no thread left, and the system creates none
 *   WEIR_INITFAILED  if the executor has no thread left, because init has failed
 */
WEIR_API weir_status weir_executor_submit(weir_executor *executor, weir_executor_func *func, void *arg,
                                          weir_future **future);

/* The options of a submitted task. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_submit_options {
    weir_priority priority;        /* of the task */
    weir_deadline deadline;        /* a task not begun by then fails with WEIR_CODE(WEIR_TIMEDOUT); 0 selects none */
    uint64_t delay;                /* ns before the task is due; 0 selects none */
    uint64_t period;               /* ns from one run to the next; 0 selects a single run */
    weir_drop_func *drop;          /* frees a value that is not taken; NULL leaves it unfreed */
    void *drop_arg;                /* passed to drop */
    const char *name;              /* copied; the thread's name while the task runs; NULL keeps the thread's name */
    weir_deadline submit_deadline; /* time until which WEIR_BLOCK may block; 0 selects WEIR_NEVER */
    void *reserved[4];             /* must be NULL */
} weir_submit_options;

/*
 * Submits a task like weir_executor_submit, with options. NULL options select all defaults. The deadline is checked
 * when a thread is about to begin the task. A task with a delay becomes pending, and counts for `capacity`, once it is
 * due.
 *
 * With a period, the task runs repeatedly, at a fixed rate: the runs are due at delay, delay + period, and so on. A run
 * never begins before the previous one has ended; runs that would have begun in between are skipped. The values of the
 * runs are dropped. If a run fails, the future fails, and no further run begins. A cancel or a shutdown cancels the
 * future, after the current run.
 *
 * Returns the statuses of weir_executor_submit, or
 *   WEIR_INVALID   if an option has an invalid value, or a reserved member is not NULL
 *   WEIR_TIMEDOUT  if there was no room by submit_deadline
 *   WEIR_NOTHREAD  if the system creates no timer thread
 */
WEIR_API weir_status weir_executor_submit_with(weir_executor *executor, weir_executor_func *func, void *arg,
                                               const weir_submit_options *options, weir_future **future);

/*
 * Sets the message of the error that the calling task is about to return. Returns `code`, or WEIR_CODE(WEIR_FAILED) if
 * `code` is 0:
 *
 *     return weir_executor_error(self, 404, "%s: not found", url);
 *
 * The message is formatted as by printf, and truncated to 255 bytes. A second call replaces the message. `self` must be
 * the future of the calling task. If out of memory, the error has no message.
 */
WEIR_API int weir_executor_error(weir_future *self, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/*
 * Returns the state that init made for the calling thread, if it is a thread of the executor; without init, the option
 * `arg`. Returns NULL in other threads. Never blocks.
 */
WEIR_API void *weir_executor_state(weir_executor *executor);

/*
 * Receives the ended future of a task of weir_executor_map, and the index of its element in the array. Called in the
 * thread that called map. Returns true to continue, false to stop. May take the value (weir_future_take), retain the
 * future, or submit tasks.
 */
typedef bool weir_map_func(size_t index, weir_future *future, void *arg);

/* The options of a map. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_map_options {
    size_t in_flight;       /* maximum tasks that are submitted and not yet passed to `each`; 0 selects 2 per thread */
    bool as_completed;      /* true passes the tasks in the order in which they end; false, in that of the array */
    weir_drop_func *drop;   /* frees a value that is not taken; NULL leaves it unfreed */
    void *drop_arg;         /* passed to drop */
    weir_deadline deadline; /* of the whole call; 0 selects WEIR_NEVER */
    size_t arg_size;        /* bytes of an element of `args`; 0 selects pointers, which are the args themselves */
    void *reserved[3];      /* must be NULL */
} weir_map_options;

/*
 * Runs a task for each of the `count` elements of the array `args`, and passes each future to `each` when it has ended.
 * The elements are pointers: each is the arg of a task. With `arg_size`, they are structs of that size, and the arg is
 * the address of the element, to which the task may write. The array must last as long as the call.
 *
 *     weir_executor_map(executor, resize, photos, count, &(weir_map_options){.arg_size = sizeof *photos}, NULL, NULL);
 *
 * Blocks until all futures have been passed. NULL options select all defaults. If `each` returns false or the deadline
 * passes, the call submits no further task, cancels the tasks that have not begun, and waits for the running ones. A
 * task may call map on its own executor: its thread runs tasks of the map while it waits. If one of them ends the
 * thread, so do the map and the calling task; no task of the map is left then.
 *
 * A value that `each` does not take goes to `drop` at the last release of its future. The executor releases the future
 * after `each` has returned; `each` may retain it. The values of tasks that are not passed go to `drop`, too. A release
 * may be a moment later than the return of the call, so `drop_arg` must live until the executor is destroyed. Without
 * `drop`, these values are not freed.
 *
 * If `each` is NULL, all tasks run, and the status tells whether all have succeeded.
 *
 * Returns WEIR_OK if every task was passed to `each`, or `count` is 0. Otherwise returns
 *   WEIR_CANCELLED  if `each` returned false; or, without `each`, if a task was cancelled and none has failed
 *   WEIR_FAILED     if `each` is NULL, and a task has failed
 *   WEIR_TIMEDOUT   if the deadline passed first
 *   WEIR_INVALID    if a reserved member is not NULL, or `count` elements of `arg_size` bytes exceed SIZE_MAX
 *   WEIR_DEADLOCK   as weir_future_get, in a thread of the executor
 *
 * Also returns the statuses of weir_executor_submit. After every status, no task of the call is left.
 */
WEIR_API weir_status weir_executor_map(weir_executor *executor, weir_executor_func *func, const void *args,
                                       size_t count, const weir_map_options *options, weir_map_func *each,
                                       void *each_arg);

/* What an executor does at one instant. */
typedef struct weir_executor_counts {
    size_t pending; /* tasks that are due and have not begun */
    size_t running; /* tasks that have begun and not ended, including tasks that wait for others */
    size_t delayed; /* tasks that are not yet due, and periodic ones between two runs */
    size_t threads; /* threads that exist */
} weir_executor_counts;

/* Stores the counts in `*counts`. Never blocks. Returns WEIR_OK. */
WEIR_API weir_status weir_executor_counts_of(weir_executor *executor, weir_executor_counts *counts);

/* Receives the `arg` of a task that never ran and never will. */
typedef void weir_unrun_func(void *task_arg, void *arg);

/*
 * Shuts the executor down. Submit and map then return WEIR_CLOSED; blocked calls do so at once. Periodic tasks end.
 *
 * With `cancel_pending`, cancels the tasks that have not begun, delayed ones included. For each of them, calls `unrun`
 * with the task's arg, in this thread, before the future ends; NULL disables this. Without `cancel_pending`, these
 * tasks still run, delayed ones at their time.
 *
 * With `wait`, blocks until every task has ended, or until `deadline`. Further calls are allowed, with other arguments.
 *
 * Returns WEIR_OK, or
 *   WEIR_TIMEDOUT  if tasks had not ended at the deadline; the executor is shut down nevertheless
 *   WEIR_DEADLOCK  if `wait` is true in a thread of the executor, or in a function that a shutdown or the cancel of a
 *                  group calls for a task that never ran; the call has no effect
 */
WEIR_API weir_status weir_executor_shutdown(weir_executor *executor, bool wait, bool cancel_pending,
                                            weir_deadline deadline, weir_unrun_func *unrun, void *unrun_arg);

/*
 * Frees the executor: its threads run fini, end, and are joined. NULL has no effect. Futures of its tasks stay valid
 * until they are released.
 *
 * Destroy must be the last call on the executor. A shutdown before it is optional: destroy checks that no task is
 * pending, delayed or running, and shuts the executor down in the same step. A task with an ended future is none of
 * these, so a caller that has waited for all futures gets no WEIR_BUSY.
 *
 * The callbacks and drop functions of ended tasks may still run at that time, and may make calls on the executor. A
 * submit by them returns WEIR_CLOSED. Blocks until these functions have returned, but for those that a call of the
 * program runs: weir_future_on_end and weir_future_release. No other call on the executor is allowed during the destroy.
 *
 * Returns WEIR_OK. If it cannot destroy the executor, returns with no effect
 *   WEIR_BUSY      if a task is pending, delayed or running, a group is not destroyed, or a call on the executor blocks
 *   WEIR_DEADLOCK  if called in a thread of the executor, or in a callback of a task that the calling thread cancels
 */
WEIR_API weir_status weir_executor_destroy(weir_executor *executor);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_EXECUTOR_H */
