/*
 * thread.h - Declares starting and joining threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_H
#define WEIR_SYNC_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "sync/atomic.h"
#include "sync/tls.h"

enum { WEIR__THREAD_NAME = 16 }; /* bytes of a thread's name, terminating zero included: the limit of Linux */

/* The caller sets all members but `id`, `clock` and `number`, and keeps the struct in place until the thread is joined. */
typedef struct weir__thread {
    pthread_t id;
    clockid_t clock;  /* clock of the thread's processor time; valid if `number` is not 0 */
    weir__u32 number; /* the system's number of the thread; 0: not yet known */
    void (*main)(void *arg);
    void (*at_exit)(void *arg); /* called when main has returned or has ended the thread; NULL: none */
    void *arg;
    size_t stack_size; /* bytes; 0 selects the system's default */
    char name[WEIR__THREAD_NAME];
} weir__thread;

/*
 * Starts a thread with cancellation disabled and all signals blocked, except signals that a thread causes itself.
 * Returns false if the system cannot create it.
 */
bool weir__thread_start(weir__thread *thread);

/* Calls run(arg). If that ends the thread (pthread_exit), calls leave(arg) before the caller's frame is unwound. */
void weir__thread_guard(void (*run)(void *), void (*leave)(void *), void *arg);

/* Returns whether threads of weir__thread_start block `signal`. */
bool weir__thread_blocks(int signal);

/* Blocks until the thread has ended, and frees its resources. */
void weir__thread_join(weir__thread *thread);

/*
 * Like weir__thread_join, but returns false if the thread has not ended by `deadline`. A thread ends after the
 * destructors of its thread-specific data, which may take long. If the system does not tell whether a thread exists,
 * the deadline is ignored.
 */
bool weir__thread_join_until(weir__thread *thread, uint64_t deadline);

/*
 * Returns the processor time that the thread has used, in ns; 0 if the system does not tell. The thread must live, and
 * must have begun to run `main` before.
 */
uint64_t weir__thread_used(const weir__thread *thread);

/*
 * Reads the beginning of a file of the thread in the proc file system, as a string, into `size` bytes. Returns false if
 * the system does not give it. The thread must live, and must have begun to run `main` before.
 */
bool weir__thread_read(const weir__thread *thread, const char *name, char *text, size_t size);

/*
 * Whether the system says that the thread sleeps. A thread that waits for a processor does not. Returns true if the
 * system does not tell. The thread must live, and must have begun to run `main` before.
 */
bool weir__thread_sleeps(const weir__thread *thread);

/*
 * Returns how often the calling thread has slept; UINT64_MAX if the system does not tell. A thread that has lost its
 * processor to another one has not slept.
 */
uint64_t weir__thread_sleep_count(void);

/* Returns the number of the calling thread among those that have asked, from 1. No other thread ever has it. */
uint64_t weir__thread_serial(void);

/* Of the calling thread; for the two functions below that read them. */
extern _Thread_local const weir__thread *weir__thread_started WEIR__TLS;
extern _Thread_local struct weir__callout *weir__thread_inside WEIR__TLS;

/* Returns the calling thread if weir__thread_start started it, otherwise NULL. */
static inline const weir__thread *weir__thread_self(void) {
    return weir__thread_started;
}

/*
 * Between begin and end the calling thread is not cancelled; a request stays pending. End takes the result of begin;
 * pairs may nest. No call of the library is a cancellation point. A pair therefore surrounds each system call that is
 * one. It also surrounds each function of the program that is called in a thread of the program.
 */
int weir__uncancellable_begin(void);
void weir__uncancellable_end(int before);

/* Returns the head of the calling thread's list of callouts (sync/callout.h); initially empty. */
static inline struct weir__callout **weir__thread_callouts(void) {
    struct weir__callout **innermost = &weir__thread_inside;
    weir__tls_address(innermost);
    return innermost;
}

/*
 * Returns the number of processors that this process may use, at least 1: those that are online, at most as many as
 * the affinity of the thread that asks first and the limits of the control groups allow.
 */
unsigned weir__processors(void);

#endif /* WEIR_SYNC_THREAD_H */
