/*
 * machine.h - measures the machine's primitives, which put the figures of a queue in perspective.
 *
 * Prints one line to stdout, in nanoseconds. rmw_ns: an uncontended atomic addition. line_ns: a cache line to another
 * thread and back, with both threads spinning. sleep_ns: the same with both blocked until they are woken. pause_ns:
 * the processor's hint for spin loops. yield_ns: a yield without another runnable thread. clock_ns: a read of the
 * monotonic clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_MACHINE_H
#define WEIR_BENCH_MACHINE_H

void print_limits(void);

#endif /* WEIR_BENCH_MACHINE_H */
