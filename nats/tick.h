/*
 * tick.h - the thread of a handle, for all that happens after a time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_TICK_H
#define WEIR_NATS_TICK_H

#include "handle.h"

/* Starts the thread; returns WEIR_OK or WEIR_NOTHREAD. It ends once `stopped` is set. */
weir_status weir__nats_tick_start(weir_nats *nats);

#endif /* WEIR_NATS_TICK_H */
