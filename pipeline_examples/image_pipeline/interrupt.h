/*
 * interrupt.h - handles Ctrl-C while no pipeline runs that could handle it.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked in all threads, and a dedicated thread waits for them. The first signal
 * makes interrupt_is_stopping return true, which long-running functions check. The second one ends the program.
 *
 * There is one instance, because signals belong to the process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_INTERRUPT_H
#define IMAGE_PIPELINE_INTERRUPT_H

#include <stdbool.h>

#include <weir/pipeline.h>

#include "temporary.h"

enum { SIGNAL_STATUS = 128 /* exit status of a run that a signal has cut off: this and its number */ };

/*
 * Blocks the signals and starts the thread. Must be called before any other thread exists. On failure prints a
 * message and returns false.
 */
bool interrupt_start(void);

/* Sets the folder to remove when a signal ends the program. It must stay valid until interrupt_stop. */
void interrupt_set_temporary(const struct temporary *temporary);

/* Returns whether a signal has arrived, or the pipeline is ending that was handed over. */
bool interrupt_is_stopping(void);

/* Returns the number of the first signal; 0 if none has arrived. After the hand-over the report has it. */
int interrupt_number(void);

/* Ends the thread. The signals stay blocked. */
void interrupt_stop(void);

/* Makes the first signal from now on finish the pipeline, and the second one cancel it. */
weir_status interrupt_hand_over(weir_pipeline *pipeline);

/* Makes a signal from now on end the program at once. Discards pending signals. */
void interrupt_release(void);

#endif /* IMAGE_PIPELINE_INTERRUPT_H */
