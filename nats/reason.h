/*
 * reason.h - the statuses of libnats and of the server as weir's, and the message of a failure.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_REASON_H
#define WEIR_NATS_REASON_H

#include "handle.h"

/* Returns weir's status for one of libnats, and for the server's code, which is 0 if there is none. */
weir_status weir__nats_status(natsStatus status, jsErrCode code);

/* Skips the place in the source of libnats that a text of its begins with: "(conn.c:733): ". */
const char *weir__nats_without_place(const char *text);

/*
 * Keeps the message "NAME on URL: ..." and returns `status`. The lock must not be held.
 */
weir_status weir__nats_fail(weir_nats *nats, weir_status status, const char *format, ...)
#if defined __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Keeps what the server does not permit. It tells that apart from the call, which has no answer. */
void weir__nats_refused(weir_nats *nats, const char *text);

/* Returns whether the server has told lately that it does not permit this subject, or its end. Then keeps that message. */
bool weir__nats_is_refused(weir_nats *nats, const char *subject);

/* The same for a call of libnats that has failed in this thread: "NAME on URL: WHAT: reason". `subject` may be NULL. */
weir_status weir__nats_fail_as(weir_nats *nats, natsStatus status, jsErrCode code, const char *what,
                               const char *subject);

/* A subject of the server's calls. */
struct weir__nats_api {
    char subject[REFUSAL_BYTES];
};

/* Returns "$JS.API.CALL.STREAM", or "$JS.API.CALL.STREAM.CONSUMER"; `consumer` may be NULL. */
struct weir__nats_api weir__nats_api(const char *call, const char *stream, const char *consumer);

#endif /* WEIR_NATS_REASON_H */
