/*
 * dead.h - dead letters on the server.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_DEAD_H
#define WEIR_NATS_DEAD_H

#include "handle.h"

/* Makes a held item, which was delivered too often, a dead letter. Frees `held`. */
void weir__nats_bury(struct weir__nats_held *held);

#endif /* WEIR_NATS_DEAD_H */
