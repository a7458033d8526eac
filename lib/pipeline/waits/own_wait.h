/*
 * own_wait.h - Lets the thread of a stage sleep in the program's wait (work.wait) in place of the library's.
 *
 * The thread sleeps there for items, a slot, a time, a resume and room, and after a cancel until no operation is open.
 * Each wait looks first and then sleeps, on the stage's bell (Y1), and may return early.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_OWN_WAIT_H
#define WEIR_PIPELINE_WAITS_OWN_WAIT_H

#include "pipeline/waits/own_tell.h"

/* Opens the bell, at the start. Returns a refusal if that fails. Closes it. */
weir_status weir__own_wait_prepare(weir_stage *stage);
void weir__own_wait_free(weir_stage *stage);

/* Sleeps until told or until the deadline, unless the thread was told since the last call. Holds no lock. */
void weir__own_wait(weir__lane *lane, weir_deadline deadline);

/* Sleeps while the stage's queue has nothing to get. `lane` is a weir__lane. */
void weir__own_wait_for_item(void *lane);

/* Waits for room in a queue, until the run is cancelled. Returns false if it is. */
bool weir__own_wait_for_room(weir__lane *lane, weir_queue *queue);

/*
 * Before each call: calls the program's wait to look only, if the thread has made many calls since the last wait, or has
 * spent a millisecond in calls. Asks late operations for their end.
 */
void weir__own_wait_look(weir__lane *lane);

/*
 * After the last item, or when a function has ended the thread: asks all operations for their end, after a cancel, and
 * waits until none is open. In a start that has failed, waits for `grace` at most.
 */
void weir__own_wait_end(weir__lane *lane);

#endif /* WEIR_PIPELINE_WAITS_OWN_WAIT_H */
