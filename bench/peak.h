/*
 * peak.h - the peak of the memory of this process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_PEAK_H
#define WEIR_BENCH_PEAK_H

#include <stdio.h>
#include <sys/resource.h>

/*
 * Returns the KiB that this process had resident at most. ru_maxrss counts the program that has executed this one, too: a
 * shell may have had more.
 */
static inline long peak_kib(void) {
    char line[256];
    long kib = -1;
    struct rusage used;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && kib < 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "VmHWM: %ld", &kib);
    if (file != NULL)
        (void)fclose(file);
    if (kib >= 0)
        return kib;
    (void)getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

#endif /* WEIR_BENCH_PEAK_H */
