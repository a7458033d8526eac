/*
 * random.c - Implements random numbers: xorshift64*, S. Vigna, "An Experimental Exploration of Marsaglia's xorshift
 * Generators, Scrambled", ACM TOMS 2016.
 *
 * The address of a thread's state makes its sequence differ from those of threads that begin at the same time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/random.h"

#include "sync/clock.h"

_Thread_local uint64_t weir__random_state WEIR__TLS;

static uint64_t seed(const uint64_t *state) {
    return ((weir__clock_now() ^ (uint64_t)(uintptr_t)state) * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

uint32_t weir__random_below(uint32_t bound) {
    uint64_t *state = &weir__random_state;
    uint64_t value = *state != 0 ? *state : seed(state);
    value ^= value >> 12;
    value ^= value << 25;
    value ^= value >> 27;
    *state = value;
    uint32_t upper = (uint32_t)((value * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
    return (uint32_t)(((uint64_t)upper * bound) >> 32); /* a bias of bound / 2^32 */
}
