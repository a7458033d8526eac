/*
 * take.h - receives items, and passes them on to one target.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_TAKE_H
#define WEIR_NATS_TAKE_H

#include "handle.h"

/*
 * Begins to take items; all takers of a handle have the same function and target. The first one subscribes. Returns
 * WEIR_OK, or WEIR_DISCONNECTED with a message.
 */
weir_status weir__nats_take(weir_nats *nats, weir__nats_deliver_func *deliver, void *target);

/*
 * Ends one taker. Returns true if it was the last one. Items that arrive after that, because the server was asked for them
 * before, return to the server.
 */
bool weir__nats_take_no_more(weir_nats *nats);

/* Ends the subscription, if no taker is left and no request is open, and returns the dropped items to the server. */
void weir__nats_take_rest(weir_nats *nats);

/*
 * Decodes a held item, and frees its bytes. Returns WEIR_OK and sets `*item`; or the status of decode, with the item given
 * back as a failed attempt.
 */
weir_status weir__nats_decode(struct weir__nats_held *held, void **item);

#endif /* WEIR_NATS_TAKE_H */
