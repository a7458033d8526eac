/*
 * child.h - Declares child processes: a program in a process group of its own, and its end.
 *
 * No call is a cancellation point.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHILD_H
#define WEIR_SYNC_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/child_options.h"

enum { WEIR__SIGNAL_NAME = 16 }; /* bytes, terminating zero included */

typedef struct weir__child {
    int pid;   /* also the number of its process group */
    int ended; /* descriptor that is readable once it has ended; -1: none, ask weir__child_has_ended */
} weir__child;

typedef struct weir__child_end {
    bool known;    /* false: another part of the program has taken the status */
    int status;    /* of its exit; valid if `signal` is 0 */
    int signal;    /* that has ended it; 0: none */
    uint64_t used; /* ns of processor time, with that of its children that it has waited for */
} weir__child_end;

/* Starts the program, with the original signal mask and without the other descriptors. Returns 0 or an errno. */
int weir__child_start(weir__child *child, const weir__child_options *options);

/* Does not block. */
bool weir__child_has_ended(const weir__child *child);

/* Send SIGTERM and SIGKILL to its process group. If another part of the program has reaped the child, they do nothing. */
void weir__child_terminate(const weir__child *child);
void weir__child_kill(const weir__child *child);

/* Kills what is left of the process group, and frees the child, which must have ended. */
weir__child_end weir__child_reap(weir__child *child);

/* Frees the child, which goes on, without its end. Once it ends, it stays a zombie until this process ends. */
weir__child_end weir__child_leave(weir__child *child);

/* Whether the system sends this signal at a limit of confine.h. */
bool weir__signal_is_of_limit(int signal);

/* Writes a name such as "SIGSEGV", or "signal 40". */
void weir__signal_name(int signal, char name[WEIR__SIGNAL_NAME]);

#endif /* WEIR_SYNC_CHILD_H */
