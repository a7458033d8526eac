/*
 * stage.c - the life of a stage, and dropping what is in it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"
#include "pipeline/timing.h"
#include "report/figure.h"
#include "sync/border.h"

void weir__stage_count_many(weir_stage *stage, weir_task *task, weir__verdict verdict, size_t count) {
    if (task != NULL && task->stage == stage)
        weir__count(&task->counts[verdict], count);
    else
        (void)weir__u64_add_acquire_release(&stage->counts[verdict], count);
}

void weir__stage_count(weir_stage *stage, weir_task *task, weir__verdict verdict) {
    weir__stage_count_many(stage, task, verdict, 1);
}

void weir__stage_drop_item(weir_stage *stage, void *item) {
    weir__callback call;
    if (stage->options.drop == NULL)
        return;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_DROP);
    stage->options.drop(item, stage->options.arg);
    weir__border();
    weir__callback_end(&call);
}

void weir__stage_drop(weir_stage *stage, weir_task *task, weir__envelope *envelope) {
    for (weir__envelope *at = envelope, *next = envelope->list.first; at != NULL; at = next) {
        next = at == envelope ? next : at->next;
        bool kept = at->kept;
        weir__stage_drop_item(stage, at->item);
        weir__stage_count(stage, task, WEIR__DROPPED);
        weir__envelope_over(stage->pipeline, task, at, WEIR__DROPPED);
        if (kept)
            weir__queue_settle(stage->queue, 1);
    }
}

/* What the stage's queue does with what is discarded. */
static void drop_envelope(void *item, void *stage) {
    weir__stage_drop(stage, NULL, item);
}

static void drop_plain(void *item, void *stage) {
    weir__stage_drop_item(stage, item);
    weir__stage_count(stage, NULL, WEIR__DROPPED);
}

static weir_status make_queue(weir_stage *stage) {
    bool source = weir__stage_is_source(stage), plain = stage->pipeline->plain;
    const weir_queue_options options = {
        .capacity = source ? stage->options.threads : stage->options.capacity,
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

/* What it needs for its options, of which one may be too large. */
static weir_status prepare_options(weir_stage *stage) {
    const weir_pipeline *pipeline = stage->pipeline;
    size_t threads = stage->options.threads;
    bool addressed = threads <= (SIZE_MAX - WEIR__CHUNK) / sizeof(weir_task);
    if (addressed)
        stage->tasks = weir__alloc(threads * sizeof(weir_task));
    if (stage->tasks == NULL)
        return weir__refuse_memory(pipeline, addressed ? WEIR_NOMEM : WEIR_INVALID, stage->name, "threads", threads,
                                   sizeof(weir_task));
    if (stage->orderer == stage && !weir__order_prepare(stage))
        return weir__refuse_memory(pipeline, WEIR_NOMEM, stage->name, "ordered needs a window; its size",
                                   stage->order.size, sizeof(void *));
    return WEIR_OK;
}

static weir_status refuse_queue(const weir_stage *stage, weir_status status) {
    const weir_stage_options *options = &stage->options;
    if (weir__stage_is_source(stage))
        return weir__refuse_memory(stage->pipeline, status, stage->name, "threads", options->threads,
                                   sizeof(weir__slot));
    if (options->capacity == WEIR_UNBOUNDED)
        return weir__refuse(stage->pipeline, status, stage->name,
                            "capacity is WEIR_UNBOUNDED: that needs %s of memory at first, more than there is",
                            weir__figure_bytes(WEIR__CHUNK).text);
    return weir__refuse_memory(stage->pipeline, status, stage->name, "capacity", options->capacity, sizeof(weir__slot));
}

weir_status weir__stage_prepare(weir_stage *stage) {
    weir_status status = make_queue(stage);
    if (status != WEIR_OK)
        return refuse_queue(stage, status);
    status = prepare_options(stage);
    if (status != WEIR_OK)
        return status;
    weir__rate_prepare(stage);
    weir__gather_prepare(stage);
    return WEIR_OK;
}

/* This thread's own task. */
static weir_task *claim(weir_stage *stage) {
    weir__lock_acquire(&stage->lock);
    size_t number = stage->claimed++;
    weir__lock_release(&stage->lock);
    weir_task *task = &stage->tasks[number];
    task->stage = stage;
    task->worker = weir__worker_self();
    task->number = weir__worker_number(task->worker);
    return task;
}

static weir_status begin_worker(void *raw, void **state) {
    weir_stage *stage = raw;
    weir_task *task = claim(stage);
    task->state = stage->options.arg;
    task->visit.task = task;
    weir__visit_enter(&task->visit, stage->pipeline); /* until the thread is gone: V1 */
    if (stage->options.init != NULL) {
        weir_status status = stage->options.init(stage->options.arg, &task->state);
        weir__border();
        if (status != WEIR_OK)
            return status;
    }
    task->clock = weir__clock_now();
    weir__u64_store_release(&task->started, task->clock);
    weir__pipeline_enter(stage);
    *state = task;
    return WEIR_OK;
}

static void end_worker(void *raw) {
    weir_task *task = raw;
    weir_stage *stage = task->stage;
    weir__callback call;
    if (stage->options.fini != NULL) {
        weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_FINI);
        stage->options.fini(task->state);
        weir__border();
        weir__callback_end(&call);
    }
    weir__u64_store_release(&task->ended, weir__clock_now());
    weir__pipeline_leave(stage);
}

static void put_permits(weir_stage *stage) {
    for (size_t i = 0; i < stage->options.threads; i++)
        (void)weir_queue_try_put(stage->queue, stage); /* there is room, and nobody has closed it */
}

static weir_status refuse_threads(const weir_stage *stage, weir_status status) {
    const weir_stage_options *options = &stage->options;
    if (status == WEIR_INITFAILED)
        return weir__refuse(stage->pipeline, status, stage->name,
                            "init has failed in one of its threads; threads is %zu", options->threads);
    if (status == WEIR_NOTHREAD)
        return weir__refuse(stage->pipeline, status, stage->name,
                            "threads is %zu and stack_size %zu: the system would not create one of them",
                            options->threads, options->stack_size);
    return weir__refuse_memory(stage->pipeline, status, stage->name, "threads", options->threads, sizeof(weir_worker));
}

weir_status weir__stage_start(weir_stage *stage) {
    stage->onward = stage->successor_count > 0 ? stage->successors[0]->queue : stage->options.results;
    const weir_worker_options options = {
        .func = weir__stage_is_source(stage) ? weir__run_source
                : stage->pipeline->plain     ? weir__run_plain
                                             : weir__run,
        .arg = stage,
        .name = stage->name,
        .stack_size = stage->options.stack_size,
        .init = begin_worker,
        .fini = end_worker,
    };
    weir_status status =
        weir__group_start(&stage->group, stage->options.threads, &options, weir__run_leave, stage->queue, NULL);
    if (status != WEIR_OK)
        return refuse_threads(stage, status);
    if (weir__stage_is_source(stage))
        put_permits(stage);
    return WEIR_OK;
}

void weir__stage_free(weir_stage *stage) {
    for (size_t i = 0; stage->tasks != NULL && i < stage->claimed; i++) {
        weir__cache_empty(&stage->pipeline->pool, &stage->tasks[i].cache);
        weir__free(stage->tasks[i].items);
    }
    if (stage->queue != NULL)
        (void)weir_queue_destroy(stage->queue); /* empty, and nobody is left who could be in it */
    if (stage->group != NULL)
        weir__group_free(stage->group);
    weir__free(stage->tasks);
    weir__keys_free(stage);
    weir__free(stage->order.window);
    weir__free(stage->successors);
    weir__free(stage->name);
    weir__free(stage);
}

static bool is_told_to_return(const weir_stage *stage) {
    if (!weir__stage_is_source(stage))
        return weir__is_cancelled(stage->pipeline);
    return weir__is_ending(stage->pipeline) || weir__u32_load_acquire(&stage->ended) != 0;
}

void weir__stage_end_source(weir_stage *stage) {
    weir__u32_store_release(&stage->ended, 1);
    weir__stage_wake(stage);
}

bool weir__stage_wait_until(weir_stage *stage, weir_task *task, uint64_t time) {
    weir__timing_block(task);
    weir__lock_acquire(&stage->lock);
    while (!is_told_to_return(stage) && weir__clock_now() < time)
        weir__park_wait(&stage->park, &stage->lock, time, NULL);
    weir__lock_release(&stage->lock);
    weir__timing_unblock(task);
    return !is_told_to_return(stage);
}

void weir__stage_wake(weir_stage *stage) {
    weir__lock_acquire(&stage->lock);
    weir__park_release_all(&stage->park, &stage->lock);
}
