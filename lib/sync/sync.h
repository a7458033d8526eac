/*
 * sync.h - the seam between weir and the system.
 *
 * Everything above this room gets its atomics, its sleeping and waking, its threads, its clock and its memory here and
 * nowhere else. A test can therefore put a scheduler, a clock or a failing allocator under the real sources by putting
 * another folder named sync in front of this one on the include path, and linking other objects.
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
