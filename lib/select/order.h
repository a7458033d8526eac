/*
 * order.h - Declares the order in which a select looks at its cases.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_ORDER_H
#define WEIR_SELECT_ORDER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Begins an order of `count` places with the element `first`, which the caller has chosen among all of them with equal
 * chances: that is place 0 of the first pass. Fills `order`.
 */
void weir__order_begin(uint32_t *order, size_t count, size_t first);

/*
 * Returns the element for place `at`, chosen among those that no earlier place has. Called for 0, 1 ... of one pass over
 * `order`, which may end early, and again from 0 for the next pass. Each order is equally likely.
 */
size_t weir__order_next(uint32_t *order, size_t count, size_t at);

#endif /* WEIR_SELECT_ORDER_H */
