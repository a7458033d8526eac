/*
 * future_waits.c - scenarios of waits for several futures.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/future.h>

#include "scenarios.h"
#include "support.h"

static weir_future *futures[2];
static weir_completions *completions;
static uint64_t *notes; /* plain memory: written before an end, read after it */
static int taken;
static int setters[2];

static void open_futures(void) {
    for (int i = 0; i < 2; i++)
        must(weir_future_create(&futures[i], NULL, NULL), WEIR_OK);
    notes = sched_scratch(2 * sizeof *notes);
    taken = 0;
}

static void close_futures(void) {
    for (int i = 0; i < 2; i++)
        weir_future_release(futures[i]);
}

static void set(int i) {
    sched_plain_write(&notes[i], 1);
    must(weir_future_set(futures[i], item(i + 1)), WEIR_OK);
}

static void set_first(void *unused) {
    (void)unused;
    set(0);
}

static void set_second(void *unused) {
    (void)unused;
    set(1);
}

static void fail_second(void *unused) {
    (void)unused;
    must(weir_future_fail(futures[1], 7, "seven"), WEIR_OK);
}

/* Start the threads that end the futures, and join them. */
static void start_setters(void (*second)(void *unused)) {
    setters[0] = sched_spawn(set_first, NULL);
    setters[1] = sched_spawn(second, NULL);
}

static void join_setters(void) {
    for (int i = 0; i < 2; i++)
        sched_join(setters[i]);
}

/* Returns how many have ended, each of which is published. */
static size_t count_ended(void) {
    size_t ended = 0;
    for (int i = 0; i < 2; i++) {
        if (weir_future_state_of(futures[i]) != WEIR_FUTURE_DONE)
            continue;
        ended++;
        sched_check(sched_plain_read(&notes[i]) == 1, "what came before set %d is not seen", i);
    }
    return ended;
}

/* ---- wait ---- */

void scenario_future_wait_first(void) {
    size_t ended = 0;
    open_futures();
    start_setters(set_second);
    must(weir_wait(futures, 2, WEIR_FIRST_COMPLETED, WEIR_NEVER, &ended), WEIR_OK);
    sched_check(ended >= 1 && count_ended() >= ended, "%zu have ended", ended);
    join_setters();
    close_futures();
}

void scenario_future_wait_first_error(void) {
    size_t ended = 0;
    open_futures();
    start_setters(fail_second);
    must(weir_wait(futures, 2, WEIR_FIRST_ERROR, WEIR_NEVER, &ended), WEIR_OK);
    sched_check(weir_future_state_of(futures[1]) == WEIR_FUTURE_FAILED, "it has not failed");
    sched_check(ended >= 1, "%zu have ended", ended);
    join_setters();
    close_futures();
}

/* Without an error, the same wait ends when all have. */
void scenario_future_wait_no_error(void) {
    size_t ended = 0;
    open_futures();
    start_setters(set_second);
    must(weir_wait(futures, 2, WEIR_FIRST_ERROR, WEIR_NEVER, &ended), WEIR_OK);
    sched_check(ended == 2 && count_ended() == 2, "%zu have ended", ended);
    close_futures(); /* the sets may still be returning */
    join_setters();
}

void scenario_future_wait_all(void) {
    size_t ended = 0;
    open_futures();
    start_setters(set_second);
    must(weir_wait(futures, 2, WEIR_ALL, WEIR_NEVER, &ended), WEIR_OK);
    sched_check(ended == 2 && count_ended() == 2, "%zu have ended", ended);
    close_futures(); /* the sets may still be returning */
    join_setters();
}

/* After a wait has timed out, no end tells it. */
void scenario_future_wait_deadline(void) {
    size_t ended = 0;
    open_futures();
    start_setters(set_second);
    weir_status status = weir_wait(futures, 2, WEIR_FIRST_ERROR, weir_deadline_after(100), &ended);
    sched_check(status == WEIR_OK ? ended == 2 : status == WEIR_TIMEDOUT, "%s, %zu", weir_strerror(status), ended);
    join_setters();
    sched_check(count_ended() == 2, "one was not set");
    close_futures();
}

static void wait_for_first(void *unused) {
    (void)unused;
    must(weir_wait(futures, 2, WEIR_FIRST_COMPLETED, WEIR_NEVER, NULL), WEIR_OK);
}

/* Two waits watch the same futures; one leaves while the other is told. */
void scenario_future_two_waits(void) {
    open_futures();
    int first = sched_spawn(wait_for_first, NULL);
    int second = sched_spawn(wait_for_first, NULL);
    set(0);
    sched_join(first);
    set(1);
    sched_join(second);
    close_futures();
}

/* ---- as completed ---- */

static void open_completions(void) {
    open_futures();
    must(weir_as_completed(&completions, futures, 2), WEIR_OK);
}

static weir_status next_until(weir_deadline deadline, size_t *index) {
    weir_future *future;
    weir_status status = weir_completions_next(completions, &future, index, deadline);
    if (status != WEIR_OK)
        return status;
    void *value = NULL;
    sched_check(future == futures[*index], "another future");
    must(weir_future_get_until(future, &value, 0), WEIR_OK);
    sched_check(number(value) == (int)*index + 1, "value %d", number(value));
    sched_check(sched_plain_read(&notes[*index]) == 1, "what came before its set is not seen");
    return WEIR_OK;
}

static size_t next(void) {
    size_t index;
    must(next_until(WEIR_NEVER, &index), WEIR_OK);
    return index;
}

void scenario_future_completions(void) {
    open_completions();
    start_setters(set_second);
    size_t one = next(), other = next();
    sched_check(one + other == 1, "%zu and %zu", one, other);
    must(next_until(WEIR_NEVER, &one), WEIR_CLOSED);
    weir_completions_destroy(completions);
    close_futures(); /* the sets may still be returning */
    join_setters();
}

static void get_first_and_set_second(void *unused) {
    (void)unused;
    must(weir_future_get(futures[0], NULL), WEIR_OK);
    set(1);
}

/* The second is set by a thread that has seen the end of the first. */
void scenario_future_completions_in_order(void) {
    open_completions();
    start_setters(get_first_and_set_second);
    sched_check(next() == 0, "the second came first");
    sched_check(next() == 1, "the first came twice");
    join_setters();
    weir_completions_destroy(completions);
    close_futures();
}

/* A future that ends while the completions are created comes once. */
void scenario_future_completions_created(void) {
    open_futures();
    start_setters(set_second);
    must(weir_as_completed(&completions, futures, 2), WEIR_OK);
    size_t one = next(), other = next();
    sched_check(one + other == 1, "%zu and %zu", one, other);
    weir_completions_destroy(completions);
    join_setters();
    close_futures();
}

/* No end tells completions that were destroyed. */
void scenario_future_completions_destroyed(void) {
    open_completions();
    start_setters(set_second);
    (void)next();
    weir_completions_destroy(completions);
    join_setters();
    close_futures();
}

void scenario_future_completions_deadline(void) {
    size_t index;
    open_completions();
    int first = sched_spawn(set_first, NULL);
    weir_status status = next_until(weir_deadline_after(100), &index);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
    sched_join(first);
    if (status == WEIR_TIMEDOUT)
        sched_check(next() == 0, "the second came");
    must(next_until(0, &index), WEIR_TIMEDOUT);
    weir_completions_destroy(completions);
    close_futures();
}

static void take_to_the_end(void *unused) {
    size_t index;
    (void)unused;
    while (next_until(WEIR_NEVER, &index) == WEIR_OK)
        taken++;
}

/* Each entry goes to one of two threads, and both come to the end. */
void scenario_future_completions_shared(void) {
    open_completions();
    int one = sched_spawn(take_to_the_end, NULL);
    int other = sched_spawn(take_to_the_end, NULL);
    set(0);
    set(1);
    sched_join(one);
    sched_join(other);
    sched_check(taken == 2, "%d were taken", taken);
    weir_completions_destroy(completions);
    close_futures();
}
