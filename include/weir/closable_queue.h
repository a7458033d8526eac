/*
 * weir/closable_queue.h - a bounded, blocking queue that can be closed.
 *
 * Producers put, consumers get. A put waits while the queue is full, so a fast stage cannot run away from a slow one; a
 * get waits while it is empty. Every item that was put is owed one task_done, and join waits until nothing is owed any
 * more. Two ways lead to the end:
 *
 *   close     puts one sentinel behind what is queued. The consumer that takes it is told WEIR_CLOSED, the others go on.
 *   shutdown  ends the queue for everybody at once: WEIR_DRAIN lets the consumers have what is left, WEIR_DISCARD gives
 *             it to the drop function.
 *
 * What holds for every call here, unless its comment says otherwise:
 *
 *   Items      are pointers that weir hands on and never looks at. NULL is a legal item: the status tells whether there
 *              is one, never the value. First in, first out; what one producer puts comes out in the order it was put.
 *              No item is lost and none comes twice. (A group of workers may take several items at once. What its
 *              workers have not begun when they end goes back to the front, in no order that is promised.)
 *   Ownership  a put that returns WEIR_OK has given its item to the queue. A put that returns anything else has not:
 *              the item is the caller's as before.
 *   Threads    any thread may make any call at any time, against any other, except destroy, which must be the last.
 *              What a thread did before a put is seen by the thread that gets the item; what it did before a get, by
 *              the thread whose put has the room; and what it did before a task_done, by those whose join returns.
 *   Blocking   a waiting thread sleeps and costs no CPU. Signals and spurious wake-ups are not seen, and no call is a
 *              cancellation point, nor is a drop function that it calls: a request for cancellation stays pending.
 *   Exceptions no C++ exception may leave a drop function. If one does, std::terminate is called on the stack of the
 *              throw, in its thread. Nothing is unwound before, no lock is held, and no item is lost; the terminate
 *              handler may make the calls that the drop function may.
 *   NULL       a NULL queue, NULL options, or NULL where a result goes is WEIR_INVALID and has no effect.
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

/* The capacity that says: no bound. Such a queue's puts never wait; its memory follows what is in it, up and down. */
#define WEIR_UNBOUNDED SIZE_MAX

/*
 * What becomes of an item that no consumer will have: frees it, or whatever its owner would have done. Called in the
 * thread that shut the queue down, destroyed it, or failed to hand an item on, or in a worker's that ends after a
 * WEIR_DISCARD. Called with no lock held, so it may call weir, its own queue included: a queue that is being destroyed
 * is closed until the last item is dropped. What would wait for the drop function itself returns WEIR_DEADLOCK. If it
 * discards its own queue again, that call returns at once, and the discard that has called it goes on. It must not end
 * its thread.
 */
typedef void weir_drop_func(void *item, void *arg);

/* Members that are not named in an initialiser are zero, and zero is right for each of them but the capacity. */
typedef struct weir_queue_options {
    size_t capacity;      /* items that fit, at least 1, or WEIR_UNBOUNDED */
    const char *name;     /* for people; copied; NULL: no name */
    weir_drop_func *drop; /* NULL: an item that nobody will have is forgotten */
    void *drop_arg;       /* handed to drop */
    void *reserved[4];    /* all NULL */
} weir_queue_options;

typedef enum weir_shutdown_mode {
    WEIR_DRAIN = 0,  /* the consumers still get what is in the queue */
    WEIR_DISCARD = 1 /* nobody gets anything any more */
} weir_shutdown_mode;

/*
 * Creates a queue for `capacity` items and hands it out through `queue`; the caller ends it with weir_queue_destroy.
 * All of a bounded queue's memory is taken here, one pointer an item, so that its puts cannot run out of it.
 *
 * WEIR_OK; WEIR_INVALID: capacity 0, or more than memory can address (WEIR_UNBOUNDED is the way to say no bound);
 * WEIR_NOMEM.
 */
WEIR_API weir_status weir_queue_create(weir_queue **queue, size_t capacity);

/* As weir_queue_create, with a name and a drop function. WEIR_INVALID also for a reserved member that is not NULL. */
WEIR_API weir_status weir_queue_create_with(weir_queue **queue, const weir_queue_options *options);

/*
 * Frees the queue. Items still inside go to the drop function, in order, in this thread. NULL is allowed and does
 * nothing. The caller sees to it that no other thread is in a call on the queue or makes one afterwards; a thread that
 * still sleeps in one is noticed, and so are workers that were not stopped or joined: the queue then stays as it is. It
 * is safe to destroy the queue when weir_queue_join has returned in the only thread that still uses it.
 *
 * WEIR_OK; WEIR_BUSY: threads sleep in a put, get, close or join (shut the queue down and let them return first), or
 * workers take from the queue or put to it; WEIR_DEADLOCK: called from the queue's own drop function, or by such a
 * worker.
 */
WEIR_API weir_status weir_queue_destroy(weir_queue *queue);

/*
 * Puts `item` at the end. Waits while the queue is full, until a consumer makes room or the queue is shut down.
 *
 * WEIR_OK; WEIR_CLOSED: the queue is shut down; WEIR_NOMEM: unbounded only; WEIR_INVALID: `item` is one of two
 * addresses inside the library that no program is ever given.
 */
WEIR_API weir_status weir_queue_put(weir_queue *queue, void *item);

/* As weir_queue_put, but never waits for room. WEIR_FULL: there is none. */
WEIR_API weir_status weir_queue_try_put(weir_queue *queue, void *item);

/*
 * As weir_queue_put, but waits no longer than until `deadline`. One that has passed means: try once. WEIR_TIMEDOUT:
 * there was no room until then.
 */
WEIR_API weir_status weir_queue_put_until(weir_queue *queue, void *item, weir_deadline deadline);

/*
 * Puts `count` items, in order, waiting for room as often as need be; other producers' items may come between them.
 * `*put` is always set, to how many are in the queue now: items[0] to items[*put - 1] are given away, the rest are the
 * caller's. A count of 0 is WEIR_OK.
 *
 * WEIR_OK: all of them; WEIR_CLOSED, WEIR_NOMEM: the first *put of them; WEIR_INVALID: none, `items` is NULL though
 * `count` is not 0, or holds an item that cannot be put.
 */
WEIR_API weir_status weir_queue_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put);

/* As weir_queue_put_many, but never waits for room. WEIR_FULL: there was room for the first *put of them. */
WEIR_API weir_status weir_queue_try_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put);

/*
 * As weir_queue_put_many, but waits no longer than until `deadline`, for all of them together. One that has passed
 * means: try once. WEIR_TIMEDOUT: until then there was room for the first *put of them.
 */
WEIR_API weir_status weir_queue_put_many_until(weir_queue *queue, void *const *items, size_t count, size_t *put,
                                               weir_deadline deadline);

/*
 * Takes the item at the front and hands it out through `item`: the caller owns it, and owes a weir_queue_task_done once
 * it is dealt with. Waits while the queue is empty, until an item or a sentinel arrives or the queue is shut down.
 *
 * WEIR_OK; WEIR_CLOSED: a sentinel was taken (nothing is owed for it), or the queue is shut down and, with WEIR_DRAIN,
 * empty.
 */
WEIR_API weir_status weir_queue_get(weir_queue *queue, void **item);

/* As weir_queue_get, but never waits for an item. WEIR_EMPTY: there is none. */
WEIR_API weir_status weir_queue_try_get(weir_queue *queue, void **item);

/*
 * As weir_queue_get, but waits no longer than until `deadline`. One that has passed means: try once. WEIR_TIMEDOUT:
 * nothing came until then; an item that arrives at that moment is either returned or still in the queue.
 */
WEIR_API weir_status weir_queue_get_until(weir_queue *queue, void **item, weir_deadline deadline);

/*
 * Waits for the first item as weir_queue_get does, then takes what is there, up to `max` items, without waiting again.
 * `*got` is always set; items[0] to items[*got - 1] are the caller's, in order, and it owes as many task_dones
 * (weir_queue_tasks_done settles them in one call). A sentinel is never taken together with items: the call before it
 * stops short, the next one takes it.
 *
 * WEIR_OK: at least one; WEIR_CLOSED: as weir_queue_get, *got is 0; WEIR_INVALID: `items` is NULL or `max` is 0.
 */
WEIR_API weir_status weir_queue_get_many(weir_queue *queue, void **items, size_t max, size_t *got);

/* As weir_queue_get_many, but never waits for an item. WEIR_EMPTY: there is none, *got is 0. */
WEIR_API weir_status weir_queue_try_get_many(weir_queue *queue, void **items, size_t max, size_t *got);

/*
 * As weir_queue_get_many, but waits for the first item no longer than until `deadline`. One that has passed means: try
 * once. WEIR_TIMEDOUT: nothing came until then, *got is 0.
 */
WEIR_API weir_status weir_queue_get_many_until(weir_queue *queue, void **items, size_t max, size_t *got,
                                               weir_deadline deadline);

/*
 * Says that one item taken from the queue is dealt with. If nothing is unfinished then, every weir_queue_join returns.
 *
 * WEIR_OK; WEIR_INVALID: nothing is unfinished; the count is unchanged. (The queue counts, it does not know who owes: a
 * task_done for an item that is still inside is taken for another's.)
 */
WEIR_API weir_status weir_queue_task_done(weir_queue *queue);

/* Says it of `count` items at once, of 0 too. WEIR_INVALID: more than are unfinished; then none of them is settled. */
WEIR_API weir_status weir_queue_tasks_done(weir_queue *queue, size_t count);

/*
 * Waits until nothing is unfinished: all that was put, sentinels included, has been taken and settled. It does not wait
 * for more to be put; an empty queue is joined at once. Woken by the last task_done, or by the WEIR_DISCARD that
 * settles the rest; WEIR_DRAIN settles nothing, so it ends no join.
 *
 * WEIR_OK; WEIR_DISCARDED: finished too, but a WEIR_DISCARD has taken items away, now or earlier; WEIR_DEADLOCK: it
 * would wait for an item that this thread has in hand, in the queue's drop function or as a worker that takes from it.
 */
WEIR_API weir_status weir_queue_join(weir_queue *queue);

/*
 * As weir_queue_join, but waits no longer than until `deadline`. WEIR_TIMEDOUT: something was unfinished until then, or
 * it has passed already.
 */
WEIR_API weir_status weir_queue_join_until(weir_queue *queue, weir_deadline deadline);

/*
 * Puts one sentinel behind everything that is queued. Exactly one consumer will take it and be told WEIR_CLOSED, once;
 * the others go on. To stop n consumers, close n times. A sentinel takes a place like an item: close waits for room
 * while the queue is full, and the sentinel counts in the size and as unfinished until it is taken, which settles it.
 *
 * WEIR_OK; WEIR_CLOSED: the queue is shut down, so every consumer is told anyway; WEIR_NOMEM: unbounded only.
 */
WEIR_API weir_status weir_queue_close(weir_queue *queue);

/*
 * Ends the queue for everybody, and never waits. From now on puts and closes return WEIR_CLOSED, the waiting ones at
 * once, and no get waits any more.
 *
 * WEIR_DRAIN:   gets hand out what is left, then return WEIR_CLOSED to every consumer.
 * WEIR_DISCARD: gets return WEIR_CLOSED. What is in the queue goes to the drop function, in order, each item once and
 *               in this thread, and is settled; items already taken still owe their task_done.
 *
 * Twice is the same as once. WEIR_DISCARD after WEIR_DRAIN discards what is left; WEIR_DRAIN after WEIR_DISCARD
 * changes nothing.
 *
 * WEIR_OK; WEIR_INVALID: no such mode.
 */
WEIR_API weir_status weir_queue_shutdown(weir_queue *queue, weir_shutdown_mode mode);

/*
 * How many items and sentinels are in the queue, how many fit (WEIR_UNBOUNDED if there is no bound), and how many have
 * been put and not been settled. Each is exact at one instant during the call, and may have changed since; none waits.
 * 0 for a NULL queue.
 */
WEIR_API size_t weir_queue_size(const weir_queue *queue);
WEIR_API size_t weir_queue_capacity(const weir_queue *queue);
WEIR_API size_t weir_queue_unfinished(const weir_queue *queue);

/* The name it was created with, which lives as long as the queue; "" if it has none, or for a NULL queue. */
WEIR_API const char *weir_queue_name(const weir_queue *queue);

/*
 * A consumer's loop, with the settling done:
 *
 *     weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
 *     void *item;
 *     while (weir_queue_cursor_next(&cursor, &item) == WEIR_OK)
 *         use(item);
 *     weir_queue_cursor_end(&cursor);
 *
 * A cursor belongs to one thread. Its members are the library's own; it needs no memory and no destruction.
 */
typedef struct weir_queue_cursor {
    weir_queue *queue;
    int state;
} weir_queue_cursor;

#define WEIR_QUEUE_CURSOR(queue)                                                                                       \
    { (queue), 0 }

/*
 * Settles the item that this cursor handed out last, if any, then waits for the next as weir_queue_get does. After
 * WEIR_CLOSED the cursor is at its end: it goes on to return WEIR_CLOSED and takes no second sentinel.
 *
 * WEIR_OK; WEIR_CLOSED; WEIR_INVALID: a NULL argument, or somebody else has settled this cursor's item already.
 */
WEIR_API weir_status weir_queue_cursor_next(weir_queue_cursor *cursor, void **item);

/*
 * Settles the item that this cursor handed out last, if any: for a loop that is left early. Afterwards the cursor is at
 * its end. Twice is the same as once.
 *
 * WEIR_OK; WEIR_INVALID: a NULL argument, or somebody else has settled this cursor's item already.
 */
WEIR_API weir_status weir_queue_cursor_end(weir_queue_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_CLOSABLE_QUEUE_H */
