/*
 * key_families.c - see key_families.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "key_families.h"

#include <string.h>

static uint64_t in_sequence(uint64_t n) {
    return n;
}

static uint64_t downwards(uint64_t n) {
    return 0 - n;
}

static uint64_t upper_16_bits(uint64_t n) {
    return n << 48;
}

static uint64_t upper_half(uint64_t n) {
    return n << 32 | 12345;
}

static uint64_t times_8(uint64_t n) {
    return n << 3;
}

static uint64_t times_2_33(uint64_t n) {
    return n << 33;
}

static uint64_t times_2_40(uint64_t n) {
    return n << 40;
}

static uint64_t times_1000000(uint64_t n) {
    return n * 1000000;
}

static uint64_t bits_of_double(uint64_t n) {
    double number = (double)(n + 1);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint64_t bits_of_fraction(uint64_t n) {
    double number = 1 / (double)(n + 1);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint64_t bits_of_float(uint64_t n) {
    float number = (float)n;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Like addresses of heap objects of 48 bytes. */
static uint64_t addresses(uint64_t n) {
    return UINT64_C(0x55d0c0ffe010) + n * 48;
}

static uint64_t pages(uint64_t n) {
    return UINT64_C(0x7f2a40000000) + (n << 12);
}

static uint64_t reversed(uint64_t n) {
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++)
        bits |= (n >> i & 1) << (63 - i);
    return bits;
}

const struct named_family key_families[KEY_FAMILIES] = {
    {"in sequence", in_sequence},
    {"downwards", downwards},
    {"upper 16 bits", upper_16_bits},
    {"upper half", upper_half},
    {"multiples of 8", times_8},
    {"multiples of 2^33", times_2_33},
    {"multiples of 2^40", times_2_40},
    {"multiples of a million", times_1000000},
    {"bits of a double", bits_of_double},
    {"bits of a fraction", bits_of_fraction},
    {"bits of a float", bits_of_float},
    {"addresses", addresses},
    {"pages", pages},
    {"reversed bits", reversed},
};
