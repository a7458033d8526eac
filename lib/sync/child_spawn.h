/*
 * child_spawn.h - Declares the start of a child process in the way that costs least on this system.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHILD_SPAWN_H
#define WEIR_SYNC_CHILD_SPAWN_H

#include <sys/types.h>

#include "sync/child_options.h"

/*
 * Starts the program in a process group of its own. The thread is not cancelled. Stores the number of the child, and
 * returns 0; or returns an errno.
 */
int weir__child_spawn(pid_t *pid, const weir__child_options *options);

#endif /* WEIR_SYNC_CHILD_SPAWN_H */
