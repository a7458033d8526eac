/*
 * weir/closable_queue.h - a bounded, blocking queue that can be closed.
 *
 * Producers put, consumers get. A put blocks while the queue is full: this back-pressure keeps a fast stage from
 * overrunning a slow one. A get blocks while the queue is empty. Each put must be matched by one task_done; join
 * blocks until no item is unfinished. A queue ends in one of two ways:
 *
 *   close     puts one sentinel behind the queued items. The consumer that takes it gets WEIR_CLOSED; the others
 *             continue.
 *   shutdown  ends the queue for all threads at once. WEIR_DRAIN leaves the queued items to the consumers;
 *             WEIR_DISCARD passes them to the drop function.
 *
 * The following holds for every call here, unless its comment says otherwise:
 *
 *   Items      are pointers that weir passes on and never dereferences. NULL is a legal item: the status, not the
 *              value, tells whether a get returned an item. The queue is FIFO: the items of one producer come out in
 *              the order in which they were put. No item is lost or returned twice. A group of workers may take
 *              several items at once. Items that its workers have not begun when they end are requeued at the front,
 *              in no guaranteed order.
 *   Ownership  a put that returns WEIR_OK transfers its item to the queue. After any other status, the caller still
 *              owns the item.
 *   Threads    all calls are thread-safe, and any thread may make any of them at any time. The exception is destroy,
 *              which must be the last call.
 *   Memory     a get sees the writes made before the put of its item. A put that fills a freed slot sees the writes
 *              made before the get that freed the slot. A join that returns sees the writes made before each
 *              task_done that it waited for.
 *   Blocking   a blocked thread spins briefly, then sleeps and uses no CPU time. Calls are not interrupted by signals
 *              and never return spuriously. Neither a call nor a drop function that it calls is a cancellation point:
 *              a cancellation request stays pending.
 *   Exceptions no C++ exception may leave a drop function. If one does, std::terminate is called in that thread, before
 *              its stack is unwound. At that time no lock is held, and no item is lost. The terminate handler may make
 *              the calls that the drop function may make.
 *   NULL       if the queue, the options or a pointer for a result is NULL, the call returns WEIR_INVALID and has no
 *              effect.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_H
#define WEIR_CLOSABLE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_queue weir_queue;

/* Capacity of an unbounded queue. Its puts never block; its memory grows and shrinks with the number of items. */
#define WEIR_UNBOUNDED SIZE_MAX

/*
 * Disposes of an item that no consumer will get, for example by freeing it. Called in the thread that shut the queue
 * down, destroyed it or failed to pass an item on. Also called in a worker that ends after a WEIR_DISCARD. Must not
 * end its thread.
 *
 * No lock is held, so the function may call weir, its own queue included. During a destroy, the queue behaves as shut
 * down until its last item is dropped. A call that would wait for the drop function itself returns WEIR_DEADLOCK. If
 * the function discards its own queue during a discard, the inner call returns at once and the outer one continues.
 */
typedef void weir_drop_func(void *item, void *arg);

/*
 * The options of a queue. Members omitted from an initialiser are zero. Zero is valid for each of them but the
 * capacity.
 */
typedef struct weir_queue_options {
    size_t capacity;      /* maximum number of items, at least 1, or WEIR_UNBOUNDED */
    const char *name;     /* copied, for diagnostics; NULL selects "" */
    weir_drop_func *drop; /* disposes of items that no consumer will get; NULL disables it */
    void *drop_arg;       /* passed to drop */
    void *reserved[4];    /* must be NULL */
} weir_queue_options;

/* What weir_queue_shutdown does with the queued items. */
typedef enum weir_shutdown_mode {
    WEIR_DRAIN = 0,  /* consumers still get the queued items */
    WEIR_DISCARD = 1 /* no consumer gets any more items */
} weir_shutdown_mode;

/*
 * Creates a queue for `capacity` items and stores it in `*queue`. The caller frees it with weir_queue_destroy. A
 * bounded queue allocates all of its memory here, one pointer per item, so its puts cannot run out of memory.
 *
 * Returns WEIR_OK. WEIR_INVALID if `capacity` is 0 or more than memory can address (WEIR_UNBOUNDED selects an
 * unbounded queue). WEIR_NOMEM if memory ran out.
 */
WEIR_API weir_status weir_queue_create(weir_queue **queue, size_t capacity);

/*
 * Creates a queue like weir_queue_create, with a name and a drop function. Also returns WEIR_INVALID if a reserved
 * member is not NULL.
 */
WEIR_API weir_status weir_queue_create_with(weir_queue **queue, const weir_queue_options *options);

/*
 * Frees the queue. Items still queued go to the drop function, in order, in the calling thread. NULL does nothing.
 *
 * The caller must ensure that no other thread is in a call on the queue or makes one afterwards. Two violations are
 * detected and leave the queue unchanged: a thread that sleeps in a call, and workers that were not stopped or
 * joined. Once weir_queue_join has returned in the only thread that still uses the queue, a destroy is safe.
 *
 * Returns WEIR_OK. WEIR_BUSY if threads sleep in a put, get, close or join (shut the queue down and let them return
 * first). WEIR_BUSY also if workers take from the queue or put to it, or stages of a pipeline put to it. WEIR_DEADLOCK
 * if called from the queue's own drop function, or in a worker that uses the queue.
 */
WEIR_API weir_status weir_queue_destroy(weir_queue *queue);

/*
 * Puts `item` at the end. Blocks while the queue is full. Unblocks when a consumer makes room or the queue is shut
 * down. Blocked puts have no order: a put that finds room takes it, also before earlier ones. If consumers take many
 * items at a time, a producer that puts all the time gets most of the places.
 *
 * Returns WEIR_OK. WEIR_CLOSED if the queue is shut down. WEIR_NOMEM if memory ran out (unbounded queues only).
 * WEIR_INVALID if `item` is one of two addresses reserved by the library, which no program ever obtains.
 */
WEIR_API weir_status weir_queue_put(weir_queue *queue, void *item);

/* Behaves like weir_queue_put, but never blocks. Returns WEIR_FULL if the queue is full. */
WEIR_API weir_status weir_queue_try_put(weir_queue *queue, void *item);

/*
 * Behaves like weir_queue_put, but blocks no longer than until `deadline`. If the deadline has passed, it tries once.
 * Returns WEIR_TIMEDOUT if the queue was full until the deadline.
 */
WEIR_API weir_status weir_queue_put_until(weir_queue *queue, void *item, weir_deadline deadline);

/*
 * Puts `count` items, in order. Blocks for room as often as necessary; items of other producers may come in between.
 * `*put` is always set to the number of items that were put. items[0] to items[*put - 1] then belong to the queue,
 * the rest to the caller.
 *
 * Returns WEIR_OK if all were put, or `count` is 0. WEIR_CLOSED if the queue was shut down, or WEIR_NOMEM if memory
 * ran out, after the first *put items. WEIR_INVALID if `items` is NULL though `count` is not 0, or contains a
 * reserved address; no item was put then.
 */
WEIR_API weir_status weir_queue_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put);

/* Behaves like weir_queue_put_many, but never blocks. Returns WEIR_FULL if only the first *put items had room. */
WEIR_API weir_status weir_queue_try_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put);

/*
 * Behaves like weir_queue_put_many, but blocks no longer than until `deadline`, for all items together. If the
 * deadline has passed, it tries once. Returns WEIR_TIMEDOUT if only the first *put items had room until the deadline.
 */
WEIR_API weir_status weir_queue_put_many_until(weir_queue *queue, void *const *items, size_t count, size_t *put,
                                               weir_deadline deadline);

/*
 * Takes the item at the front and stores it in `*item`. The caller then owns the item, and must call
 * weir_queue_task_done after processing it. Blocks while the queue is empty. Unblocks when an item or a sentinel
 * arrives or the queue is shut down.
 *
 * Returns WEIR_OK. WEIR_CLOSED if a sentinel was taken, which needs no task_done. WEIR_CLOSED also if the queue is
 * shut down and, with WEIR_DRAIN, empty.
 */
WEIR_API weir_status weir_queue_get(weir_queue *queue, void **item);

/* Behaves like weir_queue_get, but never blocks. Returns WEIR_EMPTY if the queue is empty. */
WEIR_API weir_status weir_queue_try_get(weir_queue *queue, void **item);

/*
 * Behaves like weir_queue_get, but blocks no longer than until `deadline`. If the deadline has passed, it tries once.
 * Returns WEIR_TIMEDOUT if nothing arrived until the deadline. An item that arrives at the deadline is either
 * returned or still queued.
 */
WEIR_API weir_status weir_queue_get_until(weir_queue *queue, void **item, weir_deadline deadline);

/*
 * Takes up to `max` items. Blocks for the first item like weir_queue_get, then takes the items already queued without
 * blocking again. `*got` is always set to the number of items taken. items[0] to items[*got - 1] belong to the
 * caller, in order, and each must be settled; weir_queue_tasks_done settles them in one call. A sentinel is never
 * taken together with items: the call stops before it, and the next call takes it.
 *
 * Returns WEIR_OK if at least one item was taken. WEIR_CLOSED as for weir_queue_get, with *got 0. WEIR_INVALID if
 * `items` is NULL or `max` is 0.
 */
WEIR_API weir_status weir_queue_get_many(weir_queue *queue, void **items, size_t max, size_t *got);

/* Behaves like weir_queue_get_many, but never blocks. Returns WEIR_EMPTY, with *got 0, if the queue is empty. */
WEIR_API weir_status weir_queue_try_get_many(weir_queue *queue, void **items, size_t max, size_t *got);

/*
 * Behaves like weir_queue_get_many, but blocks for the first item no longer than until `deadline`. If the deadline
 * has passed, it tries once. Returns WEIR_TIMEDOUT, with *got 0, if nothing arrived until the deadline.
 */
WEIR_API weir_status weir_queue_get_many_until(weir_queue *queue, void **items, size_t max, size_t *got,
                                               weir_deadline deadline);

/*
 * Marks one item taken from the queue as done. If no item is unfinished then, every weir_queue_join returns.
 *
 * Returns WEIR_OK. WEIR_INVALID if no item is unfinished; the count does not change. The queue only counts: a task_done
 * for a queued item is taken for that of another item.
 */
WEIR_API weir_status weir_queue_task_done(weir_queue *queue);

/*
 * Marks `count` items as done at once; `count` may be 0. Returns WEIR_INVALID if fewer are unfinished; none is
 * settled then.
 */
WEIR_API weir_status weir_queue_tasks_done(weir_queue *queue, size_t count);

/*
 * Blocks until no item is unfinished: all items and sentinels that were put have been taken and settled. Does not
 * wait for further puts; if nothing is unfinished, it returns at once. The last task_done unblocks it, as does a
 * WEIR_DISCARD that settles the remaining items. WEIR_DRAIN settles nothing, so it ends no join.
 *
 * Returns WEIR_OK. WEIR_DISCARDED if no item is unfinished, but a WEIR_DISCARD removed items, now or earlier.
 * WEIR_DEADLOCK if the calling thread holds an unfinished item, in the queue's drop function or as a worker that
 * takes from the queue.
 */
WEIR_API weir_status weir_queue_join(weir_queue *queue);

/*
 * Behaves like weir_queue_join, but blocks no longer than until `deadline`. If the deadline has passed, it only
 * checks. Returns WEIR_TIMEDOUT if an item was still unfinished at the deadline.
 */
WEIR_API weir_status weir_queue_join_until(weir_queue *queue, weir_deadline deadline);

/*
 * Puts one sentinel behind all queued items. Exactly one consumer takes it and gets WEIR_CLOSED, once; the others
 * continue. To stop n consumers, close n times. A sentinel occupies a slot like an item, so close blocks while the
 * queue is full. Until taken, the sentinel counts in the size and as unfinished; taking it settles it.
 *
 * Returns WEIR_OK. WEIR_CLOSED if the queue is shut down: every consumer gets WEIR_CLOSED anyway. WEIR_NOMEM if
 * memory ran out (unbounded queues only).
 */
WEIR_API weir_status weir_queue_close(weir_queue *queue);

/*
 * Ends the queue for all threads. Never blocks. From then on, puts and closes return WEIR_CLOSED, blocked ones at
 * once, and no get blocks any more.
 *
 * WEIR_DRAIN:   gets return the remaining items, then WEIR_CLOSED to every consumer.
 * WEIR_DISCARD: gets return WEIR_CLOSED. Each queued item goes to the drop function once, in order, in the calling
 *               thread, and is settled. Items already taken still need their task_done.
 *
 * A second call with the same mode has no effect. WEIR_DISCARD after WEIR_DRAIN discards the remaining items.
 * WEIR_DRAIN after WEIR_DISCARD has no effect.
 *
 * Returns WEIR_OK. WEIR_INVALID if `mode` is neither of these.
 */
WEIR_API weir_status weir_queue_shutdown(weir_queue *queue, weir_shutdown_mode mode);

/*
 * Returns the number of items and sentinels in the queue, its capacity (WEIR_UNBOUNDED if unbounded), or the number
 * of items and sentinels put but not settled. The number is exact at one instant during the call. Returns 0 for a
 * NULL queue. Never blocks.
 */
WEIR_API size_t weir_queue_size(const weir_queue *queue);
WEIR_API size_t weir_queue_capacity(const weir_queue *queue);
WEIR_API size_t weir_queue_unfinished(const weir_queue *queue);

/*
 * Return a descriptor, to be polled for reading with poll(2), select(2), epoll(7) or an event loop. The program must
 * not read, write or close the descriptor.
 *
 * The descriptor of weir_queue_get_fd becomes readable when a get would not block: on an item, a sentinel or a
 * shutdown. It stays readable until a get in any thread finds the queue empty, as weir_queue_try_get does when it
 * returns WEIR_EMPTY. The descriptor of weir_queue_put_fd becomes readable (not writable) when a put would not block:
 * on room or a shutdown. It stays readable until a put finds the queue full, as weir_queue_try_put does when it returns
 * WEIR_FULL. So the program may take or put as much as it likes each time, and no wakeup is lost. A descriptor does not
 * change how blocked threads and workers are woken. Several threads may poll one descriptor: all of them wake, and some
 * may find nothing. While a descriptor is readable, a new item causes no new edge: with an edge-triggered wait, the
 * program must take items until WEIR_EMPTY.
 *
 * A requeued item counts like a new one. Items that a worker or a batch stage has taken but not begun are not in the
 * queue. After a shutdown both descriptors stay readable until the queue is destroyed.
 *
 * The first call creates the descriptor, and later calls return the same one. Before the first call, a queue has no
 * cost for descriptors. The queue owns the descriptor and closes it when destroyed: remove it from every poll first.
 * The descriptor is close-on-exec. After a fork, the child shares it and must leave the queue and the descriptor alone.
 *
 * Returns -1 if the queue is NULL, memory ran out or the system has no descriptor left; a later call tries again. Never
 * blocks. May be called at any time, also in a drop function.
 */
WEIR_API int weir_queue_get_fd(weir_queue *queue);
WEIR_API int weir_queue_put_fd(weir_queue *queue);

/*
 * Returns the name given at creation, which lives as long as the queue. Returns "" if the queue has no name or is
 * NULL.
 */
WEIR_API const char *weir_queue_name(const weir_queue *queue);

/*
 * The state of a consumer's loop. A cursor settles each item before it takes the next:
 *
 *     weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
 *     void *item;
 *     while (weir_queue_cursor_next(&cursor, &item) == WEIR_OK)
 *         use(item);
 *     weir_queue_cursor_end(&cursor);
 *
 * A cursor belongs to one thread. Its members are private. It allocates no memory and needs no destruction.
 */
typedef struct weir_queue_cursor {
    weir_queue *queue; /* private: the queue */
    int state;         /* private: whether an item is unsettled, or the end was reached */
} weir_queue_cursor;

#define WEIR_QUEUE_CURSOR(queue)                                                                                       \
    { (queue), 0 }

/*
 * Settles the item that this cursor returned last, if any, then takes the next one like weir_queue_get. After
 * WEIR_CLOSED the cursor is at its end: it keeps returning WEIR_CLOSED and takes no second sentinel.
 *
 * Returns WEIR_OK. WEIR_CLOSED as for weir_queue_get, or if the cursor is at its end. WEIR_INVALID if an argument is
 * NULL, or if no item is unfinished because another call settled this cursor's item.
 */
WEIR_API weir_status weir_queue_cursor_next(weir_queue_cursor *cursor, void **item);

/*
 * Settles the item that this cursor returned last, if any, for a loop that ends early. The cursor is at its end then.
 * A second call has no effect.
 *
 * Returns WEIR_OK. WEIR_INVALID if an argument is NULL, or if no item is unfinished because another call settled this
 * cursor's item.
 */
WEIR_API weir_status weir_queue_cursor_end(weir_queue_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_CLOSABLE_QUEUE_H */
