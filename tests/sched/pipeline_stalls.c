/*
 * pipeline_stalls.c - scenarios of the watch over the thread of a stage that sleeps in a wait of the program (stall_time).
 *
 * The watch looks four times in LIMIT.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/operation.h>

#include "crew_support.h"
#include "sync/poll.h"

enum { LIMIT = 4000, LOOK = LIMIT / 4, MOST_POLLS = 32 };

static int told;
static weir_stall last;
static uint64_t takes; /* ns of a call */

static void note_stall(const weir_stall *stall, void *unused) {
    (void)unused;
    told++;
    last = *stall;
}

static int compute(weir_task *task, void *got, void *unused) {
    (void)task;
    (void)unused;
    begin_call(got);
    sched_compute(takes);
    return end_call(got);
}

/* The calls of items 1 and 2 take their time while all other threads wait for a processor. */
static int compute_alone(weir_task *task, void *got, void *unused) {
    (void)task;
    (void)unused;
    begin_call(got);
    if (number(got) < 3)
        sched_compute_alone(takes);
    else
        sched_compute(LOOK / 2);
    return end_call(got);
}

static void sleep_in_poll(int fd, weir_deadline deadline, void *unused) {
    weir__pollfd entry;
    (void)unused;
    weir__poll_entry(&entry, fd, false);
    (void)weir__poll_all(&entry, 1, deadline);
}

/*
 * After an item has come, it sleeps on in polls of something else until the stall is told. A poll whose time is over before
 * it sleeps is seen awake, so no fixed number of polls is asleep at four looks.
 */
static void sleep_on(int fd, weir_deadline deadline, void *unused) {
    weir__pollfd entry;
    sleep_in_poll(fd, deadline, unused);
    weir__poll_entry(&entry, -1, false);
    for (int polls = 0; deadline != 0 && ran[1] == 0 && told == 0 && polls < MOST_POLLS; polls++)
        (void)weir__poll_all(&entry, 1, weir_deadline_after(3 * LOOK));
}

static weir_stage_options watched(void) {
    return (weir_stage_options){.name = "watched",
                                .work = {.run = compute, .wait = sleep_in_poll},
                                .threads.count = 1,
                                .input.capacity = 4,
                                .limits.in_flight = 1,
                                .errors = {.stall_time = LIMIT, .on_stall = note_stall}};
}

static void begin(weir_stage_options options, uint64_t time_of_call) {
    told = 0;
    takes = time_of_call;
    begin_pipeline((weir_pipeline_options){.name = "stalls"});
    add_stage(options);
    start_pipeline();
}

/* The report agrees with what was told. */
static void end(int items, int stalls) {
    weir_report *report;
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, &report), WEIR_OK);
    sched_check(told == stalls, "%d stalls were told", told);
    sched_check((int)report->stages[0].stalls == stalls, "%d stalls are reported", (int)report->stages[0].stalls);
    weir_report_free(report);
    finish_with(WEIR_OK, (unsigned)items, 0, 0, 0);
}

/* The call lasts for several looks beyond the limit. */
void scenario_stall_is_told_once(void) {
    begin(watched(), 3 * LIMIT);
    put_items(1, 1);
    end(1, 1);
    sched_check(last.computes && last.held >= LIMIT && last.held <= 2 * LIMIT, "%d ns", (int)last.held);
}

/* Calls go by while the timer thread looks at the thread: each takes less than the limit. */
void scenario_stall_call_ends_within_a_look(void) {
    weir_stage_options options = watched();
    options.work.run = compute_alone;
    begin(options, 3 * LOOK);
    sched_calm(true);
    sched_compute(3 * LOOK);
    sched_calm(false);
    sched_compute(LOOK); /* until the time of a look */
    put_items(1, 3);
    end(3, 0);
}

/* The thread polls for longer than the limit, and no item comes. */
void scenario_stall_idle_thread(void) {
    begin(watched(), LOOK);
    sched_compute(3 * LIMIT);
    put_items(1, 1);
    end(1, 0);
}

/* The wait does not return although the library's descriptor is readable. */
void scenario_stall_of_a_wait(void) {
    weir_stage_options options = watched();
    options.work.wait = sleep_on;
    begin(options, LOOK);
    put_items(1, 1);
    end(1, 1);
    sched_check(!last.computes, "it computes");
}

static weir_status compute_in_init(void *arg, void **state) {
    *state = arg;
    sched_compute(2 * LIMIT);
    return WEIR_OK;
}

static void compute_in_fini(void *state) {
    (void)state;
    sched_compute(2 * LIMIT);
}

/* What the thread does before its first wait and after its last one holds no operation up. */
void scenario_stall_start_and_end(void) {
    weir_stage_options options = watched();
    options.work.init = compute_in_init;
    options.work.fini = compute_in_fini;
    told = 0;
    begin_pipeline((weir_pipeline_options){.name = "stalls"});
    add_stage(options);
    must(weir_pipeline_start(pipeline), WEIR_OK);
    end(0, 0);
}

/* The thread ends while the timer thread looks at it. */
void scenario_stall_look_against_the_end(void) {
    begin(watched(), LOOK);
    sched_compute(LOOK); /* until the time of a look */
    end(0, 0);
}
