/*
 * tree.h - Declares a digital search tree: nodes found by a 64-bit key.
 *
 * See E. Coffman and J. Eve, "File Structures Using Hashing Functions", CACM 13, 1970; D. Knuth, "The Art of Computer
 * Programming", volume 3, section 6.3. The path from the root to a node follows the bits of its key, the lowest first.
 * For all keys, no path is longer than the number of bits in a key. A node is about log2(n) deep if keys are assigned
 * in sequence, or mixed by base/mix.h. Nodes are embedded in the indexed structs, so no call allocates memory or fails.
 * Not thread-safe: the owner of the tree locks it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_TREE_H
#define WEIR_BASE_TREE_H

#include <stdint.h>

typedef struct weir__tree_node {
    uint64_t key;
    struct weir__tree_node *side[2]; /* children, indexed by the next bit of the key */
} weir__tree_node;

/* Zero-initialised: an empty tree. */
typedef struct weir__tree {
    weir__tree_node *root;
} weir__tree;

/* Returns the node with this key; NULL if there is none. */
weir__tree_node *weir__tree_find(const weir__tree *tree, uint64_t key);

/* Adds a node. Its key must be set. The tree must not contain that key. */
void weir__tree_add(weir__tree *tree, weir__tree_node *node);

/* Removes a node. The tree must contain it. */
void weir__tree_remove(weir__tree *tree, weir__tree_node *node);

/*
 * Traverses a tree from its root. Returns the node after `node`, or NULL after the last. Each node precedes the nodes
 * below it. The tree must not change during the traversal.
 */
weir__tree_node *weir__tree_after(const weir__tree *tree, const weir__tree_node *node);

#endif /* WEIR_BASE_TREE_H */
