/*
 * heap.h - Declares a priority queue: nodes ordered by rank.
 *
 * The queue is a pairing heap: M. Fredman, R. Sedgewick, D. Sleator and R. Tarjan, "The Pairing Heap: A New Form of
 * Self-Adjusting Heap", Algorithmica 1, 1986. Nodes are embedded in the ranked structs, so no call allocates memory or
 * fails. Not thread-safe: the owner of the heap locks it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_HEAP_H
#define WEIR_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct weir__heap_node {
    uint64_t rank;
    struct weir__heap_node *next; /* next sibling */
    struct weir__heap_node *child;
} weir__heap_node;

/* The root has the lowest rank. NULL: the heap is empty. */
typedef struct weir__heap {
    weir__heap_node *root;
} weir__heap;

/* Adds a node. Its rank must be set. */
void weir__heap_push(weir__heap *heap, weir__heap_node *node);

/* Removes and returns the node with the lowest rank. The heap must not be empty. */
weir__heap_node *weir__heap_pop(weir__heap *heap);

#endif /* WEIR_BASE_HEAP_H */
