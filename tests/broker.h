/*
 * broker.h - a port for tests: a queue of another system, in memory, with a thread that delivers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_BROKER_H
#define WEIR_TESTS_BROKER_H

#include "support.h"

enum { BROKER_MESSAGES = 20000 };

enum message_state { AT_BROKER, DELIVERED, SETTLED };

/* A receipt is the address of a message. */
struct message {
    void *item;
    bool sentinel;
    enum message_state state;
    unsigned deliveries;
};

struct broker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    weir_queue *queue;
    size_t capacity;
    weir_status refusal; /* what puts, closes and counts return; WEIR_OK: they work */
    struct message messages[BROKER_MESSAGES];
    size_t put, settled, given_back, wrong; /* `wrong`: receipts that were ended without a delivery */
    bool stopping, destroyed, started;
    struct gate *put_gate, *settle_gate; /* puts and settles pass them, if they are not NULL */
    pthread_t thread;
};

/* Creates a broker, and a queue with it as the port. With `delivers`, a thread delivers each message. */
weir_queue *broker_open(struct broker *broker, size_t capacity, size_t window, bool delivers,
                        const weir_queue_options *options);

/* Delivers the next message in the calling thread; its status, or WEIR_EMPTY if there is none. */
weir_status broker_deliver(struct broker *broker, weir_deadline deadline);

/* Makes the broker refuse; WEIR_OK makes it work again, and tells the queue. */
void broker_refuse(struct broker *broker, weir_status refusal);

/* Return the number of receipts that were ended in that way. */
size_t broker_settled(struct broker *broker);
size_t broker_given_back(struct broker *broker);

/* Destroys the queue, and checks that each delivery has ended once. */
void broker_close(struct broker *broker);

#endif /* WEIR_TESTS_BROKER_H */
