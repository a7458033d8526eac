/*
 * relax.c - see relax.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/relax.h"

#include "sync/atomic.h"
#include "sync/clock.h"

enum {
    MEASURES = 4, /* the shortest counts: in the others something came between */
    MEASURED = 64,
    LIKELY = 64,       /* pauses in 1024 ns, where the clock is too coarse to tell */
    MOST = 1024 * 1024 /* pauses in 1024 ns: a processor that knows no pause, and more */
};

/* How many pauses fill 1024 ns; 0: not yet measured. */
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

static uint32_t measure(void) {
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < MEASURES; i++) {
        uint64_t from = weir__clock_now();
        pause_times(MEASURED);
        uint64_t took = weir__clock_now() - from;
        shortest = took < shortest ? took : shortest;
    }
    uint64_t pauses = shortest == 0 ? LIKELY : (uint64_t)MEASURED * 1024 / shortest;
    return pauses == 0 ? 1 : pauses > MOST ? MOST : (uint32_t)pauses;
}

void weir__pause(uint32_t nanoseconds) {
    uint32_t pauses = weir__u32_load_relaxed(&pauses_in_1024);
    if (pauses == 0) {
        pauses = measure();
        weir__u32_store_relaxed(&pauses_in_1024, pauses); /* two may measure at once: either is right */
    }
    pause_times(1 + (uint32_t)((uint64_t)nanoseconds * pauses / 1024));
}
