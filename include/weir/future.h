/*
 * weir/future.h - futures: a value or an error that one thread sets and others wait for.
 *
 * A future ends exactly once: with a value (DONE), with an error (FAILED), or because it was cancelled before there was
 * either (CANCELLED). Any number of threads may wait for the end, or be called back. weir/executor.h returns a future
 * for each task and ends it. A program may also create a future and end it itself: a promise.
 *
 *     weir_future *answer;
 *     weir_future_create(&answer, free_text, NULL);
 *     ... in another thread:
 *     weir_future_set(answer, text);
 *     ... in this one:
 *     if (weir_future_get(answer, &value) == WEIR_OK)
 *         use(value);
 *     weir_future_release(answer);
 *
 * The following holds for every call here, unless its comment says otherwise:
 *
 *   References The caller must have a reference to the future for as long as the call lasts. The creator of a future
 *              gets the first reference. The last release frees the future, in any state. Exception: the thread that
 *              ends a promise needs no reference for this call. So a waiter may release the last reference as soon as
 *              it sees the end, even before the call that ended the promise has returned.
 *   Values     Values are pointers, which weir does not dereference. NULL is a valid value: the status, not the value,
 *              tells whether the future has a value.
 *   Threads    All calls are thread-safe, and any thread may make any of them at any time.
 *   Memory     A thread that learns of the end, by any call here or in a callback, sees the writes made before the end.
 *   Blocking   A blocked thread spins briefly, then sleeps and uses no CPU time. Calls are not interrupted by signals
 *              and never return spuriously. No call is a cancellation point, nor is a callback or a drop function in
 *              it: a cancellation request stays pending.
 *   Helping    A task may wait for tasks of its own executor. If the wait has no deadline, and is for all of its
 *              futures, the waiting thread may itself run tasks that it waits for and that have not begun. Otherwise
 *              another thread takes the place of the blocked one. So such a wait does not stop the executor.
 *   Deadlock   A call that could never return fails with WEIR_DEADLOCK. This happens in two cases. The calling thread
 *              would wait for a task that it is running itself, at any depth of its stack. Or it is a thread of an
 *              executor, all threads of the executor are blocked, and no more may be started. Promises that wait for
 *              one another are not detected.
 *   Exceptions No C++ exception may leave a callback or a drop function. If one does, std::terminate is called in the
 *              throwing thread, before its stack is unwound. At that time no lock is held.
 *   NULL       If the future, a function or a pointer for a result is NULL, the call returns WEIR_INVALID and has no
 *              effect.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_H
#define WEIR_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_future weir_future;

/* The state of a future. The last three are final. */
typedef enum weir_future_state {
    WEIR_FUTURE_PENDING = 0,  /* a promise that was not set, or a task that has not begun */
    WEIR_FUTURE_RUNNING = 1,  /* its task runs */
    WEIR_FUTURE_DONE = 2,     /* has ended with a value */
    WEIR_FUTURE_FAILED = 3,   /* has ended with an error */
    WEIR_FUTURE_CANCELLED = 4 /* was cancelled before there was a value or an error */
} weir_future_state;

/* ---- promises ---- */

/*
 * Creates a pending promise and stores it in `*future`. The caller owns the first reference, and must release it
 * (weir_future_release). If a value was set and not taken, the last release calls `drop` with the value and `drop_arg`.
 * A NULL `drop` leaves such a value unfreed. Never blocks.
 *
 * Returns WEIR_OK, or
 *   WEIR_NOMEM  if out of memory
 */
WEIR_API weir_status weir_future_create(weir_future **future, weir_drop_func *drop, void *drop_arg);

/*
 * Ends a promise with a value. The future then owns the value. Wakes the threads that wait for the promise, and calls
 * its callbacks before it returns. If the call fails, the caller still owns the value.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED     if the promise was set or failed earlier
 *   WEIR_CANCELLED  if the promise was cancelled
 *   WEIR_INVALID    if the future is that of a task: only the executor ends it
 */
WEIR_API weir_status weir_future_set(weir_future *future, void *value);

/*
 * Ends a promise with an error like weir_future_set. `code` is the program's choice, but not 0; errors from weir
 * itself have WEIR_CODE(status). The message is formatted as by printf, and truncated to 255 bytes; a NULL `format`
 * selects "". If out of memory for the message, the message is "", and the call succeeds.
 *
 * Returns the statuses of weir_future_set. Also returns WEIR_INVALID if `code` is 0.
 */
WEIR_API weir_status weir_future_fail(weir_future *future, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* ---- references ---- */

/* Adds a reference and returns the future. Returns NULL if it is NULL. */
WEIR_API weir_future *weir_future_retain(weir_future *future);

/*
 * Releases a reference. The last release frees the future: a value that was not taken goes to the drop function, in
 * this call, and the descriptor is closed. A promise that has not ended is cancelled first, so its callbacks run. A
 * task that has not ended is not affected, because it has a reference to its future until it ends. NULL has no effect.
 */
WEIR_API void weir_future_release(weir_future *future);

/* ---- results ---- */

/*
 * Blocks until the future has ended, and stores its value in `*value`. The value stays with the future: it is valid
 * until the last release, or until it is taken and freed. `value` may be NULL.
 *
 * Returns WEIR_OK, or
 *   WEIR_FAILED     if the future has ended with an error (see weir_future_code)
 *   WEIR_CANCELLED  if the future was cancelled
 *   WEIR_EMPTY      if the value was taken
 *   WEIR_DEADLOCK   if the call could never return
 */
WEIR_API weir_status weir_future_get(weir_future *future, void **value);

/*
 * Gets the value like weir_future_get, but blocks until `deadline` at most. With a deadline that has passed, does not
 * block. Also returns WEIR_TIMEDOUT if the future had not ended by the deadline.
 */
WEIR_API weir_status weir_future_get_until(weir_future *future, void **value, weir_deadline deadline);

/*
 * Moves the value out of the future and stores it in `*value`. The caller then owns the value, and the drop function is
 * not called for it. Only one call succeeds. Never blocks.
 *
 * Returns WEIR_OK, or
 *   WEIR_BUSY       if the future has not ended
 *   WEIR_EMPTY      if the value was taken earlier
 *   WEIR_FAILED     if the future has ended with an error
 *   WEIR_CANCELLED  if the future was cancelled
 */
WEIR_API weir_status weir_future_take(weir_future *future, void **value);

/* Returns the state at one instant during the call; WEIR_FUTURE_CANCELLED for a NULL future. Never blocks. */
WEIR_API weir_future_state weir_future_state_of(const weir_future *future);

/*
 * Returns the error code of a failed future, WEIR_CODE(WEIR_CANCELLED) for a cancelled one, and 0 for any other or
 * NULL. Never blocks.
 */
WEIR_API int weir_future_code(const weir_future *future);

/*
 * Returns the message of a failed future, which is valid until the last release. Returns "" for any other future or
 * NULL. Never blocks.
 */
WEIR_API const char *weir_future_message(const weir_future *future);

/* ---- cancelling ---- */

/*
 * Cancels a pending future: its task never runs, its waiters wake, and its callbacks run before the call returns. If
 * its task is running, only records the request. The task may check for the request (weir_future_cancelled), and may
 * end with any result. Never blocks.
 *
 * Returns WEIR_OK if the future is cancelled, by this call or before. Otherwise returns
 *   WEIR_BUSY    if its task is running
 *   WEIR_CLOSED  if the future has ended with a value or an error
 */
WEIR_API weir_status weir_future_cancel(weir_future *future);

/*
 * Returns whether weir_future_cancel was called before the future ended, and returned WEIR_OK or WEIR_BUSY. A long task
 * should call this with its own future. Returns false for NULL. Never blocks.
 */
WEIR_API bool weir_future_cancelled(const weir_future *future);

/* ---- callbacks ---- */

/*
 * Called when the future has ended, with no lock held. The thread that ended the future calls its callbacks one after
 * the other, in the order in which they were added. The future exists until the function has returned. The function may
 * make any call, and may release references to the future. Must not end its thread.
 */
typedef void weir_future_func(weir_future *future, void *arg);

/*
 * Adds a callback, which is called once. If the future has not ended, does not block. If the future has ended, the
 * callback runs in this call. At the same time, the thread that ended the future may still run earlier callbacks.
 *
 * Returns WEIR_OK, or
 *   WEIR_NOMEM  if out of memory; the callback is never called
 */
WEIR_API weir_status weir_future_on_end(weir_future *future, weir_future_func *func, void *arg);

/*
 * Returns a descriptor for poll(2), select(2) or epoll(7). The descriptor becomes readable when the future ends, and
 * stays readable; it is readable before the call that ends the future returns. The first call creates it, and all calls
 * return the same. It is close-on-exec. The future owns the descriptor and closes it at the last release. The program
 * must not read, write or close it.
 *
 * Returns -1 if the future is NULL, out of memory, or the system has no descriptor left. The next call tries again.
 */
WEIR_API int weir_future_fd(weir_future *future);

/* ---- several futures ---- */

/* How long a wait for several futures blocks. */
typedef enum weir_wait_mode {
    WEIR_FIRST_COMPLETED = 0, /* until a future has ended */
    WEIR_FIRST_ERROR = 1,     /* until a future has failed, or all have ended; a cancelled one has not failed */
    WEIR_ALL = 2              /* until all have ended */
} weir_wait_mode;

/*
 * Blocks until the futures have ended as `mode` requires, or until `deadline`. With a deadline that has passed, does
 * not block. Sets `*ended` to the number of entries that have ended at the return; `ended` may be NULL. A future may
 * occur in several entries; each counts. With a `count` of 0, returns at once. The array and its references must exist
 * until the call returns. The call takes time in proportion to `count`, regardless of how many futures end meanwhile.
 *
 * Returns WEIR_OK, or
 *   WEIR_TIMEDOUT  if the deadline passed first
 *   WEIR_DEADLOCK  if the call could never return
 *   WEIR_INVALID   if `futures` is NULL though `count` is not 0, `futures` contains NULL, or `mode` is not a member of
 *                  its enum; `*ended` is unchanged
 *   WEIR_NOMEM     if out of memory, unless `mode` is WEIR_ALL; `*ended` is unchanged
 */
WEIR_API weir_status weir_wait(weir_future *const *futures, size_t count, weir_wait_mode mode, weir_deadline deadline,
                               size_t *ended);

/* Hands out futures in the order in which they end. */
typedef struct weir_completions weir_completions;

/*
 * Creates completions of `count` futures and stores them in `*completions`. The caller frees them with
 * weir_completions_destroy. The array may be freed after the call; the completions have references of their own. A
 * future may occur in several entries; each is handed out. Never blocks.
 *
 *     weir_as_completed(&completions, futures, count);
 *     while (weir_completions_next(completions, &future, &index, WEIR_NEVER) == WEIR_OK)
 *         use(future);
 *     weir_completions_destroy(completions);
 *
 * Returns WEIR_OK, or
 *   WEIR_INVALID  if `futures` is NULL though `count` is not 0, or `futures` contains NULL
 *   WEIR_NOMEM    if out of memory
 */
WEIR_API weir_status weir_as_completed(weir_completions **completions, weir_future *const *futures, size_t count);

/*
 * Hands out the next future that has ended, and its index in the array; `index` may be NULL. Futures that had ended
 * when the completions were created come first, in the order of the array; the others follow in the order in which they
 * end. The reference belongs to the completions, and is valid until their destroy; to use the future longer, retain it.
 *
 * Blocks until a future ends, or until `deadline`. With a deadline that has passed, does not block. The time that a
 * call takes does not depend on the number of futures. Several threads may call this concurrently; each entry goes to
 * one of them.
 *
 * Returns WEIR_OK, or
 *   WEIR_CLOSED    if all entries were handed out
 *   WEIR_TIMEDOUT  if no future ended before the deadline
 *   WEIR_DEADLOCK  if the call could never return
 */
WEIR_API weir_status weir_completions_next(weir_completions *completions, weir_future **future, size_t *index,
                                           weir_deadline deadline);

/*
 * Frees the completions and releases their references. No other thread may be in a call on the completions, or make one
 * afterwards. NULL has no effect.
 */
WEIR_API void weir_completions_destroy(weir_completions *completions);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_FUTURE_H */
