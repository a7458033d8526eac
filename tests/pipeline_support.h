/*
 * pipeline_support.h - what the tests of pipelines share: things that know how often they have ended, pipelines that are
 * made and ended with every status looked at, and what holds in every report.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_PIPELINE_SUPPORT_H
#define WEIR_TESTS_PIPELINE_SUPPORT_H

#include "support.h"

/* A suite whose cases forget all things before each test. */
TCase *add_things_case(Suite *suite, const char *name);

/* ---- items: each that is made has to end, once ---- */

struct thing {
    size_t n;             /* in the order in which they were made */
    size_t of;            /* the thing that it was made of */
    atomic_uint tries;    /* by functions that fail */
    atomic_uint consumed; /* times that a function has ended it */
    atomic_uint dropped;  /* times that a drop function has */
};

/* Before a test, and between runs that one makes: there are no things. */
void things_forget(void);

/* Any thread may make one; NULL never, the test ends when there are too many. */
struct thing *thing_new(void);
struct thing *thing_at(size_t n);
size_t things_made(void);

/* By a function that owns it; by a drop function: a weir_drop_func. */
void thing_consume(struct thing *thing);
void thing_drop(void *thing, void *unused);

/* How many have ended that way; fails the test when one has ended twice. */
size_t things_consumed(void);
size_t things_dropped(void);

/* Fails the test unless each thing has ended exactly once. */
void assert_things_ended(void);

/* ---- functions of stages ---- */

/* A weir_worker_func that ends its item. */
void *consume_thing(void *thing, void *unused);

/* The same as a weir_task_func and as a weir_batch_func; a weir_task_func that hands the item on; the same at a gate,
   which is the argument. */
int run_consume(weir_task *task, void *thing, void *unused);
int run_batch_consume(weir_task *task, void *const *items, size_t count, void *unused);
int run_pass_on(weir_task *task, void *item, void *unused);
int run_pass_on_at_gate(weir_task *task, void *item, void *gate);

/* A weir_task_func that passes a gate, which is the argument, and keeps the item. */
int run_pass_gate(weir_task *task, void *item, void *gate);

/* A weir_copy_func: a new thing, made of what the other was made of. */
void *copy_thing(void *thing, void *unused);

/* ---- pipelines ---- */

weir_pipeline *new_pipeline(const weir_pipeline_options *options);

/* Adds, starts, puts `count` new things; they fail the test unless it is WEIR_OK. */
weir_stage *add_stage(weir_pipeline *pipeline, weir_stage_options options);
void connect_stages(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);
void start_pipeline(weir_pipeline *pipeline);
void put_things(weir_pipeline *pipeline, size_t count);

/* Finishes with that status, and returns the report, which is checked. */
weir_report *finish_pipeline(weir_pipeline *pipeline, weir_status wanted);

/* Both, and the report is freed. */
void finish_and_destroy(weir_pipeline *pipeline, weir_status wanted);
void destroy_pipeline(weir_pipeline *pipeline);

weir_report *report_of(weir_pipeline *pipeline);

/* Returns when no item is live. */
void wait_until_empty(weir_pipeline *pipeline);
const weir_stage_report *stage_in(const weir_report *report, const char *name);

/* in = done + failed + dead + dropped + live, and none of them more than came in. */
bool is_balanced(const weir_counts *counts);
void assert_balanced(const weir_report *report);

/* The same, and nothing is live. */
void assert_all_over(const weir_report *report);

/* Waits until a function has counted so far; fails the test when it does not. */
void wait_for_count(const atomic_uint *counter, unsigned count);

/* ---- calls in a thread of their own: call_start and call_finish of support.h, with a pipeline ---- */

struct pipeline_call {
    struct call call; /* first; its deadline, item and status */
    weir_pipeline *pipeline;
    weir_report *report;
};

void make_pipeline_put(struct call *call);
void make_pipeline_put_many(struct call *call);
void make_pipeline_put_many_until(struct call *call);
void make_pipeline_finish(struct call *call);
void make_pipeline_wait(struct call *call);
void make_pipeline_cancel(struct call *call);

#endif /* WEIR_TESTS_PIPELINE_SUPPORT_H */
