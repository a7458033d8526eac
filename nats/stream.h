/*
 * stream.h - the streams and consumers of a queue on the server: created, compared, asked.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_STREAM_H
#define WEIR_NATS_STREAM_H

#include "handle.h"

/* Allocates the lanes, with names and subjects. Returns WEIR_OK or WEIR_NOMEM. */
weir_status weir__nats_lanes(weir_nats *nats);

/* Creates streams and consumers that are missing, and compares the others. Returns a status of weir_nats_open. */
weir_status weir__nats_streams(weir_nats *nats);

/* What a stream tells. */
struct weir__nats_state {
    uint64_t messages, first, last;
};

/* Asks for the state of a stream. Returns WEIR_OK, or a status with a message. */
weir_status weir__nats_state(weir_nats *nats, const char *stream, struct weir__nats_state *state);

/* Returns whether the stream has a leader that answers until the deadline. */
bool weir__nats_has_leader(weir_nats *nats, weir_deadline deadline);

/* Returns whether the server tells that the stream has no message with this number. */
bool weir__nats_is_removed(weir_nats *nats, uint64_t sequence);

/*
 * Finds the first message with a subject, which may have wildcards, from a sequence on. Sets `*sequence` to its place,
 * or to 0 if there is none. Returns WEIR_OK, or a status with a message.
 */
weir_status weir__nats_find(weir_nats *nats, const char *subject, uint64_t from, uint64_t *sequence);

/* What the consumer of a lane tells. */
struct weir__nats_lane_state {
    uint64_t waiting, in_work; /* messages that are not delivered, and not acknowledged */
    uint64_t floor;            /* all messages of the lane up to this sequence are acknowledged */
};

/* Makes the consumer of a lane anew: it delivers all messages of the lane that are in the stream. */
weir_status weir__nats_lane_renew(weir_nats *nats, size_t index);

/* Asks for the state of a lane. Returns WEIR_OK, WEIR_EMPTY if it has no consumer, or a status with a message. */
weir_status weir__nats_lane_state(weir_nats *nats, size_t index, struct weir__nats_lane_state *state);

#endif /* WEIR_NATS_STREAM_H */
