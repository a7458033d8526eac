/*
 * noise.c - noise between two atomic operations: usually none, sometimes a yield, rarely a sleep.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <sched.h>
#include <stdint.h>
#include <time.h>

void noise(void);

void noise(void) {
    static _Thread_local uint32_t state;
    if (state == 0)
        state = (uint32_t)(uintptr_t)&state | 1; /* differs between threads */
    state = state * 1664525u + 1013904223u;      /* Knuth 3.3.4 */
    uint32_t dice = state >> 20;
    if (dice < 8)
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    else if (dice < 200)
        sched_yield();
}
