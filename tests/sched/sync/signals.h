/*
 * signals.h - the seam's signals over the scheduler: there are none. See lib/sync/signals.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SIGNALS_H
#define WEIR_SYNC_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/thread.h"

static inline bool weir__signals_are_blocked(const int *signals, size_t count) {
    (void)signals;
    (void)count;
    return false;
}

static inline int weir__signals_wait(const int *signals, size_t count, uint64_t deadline) {
    (void)signals;
    (void)count;
    (void)deadline;
    return 0;
}

static inline void weir__signals_send(const weir__thread *thread, int signal) {
    (void)thread;
    (void)signal;
}

#endif /* WEIR_SYNC_SIGNALS_H */
