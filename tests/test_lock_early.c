/*
 * test_lock_early.c - a lock used by threads before the library's constructors have run.
 *
 * Linked statically with the library's internals: a program's constructor with the priority of the library's own then
 * runs first, and may start threads. Its threads do not survive a fork, so this program does not use Check.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "lock/lock.h"
#include "support.h"

static weir__lock lock;
static pthread_t sleeper;
static atomic_int thread;
static atomic_bool returned;
static bool was_early, slept;

static void *take_once(void *unused) {
    (void)unused;
    atomic_store(&thread, thread_number());
    weir__lock_acquire(&lock);
    weir__lock_release(&lock);
    atomic_store(&returned, true);
    return NULL;
}

__attribute__((constructor(101))) static void begin_early(void) {
    alarm(TEST_SECONDS); /* ends the test if a blocked thread is never woken */
    was_early = !weir__barrier_works();
    weir__lock_acquire(&lock);
    if (pthread_create(&sleeper, NULL, take_once, NULL) != 0)
        _exit(99);
    while (atomic_load(&thread) == 0)
        nap();
    slept = wait_until_asleep(atomic_load(&thread), &returned);
}

int main(void) {
    weir__lock_release(&lock);
    pthread_join(sleeper, NULL);
    uint32_t left = weir__u32_load_relaxed(&weir__lock_sleepers) / WEIR__LOCK_SLEEPER;
    printf("the constructor of the program was %s, the thread %s, %u are counted\n", was_early ? "first" : "not first",
           slept ? "slept" : "did not sleep", (unsigned)left);
    return slept && left == 0 ? 0 : 1;
}
