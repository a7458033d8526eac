/*
 * pipeline_support.h - shared by the pipeline tests: items ("things") that count how often they ended, pipelines with
 * checked calls, and the invariants of every report.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_PIPELINE_SUPPORT_H
#define WEIR_TESTS_PIPELINE_SUPPORT_H

#include "support.h"

/* Adds a case that forgets all things before each test. */
TCase *add_things_case(Suite *suite, const char *name);

/* ---- items: each one made must end exactly once ---- */

struct thing {
    size_t n;             /* in order of creation */
    size_t of;            /* the thing that it derives from */
    atomic_uint tries;    /* by functions that fail */
    atomic_uint consumed; /* number of times a function ended it */
    atomic_uint dropped;  /* number of times a drop function ended it */
};

/* Forgets all things; called before a test, and between the runs of one test. */
void things_forget(void);

/* Makes a thing; any thread may call it. Never returns NULL: the test fails if there are too many. */
struct thing *thing_new(void);
struct thing *thing_at(size_t n);
size_t things_made(void);

/* Ends a thing: in a function that owns it, or as a weir_drop_func. */
void thing_consume(struct thing *thing);
void thing_drop(void *thing, void *unused);

/* Return how many things ended that way; fail the test if one ended twice. */
size_t things_consumed(void);
size_t things_dropped(void);

/* Waits until that many things were consumed; fails the test if they are not. */
void wait_for_consumed(size_t count);

/* Fails the test unless each thing ended exactly once. */
void assert_things_ended(void);

/* ---- functions of stages ---- */

/* A weir_worker_func that ends its item. */
void *consume_thing(void *thing, void *unused);

/*
 * The same as a weir_task_func and as a weir_batch_func; a weir_task_func that emits its item; the same after passing
 * the gate given as argument.
 */
int run_consume(weir_task *task, void *thing, void *unused);
int run_batch_consume(weir_task *task, void *const *items, size_t count, void *unused);
int run_pass_on(weir_task *task, void *item, void *unused);
int run_pass_on_at_gate(weir_task *task, void *item, void *gate);

/* A weir_task_func that passes the gate given as argument and keeps the item. */
int run_pass_gate(weir_task *task, void *item, void *gate);

/* A source that has no items. */
int end_at_once(weir_task *task, void *none, void *unused);

/* A weir_copy_func: a new thing with the same origin. */
void *copy_thing(void *thing, void *unused);

/* ---- pipelines ---- */

/* Creates a pipeline; by default its grace is longer than a function of a test ever needs on a busy machine. */
weir_pipeline *new_pipeline(const weir_pipeline_options *options);

/* Whether WEIR_TESTS_ON_CREW is set: stages without init and fini run on the crew unless they say otherwise. */
bool is_on_crew(void);

/* Gives a stage a thread of its own, or a width of one on the crew, unless it says otherwise. */
void place_stage(weir_stage_options *options);

/* Add, connect and start; put_things puts `count` new things. All fail the test unless the call returns WEIR_OK. */
weir_stage *add_stage(weir_pipeline *pipeline, weir_stage_options options);
void connect_stages(weir_pipeline *pipeline, weir_stage *from, weir_stage *to);
void start_pipeline(weir_pipeline *pipeline);
void put_things(weir_pipeline *pipeline, size_t count);

/* Checks how the message of this thread's last refusal begins. */
void assert_message(const weir_pipeline *pipeline, const char *beginning);

/* Adds the last stage, and two before it: a source of one thing, and a stage whose init fails. */
void add_failing_fan(weir_pipeline *pipeline, weir_worker_init *fails, void *arg, weir_stage_options last);

/* Finishes with that status; returns the report, which has been checked. */
weir_report *finish_pipeline(weir_pipeline *pipeline, weir_status wanted);

/* Finishes, destroys the pipeline and frees the report. */
void finish_and_destroy(weir_pipeline *pipeline, weir_status wanted);
void destroy_pipeline(weir_pipeline *pipeline);

weir_report *report_of(weir_pipeline *pipeline);

/* Returns once the end of the run has begun. */
void wait_for_the_end(weir_pipeline *pipeline);

/* Returns once no item is live. */
void wait_until_empty(weir_pipeline *pipeline);
const weir_stage_report *stage_in(const weir_report *report, const char *name);

/* Waits until the report tells so many items in the stage's queue, in calls and behind earlier ones: all that are live. */
void wait_until_told(weir_pipeline *pipeline, const char *name, size_t depth, size_t running, size_t waiting);

/* The same, with a full queue. A stage on a crew puts no more until half of the queue is free: the other may be. */
void wait_until_full(weir_pipeline *pipeline, const char *name, size_t capacity, size_t running, size_t waiting);

/* Checks that in = done + failed + dead + dropped + live, and that none of them exceeds `in`. */
bool is_balanced(const weir_counts *counts);
void assert_balanced(const weir_report *report);

/* Also checks that no item is live. */
void assert_all_over(const weir_report *report);

/*
 * Checks that the first error says that a function of that stage has ended its thread, at that attempt. It is fatal if it
 * has ended the run; no other error is.
 */
void assert_thread_ended(const weir_report *report, const char *stage, unsigned attempts);

/* Long enough for threads to do what they must not. */
void let_them_err(void);

/* Waits until the counter reaches `count`; fails the test if it does not. */
void wait_for_count(const atomic_uint *counter, unsigned count);

/* ---- calls in another thread: call_start and call_finish of support.h, with a pipeline ---- */

struct pipeline_call {
    struct call call; /* must be first; holds deadline, item and status */
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
