/*
 * outcome.h - Adds errors, and ends the run after a fatal error.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_OUTCOME_H
#define WEIR_PIPELINE_OUTCOME_OUTCOME_H

#include "pipeline/state/stage.h"

/*
 * Adds an error of the stage. Returns true if the error is fatal by the stage's on_error. Then the caller must retire
 * the item, and call weir__fail_run.
 */
bool weir__add_error(weir_stage *stage, int code, const char *message, unsigned attempts);

/* Adds the error of an attempt that is retried. Such an error is not fatal. */
void weir__add_retried_error(weir_stage *stage, int code, const char *message, unsigned attempts);

/* Ends the run after a fatal error was added: cancels it with the outcome WEIR_FAILED. */
void weir__fail_run(weir_pipeline *pipeline);

/* Adds an error of the stage that no attempt returned. Ends the run if the error is fatal by the stage's on_error. */
void weir__fail_stage(weir_stage *stage, int code, const char *message);

/*
 * Adds the error that the reader of an output queue has shut it down. `queue` is "results" or "dead-letter". Ends the
 * run as weir__fail_stage.
 */
void weir__fail_output(weir_stage *stage, const char *queue);

/*
 * Adds the fatal error that a function of the stage has ended its thread, during that attempt. The caller must call
 * weir__fail_run.
 */
void weir__add_exit_error(weir_stage *stage, unsigned attempts);

/* Adds a fatal error that a function has found, which no further item can go round, and ends the run. */
void weir__fail_hopeless(weir_task *task, int code, const char *message);

/* Adds the fatal error that the crew has no thread for the stage, and ends the run. */
void weir__fail_starved(weir_stage *stage);

#endif /* WEIR_PIPELINE_OUTCOME_OUTCOME_H */
