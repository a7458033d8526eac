/*
 * test_mix.c - the mixed keys of base/mix.h are distributed evenly, whichever bits the keys differ in.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "key_families.h"
#include "support.h"

#include <math.h>

#include "base/mix.h"
#include "base/tree.h"

enum { KEYS = 10000, MOST_SHARES = 1024 };

static const size_t share_counts[] = {2, 3, 4, 5, 7, 8, 10, 16, 64, 100, 1000, MOST_SHARES};

/*
 * Returns the chi-square statistic: the sum of squared deviations from equal shares, each divided by its variance.
 * About one for each share.
 */
static double chi_square(key_family *family, size_t shares, size_t *largest) {
    size_t counts[MOST_SHARES] = {0};
    double expected = (double)KEYS / (double)shares, sum = 0;
    *largest = 0;
    for (uint64_t n = 0; n < KEYS; n++) {
        size_t *count = &counts[weir__mix(family(n)) % shares];
        ++*count;
        *largest = *count > *largest ? *count : *largest;
    }
    for (size_t i = 0; i < shares; i++)
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return sum;
}

/* The limit is five standard deviations: random numbers exceed it in one case of a million. */
START_TEST (keys_of_each_family_go_to_each_share_alike) {
    const struct named_family *family = &key_families[_i];
    for (size_t i = 0; i < COUNT_OF(share_counts); i++) {
        size_t shares = share_counts[i], largest;
        double freedom = (double)shares - 1, sum = chi_square(family->key_of, shares, &largest);
        ck_assert_msg(sum <= freedom + 5 * sqrt(2 * freedom) + 15, "%s: chi-square %.1f in %zu shares", family->name,
                      sum, shares);
        ck_assert_msg((double)largest <= KEYS / (double)shares + 6 * sqrt(KEYS / (double)shares) + 3,
                      "%s: %zu of %d keys in one of %zu shares", family->name, largest, KEYS, shares);
    }
}
END_TEST

static weir__tree_node nodes[KEYS];

/* Returns the number of nodes above the key's node. */
static unsigned depth_of(const weir__tree *tree, uint64_t key) {
    unsigned depth = 0;
    uint64_t bits = key;
    for (const weir__tree_node *node = tree->root; node->key != key; bits >>= 1, depth++)
        node = node->side[bits & 1];
    return depth;
}

/* The binary logarithm of 10,000 is 13.3; for random keys the greatest depth is about 18. */
START_TEST (keys_of_each_family_lie_as_deep_in_a_tree_as_the_logarithm_of_their_count) {
    const struct named_family *family = &key_families[_i];
    weir__tree tree = {NULL};
    unsigned deepest = 0, sum = 0;
    for (uint64_t n = 0; n < KEYS; n++) {
        nodes[n].key = weir__mix(family->key_of(n));
        weir__tree_add(&tree, &nodes[n]);
    }
    for (uint64_t n = 0; n < KEYS; n++) {
        unsigned depth = depth_of(&tree, nodes[n].key);
        deepest = depth > deepest ? depth : deepest;
        sum += depth;
    }
    ck_assert_msg(deepest <= 22, "%s: depth %u", family->name, deepest);
    ck_assert_msg(sum <= 14 * KEYS, "%s: mean depth %.1f", family->name, (double)sum / KEYS);
}
END_TEST

/* Flipping any input bit flips each output bit in about half of all cases. */
START_TEST (each_bit_depends_on_each) {
    enum { CASES = 2000 };
    uint64_t bit = UINT64_C(1) << _i;
    unsigned changes[64] = {0};
    for (uint64_t n = 0; n < CASES; n++) {
        uint64_t changed = weir__mix(n * n * n) ^ weir__mix(n * n * n ^ bit);
        for (int i = 0; i < 64; i++)
            changes[i] += (unsigned)(changed >> i & 1);
    }
    for (int i = 0; i < 64; i++)
        ck_assert_msg(changes[i] > CASES * 2 / 5 && changes[i] < CASES * 3 / 5, "bit %d changes bit %d in %u of %d", _i,
                      i, changes[i], CASES);
}
END_TEST

static Suite *mix_suite(void) {
    Suite *suite = suite_create("mix");
    TCase *spread = add_case(suite, "spread");
    tcase_add_loop_test(spread, keys_of_each_family_go_to_each_share_alike, 0, KEY_FAMILIES);
    tcase_add_loop_test(spread, keys_of_each_family_lie_as_deep_in_a_tree_as_the_logarithm_of_their_count, 0,
                        KEY_FAMILIES);
    tcase_add_loop_test(spread, each_bit_depends_on_each, 0, 64);
    return suite;
}

int main(void) {
    return run_suite(mix_suite());
}
