/*
 * port_join.c - Implements the counts of a queue with a port, and the wait for their end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port_join.h"

#include "closable_queue/port.h"
#include "sync/border.h"

typedef struct counts {
    size_t queued, unfinished;
} counts;

static counts counts_here_locked(const weir__port *port) {
    size_t queued = port->queue->consumers.requeued;
    return (counts){queued, queued + port->taken + port->settling};
}

/* Asks the port, with the lock released (Q23). Leaves `*result` unchanged after a failure. */
static weir_status ask_locked(weir__port *port, counts *result) {
    weir__lock *lock = &port->queue->consumers.lock;
    weir__callout callout;
    counts answer = {0, 0};
    if (port->table.count == NULL)
        return WEIR_OK;
    port->asking++;
    weir__lock_release(lock);
    weir__callout_begin(&callout, port->queue, WEIR__ASKING);
    weir_status status = port->table.count(port->table.state, &answer.queued, &answer.unfinished);
    weir__border();
    weir__callout_end(&callout);
    weir__lock_acquire(lock);
    port->asking--;
    if (status == WEIR_OK)
        *result = answer;
    return status;
}

static counts count(weir__port *port) {
    weir__lock *lock = &port->queue->consumers.lock;
    weir__lock_acquire(lock);
    counts result = counts_here_locked(port);
    (void)ask_locked(port, &result);
    weir__lock_release(lock);
    return result;
}

size_t weir__port_size(const weir_queue *queue) {
    return count(queue->port).queued;
}

size_t weir__port_unfinished(const weir_queue *queue) {
    return count(queue->port).unfinished;
}

/* Q22. Returns false if an item is unfinished; else `*status` is that of the join. */
static bool look_locked(weir_queue *queue, weir_status *status) {
    weir__port *port = queue->port;
    counts result = counts_here_locked(port);
    if (port->settling > 0)
        return false;
    *status = ask_locked(port, &result);
    if (*status != WEIR_OK)
        return true;
    if (weir__u32_load_relaxed(&queue->settled.discarded))
        *status = WEIR_DISCARDED;
    return result.unfinished == 0 && port->settling == 0;
}

static weir_status join_locked(weir_queue *queue, weir_deadline deadline, bool of_itself) {
    weir__port *port = queue->port;
    bool in_time = true;
    for (;;) {
        uint64_t events = port->events;
        weir_status status;
        if (look_locked(queue, &status))
            return status;
        if (!in_time || (deadline != WEIR_NEVER && weir__clock_now() >= deadline))
            return WEIR_TIMEDOUT;
        if (of_itself)
            return WEIR_DEADLOCK;
        if (port->events == events) /* no change since before the question */
            in_time = weir__park_wait(&port->joiners, &queue->consumers.lock, deadline, NULL);
    }
}

weir_status weir__port_join(weir_queue *queue, weir_deadline deadline) {
    if (weir__callout_is_inside(queue, WEIR__ASKING))
        return WEIR_DEADLOCK;
    bool of_itself = weir__callout_is_inside(queue, WEIR__DROPPING | WEIR__OWING);
    weir__lock_acquire(&queue->consumers.lock);
    weir_status status = join_locked(queue, deadline, of_itself);
    weir__lock_release(&queue->consumers.lock);
    return status;
}
