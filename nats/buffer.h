/*
 * buffer.h - the bytes of one item, or of several ones behind one another.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_BUFFER_H
#define WEIR_NATS_BUFFER_H

#include <weir/nats.h>

struct weir_nats_buffer {
    char *bytes;
    size_t size, room;
};

/* Frees the bytes. */
void weir__nats_buffer_free(weir_nats_buffer *buffer);

#endif /* WEIR_NATS_BUFFER_H */
