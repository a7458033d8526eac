/*
 * seats.h - Declares seats: with a seat, a thread of a crew runs jobs (C1 and C2 in state.h). The crew's lock is held.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_SEATS_H
#define WEIR_CREW_SEATS_H

#include "crew/state.h"

bool weir__seat_is_free_locked(const weir__crew *crew);

/*
 * Takes a seat, even if none is free (C1). The thread must have none. The caller must release the lock by
 * weir__seats_call_release.
 */
void weir__seat_take_locked(weir__hand *hand);

/* Gives the thread's seat up, if it has one. */
void weir__seat_give_locked(weir__hand *hand);

/* C9. Wakes the monitor if it dozes. The lock is released meanwhile. */
void weir__seats_rouse_locked(weir__crew *crew);

/*
 * Starts a thread, which has a seat from the beginning. The lock is released meanwhile. Returns WEIR_OK, WEIR_NOMEM or
 * WEIR_NOTHREAD.
 */
weir_status weir__seats_start_locked(weir__crew *crew);

/*
 * C2, C9. Wakes or starts a thread if queued jobs lack one, and releases the lock. Returns false if the crew has no
 * thread and none can be started.
 */
bool weir__seats_call_release(weir__crew *crew);

#endif /* WEIR_CREW_SEATS_H */
