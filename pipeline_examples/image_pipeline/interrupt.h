/*
 * interrupt.h - Ctrl-C while no pipeline runs that could take care of it.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked in all threads, and a thread of its own waits for them. The first one stops
 * what goes on: it looks at interrupt_is_stopping. The second one ends the program.
 *
 * There is one of it, as the signals belong to the process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_INTERRUPT_H
#define IMAGE_PIPELINE_INTERRUPT_H

#include <stdbool.h>

#include <weir/pipeline.h>

/* Blocks the signals and starts the thread. To be called while there is no other. False: a message was printed. */
bool interrupt_start(void);

/* Names the folder that is removed when a signal ends the program. The text must live until interrupt_stop. */
void interrupt_set_temporary(const char *folder);

bool interrupt_is_stopping(void);

/* Ends the thread. The signals stay blocked. */
void interrupt_stop(void);

/* From now on the first signal finishes the pipeline, and the second one cancels it. */
weir_status interrupt_hand_over(weir_pipeline *pipeline);

/* From now on a signal ends the program at once. Those that came before and found nobody are forgotten. */
void interrupt_release(void);

#endif /* IMAGE_PIPELINE_INTERRUPT_H */
