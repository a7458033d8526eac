/*
 * identity.h - identities of messages: their header, and those of what is put because of another message.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_IDENTITY_H
#define WEIR_NATS_IDENTITY_H

#include "handle.h"

/*
 * Writes the identity of what is put because of a message at this place of a stream. It depends on the identity and the
 * bytes of that message too: after a kill, the copies of two servers may have different messages at one place, and the
 * server would take the second one for the first.
 */
void weir__nats_derive(char text[SUBJECT_BYTES], const char *kind, const char *stream, natsMsg *message,
                       uint64_t place);

/* Returns the name of its header: that by which the server finds repetitions, or with replicas one of ours (put.c). */
const char *weir__nats_identity_header(const weir_nats *nats);

/* Returns the identity of a message; NULL if it has none. */
const char *weir__nats_identity(natsMsg *message);

#endif /* WEIR_NATS_IDENTITY_H */
