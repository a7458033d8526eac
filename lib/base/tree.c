/*
 * tree.c - Implements a digital search tree.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "base/tree.h"

#include <stddef.h>

#include "sync/assert.h"

weir__tree_node *weir__tree_find(const weir__tree *tree, uint64_t key) {
    weir__tree_node *node = tree->root;
    for (uint64_t bits = key; node != NULL && node->key != key; bits >>= 1)
        node = node->side[bits & 1];
    return node;
}

void weir__tree_add(weir__tree *tree, weir__tree_node *node) {
    weir__assert(weir__tree_find(tree, node->key) == NULL);
    weir__tree_node **at = &tree->root;
    for (uint64_t bits = node->key; *at != NULL; bits >>= 1)
        at = &(*at)->side[bits & 1];
    node->side[0] = node->side[1] = NULL;
    *at = node;
}

/* Returns the pointer to a leaf below the node that `at` points to. If that node is a leaf, returns `at`. */
static weir__tree_node **place_of_leaf(weir__tree_node **at) {
    for (;;) {
        weir__tree_node *node = *at;
        if (node->side[0] != NULL)
            at = &node->side[0];
        else if (node->side[1] != NULL)
            at = &node->side[1];
        else
            return at;
    }
}

/* If the node is not a leaf, a leaf below it replaces it. The keys of both share the bits that lead to this place. */
void weir__tree_remove(weir__tree *tree, weir__tree_node *node) {
    weir__assert(weir__tree_find(tree, node->key) == node);
    weir__tree_node **at = &tree->root;
    for (uint64_t bits = node->key; *at != node; bits >>= 1)
        at = &(*at)->side[bits & 1];
    weir__tree_node **place = place_of_leaf(at), *leaf = *place;
    *place = NULL;
    if (leaf == node)
        return;
    leaf->side[0] = node->side[0];
    leaf->side[1] = node->side[1];
    *at = leaf;
}

weir__tree_node *weir__tree_after(const weir__tree *tree, const weir__tree_node *node) {
    weir__tree_node *after = node->side[0] != NULL ? node->side[0] : node->side[1];
    uint64_t bits = node->key;
    if (after != NULL)
        return after;
    for (const weir__tree_node *at = tree->root; at != node; bits >>= 1) { /* last untaken branch */
        if ((bits & 1) == 0 && at->side[1] != NULL)
            after = at->side[1];
        at = at->side[bits & 1];
    }
    return after;
}
