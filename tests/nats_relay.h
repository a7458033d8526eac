/*
 * nats_relay.h - a network between a program and a server on 127.0.0.1, which a test interrupts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_NATS_RELAY_H
#define WEIR_TESTS_NATS_RELAY_H

#include <stddef.h>

struct nats_relay;

enum nats_relay_mode {
    RELAY_FORWARDS,
    RELAY_HOLDS,         /* no byte moves; what is sent arrives later, as after a partition of the network */
    RELAY_HOLDS_ANSWERS, /* bytes move from the program to the server only */
    RELAY_HOLDS_PUTS,    /* bytes move from the server to the program only */
    RELAY_DELAYS,        /* of subscriptions, also those that a leaf node passes on: what follows on their connection
                            too; all else moves */
    RELAY_CUTS           /* connections end, and new ones end at once */
};

/* Starts a relay to a port; nats_relay_end ends it. Ends the process if that fails. */
struct nats_relay *nats_relay_start(int port);
void nats_relay_end(struct nats_relay *relay);

/* Returns the relay's own port. */
int nats_relay_port(const struct nats_relay *relay);

/* Changes the mode. It is in effect when this returns. */
void nats_relay_set(struct nats_relay *relay, enum nats_relay_mode mode);

/* Returns the number of connections that were made through the relay. */
size_t nats_relay_connections(struct nats_relay *relay);

#endif /* WEIR_TESTS_NATS_RELAY_H */
