/*
 * shift.c - Claims and releases the lanes of a stage on a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/shift.h"

#include "closable_queue/alert.h"
#include "closable_queue/settle.h"
#include "pipeline/observe/timing.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/pause.h"

bool weir__shift_is_over(const weir_stage *stage) {
    return weir__u32_load_acquire(&stage->closing) != 0 || weir__is_cancelled(stage->pipeline);
}

bool weir__shift_must_end(const weir_stage *stage) {
    return weir__shift_is_over(stage) && !weir__turns_has_returned(&stage->turns); /* O9: no cancel drops these items */
}

/* N1. Counts a lane as claimed. Otherwise sets `missed`, and returns false: all are claimed, or the stage has ended. */
static bool count_lane(weir_stage *stage, uint32_t missed) {
    weir__u32 *calls = &stage->shift.calls;
    for (;;) {
        uint32_t now = weir__u32_load_acquire(calls);
        bool free = (now & WEIR__CALLS) < stage->options.threads.count;
        if ((now & WEIR__CALLS_ENDED) != 0)
            return false;
        if (!free && (now | missed) == now)
            return false;
        if (weir__u32_swap_acquire_release(calls, now, free ? now + 1 : now | missed))
            return free;
    }
}

/* Takes a lane. One is free, because it is counted. */
static weir__lane *take_lane(weir_stage *stage, weir__hand *hand) {
    size_t at = hand == NULL ? 0 : weir__hand_number(hand), count = stage->options.threads.count;
    if (at >= count)
        at %= count;
    while (weir__u32_exchange_acquire(&stage->lanes[at].served.busy, 1) != 0)
        at = at + 1 < count ? at + 1 : 0;
    return &stage->lanes[at];
}

weir__lane *weir__shift_claim(weir_stage *stage, weir__hand *hand) {
    return count_lane(stage, WEIR__CALLS_MISSED) ? take_lane(stage, hand) : NULL;
}

weir__lane *weir__shift_try_claim(weir_stage *stage, weir__hand *hand) {
    return count_lane(stage, 0) ? take_lane(stage, hand) : NULL;
}

void weir__shift_enter(weir__lane *lane, weir__hand *hand) {
    weir__ptr_store_relaxed(&lane->served.hand, hand);
    weir__visit_enter(&lane->visit, lane->stage->pipeline);
    lane->visit.callout.waits = weir__timing_tell;
}

void weir__shift_leave(weir__lane *lane) {
    weir__visit_leave(&lane->visit);
    weir__ptr_store_relaxed(&lane->served.hand, NULL);
}

/*
 * N2. Returns the flags that the release of the last claimed lane must set. `over` was read before `calls`: items are
 * returned only by a counted lane or rescue that has seen the stage not over (O9).
 */
static uint32_t ends_of(const weir_stage *stage, uint32_t calls, bool over) {
    uint32_t ends = 0;
    if (weir__stage_is_source(stage) && weir__is_told_to_return(stage))
        ends |= WEIR__CALLS_DRY;
    if (over && !weir__turns_has_returned(&stage->turns))
        ends |= WEIR__CALLS_ENDED;
    return ends & ~calls;
}

static void settle_permit(weir_stage *stage) {
    void *permit;
    if (weir_queue_try_get(stage->queue, &permit) == WEIR_OK)
        weir__queue_settle(stage->queue, 1);
}

/* N3. From now on, no thread that makes room in the program's queue tells the stage. */
static void leave_target(weir_stage *stage) {
    if (stage->successor_count == 0 && stage->shift.target != NULL)
        weir__queue_unwatch(stage->shift.target, &stage->shift.target->consumers, &stage->shift.room);
}

static void end_stage(weir_stage *stage) {
    uint64_t now = weir__clock_now();
    leave_target(stage);
    for (size_t i = 0; i < stage->options.threads.count; i++)
        weir__u64_store_release(&stage->lanes[i].ended, now);
    weir__phase_count_out(stage);
}

bool weir__shift_count_down(weir_stage *stage) {
    weir__u32 *calls = &stage->shift.calls;
    uint32_t now, ends, flags;
    bool last;
    do {
        bool over = weir__shift_is_over(stage);
        now = weir__u32_load_acquire(calls);
        ends = ends_of(stage, now, over);
        last = (now & WEIR__CALLS) == 1;
        flags = last ? ends : ends != 0 ? WEIR__CALLS_MISSED : 0;
    } while (!weir__u32_swap_acquire_release(calls, now, ((now - 1) & ~WEIR__CALLS_MISSED) | flags));
    if (!last)
        return (now & WEIR__CALLS_MISSED) != 0 && ends == 0;
    if ((ends & WEIR__CALLS_DRY) != 0)
        settle_permit(stage);
    if ((ends & WEIR__CALLS_ENDED) != 0)
        end_stage(stage); /* the last access but for the job */
    return (now & WEIR__CALLS_MISSED) != 0 && (ends & WEIR__CALLS_ENDED) == 0;
}

bool weir__shift_release(weir__lane *lane) {
    weir__u32_store_release(&lane->served.busy, 0);
    return weir__shift_count_down(lane->stage);
}

bool weir__shift_count_rescue(weir_stage *stage) {
    weir__u32 *calls = &stage->shift.calls;
    uint32_t now;
    do {
        now = weir__u32_load_acquire(calls);
        if ((now & WEIR__CALLS_ENDED) != 0)
            return false;
    } while (!weir__u32_swap_acquire_release(calls, now, now + 1));
    return true;
}

weir__lane *weir__shift_lane_of(weir_stage *stage, weir__hand *hand) {
    for (size_t i = 0; i < stage->options.threads.count; i++) {
        if (weir__ptr_swap_acquire(&stage->lanes[i].served.hand, hand, hand))
            return &stage->lanes[i];
    }
    return NULL;
}
