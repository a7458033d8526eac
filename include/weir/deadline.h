/*
 * weir/deadline.h - until when a call may block.
 *
 * A deadline is a point in time, not a duration: one deadline can bound several calls in a row, all of them together.
 * The clock is the system's monotonic clock, so setting the wall clock moves no deadline. A deadline is a plain
 * 64-bit value, so bindings from other languages need no struct.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_DEADLINE_H
#define WEIR_DEADLINE_H

#include <stdint.h>

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Nanoseconds on the monotonic clock. If the deadline has passed, a call tries once and does not block. 0 has always
 * passed.
 */
typedef uint64_t weir_deadline;

/* The deadline that never passes. */
#define WEIR_NEVER UINT64_MAX

/*
 * Returns the deadline that lies `nanoseconds` from now, or WEIR_NEVER if it would not fit into 64 bits. Cannot fail.
 * Thread-safe.
 */
WEIR_API weir_deadline weir_deadline_after(uint64_t nanoseconds);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_DEADLINE_H */
