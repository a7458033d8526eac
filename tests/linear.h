/*
 * linear.h - checks whether a history of calls on a queue is linearizable.
 *
 * A history is the calls of several threads, with their begin and end times and results. It is linearizable if its
 * calls have a sequential order with two properties. No call precedes a call that ended before it began, and a
 * sequential queue gives the same results (M. Herlihy and J. Wing, "Linearizability", TOPLAS 1990).
 *
 * The check searches the orders and remembers failed states: J. Wing and C. Gong, "Testing and Verifying Concurrent
 * Objects", JPDC 1993, with the cache of G. Lowe, "Testing for Linearizability", 2017.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_LINEAR_H
#define WEIR_TESTS_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/status.h>

enum { LINEAR_CALLS = 32 }; /* maximum */

enum linear_kind {
    LINEAR_PUT, /* put and try_put */
    LINEAR_GET, /* get and try_get */
    LINEAR_CLOSE,
    LINEAR_DRAIN,
    LINEAR_DISCARD
};

struct linear_call {
    enum linear_kind kind;
    weir_status status;
    unsigned item;         /* 1 to 14: the item put or got */
    uint64_t began, ended; /* by any clock shared by all threads */
    uint32_t after;        /* bit k: must not precede call k */
};

/* Fills in `after` from the times: a call never precedes a call that ended before it began. */
void linear_order_by_time(struct linear_call *calls, size_t count);

/* Checks the history by `after`; ignores the times. Capacity: 1 to 16; more means unbounded. */
bool linear_check(const struct linear_call *calls, size_t count, size_t capacity);

/* Prints the calls in the order in which they began. */
void linear_print(const struct linear_call *calls, size_t count);

#endif /* WEIR_TESTS_LINEAR_H */
