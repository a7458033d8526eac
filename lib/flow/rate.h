/*
 * rate.h - Implements a limit on calls per second.
 *
 * The generic cell rate algorithm, ITU-T Recommendation I.371: one number says when the next call is due without a
 * pause. A call may begin before that by as much as the burst allows.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_RATE_H
#define WEIR_FLOW_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock/lock.h"

/* Zero is valid: no limit. */
typedef struct weir__rate {
    uint64_t interval; /* ns between two calls; constant; 0: no limit */
    uint64_t slack;    /* ns that a burst may be early; constant */
    weir__lock lock;
    uint64_t next; /* when the next call is due without a pause; under the lock */
} weir__rate;

/* Sets the limit; a rate of 0 sets none. A burst of 0 or 1 allows no call to be early. */
void weir__rate_prepare(weir__rate *rate, double per_second, size_t burst);

static inline bool weir__rate_limits(const weir__rate *rate) {
    return rate->interval != 0;
}

/* Takes that many turns at the time `now`; returns when they come, which is `now` or earlier if that is at once. */
uint64_t weir__rate_take(weir__rate *rate, uint64_t now, uint64_t turns);

#endif /* WEIR_FLOW_RATE_H */
