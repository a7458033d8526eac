/*
 * allowance.h - Declares how many processors this process may use.
 *
 * allowance_linux.c reads the affinity and the limits of the control groups; allowance_none.c is for systems without
 * them. The build selects one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_ALLOWANCE_H
#define WEIR_SYNC_ALLOWANCE_H

#include <limits.h>

/* No limit is known. */
#define WEIR__NO_ALLOWANCE UINT_MAX

/* Returns the number of processors in the calling thread's affinity mask. */
unsigned weir__allowance_by_affinity(void);

/*
 * Returns the processors that a process's control groups grant it: the least quota of processor time per period, of
 * all groups up to the root, rounded up. `membership` is a file like /proc/self/cgroup, and `mount` the folder where
 * the groups are. A file that cannot be read sets no limit.
 */
unsigned weir__allowance_by_groups(const char *membership, const char *mount);

#endif /* WEIR_SYNC_ALLOWANCE_H */
