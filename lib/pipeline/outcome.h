/*
 * outcome.h - What an error does to the run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_H
#define WEIR_PIPELINE_OUTCOME_H

#include "pipeline/stage.h"

/*
 * Adds an error of the stage. Returns whether it ends the run, by the stage's on_error; then the caller calls
 * weir__fail_run, once the item is retired.
 */
bool weir__add_error(weir_stage *stage, int code, const char *message, unsigned attempts);

/* Adds an error of an attempt that is followed by another one. */
void weir__add_retried_error(weir_stage *stage, int code, const char *message, unsigned attempts);

/* Ends the run after its fatal error was added: cancels it, with the outcome WEIR_FAILED. */
void weir__fail_run(weir_pipeline *pipeline);

/* Adds an error of the stage that is none of an attempt, and ends the run if the stage's errors do. */
void weir__fail_stage(weir_stage *stage, int code, const char *message);

/* The same: the reader of that queue, "results" or "dead-letter", has shut it down. */
void weir__fail_output(weir_stage *stage, const char *queue);

/*
 * Adds the error that a function of the stage has ended its thread, at that attempt. It ends the run: the caller calls
 * weir__fail_run.
 */
void weir__add_exit_error(weir_stage *stage, unsigned attempts);

#endif /* WEIR_PIPELINE_OUTCOME_H */
