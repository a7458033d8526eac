/*
 * crew_support.h - declares what the scenarios of stages on a crew share.
 *
 * The monitor of the crew that pipelines share looks each TICK, while a seat is free. At its second look at a slice it
 * finds that the slice lasts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_CREW_SUPPORT_H
#define WEIR_TESTS_SCHED_CREW_SUPPORT_H

#include "pipeline_support.h"

/*
 * Items from which stages learn. After LEARNT, items are begun one by one, several in a morsel; after SLOW, a morsel has
 * one item; after SLEEPY, the stage knows that its calls sleep.
 */
enum { TICK = 1000 * 1000, LEARNT = 60, SLOW = 61, SLEEPY = 62 };

/* Begins a pipeline on a crew of so many seats. */
void begin_on(unsigned processors);

/* Returns the options of a stage on the crew. */
weir_stage_options on_crew(const char *name, weir_worker_func *func, size_t width, size_t capacity);

/* Computes until the monitor looks for the second time: they go on together. */
void compute_until_look(void);

/* Part of a function: sleeps until another thread wakes it. It makes no call of the library: only the monitor sees it. */
void sleep_in_function(void);
void wake_from_function(void);

/* Part of a function: takes as long as the item teaches. */
void compute_to_teach(const void *item);

/* Functions for stages: item 1 takes long, or waits until item 2 has begun. Items from which stages learn do so. */
void *compute_by_number(void *item, void *arg);
void *wait_for_second(void *item, void *arg);

/* Puts items before the scenario. */
void put_calmly(int first, int count);

/* Lets the stages learn from an item. */
void learn(int first);

/* Finishes a run of so many items. The end is no part of the scenario. */
void finish_calmly(int count);

/* Checks that each of `stages` stages has run each item once. */
void check_ran(int last, int stages);

/* Computes for longer than all items take, and than idle threads live. */
void compute_for_ages(void);

/* Lets the items be run meanwhile, without a word from this thread. */
void let_run(int last, int stages);

#endif /* WEIR_TESTS_SCHED_CREW_SUPPORT_H */
