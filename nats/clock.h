/*
 * clock.h - the monotonic clock, and condition variables that wait by it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_CLOCK_H
#define WEIR_NATS_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/deadline.h>

/* Returns the nanoseconds of now, comparable with a weir_deadline. */
uint64_t weir__nats_now(void);

/* Makes a condition variable on the monotonic clock. Returns whether it did. */
bool weir__nats_cond_init(pthread_cond_t *condition);

/* Blocks until signalled or the deadline; spurious wakeups are possible. The lock is held on entry and exit. */
void weir__nats_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock, weir_deadline deadline);

/* Returns the earlier, and the later one. */
weir_deadline weir__nats_sooner(weir_deadline a, weir_deadline b);
weir_deadline weir__nats_later(weir_deadline a, weir_deadline b);

/* Doubles `*pause`, which is 0 at first, from 50 ms to a second. Returns it. */
uint64_t weir__nats_back_off(uint64_t *pause);

/* Returns the milliseconds of a duration, at least 1. */
int64_t weir__nats_milliseconds(uint64_t nanoseconds);

#endif /* WEIR_NATS_CLOCK_H */
