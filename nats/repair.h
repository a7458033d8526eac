/*
 * repair.h - finds messages that a lane of the server has passed over, and has them delivered.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_REPAIR_H
#define WEIR_NATS_REPAIR_H

#include "handle.h"

/* Looks for such messages and moves them, if some seconds have passed since it looked last. Only the look calls it. */
void weir__nats_repair(weir_nats *nats);

#endif /* WEIR_NATS_REPAIR_H */
