/*
 * test_tree.c - the digital search tree of base/tree.h: its nodes are found, at logarithmic depth.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "base/mix.h"
#include "base/tree.h"

enum { NODES = 10000 };

static weir__tree_node nodes[NODES];
static bool inside[NODES], walked[NODES];

/* Returns the number of nodes above the node with that key. */
static unsigned depth_of(const weir__tree *tree, uint64_t key) {
    unsigned depth = 0;
    uint64_t bits = key;
    for (const weir__tree_node *node = tree->root; node != NULL && node->key != key; bits >>= 1, depth++)
        node = node->side[bits & 1];
    return depth;
}

/* Adds all nodes, with keys from `key_of`; returns the greatest depth. */
static unsigned fill(weir__tree *tree, uint64_t (*key_of)(uint64_t n)) {
    unsigned deepest = 0;
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].key = key_of(i);
        weir__tree_add(tree, &nodes[i]);
    }
    for (size_t i = 0; i < NODES; i++) {
        unsigned depth = depth_of(tree, nodes[i].key);
        deepest = depth > deepest ? depth : deepest;
        ck_assert_ptr_eq(weir__tree_find(tree, nodes[i].key), &nodes[i]);
    }
    return deepest;
}

static uint64_t in_sequence(uint64_t n) {
    return n + 1;
}

static uint64_t high_bits_alone(uint64_t n) {
    return n << 48;
}

START_TEST (numbers_in_sequence_lie_as_deep_as_the_logarithm_of_their_count) {
    weir__tree tree = {NULL};
    ck_assert_uint_le(fill(&tree, in_sequence), 14);
}
END_TEST

START_TEST (no_node_lies_deeper_than_a_key_has_bits) {
    weir__tree tree = {NULL};
    ck_assert_uint_le(fill(&tree, high_bits_alone), 64);
}
END_TEST

/* SplitMix64. */
static uint64_t next_random(uint64_t *state) {
    return weir__mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* Checks that a walk visits each node of the tree once, and no other. */
static void assert_walk_finds(const weir__tree *tree, size_t count) {
    size_t expected = 0, found = 0;
    for (size_t i = 0; i < count; i++)
        expected += inside[i];
    for (const weir__tree_node *at = tree->root; at != NULL; at = weir__tree_after(tree, at), found++) {
        ck_assert_uint_lt(found, expected);
        ck_assert_int_eq(walked[at - nodes], false);
        ck_assert_int_eq(inside[at - nodes], true);
        walked[at - nodes] = true;
    }
    ck_assert_uint_eq(found, expected);
    memset(walked, 0, sizeof walked);
}

START_TEST (nodes_are_found_until_they_are_removed) {
    weir__tree tree = {NULL};
    uint64_t state = 1;
    enum { FEW = 500 };
    memset(inside, 0, sizeof inside);
    for (size_t i = 0; i < FEW; i++)
        nodes[i].key = (next_random(&state) & 0xffff) << 16 | i;
    for (int step = 0; step < 20 * FEW; step++) {
        size_t i = (size_t)next_random(&state) % FEW;
        if (inside[i])
            weir__tree_remove(&tree, &nodes[i]);
        else
            weir__tree_add(&tree, &nodes[i]);
        inside[i] = !inside[i];
        size_t j = (size_t)next_random(&state) % FEW;
        ck_assert_ptr_eq(weir__tree_find(&tree, nodes[j].key), inside[j] ? &nodes[j] : NULL);
        if (step % 100 == 0)
            assert_walk_finds(&tree, FEW);
    }
    for (size_t i = 0; i < FEW; i++) {
        ck_assert_ptr_eq(weir__tree_find(&tree, nodes[i].key), inside[i] ? &nodes[i] : NULL);
        if (inside[i])
            weir__tree_remove(&tree, &nodes[i]);
    }
    ck_assert_ptr_null(tree.root);
}
END_TEST

static Suite *tree_suite(void) {
    Suite *suite = suite_create("tree");
    TCase *depth = add_case(suite, "depth");
    tcase_add_test(depth, numbers_in_sequence_lie_as_deep_as_the_logarithm_of_their_count);
    tcase_add_test(depth, no_node_lies_deeper_than_a_key_has_bits);
    TCase *content = add_case(suite, "content");
    tcase_add_test(content, nodes_are_found_until_they_are_removed);
    return suite;
}

int main(void) {
    return run_suite(tree_suite());
}
