/*
 * clock.h - the monotonic clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CLOCK_H
#define WEIR_SYNC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since a fixed point in the past; setting the wall clock does not move it. */
uint64_t weir__clock_now(void);

/* Nanoseconds of processor time that this process has used, in all its threads. */
uint64_t weir__clock_used(void);

/* The same point in time as the system wants it; one too far off for its seconds is as far off as they go. */
struct timespec weir__clock_timespec(uint64_t nanoseconds);

#endif /* WEIR_SYNC_CLOCK_H */
