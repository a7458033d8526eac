/*
 * thread.h - starting and joining threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_H
#define WEIR_SYNC_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/atomic.h"

enum { WEIR__THREAD_NAME = 16 }; /* bytes of a thread's name with its zero: what Linux keeps */

/* The caller fills in all but `id` and `number`, and keeps the struct in its place until the thread is joined. */
typedef struct weir__thread {
    pthread_t id;
    weir__u32 number; /* as the system has it; 0: not known yet */
    void (*main)(void *arg);
    void (*at_exit)(void *arg); /* called when main has returned, and also when it ended its thread; NULL: nothing is */
    void *arg;
    size_t stack_size; /* bytes; 0: the system's default */
    char name[WEIR__THREAD_NAME];
} weir__thread;

/*
 * Starts a thread with every signal blocked but those that it causes itself, and cancellation disabled. False: the
 * system would not create it.
 */
bool weir__thread_start(weir__thread *thread);

/* Whether a thread that was started so has this signal blocked. */
bool weir__thread_blocks(int signal);

/* Waits until the thread has ended, and frees it. */
void weir__thread_join(weir__thread *thread);

/*
 * The same, but no longer than until `deadline`; false: the thread has not ended. It ends after the destructors of its
 * thread-specific data, which may take long. Where the system does not tell whether a thread is there, the deadline is
 * ignored.
 */
bool weir__thread_join_until(weir__thread *thread, uint64_t deadline);

/* The calling thread, if it was started here; else NULL. */
const weir__thread *weir__thread_self(void);

/*
 * Between these two the calling thread is not cancelled: a request stays pending. What begin returned is for end; pairs
 * may stand inside each other. No call of the library is a cancellation point, so they stand around each call of the
 * system that is one, and around each function of the program that is called in a thread of the program.
 */
int weir__uncancellable_begin(void);
void weir__uncancellable_end(int before);

/* The calling thread's list of what it is inside of (sync/callout.h); empty at first. */
struct weir__callout **weir__thread_callouts(void);

/* How many processors there are, at least 1. */
unsigned weir__processors(void);

#endif /* WEIR_SYNC_THREAD_H */
