/*
 * port_settle.c - Implements the ends of receipts: settled, or returned (Q22).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port_settle.h"

#include "closable_queue/delivery.h"
#include "sync/border.h"

static void end_receipt(weir_queue *queue, weir_port_end_func *end, void *receipt) {
    weir__callout callout;
    if (end == NULL)
        return;
    weir__callout_begin(&callout, queue, WEIR__ASKING);
    end(queue->port->table.state, receipt);
    weir__border();
    weir__callout_end(&callout);
}

/* Q22. Counts the deliveries as no longer settling. Touches nothing of the queue afterwards: a join may return. */
static void finish(weir_queue *queue, size_t count) {
    weir__port *port = queue->port;
    weir__lock_acquire(&queue->consumers.lock);
    weir__assert(port->settling >= count); /* Q22 */
    port->settling -= count;
    port->events++;
    if (port->joiners.sleepers > 0)
        weir__park_release_all(&port->joiners, &queue->consumers.lock);
    else
        weir__lock_release(&queue->consumers.lock);
}

/* Ends the receipts of a list that the caller has removed, and counted as settling. */
static void end_all(weir_queue *queue, weir__delivery *first, weir_port_end_func *end) {
    size_t count = 0;
    while (first != NULL) {
        weir__delivery *delivery = first;
        first = delivery->next;
        end_receipt(queue, end, delivery->receipt);
        weir__free(delivery);
        count++;
    }
    finish(queue, count);
}

/* Releases the consumers' lock, and ends the receipts of a removed list of `count`. Returns WEIR_INVALID if it is empty. */
static weir_status release_and_end(weir_queue *queue, weir__delivery *first, size_t count, weir_port_end_func *end) {
    queue->port->settling += first != NULL ? count : 0;
    weir__lock_release(&queue->consumers.lock);
    if (first == NULL)
        return WEIR_INVALID;
    end_all(queue, first, end);
    return WEIR_OK;
}

/* The same for a delivery that is still in the list; NULL: there is none. */
static weir_status remove_and_end(weir_queue *queue, weir__delivery *delivery, weir_port_end_func *end) {
    if (delivery != NULL)
        weir__delivery_remove(queue->port, delivery);
    return release_and_end(queue, delivery, 1, end);
}

weir_status weir__port_settle(weir_queue *queue, size_t count) {
    weir__lock_acquire(&queue->consumers.lock);
    return release_and_end(queue, weir__delivery_take_out(queue->port, count), count, queue->port->table.settle);
}

void weir__port_settle_own(weir_queue *queue, size_t count) {
    weir_status status = WEIR_OK;
    while (count-- > 0 && status == WEIR_OK) {
        weir__lock_acquire(&queue->consumers.lock);
        weir__delivery *delivery = weir__delivery_oldest(queue->port, WEIR__BY_SENTINEL);
        if (delivery == NULL)
            delivery = weir__delivery_oldest(queue->port, WEIR__BY_WORKER);
        status = remove_and_end(queue, delivery, queue->port->table.settle);
    }
}

void weir__port_return_own(weir_queue *queue) {
    weir__lock_acquire(&queue->consumers.lock);
    weir__delivery *delivery = weir__delivery_oldest(queue->port, WEIR__BY_WORKER);
    (void)remove_and_end(queue, delivery, queue->port->table.give_back);
}

weir_status weir__port_get_kept(weir_queue *queue, void **item, int *number) {
    weir__callout callout;
    weir__callout_begin(&callout, queue, WEIR__TAKING);
    weir_status status = weir_queue_get(queue, item);
    weir__callout_end(&callout);
    if (status != WEIR_OK)
        return status;
    weir__lock_acquire(&queue->consumers.lock);
    const weir__delivery *delivery = weir__delivery_newest(queue->port, WEIR__BY_CURSOR);
    weir__assert(delivery != NULL); /* no other thread settles it */
    *number = delivery->number;
    weir__lock_release(&queue->consumers.lock);
    return WEIR_OK;
}

void weir__port_settle_kept(weir_queue *queue, int number) {
    weir__lock_acquire(&queue->consumers.lock);
    (void)remove_and_end(queue, weir__delivery_numbered(queue->port, number), queue->port->table.settle);
}

static weir_status end_item(weir_queue *queue, const void *item, bool present, weir_port_end_func *end) {
    weir__lock_acquire(&queue->consumers.lock);
    return remove_and_end(queue, weir__delivery_of_item(queue->port, item, present), end);
}

weir_status weir_queue_item_done(weir_queue *queue, const void *item) {
    if (queue == NULL || queue->port == NULL)
        return weir_queue_task_done(queue);
    return end_item(queue, item, false, queue->port->table.settle);
}

weir_status weir_queue_item_return(weir_queue *queue, const void *item) {
    if (queue == NULL || queue->port == NULL)
        return WEIR_INVALID;
    return end_item(queue, item, true, queue->port->table.give_back);
}

void weir__port_give_back(weir_queue *queue, size_t count) {
    weir_status status = WEIR_OK;
    while (count-- > 0 && status == WEIR_OK) {
        weir__lock_acquire(&queue->consumers.lock);
        weir__delivery *delivery = weir__delivery_oldest(queue->port, WEIR__BY_DISCARD);
        status = remove_and_end(queue, delivery, queue->port->table.give_back);
    }
}

/* Removes all deliveries that are taken. Counts the caller as settling. */
static weir__delivery *remove_taken(weir_queue *queue) {
    weir__port *port = queue->port;
    weir__lock_acquire(&queue->consumers.lock);
    weir__delivery *first = port->first;
    port->first = port->last = NULL;
    port->settling += port->taken;
    port->taken = port->by_get = 0;
    weir__lock_release(&queue->consumers.lock);
    return first;
}

void weir__port_end(weir_queue *queue) {
    weir__port *port = queue->port;
    end_all(queue, remove_taken(queue), port->table.give_back);
    if (port->table.destroy != NULL) {
        weir__callout callout;
        weir__callout_begin(&callout, queue, WEIR__ASKING);
        port->table.destroy(port->table.state);
        weir__border();
        weir__callout_end(&callout);
    }
    weir__free(port);
}
