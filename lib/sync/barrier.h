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

/* Whether weir__barrier_of_all can be had here. Constant from before any other thread uses the library. */
extern bool weir__barrier_works;

/*
 * When it returns, each other thread has been at a point, since the call, at which all that it wrote before is seen by
 * all, and what it reads afterwards is no older than that. Takes microseconds. Returns false if the system refuses,
 * which it can come to later (a sandbox).
 */
bool weir__barrier_of_all(void);

/* Keeps the compiler from moving a read or a write across; the processor still may. */
static inline void weir__barrier_of_compiler(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

#endif /* WEIR_SYNC_BARRIER_H */
