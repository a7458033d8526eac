/*
 * weir/stoppable_worker.h - threads that take items from one queue and put results to the next.
 *
 * A worker takes an item from `in`, calls its function, puts the result to `out`, and only then settles the item.
 * Once weir_queue_join(in) returns, all results are therefore downstream. The worker ends when it takes a sentinel or
 * `in` is shut down. If `out` is shut down, the worker passes the result to the drop function of `out`, settles the
 * item, and ends.
 *
 *     weir_start_threads(&threads, 4, resize, NULL, resize_queue, upload_queue);
 *     ... put the items ...
 *     weir_stop_threads(resize_queue, threads);
 *
 * A worker prefetches several items at once while its items are quick and at least two items per worker of the queue
 * are queued. It does so only if the last consumer to take was a worker of its group. A prefetch is at most 16 items
 * and at most the worker's share of the queued items. Its work is at most about 100 microseconds, estimated from the
 * preceding items. The worker runs its items one by one and settles them together, at the latest before it blocks.
 *
 * An idle worker of the group steals prefetched items that were not begun. So no item waits behind a slow one while a
 * worker of the group is idle. After a WEIR_DISCARD such items go to the drop function, in the worker's thread. If
 * the worker ends early, they are requeued at the front of `in`, which may then hold more than its capacity.
 * weir_queue_size counts prefetched items as taken, weir_queue_unfinished as unfinished. The results of a single
 * worker keep the input order. A function that itself takes from `in` does not get the next item if that item was
 * prefetched.
 *
 * Workers start with every signal blocked except SIGSEGV and the others that a thread causes itself, so the program's
 * own threads keep its signals. Cancellation is disabled in workers. A function may end its thread with pthread_exit;
 * its item is then settled without a result. A program that a worker starts inherits the blocked signals and receives
 * no SIGTERM, unless given the mask of weir/signals.h.
 *
 * The functions of a group may call weir. A call that would wait for the worker that makes it returns WEIR_DEADLOCK.
 * Such calls are stopping or joining its own group, joining `in` from its function, and destroying `in` or `out`. A
 * function that puts to its own `in`, or closes it, blocks while that queue is full. If every worker that takes from
 * `in` does so, they block forever.
 *
 * No C++ exception may leave a function of a group. If one does, std::terminate is called in that thread, on the
 * stack of the throw. Nothing has been unwound, no lock is held, and the item is unfinished, not lost. The terminate
 * handler may make the calls that the function may make.
 *
 * The queues belong to the caller and must outlive the workers: until these are stopped or joined, weir_queue_destroy
 * returns WEIR_BUSY.
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
 * Processes an item, which it owns, and returns the result. The result, NULL included, is put to `out`, or ignored
 * without `out`. `arg` is the argument given at the start or, with an init function, the state of this thread. Called
 * in several threads at once.
 */
typedef void *weir_worker_func(void *item, void *arg);

/*
 * Creates the state of one thread, such as a connection, and stores it in `*state`. Called once in each thread,
 * before its first item. Any status but WEIR_OK makes the start of the whole group fail.
 */
typedef weir_status weir_worker_init(void *arg, void **state);

/*
 * Destroys what init created. Called once in each thread in which init returned WEIR_OK, at the thread's end, however
 * it ends. Must not end the thread itself. Without an init function, fini is called in each thread, with `arg` as the
 * state.
 */
typedef void weir_worker_fini(void *state);

/*
 * The options of workers. Members omitted from an initialiser are zero. Zero is valid for each of them but the
 * function.
 */
typedef struct weir_worker_options {
    weir_worker_func *func; /* processes an item */
    void *arg;              /* passed to init, or to func and fini without init */
    const char *name;       /* copied; the threads' name before a number, for debuggers and ps; NULL selects "weir" */
    size_t stack_size;      /* bytes, raised to the system's minimum; 0 selects the system's default */
    weir_worker_init *init; /* creates the state of a thread; NULL disables it */
    weir_worker_fini *fini; /* destroys the state of a thread; NULL disables it */
    void *reserved[4];      /* must be NULL */
} weir_worker_options;

/*
 * A group of workers. A handle, not an address: calls recognise a group that was stopped earlier. Where addresses
 * have 32 bits, handles recur after 67 million groups.
 */
typedef struct weir_threads weir_threads;

/*
 * Starts `count` workers and stores the group in `*threads`. The caller ends the group with weir_stop_threads. If
 * `out` is NULL, results are ignored. If a thread cannot be created, the threads before it are stopped and joined,
 * and no item has been taken. Blocks only as long as this takes. Thread-safe. `*threads` is set when the call
 * returns; a worker may begin earlier.
 *
 * Returns WEIR_OK. WEIR_INVALID if `threads`, `func` or `in` is NULL, or `count` is 0 or more than memory can
 * address. WEIR_CLOSED if `in` or `out` is being destroyed and its drop function makes this call. WEIR_NOMEM if
 * memory ran out. WEIR_NOTHREAD if the system did not create a thread. After a failure, no thread is left running.
 */
WEIR_API weir_status weir_start_threads(weir_threads **threads, size_t count, weir_worker_func *func, void *arg,
                                        weir_queue *in, weir_queue *out);

/*
 * Starts a group like weir_start_threads, with options. With an init function, it blocks until init has returned in
 * every thread; no item is taken before that. Also returns WEIR_INVALID if a reserved member is not NULL.
 * WEIR_INITFAILED if an init failed; every other thread has run its fini and is joined then.
 */
WEIR_API weir_status weir_start_threads_with(weir_threads **threads, size_t count, const weir_worker_options *options,
                                             weir_queue *in, weir_queue *out);

/*
 * Stops the group that takes from `in`. Its workers finish the items put before this call, then end. Their threads
 * are joined and freed. Items put later stay queued for other consumers. Waits for the running functions and for room
 * in `out`. Never waits for room in `in`, for workers that have already ended, or for other consumers. Stop the first
 * stage first: then each stage has all of its input before its stop.
 *
 * Any thread may call it, except the group's own workers. A second call during the first one blocks until that
 * returns, and returns the same status. A later call returns WEIR_OK and does not access `in`.
 *
 * Returns WEIR_OK if the group is stopped, now or earlier. The next three statuses also mean a stopped group.
 * WEIR_DISCARDED if a WEIR_DISCARD removed items from `in`. WEIR_UNFINISHED if workers had ended early (pthread_exit,
 * `out` shut down, a sentinel from weir_queue_close) and items are left in `in`. WEIR_NOMEM if an unbounded `out` had
 * no memory for a result, which went to its drop function. So it is with the status of a port (weir/port.h) as `out`.
 *
 * Returns WEIR_DEADLOCK, with no effect, if called from a worker of the group. WEIR_INVALID if an argument is NULL,
 * the group never existed, or it takes from another queue.
 */
WEIR_API weir_status weir_stop_threads(weir_queue *in, weir_threads *threads);

/* A single worker, for a program that closes or shuts down its queue itself. */
typedef struct weir_worker weir_worker;

/* Starts one worker. The caller ends it with weir_worker_join. Returns the statuses of weir_start_threads_with. */
WEIR_API weir_status weir_worker_start(weir_worker **worker, const weir_worker_options *options, weir_queue *in,
                                       weir_queue *out);

/*
 * Blocks until the worker has ended, then frees it. A worker ends when it takes a sentinel, one of its queues is shut
 * down, or its function ends the thread. Does not stop the worker. Must be called once, by any other thread.
 *
 * Returns WEIR_OK. WEIR_NOMEM if the worker has ended, but an unbounded `out` had no memory for a result, which went
 * to its drop function. WEIR_DEADLOCK, with no effect, if called from this worker. WEIR_INVALID if `worker` is NULL.
 */
WEIR_API weir_status weir_worker_join(weir_worker *worker);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_STOPPABLE_WORKER_H */
