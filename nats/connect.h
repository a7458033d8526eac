/*
 * connect.h - the two connections of a handle.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_CONNECT_H
#define WEIR_NATS_CONNECT_H

#include "handle.h"

/* Makes both connections and the JetStream context. Returns WEIR_OK, or a status of weir_nats_open with a message. */
weir_status weir__nats_connect(weir_nats *nats);

/* Ends what weir__nats_connect has made, and waits until no function of a subscription runs. */
void weir__nats_disconnect(weir_nats *nats);

/*
 * Subscribes; the function gets the handle. A `group` may be NULL. Each subscription counts in `callbacks` until its
 * function can no longer be called.
 */
natsStatus weir__nats_subscribe(weir_nats *nats, natsSubscription **subscription, natsConnection *connection,
                                const char *subject, const char *group, natsMsgHandler function);

/* Returns whether the connection is up at this moment. */
bool weir__nats_connected(natsConnection *connection);

#endif /* WEIR_NATS_CONNECT_H */
