/*
 * clock.h - Declares the monotonic clock and the clock of processor time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CLOCK_H
#define WEIR_SYNC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the nanoseconds since a fixed point in the past. Setting the wall clock does not affect it. */
uint64_t weir__clock_now(void);

/* Returns the processor time used by all threads of this process, in nanoseconds. */
uint64_t weir__clock_used(void);

/* Converts a time of weir__clock_now. If time_t is shorter than 64 bits, the seconds are limited to INT32_MAX. */
struct timespec weir__clock_timespec(uint64_t nanoseconds);

#endif /* WEIR_SYNC_CLOCK_H */
