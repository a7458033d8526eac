/*
 * rate.h - Limits the number of calls per second.
 *
 * The method is the generic cell rate algorithm, ITU-T Recommendation I.371. Its state is one number: the time of the
 * next call if no call is early. A burst allows a call to begin earlier, by `slack`.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_RATE_H
#define WEIR_FLOW_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock/lock.h"

/* Zero-initialised: no limit. */
typedef struct weir__rate {
    uint64_t interval; /* ns from one call to the next; constant; 0: no limit */
    uint64_t slack;    /* ns by which a call may be early; constant */
    weir__lock lock;
    uint64_t next; /* time of the next call if no call is early; under the lock */
} weir__rate;

/* Sets the limit. A rate of 0 sets no limit. A burst of 0 or 1 allows no early call. */
void weir__rate_prepare(weir__rate *rate, double per_second, size_t burst);

static inline bool weir__rate_limits(const weir__rate *rate) {
    return rate->interval != 0;
}

/*
 * Takes `turns` turns at the time `now`. Returns the time at which the caller may proceed; a time not after `now` means
 * at once.
 */
uint64_t weir__rate_take(weir__rate *rate, uint64_t now, uint64_t turns);

#endif /* WEIR_FLOW_RATE_H */
