/*
 * signals.h - A thread that waits for signals, without a handler.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SIGNALS_H
#define WEIR_SYNC_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "sync/thread.h"

/* Signals have lower numbers. */
enum { WEIR__SIGNALS = 129 };

/* A set of signals. */
typedef struct weir__signals {
    sigset_t set;
} weir__signals;

void weir__signals_clear(weir__signals *signals);
void weir__signals_add(weir__signals *signals, int signal);

/* Returns whether it is a signal that is blocked in the calling thread, and in those of the library. */
bool weir__signal_is_blocked(int signal);

/* Blocks until one of them arrives, and returns it. */
int weir__signals_wait(const weir__signals *signals);

/* Takes this signal if it has arrived; returns whether it has. */
bool weir__signal_take(int signal);

/* Sends the signal to that thread alone. If it has arrived there before and was not taken, the two are one. */
void weir__signal_send(const weir__thread *thread, int signal);

/* Sends it to the process, for whichever thread wants it. */
void weir__signal_raise(int signal);

#endif /* WEIR_SYNC_SIGNALS_H */
