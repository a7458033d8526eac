/*
 * weir/executor.h - threads that run tasks, with a future for each task.
 *
 * An executor has a bounded number of threads. A caller submits a function; a thread of the executor runs it; the future
 * (weir/future.h) has its value or its error.
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
 *   Order      tasks of one priority begin in the order in which they were submitted. Tasks of a higher priority begin
 *              first. A task that has waited for 100 ms longer than the others begins next, whatever its priority. A task
 *              that a task has submitted may begin earlier: when the submitting task waits for it, or on an idle thread.
 *              It is behind the other tasks once the submitting task has ended.
 *   Threads    all calls are thread-safe, and tasks may make them. Threads start when tasks need them, and end when
 *              they were idle for long; the first one starts at the creation and stays.
 *   Waits      a task may wait for a future of its own executor (weir_future_get, weir_task_group_wait). If that task
 *              has not begun, the waiting thread runs it itself. So tasks cannot deadlock by waiting for tasks that lack
 *              a thread, and the stack is no deeper than the chain of waits. No other task runs inside the wait: the
 *              waiting task may hold locks that another one needs. If the task runs already, the thread sleeps, and the
 *              executor runs other tasks on one more thread meanwhile. If no more threads can be had, the wait returns
 *              WEIR_DEADLOCK.
 *   Blocking   a thread that sleeps in a task, in a system call for instance, is not replaced: `threads` is the number
 *              of tasks that run at once. When a wait ends, its task goes on at once, so a few more may run then.
 *   Signals    threads block every signal but those that a thread causes itself, as workers do
 *              (weir/stoppable_worker.h).
 *   Exceptions no C++ exception may leave a function given to an executor; if one does, std::terminate is called.
 *   NULL       if the executor, the function or a pointer for a result is NULL, the call returns WEIR_INVALID and has
 *              no effect. `future` may be NULL: the caller wants none.
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
 * A task. Returns 0 and stores its value in `*value`, which is NULL before. Or returns an error code, other than 0: the
 * future fails with it, and `*value` is ignored. WEIR_CODE(WEIR_CANCELLED) says that the task has seen a cancel: the
 * future is cancelled. `self` is the task's own future, for weir_future_cancelled and weir_executor_error.
 *
 * A task may end its thread (pthread_exit): its future fails with WEIR_CODE(WEIR_UNFINISHED), and another thread takes
 * its place. A task that runs in a caller's thread (WEIR_RUN_IN_CALLER) must not.
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
    size_t threads;           /* tasks that run at once; 0 selects one for each processor that the process may use */
    size_t capacity;          /* tasks that are pending: submitted, due and not begun; 0 selects WEIR_UNBOUNDED */
    weir_when_full when_full; /* what a submit does if `capacity` tasks are pending */
    weir_worker_init *init;   /* creates the state of a thread; NULL disables it */
    weir_worker_fini *fini;   /* destroys the state of a thread; NULL disables it */
    void *arg;                /* passed to init, or to fini without init */
    size_t stack_size;        /* bytes, raised to the system's minimum; 0 selects the system's default */
    uint64_t idle_time;       /* ns after which an idle thread ends; 0 selects 10 s; UINT64_MAX: never */
    void *reserved[4];        /* must be NULL */
} weir_executor_options;

/*
 * Creates an executor, starts its first thread, and stores the executor in `*executor`. `options` may be NULL: all are
 * zero. Blocks until init has returned in that thread. The caller frees the executor with weir_executor_destroy, when
 * its tasks have ended.
 *
 * Returns WEIR_OK. WEIR_INVALID if an option is none of its values or a reserved member is not NULL. WEIR_NOMEM if
 * memory ran out. WEIR_NOTHREAD if the system did not create the thread. WEIR_INITFAILED if init failed.
 */
WEIR_API weir_status weir_executor_create(weir_executor **executor, const weir_executor_options *options);

/*
 * Submits a task: `func` will be called with `arg`, once. Stores its future in `*future`, with a reference that the
 * caller releases (weir_future_release). If `future` is NULL, there is none. If the call fails, `arg` is still the
 * caller's.
 *
 * If `capacity` tasks are pending, does what `when_full` says. A caller that blocks wakes when a task begins or is
 * cancelled, or at the shutdown.
 *
 * Returns WEIR_OK. WEIR_CLOSED after a shutdown. WEIR_FULL if there is no room and `when_full` is WEIR_REFUSE. WEIR_NOMEM
 * if memory ran out. WEIR_NOTHREAD or WEIR_INITFAILED if no thread is left and none can be had.
 */
WEIR_API weir_status weir_executor_submit(weir_executor *executor, weir_executor_func *func, void *arg,
                                          weir_future **future);

/* The options of a submitted task. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_submit_options {
    weir_priority priority;        /* of the task */
    weir_deadline deadline;        /* if it has not begun by then, it fails with WEIR_CODE(WEIR_TIMEDOUT); 0: none */
    uint64_t delay;                /* ns before it is due; 0: at once */
    uint64_t period;               /* ns from one run to the next; 0: it runs once */
    weir_drop_func *drop;          /* disposes of a value that is not taken; NULL: none */
    void *drop_arg;                /* passed to drop */
    const char *name;              /* copied; the thread's name while the task runs; NULL: unchanged */
    weir_deadline submit_deadline; /* how long WEIR_BLOCK may block; 0 selects WEIR_NEVER */
    void *reserved[4];             /* must be NULL */
} weir_submit_options;

/*
 * Submits a task like weir_executor_submit, with options; NULL: all are zero. Whether the deadline has passed is checked
 * when a thread would begin the task. A task with a delay is pending, and counts for `capacity`, once it is due.
 *
 * With a period, the task runs again and again, at a fixed rate: the runs are due at delay, delay + period, and so on. A
 * run never begins before the last one has ended; runs that were missed meanwhile are left out. The values of the runs
 * are dropped. The future ends when a run fails, or at a cancel or shutdown: it is cancelled then, after the run that
 * may be going on.
 *
 * Also returns WEIR_INVALID if an option is none of its values or a reserved member is not NULL. WEIR_TIMEDOUT if there
 * was no room by submit_deadline. WEIR_NOTHREAD if the system did not create the timer thread.
 */
WEIR_API weir_status weir_executor_submit_with(weir_executor *executor, weir_executor_func *func, void *arg,
                                               const weir_submit_options *options, weir_future **future);

/*
 * Sets the message of the error that the calling task is about to return, and returns `code`, or WEIR_CODE(WEIR_FAILED)
 * if that is 0:
 *
 *     return weir_executor_error(self, 404, "%s: not found", url);
 *
 * `format` is that of printf; the message is cut at 255 bytes. A second call replaces the message. Must be called by the
 * task that `self` is the future of. If memory runs out, the error has no message.
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
 * Receives the future of a task of weir_executor_map, which has ended, and its index in the array. Called in the thread
 * that called map. Returns true to go on, false to stop. May take the value (weir_future_take) or retain the future; may
 * submit tasks.
 */
typedef bool weir_map_func(size_t index, weir_future *future, void *arg);

/* The options of a map. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_map_options {
    size_t in_flight;       /* most tasks that are submitted and not yet passed to `each`; 0 selects 2 per thread */
    bool as_completed;      /* `each` is called in the order in which tasks end; false: in the order of the array */
    weir_drop_func *drop;   /* disposes of a value that is not taken; NULL: none */
    void *drop_arg;         /* passed to drop */
    weir_deadline deadline; /* of the whole call; 0 selects WEIR_NEVER */
    size_t arg_size;        /* bytes of an element of `args`; 0: the elements are pointers, the args themselves */
    void *reserved[3];      /* must be NULL */
} weir_map_options;

/*
 * Runs a task for each of the `count` elements of the array `args`, and passes each future to `each` when it has ended.
 * The elements are pointers: each is the arg of a task. With `arg_size`, they are structs of that size, and the arg is
 * the address of the element, to which the task may write. The array must last as long as the call.
 *
 *     weir_executor_map(executor, resize, photos, count, &(weir_map_options){.arg_size = sizeof *photos}, NULL, NULL);
 *
 * Blocks until all futures have been passed. `options` may be NULL: all are zero. If `each` returns false or the deadline
 * passes, the tasks that have not begun are cancelled, no further one is submitted, and the call waits for those that
 * run. A task may call map on its own executor: its thread runs tasks of the map while it waits.
 *
 * A value that `each` does not take stays with its future. It goes to `drop` at the last release of the future: after
 * `each` has returned, unless that has retained the future. So do the values of tasks that are not passed. A thread of
 * the executor may release a future a moment after the call has returned: `drop_arg` must last until the destroy. Without
 * `drop`, these values are left alone.
 *
 * `each` may be NULL. All tasks run then, and the status says whether all have succeeded.
 *
 * Returns WEIR_OK if every task was passed to `each`, or `count` is 0. WEIR_CANCELLED if `each` returned false.
 * WEIR_TIMEDOUT if the deadline passed first. WEIR_INVALID if a reserved member is not NULL or `count` elements of
 * `arg_size` bytes exceed SIZE_MAX. The statuses of weir_executor_submit and, in a thread of the executor, WEIR_DEADLOCK
 * of weir_future_get: then too, no task of the call is left.
 *
 * If `each` is NULL, also returns WEIR_FAILED if a task has failed. WEIR_CANCELLED if none has failed, but one was
 * cancelled.
 */
WEIR_API weir_status weir_executor_map(weir_executor *executor, weir_executor_func *func, const void *args,
                                       size_t count, const weir_map_options *options, weir_map_func *each,
                                       void *each_arg);

/* What an executor does at one instant. */
typedef struct weir_executor_counts {
    size_t pending; /* tasks that are due and have not begun */
    size_t running; /* tasks that have begun and not ended; those that wait for others included */
    size_t delayed; /* tasks that are not yet due, and periodic ones between two runs */
    size_t threads; /* threads that exist */
} weir_executor_counts;

/* Stores the counts in `*counts`. Never blocks. Returns WEIR_OK. */
WEIR_API weir_status weir_executor_counts_of(weir_executor *executor, weir_executor_counts *counts);

/* Receives the `arg` of a task that never ran and never will. */
typedef void weir_unrun_func(void *task_arg, void *arg);

/*
 * Shuts the executor down: from now on, submit and map return WEIR_CLOSED, blocked calls at once. Periodic tasks end.
 *
 * With `cancel_pending`, the tasks that have not begun are cancelled, the delayed ones included. For each, `unrun` is
 * called in the calling thread with the task's arg, then the future ends; NULL: no call. Without it, all of them still
 * run, delayed ones at their time.
 *
 * With `wait`, blocks until every task has ended, but no longer than until `deadline`. May be called again, with other
 * arguments.
 *
 * Returns WEIR_OK. WEIR_TIMEDOUT if tasks had not ended at the deadline; the executor is shut down all the same, and a
 * further call can wait on. WEIR_DEADLOCK if `wait` is set in a thread of the executor; no effect.
 */
WEIR_API weir_status weir_executor_shutdown(weir_executor *executor, bool wait, bool cancel_pending,
                                            weir_deadline deadline, weir_unrun_func *unrun, void *unrun_arg);

/*
 * Frees the executor: its threads run fini, end, and are joined. NULL does nothing. Futures of its tasks stay valid until
 * they are released.
 *
 * If no task is pending, delayed or running, an executor that was not shut down is shut down in the same step. A submit
 * before this step makes destroy return WEIR_BUSY. Only a callback or a drop function of a task that has ended can still
 * submit one after it, and gets WEIR_CLOSED. Blocks until these functions have returned.
 *
 * A task with an ended future is neither pending nor running: a caller that has waited for all futures gets no
 * WEIR_BUSY. Must be the last call. No other thread may make a call on the executor at the same time or later, except
 * in a function of the executor's own threads.
 *
 * Returns WEIR_OK. WEIR_BUSY, without effect, if a task is pending, delayed or running, a group is not destroyed, or a
 * call on the executor blocks. WEIR_DEADLOCK, without effect, in a thread of the executor.
 */
WEIR_API weir_status weir_executor_destroy(weir_executor *executor);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_EXECUTOR_H */
