/*
 * put.h - one put, from its first attempt to a status.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_PUT_H
#define WEIR_NATS_PUT_H

#include "handle.h"

/* Starts a put of bytes to a subject, which the caller keeps; the other members of `put` have their defaults then. */
void weir__nats_put_begin(struct weir__nats_put *put, const char *subject, const void *bytes, size_t size);

/*
 * Makes attempts until the server has stored the put, or has refused it, or until the deadline. Returns a status of
 * weir_nats_put, with a message. After WEIR_TIMEDOUT, WEIR_FULL, WEIR_DISCONNECTED and WEIR_UNCERTAIN it may be called
 * again, with the same identity.
 */
weir_status weir__nats_put_until(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline);

/* Returns the time until which a put that was sent waits for its answer: the deadline, or `timeout` from now on. */
weir_deadline weir__nats_patience(const weir_nats *nats, weir_deadline deadline);

/* The same with a patience that several puts share. After that time it makes no attempt. */
weir_status weir__nats_put_within(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline,
                                  weir_deadline patience);

/*
 * The same until the put is stored for the first time: if `answer` is not ANSWER_STORED then, weir__nats_put_within must
 * follow.
 */
weir_status weir__nats_put_once(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline,
                                weir_deadline patience);

/* Makes a put for a call of its own: begin, attempts, and the end. `header` may be NULL. */
weir_status weir__nats_put_message(weir_nats *nats, const char *subject, const weir_nats_message *message,
                                   const char *header, const char *same_id, weir_deadline deadline);

/*
 * Puts a message of the queue again, which the caller removes then, within `timeout`. The queue may be full: after kills of
 * its servers it may have more messages than its capacity. The identity makes sure that it is stored once.
 */
weir_status weir__nats_put_again(weir_nats *nats, const char *subject, const weir_nats_message *message,
                                 const char *header, const char *same_id);

/* Returns the subject for an item. */
const char *weir__nats_subject(const weir_nats *nats, const void *item);

/* Counts a call of the program, which the destroy waits for. Returns WEIR_CLOSED if that has begun. */
weir_status weir__nats_enter(weir_nats *nats);
void weir__nats_leave(weir_nats *nats);

/* Returns whether the destroy has begun. */
bool weir__nats_stopped(weir_nats *nats);

#endif /* WEIR_NATS_PUT_H */
