/*
 * key_families.h - keys typical of programs: distinct numbers that differ in few bits.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_KEY_FAMILIES_H
#define WEIR_TESTS_KEY_FAMILIES_H

#include <stdint.h>

/* Returns the n-th key of a family, for n below 2^16. */
typedef uint64_t key_family(uint64_t n);

enum { KEY_FAMILIES = 14 };

extern const struct named_family {
    const char *name;
    key_family *key_of;
} key_families[KEY_FAMILIES];

#endif /* WEIR_TESTS_KEY_FAMILIES_H */
