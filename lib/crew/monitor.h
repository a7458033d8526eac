/*
 * monitor.h - Declares a crew's monitor: a thread that finds threads that sleep in a function (C4), and wakes a thread for
 * jobs that were made ready "soon" while the others compute for long (C2). It ends jobs that no thread can run (C8).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_MONITOR_H
#define WEIR_CREW_MONITOR_H

#include "crew/state.h"

/*
 * Starts the monitor, unless it runs or the options want none. Returns false if its thread cannot be created. The lock is
 * held, and released meanwhile.
 */
bool weir__monitor_start_locked(weir__crew *crew);

/* Joins the monitor, after `ending` was set and `monitor_park` woken. */
void weir__monitor_join(weir__crew *crew);

#endif /* WEIR_CREW_MONITOR_H */
