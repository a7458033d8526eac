/*
 * assert.h - the seam's assertions over the scheduler: always on. See lib/sync/assert.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_ASSERT_H
#define WEIR_SYNC_ASSERT_H

#include "sync/atomic.h"

/* Fails the schedule. */
_Noreturn void weir__assert_failed(const char *file, int line, const char *condition);

#define weir__assert(condition) ((condition) ? (void)0 : weir__assert_failed(__FILE__, __LINE__, #condition))

/* What the calling thread would load if nothing could be late. Not a point. */
uint64_t sched_peek(const void *at, size_t size);

static inline uint32_t weir__u32_peek(const weir__u32 *a) {
    return (uint32_t)sched_peek(&a->value, sizeof a->value);
}

static inline uint64_t weir__u64_peek(const weir__u64 *a) {
    return sched_peek(&a->value, sizeof a->value);
}

static inline void *weir__ptr_peek(const weir__ptr *a) {
    return (void *)(uintptr_t)sched_peek(&a->value, sizeof a->value);
}

#endif /* WEIR_SYNC_ASSERT_H */
