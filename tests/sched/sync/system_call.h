/*
 * system_call.h - what a thread sleeps in, over the scheduler: a poll, unless it computes. See lib/sync/system_call.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SYSTEM_CALL_H
#define WEIR_SYNC_SYSTEM_CALL_H

#include <stdbool.h>

#include "sync/thread.h"

enum { SCHED_POLLS = 7 };

static inline long weir__system_call_of(const weir__thread *thread) {
    return weir__thread_sleeps(thread) ? SCHED_POLLS : -1;
}

static inline bool weir__system_call_polls(long number) {
    return number == SCHED_POLLS;
}

#endif /* WEIR_SYNC_SYSTEM_CALL_H */
