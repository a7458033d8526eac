/*
 * watch.h - Declares what a select leaves at its queues and futures, to be told of changes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_WATCH_H
#define WEIR_SELECT_WATCH_H

#include "select/state.h"

/*
 * Watches each case with a queue or a future, from now on or again. Returns true, with some perhaps not watched, as soon
 * as it finds one that is ready (H3).
 */
bool weir__select_watch(weir__select *select);

/* Ends the watch of each case (H4, H5). */
void weir__select_unwatch(weir__select *select);

#endif /* WEIR_SELECT_WATCH_H */
