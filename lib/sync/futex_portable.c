/*
 * futex_portable.c - Implements blocking on a word with POSIX mutexes and condition variables.
 *
 * State: a fixed number of buckets, each with a mutex and a list of sleepers. The word's address selects the bucket. A
 * sleeper's node is on its own stack.
 *
 * F1  The bucket's mutex guards its list, and makes the check of the word and joining the list one step. A waker
 *     changes the word before it acquires the mutex. Either it finds the sleeper in the list, or the sleeper finds the
 *     word changed.
 * F2  A node leaves the list only with the mutex held, so that a waker never touches a node that is gone.
 * F3  A waker reads nodes and compares the word's address; it never reads the word.
 *
 * Lock order: a bucket's mutex is the innermost lock. Wakeups: oldest sleeper first, with the mutex held (F2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/futex.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "sync/clock.h"
#include "sync/thread.h"

enum { BUCKETS = 64 };

struct sleeper {
    const weir__u32 *word;
    struct sleeper *next;
    bool woken;
    pthread_cond_t cond;
};

struct bucket {
    pthread_mutex_t mutex;
    struct sleeper *first; /* oldest first, so that wakes are FIFO */
};

static struct bucket buckets[BUCKETS];
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static void prepare(void) {
    for (int i = 0; i < BUCKETS; i++)
        pthread_mutex_init(&buckets[i].mutex, NULL);
}

static struct bucket *bucket_of(const weir__u32 *word) {
    pthread_once(&prepared, prepare);
    uint64_t address = (uint64_t)(uintptr_t)word;
    return &buckets[(address * UINT64_C(0x9E3779B97F4A7C15)) >> 58]; /* Fibonacci hashing (Knuth 6.4), top 6 bits */
}

static void append(struct bucket *bucket, struct sleeper *sleeper) {
    struct sleeper **end = &bucket->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = sleeper;
}

static void take_out(struct bucket *bucket, struct sleeper *sleeper) {
    struct sleeper **at = &bucket->first;
    while (*at != sleeper)
        at = &(*at)->next;
    *at = sleeper->next;
}

static void cond_init_monotonic(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static bool sleep_in(struct bucket *bucket, struct sleeper *sleeper, uint64_t deadline) {
    struct timespec until = weir__clock_timespec(deadline);
    bool timed_out = false;
    while (!sleeper->woken && !timed_out) {
        if (deadline == UINT64_MAX)
            pthread_cond_wait(&sleeper->cond, &bucket->mutex);
        else
            timed_out = pthread_cond_timedwait(&sleeper->cond, &bucket->mutex, &until) == ETIMEDOUT;
    }
    return sleeper->woken || !timed_out;
}

bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    struct sleeper self = {.word = word};
    struct bucket *bucket = bucket_of(word);
    bool in_time = true;
    int before = weir__uncancellable_begin(); /* pthread_cond_wait: unwinding would leave the node in the list */
    pthread_mutex_lock(&bucket->mutex);
    if (weir__u32_load_relaxed(word) == value) {
        cond_init_monotonic(&self.cond);
        append(bucket, &self);
        in_time = sleep_in(bucket, &self, deadline);
        if (!self.woken)
            take_out(bucket, &self);
        pthread_cond_destroy(&self.cond);
    }
    pthread_mutex_unlock(&bucket->mutex);
    weir__uncancellable_end(before);
    return in_time;
}

void weir__futex_wake(const weir__u32 *word, uint32_t count) {
    struct bucket *bucket = bucket_of(word);
    pthread_mutex_lock(&bucket->mutex);
    struct sleeper **at = &bucket->first;
    while (*at != NULL && count > 0) {
        struct sleeper *sleeper = *at;
        if (sleeper->word != word) {
            at = &sleeper->next;
            continue;
        }
        *at = sleeper->next;
        sleeper->woken = true;
        count--;
        pthread_cond_signal(&sleeper->cond); /* with the mutex held: afterwards the node may be gone (F2) */
    }
    pthread_mutex_unlock(&bucket->mutex);
}
