/*
 * signals.h - the seam's signals over the scheduler: numbers from 1 to 63 that pend. See lib/sync/signals.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SIGNALS_H
#define WEIR_SYNC_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/thread.h"

enum { WEIR__SIGNALS = 64 };

typedef struct weir__signals {
    uint64_t set;
} weir__signals;

static inline void weir__signals_clear(weir__signals *signals) {
    signals->set = 0;
}

static inline void weir__signals_add(weir__signals *signals, int signal) {
    signals->set |= UINT64_C(1) << signal;
}

static inline bool weir__signal_is_blocked(int signal) {
    return signal > 0 && signal < WEIR__SIGNALS;
}

int weir__signals_wait(const weir__signals *signals);
bool weir__signal_take(int signal);
void weir__signal_send(const weir__thread *thread, int signal);
void weir__signal_raise(int signal);

#endif /* WEIR_SYNC_SIGNALS_H */
