/*
 * heap.c - Implements a pairing heap.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "base/heap.h"

/* Joins two trees into one. Returns its root. Either tree may be NULL. */
static weir__heap_node *meld(weir__heap_node *a, weir__heap_node *b) {
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    weir__heap_node *parent = b->rank < a->rank ? b : a;
    weir__heap_node *child = parent == a ? b : a;
    child->next = parent->child;
    parent->child = child;
    return parent;
}

void weir__heap_push(weir__heap *heap, weir__heap_node *node) {
    node->next = node->child = NULL;
    heap->root = meld(heap->root, node);
}

/* Melds the trees of a list in pairs, from left to right. Returns the list of the pairs, with the last pair first. */
static weir__heap_node *meld_pairs(weir__heap_node *list) {
    weir__heap_node *pairs = NULL;
    while (list != NULL) {
        weir__heap_node *a = list, *b = a->next;
        list = b == NULL ? NULL : b->next;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        weir__heap_node *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    return pairs;
}

weir__heap_node *weir__heap_pop(weir__heap *heap) {
    weir__heap_node *lowest = heap->root, *root = NULL;
    for (weir__heap_node *pair = meld_pairs(lowest->child); pair != NULL;) {
        weir__heap_node *next = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
        pair = next;
    }
    heap->root = root;
    return lowest;
}
