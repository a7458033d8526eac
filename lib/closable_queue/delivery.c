/*
 * delivery.c - Implements the list of the deliveries that are taken and not settled.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/delivery.h"

#include <limits.h>

static void append(weir__port *port, weir__delivery *delivery) {
    delivery->next = NULL;
    delivery->before = port->last;
    if (port->last == NULL)
        port->first = delivery;
    else
        port->last->next = delivery;
    port->last = delivery;
    port->taken++;
    port->by_get += delivery->by == WEIR__BY_GET;
}

/* `last` of the consumers' side is the team of the present get. */
static weir__taken_by how_taken(const weir_queue *queue, const weir__delivery *delivery) {
    if (queue->consumers.discarding)
        return WEIR__BY_DISCARD; /* a get takes nothing then */
    if (delivery->place.item == WEIR__SENTINEL)
        return WEIR__BY_SENTINEL;
    if (queue->consumers.last != NULL)
        return WEIR__BY_WORKER;
    return weir__callout_is_inside(queue, WEIR__TAKING) ? WEIR__BY_CURSOR : WEIR__BY_GET;
}

static int next_number(weir__port *port) {
    port->last_number = port->last_number < INT_MAX ? port->last_number + 1 : 1;
    return port->last_number;
}

void weir__delivery_take(weir_queue *queue, weir__requeued *place) {
    weir__port *port = queue->port;
    weir__delivery *delivery = (weir__delivery *)place;
    weir__assert(weir__lock_is_held(&queue->consumers.lock)); /* Q22 */
    delivery->taker = weir__thread_serial();
    delivery->by = how_taken(queue, delivery);
    if (delivery->by == WEIR__BY_CURSOR)
        delivery->number = next_number(port);
    append(port, delivery);
    if (queue->consumers.requeued <= port->table.window / 2)
        weir__port_wake_deliverers_locked(port); /* Q24 */
}

void weir__delivery_remove(weir__port *port, weir__delivery *delivery) {
    weir__assert(weir__lock_is_held(&port->queue->consumers.lock)); /* Q22 */
    weir__assert(port->taken > 0);
    if (delivery->before == NULL)
        port->first = delivery->next;
    else
        delivery->before->next = delivery->next;
    if (delivery->next == NULL)
        port->last = delivery->before;
    else
        delivery->next->before = delivery->before;
    delivery->next = NULL;
    port->taken--;
    port->by_get -= delivery->by == WEIR__BY_GET;
}

weir__delivery *weir__delivery_newest(const weir__port *port, weir__taken_by by) {
    uint64_t self = weir__thread_serial();
    weir__delivery *at = port->last;
    while (at != NULL && !(at->taker == self && at->by == by))
        at = at->before;
    return at;
}

weir__delivery *weir__delivery_oldest(const weir__port *port, weir__taken_by by) {
    uint64_t self = weir__thread_serial();
    weir__delivery *at = port->first;
    while (at != NULL && !(at->taker == self && at->by == by))
        at = at->next;
    return at;
}

weir__requeued *weir__delivery_untake(weir__port *port) {
    weir__delivery *delivery = weir__delivery_newest(port, WEIR__BY_WORKER);
    weir__assert(delivery != NULL); /* Q22: the worker holds an item */
    weir__delivery_remove(port, delivery);
    return &delivery->place;
}

/* Whether the calling thread has taken at least `count` items by gets. */
static bool has_taken(const weir__port *port, size_t count) {
    uint64_t self = weir__thread_serial();
    for (const weir__delivery *at = port->first; at != NULL && count > 0; at = at->next)
        count -= at->taker == self && at->by == WEIR__BY_GET;
    return count == 0;
}

weir__delivery *weir__delivery_take_out(weir__port *port, size_t count) {
    uint64_t self = weir__thread_serial();
    weir__delivery *first = NULL, **end = &first, *at = port->first;
    bool all = count == port->by_get;
    if (!all && !has_taken(port, count))
        return NULL;
    while (count > 0) {
        weir__delivery *next = at->next;
        if (at->by == WEIR__BY_GET && (all || at->taker == self)) {
            weir__delivery_remove(port, at);
            *end = at;
            end = &at->next;
            count--;
        }
        at = next;
    }
    return first;
}

weir__delivery *weir__delivery_numbered(const weir__port *port, int number) {
    weir__delivery *at = port->first;
    while (at != NULL && !(at->by == WEIR__BY_CURSOR && at->number == number))
        at = at->next;
    return at;
}

weir__delivery *weir__delivery_of_item(const weir__port *port, const void *item, bool present) {
    uint64_t self = weir__thread_serial();
    weir__delivery *found = NULL;
    for (weir__delivery *at = port->first; at != NULL; at = at->next) {
        bool own = at->taker == self;
        bool is_present = present && own && (at->by == WEIR__BY_WORKER || at->by == WEIR__BY_CURSOR);
        if (at->place.item != item || !(at->by == WEIR__BY_GET || is_present))
            continue;
        if (own)
            return at;
        if (found == NULL)
            found = at;
    }
    return found;
}
