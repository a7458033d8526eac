/*
 * futex.h - sleeping on a 32-bit word, and waking who sleeps on it.
 *
 * futex_linux.c is the system call; futex_portable.c does the same with POSIX mutexes and condition variables. The
 * build chooses one.
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
 * Sleeps while `word` holds `value`, until it is woken or the monotonic clock reaches `deadline` (UINT64_MAX: never).
 * Whether the word still holds the value is looked up in one step with falling asleep, so a waker that first changes
 * the word is never missed. May return for no reason. Returns false only when the deadline has passed.
 */
bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);

/* Wakes up to `count` threads that sleep on `word`. Uses only the word's address: the word may be freed already. */
void weir__futex_wake(const weir__u32 *word, uint32_t count);

#endif /* WEIR_SYNC_FUTEX_H */
