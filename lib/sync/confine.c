/*
 * confine.c - Implements the limits of a child by setrlimit(2), and its exit.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/confine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sync/thread.h"

static void limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return;
    if (now.rlim_max == RLIM_INFINITY || hard < now.rlim_max)
        now.rlim_max = (rlim_t)hard;
    now.rlim_cur = soft < now.rlim_max ? (rlim_t)soft : now.rlim_max;
    (void)setrlimit(resource, &now);
}

/* Rounds down to what a rlim_t holds. */
static void limit_to(int resource, uint64_t most) {
    uint64_t fits = (uint64_t)(RLIM_INFINITY - 1);
    if (most != 0)
        limit(resource, most < fits ? most : fits, most < fits ? most : fits);
}

/* Writes a number from 1 to 1000. */
static void score(int value) {
    char text[4], *end = text + sizeof text, *at = end;
    int before = weir__uncancellable_begin(), fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    for (; value > 0 && at > text; value /= 10)
        *--at = (char)('0' + value % 10);
    ssize_t written = fd < 0 ? -1 : write(fd, at, (size_t)(end - at));
    if (fd >= 0)
        close(fd);
    (void)written; /* as far as the system permits */
    weir__uncancellable_end(before);
}

bool weir__is_confined(const weir__confined *limits) {
    return limits->memory != 0 || limits->cpu_time != 0 || limits->files != 0 || limits->file_size != 0 ||
           limits->nice != 0 || limits->oom_score_adj != 0;
}

void weir__close_others(int last) {
#if !defined(WEIR_SPAWN_CLOSEFROM) && defined(SYS_close_range)
    (void)syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0U);
#else
    (void)last;
#endif
}

void weir__confine(const weir__confined *limits) {
    limit(RLIMIT_CORE, 0, 0);
    if (limits->oom_score_adj != 0)
        score(limits->oom_score_adj);
    limit_to(RLIMIT_DATA, limits->memory);
    limit_to(RLIMIT_NOFILE, limits->files);
    limit_to(RLIMIT_FSIZE, limits->file_size);
    if (limits->cpu_time != 0) /* SIGXCPU; a second later, SIGKILL */
        limit(RLIMIT_CPU, limits->cpu_time, limits->cpu_time + 1);
    if (limits->nice != 0 && nice(limits->nice) == -1)
        return;
}

_Noreturn void weir__exit_process(int status, bool in_order) {
    if (in_order)
        exit(status);
    _exit(status);
}
