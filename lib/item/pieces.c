/*
 * pieces.c - Implements counts of pieces.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "item/pieces.h"

#include <string.h>

weir__pieces *weir__pieces_new(weir__flight *flight, weir__account *account, uint64_t weight) {
    weir__pieces *pieces = weir__pool_take(&flight->pool, weir__cache_of(account));
    if (pieces == NULL)
        return NULL;
    memset(pieces, 0, sizeof *pieces);
    weir__u64_store_relaxed(&pieces->left, 1);
    weir__u64_store_relaxed(&pieces->verdict, WEIR__DONE);
    pieces->weight = weight;
    return pieces;
}

weir__pieces *weir__pieces_combine(weir__flight *flight, weir__account *account, size_t count) {
    weir__pieces *pieces = weir__pieces_new(flight, account, 0);
    if (pieces == NULL)
        return NULL;
    pieces->combined = true;
    pieces->parents = weir__alloc(count * sizeof(weir__pieces *));
    if (pieces->parents != NULL)
        return pieces;
    weir__pool_give(&flight->pool, weir__cache_of(account), pieces);
    return NULL;
}

void weir__pieces_adopt(weir__pieces *combined, weir__pieces *parent) {
    weir__pieces_add(parent);
    combined->parents[combined->parent_count++] = parent;
}

void weir__pieces_add(weir__pieces *pieces) {
    weir__assert(weir__u64_peek(&pieces->left) > 0); /* E1: the caller has a piece */
    weir__count_shared(&pieces->left, 1);
}

/* E2. */
static void worsen(weir__pieces *pieces, weir__verdict verdict) {
    uint64_t worst = weir__u64_load_acquire(&pieces->verdict);
    while (worst < verdict && !weir__u64_swap_weak_acquire_release(&pieces->verdict, &worst, verdict))
        ;
}

/* Ends a piece. Returns true if it was the last. */
static bool end_one(weir__pieces *pieces, weir__verdict verdict) {
    weir__assert(weir__u64_peek(&pieces->left) > 0); /* E1 */
    worsen(pieces, verdict);
    return weir__u64_add_acquire_release(&pieces->left, UINT64_MAX) == 1;
}

/* E3. Ends a piece of each parent. Adds each parent without a piece left to the front of the list `ended`. */
static void end_parents(weir__pieces *pieces, weir__verdict verdict, weir__pieces **ended) {
    for (size_t i = 0; i < pieces->parent_count; i++) {
        weir__pieces *parent = pieces->parents[i];
        if (!end_one(parent, verdict))
            continue;
        parent->next_ended = *ended;
        *ended = parent;
    }
}

void weir__pieces_free(weir__flight *flight, weir__account *account, weir__pieces *pieces) {
    weir__free(pieces->parents);
    weir__pool_give(&flight->pool, weir__cache_of(account), pieces);
}

/* Ends the root, or the pieces of the parents, of a count without pieces. Adds parents without any to `ended`. */
static void end_count(weir__flight *flight, weir__account *account, weir__pieces *pieces, weir__pieces **ended) {
    weir__verdict verdict = (weir__verdict)weir__u64_load_acquire(&pieces->verdict);
    if (!pieces->combined)
        weir__roots_end(flight, account, (weir__load){1, pieces->weight}, verdict);
    if (pieces->ticketed)
        flight->tell(flight, pieces->ticket.of, verdict); /* E5 */
    end_parents(pieces, verdict, ended);
}

/* Not recursive: batches of batches can nest as deep as the number of stages. */
void weir__pieces_end(weir__flight *flight, weir__account *account, weir__pieces *pieces, weir__verdict verdict) {
    weir__pieces *ended = end_one(pieces, verdict) ? pieces : NULL; /* next_ended is NULL */
    while ((pieces = ended) != NULL) {
        ended = pieces->next_ended;
        end_count(flight, account, pieces, &ended);
        weir__pieces_free(flight, account, pieces);
    }
}
