/*
 * stall.c - Implements the watch over the thread of a stage that waits itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/stall.h"

#include "pipeline/state/callback.h"
#include "sync/border.h"
#include "sync/system_call.h"

enum { LOOKS = 4 }; /* in stall_time */

static uint64_t between_looks(const weir_stage *stage) {
    uint64_t time = stage->options.errors.stall_time;
    return time / LOOKS + (time % LOOKS != 0);
}

/* ---- a look ---- */

static void begin_anew(weir__stalls *stalls, uint64_t used) {
    stalls->used = used;
    stalls->held = stalls->slept = 0;
    stalls->call = -1;
    stalls->told = false;
}

/* What a look at the thread has seen. */
struct sight {
    uint64_t used; /* its processor time */
    bool sleeps;
    long call; /* in this system call; -1: in none, or unknown */
};

/* Returns false if the thread has ended, or is about to: the lock keeps it from that during the look. */
static bool see(weir__stalls *stalls, struct sight *sight) {
    weir__lock_acquire(&stalls->lock);
    const weir__thread *thread = stalls->thread;
    if (thread != NULL) {
        sight->used = weir__thread_used(thread);
        sight->sleeps = weir__thread_sleeps(thread);
        sight->call = sight->sleeps ? weir__system_call_of(thread) : -1;
    }
    weir__lock_release(&stalls->lock);
    return thread != NULL;
}

/* Whether the thread does what its wait is for. In its wait, a call that the system does not tell is taken for a poll. */
static bool is_idle(const weir_stage *stage, const struct sight *sight) {
    return sight->sleeps && weir__u32_load_acquire(&stage->stalls.waits) != 0 &&
           (sight->call < 0 || weir__system_call_polls(sight->call)) && !weir__bell_rings(&stage->bell);
}

/* Adds the time since the last look. */
static void add_time(weir_stage *stage, const struct sight *sight) {
    weir__stalls *stalls = &stage->stalls;
    if (is_idle(stage, sight)) {
        begin_anew(stalls, sight->used);
        return;
    }
    uint64_t slept = sight->sleeps ? between_looks(stage) : 0;
    uint64_t ran = sight->used > stalls->used ? sight->used - stalls->used : 0;
    stalls->call = sight->call >= 0 ? sight->call : stalls->call;
    stalls->slept += slept;
    stalls->held += ran + slept;
    stalls->used = sight->used;
}

static bool computes(const weir__stalls *stalls) {
    return stalls->slept < stalls->held / 2;
}

/* ---- a stall ---- */

static void call_hook(weir_stage *stage) {
    const weir__stalls *stalls = &stage->stalls;
    const weir_stall stall = {.stage = stage->name,
                              .held = stalls->held,
                              .computes = computes(stalls),
                              .system_call = computes(stalls) ? -1 : (int)stalls->call};
    weir__callback call;
    if (stage->options.errors.on_stall == NULL)
        return;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    stage->options.errors.on_stall(&stall, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
}

static void note_stall(weir_stage *stage) {
    weir__stalls *stalls = &stage->stalls;
    if (stalls->held > weir__u64_load_relaxed(&stalls->longest)) {
        weir__u64_store_relaxed(&stalls->longest, stalls->held);
        weir__u64_store_relaxed(&stalls->longest_in, (uint64_t)(computes(stalls) ? 0 : stalls->call + 2));
    }
    if (stalls->told)
        return;
    stalls->told = true;
    weir__u64_store_release(&stalls->count, weir__u64_load_relaxed(&stalls->count) + 1);
    call_hook(stage);
}

/*
 * Whether the thread is in the call of the last look. Before its first beat it is in none. It may have beaten since `beat`
 * was read, while this thread waited for a processor: then what was seen is not the time of one call. A load may give an
 * older beat; the addition of nothing reads the last one.
 */
static bool is_same_call(weir__stalls *stalls, uint32_t beat) {
    return beat != 0 && beat == stalls->seen && weir__u32_add_acquire_release(&stalls->beat, 0) == beat;
}

static void look(weir_stage *stage) {
    weir__stalls *stalls = &stage->stalls;
    struct sight sight = {.call = -1};
    uint32_t beat = weir__u32_load_acquire(&stalls->beat);
    if (!see(stalls, &sight))
        return;
    if (!is_same_call(stalls, beat)) {
        stalls->seen = beat;
        begin_anew(stalls, sight.used);
        return;
    }
    add_time(stage, &sight);
    if (stalls->held >= stage->options.errors.stall_time)
        note_stall(stage);
}

/* ---- the alarm ---- */

static void set_alarm(weir_stage *stage) {
    weir__timers_advance(&stage->pipeline->timers, &stage->stalls.alarm, weir_deadline_after(between_looks(stage)));
}

static void ring_alarm(weir__timer *timer) {
    weir_stage *stage = (weir_stage *)(void *)((char *)timer - offsetof(weir_stage, stalls.alarm.timer));
    look(stage);
    set_alarm(stage);
}

void weir__stall_prepare(weir_stage *stage) {
    stage->stalls.alarm.timer.ring = ring_alarm;
}

void weir__stall_begin(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    if (stage->options.errors.stall_time == 0)
        return;
    stage->stalls.thread = weir__thread_self();
    set_alarm(stage);
}

void weir__stall_end(weir__lane *lane) {
    weir__stalls *stalls = &lane->stage->stalls;
    weir__lock_acquire(&stalls->lock);
    stalls->thread = NULL;
    weir__lock_release(&stalls->lock);
}

void weir__stall_report(const weir_stage *stage, weir_stage_report *report) {
    const weir__stalls *stalls = &stage->stalls;
    uint64_t in = weir__u64_load_relaxed(&stalls->longest_in);
    report->stalls = weir__u64_load_acquire(&stalls->count);
    report->longest_stall = weir__u64_load_relaxed(&stalls->longest);
    report->stall_computes = report->stalls != 0 && in == 0;
    report->stall_call = in == 0 ? -1 : (int)in - 2;
}
