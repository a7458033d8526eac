/*
 * assert.h - Checks invariants in builds for tests.
 *
 * `configure --enable-debug` defines WEIR_DEBUG. Without it an assertion is compiled and not evaluated: no instruction
 * is left of it. A condition reads only what the calling thread may read at that point: its own variables, plain
 * members under their lock, and atomics by a peek. The scheduler of tests/sched replaces this file: an assertion fails
 * the schedule there, and a peek reads the newest value without a point at which another thread may run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_ASSERT_H
#define WEIR_SYNC_ASSERT_H

#include "sync/atomic.h"

#ifdef WEIR_DEBUG
/* Prints the file, the line and the condition to standard error, and aborts. */
_Noreturn void weir__assert_failed(const char *file, int line, const char *condition);

#define weir__assert(condition) ((condition) ? (void)0 : weir__assert_failed(__FILE__, __LINE__, #condition))
#else
#define weir__assert(condition) ((void)(false && (condition)))
#endif

static inline uint32_t weir__u32_peek(const weir__u32 *a) {
    return weir__u32_load_relaxed(a);
}

static inline uint64_t weir__u64_peek(const weir__u64 *a) {
    return weir__u64_load_relaxed(a);
}

static inline void *weir__ptr_peek(const weir__ptr *a) {
    return weir__ptr_load_relaxed(a);
}

#endif /* WEIR_SYNC_ASSERT_H */
