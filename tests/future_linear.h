/*
 * future_linear.h - checks whether a history of calls on a promise is linearizable: see linear.h, which does so for the
 * queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FUTURE_LINEAR_H
#define WEIR_TESTS_FUTURE_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/future.h>

enum { FUTURE_CALLS = 24 }; /* maximum */

enum future_kind {
    FUTURE_SET,
    FUTURE_FAIL,
    FUTURE_CANCEL,
    FUTURE_GET, /* with a deadline in the past */
    FUTURE_TAKE,
    FUTURE_STATE, /* state_of */
    FUTURE_CODE,
    FUTURE_ASKED, /* cancelled */
    FUTURE_CALLS_OF
};

struct future_call {
    enum future_kind kind;
    weir_status status;
    unsigned value; /* set or got; the code of a fail; the result of state_of, code (negated if below 0), cancelled */
    uint64_t began, ended; /* by any clock shared by all threads */
    uint32_t after;        /* bit k: must not precede call k */
};

/* Makes a call of this kind with this value, and stores its results. */
void future_make_call(weir_future *future, struct future_call *call, enum future_kind kind, unsigned value);

/* Fills in `after` from the times. */
void future_order_by_time(struct future_call *calls, size_t count);

/* Checks the history by `after`; ignores the times. */
bool future_check(const struct future_call *calls, size_t count);

/* Prints the calls. */
void future_print(const struct future_call *calls, size_t count);

#endif /* WEIR_TESTS_FUTURE_LINEAR_H */
