/*
 * run.c - Runs the calls of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/run.h"

#include "base/mix.h"
#include "pipeline/call/answer.h"
#include "pipeline/call/complete.h"
#include "pipeline/call/detach.h"
#include "pipeline/observe/timing.h"
#include "pipeline/outcome/requeue.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/in_flight.h"
#include "pipeline/waits/own_wait.h"
#include "pipeline/waits/pause.h"
#include "pipeline/waits/pending.h"
#include "stoppable_worker/worker.h"
#include "sync/border.h"

/* ---- one call ---- */

/* Makes room for a batch's items in the lane. Returns false if there is no memory. */
static bool make_room(weir__lane *lane, size_t count) {
    if (count <= lane->room)
        return true;
    void **items = weir__alloc(2 * count * (sizeof *items + sizeof *lane->faults));
    if (items == NULL)
        return false;
    weir__free(lane->items);
    lane->items = items;
    lane->faults = (weir__fault *)(void *)(items + 2 * count);
    lane->room = 2 * count;
    return true;
}

static int call_batch(weir__lane *lane, const weir__envelope *batch) {
    size_t count = weir__batch_count(batch);
    if (!make_room(lane, count))
        return WEIR_CODE(WEIR_NOMEM);
    void **item = lane->items;
    *item++ = batch->item;
    for (const weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        *item++ = at->item;
    lane->count = count;
    int code = lane->stage->options.work.run_batch(&lane->task, lane->items, count, lane->state);
    weir__border();
    lane->count = 0;
    return code;
}

static int call_function(weir__lane *lane, weir__envelope *envelope) {
    const weir_stage_options *options = &lane->stage->options;
    if (options->work.run_batch != NULL)
        return call_batch(lane, envelope);
    int code = 0;
    if (options->work.run != NULL) {
        code = options->work.run(&lane->task, envelope->item, lane->state);
    } else {
        envelope->item = options->work.func(envelope->item, lane->state);
        envelope->is_result = true;
    }
    weir__border();
    return code;
}

static int call(weir__lane *lane, weir__envelope *envelope) {
    weir_task *task = &lane->task;
    task->envelope = envelope;
    task->message[0] = '\0';
    task->retry_after = 0;
    task->lost = false;
    envelope->attempts++;
    weir__timing_begin(lane);
    int code = call_function(lane, envelope);
    weir__timing_end(lane);
    return code;
}

static size_t count_of(const weir_stage *stage, const weir__envelope *envelope) {
    return weir__stage_gathers(stage) ? weir__batch_count(envelope) : 1;
}

/*
 * Waits until a call may begin, with a slot if it may detach, and notes the begin of the first one. The slot comes first:
 * the stage may be paused while the lane waits for it. Returns false if the item must be dropped.
 */
static bool may_begin(weir__lane *lane, const weir__envelope *envelope) {
    weir_stage *stage = lane->stage;
    if (weir__stage_detaches(stage) && !weir__in_flight_begin(lane))
        return false;
    bool begins = weir__pause_for_call(lane, count_of(stage, envelope));
    if (begins && stage->keyed.interval != 0 && envelope->entered && envelope->attempts == 0)
        weir__keyed_begin(&stage->keyed, envelope->key);
    if (!begins && lane->slot != NULL)
        weir__pending_end(lane);
    return begins;
}

/*
 * Makes one attempt at an item or a batch, or ends one with a finished operation. Returns false if the item backs off,
 * or its operation goes on.
 */
static bool attempt(weir__lane *lane, weir__envelope *envelope) {
    bool answered = envelope->answered;
    if (!answered && !may_begin(lane, envelope)) {
        weir__retire_dropped(lane->stage, lane, envelope);
        return true;
    }
    int code = answered ? weir__answer_take(lane, envelope) : call(lane, envelope);
    if (lane->slot != NULL && !weir__detach_return(lane, envelope, &code))
        return false;
    return weir__complete(lane, &lane->task, code);
}

/* The same in a simple stage. */
static void attempt_simply(weir__lane *lane, weir__envelope *envelope) {
    if (weir__pause_for_call(lane, 1))
        (void)weir__complete(lane, &lane->task, call(lane, envelope));
    else
        weir__retire_dropped(lane->stage, lane, envelope);
}

/* ---- by key ---- */

static weir__envelope *leave_key(weir__lane *lane, void *key) {
    weir_stage *stage = lane->stage;
    return weir__keyed_leave(&stage->keyed, &stage->pipeline->flight, &lane->account, key);
}

/*
 * Runs an item, and then, one after the other, the items that waited for its key. An item without memory for its key
 * fails uncalled.
 */
static void run_entered(weir__lane *lane, weir__envelope *envelope) {
    void *key = envelope->key;
    bool ended = envelope->entered ? attempt(lane, envelope) : weir__fail_uncalled(lane, &lane->task, envelope);
    while (key != NULL && ended && (envelope = leave_key(lane, key)) != NULL)
        ended = attempt(lane, envelope); /* an item that backs off keeps its place */
}

/*
 * Requeues the lane's items that have entered, for other workers. Items without memory for their key stay with this
 * worker.
 */
static void share_out(weir__lane *lane) {
    weir__list rest = {NULL, NULL};
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&lane->ready)) != NULL) {
        if (envelope->entered)
            weir__requeue_first(envelope);
        else
            weir__list_append(&rest, envelope);
    }
    lane->ready = rest;
}

static weir__key *new_key(weir__lane *lane, const weir__envelope *envelope) {
    weir_stage *stage = lane->stage;
    weir__callback call;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    uint64_t key = stage->options.limits.key(envelope->item, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
    return weir__keyed_new_key(&stage->pipeline->flight, &lane->account, weir__mix(key));
}

/*
 * Enters an item by its key, and runs the items that may run then. Any worker may retire the item. So the lane lets go
 * of it at once, and weir__retire settles it.
 */
static void run_by_key(weir__lane *lane, weir__envelope *envelope) {
    weir_stage *stage = lane->stage;
    weir__lane_let_go(lane);
    if (envelope->entered) {
        run_entered(lane, envelope);
        return;
    }
    weir__key *key = new_key(lane, envelope);
    lane->ready = weir__keyed_enter(&stage->keyed, &stage->pipeline->flight, &lane->account, envelope, key);
    envelope = weir__list_take(&lane->ready); /* for this worker */
    share_out(lane);
    for (; envelope != NULL; envelope = weir__list_take(&lane->ready))
        run_entered(lane, envelope);
}

/* ---- batches ---- */

static uint64_t weigh(weir_stage *stage, const void *item) {
    const weir_batch *limits = &stage->options.batch;
    weir__callback call;
    if (limits->bytes == 0)
        return 0;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    uint64_t weight = limits->weigh(item, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
    return weight;
}

/* Adds the item to the stage's batch. Returns a complete batch, with an item that the lane holds, or NULL. */
static weir__envelope *gather(weir__lane *lane, weir__envelope *envelope) {
    weir_stage *stage = lane->stage;
    uint64_t weight = weigh(stage, envelope->item);
    weir__lane_let_go(lane);
    weir__envelope *batch = weir__batch_add(&stage->batch, envelope, weight);
    if (batch != NULL)
        weir__lane_hold(lane, envelope);
    return batch;
}

static bool is_gathered(const weir_stage *stage, const weir__envelope *envelope) {
    return weir__stage_gathers(stage) && envelope->reason == 0 && !weir__is_cancelled(stage->pipeline);
}

/* ---- the workers' functions ---- */

/* Runs an item of a stage that is not simple. */
static void run_one(weir__lane *lane, weir__envelope *envelope) {
    if (lane->stage->options.limits.per_key != 0)
        run_by_key(lane, envelope);
    else if (!is_gathered(lane->stage, envelope) || (envelope = gather(lane, envelope)) != NULL)
        (void)attempt(lane, envelope);
}

/* Z8 */
static void end_answered(weir__lane *lane) {
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&lane->answered)) != NULL)
        run_one(lane, envelope);
}

/*
 * Before an item of a stage with operations. Z3: it counts as one that waits, also if it brings an answer, so that the
 * lane goes on to take one item at a time.
 */
static void begin_item(weir__lane *lane, const weir__envelope *envelope) {
    lane->runs = true;
    if (lane->worker != NULL)
        weir__worker_waits(lane->worker);
    if (weir__waits_itself(lane->stage) && !envelope->answered)
        weir__own_wait_look(lane);
}

void *weir__run(void *raw, void *state) {
    weir__lane *lane = state;
    weir__envelope *envelope = raw;
    bool detaches = weir__stage_detaches(lane->stage);
    if (detaches) {
        begin_item(lane, envelope);
        end_answered(lane);
    }
    weir__lane_hold(lane, envelope);
    (void)weir__pause_at(lane, &lane->stage->gate); /* before the item waits for its key or its batch */
    if (lane->stage->simple)
        attempt_simply(lane, envelope);
    else
        run_one(lane, envelope);
    weir__assert(lane->held == NULL); /* S2: retired or let go */
    bool owes = lane->owes;
    if (detaches) {
        end_answered(lane);
        lane->runs = false;
    }
    return owes ? NULL : WEIR__KEPT;
}
