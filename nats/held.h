/*
 * held.h - the items that this program has taken and not settled, and what it tells the server of them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_HELD_H
#define WEIR_NATS_HELD_H

#include "handle.h"

/* Makes one of a message of the server, which it then owns, and adds it to those held. Returns NULL if out of memory. */
struct weir__nats_held *weir__nats_hold(weir_nats *nats, natsMsg *message, size_t lane, uint64_t sequence,
                                        unsigned attempt);

/* Acknowledges an item: the server removes it. Frees `held`. */
void weir__nats_ack(struct weir__nats_held *held);

/* Frees `held`, and tells the server nothing: a later delivery of the same item is held. */
void weir__nats_forget(struct weir__nats_held *held);

/* Gives an item back: the server delivers it again after `delay` ns. Frees `held`. */
void weir__nats_nak(struct weir__nats_held *held, uint64_t delay);

/*
 * Gives an item back that was dropped. The server would deliver it here again at once, so it stays held until the
 * subscription has ended; for a second at most if other sources of this handle still take items then.
 */
void weir__nats_dropped(struct weir__nats_held *held);

/* Gives back all that was dropped. */
void weir__nats_return_dropped(weir_nats *nats);

/* Gives back what was dropped a second ago, while other sources still take items. */
void weir__nats_return_late(weir_nats *nats);

/* Gives an item back after a failed attempt: after retry_delay, or at once to become a dead letter. */
void weir__nats_failed(struct weir__nats_held *held);

/* Tells the server of all items that were held for a third of ack_wait since it was told last. */
void weir__nats_keep_alive(weir_nats *nats);

#endif /* WEIR_NATS_HELD_H */
