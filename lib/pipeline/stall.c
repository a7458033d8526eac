/*
 * stall.c - Implements the watch over the thread of a stage that waits itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/stall.h"

#include "pipeline/callback.h"
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

/* Whether the thread does what its wait is for. */
static bool is_idle(const weir_stage *stage, long call) {
    const weir__stalls *stalls = &stage->stalls;
    return weir__u32_load_acquire(&stalls->waits) != 0 && weir__system_call_polls(call) &&
           !weir__bell_rings(&stage->bell);
}

/* Adds the time since the last look. */
static void add_time(weir_stage *stage, const weir__thread *thread) {
    weir__stalls *stalls = &stage->stalls;
    uint64_t used = weir__thread_used(thread);
    bool sleeps = weir__thread_sleeps(thread);
    long call = sleeps ? weir__system_call_of(thread) : -1;
    if (sleeps && is_idle(stage, call)) {
        begin_anew(stalls, used);
        return;
    }
    uint64_t slept = sleeps ? between_looks(stage) : 0;
    stalls->call = call >= 0 ? call : stalls->call;
    stalls->slept += slept;
    stalls->held += used - stalls->used + slept;
    stalls->used = used;
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

static void look(weir_stage *stage) {
    weir__stalls *stalls = &stage->stalls;
    const weir__lane *lane = &stage->lanes[0];
    uint32_t beat = weir__u32_load_acquire(&stalls->beat);
    if (weir__u64_load_acquire(&lane->ended) != 0)
        return;
    if (beat != stalls->seen) {
        stalls->seen = beat;
        begin_anew(stalls, weir__thread_used(stalls->thread));
        return;
    }
    add_time(stage, stalls->thread);
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

void weir__stall_report(const weir_stage *stage, weir_stage_report *report) {
    const weir__stalls *stalls = &stage->stalls;
    uint64_t in = weir__u64_load_relaxed(&stalls->longest_in);
    report->stalls = weir__u64_load_acquire(&stalls->count);
    report->longest_stall = weir__u64_load_relaxed(&stalls->longest);
    report->stall_computes = report->stalls != 0 && in == 0;
    report->stall_call = in == 0 ? -1 : (int)in - 2;
}
