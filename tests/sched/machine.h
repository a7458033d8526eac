/*
 * machine.h - declares the machine that runs a schedule: threads, memory with its model, and a clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_MACHINE_H
#define WEIR_TESTS_SCHED_MACHINE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sched.h"

enum model {
    MODEL_SC,  /* a load sees the newest store */
    MODEL_TSO, /* stores may wait in a FIFO buffer of their thread */
    MODEL_WEAK /* a load may see an older store, as far as acquire and release allow */
};

enum { LOCATIONS = 512, VIEW_STEP = 16, ARENA_SIZE = 256 * 1024, ARENA_GRAIN = 4 };

/* A vector clock: for each thread, how much of it happened before. L. Lamport 1978; F. Mattern 1989. */
struct vector {
    uint32_t of[SCHED_THREADS];
};

/*
 * For each atomic location, the number of the oldest store that a thread may still see; 0 for locations from `count`
 * on. `count` is a multiple of VIEW_STEP, so compilers join that many at once.
 */
struct view {
    int count;
    uint16_t of[LOCATIONS];
};

/* ---- machine.c: threads and time ---- */

void machine_begin(enum model model);
void machine_run(void (*scenario)(void));

/* What every access reads; only machine.c writes it. */
extern struct machine_now {
    enum model model;
    unsigned run;      /* the run's number */
    int self;          /* the running thread */
    unsigned accesses; /* number of plain accesses, for sched_work */
} machine;

/* Marks a point at which another thread may run. */
void machine_point(void);

/* Fails the run. Does not return. */
_Noreturn void machine_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *machine_failure(void); /* NULL if the run has not failed */

/* Prints a line of the trace if tracing is on. */
extern bool machine_tracing;
void machine_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define machine_trace(...) (machine_tracing ? machine_print(__VA_ARGS__) : (void)0)

/* ---- memory.c: atomics ---- */

void memory_begin(void);
uint64_t memory_newest(const void *at, size_t size);
void memory_drain(void); /* the store buffer of the calling thread */
void memory_barrier_of_all(int threads);
void memory_spawn(int child);       /* the child sees what the caller sees */
void memory_see_thread(int thread); /* the caller sees what the thread saw at its end */
const struct vector *memory_clock(void);
void memory_check_free(const char *from, const char *to);

/* ---- arena.c: allocation, and plain accesses ---- */

void arena_begin(void);
size_t arena_left(void); /* number of bytes that were not freed */
bool arena_holds(const void *at);
size_t arena_offset(const void *at);
void arena_check_alive(const void *at, const char *what);

void arena_plain(const void *at, size_t size, bool write);

#endif /* WEIR_TESTS_SCHED_MACHINE_H */
