/*
 * nest.c - Implements nests. See nest.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/nest.h"

enum { FIRST_ROOM = WEIR__CACHE / 2 };

/* ---- the owner's ---- */

static weir__task *entry_at(const weir__nest *nest, uint32_t index) {
    return weir__ptr_load_relaxed(&nest->tasks[index]);
}

/* Removes the last entry. Its reference is the caller's. */
static void pop(weir__nest *nest, uint32_t count) {
    weir__ptr_store_relaxed(&nest->tasks[count - 1], NULL); /* N4: before the reference is released */
    weir__u32_store_relaxed(&nest->count, count - 1);
}

/* N1. Drops the stale entries at the end. Returns the number of entries. */
static uint32_t trim(weir__nest *nest) {
    uint32_t count = weir__u32_load_relaxed(&nest->count);
    while (count > 0) {
        weir__task *last = entry_at(nest, count - 1);
        if (last != NULL && weir__future_is_open(&last->future))
            break;
        pop(nest, count);
        count--;
        if (last != NULL)
            weir_future_release(&last->future);
    }
    return count;
}

/* Makes room for a further entry. Returns false if there is no memory. */
static bool grow(weir__nest *nest, uint32_t count) {
    uint32_t room = nest->room == 0 ? FIRST_ROOM : 2 * nest->room;
    weir__ptr *tasks = room > UINT32_MAX / 2 / sizeof *tasks ? NULL : weir__alloc(room * sizeof *tasks);
    if (tasks == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        weir__ptr_store_relaxed(&tasks[i], entry_at(nest, i));
    weir__ptr *before = nest->tasks;
    weir__lock_acquire(&nest->lock);
    nest->tasks = tasks;
    weir__lock_release(&nest->lock);
    nest->room = room;
    weir__free(before);
    return true;
}

bool weir__nest_push(weir__nest *nest, weir__task *task, bool *first) {
    uint32_t count = trim(nest);
    if (count == nest->room && !grow(nest, count))
        return false;
    weir__lock_acquire(&nest->lock);
    *first = nest->low >= count;
    bool open = !nest->closed; /* N3 */
    if (open) {
        weir__ptr_store_relaxed(&nest->tasks[count], task);
        weir__u32_store_relaxed(&nest->count, count + 1);
        if (nest->low > count)
            nest->low = count;
        weir__future_open(&task->future);
    }
    weir__lock_release(&nest->lock);
    return open;
}

bool weir__nest_claim(weir__nest *nest, weir__task *task) {
    uint32_t count = trim(nest);
    bool last = count > 0 && entry_at(nest, count - 1) == task;
    if (!weir__future_begin_open(&task->future, last ? 0 : 1)) /* N2 */
        return false;
    if (last)
        pop(nest, count);
    return true;
}

weir__task *weir__nest_shut_at(weir__nest *nest, uint32_t index) {
    weir__task *task = entry_at(nest, index);
    if (task == NULL || !weir__future_shut(&task->future, 0))
        return NULL;
    weir__ptr_store_relaxed(&nest->tasks[index], NULL);
    return task;
}

void weir__nest_drop_all(weir__nest *nest) {
    uint32_t count = trim(nest);
    (void)count;
    weir__assert(count == 0);
}

/* ---- other threads ---- */

size_t weir__nest_shut_locked(weir__nest *nest, weir__task **tasks, size_t most) {
    size_t shut = 0;
    weir__lock_acquire(&nest->lock);
    uint32_t count = weir__u32_load_relaxed(&nest->count);
    for (; nest->low < count; nest->low++) {
        weir__task *task = entry_at(nest, nest->low);
        if (task == NULL || !weir__future_is_open(&task->future))
            continue;
        if (shut == most)
            break;
        if (weir__future_shut(&task->future, 1)) /* N2, N4 */
            tasks[shut++] = task;
    }
    weir__lock_release(&nest->lock);
    return shut;
}

size_t weir__nest_size_locked(weir__nest *nest) {
    size_t open = 0;
    weir__lock_acquire(&nest->lock);
    uint32_t count = weir__u32_load_relaxed(&nest->count);
    for (uint32_t i = nest->low; i < count; i++) {
        const weir__task *task = entry_at(nest, i);
        open += task != NULL && weir__future_is_open(&task->future);
    }
    weir__lock_release(&nest->lock);
    return open;
}

void weir__nest_close_locked(weir__nest *nest, bool closed) {
    weir__lock_acquire(&nest->lock);
    nest->closed = closed;
    weir__lock_release(&nest->lock);
}
