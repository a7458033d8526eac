/*
 * tick.h - the two threads of a handle, for all that happens after a time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_TICK_H
#define WEIR_NATS_TICK_H

#include "handle.h"

/* Starts both; returns WEIR_OK, or WEIR_NOTHREAD with none. They end once `stopped` is set. */
weir_status weir__nats_tick_start(weir_nats *nats);

/* Blocks until both have ended. */
void weir__nats_tick_join(weir_nats *nats);

#endif /* WEIR_NATS_TICK_H */
