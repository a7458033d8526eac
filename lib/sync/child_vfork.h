/*
 * child_vfork.h - Declares the start of a child process by vfork(2), which can set its limits.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHILD_VFORK_H
#define WEIR_SYNC_CHILD_VFORK_H

#include <sys/types.h>

#include "sync/child_options.h"

/* Starts the program as posix_spawnp would, with `limits` if there are any. Returns 0 or an errno. */
int weir__child_vfork(pid_t *pid, const weir__child_options *options);

#endif /* WEIR_SYNC_CHILD_VFORK_H */
