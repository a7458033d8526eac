/*
 * weir/select.h - waits for the first of several queues, futures and descriptors.
 *
 * A select takes an array of cases. Exactly one of them happens: its item is taken or put, or its future or descriptor is
 * ready. The other cases have no effect. Without a descriptor among the cases, the call blocks like a get; otherwise it
 * blocks in poll(2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_H
#define WEIR_SELECT_H

#include <stddef.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/future.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a case does when it happens, and the `status` that it gets then. */
typedef enum weir_case_kind {
    WEIR_CASE_GET = 1,      /* takes an item from `queue`, as weir_queue_try_get: WEIR_OK or WEIR_CLOSED */
    WEIR_CASE_PUT = 2,      /* puts `item` to `queue`, as weir_queue_try_put: WEIR_OK, WEIR_CLOSED or WEIR_NOMEM */
    WEIR_CASE_FUTURE = 3,   /* `future` has ended: the status of weir_future_get, which WEIR_OK gives the value */
    WEIR_CASE_READABLE = 4, /* a read of `fd` does not block: WEIR_OK; WEIR_INVALID if `fd` is not open */
    WEIR_CASE_WRITABLE = 5  /* a write to `fd` does not block; otherwise like WEIR_CASE_READABLE */
} weir_case_kind;

/*
 * A case of a select. Members that its kind does not use are ignored; omitted ones are zero. The program may use one
 * array again and again.
 */
typedef struct weir_case {
    weir_case_kind kind; /* which of these it is; 0 is refused */
    int fd;              /* readable, writable: negative is never ready */
    weir_queue *queue;   /* get, put: NULL is never ready */
    weir_future *future; /* future: NULL is never ready */
    void *item;          /* put: the item; get, future: receives the item or the value, with WEIR_OK */
    weir_status status;  /* set if the case has happened, otherwise unchanged */
    void *reserved[2];   /* must be NULL */
} weir_case;

/*
 * Blocks until one of the cases can happen, lets it happen, and stores its index in `*which`. Among the cases that are
 * ready, each is chosen equally often, wherever it stands. A case with a NULL queue, a NULL future or a negative
 * descriptor is switched off: it never happens.
 *
 * A closed queue is ready: its case happens with WEIR_CLOSED. Switch that case off, or it happens again and again. An
 * item that a get has taken must be settled by weir_queue_task_done. After a put with WEIR_OK the queue owns the item. A
 * future is neither taken from nor released. A descriptor is ready if it has failed or was hung up, too: the next read
 * or write reports it. Several cases may name the same queue.
 *
 * Blocks until a put, a get, a close, a shutdown, the end of a future or the readiness of a descriptor, or until
 * `deadline`. If the deadline has passed, it only looks. Several selects and gets may wait for one queue: an item wakes
 * one select that waits, and one get. On a thread of an executor or a pipeline's crew, another thread of it runs during
 * the wait. The future of the task that the calling thread runs is switched off: it cannot end before the task
 * returns. May be called wherever weir_queue_get may. Not a cancellation point.
 *
 * The queues, futures and descriptors must last as long as the call. A destroy of a queue returns WEIR_BUSY while a
 * select sleeps there. A thread that a join has told of the last item may not destroy a queue that others still select.
 * If a case of the queue has just happened in another thread, that select must have returned first.
 *
 * Up to 16 cases need no memory; more need some if the call blocks, and more than 32 may need some in any call; 2^24
 * are the most. With descriptors and other cases, a call that blocks takes one or two descriptors for its time. The
 * cases with a descriptor, and one more, may not be more than the descriptors that the process may open: poll(2)
 * refuses them.
 *
 * Returns WEIR_OK if a case has happened: its member `status` says how. After any other status none has, and `*which`
 * is unchanged:
 *
 *   WEIR_TIMEDOUT  the deadline passed first
 *   WEIR_INVALID   `cases` or `which` is NULL, `count` is 0, a kind is not one of these, a reserved member is not NULL,
 *                  or an item to put is reserved by the library
 *   WEIR_NOMEM     memory ran out, there are too many cases, or the system has no descriptor left
 *   WEIR_DEADLOCK  all cases are switched off and there is no deadline; or the thread is one of a crew that has no other:
 *                  unlike weir_future_get, the call does not run the task of a future itself
 */
WEIR_API weir_status weir_select(weir_case *cases, size_t count, weir_deadline deadline, size_t *which);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_SELECT_H */
