/*
 * weir/stoppable_worker.h - threads that take items from one queue and put results to the next.
 *
 * A worker takes an item from `in`, calls its function, puts what the function returns to `out`, and only then settles
 * the item: when weir_queue_join(in) returns, everything is downstream. It ends when it takes a sentinel or `in` is
 * shut down. When `out` is shut down it gives the result to out's drop function, settles, and ends too.
 *
 *     weir_start_threads(&threads, 4, resize, NULL, resize_queue, upload_queue);
 *     ... put the items ...
 *     weir_stop_threads(resize_queue, threads);
 *
 * While its items are quick and at least two for each of the queue's workers are there, a worker takes several at
 * once: no more than its share of what is queued, no more than it runs in about 100 microseconds by the time that the
 * items before took, and at most 16; and only if it, or another of its group, was the last to take. It runs them one
 * by one, and settles them together, at the latest before it waits. What it has taken and not begun is open to the
 * other workers of its group, so that nothing waits behind a slow item while one of them has nothing to do; after a
 * WEIR_DISCARD it goes to the drop function, in the worker's thread; and when the worker ends early, it goes back to
 * the front of `in`, whose size may then be more than its capacity. For weir_queue_size these items are taken, for
 * weir_queue_unfinished they are unfinished. A single worker's results keep the order of its items. A function that
 * itself takes from `in` does not get the next item: that may be taken already.
 *
 * Workers start with every signal blocked, so that the program's own threads keep its signals (but for SIGSEGV and the
 * like, which a thread causes itself), and with cancellation disabled. A function may end its thread with pthread_exit:
 * its item is settled, with no result. A program that a worker starts inherits the blocked signals, and hears no SIGTERM,
 * unless it is given the mask of weir/signals.h.
 *
 * The functions of a group may call weir. What would wait for the worker that makes the call returns WEIR_DEADLOCK:
 * stopping or joining its own group, joining `in` from its function, destroying `in` or `out`. A function that puts to
 * its own `in`, or closes it, blocks while the queue is full: for ever, if every worker that takes from it does so.
 *
 * No C++ exception may leave a function of a group. If one does, std::terminate is called on the stack of the throw, in
 * its thread. Nothing is unwound before, no lock is held, and the item is unfinished, not lost; the terminate handler may
 * make the calls that the function may.
 *
 * The queues belong to the caller and must live until the workers have been stopped or joined; weir_queue_destroy is
 * WEIR_BUSY until then.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_H
#define WEIR_STOPPABLE_WORKER_H

#include <stddef.h>

#include <weir/closable_queue.h>
#include <weir/export.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a worker does with an item. It owns `item`; what it returns is the result, and is put to `out` (NULL is a result
 * like any other) or, when there is no `out`, ignored. `arg` is the one the worker was started with or, when there is
 * an init function, this thread's own state. Called in several threads at once.
 */
typedef void *weir_worker_func(void *item, void *arg);

/*
 * Makes what one thread needs for itself, such as a connection, and hands it out through `state`. Called once in each
 * thread, before its first item. Anything but WEIR_OK fails the start of the whole group.
 */
typedef weir_status weir_worker_init(void *arg, void **state);

/*
 * Undoes what init made. Called once in each thread whose init returned WEIR_OK, at the thread's end, however it ends;
 * it must not end the thread itself. Without an init function it is called in each thread, with `arg` as the state.
 */
typedef void weir_worker_fini(void *state);

/* Members that are not named in an initialiser are zero, and zero is right for each of them but the function. */
typedef struct weir_worker_options {
    weir_worker_func *func; /* what to do with an item */
    void *arg;              /* handed to init, or to func when there is no init */
    const char *name;       /* of the threads, for debuggers and ps; a number follows; copied; NULL: "weir" */
    size_t stack_size;      /* bytes; less than the system's minimum is raised to it; 0: the system's default */
    weir_worker_init *init; /* per-thread state; NULL: none */
    weir_worker_fini *fini; /* undoes init; NULL: nothing to undo */
    void *reserved[4];      /* all NULL */
} weir_worker_options;

/*
 * A group of workers. A handle, not an address: the calls recognise one that is stopped already. (Where addresses have
 * 32 bits, handles come round again after 67 million groups.)
 */
typedef struct weir_threads weir_threads;

/*
 * Starts `count` workers and hands the group out through `threads`; the caller ends it with weir_stop_threads. `out`
 * may be NULL: results are ignored. When a thread cannot be created, those before it are stopped and joined, and no
 * item has been taken. Blocks only as long as that takes. Any thread may call it. The handle is there when the call has
 * returned; a worker may begin before that.
 *
 * WEIR_OK; WEIR_INVALID: `threads`, `func` or `in` is NULL, or `count` is 0 or more than memory can address;
 * WEIR_CLOSED: `in` or `out` is being destroyed, and this call comes from its drop function; WEIR_NOMEM; WEIR_NOTHREAD.
 * In every failure nothing is left running.
 */
WEIR_API weir_status weir_start_threads(weir_threads **threads, size_t count, weir_worker_func *func, void *arg,
                                        weir_queue *in, weir_queue *out);

/*
 * As weir_start_threads, with options. With an init function it waits until init has returned in every thread, and no
 * item is taken before that. WEIR_INVALID also for a reserved member that is not NULL; WEIR_INITFAILED: an init failed,
 * every other thread has run its fini and is joined.
 */
WEIR_API weir_status weir_start_threads_with(weir_threads **threads, size_t count, const weir_worker_options *options,
                                             weir_queue *in, weir_queue *out);

/*
 * Stops the group that takes from `in`: its workers finish what was put before this call and end, and their threads are
 * joined and freed. Items put later stay in the queue, for whoever else takes from it. Waits for every running function
 * to return and for room in `out`; never for room in `in`, for workers that have ended already, or for other consumers.
 * Stop the first stage first: then each stage has all its input when it is stopped.
 *
 * Any thread may call it, except the group's own workers. Once stopped, always stopped: a second call meanwhile waits
 * for the first and returns what it returns; one that comes later returns WEIR_OK, and does not look at `in`.
 *
 * WEIR_OK: stopped, now or earlier; WEIR_DISCARDED: stopped, and a WEIR_DISCARD has taken items away from `in`;
 * WEIR_UNFINISHED: stopped, but workers had ended early (pthread_exit, `out` shut down, a sentinel from
 * weir_queue_close) and items are left in `in`; WEIR_NOMEM: stopped, but an unbounded `out` had no memory for a result,
 * which went to its drop function; WEIR_DEADLOCK: called from inside a worker of the group, nothing has happened;
 * WEIR_INVALID: NULL, a group that never was, or one that takes from another queue.
 */
WEIR_API weir_status weir_stop_threads(weir_queue *in, weir_threads *threads);

/* One worker, for a program that closes or shuts down its queue itself. */
typedef struct weir_worker weir_worker;

/* Starts one worker; the caller ends it with weir_worker_join. Returns what weir_start_threads_with does. */
WEIR_API weir_status weir_worker_start(weir_worker **worker, const weir_worker_options *options, weir_queue *in,
                                       weir_queue *out);

/*
 * Waits until the worker has ended, because it took a sentinel or a queue of its was shut down, and frees it. It does
 * not stop the worker. To be called once, by any other thread.
 *
 * WEIR_OK; WEIR_NOMEM: ended, but an unbounded `out` had no memory for a result, which went to its drop function;
 * WEIR_DEADLOCK: called from inside this worker, nothing has happened; WEIR_INVALID: NULL.
 */
WEIR_API weir_status weir_worker_join(weir_worker *worker);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_STOPPABLE_WORKER_H */
