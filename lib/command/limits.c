/*
 * limits.c - Implements the limits of a child process as the system gets them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "command/limits.h"

enum { MOST_SCORE = 1000 };

bool weir__limits_are_valid(const weir_process_limits *limits) {
    return limits->oom_score_adj >= 0 && limits->oom_score_adj <= MOST_SCORE && limits->reserved[0] == NULL &&
           limits->reserved[1] == NULL;
}

weir__confined weir__limits_of(const weir_process_limits *limits, int nice) {
    return (weir__confined){.memory = limits->memory,
                            .cpu_time = limits->cpu_time / WEIR_SECOND + (limits->cpu_time % WEIR_SECOND != 0),
                            .files = limits->files,
                            .file_size = limits->file_size,
                            .nice = nice,
                            .oom_score_adj = limits->oom_score_adj};
}
