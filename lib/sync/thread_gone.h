/*
 * thread_gone.h - Declares what the system tells of a thread: whether it still exists, and how often it has slept.
 *
 * thread_gone_linux.c asks the system; thread_gone_none.c is for systems that do not tell. The build selects one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_GONE_H
#define WEIR_SYNC_THREAD_GONE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns the calling thread's number; 0 if the system has none. */
uint32_t weir__thread_number(void);

/*
 * Returns whether the thread of this process with this number has ended. Returns false if another thread of the
 * process has the number now. On systems that do not tell, always returns true.
 */
bool weir__thread_is_gone(uint32_t number);

/*
 * Joins the thread if it has ended, even if another thread has its number now; otherwise returns false. Some race
 * detectors do not know this join. weir__thread_join_until therefore uses it only at its deadline.
 */
bool weir__thread_try_join(pthread_t id);

/* Returns how often the calling thread has slept; UINT64_MAX if the system does not tell. */
uint64_t weir__thread_count_sleeps(void);

#endif /* WEIR_SYNC_THREAD_GONE_H */
