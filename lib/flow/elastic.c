/*
 * elastic.c - Decides how many threads an elastic stage has.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/elastic.h"

#include <weir/deadline.h>

enum { LEAP = 8, WORTH = 20 }; /* N1; N2: percent */

#define MS UINT64_C(1000000)
static const uint64_t quick = 2 * MS, slow = 50 * MS;                /* between looks */
static const uint64_t quick_window = 8 * MS, slow_window = 100 * MS; /* shortest measurement: processors left, or not */
static const uint64_t first_trust = 100 * MS;                        /* N1 */
static const uint64_t first_hold = 1000 * MS, longest_hold = 30000 * MS;   /* N2 */
static const uint64_t first_window = 300 * MS, longest_window = 4800 * MS; /* N3, N4 */
static const uint64_t longest_rest = 700 * MS, soon = 2000 * MS;           /* N3, N4 */

/* What has happened between two looks. */
struct interval {
    const weir__elastic_look *look;
    uint64_t starved, blocked;
    double in_use;  /* mean number of threads in use */
    bool saturated; /* N1 */
    bool room;      /* the process has left processor time unused */
};

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static size_t at_most(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t at_least(size_t a, size_t b) {
    return a > b ? a : b;
}

void weir__elastic_prepare(weir__elastic *elastic, size_t least, size_t most, unsigned processors) {
    *elastic = (weir__elastic){
        .least = least,
        .most = most,
        .processors = processors,
        .proven = least,
        .trust = first_trust,
        .hold = first_hold,
        .window = first_window,
    };
}

static struct interval interval_of(const weir__elastic *elastic, const weir__elastic_look *look) {
    const weir__elastic_look *last = &elastic->last;
    uint64_t passed = look->now - last->now, all = passed * look->threads;
    struct interval interval = {.look = look};
    interval.starved = lesser(look->starved - last->starved, all);
    interval.blocked = lesser(look->blocked - last->blocked, all - interval.starved);
    interval.in_use = (double)(all - interval.starved - interval.blocked) / (double)passed;
    interval.saturated = look->queued > 0 && interval.starved <= all / 10 && interval.blocked <= all / 4;
    interval.room = look->used - last->used <= passed * elastic->processors / 4 * 3;
    return interval;
}

/* N3. Begins a window. */
static void begin_window(weir__elastic *elastic, uint64_t now) {
    elastic->idle_since = now;
    elastic->peak = 0;
}

/* N2. */
static void begin_measurement(weir__elastic *elastic, const weir__elastic_look *look) {
    elastic->from = look->now;
    elastic->retired = look->retired;
}

static weir__elastic_step keep(const weir__elastic_look *look, uint64_t next) {
    return (weir__elastic_step){look->threads, WEIR__NO_CHANGE, next};
}

static weir__elastic_step change(weir__elastic *elastic, const weir__elastic_look *look, size_t threads,
                                 weir__elastic_cause cause) {
    elastic->changed = look->now;
    begin_measurement(elastic, look);
    begin_window(elastic, look->now);
    return (weir__elastic_step){threads, cause, quick};
}

/* N2, N4. Holds the growth at that number. */
static void hold(weir__elastic *elastic, const weir__elastic_look *look, size_t threads) {
    elastic->proven = threads;
    elastic->held_until = look->now + elastic->hold;
    elastic->hold = lesser(2 * elastic->hold, longest_hold);
}

/* ---- shrinking ---- */

/* N3. Returns the number to shrink to; the present one: not now. */
static size_t idle_number(weir__elastic *elastic, const struct interval *interval) {
    const weir__elastic_look *look = interval->look;
    uint64_t rest = lesser(elastic->window, longest_rest);
    if (interval->in_use > 0.05)
        elastic->used = look->now;
    if (2 * interval->in_use > (double)look->threads || look->threads <= elastic->least)
        begin_window(elastic, look->now);
    else if (interval->in_use > elastic->peak)
        elastic->peak = interval->in_use;
    if (look->threads > elastic->least && look->now - elastic->used >= rest)
        return elastic->least;
    if (look->now - elastic->idle_since < elastic->window)
        return look->threads;
    return at_most(at_least((size_t)(1.5 * elastic->peak) + 1, elastic->least), look->threads);
}

static weir__elastic_step shrink(weir__elastic *elastic, const struct interval *interval, size_t threads) {
    elastic->measured = 0; /* the load has changed */
    elastic->saturated = 0;
    elastic->shrunk = interval->look->now;
    return change(elastic, interval->look, threads,
                  interval->blocked > interval->starved ? WEIR__SHRANK_BLOCKED : WEIR__SHRANK_STARVED);
}

/* ---- growth ---- */

/* N2. Whether the measurement has enough items. */
static bool is_measured(const weir__elastic *elastic, const struct interval *interval) {
    const weir__elastic_look *look = interval->look;
    uint64_t items = look->retired - elastic->retired, span = look->now - elastic->from;
    uint64_t wanted = interval->room ? look->threads : 4 * look->threads;
    return items >= (wanted > 8 ? wanted : 8) && span >= (interval->room ? quick_window : slow_window);
}

/*
 * N2. Returns the number of threads that the measurement is worth: the present one, or fewer. Threads in proportion
 * would give the ratio of the throughputs times the threads measured before.
 */
static size_t worth(const weir__elastic *elastic, const struct interval *interval, double rate) {
    size_t threads = interval->look->threads, before = elastic->measured;
    if (before == 0 || before >= threads)
        return threads;
    double gain = rate / elastic->rate - 1, ideal = (double)threads / (double)before - 1;
    if (gain * 100 >= ideal * WORTH)
        return threads;
    size_t useful = gain > 0 ? (size_t)((double)before * (gain + 1) + 0.5) : before;
    return at_least(at_most(at_least(useful, before), threads - 1), elastic->least);
}

/* N2. Judges a measurement. Returns the number of threads that it is worth. */
static size_t judge(weir__elastic *elastic, const struct interval *interval) {
    const weir__elastic_look *look = interval->look;
    double rate = (double)(look->retired - elastic->retired) / (double)(look->now - elastic->from);
    size_t useful = worth(elastic, interval, rate);
    if (useful == look->threads && useful > elastic->measured && elastic->measured > 0)
        elastic->hold = first_hold;
    elastic->measured = useful;
    elastic->rate = rate;
    elastic->trust = first_trust;
    if (useful < look->threads)
        hold(elastic, look, useful);
    else
        elastic->proven = at_least(elastic->proven, useful);
    begin_measurement(elastic, look);
    return useful;
}

/* N1. Returns how far the number may grow at once. */
static size_t most_now(weir__elastic *elastic, const struct interval *interval, bool measured) {
    const weir__elastic_look *look = interval->look;
    size_t twice = 2 * look->threads;
    if (look->threads < elastic->proven)
        return at_most(twice, elastic->proven);
    if (look->now < elastic->held_until)
        return look->threads;
    size_t leap = elastic->hold > first_hold ? 2 : LEAP; /* after a number without gain: step by step */
    if (measured || (interval->room && look->threads < leap * elastic->proven))
        return at_most(twice, elastic->most);
    bool long_calls = look->retired == elastic->retired && look->now - elastic->changed >= elastic->trust;
    if (interval->room && long_calls) {
        elastic->trust *= 2;
        return at_most(twice, elastic->most);
    }
    return look->threads;
}

/* N4. Growth soon after shrinking doubles the window of N3, later growth halves it. */
static void learn_window(weir__elastic *elastic, const weir__elastic_look *look) {
    if (elastic->shrunk == 0)
        return;
    if (look->now - elastic->shrunk < soon)
        elastic->window = lesser(2 * elastic->window, longest_window);
    else if (elastic->window > first_window)
        elastic->window /= 2;
    elastic->shrunk = 0;
}

static weir__elastic_step grow(weir__elastic *elastic, const weir__elastic_look *look, size_t threads) {
    learn_window(elastic, look);
    return change(elastic, look, threads, WEIR__GREW);
}

/* Returns the time between looks: a quarter of the time since something began, within limits. */
static uint64_t pace(const weir__elastic *elastic, const weir__elastic_look *look) {
    uint64_t begun = elastic->changed > elastic->saturated ? elastic->changed : elastic->saturated;
    uint64_t next = (look->now - begun) / 4;
    return next < quick ? quick : lesser(next, slow);
}

static weir__elastic_step look_saturated(weir__elastic *elastic, const struct interval *interval) {
    const weir__elastic_look *look = interval->look;
    bool measured = is_measured(elastic, interval);
    if (elastic->saturated == 0)
        elastic->saturated = elastic->last.now;
    size_t useful = measured ? judge(elastic, interval) : look->threads;
    if (useful < look->threads)
        return change(elastic, look, useful, WEIR__NO_GAIN);
    size_t more = most_now(elastic, interval, measured);
    if (more > look->threads)
        return grow(elastic, look, more);
    return keep(look, look->threads < elastic->most || elastic->measured != look->threads ? pace(elastic, look) : slow);
}

static weir__elastic_step look_unsaturated(weir__elastic *elastic, const struct interval *interval) {
    const weir__elastic_look *look = interval->look;
    bool at_rest = look->threads == elastic->least && look->asleep >= look->threads && look->queued == 0;
    elastic->saturated = 0;
    begin_measurement(elastic, look);
    elastic->awake = !at_rest;
    return keep(look, at_rest ? WEIR_NEVER : slow);
}

/* ---- limits ---- */

void weir__elastic_limit(weir__elastic *elastic, size_t least, size_t most) {
    if (elastic->least == least && elastic->most == most)
        return;
    elastic->least = least;
    elastic->most = most;
    elastic->proven = at_least(at_most(elastic->proven, most), least);
    elastic->measured = 0;
    elastic->held_until = 0;
}

/* N5. Whether the number must change: too few come or stay, or too many have not been told to leave. */
static bool is_outside(const weir__elastic *elastic, const weir__elastic_look *look) {
    if (look->threads < elastic->least)
        return look->now >= elastic->held_until;
    return look->wanted < elastic->least || (look->threads > elastic->most && look->wanted > elastic->most);
}

static weir__elastic_step return_within(weir__elastic *elastic, const weir__elastic_look *look) {
    return change(elastic, look, at_least(at_most(look->threads, elastic->most), elastic->least), WEIR__SET);
}

/* ---- a look ---- */

static weir__elastic_step look_again(weir__elastic *elastic, const weir__elastic_look *look) {
    const struct interval interval = interval_of(elastic, look);
    if (look->failures != elastic->last.failures)
        hold(elastic, look, at_least(look->threads, 1));
    if (is_outside(elastic, look))
        return return_within(elastic, look);
    size_t enough = idle_number(elastic, &interval);
    if (enough < look->threads)
        return shrink(elastic, &interval, enough);
    return interval.saturated ? look_saturated(elastic, &interval) : look_unsaturated(elastic, &interval);
}

/* The first look of a series. */
static weir__elastic_step wake(weir__elastic *elastic, const weir__elastic_look *look) {
    elastic->awake = true;
    elastic->saturated = 0;
    elastic->used = look->now;
    if (is_outside(elastic, look))
        return return_within(elastic, look);
    (void)change(elastic, look, look->threads, WEIR__NO_CHANGE);
    return keep(look, quick);
}

weir__elastic_step weir__elastic_decide(weir__elastic *elastic, const weir__elastic_look *look) {
    if (elastic->awake && look->now <= elastic->last.now)
        return keep(look, quick);
    weir__elastic_step step = elastic->awake ? look_again(elastic, look) : wake(elastic, look);
    if (step.cause != WEIR__NO_CHANGE)
        step.threads = at_most(step.threads, elastic->most); /* surplus threads may not have left */
    elastic->last = *look;
    return step;
}
