/*
 * barrier.h - Declares a memory barrier that one thread executes in every thread of the process.
 *
 * When one side of a race runs far more often than the other, the rare side can pay for both. The frequent side only
 * restrains the compiler. The rare side has the kernel interrupt every processor that runs a thread of the process.
 * See membarrier(2), and M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level Implementations
 * of Read-Copy Update", IEEE TPDS 2012.
 *
 * barrier_linux.c makes the system call; barrier_none.c always fails. The build selects one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BARRIER_H
#define WEIR_SYNC_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sync/atomic.h"

/* The kernel's answer to the registration. The first answer is final. */
enum { WEIR__BARRIER_UNTRIED = 0, WEIR__BARRIER_WORKS = 1, WEIR__BARRIER_NEVER_WORKS = 2 };

extern weir__u32 weir__barrier_state;

/*
 * Returns whether the kernel has accepted the registration, so that weir__barrier_of_all works. Turns true at most
 * once, and at any moment: in a static link, constructors of the program may start threads before the library
 * registers.
 */
static inline bool weir__barrier_works(void) {
    return weir__u32_load_relaxed(&weir__barrier_state) == WEIR__BARRIER_WORKS;
}

/*
 * Returns whether the kernel has refused the registration. If so, weir__barrier_works is false in all threads, before
 * and after.
 */
static inline bool weir__barrier_never_works(void) {
    return weir__u32_load_relaxed(&weir__barrier_state) == WEIR__BARRIER_NEVER_WORKS;
}

/*
 * Executes a full memory barrier in every other thread of the process, at some point between the call and its return.
 * All that a thread wrote before that point is then visible to all threads; what it reads after that point is at least
 * as recent. Takes microseconds. The first call registers the process if that has not been done. Returns false if the
 * kernel refuses, which may begin later (a sandbox).
 */
bool weir__barrier_of_all(void);

/* Keeps the compiler from moving reads and writes across the call. The processor may still reorder them. */
static inline void weir__barrier_of_compiler(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

#endif /* WEIR_SYNC_BARRIER_H */
