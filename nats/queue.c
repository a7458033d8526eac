/*
 * queue.c - Implements weir_nats_queue_open: a port of weir, between a weir_queue and a handle.
 *
 * A port does not wait for room. It returns WEIR_FULL, and tells the queue when it may try again: after an acknowledgement of
 * any program, and each tick while threads wait for room or in a join. The server removes an item shortly after the
 * acknowledgement that was seen, so a put that comes too early is tried again here after a millisecond.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clock.h"
#include "held.h"
#include "open.h"
#include "put.h"
#include "room.h"
#include "sentinel.h"
#include "take.h"

#include <stdlib.h>

#include <weir/port.h>

enum { EARLY_TRIES = 4 };

struct port {
    weir_nats *nats;
    weir_queue *queue;
    bool takes; /* until the queue is shut down; under the lock of the handle */
};

/* Returns whether acknowledgements came since the last call. Then the server may be about to remove items. */
static bool wait_a_moment(weir_nats *nats, uint64_t *seen) {
    pthread_mutex_lock(&nats->lock);
    bool fresh = nats->freed != *seen;
    *seen = nats->freed;
    if (fresh)
        weir__nats_cond_wait(&nats->changed, &nats->lock, weir_deadline_after(WEIR__NATS_MILLISECOND));
    pthread_mutex_unlock(&nats->lock);
    return fresh;
}

static weir_status put_some(weir_nats *nats, void *const *items, size_t count, size_t *put) {
    if (count > 1)
        return weir_nats_put_many(nats, items, count, put, 0);
    weir_status status = weir_nats_put(nats, items[0], 0);
    *put = status == WEIR_OK;
    return status;
}

static weir_status put(void *state, void *const *items, size_t count, size_t *put) {
    struct port *port = state;
    uint64_t seen = 0;
    weir_status status = WEIR_FULL;
    *put = 0;
    for (int tries = 0; status == WEIR_FULL && tries < EARLY_TRIES; tries++) {
        size_t more = 0;
        if (tries > 0 && !weir__nats_room_watch(port->nats) && !wait_a_moment(port->nats, &seen))
            break;
        status = put_some(port->nats, items + *put, count - *put, &more);
        *put += more;
    }
    return status == WEIR_CLOSED || status == WEIR_TIMEDOUT ? WEIR_DISCONNECTED : status;
}

static weir_status close_queue(void *state) {
    struct port *port = state;
    weir_status status = weir_nats_close(port->nats, 0);
    if (status == WEIR_FULL)
        weir__nats_room_watch(port->nats);
    return status == WEIR_CLOSED || status == WEIR_TIMEDOUT ? WEIR_DISCONNECTED : status;
}

/* A sentinel whose removal is not known is asked for again, up to ack_wait: then it goes to another consumer. */
static void settle_sentinel(struct weir__nats_held *sentinel) {
    weir_deadline until = weir_deadline_after(sentinel->nats->config.ack_wait);
    uint64_t pause = 0;
    while (!weir__nats_sentinel_end(sentinel)) {
        if (weir__nats_now() >= until) {
            weir__nats_nak(sentinel, 0);
            return;
        }
        nats_Sleep(weir__nats_milliseconds(weir__nats_back_off(&pause)));
    }
}

static void settle(void *state, void *receipt) {
    struct weir__nats_held *held = receipt;
    (void)state;
    if (held->sentinel)
        settle_sentinel(held);
    else
        weir__nats_ack(held);
}

/* Not at once: the server would deliver it to this program again while that ends. */
static void give_back(void *state, void *receipt) {
    struct port *port = state;
    weir__nats_nak(receipt, port->nats->config.retry_delay);
}

static size_t as_size(uint64_t number) {
    return number > SIZE_MAX ? SIZE_MAX : (size_t)number;
}

static weir_status count(void *state, size_t *queued, size_t *unfinished) {
    struct port *port = state;
    weir_nats_counts counts;
    weir__nats_room_watch(port->nats);
    weir_status status = weir_nats_count(port->nats, &counts);
    if (status != WEIR_OK)
        return status == WEIR_TIMEDOUT || status == WEIR_CLOSED ? WEIR_DISCONNECTED : status;
    *queued = as_size(counts.waiting);
    *unfinished = as_size(counts.unfinished);
    return WEIR_OK;
}

static void changed(void *target) {
    struct port *port = target;
    weir_queue_port_changed(port->queue);
}

/* Sets whether the port takes. Returns whether it did before. */
static bool set_takes(struct port *port, bool takes) {
    pthread_mutex_lock(&port->nats->lock);
    bool before = port->takes;
    port->takes = takes;
    pthread_mutex_unlock(&port->nats->lock);
    return before;
}

static void take_no_more(struct port *port) {
    if (set_takes(port, false))
        weir__nats_take_no_more(port->nats);
}

/* The queue is shut down. */
static void refuse(struct port *port, struct weir__nats_held *held) {
    take_no_more(port);
    weir__nats_dropped(held);
}

static void deliver_item(struct port *port, struct weir__nats_held *held) {
    const weir_nats_config *config = &port->nats->config;
    void *item;
    if (weir__nats_decode(held, &item) != WEIR_OK)
        return;
    weir_status status = weir_queue_deliver(port->queue, item, held, WEIR_NEVER);
    if (status == WEIR_OK)
        return;
    if (config->drop != NULL)
        config->drop(item, config->arg);
    if (status == WEIR_CLOSED)
        refuse(port, held);
    else
        weir__nats_failed(held);
}

static void deliver_sentinel(struct port *port, struct weir__nats_held *held) {
    weir_status status = weir_queue_deliver_close(port->queue, held);
    if (status == WEIR_CLOSED)
        refuse(port, held);
    else if (status != WEIR_OK)
        weir__nats_nak(held, port->nats->config.retry_delay);
}

static void deliver(void *target, struct weir__nats_held *held) {
    struct port *port = target;
    if (held->sentinel)
        deliver_sentinel(port, held);
    else
        deliver_item(port, held);
}

static void destroy(void *state) {
    struct port *port = state;
    take_no_more(port);
    weir__nats_end(port->nats);
    free(port);
}

static weir_status create_queue(struct port *port) {
    const weir_nats_config *config = &port->nats->config;
    weir_queue_options options = {
        .capacity = config->capacity, .name = config->name, .drop = config->drop, .drop_arg = config->arg};
    weir_queue_port operations = {.put = put,
                                  .close = close_queue,
                                  .settle = settle,
                                  .give_back = give_back,
                                  .count = count,
                                  .destroy = destroy,
                                  .state = port,
                                  .window =
                                      2 * config->window}; /* more than requests ask for: deliveries do not block */
    weir_status status = weir_queue_create_port(&port->queue, &options, &operations);
    if (status != WEIR_OK)
        return status;
    weir__nats_room_tell(port->nats, changed, port);
    if (config->put_only)
        return WEIR_OK;
    status = weir__nats_take(port->nats, deliver, port);
    set_takes(port, status == WEIR_OK);
    return status;
}

weir_status weir_nats_queue_open(weir_queue **queue, const weir_nats_config *config) {
    if (queue == NULL || config == NULL)
        return WEIR_INVALID;
    struct port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return WEIR_NOMEM;
    weir_status status = weir_nats_open(&port->nats, config);
    if (status != WEIR_OK) {
        free(port);
        return status;
    }
    status = create_queue(port);
    if (status == WEIR_OK) {
        *queue = port->queue;
    } else if (port->queue != NULL) {
        weir_queue_destroy(port->queue);
    } else {
        destroy(port);
    }
    return status;
}
