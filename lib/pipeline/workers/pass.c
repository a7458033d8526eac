/*
 * pass.c - Passes a morsel's results to the next stage on the same thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/pass.h"

#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/has_turn.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/workers/in_turn.h"
#include "pipeline/workers/morsel.h"
#include "pipeline/workers/shift.h"

/* Whether the stage's items are worth to be run on this thread at once. */
static bool takes_passed(const weir_stage *stage) {
    return weir__u32_load_relaxed(&stage->shift.cost) != 0 && weir__u32_load_relaxed(&stage->shift.blocks) == 0 &&
           !weir__shift_is_over(stage) && !weir__stage_is_paused(stage);
}

/* Moves the results, which have no place in the queue between the two stages any more: the lanes exchange arrays. */
static void move_locked(weir__lane *from, weir__lane *to) {
    weir__served *served = &from->served;
    weir__slot *results = served->out;
    served->out = weir__ptr_load_relaxed(&to->served.slots);
    weir__ptr_store_relaxed(&to->served.slots, results);
    weir__u32_store_release(&served->made, 0);
}

/* Lets the results pass through the queue. Returns their number, 0 if they cannot. */
static size_t pass_through(weir__lane *from, weir__lane *to) {
    weir__served *served = &from->served;
    size_t promised = weir__u32_exchange_acquire(&served->promised, 0);
    weir__lock_acquire(&served->out_lock);
    size_t count =
        served->sent > 0 ? 0 : weir__u32_load_relaxed(&served->made); /* N7: 0 if another thread sends them */
    bool passed = count > 0 && weir__in_turn_pass(from, to, promised);
    if (passed)
        move_locked(from, to);
    weir__lock_release(&served->out_lock);
    if (!passed)
        weir__u32_store_release(&served->promised, (uint32_t)promised);
    return passed ? count : 0;
}

weir__lane *weir__pass(weir__lane *lane) {
    weir_stage *next = lane->stage->shift.next;
    if (next == NULL || !takes_passed(next) || !weir__has_turn(lane))
        return NULL;
    weir__in_turn_gather(lane, weir__morsel_most(next));
    weir__lane *to = weir__shift_try_claim(next, weir__crew_hand(lane));
    if (to == NULL)
        return NULL;
    size_t made = weir__u32_load_relaxed(&lane->served.made); /* its results need as much room, at most */
    bool passes = made > 0 && weir__morsel_may_pass(next, made) && weir__morsel_promise(to, made) == made;
    size_t count = passes ? pass_through(lane, to) : 0;
    if (count > 0) {
        weir__outbox_count(lane, WEIR__DONE, count);
        weir__morsel_receive(to, lane, count);
        weir__in_turn_send_deferred(lane->stage);
        return to;
    }
    weir__crew_withdraw(to);
    if (weir__shift_release(to))
        (void)weir__job_ready(&next->shift.job);
    return NULL;
}
