/*
 * mix.h - Mixes a 64-bit number: each bit of the result depends on all bits of the number.
 *
 * The function is the finaliser of SplitMix64: G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014, with the constants of D. Stafford's variant 13. Keys may be small numbers, addresses or
 * bits of doubles, or may differ only in their upper bits. After mixing, all bits of a key are equally good. Each step
 * is invertible, so different numbers stay different.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_MIX_H
#define WEIR_BASE_MIX_H

#include <stdint.h>

static inline uint64_t weir__mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

#endif /* WEIR_BASE_MIX_H */
