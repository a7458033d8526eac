/*
 * open.h - the end of a handle, for a queue that owns it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_OPEN_H
#define WEIR_NATS_OPEN_H

#include "handle.h"

/*
 * Ends a handle without takers: waits until its threads call nothing any more, then frees it. What is still held is
 * delivered again after ack_wait.
 */
void weir__nats_end(weir_nats *nats);

#endif /* WEIR_NATS_OPEN_H */
