/*
 * order.c - Implements the order of a look at the cases: the shuffle of Fisher and Yates, done as far as it is needed.
 *
 * A pass that begins at a random place and goes round is cheaper, and not fair: a ready case that stands behind others
 * which are not ready would be found from each of their places.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "select/order.h"

#include "sync/assert.h"
#include "sync/random.h"

void weir__order_begin(uint32_t *order, size_t count, size_t first) {
    weir__assert(first < count);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    order[first] = 0;
    order[0] = (uint32_t)first;
}

size_t weir__order_next(uint32_t *order, size_t count, size_t at) {
    weir__assert(at < count);
    size_t other = at + weir__random_below((uint32_t)(count - at));
    uint32_t chosen = order[other];
    order[other] = order[at];
    order[at] = chosen;
    return chosen;
}
