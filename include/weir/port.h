/*
 * weir/port.h - queues whose items lie elsewhere, for example on a broker.
 *
 * A port connects a weir_queue with a queue of another system: a table of operations and their state. Its queue is used
 * by the calls of weir/closable_queue.h, by workers, by selects and by stages that put results to it. Puts and closes go
 * to the port at once. The port's own threads deliver items as they arrive; consumers take these from the queue.
 *
 * Receipts. Each delivery has a receipt, an address by which the port knows it. The queue ends each receipt once:
 * `settle` if the item is done, `give_back` if it must be delivered again. The items belong to the program, as ever: the
 * consumer that takes one owns it, and the queue's drop function disposes of the items that no consumer gets. Neither
 * operation gets the item. A receipt that is ended by the item's address is ended before the item is freed: its address
 * may be that of another item afterwards.
 *
 * Waiting. No operation waits for room: if there is none, `put` returns WEIR_FULL. The queue then blocks its callers until
 * the port calls weir_queue_port_changed, and tries again. So deadlines, shutdowns, selects and descriptors work as ever.
 *
 * What each call does in a queue with a port:
 *
 *   put, put_until, ...    as ever. They also return each status that `put` of the port returns. A queue that was shut
 *                          down returns WEIR_CLOSED, and does not ask the port.
 *   try_put, try_put_many  never wait for room. The port may need time to have an item accepted, for example a round trip.
 *   close                  asks `close` of the port. The sentinel counts where the items are, not in weir_queue_size here.
 *   get, get_many, ...     take what was delivered, in the order of the deliveries.
 *   task_done, tasks_done  settle the items that the calling thread took longest ago and has not settled; if it has too few,
 *                          those of all threads, if the call settles all that are unsettled. Else they return WEIR_INVALID:
 *                          an item that another thread still works on could be lost; settle by weir_queue_item_done there.
 *                          Items of workers and cursors are not among these. Each call looks at all unsettled items.
 *                          Before a call returns, `settle` of the port has returned for each.
 *   cursors, workers       settle their own items. A worker takes one item at a time. It gives the item back instead of
 *                          settling it if the function ends the thread, or `out` refuses the result.
 *   join, join_until       wait until `count` finds no item unfinished where the items are, and no thread settles one here.
 *                          They also return each status that `count` returns. Without `count`, they wait for the items
 *                          delivered here.
 *   size, unfinished       what `count` says, which may be a past value. If it fails, or without it: of what was delivered
 *                          here, the items not taken, or not settled.
 *   capacity               `capacity` of the options.
 *   shutdown               ends this queue only, and removes nothing where the items are. WEIR_DRAIN leaves the delivered
 *                          items to the consumers here. WEIR_DISCARD passes each of them to the drop function, and gives
 *                          its receipt back.
 *   destroy                shuts down with WEIR_DISCARD, returns the receipts of all unsettled items, and calls `destroy`
 *                          of the port. Returns WEIR_BUSY also while a thread is in `put`, `close` or `count` of the port,
 *                          and WEIR_DEADLOCK if an operation of the port calls it.
 *   weir_stop_threads      each worker ends after its present item. Items that were delivered and not begun stay for other
 *                          consumers; if there are any, it returns WEIR_UNFINISHED. Join first to have all of them done.
 *                          It also returns the last status, other than WEIR_CLOSED, with which a port as `out` has refused
 *                          a result.
 *
 * A stage that puts results or letters to such a queue fails an item that the port refuses, with the code of the status.
 * The last stage that feeds the queue shuts it down at its end (weir/pipeline.h), which ends this queue only: to end the
 * consumers of other programs, close it before.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PORT_H
#define WEIR_PORT_H

#include <stddef.h>

#include <weir/closable_queue.h>
#include <weir/deadline.h>
#include <weir/export.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Puts items where they belong, in order, until one is not accepted. Sets `*put` to the number of accepted items, which
 * the port owns then. Called with at least one item, and `*put` 0.
 *
 * Returns WEIR_OK if all were accepted. WEIR_FULL if there was no room for the next one. Any other status is returned by
 * the call that put. WEIR_TIMEDOUT and WEIR_CLOSED keep their meaning: return other ones for the port's own reasons.
 */
typedef weir_status weir_port_put_func(void *state, void *const *items, size_t count, size_t *put);

/* Puts a sentinel behind all items. Returns statuses as weir_port_put_func. */
typedef weir_status weir_port_close_func(void *state);

/* Ends the receipt of an item. Must not wait for the queue. What fails here must lead to another delivery. */
typedef void weir_port_end_func(void *state, void *receipt);

/*
 * Counts items and sentinels where they are: those that no consumer has taken, and those that are not settled. May need
 * time, but should answer from what the port knows. Any status but WEIR_OK means that both numbers are unknown.
 */
typedef weir_status weir_port_count_func(void *state, size_t *queued, size_t *unfinished);

/* Ends the port's threads, which may call the queue until then, and frees `state`. */
typedef void weir_port_destroy_func(void *state);

/*
 * The operations of a port. They are called in the threads that use the queue, in several at once, with no lock held.
 * They may call the queue, but not join or destroy it. Members omitted from an initialiser are zero.
 */
typedef struct weir_queue_port {
    weir_port_put_func *put;         /* NULL: puts return WEIR_INVALID */
    weir_port_close_func *close;     /* NULL: closes return WEIR_INVALID */
    weir_port_end_func *settle;      /* the item is done; NULL disables it */
    weir_port_end_func *give_back;   /* the item must be delivered again; NULL disables it */
    weir_port_count_func *count;     /* NULL: only what was delivered here counts */
    weir_port_destroy_func *destroy; /* the last operation; NULL disables it */
    void *state;                     /* passed to each operation */
    size_t window;                   /* maximum number of delivered items that are not taken; 0 selects 1 */
    void *reserved[4];               /* must be NULL */
} weir_queue_port;

/*
 * Creates a queue with a port, and copies `port`. `options->capacity` is what weir_queue_capacity returns. The port may
 * be asked as soon as the caller uses the queue. The caller frees it with weir_queue_destroy.
 *
 * Returns the statuses of weir_queue_create_with. WEIR_INVALID also if `port` is NULL, or a reserved member of it is not.
 * After a failure, no operation was called, and `state` remains the caller's.
 */
WEIR_API weir_status weir_queue_create_port(weir_queue **queue, const weir_queue_options *options,
                                            const weir_queue_port *port);

/*
 * Delivers an item that has arrived, with its receipt. Called by the port. Blocks while as many delivered items as the
 * window has are not taken. Unblocks when consumers have taken half of them, or the queue is shut down. Several threads
 * may deliver; the order of their items is that of their returns.
 *
 * Returns WEIR_OK: the queue owns item and receipt. After any other status they remain the caller's. WEIR_TIMEDOUT if the
 * window was full until `deadline`; if the deadline has passed, it tries once. WEIR_CLOSED if the queue is shut down.
 * WEIR_NOMEM if memory ran out. WEIR_INVALID if the queue has no port, or `item` is reserved by the library.
 */
WEIR_API weir_status weir_queue_deliver(weir_queue *queue, void *item, void *receipt, weir_deadline deadline);

/*
 * Delivers a sentinel behind the delivered items: one consumer gets WEIR_CLOSED, which settles the receipt. A port calls
 * this in one program, once everything before the sentinel is settled everywhere. Never blocks; the window does not count.
 *
 * Returns statuses as weir_queue_deliver, except WEIR_TIMEDOUT.
 */
WEIR_API weir_status weir_queue_deliver_close(weir_queue *queue, void *receipt);

/*
 * Tells the queue that its port may answer otherwise: there is room, or items were settled, or a connection is back.
 * Wakes a producer that waits for room, which tries again and passes the wake on, and all joins, which count again. Never
 * blocks. May be called too often: each call costs a try.
 *
 * Returns WEIR_OK. WEIR_INVALID if the queue is NULL or has no port.
 */
WEIR_API weir_status weir_queue_port_changed(weir_queue *queue);

/*
 * Settles an item that any thread took, not by a worker or a cursor. If several unsettled ones have this address, one
 * that the calling thread took, and the one taken longest ago. For programs that finish items in other threads, or not
 * in the order in which they took them. In a queue without a port, the same as weir_queue_task_done.
 *
 * Returns WEIR_OK. WEIR_INVALID if the queue is NULL, or no such item is unsettled.
 */
WEIR_API weir_status weir_queue_item_done(weir_queue *queue, const void *item);

/*
 * Ends the receipt of such an item by `give_back` instead: another consumer, here or elsewhere, gets the item again. Also
 * of the item that the calling thread has as a worker or by a cursor, which then does not settle it. The item itself
 * remains the caller's.
 *
 * Returns WEIR_OK. WEIR_INVALID if the queue is NULL or has no port, or no such item is unsettled.
 */
WEIR_API weir_status weir_queue_item_return(weir_queue *queue, const void *item);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PORT_H */
