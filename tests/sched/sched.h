/*
 * sched.h - a deterministic scheduler under the real sources of weir.
 *
 * A scenario is a function that uses weir's public calls and starts threads with sched_spawn. The explorer runs it
 * again and again, each time with another schedule: threads are fibres of one OS thread, and at each operation of the
 * seam (tests/sched/sync) it decides which of them goes on. What it can decide:
 *
 *   - which thread runs (a switch away from a thread that could go on costs one preemption);
 *   - that a deadline has come, or that a sleeper wakes for no reason;
 *   - with the memory models TSO and WEAK, that a store stays in the store buffer, or that a load sees an older value;
 *   - that a weak compare and swap, an allocation or a thread creation fails, where the scenario allows it.
 *
 * Everything but the free choices (who runs when the running thread cannot, who of several sleepers is woken) costs one
 * of a bounded budget, as in M. Musuvathi and S. Qadeer, "Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs", PLDI 2007: within the budget the search is exhaustive. Beyond it, random schedules:
 * priorities with d-1 points of change, S. Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs" (PCT), ASPLOS 2010.
 *
 * Found are: failed checks of the scenario, deadlocks, threads and memory that are left, use of freed memory, data
 * races on plain accesses of lib/ (vector clocks; the compiler's hooks for -fsanitize=thread, with our own functions
 * behind them), and runs that do not end. A failing schedule is printed as a string that replays it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_H
#define WEIR_TESTS_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHED_THREADS = 8 }; /* at most, the scenario's own included */

/* ---- for scenarios ---- */

/* Starts a thread; returns its number, for sched_join. */
int sched_spawn(void (*run)(void *arg), void *arg);
void sched_join(int thread);

/* Ends the calling thread as pthread_exit does. */
_Noreturn void sched_exit_thread(void);

/* Fails this schedule, with a message, unless `holds`. */
void sched_check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A plain access to 8 bytes of the scenario's own, for the race detector. */
void sched_plain_write(uint64_t *at, uint64_t value);
uint64_t sched_plain_read(const uint64_t *at);

/* One of `count` ways, 2 to 32, which are all tried, at no cost: for what a scenario leaves open. Not while it is calm. */
int sched_choose(int count);

/* While it is calm nothing is decided: everything goes its default way. For what a scenario is not about. */
void sched_calm(bool calm);

/* Calmly lets the others run until each of them waits for something. */
void sched_settle(void);

/* How much the library has done in this run: its atomic operations, sleeps, wakes, and plain accesses to its memory. */
unsigned sched_work(void);

/* Memory from the scheduler's arena, freed by itself when the schedule ends. */
void *sched_scratch(size_t size);

/* Whether locks are given back by a store (lib/lock/lock.h); whether the barrier for all threads fails. */
void sched_barrier(bool works);
void sched_fail_barrier(bool fails);

/* In this run the library has not asked for the barrier yet; with the second call, or the first sleeper, it does. */
void sched_barrier_is_to_come(void);
void sched_barrier_comes(void);

/* Virtual nanoseconds; a thread that sleeps until a deadline moves them on. */
uint64_t sched_now(void);

/* From now on the n-th allocation or thread creation (counted from 1) fails; 0: none. With `on`, all later ones too. */
void sched_fail_allocation(unsigned n, bool on);
void sched_fail_thread(unsigned n, bool on);

/* What the calling thread has done last, as others will know it; and whether the calling thread knows it of another. */
struct sched_stamp {
    int thread;
    uint32_t epoch;
};
struct sched_stamp sched_stamp(void);
bool sched_has_seen(struct sched_stamp stamp);

/* Where a store can be seen late there is no time that all threads share, only what one has seen of the other. */
bool sched_has_common_time(void);

/* Sends a signal, 1 to 63, to the process. Whether one pends there that no thread has taken. */
void sched_raise(int signal);
bool sched_pends(int signal);

struct scenario {
    const char *name;
    const char *shows; /* what holds, in words */
    void (*run)(void);
    bool core;      /* one of those that are searched one deeper */
    unsigned large; /* one that is searched so much less deep, and a fifth as often at random */
};

#endif /* WEIR_TESTS_SCHED_H */
