/*
 * pipeline_support.h - what the scenarios of pipelines share.
 *
 * Items are small numbers. What becomes of each of them is counted by number; after the end of a pipeline the report
 * has to say the same.
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
extern weir_queue *gate;     /* what one thread waits for and another puts */
extern int ran[NUMBERS];     /* how often a function was called with this item */
extern int done[NUMBERS];    /* how often it returned 0 for it */
extern int dropped[NUMBERS]; /* how often it was dropped */

/* Forgets the run before, and creates a pipeline that waits for its functions for ever. */
void begin_pipeline(weir_pipeline_options options);

/* A stage whose items are counted when they are dropped; of capacity 1, if nothing else is said. */
weir_stage *add_stage(weir_stage_options options);
void start_pipeline(void);
void put_items(int first, int count);

/* Puts what may be refused because of a cancel or a finish: then it counts as dropped. */
void put_if_open(void *item);

/* A queue whose items are counted when they are dropped. */
weir_queue *new_counting_queue(size_t capacity);

/* A report: whatever goes on meanwhile, its sums hold. Also as a thread of its own. */
void look(void *unused);

/* The same of one instant. */
void look_calmly(void);

/* Finishes while another thread makes calls too, which have to return before a destroy. */
void finish_beside(int other, weir_status expected);

/* Finishes, which returns that, checks that nothing is left anywhere, and destroys. */
void finish_pipeline(weir_status expected);

/* The same, and how many of what came in were done, failed, put to the dead letters and dropped. */
void finish_with(weir_status expected, unsigned done, unsigned failed, unsigned dead, unsigned dropped);

/* Each item from 1 to `last` has had one end: it was done or dropped. */
void check_each_ended_once(int last);

/* These come out of a queue that is shut down, in this order, and no more; 0 ends the list. The queue is destroyed. */
void check_results(weir_queue *results, const int *expected);

/* Functions for stages: count and pass the item on, as a func and as a run. */
void *pass_on(void *item, void *arg);
int pass_on_run(weir_task *task, void *item, void *arg);

/* For functions that are written out. */
void begin_call(const void *item);
int end_call(const void *item);

void cancel(void *unused);

void open_gate(void);
void wait_at_gate(void);

#endif /* WEIR_TESTS_SCHED_PIPELINE_SUPPORT_H */
