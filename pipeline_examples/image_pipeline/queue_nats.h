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
    struct queue_place place; /* constant, like the next five */
    uint64_t ack_wait;
    weir_queue *taken;       /* the entries of a program that has joined; the outcomes of the one with the list */
    weir_nats *put;          /* the other ones */
    weir_nats *lists;        /* marks of the state of the list (queue_lists.c) */
    uint64_t marks;          /* how many there were when this program opened the queue */
    weir_deadline next_look; /* at them; used by the main thread only, like the next one */
    bool is_over;
    bool has_taken; /* an entry */
    atomic_bool has_complained;
    _Atomic weir_deadline next_again; /* time before which nothing is put again */
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

/* Opens the queue of the begins and ends of lists, which the config names. Leaves a message if it fails. */
weir_status queue_lists_open(struct queue *queue, weir_nats_config *config);

enum queue_state { QUEUE_NO_LIST, QUEUE_PUTTING, QUEUE_ALL_PUT, QUEUE_STATES };

/* Sets the state of the list on the server. Blocks until that has it. Returns false if a signal comes first. */
bool queue_lists_mark(struct queue *queue, enum queue_state state);

/*
 * Returns whether a list has ended since this program has joined, and nothing is left. Asks the server once a second at
 * most. For the main thread of a joined program.
 */
bool queue_lists_have_ended(struct queue *queue);

/*
 * Returns whether this program goes on although nothing is unfinished: there has been no list since it has joined, or
 * entries are still being put. For the main thread of a joined program.
 */
bool queue_lists_go_on(struct queue *queue);

/* Blocks for a moment. */
void queue_pause(uint64_t ns);

#endif /* IMAGE_PIPELINE_QUEUE_NATS_H */
