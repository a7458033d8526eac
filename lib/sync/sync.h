/*
 * sync.h - Gathers the headers of lib/sync, the only layer that calls the system.
 *
 * All layers above take their atomics, blocking and waking, threads, clock and memory from here. A test can therefore
 * run the real sources over its own scheduler, clock or failing allocator. It puts another folder named sync before
 * this one on the include path, and links other objects.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SYNC_H
#define WEIR_SYNC_SYNC_H

#include "sync/assert.h"
#include "sync/atomic.h"
#include "sync/barrier.h"
#include "sync/callout.h"
#include "sync/chunk.h"
#include "sync/clock.h"
#include "sync/futex.h"
#include "sync/memory.h"
#include "sync/relax.h"
#include "sync/thread.h"

#endif /* WEIR_SYNC_SYNC_H */
