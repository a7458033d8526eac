/*
 * deadline.c - Implements weir_deadline_after.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/deadline.h>

#include "sync/sync.h"

weir_deadline weir_deadline_after(uint64_t nanoseconds) {
    uint64_t now = weir__clock_now();
    return nanoseconds > WEIR_NEVER - now ? WEIR_NEVER : now + nanoseconds;
}
