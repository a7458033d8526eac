/*
 * elastic.c - Changes the number of threads of elastic stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/elastic.h"

#include <stdio.h>

#include "pipeline/state/init.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/pipeline.h"
#include "stoppable_worker/grow.h"
#include "stoppable_worker/worker.h"

enum { CAUSES = WEIR__SET + 1 };                          /* one word holds time and cause of a change */
static const uint64_t until_gone = 50 * WEIR_MILLISECOND; /* between two looks at threads that end */

/* ---- the look ---- */

/* Adds the figures of a lane. Before its thread begins, a lane has none. */
static void look_at_lane(const weir__lane *lane, weir__elastic_look *look) {
    if (weir__u64_load_acquire(&lane->started) == 0)
        return;
    const weir__stopwatch *starved = lane->waits;
    look->asleep += weir__stopwatch_runs(starved);
    look->starved += weir__stopwatch_look(starved);
    for (size_t i = 0; i < WEIR__IN_FUNCTION; i++) /* more threads help a function that waits, as one that computes */
        look->blocked += weir__stopwatch_look(&lane->by_cause[i]);
    for (size_t v = 0; v < WEIR__VERDICTS; v++)
        look->retired += weir__u64_load_relaxed(&lane->counts[v]);
}

static weir__elastic_look look_at(const weir_stage *stage) {
    weir__elastic_look look = {.now = weir__clock_now(), .used = weir__clock_used()};
    look.failures = weir__u32_load_acquire(&stage->failures);
    for (size_t v = 0; v < WEIR__VERDICTS; v++)
        look.retired += weir__u64_load_relaxed(&stage->counts[v]);
    for (size_t i = 0; i < stage->options.threads.max; i++)
        look_at_lane(&stage->lanes[i], &look);
    look.queued = weir_queue_size(stage->queue) + weir__group_holds_items(stage->group);
    look.threads = weir__group_size(stage->group);
    look.wanted = weir__group_wanted(stage->group);
    return look;
}

/* L2. */
static bool all_wait(const weir_stage *stage) {
    weir__elastic_look look = look_at(stage);
    return look.asleep >= look.threads;
}

/* ---- the change ---- */

static void note(weir_stage *stage, weir__elastic_cause cause) {
    uint64_t at = weir__clock_now() - stage->pipeline->started;
    weir__u64_store_release(&stage->change, at * CAUSES + (uint64_t)cause);
}

/* Adds the error that a thread could not be added, once for each stage. */
static void tell_failure(weir_stage *stage, weir_status why) {
    char message[WEIR__MESSAGE];
    if (weir__u32_add_acquire_release(&stage->failures, 1) != 0)
        return;
    const char *what = why == WEIR_INITFAILED ? "init failed in an added thread"
                       : why == WEIR_NOTHREAD ? "cannot create another thread"
                                              : "no memory for another thread";
    (void)snprintf(message, sizeof message, "%s: the stage goes on with the threads that it has (%zu)", what,
                   weir__group_size(stage->group));
    if (why == WEIR_INITFAILED)
        weir__init_append_reason(stage, message, sizeof message);
    const weir_error error = {.stage = stage->name, .code = WEIR_CODE(why), .message = message, .attempts = 1};
    weir__errors_add(&stage->pipeline->errors, error, stage->pipeline->started, false);
}

void weir__elastic_init_failed(weir_stage *stage) {
    tell_failure(stage, WEIR_INITFAILED);
}

/* Adds one thread. Returns false if no further one can be added now. */
static bool add_thread(weir_stage *stage) {
    weir__phase_count_in(stage); /* L3 */
    weir_status status = weir__group_grow(stage->group);
    if (status == WEIR_OK)
        return true;
    weir__phase_count_out(stage);
    if (status != WEIR_CLOSED && status != WEIR_FULL)
        tell_failure(stage, status);
    return false;
}

/* The cause is noted first: a report reads the number before it, so it never has a new number with an old cause. */
static void apply(weir_stage *stage, const weir__elastic_step *step, size_t threads) {
    if (step->cause == WEIR__NO_CHANGE)
        return;
    uint64_t before = weir__u64_load_relaxed(&stage->change);
    note(stage, step->cause);
    weir__group_want(stage->group, step->threads);
    size_t now = threads;
    while (now < step->threads && add_thread(stage))
        now++;
    if (now == threads && step->threads > threads) /* none was added */
        weir__u64_store_relaxed(&stage->change, before);
}

/* ---- the timer ---- */

static void set(weir_stage *stage, uint64_t after) {
    (void)weir__timers_set(&stage->pipeline->timers, &stage->look, weir__clock_now() + after);
}

/* L4. Whether the limits are those of the last ring. */
static bool is_within(const weir_stage *stage) {
    uint64_t limits = weir__u64_load_acquire(&stage->limits);
    return stage->elastic.least == weir__least_of(limits) && stage->elastic.most == weir__most_of(limits);
}

/* L2. Lets the timer sleep. Returns false if a thread has begun meanwhile, and the caller must set the timer. */
static bool sleep_well(weir_stage *stage) {
    (void)weir__u32_exchange_acquire_release(&stage->dormant, 1);
    return (all_wait(stage) && is_within(stage)) || weir__u32_exchange_acquire_release(&stage->dormant, 0) == 0;
}

/* The timer sleeps while the stage is paused: what a pause does is nothing to learn from. */
static void sleep_paused(weir_stage *stage) {
    stage->elastic.awake = false;
    (void)weir__u32_exchange_acquire_release(&stage->dormant, 1);
    if (!weir__stage_is_paused(stage)) /* the resume may not have seen `dormant` */
        weir__elastic_stir(stage);
}

static void ring(weir__timer *timer) {
    weir_stage *stage = (weir_stage *)(void *)((char *)timer - offsetof(weir_stage, look));
    if (weir__is_cancelled(stage->pipeline) || weir__u32_load_acquire(&stage->closing) != 0)
        return;
    if (weir__stage_is_paused(stage)) {
        sleep_paused(stage);
        return;
    }
    uint64_t limits = weir__u64_load_acquire(&stage->limits);
    weir__elastic_limit(&stage->elastic, weir__least_of(limits), weir__most_of(limits));
    weir__elastic_look look = look_at(stage);
    weir__elastic_step step = weir__elastic_decide(&stage->elastic, &look);
    apply(stage, &step, look.threads);
    bool leaving = weir__group_reap(stage->group);
    if (step.next != WEIR_NEVER || leaving)
        set(stage, step.next != WEIR_NEVER ? step.next : until_gone);
    else if (!sleep_well(stage))
        set(stage, 0);
}

void weir__elastic_stir(weir_stage *stage) {
    if (weir__u32_exchange_acquire_release(&stage->dormant, 0) != 0)
        set(stage, 0);
}

void weir__elastic_prepare_stage(weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    weir__u64_store_relaxed(&stage->limits, weir__limits_of(options->threads.count, options->threads.max));
    weir__elastic_prepare(&stage->elastic, options->threads.count, options->threads.max, weir__processors());
    stage->look.ring = ring;
    weir__u32_store_relaxed(&stage->dormant, 1);
}

void weir__elastic_set(weir_stage *stage, size_t least, size_t most) {
    weir__u64_store_release(&stage->limits, weir__limits_of(least, most));
    weir__elastic_stir(stage);
}

void weir__elastic_end(weir_stage *stage) {
    if (weir__stage_is_elastic(stage) && stage->group != NULL)
        weir__group_seal(stage->group);
}

size_t weir__elastic_threads(const weir_stage *stage) {
    return weir__group_size(stage->group);
}

weir_thread_change weir__elastic_change(const weir_stage *stage, uint64_t *at) {
    static const weir_thread_change changes[] = {
        [WEIR__NO_CHANGE] = WEIR_THREADS_STARTED,      [WEIR__GREW] = WEIR_THREADS_GREW,
        [WEIR__NO_GAIN] = WEIR_THREADS_NO_GAIN,        [WEIR__SHRANK_STARVED] = WEIR_THREADS_IDLE,
        [WEIR__SHRANK_BLOCKED] = WEIR_THREADS_BLOCKED, [WEIR__SET] = WEIR_THREADS_SET};
    uint64_t word = weir__u64_load_acquire(&stage->change);
    *at = word / CAUSES;
    return changes[word % CAUSES];
}
