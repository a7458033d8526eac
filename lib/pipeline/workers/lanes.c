/*
 * lanes.c - Creates the queue, mechanisms and lanes of a stage, starts its workers, and frees the stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/workers/lanes.h"

#include "closable_queue/create.h"
#include "crew/shared.h"
#include "pipeline/call/answer.h"
#include "pipeline/call/at_end.h"
#include "pipeline/call/exit.h"
#include "pipeline/call/plain.h"
#include "pipeline/call/run.h"
#include "pipeline/call/source.h"
#include "pipeline/declare/feedback.h"
#include "pipeline/observe/elastic.h"
#include "pipeline/observe/stall.h"
#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/requeue.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/init.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/abort.h"
#include "pipeline/waits/own_wait.h"
#include "pipeline/workers/in_turn.h"
#include "pipeline/workers/on_crew.h"
#include "report/figure.h"
#include "stoppable_worker/grow.h"
#include "stoppable_worker/start.h"
#include "stoppable_worker/worker.h"
#include "sync/border.h"

/* ---- what a stage needs ---- */

/* Drop functions of the stage's queue, for items that a cancel discards. */
static void drop_envelope(void *item, void *stage) {
    if (!weir__answer_discard(item))
        weir__retire_discarded(stage, item);
}

static void drop_plain(void *item, void *stage) {
    weir__drop_item(stage, item);
    weir__count_retired(stage, NULL, WEIR__DROPPED, 1);
}

static weir_status make_queue(weir_stage *stage) {
    bool source = weir__stage_is_source(stage), plain = stage->pipeline->plain;
    const weir_queue_options options = {
        .capacity = source ? stage->options.threads.count : stage->options.input.capacity,
        .name = stage->name,
        .drop = source  ? NULL
                : plain ? drop_plain
                        : drop_envelope,
        .drop_arg = stage,
    };
    weir_status status = weir_queue_create_with(&stage->queue, &options);
    if (status == WEIR_OK && !source && !plain && !stage->inherits)
        weir__queue_stamp(stage->queue);
    return status;
}

/* Returns the member of the options that has set the number of threads. */
static const char *name_of_count(const weir_stage *stage) {
    return stage->on_crew ? "width" : "threads.count";
}

static weir_status make_lanes(weir_stage *stage) {
    size_t threads = stage->options.threads.max;
    bool addressed = threads <= (SIZE_MAX - WEIR__CHUNK) / sizeof(weir__lane);
    if (addressed)
        stage->lanes = weir__alloc(threads * sizeof(weir__lane));
    if (stage->lanes != NULL)
        return WEIR_OK;
    const char *member = weir__stage_is_elastic(stage) ? "threads.max" : name_of_count(stage);
    return weir__refuse_memory(stage->pipeline, addressed ? WEIR_NOMEM : WEIR_INVALID, stage->name, member, threads,
                               sizeof(weir__lane));
}

static bool make_room(weir__served *served) {
    served->arrays = weir__alloc(2 * WEIR__MORSEL * sizeof *served->arrays);
    served->taken = weir__alloc(WEIR__MORSEL * sizeof *served->taken);
    if (served->arrays == NULL || served->taken == NULL)
        return false;
    weir__ptr_store_relaxed(&served->slots, served->arrays);
    served->out = served->arrays + WEIR__MORSEL;
    return true;
}

/* Takes a reference to the crew, and makes room for the lanes' morsels. */
static weir_status join_crew(weir_stage *stage) {
    weir_status status = weir__crew_share(&stage->crew);
    if (status != WEIR_OK) {
        stage->crew = NULL;
        return weir__refuse(stage->pipeline, status, stage->name, "cannot create the crew that runs the stage: %s",
                            weir_strerror(status));
    }
    for (size_t i = 0; i < stage->options.threads.count; i++) {
        if (!make_room(&stage->lanes[i].served))
            return weir__refuse_memory(stage->pipeline, WEIR_NOMEM, stage->name, "width", stage->options.threads.count,
                                       3 * WEIR__MORSEL * sizeof(void *));
    }
    return WEIR_OK;
}

/* Prepares the mechanisms that the options ask for. */
static weir_status prepare_flow(weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    const weir__batch_limits limits = {options->batch.items, options->batch.bytes, options->batch.wait};
    weir_pipeline *pipeline = stage->pipeline;
    stage->simple = options->limits.per_key == 0 && options->work.run_batch == NULL && options->limits.in_flight == 0;
    weir__rate_set(&stage->rate, options->limits.rate, options->limits.burst, 0);
    weir__batch_prepare(&stage->batch, stage->queue, &limits, &pipeline->timers, weir__requeue_first);
    weir__keyed_prepare(&stage->keyed, options->limits.per_key, weir__rate_interval(options->limits.key_rate),
                        &pipeline->flight, &pipeline->timers, weir__requeue_first);
    weir__elastic_prepare_stage(stage);
    weir__abort_prepare(stage);
    weir__stall_prepare(stage);
    weir_status status = weir__own_wait_prepare(stage);
    if (status != WEIR_OK)
        return status;
    if (stage->orderer == stage && !weir__reorder_prepare(&stage->reorder, pipeline->flight.admission.max_items))
        return weir__refuse_memory(pipeline, WEIR_NOMEM, stage->name, "ordered: the size of the reorder buffer",
                                   stage->reorder.size, sizeof(void *));
    if (!weir__in_turn_prepare(stage))
        return weir__refuse_memory(pipeline, WEIR_NOMEM, stage->name, "ordered: the number of results that wait",
                                   stage->turns.size, sizeof(weir__turn_slot));
    return WEIR_OK;
}

static weir_status refuse_queue(const weir_stage *stage, weir_status status) {
    const weir_stage_options *options = &stage->options;
    if (weir__stage_is_source(stage))
        return weir__refuse_memory(stage->pipeline, status, stage->name, name_of_count(stage), options->threads.count,
                                   sizeof(weir__slot));
    if (options->input.capacity == WEIR_UNBOUNDED)
        return weir__refuse(stage->pipeline, status, stage->name,
                            "capacity is WEIR_UNBOUNDED: cannot allocate %s for the first segment of the queue",
                            weir__figure_bytes(WEIR__CHUNK).text);
    return weir__refuse_memory(stage->pipeline, status, stage->name, "capacity", options->input.capacity,
                               sizeof(weir__slot));
}

weir_status weir__stage_prepare(weir_stage *stage) {
    weir_status status = make_queue(stage);
    if (status != WEIR_OK)
        return refuse_queue(stage, status);
    status = make_lanes(stage);
    if (status == WEIR_OK && stage->on_crew)
        status = join_crew(stage);
    return status == WEIR_OK ? prepare_flow(stage) : status;
}

/* ---- the lanes ---- */

static weir__lane *lane_of(weir_stage *stage, const weir_worker *worker) {
    return &stage->lanes[weir__worker_number(worker)];
}

/* Claims its lane for the calling thread. An earlier thread of the lane has set the members that others may read. */
static weir__lane *claim(weir_stage *stage) {
    weir_worker *worker = weir__worker_self();
    weir__lane *lane = lane_of(stage, worker);
    lane->state = stage->options.work.arg;
    if (lane->worker != NULL)
        return lane;
    lane->stage = stage;
    lane->worker = worker;
    lane->number = weir__worker_number(worker);
    lane->waits = weir__worker_starved(worker);
    lane->task.stage = stage;
    lane->task.lane = lane;
    lane->visit.lane = lane;
    return lane;
}

/* Notes that the lane's thread has begun. */
static void begin_lane(weir__lane *lane) {
    lane->clock = weir__clock_now();
    weir__stopwatch_start(&lane->present, lane->clock);
    weir__u64_store_release(&lane->ended, 0);
    if (weir__u64_load_relaxed(&lane->started) == 0)
        weir__u64_store_release(&lane->started, lane->clock);
}

/* Notes that the lane's thread has called its last function. */
static void end_lane(weir__lane *lane) {
    uint64_t now = weir__clock_now();
    weir__assert(lane->count == 0); /* no batch is in work */
    weir__stopwatch_stop(&lane->present, now);
    weir__u64_store_release(&lane->ended, now);
    weir__phase_count_out(lane->stage);
}

/* L3. In a thread that was added during the run: it has begun, and reports see it in its init. */
static weir_status initialise_added(weir__lane *lane) {
    weir_pipeline *pipeline = lane->stage->pipeline;
    weir__callback call;
    begin_lane(lane);
    if (weir__is_cancelled(pipeline))
        return WEIR_CANCELLED;
    weir__callback_begin(&call, pipeline, lane->stage, WEIR_IN_CALLBACK);
    lane->in_init = true;
    weir_status status = weir__init_call(lane);
    lane->in_init = false;
    weir__callback_end(&call);
    return status;
}

static weir_status begin_worker(void *raw, void **state) {
    weir_stage *stage = raw;
    weir__lane *lane = claim(stage);
    bool added = weir__worker_is_added(lane->worker);
    weir__visit_enter(&lane->visit, stage->pipeline); /* V1: until the thread ends */
    lane->visit.callout.waits = weir__timing_tell;
    weir_status status = added ? initialise_added(lane) : weir__init_call(lane);
    if (status != WEIR_OK)
        return status;
    if (!added) {
        begin_lane(lane);
        weir__phase_count_in(stage);
    }
    weir__stall_begin(lane);
    *state = lane;
    return WEIR_OK;
}

static void end_worker(void *raw) {
    weir__lane *lane = raw;
    weir_stage *stage = lane->stage;
    weir__callback call;
    if (stage->options.errors.stall_time != 0)
        weir__stall_end(lane);
    if (stage->options.work.fini != NULL) {
        weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_FINI);
        stage->options.work.fini(lane->state);
        weir__border();
        weir__callback_end(&call);
    }
    end_lane(lane);
}

/* The init of a thread has failed, or has ended the thread. A start that fails needs nothing: it frees the stage. */
static void lose_worker(void *raw) {
    weir_stage *stage = raw;
    weir_worker *worker = weir__worker_self();
    weir__lane *lane = lane_of(stage, worker);
    if (!weir__worker_is_added(worker))
        return;
    weir__visit_end_inner(&lane->visit);
    if (lane->in_init)
        weir__exit_in_init(lane);
    else if (!weir__is_cancelled(stage->pipeline))
        weir__elastic_init_failed(stage);
    lane->in_init = false;
    end_lane(lane);
}

static weir_status refuse_init(weir_stage *stage) {
    char message[WEIR__MESSAGE];
    (void)snprintf(message, sizeof message, "init failed in one of its threads (threads.count is %zu)",
                   stage->options.threads.count);
    weir__init_append_reason(stage, message, sizeof message);
    return weir__refuse(stage->pipeline, WEIR_INITFAILED, stage->name, "%s", message);
}

static weir_status refuse_threads(weir_stage *stage, weir_status status) {
    const weir_stage_options *options = &stage->options;
    if (status == WEIR_INITFAILED)
        return refuse_init(stage);
    if (status == WEIR_NOTHREAD)
        return weir__refuse(stage->pipeline, status, stage->name,
                            "threads.count is %zu and stack_size is %zu: cannot create all threads",
                            options->threads.count, options->threads.stack_size);
    return weir__refuse_memory(stage->pipeline, status, stage->name, "threads.count", options->threads.count,
                               sizeof(weir_worker));
}

/* The last work of a worker. */
static void end_items(void *raw) {
    weir__own_wait_end(raw);
    weir__at_end(raw);
}

weir_status weir__stage_start(weir_stage *stage) {
    stage->onward = stage->successor_count > 0 ? stage->successors[0]->queue : stage->options.output.results;
    if (stage->crew != NULL) {
        weir__on_crew_start(stage);
        return WEIR_OK;
    }
    const weir_worker_options options = {
        .func = weir__stage_is_source(stage) ? weir__run_source
                : stage->pipeline->plain     ? weir__run_plain
                                             : weir__run,
        .arg = stage,
        .name = stage->name,
        .stack_size = stage->options.threads.stack_size,
        .init = begin_worker,
        .fini = end_worker,
    };
    const weir__group_extra extra = {
        .doze = weir__waits_itself(stage) ? weir__own_wait_for_item : NULL,
        .last = end_items,
        .leave = weir__exit,
        .lost = lose_worker,
        .most = stage->options.threads.max,
    };
    weir_status status =
        weir__group_start(&stage->group, stage->options.threads.count, &options, &extra, stage->queue, NULL);
    if (status != WEIR_OK)
        return refuse_threads(stage, status);
    if (weir__stage_is_source(stage))
        weir__source_start(stage);
    return WEIR_OK;
}

static void free_lanes(weir_stage *stage) {
    for (size_t i = 0; stage->lanes != NULL && i < stage->options.threads.max; i++) {
        weir__cache_empty(&stage->pipeline->flight.pool, &stage->lanes[i].account.cache);
        weir__free(stage->lanes[i].items);
        weir__free(stage->lanes[i].served.arrays);
        weir__free(stage->lanes[i].served.taken);
    }
    weir__free(stage->lanes);
}

void weir__stage_free(weir_stage *stage) {
    if (stage->crew != NULL)
        weir__crew_unshare(stage->crew);
    if (stage->queue != NULL)
        (void)weir_queue_destroy(stage->queue); /* the queue is empty, and no thread uses it */
    if (stage->group != NULL)
        weir__group_free(stage->group);
    free_lanes(stage);
    weir__own_wait_free(stage);
    weir__keyed_free(&stage->keyed, &stage->pipeline->flight);
    weir__reorder_free(&stage->reorder);
    weir__turns_free(&stage->turns);
    weir__feedback_free(stage);
    weir__free(stage->successors);
    weir__free(stage->name);
    weir__free(stage);
}
