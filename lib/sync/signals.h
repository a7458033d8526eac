/*
 * signals.h - a thread that waits for signals, without a handler.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SIGNALS_H
#define WEIR_SYNC_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/thread.h"

/* Whether each of them is a signal that is blocked in the calling thread, and in those of the library. */
bool weir__signals_are_blocked(const int *signals, size_t count);

/* Waits until one of them arrives, and returns it, or 0, once the monotonic clock reaches `deadline` (UINT64_MAX:
   never). */
int weir__signals_wait(const int *signals, size_t count, uint64_t deadline);

/* Sends the signal to that thread alone, to end its wait. */
void weir__signals_send(const weir__thread *thread, int signal);

#endif /* WEIR_SYNC_SIGNALS_H */
