/*
 * port.h - Declares what a queue with a port has beside its slots.
 *
 * State. The items lie elsewhere. The queue here has those that the port has delivered: first the items that are not
 * taken, in the list `aside` of requeued items (Q8), then those taken and not settled, in the port's list `first`. No
 * slot is ever filled. A fast path of a put, a get or a task_done never succeeds. So the
 * fast paths of a plain queue do not look for one; a cursor, a worker's settle, a join and the counts test one pointer.
 *
 * Invariants.
 *
 * Q20 A delivered item counts as one that was put, taken and settled elsewhere, and is requeued here. Tail and `done` of
 *     such a queue are therefore constant and equal, above each number of items (WEIR__PORT_BASE). The head is that
 *     number less the requeued items. A task_done finds no item unfinished, and turns to the port.
 * Q21 `held` of the producers' side is set for good: no put finds room, and its slow path asks the port. `held` of the
 *     consumers' side says that the port has found no room. It is set by the thread that was told WEIR_FULL, unless
 *     `events` has changed since before it asked. It is cleared by each change of the port, which counts an event. So no
 *     producer sleeps through a change that comes after its question.
 * Q22 Each delivery is in exactly one place: in `aside`; in the list of the port, from the take on; or with the one thread
 *     that has removed it there, and ends its receipt. So each receipt is ended once. It counts as `settling`
 *     from the removal until the operation has returned. A join asks for the count only while none is settling, and ends
 *     only if none is afterwards. So after a join, no thread that settles touches the queue: it may be destroyed.
 * Q23 No operation of the port is called with a lock held. Threads in `put`, `close` and `count` are counted in `asking`,
 *     so that a destroy refuses to free the queue under them.
 * Q24 A delivering thread sleeps under the consumers' lock, while `window` items are requeued. The take that leaves half of
 *     the window wakes all of them, and so does the end of the queue.
 *
 * Lock order: Q6; the consumers' lock guards all that changes here. Wakeups: Q21, Q22, Q24.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PORT_H
#define WEIR_CLOSABLE_QUEUE_PORT_H

#include <weir/port.h>

#include "closable_queue/queue.h"

/* The call by which an item was taken: it decides the one by which the item is settled. */
typedef enum weir__taken_by {
    WEIR__BY_GET,      /* task_done, or by its address */
    WEIR__BY_WORKER,   /* the worker itself */
    WEIR__BY_CURSOR,   /* the cursor, by the number of the delivery */
    WEIR__BY_SENTINEL, /* the get that took it */
    WEIR__BY_DISCARD   /* never: the thread that discards returns it */
} weir__taken_by;

/* A delivered item or sentinel (Q22). */
typedef struct weir__delivery {
    weir__requeued place;                 /* first member; the place in `aside`, and the item */
    void *receipt;                        /* constant */
    struct weir__delivery *next, *before; /* in the list of the port; `next` also in a list of removed ones */
    uint64_t taker;                       /* the thread that has taken it (weir__thread_serial) */
    weir__taken_by by;
    int number; /* WEIR__BY_CURSOR: from 1 */
} weir__delivery;

typedef struct weir__port {
    /* Constant after creation. */
    weir_queue *queue;
    weir_queue_port table;
    size_t capacity;

    /* Under the consumers' lock. */
    weir__delivery *first, *last; /* taken and not settled, in the order of the takes */
    size_t taken;                 /* their number */
    size_t by_get;                /* number of those that task_done may settle */
    int last_number;
    size_t settling;       /* Q22: number of removed deliveries */
    size_t asking;         /* Q23: number of threads */
    uint64_t events;       /* Q21 */
    weir__park deliverers; /* Q24 */
    weir__park joiners;
} weir__port;

/* Q20. Far from 0 and from wrapping, also doubled. */
#define WEIR__PORT_BASE (UINT64_C(1) << 62)

/* Q24. Wakes the threads that deliver. The consumers' lock is held. */
static inline void weir__port_wake_deliverers_locked(weir__port *port) {
    if (port->deliverers.sleepers > 0 && weir__park_wake_all(&port->deliverers))
        weir__park_signal(&port->deliverers, WEIR__EVERYONE);
}

/* Whether threads are in the port, or sleep because of it. Those that deliver do not count. The consumers' lock is held. */
static inline bool weir__port_is_busy_locked(const weir__port *port) {
    return port->joiners.sleepers > 0 || port->asking > 0 || port->settling > 0;
}

#endif /* WEIR_CLOSABLE_QUEUE_PORT_H */
