/*
 * run.h - Runs the calls of a stage: its items have envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_RUN_H
#define WEIR_PIPELINE_CALL_RUN_H

/* Runs one item, or one batch. The function of the stage's workers. */
void *weir__run(void *envelope, void *lane);

#endif /* WEIR_PIPELINE_CALL_RUN_H */
