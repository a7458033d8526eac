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

uint64_t weir__rate_interval(double per_second) {
    if (per_second <= 0)
        return 0;
    double interval = second / per_second;
    return interval > longest ? (uint64_t)longest : round_up(interval); /* at least 1: a rate is at most 1e9 */
}

static uint64_t slack_of(uint64_t interval, size_t burst) {
    uint64_t ahead = burst > 1 ? burst - 1 : 0;
    return interval != 0 && ahead > (uint64_t)longest / interval ? (uint64_t)longest : ahead * interval;
}

/* Returns a + b * c, at most UINT64_MAX. */
static uint64_t add_product(uint64_t a, uint64_t b, uint64_t c) {
    return c != 0 && b > (UINT64_MAX - a) / c ? UINT64_MAX : a + b * c;
}

static uint64_t less(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/*
 * R2. Returns the time of the next call by the new interval and slack. A call waits until that time, less the slack. If
 * the new slack is less than the old one scaled, the difference is credit for calls that have come early: it is taken
 * off too, or it would become a wait.
 */
static uint64_t scaled(const weir__rate *rate, uint64_t before, uint64_t interval, uint64_t slack, uint64_t now) {
    if (before == 0 || interval == 0)
        return 0;
    double ratio = (double)interval / (double)before;
    double left = (double)less(rate->next, now) * ratio, credit = (double)rate->slack * ratio - (double)slack;
    if (credit > 0)
        left = left > credit ? left - credit : 0;
    return left >= (double)(UINT64_MAX - now) ? UINT64_MAX : now + (uint64_t)left;
}

void weir__rate_set(weir__rate *rate, double per_second, size_t burst, uint64_t now) {
    uint64_t interval = weir__rate_interval(per_second), slack = slack_of(interval, burst);
    weir__lock_acquire(&rate->lock);
    now = later(now, rate->latest);
    rate->next = scaled(rate, weir__u64_load_relaxed(&rate->interval), interval, slack, now);
    rate->slack = slack;
    rate->per_second = per_second;
    rate->changes++;
    weir__u64_store_relaxed(&rate->interval, interval);
    weir__lock_release(&rate->lock);
}

weir__turn weir__rate_take(weir__rate *rate, uint64_t now, uint64_t turns) {
    weir__lock_acquire(&rate->lock);
    uint64_t interval = weir__u64_load_relaxed(&rate->interval);
    uint64_t due = interval == 0 ? 0 : later(rate->next, now);
    weir__turn turn = {.number = rate->taken, .due = less(due, rate->slack), .changes = rate->changes};
    rate->taken += turns;
    rate->latest = later(rate->latest, now);
    rate->next = add_product(due, turns, interval);
    weir__lock_release(&rate->lock);
    return turn;
}

uint64_t weir__rate_due(weir__rate *rate, weir__turn *turn) {
    weir__lock_acquire(&rate->lock);
    if (turn->changes != rate->changes) {
        uint64_t behind = add_product(rate->slack, rate->taken - turn->number, weir__u64_load_relaxed(&rate->interval));
        turn->due = rate->next == UINT64_MAX ? UINT64_MAX : less(rate->next, behind);
        turn->changes = rate->changes;
    }
    weir__lock_release(&rate->lock);
    return turn->due;
}

double weir__rate_limit(weir__rate *rate) {
    weir__lock_acquire(&rate->lock);
    double per_second = rate->per_second;
    weir__lock_release(&rate->lock);
    return per_second;
}
