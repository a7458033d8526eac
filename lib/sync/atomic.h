/*
 * atomic.h - Implements weir's atomic variables: C11 atomics with the memory order in each operation's name.
 *
 * No operation is sequentially consistent, and none is a fence. The proofs of weir rest on acquire and release, and in
 * lock/lock.h on the barrier of sync/barrier.h. The same source is therefore correct on x86-64 and on arm64.
 *
 * Each acquire and each release is reported to race detectors (sync/tell.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_ATOMIC_H
#define WEIR_SYNC_ATOMIC_H

#include "sync/tell.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct weir__u32 {
    _Atomic uint32_t value;
} weir__u32;

typedef struct weir__u64 {
    _Atomic uint64_t value;
} weir__u64;

typedef struct weir__ptr {
    void *_Atomic value;
} weir__ptr;

static inline uint32_t weir__u32_load_relaxed(const weir__u32 *a) {
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}

static inline void weir__u32_store_relaxed(weir__u32 *a, uint32_t value) {
    atomic_store_explicit(&a->value, value, memory_order_relaxed);
}

static inline uint32_t weir__u32_load_acquire(const weir__u32 *a) {
    uint32_t was = atomic_load_explicit(&a->value, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

static inline void weir__u32_store_release(weir__u32 *a, uint32_t value) {
    weir__release_of(a);
    atomic_store_explicit(&a->value, value, memory_order_release);
}

static inline uint32_t weir__u32_exchange_acquire(weir__u32 *a, uint32_t value) {
    uint32_t was = atomic_exchange_explicit(&a->value, value, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

static inline uint32_t weir__u32_exchange_release(weir__u32 *a, uint32_t value) {
    weir__release_of(a);
    return atomic_exchange_explicit(&a->value, value, memory_order_release);
}

static inline uint32_t weir__u32_exchange_acquire_release(weir__u32 *a, uint32_t value) {
    weir__release_of(a);
    uint32_t was = atomic_exchange_explicit(&a->value, value, memory_order_acq_rel);
    weir__acquire_of(a);
    return was;
}

/* Stores `value` if `a` holds `expected`. Returns whether it did. */
static inline bool weir__u32_swap_acquire(weir__u32 *a, uint32_t expected, uint32_t value) {
    bool was = atomic_compare_exchange_strong_explicit(&a->value, &expected, value, memory_order_acquire,
                                                       memory_order_relaxed);
    weir__acquire_of(a);
    return was;
}

static inline bool weir__u32_swap_acquire_release(weir__u32 *a, uint32_t expected, uint32_t value) {
    weir__release_of(a);
    bool was = atomic_compare_exchange_strong_explicit(&a->value, &expected, value, memory_order_acq_rel,
                                                       memory_order_relaxed);
    weir__acquire_of(a);
    return was;
}

/* Returns the previous value. Wraps around: adding UINT32_MAX subtracts 1. */
static inline uint32_t weir__u32_add_acquire_release(weir__u32 *a, uint32_t value) {
    weir__release_of(a);
    uint32_t was = atomic_fetch_add_explicit(&a->value, value, memory_order_acq_rel);
    weir__acquire_of(a);
    return was;
}

static inline uint32_t weir__u32_or_acquire_release(weir__u32 *a, uint32_t bits) {
    weir__release_of(a);
    uint32_t was = atomic_fetch_or_explicit(&a->value, bits, memory_order_acq_rel);
    weir__acquire_of(a);
    return was;
}

static inline uint64_t weir__u64_load_relaxed(const weir__u64 *a) {
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}

static inline uint64_t weir__u64_load_acquire(const weir__u64 *a) {
    uint64_t was = atomic_load_explicit(&a->value, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

static inline void weir__u64_store_relaxed(weir__u64 *a, uint64_t value) {
    atomic_store_explicit(&a->value, value, memory_order_relaxed);
}

static inline void weir__u64_store_release(weir__u64 *a, uint64_t value) {
    weir__release_of(a);
    atomic_store_explicit(&a->value, value, memory_order_release);
}

/*
 * If `a` holds `*expected`, stores `value` and returns true; may fail spuriously. On failure, stores the current value
 * in `*expected` and returns false.
 */
static inline bool weir__u64_swap_weak_acquire_release(weir__u64 *a, uint64_t *expected, uint64_t value) {
    weir__release_of(a);
    bool was =
        atomic_compare_exchange_weak_explicit(&a->value, expected, value, memory_order_acq_rel, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

/* Returns the previous value. Wraps around: adding UINT64_MAX subtracts 1. */
static inline uint64_t weir__u64_add_acquire_release(weir__u64 *a, uint64_t value) {
    weir__release_of(a);
    uint64_t was = atomic_fetch_add_explicit(&a->value, value, memory_order_acq_rel);
    weir__acquire_of(a);
    return was;
}

static inline uint64_t weir__u64_or_acquire(weir__u64 *a, uint64_t bits) {
    uint64_t was = atomic_fetch_or_explicit(&a->value, bits, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

static inline uint64_t weir__u64_and_relaxed(weir__u64 *a, uint64_t bits) {
    return atomic_fetch_and_explicit(&a->value, bits, memory_order_relaxed);
}

static inline void *weir__ptr_load_relaxed(const weir__ptr *a) {
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}

static inline void *weir__ptr_load_acquire(const weir__ptr *a) {
    void *was = atomic_load_explicit(&a->value, memory_order_acquire);
    weir__acquire_of(a);
    return was;
}

static inline void weir__ptr_store_relaxed(weir__ptr *a, void *value) {
    atomic_store_explicit(&a->value, value, memory_order_relaxed);
}

static inline void weir__ptr_store_release(weir__ptr *a, void *value) {
    weir__release_of(a);
    atomic_store_explicit(&a->value, value, memory_order_release);
}

static inline void *weir__ptr_exchange_acquire_release(weir__ptr *a, void *value) {
    weir__release_of(a);
    void *was = atomic_exchange_explicit(&a->value, value, memory_order_acq_rel);
    weir__acquire_of(a);
    return was;
}

static inline bool weir__ptr_swap_acquire(weir__ptr *a, void *expected, void *value) {
    bool was = atomic_compare_exchange_strong_explicit(&a->value, &expected, value, memory_order_acquire,
                                                       memory_order_relaxed);
    weir__acquire_of(a);
    return was;
}

#endif /* WEIR_SYNC_ATOMIC_H */
