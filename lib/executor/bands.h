/*
 * bands.h - Defines sources of tasks, their bands, and the entries that threads take from them. See source.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_BANDS_H
#define WEIR_EXECUTOR_BANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/executor.h>

#include "crew/options.h"
#include "sync/sync.h"

typedef struct weir__task weir__task;
typedef struct weir__source weir__source;
typedef struct weir__bundle weir__bundle;
struct weir_task_group;

/* A task that was taken out of its source. */
typedef struct weir__entry {
    weir__ptr token;  /* the task; if `of` is not NULL, the function; NULL: it was taken from here too */
    void *arg;        /* of the function */
    weir__source *of; /* NULL: the task has a struct of its own */
} weir__entry;

/* A request to take tasks of one source, and its result. */
typedef struct weir__take {
    weir__entry *entries; /* where they go */
    size_t most;          /* tasks */
    size_t runs;          /* most runs of tasks without structs; each of them has one age */
    enum weir__band band; /* out: of the tasks */
    uint32_t since;       /* out: tick at which those without structs were listed; 0: not measured */
    weir__bundle *over;   /* out: bundles that are empty then and not kept as spare ones: the caller frees them */
} weir__take;

struct weir__source {
    struct weir_task_group *group; /* constant; NULL: the executor's own */
    enum weir__band band;          /* constant */
    weir__task *first, *last;
    weir__source *next, *before; /* in the band's list, if it has tasks */
};

/* Zero-initialised: empty. */
typedef struct weir__bands {
    struct {
        weir__source *first, *last;
    } list[WEIR__BANDS];
    size_t listed;       /* number of tasks, of all sources */
    bool several;        /* a task was listed in another band than the normal one: times are measured */
    uint32_t measured;   /* tick from which on they are */
    uint32_t passed;     /* tick since which tasks in nests are passed over; 0: they are not */
    weir__bundle *spare; /* empty bundles, by `next` of their heads */
    size_t spares;
} weir__bands;

#endif /* WEIR_EXECUTOR_BANDS_H */
