/*
 * linear.h - whether a history of calls on a queue could have happened one call after another.
 *
 * A history is what several threads called, when each call began and ended, and what it returned. It is linearizable if
 * its calls can be put into one order, in which no call comes before one that had ended before it began, so that a
 * queue that is used by one thread alone would have returned just that (M. Herlihy and J. Wing, "Linearizability",
 * TOPLAS 1990). The check tries the orders, and remembers from where it was tried in vain: J. Wing and C. Gong,
 * "Testing and Verifying Concurrent Objects", JPDC 1993, with the memory of G. Lowe, "Testing for Linearizability",
 * 2017.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_LINEAR_H
#define WEIR_TESTS_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/status.h>

enum { LINEAR_CALLS = 32 }; /* at most */

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
    unsigned item;         /* 1 to 14: what was put, or got */
    uint64_t began, ended; /* by any clock that all threads share */
    uint32_t after;        /* bit k: it cannot come before call k */
};

/* Fills in `after`: no call comes before one that had ended before it began. */
void linear_order_by_time(struct linear_call *calls, size_t count);

/* Looks at `after`, not at the times. Capacity: 1 to 16; more means unbounded. */
bool linear_check(const struct linear_call *calls, size_t count, size_t capacity);

/* For people: the calls in the order in which they began. */
void linear_print(const struct linear_call *calls, size_t count);

#endif /* WEIR_TESTS_LINEAR_H */
