/*
 * machine.c - implements machine.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "machine.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "driver.h"

enum { TRIES = 5, TRIPS = 20000, SLEEPS = 2000, CALLS = 200000 };

/* The value that two threads send back and forth. */
static _Alignas(128) _Atomic uint32_t ball;
static bool asleep; /* whether they block or spin */
static uint32_t rounds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Returns the shortest of several tries; in the others something intervened. */
static double shortest(double (*measure)(void)) {
    double best = 1e12;
    for (int i = 0; i < TRIES; i++) {
        double took = measure();
        best = took < best ? took : best;
    }
    return best;
}

static double modify(void) {
    double from = now();
    for (int i = 0; i < CALLS; i++)
        atomic_fetch_add(&ball, 1);
    return (now() - from) / CALLS;
}

static double look_at_clock(void) {
    double from = now();
    for (int i = 0; i < CALLS; i++)
        (void)now();
    return (now() - from) / CALLS;
}

static void pause_once(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

static double pause_often(void) {
    double from = now();
    for (int i = 0; i < CALLS; i++)
        pause_once();
    return (now() - from) / CALLS;
}

static double yield_often(void) {
    double from = now();
    for (int i = 0; i < SLEEPS; i++)
        sched_yield();
    return (now() - from) / SLEEPS;
}

/* ---- to and fro ---- */

static void wait_awake_for(uint32_t value) {
    for (unsigned looks = 1; atomic_load_explicit(&ball, memory_order_acquire) != value; looks++) {
        pause_once(); /* two threads of one core alternate */
        if (looks % 4096 == 0)
            sched_yield(); /* there may be only one processor */
    }
}

static void wait_asleep_for(uint32_t value) {
    pthread_mutex_lock(&mutex);
    while (atomic_load_explicit(&ball, memory_order_relaxed) != value)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void throw_ball(uint32_t value) {
    if (!asleep) {
        atomic_store_explicit(&ball, value, memory_order_release);
        return;
    }
    pthread_mutex_lock(&mutex);
    atomic_store_explicit(&ball, value, memory_order_relaxed);
    pthread_mutex_unlock(&mutex);
    pthread_cond_broadcast(&changed);
}

static void catch_ball(uint32_t value) {
    if (asleep)
        wait_asleep_for(value);
    else
        wait_awake_for(value);
}

static void *throw_back(void *unused) {
    for (uint32_t i = 1; i < 2 * rounds; i += 2) {
        catch_ball(i);
        throw_ball(i + 1);
    }
    return unused;
}

static double bounce(void) {
    struct party *other = new_parties(1);
    atomic_store(&ball, 0);
    start(other, throw_back);
    throw_ball(1);
    catch_ball(2); /* the other thread runs */
    double from = now();
    for (uint32_t i = 3; i < 2 * rounds; i += 2) {
        throw_ball(i);
        catch_ball(i + 1);
    }
    double took = (now() - from) / (rounds - 1);
    join(other, 1);
    free(other);
    return took;
}

static double trip(bool sleeping) {
    asleep = sleeping;
    rounds = sleeping ? SLEEPS : TRIPS;
    return shortest(bounce);
}

void print_limits(void) {
    printf("rmw_ns=%.1f line_ns=%.0f sleep_ns=%.0f pause_ns=%.1f yield_ns=%.0f clock_ns=%.1f\n", shortest(modify),
           trip(false), trip(true), shortest(pause_often), shortest(yield_often), shortest(look_at_clock));
}
