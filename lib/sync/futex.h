/*
 * futex.h - Declares blocking on a 32-bit word, and waking the threads that block on it.
 *
 * futex_linux.c makes the system call; futex_portable.c uses POSIX mutexes and condition variables. The build selects
 * one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_FUTEX_H
#define WEIR_SYNC_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/atomic.h"

#define WEIR__EVERYONE UINT32_MAX

/*
 * Blocks while `word` holds `value`, until woken or until the monotonic clock reaches `deadline` (UINT64_MAX: never).
 * The check of the word and falling asleep are one atomic step, so that a waker that changes the word first is never
 * missed. Spurious wakeups are possible. Returns false only if the deadline has passed.
 */
bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);

/* Wakes up to `count` threads that block on `word`. Uses only the address: the word may already be freed. */
void weir__futex_wake(const weir__u32 *word, uint32_t count);

#endif /* WEIR_SYNC_FUTEX_H */
