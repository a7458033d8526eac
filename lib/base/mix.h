/*
 * mix.h - numbers whose bits all depend on all bits of another.
 *
 * The finaliser of SplitMix64: G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
 * 2014, with the constants of D. Stafford's variant 13. Keys come as they are: small numbers, addresses, bits of doubles,
 * what differs in the upper bits only. After this, any of their bits are as good as any others. Each step can be
 * undone, so that two numbers are equal after it only if they were before.
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
