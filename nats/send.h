/*
 * send.h - sends puts to the server, and receives its answers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_SEND_H
#define WEIR_NATS_SEND_H

#include "handle.h"

/* Subscribes to the answers to bursts, and to the news of new leaders. */
weir_status weir__nats_send_start(weir_nats *nats);

bool weir__nats_call_init(struct weir__nats_call *call);
void weir__nats_call_destroy(struct weir__nats_call *call);

/*
 * Sends one put, and waits for its answer until the deadline. A put without an identity gets one. Sets the members `sent`,
 * `answer` and those that belong to the answer.
 */
void weir__nats_ask(weir_nats *nats, struct weir__nats_put *put, weir_deadline deadline);

/*
 * Sends a put of a burst; it then is listed, unless it has its answer already. A put without an identity gets one. The
 * put and its call must live until weir__nats_withdraw, or its answer. A put that is listed may be sent again.
 */
void weir__nats_send(weir_nats *nats, struct weir__nats_put *put);

/* Blocks until all puts of the call have an answer, or until the deadline. */
void weir__nats_await(weir_nats *nats, struct weir__nats_call *call, weir_deadline deadline);

/* Waits no longer for the answer of a put. */
void weir__nats_withdraw(weir_nats *nats, struct weir__nats_put *put);

#endif /* WEIR_NATS_SEND_H */
