/*
 * port_put.c - Implements the producers' side of a port: its puts, and its changes (Q21).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port_put.h"

#include "closable_queue/alert.h"
#include "closable_queue/descriptor.h"
#include "closable_queue/port.h"
#include "sync/border.h"

static weir_status call(weir_queue *queue, void *const *items, size_t count, size_t *accepted) {
    const weir_queue_port *table = &queue->port->table;
    bool closes = items[0] == WEIR__SENTINEL;
    weir_port_close_func *put_sentinel = table->close;
    weir_status status = WEIR_INVALID;
    weir__callout callout;
    weir__callout_begin(&callout, queue, WEIR__ASKING);
    if (closes && put_sentinel != NULL)
        status = put_sentinel(table->state);
    else if (!closes && table->put != NULL)
        status = table->put(table->state, items, count, accepted);
    weir__border();
    weir__callout_end(&callout);
    if (status == WEIR_OK || *accepted > count)
        *accepted = count;
    return *accepted == count ? WEIR_OK : status;
}

weir_status weir__port_put(weir_queue *queue, void *const *items, size_t count, size_t *put) {
    weir__port *port = queue->port;
    weir__side *side = &queue->consumers;
    size_t accepted = 0;
    weir__lock_acquire(&side->lock);
    uint64_t events = port->events;
    port->asking++; /* Q23 */
    weir__lock_release(&side->lock);

    weir_status status = call(queue, items, count, &accepted);

    weir__lock_acquire(&side->lock);
    port->asking--;
    if (status == WEIR_FULL && port->events == events) /* Q21 */
        side->held = true;
    bool quiet = status == WEIR_FULL && side->descriptor != NULL;
    weir__lock_release(&side->lock);
    if (quiet)
        weir__descriptor_quiet(queue, side);
    *put += accepted;
    return status;
}

weir_status weir_queue_port_changed(weir_queue *queue) {
    if (queue == NULL || queue->port == NULL)
        return WEIR_INVALID;
    weir__side *side = &queue->consumers;
    weir__park *joiners = &queue->port->joiners;
    weir__lock_acquire(&side->lock);
    queue->port->events++;
    side->held = false;
    bool wake = weir__park_wake_all(joiners);
    weir__queue_publish_room(queue);
    if (wake)
        weir__park_signal(joiners, WEIR__EVERYONE);
    return WEIR_OK;
}
