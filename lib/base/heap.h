/*
 * heap.h - Implements a priority queue of nodes by rank.
 *
 * A pairing heap: M. Fredman, R. Sedgewick, D. Sleator and R. Tarjan, "The Pairing Heap: A New Form of Self-Adjusting
 * Heap", Algorithmica 1, 1986. The nodes lie in what is ranked, so that nothing is allocated and nothing can fail.
 * The owner of the heap locks it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_HEAP_H
#define WEIR_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct weir__heap_node {
    uint64_t rank;
    struct weir__heap_node *next; /* of the same parent */
    struct weir__heap_node *child;
} weir__heap_node;

/* The lowest node is the root; NULL: the heap is empty. */
typedef struct weir__heap {
    weir__heap_node *root;
} weir__heap;

/* The caller has set the rank. */
void weir__heap_push(weir__heap *heap, weir__heap_node *node);

/* Takes the lowest one away. The heap is not empty. */
weir__heap_node *weir__heap_pop(weir__heap *heap);

#endif /* WEIR_BASE_HEAP_H */
