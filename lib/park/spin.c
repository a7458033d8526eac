/*
 * spin.c - see spin.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "park/spin.h"

static const uint64_t long_yield = 1000 * 1000;        /* ns: somebody else had a time slice */
static const uint64_t no_yield_for = 50 * 1000 * 1000; /* ns */

static bool pause_until(weir__spin_ready *ready, const void *arg) {
    for (int pauses = 1; pauses <= WEIR__PAUSES_FOR_PARTNER; pauses *= 2) {
        for (int i = 0; i < pauses; i++)
            weir__pause();
        if (ready(arg))
            return true;
    }
    return false;
}

static bool yield_until(weir__spin *spin, weir__spin_ready *ready, const void *arg) {
    uint64_t before = weir__clock_now();
    for (int i = 0; i < WEIR__YIELDS_FOR_PARTNER && before >= weir__u64_load_relaxed(&spin->no_yield_until); i++) {
        weir__yield();
        if (ready(arg))
            return true;
        uint64_t after = weir__clock_now();
        if (after - before > long_yield)
            weir__u64_store_relaxed(&spin->no_yield_until, after + no_yield_for);
        before = after;
    }
    return false;
}

bool weir__spin_until(weir__spin *spin, weir__spin_ready *ready, const void *arg) {
    return pause_until(ready, arg) || yield_until(spin, ready, arg);
}
