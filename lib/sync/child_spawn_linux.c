/*
 * child_spawn_linux.c - Implements the start of a child process on Linux by vfork(2). posix_spawn(3) does the same there,
 * with twice as many calls of the system and a stack of its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/child_spawn.h"

#include "sync/child_vfork.h"

int weir__child_spawn(pid_t *pid, const weir__child_options *options) {
    return weir__child_vfork(pid, options);
}
