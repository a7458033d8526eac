/*
 * barrier.h - a memory barrier in every thread of the process, made by the one that needs it.
 *
 * Where one side of a race runs a million times for each time of the other, the rare side can pay for both: the frequent
 * one keeps the compiler alone from reordering, and the rare one has the system interrupt all processors. See
 * membarrier(2), and M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level Implementations of
 * Read-Copy Update", IEEE TPDS 2012.
 *
 * barrier_linux.c is the system call; barrier_none.c never works. The build chooses one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BARRIER_H
#define WEIR_SYNC_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sync/atomic.h"

/* What the system has answered. The first answer is final. */
enum { WEIR__BARRIER_UNTRIED = 0, WEIR__BARRIER_WORKS = 1, WEIR__BARRIER_NEVER_WORKS = 2 };

extern weir__u32 weir__barrier_state;

/*
 * Returns whether the system has promised weir__barrier_of_all. This may turn true at any moment, but once: where the
 * library is linked statically, constructors of the program may have started threads before the library asks.
 */
static inline bool weir__barrier_works(void) {
    return weir__u32_load_relaxed(&weir__barrier_state) == WEIR__BARRIER_WORKS;
}

/* Returns whether the system has refused for good. No thread sees weir__barrier_works true, before or afterwards. */
static inline bool weir__barrier_never_works(void) {
    return weir__u32_load_relaxed(&weir__barrier_state) == WEIR__BARRIER_NEVER_WORKS;
}

/*
 * When it returns, each other thread has been at a point, since the call, at which all that it wrote before is seen by
 * all, and what it reads afterwards is no older than that. Takes microseconds; the first call asks the system for it if
 * that has not happened yet. Returns false if the system refuses, which it can come to later (a sandbox).
 */
bool weir__barrier_of_all(void);

/* Keeps the compiler from moving a read or a write across; the processor still may. */
static inline void weir__barrier_of_compiler(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

#endif /* WEIR_SYNC_BARRIER_H */
