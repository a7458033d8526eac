/*
 * thread.h - the seam's threads over the scheduler: fibres of one OS thread. See lib/sync/thread.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_H
#define WEIR_SYNC_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIR__THREAD_NAME = 16 };

typedef struct weir__thread {
    int id;
    void (*main)(void *arg);
    void (*at_exit)(void *arg);
    void *arg;
    size_t stack_size;
    char name[WEIR__THREAD_NAME];
} weir__thread;

bool weir__thread_start(weir__thread *thread);
void weir__thread_join(weir__thread *thread);
bool weir__thread_join_until(weir__thread *thread, uint64_t deadline);
const weir__thread *weir__thread_self(void);

/* No scenario ends a thread in `run`. */
static inline void weir__thread_guard(void (*run)(void *arg), void (*leave)(void *arg), void *arg) {
    (void)leave;
    run(arg);
}

static inline int weir__uncancellable_begin(void) {
    return 0;
}

static inline void weir__uncancellable_end(int before) {
    (void)before;
}

/* A thread uses processor time only in sched_compute. */
uint64_t weir__thread_used(const weir__thread *thread);
bool weir__thread_sleeps(const weir__thread *thread);

static inline uint64_t weir__thread_sleep_count(void) {
    return UINT64_MAX;
}

struct weir__callout **weir__thread_callouts(void);
uint64_t weir__thread_serial(void);
unsigned weir__processors(void);

#endif /* WEIR_SYNC_THREAD_H */
