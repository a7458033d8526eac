/*
 * atomic.h - the seam's atomics with noise: now and then, at random, the thread lets others go first, between any two
 * operations. Stress finds in minutes then what takes hours without. The operations are those of lib/sync/atomic.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_NOISE_ATOMIC_H
#define WEIR_TESTS_NOISE_ATOMIC_H

#define weir__u32_load_relaxed quiet_weir__u32_load_relaxed
#define weir__u32_store_relaxed quiet_weir__u32_store_relaxed
#define weir__u32_load_acquire quiet_weir__u32_load_acquire
#define weir__u32_store_release quiet_weir__u32_store_release
#define weir__u32_exchange_acquire_release quiet_weir__u32_exchange_acquire_release
#define weir__u32_exchange_acquire quiet_weir__u32_exchange_acquire
#define weir__u32_exchange_release quiet_weir__u32_exchange_release
#define weir__u32_swap_acquire quiet_weir__u32_swap_acquire
#define weir__u64_load_relaxed quiet_weir__u64_load_relaxed
#define weir__u64_load_acquire quiet_weir__u64_load_acquire
#define weir__u64_store_relaxed quiet_weir__u64_store_relaxed
#define weir__u64_store_release quiet_weir__u64_store_release
#define weir__u64_swap_weak_acquire_release quiet_weir__u64_swap_weak_acquire_release
#define weir__u64_add_acquire_release quiet_weir__u64_add_acquire_release
#define weir__u64_or_acquire quiet_weir__u64_or_acquire
#define weir__u64_and_relaxed quiet_weir__u64_and_relaxed
#define weir__ptr_load_relaxed quiet_weir__ptr_load_relaxed
#define weir__ptr_load_acquire quiet_weir__ptr_load_acquire
#define weir__ptr_store_relaxed quiet_weir__ptr_store_relaxed
#define weir__ptr_store_release quiet_weir__ptr_store_release
#define weir__ptr_exchange_acquire_release quiet_weir__ptr_exchange_acquire_release
#include "../../../lib/sync/atomic.h"
#undef weir__u32_load_relaxed
#undef weir__u32_store_relaxed
#undef weir__u32_load_acquire
#undef weir__u32_store_release
#undef weir__u32_exchange_acquire
#undef weir__u32_exchange_acquire_release
#undef weir__u32_exchange_release
#undef weir__u32_swap_acquire
#undef weir__u64_load_relaxed
#undef weir__u64_load_acquire
#undef weir__u64_store_relaxed
#undef weir__u64_store_release
#undef weir__u64_swap_weak_acquire_release
#undef weir__u64_add_acquire_release
#undef weir__u64_or_acquire
#undef weir__u64_and_relaxed
#undef weir__ptr_load_relaxed
#undef weir__ptr_load_acquire
#undef weir__ptr_store_relaxed
#undef weir__ptr_store_release
#undef weir__ptr_exchange_acquire_release

/* See noise.c. */
void noise(void);

static inline uint32_t weir__u32_load_relaxed(const weir__u32 *a) {
    noise();
    return quiet_weir__u32_load_relaxed(a);
}

static inline void weir__u32_store_relaxed(weir__u32 *a, uint32_t value) {
    noise();
    quiet_weir__u32_store_relaxed(a, value);
}

static inline uint32_t weir__u32_load_acquire(const weir__u32 *a) {
    noise();
    return quiet_weir__u32_load_acquire(a);
}

static inline void weir__u32_store_release(weir__u32 *a, uint32_t value) {
    noise();
    quiet_weir__u32_store_release(a, value);
}

static inline uint32_t weir__u32_exchange_acquire(weir__u32 *a, uint32_t value) {
    noise();
    return quiet_weir__u32_exchange_acquire(a, value);
}

static inline uint32_t weir__u32_exchange_acquire_release(weir__u32 *a, uint32_t value) {
    noise();
    return quiet_weir__u32_exchange_acquire_release(a, value);
}

static inline uint32_t weir__u32_exchange_release(weir__u32 *a, uint32_t value) {
    noise();
    return quiet_weir__u32_exchange_release(a, value);
}

static inline bool weir__u32_swap_acquire(weir__u32 *a, uint32_t expected, uint32_t value) {
    noise();
    return quiet_weir__u32_swap_acquire(a, expected, value);
}

static inline uint64_t weir__u64_load_relaxed(const weir__u64 *a) {
    noise();
    return quiet_weir__u64_load_relaxed(a);
}

static inline uint64_t weir__u64_load_acquire(const weir__u64 *a) {
    noise();
    return quiet_weir__u64_load_acquire(a);
}

static inline void weir__u64_store_relaxed(weir__u64 *a, uint64_t value) {
    noise();
    quiet_weir__u64_store_relaxed(a, value);
}

static inline void weir__u64_store_release(weir__u64 *a, uint64_t value) {
    noise();
    quiet_weir__u64_store_release(a, value);
}

static inline bool weir__u64_swap_weak_acquire_release(weir__u64 *a, uint64_t *expected, uint64_t value) {
    noise();
    return quiet_weir__u64_swap_weak_acquire_release(a, expected, value);
}

static inline uint64_t weir__u64_add_acquire_release(weir__u64 *a, uint64_t value) {
    noise();
    return quiet_weir__u64_add_acquire_release(a, value);
}

static inline uint64_t weir__u64_or_acquire(weir__u64 *a, uint64_t bits) {
    noise();
    return quiet_weir__u64_or_acquire(a, bits);
}

static inline uint64_t weir__u64_and_relaxed(weir__u64 *a, uint64_t bits) {
    noise();
    return quiet_weir__u64_and_relaxed(a, bits);
}

static inline void *weir__ptr_load_relaxed(const weir__ptr *a) {
    noise();
    return quiet_weir__ptr_load_relaxed(a);
}

static inline void *weir__ptr_load_acquire(const weir__ptr *a) {
    noise();
    return quiet_weir__ptr_load_acquire(a);
}

static inline void weir__ptr_store_relaxed(weir__ptr *a, void *value) {
    noise();
    quiet_weir__ptr_store_relaxed(a, value);
}

static inline void weir__ptr_store_release(weir__ptr *a, void *value) {
    noise();
    quiet_weir__ptr_store_release(a, value);
}

static inline void *weir__ptr_exchange_acquire_release(weir__ptr *a, void *value) {
    noise();
    return quiet_weir__ptr_exchange_acquire_release(a, value);
}

#endif /* WEIR_TESTS_NOISE_ATOMIC_H */
