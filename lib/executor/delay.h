/*
 * delay.h - Holds tasks until they are due: delayed ones, and periodic ones between two runs.
 *
 * A delayed task is in a list of the executor. Its timer has the task's own reference, until it rings: then the task is
 * listed in its source. If the task was cancelled meanwhile, the ring only releases the reference.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_DELAY_H
#define WEIR_EXECUTOR_DELAY_H

#include "executor/state.h"

/* Starts the timer thread, unless it runs. Returns false if it cannot be created. */
bool weir__delay_prepare(weir_executor *executor);

/* Puts a task among the delayed. The lock is held. */
void weir__delay_list_locked(weir__task *task);

/* Sets the timer of a task that was put among the delayed. The lock is not held. */
void weir__delay_set(weir__task *task);

/* Removes a task from the delayed. The timer still rings. The lock is held. */
void weir__delay_unlist_locked(weir__task *task);

/*
 * Puts a periodic task among the delayed after a run of the worker, which runs it no longer (X8), and sets its timer.
 * Returns false, without effect, if it was cancelled, or the executor is shut down: the caller ends it.
 */
bool weir__delay_again(weir__task *task, weir__worker *worker);

/*
 * The end, when every task has ended. Stop ends the timer thread: it may still be about to call a thread of the crew for a
 * task that has run meanwhile. Release gives up the references that timers have, once no worker sets one any more.
 */
void weir__delay_stop(weir_executor *executor);
void weir__delay_release(weir_executor *executor);

#endif /* WEIR_EXECUTOR_DELAY_H */
