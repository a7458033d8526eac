/*
 * sched.h - declares a deterministic scheduler that runs the real sources of weir.
 *
 * A scenario is a function that makes weir's public calls and starts threads with sched_spawn. The explorer runs it
 * again and again, each time with another schedule. Threads are fibres of one OS thread; at each operation of the
 * seam (tests/sched/sync) the scheduler decides which of them continues. It can decide:
 *
 *   - which thread runs (a switch away from a thread that could continue costs one preemption);
 *   - that a deadline has passed, or that a sleeper wakes spuriously;
 *   - under the memory models TSO and WEAK, that a store stays in the store buffer, or that a load sees an older
 *     value;
 *   - that a weak compare-and-swap, an allocation or a thread creation fails, where the scenario allows it.
 *
 * Two choices are free: which thread runs when the running one cannot, and which of several sleepers is woken. Every
 * other decision costs one unit of a bounded budget, as in M. Musuvathi and S. Qadeer, "Iterative Context Bounding
 * for Systematic Testing of Multithreaded Programs", PLDI 2007: within the budget the search is exhaustive. Beyond
 * it, schedules are random: priorities with d-1 change points, S. Burckhardt et al., "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs" (PCT), ASPLOS 2010.
 *
 * The scheduler finds failed checks of the scenario, deadlocks, leaked threads and memory, use after free, data
 * races, and runs that do not end. It finds data races on plain accesses of lib/ with vector clocks: the compiler's
 * hooks for -fsanitize=thread call functions of our own. It prints a failing schedule as a string that replays it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_H
#define WEIR_TESTS_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHED_THREADS = 8 }; /* maximum number of threads, the scenario's own included */

/* ---- for scenarios ---- */

/* Starts a thread. Returns its number, for sched_join. */
int sched_spawn(void (*run)(void *arg), void *arg);
void sched_join(int thread);

/* Ends the calling thread as pthread_exit does. */
_Noreturn void sched_exit_thread(void);

/* Fails this schedule, with a message, unless `holds`. */
void sched_check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes a plain access to 8 bytes of the scenario's own, which the race detector checks. */
void sched_plain_write(uint64_t *at, uint64_t value);
uint64_t sched_plain_read(const uint64_t *at);

/*
 * Chooses one of `count` ways, 2 to 32, at no cost; the search tries all of them. For what a scenario leaves open.
 * Must not be called while the run is calm.
 */
int sched_choose(int count);

/* While the run is calm, every decision takes its default. For steps that the scenario is not about. */
void sched_calm(bool calm);

/*
 * Lets the other threads run until each of them waits, with every decision at its default. Afterwards the run is not
 * calm.
 */
void sched_settle(void);

/*
 * Returns how much the library has done in this run: the number of its atomic operations, sleeps, wakes and plain
 * accesses to its memory.
 */
unsigned sched_work(void);

/* Returns memory from the scheduler's arena, which is freed when the schedule ends. */
void *sched_scratch(size_t size);

/* Selects whether locks are released by a store (lib/lock/lock.h), and whether the barrier for all threads fails. */
void sched_barrier(bool works);
void sched_fail_barrier(bool fails);

/*
 * Begins a run in which the library has not requested the barrier yet. The second call requests it, or the first
 * sleeper does.
 */
void sched_barrier_is_to_come(void);
void sched_barrier_comes(void);

/* Returns the virtual time in nanoseconds. A thread that sleeps until a deadline advances it. */
uint64_t sched_now(void);

/* Lets time pass while the calling thread computes: a crew's monitor sees a thread that does not sleep. */
void sched_compute(uint64_t nanoseconds);

/* The same, and no other thread gets a processor: threads with a deadline that passes wait for one. */
void sched_compute_alone(uint64_t nanoseconds);

/* Sets the number of processors that the library sees in this run; initially 1. */
void sched_processors(unsigned count);

/*
 * Makes the n-th allocation or thread creation from now on fail (counted from 1; 0: none). With `on`, all later ones
 * fail too.
 */
void sched_fail_allocation(unsigned n, bool on);
void sched_fail_thread(unsigned n, bool on);

/*
 * sched_stamp returns the last point of the calling thread that other threads can know of. sched_has_seen returns
 * true if the calling thread knows of the point `stamp` of another one.
 */
struct sched_stamp {
    int thread;
    uint32_t epoch;
};
struct sched_stamp sched_stamp(void);
bool sched_has_seen(struct sched_stamp stamp);

/*
 * Returns true if all threads share one time. Where a store can be seen late, they do not: a thread knows only what
 * it has seen of another.
 */
bool sched_has_common_time(void);

/*
 * sched_raise sends a signal, 1 to 63, to the process. sched_pends returns true if it pends there: no thread has
 * taken it.
 */
void sched_raise(int signal);
bool sched_pends(int signal);

struct scenario {
    const char *name;
    const char *shows; /* the property that it checks, in words */
    void (*run)(void);
    bool core;      /* the budget is larger by that of --deeper */
    unsigned large; /* the budget is smaller by this; not 0: a fifth of the random runs */
};

#endif /* WEIR_TESTS_SCHED_H */
