/*
 * bundle.h - Declares bundles: several tasks without futures and options in one element of a source.
 *
 * All functions but weir__bundle_new and weir__bundles_free require the executor's lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_BUNDLE_H
#define WEIR_EXECUTOR_BUNDLE_H

#include "executor/bands.h"
#include "executor/task.h"

struct weir__bundle {
    weir__task head; /* first member; of it only `source` and the place (X1) are used */
    size_t room;     /* number of pairs that fit; constant */
    size_t from, to; /* those that are tasks: not yet taken */
    weir__pair pairs[];
};

/* Returns an empty bundle; NULL if out of memory. */
weir__bundle *weir__bundle_new(size_t room);

/* Returns an empty bundle for the source. There must be a spare one. */
weir__bundle *weir__bundle_take(weir__bands *bands, weir__source *source);

/* Keeps an empty bundle as a spare one. */
void weir__bundle_keep(weir__bands *bands, weir__bundle *bundle);

/* Keeps an empty bundle if few are spare, or adds it to `*over`. */
void weir__bundle_give(weir__bands *bands, weir__bundle *bundle, weir__bundle **over);

/* Frees the bundles of a list. */
void weir__bundles_free(weir__bundle *list);

/* Adds a task. There must be room. */
void weir__bundle_add(weir__bundle *bundle, weir_executor_func *func, void *arg);

/* Adds a task in front of the others. The bundle was filled in this way only, and there must be room. */
void weir__bundle_add_first(weir__bundle *bundle, weir_executor_func *func, void *arg);

/* Removes the last task with this function and argument. Returns false if there is none. */
bool weir__bundle_remove(weir__bundle *bundle, weir_executor_func *func, const void *arg);

static inline size_t weir__bundle_size(const weir__bundle *bundle) {
    return bundle->to - bundle->from;
}

/* Returns the number of tasks that an element of a source stands for. */
static inline size_t weir__listed_size(const weir__task *task) {
    return task->bundled ? weir__bundle_size((const weir__bundle *)task) : 1;
}

#endif /* WEIR_EXECUTOR_BUNDLE_H */
