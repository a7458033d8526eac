/*
 * deliver.c - Implements deliveries: items and sentinels arrive from the port of a queue (Q24).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port.h"
#include "closable_queue/requeue.h"

/* Blocks until the window may have room. Returns false only if the deadline has passed. */
static bool wait_for_window(weir_queue *queue, weir_deadline deadline) {
    weir__side *side = &queue->consumers;
    weir__port *port = queue->port;
    bool in_time = deadline == WEIR_NEVER || weir__clock_now() < deadline;
    weir__lock_acquire(&side->lock);
    while (in_time && !side->closed && side->requeued >= port->table.window)
        in_time = weir__park_wait(&port->deliverers, &side->lock, deadline, NULL);
    weir__lock_release(&side->lock);
    return in_time;
}

static weir_status arrive(weir_queue *queue, weir__delivery *delivery, weir_deadline deadline) {
    bool in_time = true;
    for (;;) {
        weir_status status = weir__queue_arrive(queue, &delivery->place, queue->port->table.window);
        if (status != WEIR_FULL)
            return status;
        if (!in_time)
            return WEIR_TIMEDOUT;
        in_time = wait_for_window(queue, deadline);
    }
}

static weir__delivery *create(void *item, void *receipt) {
    weir__delivery *delivery = weir__alloc(sizeof *delivery);
    if (delivery != NULL) {
        delivery->place.item = item;
        delivery->receipt = receipt;
    }
    return delivery;
}

weir_status weir_queue_deliver(weir_queue *queue, void *item, void *receipt, weir_deadline deadline) {
    if (queue == NULL || queue->port == NULL || weir__slot_is_reserved(item))
        return WEIR_INVALID;
    weir__delivery *delivery = create(item, receipt);
    if (delivery == NULL)
        return WEIR_NOMEM;
    weir_status status = arrive(queue, delivery, deadline);
    if (status != WEIR_OK)
        weir__free(delivery);
    return status;
}

weir_status weir_queue_deliver_close(weir_queue *queue, void *receipt) {
    if (queue == NULL || queue->port == NULL)
        return WEIR_INVALID;
    weir__delivery *delivery = create(WEIR__SENTINEL, receipt);
    if (delivery == NULL)
        return WEIR_NOMEM;
    weir_status status = weir__queue_arrive(queue, &delivery->place, SIZE_MAX);
    if (status != WEIR_OK)
        weir__free(delivery);
    return status;
}
