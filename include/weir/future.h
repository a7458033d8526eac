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
 *   References the caller needs a reference to the future, which lasts as long as the call. A future is created with
 *              one, which belongs to the caller. The last release frees the future, in any state. As an exception, a
 *              thread may set, fail or cancel a promise without a reference of its own: once another thread sees the
 *              end, that thread may release the last reference, even before the call that ended the promise returns.
 *   Values     are pointers that weir passes on and never dereferences. NULL is a legal value: the status, not the
 *              value, tells whether there is one.
 *   Threads    all calls are thread-safe, and any thread may make any of them at any time.
 *   Memory     a thread that learns of the end, by any call here or in a callback, sees the writes made before it.
 *   Blocking   a blocked thread spins briefly, then sleeps and uses no CPU time. Calls are not interrupted by signals
 *              and never return spuriously. No call is a cancellation point, nor is a callback or a drop function in it:
 *              a cancellation request stays pending.
 *   Helping    a call without a deadline that waits for all of its futures, on a thread of an executor, may itself run
 *              tasks of that executor that it waits for and that have not begun. Otherwise another thread takes the
 *              place of the blocked one. A task that waits for tasks of its own executor therefore makes progress.
 *   Deadlock   a call that could never return, returns WEIR_DEADLOCK. The calling thread is running the task that it
 *              would wait for, directly or further down on its stack; or it is a thread of an executor, all threads of
 *              the executor are blocked, and no more may be started. Promises that wait for one another are not
 *              detected.
 *   Exceptions no C++ exception may leave a callback or a drop function. If one does, std::terminate is called in that
 *              thread, on the stack of the throw. Nothing has been unwound, and no lock is held.
 *   NULL       if the future, a function or a pointer for a result is NULL, the call returns WEIR_INVALID and has no
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
 * Creates a promise and stores it in `*future`. It is pending. The caller owns one reference, and returns it with
 * weir_future_release. `drop` frees a value that was set and not taken, at the last release; it receives the value and
 * `drop_arg`. NULL leaves such a value alone. Never blocks.
 *
 * Returns WEIR_OK. WEIR_NOMEM if memory ran out.
 */
WEIR_API weir_status weir_future_create(weir_future **future, weir_drop_func *drop, void *drop_arg);

/*
 * Ends a promise with a value, which then belongs to the future. Threads that wait for it wake, and its callbacks run
 * before the call returns. If the call fails, the value still belongs to the caller.
 *
 * Returns WEIR_OK. WEIR_CLOSED if the promise was set or failed earlier. WEIR_CANCELLED if it was cancelled.
 * WEIR_INVALID if the future is that of a task: only the executor ends it.
 */
WEIR_API weir_status weir_future_set(weir_future *future, void *value);

/*
 * Ends a promise with an error like weir_future_set. `code` is the program's choice, but not 0; errors from weir
 * itself have WEIR_CODE(status). The message is formatted as by printf, and its first 255 bytes are kept; NULL
 * selects "". If there is no memory for the message, it is "", and the call succeeds.
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
 * Returns a reference. The last one frees the future: the value goes to the drop function, in this call, unless it was
 * taken; the descriptor is closed. A promise that has not ended is cancelled first, so its callbacks run. A task is not
 * affected: it has a reference of its own until it ends. NULL does nothing.
 */
WEIR_API void weir_future_release(weir_future *future);

/* ---- results ---- */

/*
 * Blocks until the future has ended, and stores its value in `*value`. The value stays with the future: it is valid
 * until the last release, or until it is taken and freed. `value` may be NULL.
 *
 * Returns WEIR_OK. WEIR_FAILED if the future has ended with an error (see weir_future_code). WEIR_CANCELLED if it was
 * cancelled. WEIR_EMPTY if the value was taken. WEIR_DEADLOCK if the call could never return.
 */
WEIR_API weir_status weir_future_get(weir_future *future, void **value);

/*
 * Behaves like weir_future_get, but blocks no longer than until `deadline`. If the deadline has passed, it only checks.
 * Returns WEIR_TIMEDOUT if the future had not ended by the deadline.
 */
WEIR_API weir_status weir_future_get_until(weir_future *future, void **value, weir_deadline deadline);

/*
 * Moves the value out of the future and stores it in `*value`. The value then belongs to the caller, and the drop
 * function is not called for it. Exactly one call succeeds. Never blocks.
 *
 * Returns WEIR_OK. WEIR_BUSY if the future has not ended. WEIR_EMPTY if the value was taken earlier. WEIR_FAILED or
 * WEIR_CANCELLED as for weir_future_get.
 */
WEIR_API weir_status weir_future_take(weir_future *future, void **value);

/* Returns the state at one instant during the call; WEIR_FUTURE_CANCELLED for a NULL future. Never blocks. */
WEIR_API weir_future_state weir_future_state_of(const weir_future *future);

/*
 * Returns the error code of a failed future, WEIR_CODE(WEIR_CANCELLED) for a cancelled one, and 0 for any other or
 * NULL. Never blocks.
 */
WEIR_API int weir_future_code(const weir_future *future);

/* Returns the message of a failed future, which is valid until the last release; "" for any other or NULL. Never blocks. */
WEIR_API const char *weir_future_message(const weir_future *future);

/* ---- cancelling ---- */

/*
 * Cancels a future that is pending. Its task never runs; threads that wait for the future wake, and its callbacks run
 * before the call returns. If its task runs, the call only records the request: the task can see it with
 * weir_future_cancelled, and still ends as it chooses. Never blocks.
 *
 * Returns WEIR_OK if the future is cancelled, now or earlier. WEIR_BUSY if its task runs. WEIR_CLOSED if it has ended
 * with a value or an error.
 */
WEIR_API weir_status weir_future_cancel(weir_future *future);

/*
 * Returns whether weir_future_cancel was called before the future ended, with WEIR_OK or WEIR_BUSY. For long tasks,
 * which ask for their own future. Returns false for NULL. Never blocks.
 */
WEIR_API bool weir_future_cancelled(const weir_future *future);

/* ---- callbacks ---- */

/*
 * Called when the future has ended, with no lock held. The thread that ended the future calls its callbacks one after
 * the other, in the order in which they were added. The future lasts as long as the call. The function may make any
 * call, also release the future. Must not end its thread.
 */
typedef void weir_future_func(weir_future *future, void *arg);

/*
 * Adds a callback, which is called once. If the future has ended, the callback runs in this call; earlier ones may still
 * be running then, in the thread that ended the future. Otherwise the call does not block.
 *
 * Returns WEIR_OK if the callback was called or will be. WEIR_NOMEM if memory ran out; it is never called then.
 */
WEIR_API weir_status weir_future_on_end(weir_future *future, weir_future_func *func, void *arg);

/*
 * Returns a descriptor for poll(2), select(2) or epoll(7). It becomes readable when the future ends, at the latest when
 * the call that ends it returns, and stays readable. It is created by the first call, and is the same in all of them.
 * The future owns it and closes it at the last release. The program only waits for it: it does not read, write or close
 * it. The descriptor is closed in programs that the process executes. Returns -1 if the future is NULL, memory ran out
 * or the system has no descriptor left; a later call tries again.
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
 * Blocks until the futures have ended, as `mode` says, no longer than until `deadline`. If the deadline has passed, it
 * only checks. `*ended` is set to the number of entries that have ended when the call returns; `ended` may be NULL. An
 * entry may occur more than once, and counts as often. With `count` 0 the call returns at once. The array and its
 * references must last as long as the call. The time that the call takes grows with `count`, and not with the number of
 * futures that end meanwhile.
 *
 * Returns WEIR_OK. WEIR_TIMEDOUT if the deadline passed first, or WEIR_DEADLOCK if the call could never return; `*ended`
 * is set. WEIR_INVALID if `futures` is NULL though `count` is not 0, or contains NULL, or `mode` is none of these.
 * WEIR_NOMEM if memory ran out; never with WEIR_ALL. After these two `*ended` is unchanged.
 */
WEIR_API weir_status weir_wait(weir_future *const *futures, size_t count, weir_wait_mode mode, weir_deadline deadline,
                               size_t *ended);

/* Hands out futures in the order in which they end. */
typedef struct weir_completions weir_completions;

/*
 * Creates completions of `count` futures and stores them in `*completions`. The caller frees them with
 * weir_completions_destroy. The array may be freed after the call; the completions have references of their own. An
 * entry may occur more than once, and is handed out as often. Never blocks.
 *
 *     weir_as_completed(&completions, futures, count);
 *     while (weir_completions_next(completions, &future, &index, WEIR_NEVER) == WEIR_OK)
 *         use(future);
 *     weir_completions_destroy(completions);
 *
 * Returns WEIR_OK. WEIR_INVALID if `futures` is NULL though `count` is not 0, or contains NULL. WEIR_NOMEM if memory ran
 * out.
 */
WEIR_API weir_status weir_as_completed(weir_completions **completions, weir_future *const *futures, size_t count);

/*
 * Hands out the next future that has ended, and its index in the array; `index` may be NULL. Futures that had ended when
 * the completions were created come first, in the order of the array; the others follow in the order in which they end.
 * The future is borrowed from the completions; a caller that keeps it longer retains it. Blocks until a future ends, no
 * longer than until `deadline`; if the deadline has passed, it only checks. The time that a call takes does not depend on
 * the number of futures. Several threads may call it at the same time; each entry goes to one of them.
 *
 * Returns WEIR_OK. WEIR_CLOSED if all entries were handed out. WEIR_TIMEDOUT if none ended until the deadline.
 * WEIR_DEADLOCK if the call could never return.
 */
WEIR_API weir_status weir_completions_next(weir_completions *completions, weir_future **future, size_t *index,
                                           weir_deadline deadline);

/*
 * Frees the completions and returns their references. The futures are not affected. No other thread may be in a call on
 * the completions or make one afterwards. NULL does nothing.
 */
WEIR_API void weir_completions_destroy(weir_completions *completions);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_FUTURE_H */
