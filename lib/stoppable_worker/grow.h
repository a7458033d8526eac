/*
 * grow.h - Declares adding workers to a group, and letting workers leave, while others work (W3 of group.h).
 *
 * Only one thread at a time may call the first three functions, and only for a group that grows.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_GROW_H
#define WEIR_STOPPABLE_WORKER_GROW_H

#include "stoppable_worker/group.h"

/*
 * Adds one worker. Its init runs in its own thread, after this call. Does not block. Returns
 *   WEIR_OK        if the thread is created
 *   WEIR_FULL      if each worker still has a thread, also one that is ending
 *   WEIR_NOTHREAD  if the system cannot create the thread
 *   WEIR_NOMEM     if out of memory
 *   WEIR_CLOSED    if the group is sealed
 */
weir_status weir__group_grow(weir__group *group);

/* Sets the number of workers that may stay. The others leave when they have completed their present items. */
void weir__group_want(weir__group *group, size_t workers);

/* Joins workers that have left, without waiting. Returns true if others have left and are not joined. */
bool weir__group_reap(weir__group *group);

/* Returns the number of workers that have not left. Any thread may call this. */
size_t weir__group_size(const weir__group *group);

/* Returns the number of workers that may stay. Any thread may call this. */
size_t weir__group_wanted(const weir__group *group);

/* Returns true if a worker may hold items that it has not begun. Any thread may call this. */
bool weir__group_holds_items(const weir__group *group);

/* Ends the growth: no thread starts afterwards. Any thread but the growing one may call this, also repeatedly. */
void weir__group_seal(weir__group *group);

/* Returns true if the worker's thread was added by weir__group_grow. Only that thread may call this. */
bool weir__worker_is_added(const weir_worker *worker);

#endif /* WEIR_STOPPABLE_WORKER_GROW_H */
