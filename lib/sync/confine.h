/*
 * confine.h - Declares what a child does to itself before it serves, and its exit.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CONFINE_H
#define WEIR_SYNC_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/* 0 sets no limit. The layout is the same in parent and child, which are one program. */
typedef struct weir__confined {
    uint64_t memory;    /* bytes of data */
    uint64_t cpu_time;  /* seconds */
    uint64_t files;     /* descriptors */
    uint64_t file_size; /* bytes */
    int nice;
    int oom_score_adj; /* 0: unchanged */
} weir__confined;

/* Whether these limits change anything. */
bool weir__is_confined(const weir__confined *limits);

/* Closes the descriptors above `last` where the start of a child cannot. Comes before all that opens one. */
void weir__close_others(int last);

/*
 * Sets the limits of this process, none above its hard limit, and the niceness as far as that is permitted. There is no
 * core file. Makes calls of the system alone, as a child of vfork must.
 */
void weir__confine(const weir__confined *limits);

/* Ends the process: in order, or at once without the functions of atexit. */
_Noreturn void weir__exit_process(int status, bool in_order);

#endif /* WEIR_SYNC_CONFINE_H */
