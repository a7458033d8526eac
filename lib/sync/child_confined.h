/*
 * child_confined.h - Declares the start of a child process with limits, which posix_spawn(3) cannot set.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHILD_CONFINED_H
#define WEIR_SYNC_CHILD_CONFINED_H

#include <sys/types.h>

#include "sync/child_options.h"

/* Starts the program with `limits` as posix_spawnp would without them. Returns 0 or an errno. */
int weir__child_confined(pid_t *pid, const weir__child_options *options);

#endif /* WEIR_SYNC_CHILD_CONFINED_H */
