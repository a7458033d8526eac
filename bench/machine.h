/*
 * machine.h - what the machine's own steps take, beside which the figures of a queue mean something.
 *
 * One line on stdout, nanoseconds: rmw_ns, an atomic addition that no other thread competes for; line_ns, a cache line
 * to another thread and back, both awake; sleep_ns, the same with both asleep until they are woken; pause_ns, the
 * processor's hint for waiting loops; yield_ns, a yield that no thread takes up; clock_ns, a look at the monotonic clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_MACHINE_H
#define WEIR_BENCH_MACHINE_H

void print_limits(void);

#endif /* WEIR_BENCH_MACHINE_H */
