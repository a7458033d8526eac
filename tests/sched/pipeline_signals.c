/*
 * pipeline_signals.c - scenarios of pipelines that end on signals. Two signals of one number that pend together are
 * one, so signals that must be told apart are sent one after the other.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/dispatch.h"
#include "pipeline_support.h"

#include <stdio.h>

enum { FIRST = 1, SECOND, THIRD };

static weir_pipeline *new_listener(void) {
    weir_pipeline *made;
    const weir_pipeline_options options = {.grace = WEIR_NEVER, .max_errors = 1};
    const weir_stage_options stage = {.name = "pass", .work.func = pass_on, .input.capacity = 1};
    sched_calm(true);
    must(weir_pipeline_create(&made, &options), WEIR_OK);
    must(weir_pipeline_add(made, NULL, &stage), WEIR_OK);
    must(weir_pipeline_start(made), WEIR_OK);
    sched_settle();
    return made;
}

static void end_on(weir_pipeline *listener, const int *signals, size_t count) {
    must(weir_pipeline_end_on(listener, signals, count, WEIR_NEVER), WEIR_OK);
}

static weir_pipeline *new_that_ends_on(int signal) {
    weir_pipeline *made = new_listener();
    end_on(made, &signal, 1);
    return made;
}

/* Returns the signal that ended the pipeline. */
static int finish(weir_pipeline *listener, weir_status expected) {
    weir_report *report;
    must(weir_pipeline_finish(listener, WEIR_NEVER, &report), expected);
    int signal = report->signal;
    weir_report_free(report);
    must(weir_pipeline_destroy(listener), WEIR_OK);
    return signal;
}

/* Puts items until one is refused because the pipeline is finishing. Every accepted item goes through. */
static void wait_until_closed(weir_pipeline *listener) {
    weir_status status;
    while ((status = weir_pipeline_put(listener, item(1))) == WEIR_OK)
        sched_settle();
    must(status, WEIR_CLOSED);
}

void scenario_signal_for_two(void) {
    weir_pipeline *one = new_that_ends_on(FIRST), *other = new_that_ends_on(FIRST);
    sched_settle();
    sched_raise(FIRST);
    sched_settle();
    wait_until_closed(one);
    wait_until_closed(other);
    sched_check(finish(one, WEIR_OK) == FIRST, "the one");
    sched_check(finish(other, WEIR_OK) == FIRST, "the other");
    sched_check(!sched_pends(FIRST), "it was not taken");
}

void scenario_signals_finish_and_cancel(void) {
    static const int both[] = {FIRST, SECOND};
    weir_pipeline *listener = new_listener();
    end_on(listener, both, 2);
    for (int i = 0; i < 3; i++) {
        sched_raise(i == 1 ? SECOND : FIRST);
        sched_settle();
    }
    weir_status status = weir_pipeline_finish(listener, WEIR_NEVER, NULL);
    sched_check(status == WEIR_CANCELLED, "%s", weir_strerror(status));
    sched_check(finish(listener, WEIR_CANCELLED) == FIRST, "the first has not ended it");
    sched_check(sched_pends(FIRST) && !sched_pends(SECOND), "the third was taken");
}

/* ---- listeners, without pipelines ---- */

struct ear {
    weir__listener listener; /* first */
    int signal, told;
};

static struct ear ears[3];

static bool hear(weir__listener *listener, int signal) {
    struct ear *ear = (struct ear *)listener;
    sched_check(signal == ear->signal, "told of %d instead of %d", signal, ear->signal);
    ear->told++;
    return true;
}

static void prepare_ear(int n, int signal) {
    ears[n] = (struct ear){.signal = signal};
    ears[n].listener = (weir__listener){.signals = &ears[n].signal, .count = 1, .tell = hear};
}

static void join(int n) {
    sched_check(weir__dispatch_join(&ears[n].listener), "there is no thread");
}

static void leave(void *ear) {
    weir__dispatch_leave(&((struct ear *)ear)->listener);
}

/* A signal reaches the listener that stays, once, while another one leaves. */
void scenario_listener_leaves(void) {
    prepare_ear(0, FIRST);
    prepare_ear(1, FIRST);
    join(0);
    join(1);
    int other = sched_spawn(leave, &ears[1]);
    sched_raise(FIRST);
    sched_join(other);
    sched_settle();
    sched_check(ears[0].told == 1, "told %d times", ears[0].told);
    sched_check(!sched_pends(FIRST), "it was told, and pends");
    leave(&ears[0]);
}

/* A listener that comes while the last one leaves hears its signal. */
void scenario_listener_comes(void) {
    prepare_ear(0, FIRST);
    prepare_ear(1, SECOND);
    join(0);
    int other = sched_spawn(leave, &ears[0]);
    join(1);
    sched_raise(SECOND);
    sched_join(other);
    sched_settle();
    sched_check(ears[1].told == 1, "told %d times", ears[1].told);
    leave(&ears[1]);
}

static void raise_first(void *unused) {
    (void)unused;
    sched_raise(FIRST);
}

/* The set of signals changes while one of them comes: it is told once, or left to the process. */
void scenario_listeners_change(void) {
    prepare_ear(0, FIRST);
    prepare_ear(1, SECOND);
    join(0);
    int other = sched_spawn(raise_first, NULL);
    join(1);
    leave(&ears[0]);
    sched_join(other);
    sched_settle();
    sched_check(ears[0].told + sched_pends(FIRST) == 1, "told %d times, and it %s", ears[0].told,
                sched_pends(FIRST) ? "pends" : "does not pend");
    sched_check(ears[1].told == 0, "told of nothing");
    leave(&ears[1]);
}

static void raise_it(void *signal) {
    sched_raise(*(int *)signal);
}

/* The same beside two listeners that stay. Their signals may be what wakes the thread. */
void scenario_listeners_stay(void) {
    int signal = sched_choose(2) == 0 ? FIRST : SECOND;
    prepare_ear(0, FIRST);
    prepare_ear(1, SECOND);
    prepare_ear(2, THIRD);
    join(0);
    join(1);
    sched_settle();
    int other = sched_spawn(raise_it, &signal);
    join(2);
    sched_raise(THIRD);
    sched_settle();
    sched_check(ears[2].told == 1, "the one that came was told %d times", ears[2].told);
    leave(&ears[2]);
    sched_join(other);
    sched_settle();
    sched_check(ears[0].told == (signal == FIRST), "the first was told %d times", ears[0].told);
    sched_check(ears[1].told == (signal == SECOND), "the second was told %d times", ears[1].told);
    leave(&ears[0]);
    leave(&ears[1]);
}

/* ---- pipelines ---- */

void scenario_signal_against_finish(void) {
    weir_pipeline *listener = new_that_ends_on(FIRST);
    sched_settle();
    int other = sched_spawn(raise_first, NULL);
    must(weir_pipeline_finish(listener, WEIR_NEVER, NULL), WEIR_OK);
    sched_join(other);
    bool taken = finish(listener, WEIR_OK) == FIRST;
    sched_check(taken != sched_pends(FIRST), "%s", taken ? "taken, and pends" : "neither taken nor left");
}

static int wait_run(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    wait_at_gate();
    return end_call(got);
}

/* The first item is in the function, the second one in the queue, when the pipeline ends on either signal. */
static void begin_with_two_items(weir_pipeline_options options, void (*drop)(void *item, void *arg)) {
    begin_pipeline(options);
    add_stage((weir_stage_options){.name = "only", .work.run = wait_run, .input.capacity = 2, .input.drop = drop});
    start_pipeline();
    put_items(1, 2);
    sched_calm(true);
    end_on(pipeline, (const int[]){FIRST, SECOND}, 2);
    sched_settle();
}

static void open_gate_in_drop(void *got, void *arg) {
    (void)arg;
    dropped[number(got)]++;
    open_gate();
}

/*
 * The second signal may arrive at any point of the drain, which only a cancel can end. The thread of the signals may
 * drain, since no other one does before that.
 */
void scenario_second_signal_in_a_drain(void) {
    static int second = SECOND;
    begin_with_two_items((weir_pipeline_options){.name = "drains"}, open_gate_in_drop);
    sched_raise(FIRST);
    sched_join(sched_spawn(raise_it, &second));
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

static void drop_at_gate(void *got, void *arg) {
    (void)arg;
    wait_at_gate();
    dropped[number(got)]++;
}

/* The second signal has cancelled, and a drop function takes long: finish returns, and its report names the function. */
void scenario_finish_beside_drop_by_signal(void) {
    weir_report *report = NULL;
    begin_with_two_items((weir_pipeline_options){.name = "slow", .grace = 1000}, drop_at_gate);
    sched_raise(FIRST);
    sched_settle();
    sched_raise(SECOND);
    sched_settle();
    must(weir_pipeline_finish(pipeline, 0, &report), WEIR_BUSY);
    sched_check(report != NULL && report->late_count > 0, "none is late");
    weir_report_free(report);
    open_gate();
    open_gate();
    while (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) == WEIR_BUSY)
        ;
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

static void finish_well(void *unused) {
    (void)unused;
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
}

static void open_gate_later(void *unused) {
    (void)unused;
    open_gate();
}

/* While the thread of the signals drains, and a finish waits for that, a view is started, which the finish ends too. */
void scenario_show_beside_drain_by_signal(void) {
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    begin_pipeline((weir_pipeline_options){.name = "shown"});
    add_stage((weir_stage_options){.name = "only", .work.run = wait_run});
    start_pipeline();
    put_items(1, 1);
    sched_calm(true);
    end_on(pipeline, (const int[]){FIRST}, 1);
    sched_settle();
    sched_raise(FIRST);
    sched_settle();
    int other = sched_spawn(finish_well, NULL);
    sched_settle();
    int opens = sched_spawn(open_gate_later, NULL);
    weir_status shown = weir_pipeline_show(pipeline, nowhere, 0);
    sched_calm(true);
    sched_check(shown == WEIR_OK || shown == WEIR_INVALID, "%s", weir_strerror(shown));
    sched_join(opens);
    sched_join(other);
    finish_pipeline(WEIR_OK);
}

/* All earlier deadlines pass. */
static void let_time_pass(uint64_t nanoseconds) {
    weir_queue *empty = new_queue(1);
    void *got;
    must(weir_queue_get_until(empty, &got, weir_deadline_after(nanoseconds)), WEIR_TIMEDOUT);
    must(weir_queue_destroy(empty), WEIR_OK);
}

static void fini_at_gate(void *unused) {
    (void)unused;
    wait_at_gate();
}

/*
 * All is drained, and a fini takes long. The deadline of the signals passes, and that is no matter of a finish without
 * a deadline, which waits for the fini.
 */
void scenario_signal_beside_a_slow_fini(void) {
    const int signal = FIRST;
    begin_pipeline((weir_pipeline_options){.name = "slow", .grace = 1});
    add_stage((weir_stage_options){.name = "only", .work.func = pass_on, .work.fini = fini_at_gate});
    start_pipeline();
    sched_calm(true);
    must(weir_pipeline_end_on(pipeline, &signal, 1, 1000), WEIR_OK);
    int other = sched_spawn(finish_well, NULL);
    sched_settle();
    sched_raise(FIRST);
    sched_settle();
    let_time_pass(WEIR_SECOND);
    open_gate();
    sched_join(other);
    finish_pipeline(WEIR_OK);
}

static void cancel_it(void *raw) {
    must(weir_pipeline_cancel(raw), WEIR_OK);
}

/* A cancel comes when all is drained: the run is over after it, or before it. */
void scenario_cancel_when_all_is_drained(void) {
    weir_pipeline *listener = new_listener();
    int other = sched_spawn(cancel_it, listener);
    weir_status status = weir_pipeline_finish(listener, WEIR_NEVER, NULL);
    sched_check(status == WEIR_OK || status == WEIR_CANCELLED, "%s", weir_strerror(status));
    sched_join(other);
    must(weir_pipeline_destroy(listener), WEIR_OK);
}

/* weir_pipeline_end_on needs two threads. The creation of each one fails in turn. */
void scenario_signals_without_thread(void) {
    weir_pipeline *listener = new_listener();
    for (unsigned n = 1; n <= 2; n++) {
        sched_fail_thread(n, false);
        must(weir_pipeline_end_on(listener, (const int[]){FIRST}, 1, 0), WEIR_NOTHREAD);
    }
    sched_fail_thread(0, false);
    sched_raise(FIRST);
    sched_settle();
    sched_check(sched_pends(FIRST), "it was taken");
    end_on(listener, (const int[]){FIRST}, 1);
    sched_settle();
    sched_check(finish(listener, WEIR_OK) == FIRST, "it has not heard it");
}
