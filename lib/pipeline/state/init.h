/*
 * init.h - Calls a stage's init, and keeps the reason of the first one that fails.
 *
 * weir_init_fail leaves the reason in the note of its thread. The thread that has called init takes it from there.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_INIT_H
#define WEIR_PIPELINE_STATE_INIT_H

#include "pipeline/state/stage.h"

/* Calls init for the lane's state, if the stage has one. Returns its status. */
weir_status weir__init_call(weir__lane *lane);

/* Appends ": " and the reason of the first init that has failed, if it gave one, to a message of that size. */
void weir__init_append_reason(weir_stage *stage, char *message, size_t size);

#endif /* WEIR_PIPELINE_STATE_INIT_H */
