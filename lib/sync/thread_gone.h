/*
 * thread_gone.h - whether a thread is still there.
 *
 * thread_gone_linux.c asks the system; thread_gone_none.c is for systems that do not tell. The build chooses one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_GONE_H
#define WEIR_SYNC_THREAD_GONE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The calling thread's number; 0: the system has none. */
uint32_t weir__thread_number(void);

/* Whether the thread of this process that had this number has ended. One that has another one's old number has not. */
bool weir__thread_is_gone(uint32_t number);

/*
 * Joins the thread if it has ended, whatever has its number now; false: it has not ended. Some tools that look for data
 * races do not know this join, so it is for the thread whose number says that it is still there, but for too long.
 */
bool weir__thread_try_join(pthread_t id);

#endif /* WEIR_SYNC_THREAD_GONE_H */
