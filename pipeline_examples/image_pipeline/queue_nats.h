/*
 * queue_nats.h - the structures of a queue over libweir-nats.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_QUEUE_NATS_H
#define IMAGE_PIPELINE_QUEUE_NATS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/nats.h>
#include <weir/port.h>

#include "queue.h"

enum { QUEUE_MESSAGE_SIZE = 512 };

struct queue {
    struct queue_place place; /* constant, like the next three */
    uint64_t ack_wait;
    weir_queue *taken; /* the entries of a program that has joined; the outcomes of the one with the list */
    weir_nats *put;    /* the other ones */
    bool is_over;      /* used by the main thread only */
    atomic_bool has_complained;
};

struct delivery {
    struct queue *queue;
    char *text; /* of the entry */
    struct entry entry;
    unsigned attempt;
    char *lines; /* NULL: none */
    size_t size; /* of the lines */
};

/* Returns the config of the queue of the entries. */
weir_nats_config queue_config(const struct queue *queue, char message[QUEUE_MESSAGE_SIZE]);

/*
 * Puts texts to `queue->put`, in order. Frees and counts in `*put` those that the server has. Tries again until the
 * server answers. A first failure is told on standard error.
 */
enum queue_answer queue_send(struct queue *queue, char *const *texts, size_t count, size_t *put);

/* Makes the config that of a program that takes entries: its items are deliveries. */
void queue_take_deliveries(struct queue *queue, weir_nats_config *config);

/* Blocks for a moment. */
void queue_pause(uint64_t ns);

#endif /* IMAGE_PIPELINE_QUEUE_NATS_H */
