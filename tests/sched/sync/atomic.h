/*
 * atomic.h - the seam's atomics over the scheduler: each operation is a point at which another thread may run, and goes
 * through the memory model. The operations are those of lib/sync/atomic.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_ATOMIC_H
#define WEIR_SYNC_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct weir__u32 {
    uint32_t value;
} weir__u32;

typedef struct weir__u64 {
    uint64_t value;
} weir__u64;

typedef struct weir__ptr {
    void *value;
} weir__ptr;

enum sched_order { SCHED_RELAXED = 0, SCHED_ACQUIRE = 1, SCHED_RELEASE = 2, SCHED_ACQ_REL = 3 };
enum sched_rmw { SCHED_EXCHANGE, SCHED_OR, SCHED_AND, SCHED_ADD };

uint64_t sched_load(const void *at, size_t size, enum sched_order order);
void sched_store(void *at, size_t size, uint64_t value, enum sched_order order);
uint64_t sched_modify(void *at, size_t size, enum sched_rmw how, uint64_t operand, enum sched_order order);
/* May fail spuriously if `weak` is set and the search decides so. */
bool sched_swap(void *at, size_t size, uint64_t *expected, uint64_t value, bool weak, enum sched_order order);

static inline uint32_t weir__u32_load_relaxed(const weir__u32 *a) {
    return (uint32_t)sched_load(&a->value, sizeof a->value, SCHED_RELAXED);
}

static inline void weir__u32_store_relaxed(weir__u32 *a, uint32_t value) {
    sched_store(&a->value, sizeof a->value, value, SCHED_RELAXED);
}

static inline uint32_t weir__u32_load_acquire(const weir__u32 *a) {
    return (uint32_t)sched_load(&a->value, sizeof a->value, SCHED_ACQUIRE);
}

static inline void weir__u32_store_release(weir__u32 *a, uint32_t value) {
    sched_store(&a->value, sizeof a->value, value, SCHED_RELEASE);
}

static inline uint32_t weir__u32_exchange_acquire(weir__u32 *a, uint32_t value) {
    return (uint32_t)sched_modify(&a->value, sizeof a->value, SCHED_EXCHANGE, value, SCHED_ACQUIRE);
}

static inline uint32_t weir__u32_exchange_release(weir__u32 *a, uint32_t value) {
    return (uint32_t)sched_modify(&a->value, sizeof a->value, SCHED_EXCHANGE, value, SCHED_RELEASE);
}

static inline uint32_t weir__u32_exchange_acquire_release(weir__u32 *a, uint32_t value) {
    return (uint32_t)sched_modify(&a->value, sizeof a->value, SCHED_EXCHANGE, value, SCHED_ACQ_REL);
}

static inline bool weir__u32_swap_acquire(weir__u32 *a, uint32_t expected, uint32_t value) {
    uint64_t wide = expected;
    return sched_swap(&a->value, sizeof a->value, &wide, value, false, SCHED_ACQUIRE);
}

static inline bool weir__u32_swap_acquire_release(weir__u32 *a, uint32_t expected, uint32_t value) {
    uint64_t wide = expected;
    return sched_swap(&a->value, sizeof a->value, &wide, value, false, SCHED_ACQ_REL);
}

static inline uint32_t weir__u32_add_acquire_release(weir__u32 *a, uint32_t value) {
    return (uint32_t)sched_modify(&a->value, sizeof a->value, SCHED_ADD, value, SCHED_ACQ_REL);
}

static inline uint32_t weir__u32_or_acquire_release(weir__u32 *a, uint32_t bits) {
    return (uint32_t)sched_modify(&a->value, sizeof a->value, SCHED_OR, bits, SCHED_ACQ_REL);
}

static inline uint64_t weir__u64_load_relaxed(const weir__u64 *a) {
    return sched_load(&a->value, sizeof a->value, SCHED_RELAXED);
}

static inline uint64_t weir__u64_load_acquire(const weir__u64 *a) {
    return sched_load(&a->value, sizeof a->value, SCHED_ACQUIRE);
}

static inline void weir__u64_store_relaxed(weir__u64 *a, uint64_t value) {
    sched_store(&a->value, sizeof a->value, value, SCHED_RELAXED);
}

static inline void weir__u64_store_release(weir__u64 *a, uint64_t value) {
    sched_store(&a->value, sizeof a->value, value, SCHED_RELEASE);
}

static inline bool weir__u64_swap_weak_acquire_release(weir__u64 *a, uint64_t *expected, uint64_t value) {
    return sched_swap(&a->value, sizeof a->value, expected, value, true, SCHED_ACQ_REL);
}

static inline uint64_t weir__u64_add_acquire_release(weir__u64 *a, uint64_t value) {
    return sched_modify(&a->value, sizeof a->value, SCHED_ADD, value, SCHED_ACQ_REL);
}

static inline uint64_t weir__u64_or_acquire(weir__u64 *a, uint64_t bits) {
    return sched_modify(&a->value, sizeof a->value, SCHED_OR, bits, SCHED_ACQUIRE);
}

static inline uint64_t weir__u64_and_relaxed(weir__u64 *a, uint64_t bits) {
    return sched_modify(&a->value, sizeof a->value, SCHED_AND, bits, SCHED_RELAXED);
}

static inline void *weir__ptr_load_relaxed(const weir__ptr *a) {
    return (void *)(uintptr_t)sched_load(&a->value, sizeof a->value, SCHED_RELAXED);
}

static inline void *weir__ptr_load_acquire(const weir__ptr *a) {
    return (void *)(uintptr_t)sched_load(&a->value, sizeof a->value, SCHED_ACQUIRE);
}

static inline void weir__ptr_store_relaxed(weir__ptr *a, void *value) {
    sched_store(&a->value, sizeof a->value, (uintptr_t)value, SCHED_RELAXED);
}

static inline void weir__ptr_store_release(weir__ptr *a, void *value) {
    sched_store(&a->value, sizeof a->value, (uintptr_t)value, SCHED_RELEASE);
}

static inline void *weir__ptr_exchange_acquire_release(weir__ptr *a, void *value) {
    return (void *)(uintptr_t)sched_modify(&a->value, sizeof a->value, SCHED_EXCHANGE, (uintptr_t)value, SCHED_ACQ_REL);
}

static inline bool weir__ptr_swap_acquire(weir__ptr *a, void *expected, void *value) {
    uint64_t wide = (uint64_t)(uintptr_t)expected;
    return sched_swap(&a->value, sizeof a->value, &wide, (uint64_t)(uintptr_t)value, false, SCHED_ACQUIRE);
}

#endif /* WEIR_SYNC_ATOMIC_H */
