/*
 * pipeline_support.h - declares what the scenarios of pipelines share.
 *
 * Items are small numbers. What becomes of each of them is counted by its number. After the end of a pipeline, the
 * report must say the same.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_PIPELINE_SUPPORT_H
#define WEIR_TESTS_SCHED_PIPELINE_SUPPORT_H

#include <weir/pipeline.h>

#include "scenarios.h"
#include "support.h"

enum { NUMBERS = 64 };

extern weir_pipeline *pipeline;
extern weir_queue *gate;     /* one thread waits at it, another puts to it */
extern int ran[NUMBERS];     /* number of calls of a function with this item */
extern int done[NUMBERS];    /* number of calls that returned 0 */
extern int dropped[NUMBERS]; /* number of times that the item was dropped */

/* Resets the counts and creates a pipeline. A grace of 0 selects waiting for functions without a limit. */
void begin_pipeline(weir_pipeline_options options);

/* Adds a stage that counts its dropped items. A capacity of 0 selects 1. */
weir_stage *add_stage(weir_stage_options options);
void start_pipeline(void);
void put_items(int first, int count);

/* Puts an item. If a cancel or a finish refuses it, the item counts as dropped. */
void put_if_open(void *item);

/* Creates a queue that counts its dropped items. */
weir_queue *new_counting_queue(size_t capacity);

/* Makes a report and checks its sums, which must hold at any time. Can be the main function of a thread. */
void look(void *unused);

/* The same, at one instant. */
void look_calmly(void);

/* Finishes while thread `other` makes calls too, and joins it: its calls must return before a destroy. */
void finish_beside(int other, weir_status expected);

/* Finishes, checks the status and that nothing is left anywhere, and destroys the pipeline. */
void finish_pipeline(weir_status expected);

/* The same, and checks how many root items were done, failed, dead-lettered and dropped. */
void finish_with(weir_status expected, unsigned done, unsigned failed, unsigned dead, unsigned dropped);

/*
 * Finishes a run that a function has failed by ending its thread. Checks that the first error says so, and how many root
 * items failed.
 */
void finish_exited(const char *stage, unsigned failed);

/* Checks that each item from 1 to `last` has ended once: it was done or dropped. */
void check_each_ended_once(int last);

/*
 * Checks that exactly these items come out of a queue that is shut down, in this order; 0 ends the list. Destroys the
 * queue.
 */
void check_results(weir_queue *results, const int *expected);

/* Functions for stages, a func and a run: count the item and pass it on. */
void *pass_on(void *item, void *arg);
int pass_on_run(weir_task *task, void *item, void *arg);

/* For a scenario's own functions: count a call, and its return of 0. */
void begin_call(const void *item);
int end_call(const void *item);

void cancel(void *unused);

void open_gate(void);
void wait_at_gate(void);

#endif /* WEIR_TESTS_SCHED_PIPELINE_SUPPORT_H */
