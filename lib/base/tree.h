/*
 * tree.h - things found by a number.
 *
 * A digital search tree: E. Coffman and J. Eve, "File Structures Using Hashing Functions", CACM 13, 1970; D. Knuth, "The
 * Art of Computer Programming", volume 3, section 6.3. The way from the root to a node follows the bits of its key, the
 * lowest first. So no way is longer than a key has bits, whatever the keys are; keys that were given out in sequence, or
 * mixed by base/mix.h, lie about log2(n) deep. Nodes lie in what is found, so that nothing is allocated and nothing can
 * fail. The owner of the tree has a lock for it.
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

/* Zero is an empty tree. */
typedef struct weir__tree {
    weir__tree_node *root;
} weir__tree;

/* NULL: the key is not in the tree. */
weir__tree_node *weir__tree_find(const weir__tree *tree, uint64_t key);

/* Adds a node, whose key is set and not in the tree. */
void weir__tree_add(weir__tree *tree, weir__tree_node *node);

/* Takes a node of the tree out of it. */
void weir__tree_remove(weir__tree *tree, weir__tree_node *node);

/*
 * Goes through a tree that does not change, from its root: returns the node after this one, or NULL after the
 * last. Each node comes once, a node before those below it.
 */
weir__tree_node *weir__tree_after(const weir__tree *tree, const weir__tree_node *node);

#endif /* WEIR_BASE_TREE_H */
