/*
 * in_turn.c - Keeps the order of an ordered stage on the crew in a plain pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/in_turn.h"

#include "closable_queue/pass.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/has_turn.h"
#include "pipeline/state/pipeline.h"

/* Returns the capacity of the queue that gets the results. Returns 0 if no queue gets them, or an unbounded one. */
static size_t room_of_next(const weir_stage *stage) {
    const weir_queue *results = stage->options.output.results;
    size_t room = stage->successor_count > 0 ? stage->successors[0]->options.input.capacity
                  : results != NULL          ? results->capacity
                                             : 0;
    return room == WEIR_UNBOUNDED ? 0 : room;
}

bool weir__in_turn_prepare(weir_stage *stage) {
    bool leads_on = stage->successor_count > 0 || stage->options.output.results != NULL;
    if (!stage->pipeline->plain || !stage->options.output.ordered || stage->options.threads.max == 1 || !leads_on)
        return true;
    return weir__turns_prepare(&stage->turns, room_of_next(stage));
}

/* O5. Gives the lane the positions of the items that it has just taken. */
static void assign_locked(weir__lane *lane, size_t count) {
    weir__u64_store_relaxed(&lane->served.position, weir__turns_assign_locked(&lane->stage->turns, count));
}

/* Takes at most as many items out of the queue as positions are free, and assigns these positions. */
static weir_status take_locked(weir__lane *lane, void **items, size_t most, size_t *count) {
    weir__turns *turns = &lane->stage->turns;
    size_t room = weir__turns_room_locked(turns);
    turns->missed = turns->missed || room == 0; /* O8 */
    if (room == 0 || most == 0)
        return WEIR_FULL;
    weir_status status = weir_queue_try_get_many(lane->stage->queue, items, most < room ? most : room, count);
    if (*count > 0)
        assign_locked(lane, *count);
    return status;
}

weir_status weir__in_turn_take(weir__lane *lane, void **items, size_t most, size_t *count) {
    weir_stage *stage = lane->stage;
    weir__turns *turns = &stage->turns;
    if (!weir__turns_are_kept(turns))
        return weir_queue_try_get_many(stage->queue, items, most, count);
    uint64_t position;
    weir_status status = WEIR_OK;
    weir__lock_acquire(&turns->lock);
    *count = weir__turns_retake_locked(turns, items, most > 0 ? most : 1, &position);
    if (*count > 0)
        weir__u64_store_relaxed(&lane->served.position, position);
    else
        status = take_locked(lane, items, most, count);
    weir__lock_release(&turns->lock);
    return status;
}

/* Passes items to a lane (Q15), with positions if the lane's stage keeps turns. Returns false if there is no room. */
static bool enter(weir__lane *to, size_t count, size_t promised) {
    weir_stage *stage = to->stage;
    weir__turns *turns = &stage->turns;
    if (!weir__turns_are_kept(turns))
        return weir__queue_pass(stage->queue, count, promised, &stage->shift.items);
    weir__lock_acquire(&turns->lock);
    bool passed =
        weir__turns_room_locked(turns) >= count && weir__queue_pass(stage->queue, count, promised, &stage->shift.items);
    if (passed)
        assign_locked(to, count);
    weir__lock_release(&turns->lock);
    return passed;
}

bool weir__in_turn_pass(weir__lane *from, weir__lane *to, size_t promised) {
    weir__served *served = &from->served;
    weir__turns *turns = &from->stage->turns;
    size_t count = weir__u32_load_relaxed(&served->made);
    if (!weir__turns_are_kept(turns))
        return enter(to, count, promised);
    weir__assert(weir__has_turn(from)); /* O10 */
    weir__lock_acquire(&turns->lock);
    bool passed = !weir__turns_follows_locked(turns, served->turn) && enter(to, count, promised);
    bool missed = passed && weir__turns_end_locked(turns, served->turn);
    weir__lock_release(&turns->lock);
    served->turn = passed ? 0 : served->turn;
    if (missed)
        (void)weir__job_ready(&from->stage->shift.job);
    return passed;
}

void weir__in_turn_begin(weir__lane *lane, size_t items) {
    weir__turn_undefer(lane);
    if (lane->served.turn == 0 || !weir__turns_are_kept(&lane->stage->turns))
        lane->served.turn = items; /* a turn that is set already was left by a callback that has ended the thread */
}

void weir__in_turn_send_deferred(weir_stage *stage) {
    if (weir__u32_load_relaxed(&stage->turns.deferred) == 0)
        return;
    for (size_t i = 0; i < stage->options.threads.count; i++) {
        weir__lane *lane = &stage->lanes[i];
        if (weir__u32_load_relaxed(&lane->served.deferred) != 0 && weir__has_turn(lane))
            weir__outbox_rescue(lane);
    }
}

void weir__in_turn_return(weir__lane *lane, size_t from, weir__returned_group *group) {
    weir__turns *turns = &lane->stage->turns;
    group->position = weir__u64_load_relaxed(&lane->served.position) + from;
    weir__lock_acquire(&turns->lock);
    weir__turns_return_locked(turns, group);
    weir__lock_release(&turns->lock);
    (void)weir__job_ready(&lane->stage->shift.job);
}

/*
 * Whether kept results keep their promised places in the next queue. They must not if other stages put to that queue:
 * while the item before them is in a long call, these places would block the other stages (N3, morsel.h).
 */
static bool keeps_places(const weir_stage *stage) {
    return stage->successor_count == 1 && stage->successors[0]->predecessor_count == 1;
}

/* Keeps the results of the lane for their turn. Returns false if that turn has come. */
static bool keep(weir__lane *lane) {
    weir__served *served = &lane->served;
    if (weir__has_turn(lane))
        return false;
    if (!keeps_places(lane->stage))
        weir__crew_withdraw(lane);
    weir__lock_acquire(&served->out_lock);
    uint32_t promised = weir__u32_exchange_acquire(&served->promised, 0);
    const weir__parcel parcel = {served->out, (uint32_t)served->turn, weir__u32_load_relaxed(&served->made), promised};
    bool kept = weir__turns_keep(&lane->stage->turns, weir__u64_load_relaxed(&served->position), &parcel);
    if (kept)
        weir__u32_store_release(&served->made, 0);
    else
        weir__u32_store_release(&served->promised, promised);
    weir__lock_release(&served->out_lock);
    return kept;
}

/* Completes the move of the next group's results into the outbox: adds their number, items and promised places. */
static void append(weir__lane *lane, const weir__parcel *parcel) {
    weir__served *served = &lane->served;
    uint32_t promised = weir__u32_exchange_acquire(&served->promised, 0);
    weir__u32_store_release(&served->promised, promised + parcel->promised);
    weir__u32_store_release(&served->made, weir__u32_load_relaxed(&served->made) + parcel->count);
    served->turn += parcel->items;
}

/* Ends the lane's turn. If the next group is kept, moves its results into the outbox, and returns true. */
static bool go_on(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    weir__served *served = &lane->served;
    weir__parcel parcel = {.results = served->out};
    bool missed = weir__turns_end(&stage->turns, served->turn, WEIR__MORSEL, &parcel);
    weir__u64_store_relaxed(&served->position, weir__u64_load_relaxed(&served->position) + served->turn);
    served->turn = 0;
    if (missed)
        (void)weir__job_ready(&stage->shift.job);
    weir__crew_withdraw(lane);
    if (parcel.items > 0)
        append(lane, &parcel);
    else
        weir__in_turn_send_deferred(stage);
    return parcel.items > 0;
}

void weir__in_turn_gather(weir__lane *lane, size_t most) {
    weir__served *served = &lane->served;
    weir__turns *turns = &lane->stage->turns;
    if (!weir__turns_are_kept(turns) || !weir__has_turn(lane))
        return;
    most = most < WEIR__MORSEL ? most : WEIR__MORSEL;
    weir__lock_acquire(&turns->lock);
    for (uint32_t made; (made = weir__u32_load_relaxed(&served->made)) < most;) {
        weir__parcel parcel = {.results = served->out + made};
        if (!weir__turns_move_locked(turns, served->turn, most - made, &parcel))
            break;
        append(lane, &parcel);
    }
    weir__lock_release(&turns->lock);
}

void weir__in_turn_end(weir__lane *lane) {
    if (lane->served.turn == 0)
        return;
    if (keep(lane)) {
        lane->served.turn = 0;
        return;
    }
    do {
        if (weir__u32_load_relaxed(&lane->served.made) > 0)
            weir__outbox_send(lane);
    } while (go_on(lane));
}
