/*
 * sentinel.h - the sentinel that this program holds: it waits for the items before it, and ends one taker.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_SENTINEL_H
#define WEIR_NATS_SENTINEL_H

#include "handle.h"

/* Takes a sentinel that has arrived. */
void weir__nats_sentinel_arrived(struct weir__nats_held *held);

/* Passes the sentinel on if no item is before it: all of them are acknowledged. Only the look calls it. */
void weir__nats_sentinel_pass(weir_nats *nats);

/*
 * Acknowledges a sentinel, and waits until the server has removed it, at most for `timeout`. Returns whether it has; then
 * `held` is freed. Otherwise it may be removed or not, and the handle's message has the reason: call it again after
 * weir__nats_back_off.
 */
bool weir__nats_sentinel_end(struct weir__nats_held *held);

/* The same for one that a repair has put again further behind: that one stays. */
bool weir__nats_sentinel_moved(struct weir__nats_held *held);

#endif /* WEIR_NATS_SENTINEL_H */
