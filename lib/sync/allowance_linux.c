/*
 * allowance_linux.c - Implements allowances by sched_getaffinity and the files of the control groups.
 *
 * See cgroups(7). Version 2 has one hierarchy, with `cpu.max`: a quota and a period, in microseconds. Version 1 has a
 * hierarchy for the controller `cpu`, with `cpu.cfs_quota_us` and `cpu.cfs_period_us`. A container may see the path of
 * its group on the host, but only its own group as the root. A group that is not there therefore sets no limit, and
 * the search goes on up to the root.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "sync/allowance.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/thread.h"

/* Bytes of a path, of the part of it that is a mount, of a content, and of a line. A longer one sets no limit. */
enum { PATH = 368, MOUNT = 64, CONTENT = 40, LINE = 320 };
enum { MOST_PROCESSORS = 1 << 16 };

unsigned weir__allowance_by_affinity(void) {
    for (size_t processors = CPU_SETSIZE; processors <= MOST_PROCESSORS; processors *= 2) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (set == NULL)
            break;
        size_t size = CPU_ALLOC_SIZE(processors);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return (unsigned)count;
    }
    return WEIR__NO_ALLOWANCE;
}

static unsigned processors_of(long long quota, long long period) {
    if (quota <= 0 || period <= 0)
        return WEIR__NO_ALLOWANCE;
    long long processors = quota / period + (quota % period != 0);
    return processors < MOST_PROCESSORS ? (unsigned)processors : WEIR__NO_ALLOWANCE;
}

/* Reads the file `name` in the folder `path`, which has room for both. Returns false if it cannot be read. */
static bool read_file(char *path, const char *name, char content[CONTENT]) {
    size_t folder = strlen(path);
    memcpy(path + folder, name, strlen(name) + 1);
    int before = weir__uncancellable_begin();
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(content, CONTENT, file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    weir__uncancellable_end(before);
    path[folder] = '\0';
    return got;
}

static unsigned limit_of_version_1(char *folder) {
    char quota[CONTENT], period[CONTENT];
    bool limited = read_file(folder, "/cpu.cfs_quota_us", quota) && read_file(folder, "/cpu.cfs_period_us", period);
    return limited ? processors_of(strtoll(quota, NULL, 10), strtoll(period, NULL, 10)) : WEIR__NO_ALLOWANCE;
}

static unsigned limit_of_version_2(char *folder) {
    char content[CONTENT], *rest;
    if (!read_file(folder, "/cpu.max", content))
        return WEIR__NO_ALLOWANCE;
    long long quota = strtoll(content, &rest, 10); /* "max" is 0 */
    return processors_of(quota, strtoll(rest, NULL, 10));
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Returns the least limit of the group at `group` below `root`, and of all groups above it. */
static unsigned least_up_from(const char *root, const char *group, unsigned (*limit)(char *folder)) {
    char path[PATH];
    size_t start = strlen(root), length = strlen(group);
    if (start + length + CONTENT > sizeof path)
        return WEIR__NO_ALLOWANCE;
    memcpy(path, root, start);
    memcpy(path + start, group, length + 1);
    unsigned found = limit(path);
    for (char *end = strrchr(path + start, '/'); end != NULL; end = strrchr(path + start, '/')) {
        *end = '\0';
        found = least(found, limit(path));
    }
    return found;
}

/* Whether `controllers`, such as "cpu,cpuacct:/group", lists cpu. */
static bool lists_cpu(const char *controllers) {
    while (*controllers != '\0' && *controllers != ':') {
        size_t length = strcspn(controllers, ",:");
        if (length == strlen("cpu") && strncmp(controllers, "cpu", length) == 0)
            return true;
        controllers += length + (controllers[length] == ',');
    }
    return false;
}

/* Returns the limit of a line such as "0::/group" or "4:cpu,cpuacct:/group", of version 2 or 1. */
static unsigned limit_of_line(const char *line, const char *mount) {
    const char *controllers = strchr(line, ':');
    const char *group = controllers == NULL ? NULL : strchr(++controllers, ':');
    char root[MOUNT];
    if (group == NULL || strlen(mount) + (size_t)(group - controllers) + sizeof "/unified" > sizeof root)
        return WEIR__NO_ALLOWANCE;
    if (group == controllers) {
        (void)snprintf(root, sizeof root, "%s/unified", mount);
        return least(least_up_from(mount, group + 1, limit_of_version_2),
                     least_up_from(root, group + 1, limit_of_version_2));
    }
    if (!lists_cpu(controllers))
        return WEIR__NO_ALLOWANCE;
    (void)snprintf(root, sizeof root, "%s/%.*s", mount, (int)(group - controllers), controllers);
    unsigned joint = least_up_from(root, group + 1, limit_of_version_1);
    (void)snprintf(root, sizeof root, "%s/cpu", mount);
    return least(joint, least_up_from(root, group + 1, limit_of_version_1));
}

unsigned weir__allowance_by_groups(const char *membership, const char *mount) {
    char line[LINE];
    unsigned found = WEIR__NO_ALLOWANCE;
    int before = weir__uncancellable_begin();
    FILE *file = fopen(membership, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = least(found, limit_of_line(line, mount));
    }
    if (file != NULL)
        (void)fclose(file);
    weir__uncancellable_end(before);
    return found;
}
