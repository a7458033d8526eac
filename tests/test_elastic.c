/*
 * test_elastic.c - decides the number of threads of modelled stages, in virtual time.
 *
 * The model of a stage gives, for a number of threads and a load, the items retired and the times spent waiting. The
 * decision sees nothing else.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <weir/deadline.h>

#include "flow/elastic.h"

#define PLENTY 1e9 /* items per second: the queue is never empty */

static const uint64_t ms = MILLISECONDS, second = SECONDS;

static struct stage {
    weir__elastic elastic;
    weir__elastic_look look;
    /* the model */
    double call;       /* seconds of one call alone */
    double useful;     /* calls that proceed at a time: the processors of a stage that computes, or the other side's */
    bool computes;     /* calls use processors */
    double arrival;    /* items per second */
    double downstream; /* items per second that the next stage takes; 0: all */
    double noise;      /* of the throughput */
    uint64_t on, off;  /* ns with and without arrivals, in turn; 0: always on */
    size_t creatable;  /* number of threads that the system creates */
    bool stays;        /* calls take so long that no thread leaves */
    double queued, retired, used, starved, blocked;
    uint64_t next;
    unsigned changes;
    uint32_t random;
    weir__elastic_cause cause;
    double spent; /* sum of threads times seconds */
} stage;

enum { PROCESSORS = 4, ROOM = 1000 };

static void begin(size_t least, size_t most) {
    stage = (struct stage){.call = 0.01, .useful = 1e6, .arrival = PLENTY, .creatable = SIZE_MAX, .random = 1};
    weir__elastic_prepare(&stage.elastic, least, most, PROCESSORS);
    stage.look = (weir__elastic_look){.now = second, .threads = least, .wanted = least};
    stage.next = second;
}

static double lesser(double a, double b) {
    return a < b ? a : b;
}

/* Returns a number from 1 - noise to 1 + noise. */
static double noisy(void) {
    stage.random = stage.random * 1664525 + 1013904223;
    return 1 + stage.noise * ((double)(stage.random >> 8) / (1 << 23) - 1);
}

/* Whether items arrive at this time. Sets `*until` to the end of that. */
static bool is_on(uint64_t now, uint64_t *until) {
    uint64_t period = stage.on + stage.off, into = period > 0 ? now % period : 0;
    *until = period == 0 ? UINT64_MAX : now - into + (into < stage.on ? stage.on : period);
    return period == 0 || into < stage.on;
}

/* Lets `seconds` pass under one load. */
static void pass(double seconds, bool on) {
    if (seconds <= 0)
        return;
    double threads = (double)stage.look.threads, most = lesser(threads, stage.useful) / stage.call * noisy() * seconds;
    double passable = stage.downstream > 0 ? lesser(most, stage.downstream * seconds) : most;
    double arrived = on ? stage.arrival * seconds : 0, served = lesser(stage.queued + arrived, passable);
    stage.queued = lesser(stage.queued + arrived - served, ROOM);
    stage.retired += served;
    if (passable < most)
        stage.blocked += threads * seconds * (1 - passable / most);
    stage.starved += threads * seconds * (passable / most) * (1 - served / passable);
    stage.used += stage.computes ? lesser(threads, PROCESSORS) * seconds * served / most : 0;
    stage.spent += threads * seconds;
}

static void look(void) {
    weir__elastic_look *now = &stage.look;
    uint64_t until;
    now->retired = (uint64_t)stage.retired;
    now->queued = (size_t)stage.queued;
    now->starved = (uint64_t)(stage.starved * 1e9);
    now->blocked = (uint64_t)(stage.blocked * 1e9);
    now->used = (uint64_t)(stage.used * 1e9);
    now->asleep = stage.queued < 1 && !(is_on(now->now, &until) && stage.arrival > 0) ? now->threads : 0;
    weir__elastic_step step = weir__elastic_decide(&stage.elastic, now);
    size_t before = now->threads;
    ck_assert(step.threads >= stage.elastic.least || now->failures > 0);
    ck_assert(step.threads <= stage.elastic.most || (stage.stays && step.cause == WEIR__NO_CHANGE));
    now->wanted = step.cause != WEIR__NO_CHANGE ? step.threads : now->wanted;
    if (stage.stays && step.threads < before)
        step.threads = before;
    now->threads = step.threads > stage.creatable ? stage.creatable : step.threads;
    now->failures += step.threads > stage.creatable;
    stage.changes += now->threads != before;
    if (now->threads != before)
        stage.cause = step.cause;
    stage.next = step.next == WEIR_NEVER ? WEIR_NEVER : now->now + step.next;
}

/* Lets that time pass, with the looks that the decision asks for. Returns the number of changes. */
static unsigned run(uint64_t time) {
    uint64_t end = stage.look.now + time;
    unsigned before = stage.changes;
    while (stage.look.now < end) {
        uint64_t until, to = stage.next < end ? stage.next : end;
        bool on = is_on(stage.look.now, &until);
        if (stage.next == WEIR_NEVER && on && stage.arrival > 0)
            stage.next = to = stage.look.now; /* a thread begins a call */
        to = until < to ? until : to;
        pass((double)(to - stage.look.now) / 1e9, on);
        stage.look.now = to;
        if (to >= stage.next)
            look();
    }
    return stage.changes - before;
}

static size_t threads(void) {
    return stage.look.threads;
}

static double rate_of(double seconds) {
    double before = stage.retired;
    run((uint64_t)(seconds * 1e9));
    return (stage.retired - before) / seconds;
}

/* ---- growth ---- */

START_TEST (grows_to_the_most_while_that_pays) {
    begin(1, 64);
    run(60 * ms);
    ck_assert_uint_eq(threads(), 64);
    ck_assert_int_eq(stage.cause, WEIR__GREW);
    ck_assert_uint_eq(run(600 * second), 0);
}
END_TEST

START_TEST (grows_though_no_call_has_ended) {
    begin(1, 64);
    stage.call = 3600;
    run(10 * ms);
    ck_assert_uint_eq(threads(), 8);
    run(5 * second);
    ck_assert_uint_eq(threads(), 64);
}
END_TEST

START_TEST (starts_again_from_the_least) {
    begin(3, 7);
    run(second);
    ck_assert_uint_eq(threads(), 7);
    stage.arrival = stage.queued = 0;
    run(second);
    ck_assert_uint_eq(threads(), 3);
    ck_assert_uint_eq(stage.next, WEIR_NEVER);
    stage.arrival = PLENTY;
    run(second);
    ck_assert_uint_eq(threads(), 7);
}
END_TEST

START_TEST (does_not_grow_without_a_queue) {
    begin(2, 64);
    stage.arrival = 150; /* of 200 */
    ck_assert_uint_eq(run(60 * second), 0);
}
END_TEST

START_TEST (does_not_grow_before_a_slow_stage) {
    begin(2, 64);
    stage.downstream = 100;
    ck_assert_uint_eq(run(60 * second), 0);
}
END_TEST

/* A little slower than the stage itself: an attempt or two, each of which is undone. */
START_TEST (is_not_misled_by_a_stage_almost_as_fast) {
    begin(8, 64);
    stage.downstream = 790;
    ck_assert_uint_le(run(100 * second), 20);
    ck_assert_uint_le(threads(), 16);
}
END_TEST

/* ---- no gain ---- */

static const double noises[] = {0, 0.02, 0.1};

START_TEST (stays_at_the_processors) {
    begin(1, 64);
    stage.computes = true;
    stage.useful = PROCESSORS;
    stage.call = 0.0001;
    stage.noise = noises[_i];
    run(10 * second);
    ck_assert_uint_ge(threads(), PROCESSORS);
    ck_assert_uint_le(threads(), 2 * PROCESSORS);
    double from = stage.spent;
    /* An attempt each 30 s: up and down again. */
    ck_assert_uint_le(run(600 * second), 2 * (600 / 30) + 4);
    ck_assert_double_lt(stage.spent - from, 600 * 2.1 * PROCESSORS);
    ck_assert_double_gt(rate_of(60), 0.95 * (1 - noises[_i]) * PROCESSORS / 0.0001);
}
END_TEST

/* The other side serves so many calls at a time. */
static const double served[] = {2, 4, 5, 12, 20, 33};

START_TEST (stays_at_what_the_other_side_serves) {
    begin(1, 256);
    stage.useful = served[_i];
    stage.noise = 0.1;
    run(20 * second);
    ck_assert_double_ge((double)threads(), 0.8 * served[_i]);
    ck_assert_double_le((double)threads(), 8 * served[_i]);
    ck_assert_uint_le(run(600 * second), 2 * (600 / 30) + 4);
    ck_assert_double_gt(rate_of(60), 0.8 * served[_i] / 0.01);
}
END_TEST

START_TEST (grows_when_the_other_side_serves_more) {
    begin(1, 64);
    stage.useful = 8;
    run(60 * second);
    stage.useful = 64;
    run(40 * second);
    ck_assert_uint_ge(threads(), 40);
}
END_TEST

START_TEST (says_that_there_was_no_gain) {
    begin(1, 64);
    stage.useful = 8;
    while (stage.cause != WEIR__NO_GAIN && stage.look.now < 60 * second)
        run(ms);
    ck_assert_int_eq(stage.cause, WEIR__NO_GAIN);
    ck_assert_uint_eq(threads(), 8);
}
END_TEST

/* ---- failures ---- */

START_TEST (goes_on_with_what_it_has) {
    begin(1, 64);
    stage.creatable = 5;
    run(second);
    ck_assert_uint_eq(threads(), 5);
    ck_assert_uint_le(stage.look.failures, 3);
    run(100 * second);
    ck_assert_uint_eq(threads(), 5);
    ck_assert_uint_le(stage.look.failures, 12);
    stage.creatable = SIZE_MAX;
    run(40 * second);
    ck_assert_uint_eq(threads(), 64);
}
END_TEST

/* ---- shrinking ---- */

START_TEST (is_back_within_a_second_of_idling) {
    static const double loads[] = {PLENTY, 5000, 2000, 500};
    begin(1, 64);
    stage.arrival = PLENTY;
    run(second);
    stage.arrival = loads[_i];
    run(3 * second + (uint64_t)_i * 17 * ms);
    stage.arrival = stage.queued = 0;
    run(second - 1);
    ck_assert_uint_eq(threads(), 1);
    ck_assert_int_eq(stage.cause, WEIR__SHRANK_STARVED);
}
END_TEST

START_TEST (keeps_what_a_steady_load_needs) {
    begin(1, 64);
    run(second);
    stage.arrival = 2000; /* 20 threads */
    stage.queued = 0;
    stage.noise = 0.1;
    run(5 * second);
    ck_assert_uint_ge(threads(), 20);
    ck_assert_uint_le(threads(), 40);
    ck_assert_uint_eq(run(600 * second), 0);
}
END_TEST

START_TEST (shrinks_before_a_stage_that_has_become_slow) {
    begin(1, 64);
    run(second);
    stage.downstream = 100;
    run(2 * second);
    ck_assert_uint_le(threads(), 3);
    ck_assert_int_eq(stage.cause, WEIR__SHRANK_BLOCKED);
    ck_assert_uint_eq(run(600 * second), 0);
}
END_TEST

/* ---- a load that comes and goes ---- */

static void begin_bursts(uint64_t on, uint64_t off) {
    begin(1, 64);
    stage.on = on;
    stage.off = off;
}

START_TEST (does_not_follow_short_pauses) {
    begin_bursts(300 * ms, 200 * ms);
    stage.queued = 0;
    run(20 * second);
    ck_assert_uint_le(run(100 * second), 0);
    ck_assert_uint_eq(threads(), 64);
}
END_TEST

/* Up in steps that double, and down in two. */
START_TEST (follows_long_pauses_once_each) {
    begin_bursts(3 * second, 3 * second);
    run(30 * second);
    ck_assert_uint_le(run(60 * second), 10 * (6 + 2));
}
END_TEST

/* After short pauses it shrinks late; long ones, each with growth long after the shrinking, undo that. */
START_TEST (long_pauses_undo_what_short_ones_have_taught) {
    begin_bursts(400 * ms, 400 * ms);
    stage.arrival = 6000; /* of 6400 */
    stage.queued = 0;
    const uint64_t first = stage.elastic.window;
    run(30 * second);
    ck_assert_uint_gt(stage.elastic.window, first);
    stage.on = stage.off = 10 * second;
    run(200 * second);
    ck_assert_uint_eq(stage.elastic.window, first);
}
END_TEST

/* Bursts of 30 items, each of which one thread completes before the next burst. */
START_TEST (does_not_flap_between_bursts) {
    begin_bursts(10 * ms, 390 * ms);
    stage.arrival = 3000;
    run(60 * second);
    ck_assert_uint_le(run(60 * second), 40);
}
END_TEST

static void set_limits(size_t least, size_t most) {
    weir__elastic_limit(&stage.elastic, least, most);
    stage.next = stage.look.now; /* the ring is stirred */
}

START_TEST (new_limits_hold_at_once) {
    begin(1, 64);
    stage.computes = true;
    stage.useful = PROCESSORS;
    run(10 * second);
    ck_assert_uint_le(stage.look.threads, 2 * PROCESSORS);
    set_limits(20, 30);
    run(5 * ms);
    ck_assert_uint_eq(stage.look.threads, 20);
    ck_assert_int_eq(stage.cause, WEIR__SET);
    run(40 * second);
    ck_assert_uint_ge(stage.look.threads, 20);
    set_limits(2, 2);
    run(5 * ms);
    ck_assert_uint_eq(stage.look.threads, 2);
    ck_assert_int_eq(stage.cause, WEIR__SET);
    ck_assert_uint_eq(run(40 * second), 0);
}
END_TEST

/* Without items the number would stay at the least, with no further look. */
START_TEST (new_limits_hold_at_rest) {
    begin(1, 64);
    stage.arrival = 0;
    run(second);
    set_limits(8, 64);
    run(5 * ms);
    ck_assert_uint_eq(stage.look.threads, 8);
    set_limits(1, 64);
    run(second);
    ck_assert_uint_eq(stage.look.threads, 1);
}
END_TEST

/* The creation fails, and is tried again after a while, but not at each look: saturated, blocked or idle. */
START_TEST (a_least_that_cannot_be_reached_is_tried_again) {
    begin(1, 64);
    stage.creatable = 3;
    stage.downstream = _i == 0 ? 1 : 0;
    stage.arrival = _i == 1 ? 0 : PLENTY;
    set_limits(8, 64);
    run(10 * second);
    ck_assert_uint_eq(stage.look.threads, 3);
    ck_assert_uint_ge(stage.look.failures, 2);
    ck_assert_uint_le(stage.look.failures, 8);
    stage.creatable = SIZE_MAX;
    run(31 * second);
    ck_assert_uint_ge(stage.look.threads, 8);
}
END_TEST

/* Limits that are raised meanwhile keep them. */
START_TEST (threads_in_long_calls_are_told_once_to_leave) {
    begin(4, 4);
    stage.call = 60;
    stage.stays = true;
    run(second);
    set_limits(1, 1);
    run(5 * ms);
    ck_assert_uint_eq(stage.look.wanted, 1);
    stage.cause = WEIR__NO_CHANGE;
    uint64_t changed = stage.elastic.changed;
    run(10 * second);
    ck_assert_uint_eq(stage.elastic.changed, changed);
    ck_assert_uint_eq(stage.look.wanted, 1);
    set_limits(4, 4);
    run(5 * ms);
    ck_assert_uint_eq(stage.look.wanted, 4);
}
END_TEST

/* The threads up to the least are no gain over the fewer that there were at first. */
START_TEST (a_measurement_below_the_least_takes_no_thread) {
    begin(1, 8);
    stage.creatable = 2;
    stage.useful = 2;
    set_limits(4, 8);
    run(second);
    ck_assert_uint_eq(threads(), 2);
    stage.creatable = SIZE_MAX;
    for (uint64_t end = stage.look.now + 60 * second; stage.look.now < end && threads() < 4;)
        run(ms);
    ck_assert_uint_ge(threads(), 4);
    for (unsigned i = 0; i < 60000; i++) {
        run(ms);
        ck_assert_uint_ge(threads(), 4);
    }
}
END_TEST

START_TEST (looks_with_no_time_between_change_nothing) {
    begin(1, 4);
    for (int i = 0; i < 10; i++)
        look();
    ck_assert_uint_eq(threads(), 1);
}
END_TEST

static Suite *elastic_suite(void) {
    Suite *suite = suite_create("elastic");
    TCase *tcase = add_case(suite, "decision");
    tcase_add_test(tcase, grows_to_the_most_while_that_pays);
    tcase_add_test(tcase, grows_though_no_call_has_ended);
    tcase_add_test(tcase, starts_again_from_the_least);
    tcase_add_test(tcase, does_not_grow_without_a_queue);
    tcase_add_test(tcase, does_not_grow_before_a_slow_stage);
    tcase_add_test(tcase, is_not_misled_by_a_stage_almost_as_fast);
    tcase_add_loop_test(tcase, stays_at_the_processors, 0, (int)COUNT_OF(noises));
    tcase_add_loop_test(tcase, stays_at_what_the_other_side_serves, 0, (int)COUNT_OF(served));
    tcase_add_test(tcase, grows_when_the_other_side_serves_more);
    tcase_add_test(tcase, says_that_there_was_no_gain);
    tcase_add_test(tcase, goes_on_with_what_it_has);
    tcase_add_loop_test(tcase, is_back_within_a_second_of_idling, 0, 4);
    tcase_add_test(tcase, keeps_what_a_steady_load_needs);
    tcase_add_test(tcase, shrinks_before_a_stage_that_has_become_slow);
    tcase_add_test(tcase, does_not_follow_short_pauses);
    tcase_add_test(tcase, follows_long_pauses_once_each);
    tcase_add_test(tcase, long_pauses_undo_what_short_ones_have_taught);
    tcase_add_test(tcase, does_not_flap_between_bursts);
    tcase_add_test(tcase, new_limits_hold_at_once);
    tcase_add_test(tcase, new_limits_hold_at_rest);
    tcase_add_loop_test(tcase, a_least_that_cannot_be_reached_is_tried_again, 0, 3);
    tcase_add_test(tcase, a_measurement_below_the_least_takes_no_thread);
    tcase_add_test(tcase, threads_in_long_calls_are_told_once_to_leave);
    tcase_add_test(tcase, looks_with_no_time_between_change_nothing);
    return suite;
}

int main(void) {
    return run_suite(elastic_suite());
}
