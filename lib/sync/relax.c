/*
 * relax.c - Implements pauses of a given length, and their measurement. See relax.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/relax.h"

#include "sync/atomic.h"
#include "sync/clock.h"

enum {
    CLOCK_LOOKS = 64,
    MEASURES = 4,             /* the shortest counts: the others were disturbed */
    MEASURED = 64,            /* pauses in the first measurement */
    MOST_MEASURED = 256 * 64, /* pauses in the last one; less than a millisecond */
    EXACT = 20,               /* minimum length of a measurement, in steps of the clock */
    LIKELY = WEIR__LIKELY_PAUSES,
    MOST = 1024 * 1024 /* limit of pauses in 1024 ns; above that of a processor without a pause instruction */
};

/* Number of pauses that fill 1024 ns; 0: not measured yet. */
static weir__u32 pauses_in_1024;

static inline void pause_once(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory"); /* yield is a no-op on most cores; isb takes about as long as a pause */
#elif defined(__arm__)
    __asm__ __volatile__("yield" ::: "memory");
#else
    __asm__ __volatile__("" ::: "memory");
#endif
}

static void pause_times(uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        pause_once();
}

/* What the clock adds to a measurement. */
struct clock_itself {
    uint64_t cost; /* ns per reading */
    uint64_t step; /* smallest advance in ns; 0: it has not moved */
};

static struct clock_itself look_at_clock(weir__now *now) {
    struct clock_itself found = {.cost = UINT64_MAX, .step = UINT64_MAX};
    uint64_t before = now();
    for (int i = 0; i < CLOCK_LOOKS; i++) {
        uint64_t after = now(), took = after - before;
        found.cost = took < found.cost ? took : found.cost;
        found.step = took > 0 && took < found.step ? took : found.step;
        before = after;
    }
    found.step = found.step == UINT64_MAX ? 0 : found.step;
    return found;
}

static uint64_t time_pauses(weir__now *now, weir__pauses *pauses, uint32_t count) {
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < MEASURES; i++) {
        uint64_t from = now();
        pauses(count);
        uint64_t took = now() - from;
        shortest = took < shortest ? took : shortest;
    }
    return shortest;
}

uint32_t weir__measure_pauses(weir__now *now, weir__pauses *pauses) {
    const struct clock_itself clock = look_at_clock(now);
    if (clock.step == 0)
        return LIKELY;
    for (uint32_t count = MEASURED; count <= MOST_MEASURED; count *= 2) {
        uint64_t took = time_pauses(now, pauses, count);
        if (took < clock.cost + EXACT * clock.step)
            continue;
        uint64_t found = (uint64_t)count * 1024 / (took - clock.cost);
        return found == 0 ? 1 : found > MOST ? MOST : (uint32_t)found;
    }
    return LIKELY;
}

void weir__pause(uint32_t nanoseconds) {
    uint32_t pauses = weir__u32_load_relaxed(&pauses_in_1024);
    if (pauses == 0) {
        pauses = weir__measure_pauses(weir__clock_now, pause_times);
        weir__u32_store_relaxed(&pauses_in_1024, pauses); /* threads may measure at once: either is right */
    }
    pause_times(1 + (uint32_t)((uint64_t)nanoseconds * pauses / 1024));
}
