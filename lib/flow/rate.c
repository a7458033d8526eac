/*
 * rate.c - Limits the number of calls per second.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/rate.h"

static const double second = 1e9, longest = 1e18; /* ns */

static uint64_t round_up(double value) {
    uint64_t whole = (uint64_t)value;
    return (double)whole < value ? whole + 1 : whole;
}

void weir__rate_prepare(weir__rate *rate, double per_second, size_t burst) {
    if (per_second <= 0)
        return;
    double interval = second / per_second;
    rate->interval =
        interval > longest ? (uint64_t)longest : round_up(interval); /* at least 1: a rate is at most 1e9 */
    uint64_t ahead = burst > 1 ? burst - 1 : 0;
    rate->slack = ahead > (uint64_t)longest / rate->interval ? (uint64_t)longest : ahead * rate->interval;
}

uint64_t weir__rate_take(weir__rate *rate, uint64_t now, uint64_t turns) {
    weir__lock_acquire(&rate->lock);
    uint64_t due = rate->next > now ? rate->next : now;
    rate->next = turns > (UINT64_MAX - due) / rate->interval ? UINT64_MAX : due + turns * rate->interval;
    weir__lock_release(&rate->lock);
    return due > rate->slack ? due - rate->slack : 0;
}
