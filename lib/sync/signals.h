/*
 * signals.h - Declares waiting for signals in a thread, without a handler.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_SIGNALS_H
#define WEIR_SYNC_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "sync/thread.h"

/* Signal numbers are below this. */
enum { WEIR__SIGNALS = 129 };

typedef struct weir__signals {
    sigset_t set;
} weir__signals;

void weir__signals_clear(weir__signals *signals);
void weir__signals_add(weir__signals *signals, int signal);

/* Returns whether `signal` is a signal that is blocked in the calling thread and in the library's threads. */
bool weir__signal_is_blocked(int signal);

/* Blocks until one of the signals arrives, and returns it. */
int weir__signals_wait(const weir__signals *signals);

/* Takes `signal` if it is pending. Returns whether it was. Does not block. */
bool weir__signal_take(int signal);

/* A signal that the calling thread may cause by a call of the system, held back around that call. */
typedef struct weir__held_signal {
    int signal;
    bool was_pending; /* before the call */
    sigset_t before;  /* the mask of the thread */
} weir__held_signal;

void weir__signal_hold(weir__held_signal *held, int signal);

/* Drops the signal if the call has caused it, and restores the mask. */
void weir__signal_release(const weir__held_signal *held);

/* Sends the signal to `thread` alone. If it is already pending there, the two become one. */
void weir__signal_send(const weir__thread *thread, int signal);

/* Sends the signal to the process; any thread may take it. */
void weir__signal_raise(int signal);

#endif /* WEIR_SYNC_SIGNALS_H */
