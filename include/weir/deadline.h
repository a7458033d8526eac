/*
 * weir/deadline.h - until when a call may wait.
 *
 * A deadline is a point in time, not a span: one deadline can be handed to several calls in a row, and it bounds them
 * all together. It is read off the system's monotonic clock, so that setting the wall clock moves nothing, and it is a
 * plain 64-bit value, so that bindings from other languages need no struct.
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

/* Nanoseconds on the monotonic clock. A value that has passed (0 always has) means: try once, do not wait. */
typedef uint64_t weir_deadline;

/* The deadline that never comes. */
#define WEIR_NEVER UINT64_MAX

/*
 * Returns the deadline that is `nanoseconds` from now; one so far off that it cannot be counted is WEIR_NEVER. Any
 * thread may call it at any time.
 */
WEIR_API weir_deadline weir_deadline_after(uint64_t nanoseconds);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_DEADLINE_H */
