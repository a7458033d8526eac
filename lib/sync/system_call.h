/*
 * system_call.h - Declares what a thread sleeps in.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SYSTEM_CALL_H
#define WEIR_SYNC_SYSTEM_CALL_H

#include <stdbool.h>

#include "sync/thread.h"

/*
 * Returns the number of the system call that the thread is in; -1 if it is in none, or the system does not tell. The
 * thread must live, and must have begun to run `main` before.
 */
long weir__system_call_of(const weir__thread *thread);

/* Whether the call waits for any of several descriptors, as event loops do. */
bool weir__system_call_polls(long number);

#endif /* WEIR_SYNC_SYSTEM_CALL_H */
