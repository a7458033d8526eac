/*
 * tree.h - Declares a digital search tree: nodes found by a 64-bit key.
 *
 * See E. Coffman and J. Eve, "File Structures Using Hashing Functions", CACM 13, 1970; D. Knuth, "The Art of Computer
 * Programming", volume 3, section 6.3. The path from the root to a node follows the bits of its key, the lowest first.
 * No path is longer than a key has bits, whatever the keys are. Keys that were assigned in sequence, or mixed by
 * base/mix.h, are about log2(n) deep. Nodes are embedded in what they index, so that nothing is allocated and nothing
 * can fail. Not thread-safe: the owner of the tree has a lock for it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_TREE_H
#define WEIR_BASE_TREE_H

#include <stdint.h>

typedef struct weir__tree_node {
    uint64_t key;
    struct weir__tree_node *side[2]; /* by the next bit of the key */
} weir__tree_node;

/* Zero-initialised: an empty tree. */
typedef struct weir__tree {
    weir__tree_node *root;
} weir__tree;

/* Returns the node with this key; NULL if there is none. */
weir__tree_node *weir__tree_find(const weir__tree *tree, uint64_t key);

/* Adds a node. Its key must be set, and must not be in the tree. */
void weir__tree_add(weir__tree *tree, weir__tree_node *node);

/* Removes a node of the tree. */
void weir__tree_remove(weir__tree *tree, weir__tree_node *node);

/*
 * Traverses a tree that does not change, from its root: returns the node after this one, or NULL after the last. Each
 * node comes once, before the nodes below it.
 */
weir__tree_node *weir__tree_after(const weir__tree *tree, const weir__tree_node *node);

#endif /* WEIR_BASE_TREE_H */
