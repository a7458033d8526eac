/*
 * crew_wait.h - Lets a lane on a crew wait: its thread gives its seat up meanwhile. Calls a thread to a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_CREW_WAIT_H
#define WEIR_PIPELINE_STATE_CREW_WAIT_H

#include "pipeline/state/stage.h"

/* Surround a wait of the lane. Begin settles the items that the lane has retired, and withdraws its promises. */
void weir__crew_wait_begin(weir__lane *lane);
void weir__crew_wait_end(weir__lane *lane);

/* Returns the lane's hand. Called by its thread. */
static inline weir__hand *weir__crew_hand(const weir__lane *lane) {
    return weir__ptr_load_relaxed(&lane->served.hand);
}

/* Withdraws the places that are promised to the lane. */
void weir__crew_withdraw(weir__lane *lane);

/* Settles the items that the lane has retired. */
void weir__crew_settle(weir__lane *lane);

/* Makes a thread look at a stage: the source must return, or the stage must end. No effect on a stage with threads. */
void weir__crew_look(weir_stage *stage);

#endif /* WEIR_PIPELINE_STATE_CREW_WAIT_H */
