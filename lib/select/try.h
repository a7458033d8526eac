/*
 * try.h - Declares a look at the cases of a select.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_TRY_H
#define WEIR_SELECT_TRY_H

#include "select/state.h"

/* Returns whether a case can never happen in this call. */
bool weir__case_is_off(const weir_case *one);

/* Returns whether a case waits for a descriptor. */
static inline bool weir__case_polls(const weir_case *one) {
    return one->kind == WEIR_CASE_READABLE || one->kind == WEIR_CASE_WRITABLE;
}

/*
 * Looks at the cases in random order, and lets the first one that is ready happen. Never blocks. If `last`, it also makes
 * the descriptors of empty queues quiet, as gets do. Returns WEIR_OK if one has happened, WEIR_EMPTY if none is ready, or
 * WEIR_NOMEM if the system has no memory for a poll.
 */
weir_status weir__select_try(weir__select *select, bool last, size_t *which);

/* Lets the case happen if it is one of a queue, and ready. Returns whether it has. Never blocks. */
bool weir__select_try_one(weir_case *one);

/* A weir__spin_look; the argument is a weir__select. Returns whether a queue or a future may be ready. */
bool weir__select_look(const void *select, size_t ahead);

#endif /* WEIR_SELECT_TRY_H */
