/*
 * machine.c - reads the limits of the control groups (cgroups 7, versions 1 and 2), from that of the process upwards;
 * and sets the allocator.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "machine.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

enum { PATH_SIZE = 4096 };

static uint64_t physical_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_C(1) << 30;
}

/* Returns the limit in the file; UINT64_MAX if it has none ("max"), or does not exist. */
static uint64_t read_limit(const char *folder, const char *group, const char *file) {
    char path[PATH_SIZE];
    uint64_t limit = UINT64_MAX;
    int length = snprintf(path, sizeof path, "%s%s/%s", folder, group, file);
    FILE *stream = length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
    if (stream == NULL)
        return UINT64_MAX;
    if (fscanf(stream, "%" SCNu64, &limit) != 1)
        limit = UINT64_MAX;
    fclose(stream);
    return limit;
}

/* Returns the least limit of the group and of those that it is in. Cuts the group off, component by component. */
static uint64_t least_limit(const char *folder, char *group, const char *file) {
    uint64_t least = UINT64_MAX;
    for (;;) {
        uint64_t limit = read_limit(folder, group, file);
        least = limit < least ? limit : least;
        char *last = strrchr(group, '/');
        if (last == NULL)
            return least;
        *last = '\0';
    }
}

/* Reads a line of /proc/self/cgroup: "NUMBER:CONTROLLERS:GROUP". */
static uint64_t limit_of(char *line) {
    char *controllers = strchr(line, ':'), *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL)
        return UINT64_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (controllers[1] == '\0')
        return least_limit("/sys/fs/cgroup", group, "memory.max");
    return strstr(controllers, "memory") == NULL ? UINT64_MAX
                                                 : least_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
}

uint64_t machine_memory(void) {
    char line[PATH_SIZE];
    uint64_t least = physical_memory();
    FILE *groups = fopen("/proc/self/cgroup", "re");
    while (groups != NULL && fgets(line, sizeof line, groups) != NULL) {
        uint64_t limit = limit_of(line);
        least = limit < least ? limit : least;
    }
    if (groups != NULL)
        fclose(groups);
    return least;
}

/* Otherwise glibc raises the threshold up to 32 MiB, to the largest block that was freed. */
void machine_map_large_blocks(void) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}

/* Otherwise glibc makes up to 8 for each processor. */
void machine_limit_arenas(size_t most) {
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, most < INT_MAX ? (int)most : INT_MAX);
#else
    (void)most;
#endif
}
