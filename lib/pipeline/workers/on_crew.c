/*
 * on_crew.c - Implements stages on a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/on_crew.h"

#include "pipeline/call/exit.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/workers/morsel.h"
#include "pipeline/workers/pass.h"
#include "pipeline/workers/shift.h"
#include "sync/barrier.h"

static weir_stage *stage_of(weir__job *job) {
    return (weir_stage *)(void *)((char *)job - offsetof(weir_stage, shift.job));
}

/* ---- visits ---- */

/* Lets a thread come back to the stage: this one, unless the work is worth another. */
static void come_back(weir_stage *stage, weir__hand *hand) {
    if (weir__morsel_is_heavy(stage, stage->shift.most))
        (void)weir__job_ready(&stage->shift.job);
    else
        weir__job_ready_next(&stage->shift.job, hand);
}

/*
 * Runs morsels until their results pass on. Returns the lane that has these; NULL: none. A morsel that was passed to the
 * lane is the only one: others are told of in the usual way.
 */
static weir__lane *work(weir__lane *lane, bool *more) {
    bool passed = lane->served.passed;
    *more = false;
    while (passed || !weir__shift_must_end(lane->stage)) {
        if (weir__morsel_run(lane) != WEIR__RAN)
            return NULL; /* an alert is left, or the stage ends */
        weir__lane *next = weir__pass(lane);
        weir__morsel_end(lane);
        if (next != NULL || passed || weir__hand_should_yield(weir__crew_hand(lane))) {
            *more = !passed && weir__morsel_may_follow(lane);
            return next;
        }
    }
    return NULL;
}

/* Works on a claimed lane, and releases it. Returns the lane on which the thread goes on; NULL: none. */
static weir__lane *work_on(weir__lane *lane, weir__hand *hand) {
    weir_stage *stage = lane->stage;
    bool more;
    weir__shift_enter(lane, hand);
    weir__hand_begin(hand, &stage->shift.job);
    weir__lane *next = work(lane, &more);
    weir__hand_begin(hand, NULL); /* C6: the stage may be over once the lane is released */
    weir__shift_leave(lane);
    if (weir__shift_release(lane) || more)
        come_back(stage, hand);
    return next;
}

static void visit_stage(weir__job *job, weir__hand *hand) {
    weir__lane *lane = weir__shift_claim(stage_of(job), hand);
    while (lane != NULL)
        lane = work_on(lane, hand);
}

/* N8. A slice of another thread takes long. */
static void rescue_lane(weir__job *job, weir__hand *hand) {
    weir_stage *stage = stage_of(job);
    weir__lane *lane = weir__shift_lane_of(stage, hand);
    if (lane == NULL || !weir__shift_count_rescue(stage))
        return;
    (void)weir__u32_exchange_acquire_release(&lane->served.lasts, 1);
    if (weir__stage_is_source(stage) && !weir__barrier_never_works())
        (void)weir__barrier_of_all(); /* N7 */
    weir__outbox_rescue(lane);
    weir__morsel_rescue(lane);
    (void)weir__job_ready(job);
    if (weir__shift_count_down(stage))
        (void)weir__job_ready(job);
}

/* A function has ended the thread. */
static void abandon_visit(weir__job *job, weir__hand *hand) {
    weir_stage *stage = stage_of(job);
    weir__lane *lane = weir__shift_lane_of(stage, hand);
    if (lane == NULL)
        return;
    weir__callout_unwind_to(&lane->visit.callout);
    lane->served.owed += weir__exit(lane, true) != WEIR__KEPT && !weir__stage_is_source(stage);
    weir__morsel_abandon(lane);
    weir__morsel_end(lane);
    weir__shift_leave(lane);
    if (weir__shift_release(lane))
        (void)weir__job_ready(job);
}

/* The crew has no thread for the stage. The run fails, and this visit ends the stage if no lane is claimed. */
static void end_starved(weir__job *job) {
    weir_stage *stage = stage_of(job);
    if (!weir__shift_is_over(stage))
        weir__fail_starved(stage);
    weir__lane *lane = weir__shift_claim(stage, NULL);
    if (lane != NULL)
        (void)weir__shift_release(lane);
    if (weir__turns_has_returned(&stage->turns))
        (void)weir__job_ready(job); /* O9: a thread must drop these items */
}

/* ---- alerts ---- */

/*
 * Makes the job ready. The calling thread runs it next if it is of the crew and the work is little. Otherwise another
 * thread is woken, unless the work is little and a thread of the crew computes: that one comes back soon.
 */
static void call_crew(weir_stage *stage) {
    weir__hand *hand = weir__hand_of_thread(stage->crew);
    bool heavy = weir__morsel_is_heavy(stage, 1);
    if (hand != NULL && !heavy)
        weir__job_ready_next(&stage->shift.job, hand);
    else if (heavy)
        (void)weir__job_ready(&stage->shift.job);
    else
        weir__job_ready_soon(&stage->shift.job);
}

static void tell_items(weir__alert *alert) {
    call_crew((weir_stage *)(void *)((char *)alert - offsetof(weir_stage, shift.items)));
}

static void tell_room(weir__alert *alert) {
    call_crew((weir_stage *)(void *)((char *)alert - offsetof(weir_stage, shift.room)));
}

/* ---- the life ---- */

/* A lane on a crew does not sleep for lack of items. */
static const weir__stopwatch never_waits;

static void prepare_lane(weir_stage *stage, size_t number, uint64_t now) {
    weir__lane *lane = &stage->lanes[number];
    lane->stage = stage;
    lane->number = number;
    lane->waits = &never_waits;
    lane->state = stage->options.work.arg;
    lane->task.stage = stage;
    lane->task.lane = lane;
    lane->visit.lane = lane;
    lane->clock = now;
    weir__u64_store_release(&lane->started, now);
}

static enum weir__band band_of(weir_priority priority) {
    return priority == WEIR_HIGH ? WEIR__BAND_HIGH : priority == WEIR_LOW ? WEIR__BAND_LOW : WEIR__BAND_NORMAL;
}

/* N9. Returns the stage to which results pass; NULL: none. */
static weir_stage *next_of(const weir_stage *stage) {
    weir_stage *next = stage->successor_count == 1 ? stage->successors[0] : NULL;
    return stage->pipeline->plain && next != NULL && next->crew != NULL ? next : NULL;
}

/*
 * N3. Whether each call puts one result to a queue of the program, with a place for each lane. Other stages go on while
 * that queue is full: a call may have no result.
 */
static bool fills_results(const weir_stage *stage) {
    const weir_queue *results = stage->onward;
    return results != NULL && stage->pipeline->plain && !weir__stage_is_source(stage) && results->port == NULL &&
           results->capacity >= stage->options.threads.count;
}

/* N3. The queue of the only successor, or that of the program for the results; NULL: none, or an unbounded one. */
static weir_queue *target_of(const weir_stage *stage) {
    bool one = stage->successor_count == 1 || (stage->successor_count == 0 && fills_results(stage));
    return one && weir__queue_is_bounded(stage->onward) ? stage->onward : NULL;
}

/* Returns the largest morsel that the stage can find in its queue, or has room for in the next one. */
static size_t most_of(const weir_stage *stage) {
    const weir_queue *target = stage->shift.target;
    size_t most = WEIR__MORSEL, own = stage->options.input.capacity,
           next = target != NULL ? target->capacity : SIZE_MAX;
    if (!weir__stage_is_source(stage) && own < most)
        most = own;
    return next < most ? next : most;
}

void weir__on_crew_start(weir_stage *stage) {
    uint64_t now = weir__clock_now();
    for (size_t i = 0; i < stage->options.threads.count; i++)
        prepare_lane(stage, i, now);
    stage->shift.next = next_of(stage);
    stage->shift.target = target_of(stage);
    stage->shift.most = most_of(stage);
    stage->shift.job.run = visit_stage;
    stage->shift.job.exited = abandon_visit;
    stage->shift.job.late = rescue_lane;
    stage->shift.job.starved = end_starved;
    stage->shift.job.crew = stage->crew;
    stage->shift.job.band = band_of(stage->options.threads.priority);
    stage->shift.items.tell = tell_items;
    stage->shift.room.tell = tell_room;
    if (stage->successor_count == 0)
        stage->shift.room.kind = WEIR__ALERT_WATCH; /* the queue's users may outlive the stage */
    if (weir__stage_is_source(stage))
        (void)weir_queue_try_put(stage->queue, stage); /* N2: the permit; the queue is open and has room */
    weir__phase_count_in(stage);
    (void)weir__job_ready(&stage->shift.job);
}

void weir__on_crew_leave(weir_stage *stage) {
    if (stage->shift.job.run != NULL)
        weir__job_leave(&stage->shift.job);
}
