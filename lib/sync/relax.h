/*
 * relax.h - what a thread does that expects something to change within a microsecond or so.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RELAX_H
#define WEIR_SYNC_RELAX_H

#include <sched.h>

/* The longest run of pauses between two looks at a lock that is held for a few dozen instructions; how many pauses, and
   then how many yields, a partner that is about to put or get is waited for. */
enum { WEIR__PAUSES_FOR_LOCK = 32, WEIR__PAUSES_FOR_PARTNER = 128, WEIR__YIELDS_FOR_PARTNER = 32 };

/* Tells the processor that this is a waiting loop: 20 to 150 cycles, by the processor. */
static inline void weir__pause(void) {
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

/* Lets another thread have this processor, if one is ready. */
static inline void weir__yield(void) {
    sched_yield();
}

#endif /* WEIR_SYNC_RELAX_H */
