/*
 * pull.h - asks the server for items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_PULL_H
#define WEIR_NATS_PULL_H

#include "handle.h"

/* Sends a request for each lane that has room and none open. Any thread; the lock must not be held. */
void weir__nats_pull(weir_nats *nats);

/* The same for one lane. */
void weir__nats_pull_lane(weir_nats *nats, size_t index);

/* Counts all open requests as lost, and makes new ones. */
void weir__nats_pull_again(weir_nats *nats);

/* Takes notice of the end of request `number` of a lane. `pause`: no further request at once. The lock is held. */
void weir__nats_pull_ended_locked(weir_nats *nats, size_t lane, uint64_t number, bool pause);

/* Returns whether no request can be open at the server any more. The lock is held. */
bool weir__nats_pull_over_locked(const weir_nats *nats);

#endif /* WEIR_NATS_PULL_H */
