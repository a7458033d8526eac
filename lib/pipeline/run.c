/*
 * run.c - what a worker of a stage does with an item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"
#include "pipeline/timing.h"
#include "sync/border.h"

#include <string.h>

/* The array for a batch of that many; false: out of memory. */
static bool make_room(weir_task *task, size_t count) {
    if (count <= task->room)
        return true;
    void **items = weir__alloc(2 * count * sizeof *items);
    if (items == NULL)
        return false;
    weir__free(task->items);
    task->items = items;
    task->room = 2 * count;
    return true;
}

static int call_batch(weir_task *task, weir__envelope *batch) {
    size_t count = weir__batch_count(batch);
    if (!make_room(task, count))
        return -WEIR_NOMEM;
    void **item = task->items;
    *item++ = batch->item;
    for (const weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        *item++ = at->item;
    int code = task->stage->options.run_batch(task, task->items, count, task->state);
    weir__border();
    return code;
}

static int call_function(weir_task *task, weir__envelope *envelope) {
    const weir_stage_options *options = &task->stage->options;
    if (options->run_batch != NULL)
        return call_batch(task, envelope);
    int code = 0;
    if (options->run != NULL) {
        code = options->run(task, envelope->item, task->state);
    } else {
        envelope->item = options->func(envelope->item, task->state);
        envelope->is_result = true;
    }
    weir__border();
    return code;
}

/* One attempt. */
static int call(weir_task *task, weir__envelope *envelope) {
    task->envelope = envelope;
    task->message[0] = '\0';
    task->retry_after = 0;
    task->lost = false;
    weir__timing_begin(task);
    int code = call_function(task, envelope);
    weir__timing_end(task);
    if (code == 0)
        task->message[0] = '\0';
    return task->lost && code != 0 ? -WEIR_NOMEM : code;
}

/* The results of a batch have a token; its function holds it no more. */
static void end_combined(weir_task *task) {
    if (task->combined != NULL)
        weir__token_release(task->stage->pipeline, task, task->combined, WEIR__DONE);
    task->combined = NULL;
}

static weir__after dropped(weir_task *task, weir__envelope *envelope) {
    weir__stage_drop(task->stage, task, envelope);
    return WEIR__OVER;
}

static size_t count_of(const weir_stage *stage, const weir__envelope *envelope) {
    return weir__stage_gathers(stage) ? weir__batch_count(envelope) : 1;
}

static weir__after attempt(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    if (weir__is_cancelled(stage->pipeline))
        return dropped(task, envelope);
    if (stage->rate.interval != 0 && !weir__rate_wait(task, count_of(stage, envelope)))
        return dropped(task, envelope);
    envelope->attempts++;
    int code = call(task, envelope);
    end_combined(task);
    if (code == 0 && task->lost)
        return weir__fail_consumed(task, envelope);
    return code == 0 ? weir__over(task, envelope, 0) : weir__fail(task, envelope, code);
}

/* The item has left its key; runs those that have waited for it, one after the other. */
static void run_next_of_key(weir_task *task, void *key) {
    weir__envelope *next;
    while ((next = weir__keys_leave(task, key)) != NULL) {
        if (attempt(task, next) == WEIR__WAITS)
            return; /* it keeps its place */
    }
}

/* Whatever the message is, it is not this item's. */
static weir__after fail_without_memory(weir_task *task, weir__envelope *envelope) {
    task->message[0] = '\0';
    return weir__fail(task, envelope, -WEIR_NOMEM);
}

/* Runs it, and what has waited for its key. */
static void run_with_key(weir_task *task, weir__envelope *envelope) {
    void *key = envelope->key;
    if (!envelope->entered)
        (void)fail_without_memory(task, envelope);
    else if (attempt(task, envelope) != WEIR__WAITS)
        run_next_of_key(task, key);
}

/* Gives those that have come in to other workers; those that had no memory for that stay. */
static void share_out(weir_task *task) {
    weir__list rest = {NULL, NULL};
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&task->ready)) != NULL) {
        if (envelope->entered)
            weir__requeue_first(envelope);
        else
            weir__list_append(&rest, envelope);
    }
    task->ready = rest;
}

/*
 * Lets it come in by its key, and runs what may run then. Each item of such a stage is kept, and settled where it is
 * over: in whose hands it is then, nobody can tell.
 */
static void run_by_key(weir_task *task, weir__envelope *envelope) {
    envelope->kept = true;
    if (envelope->entered) {
        run_with_key(task, envelope);
        return;
    }
    task->ready = weir__keys_enter(task, envelope);
    envelope = weir__list_take(&task->ready); /* for this worker */
    share_out(task);
    for (; envelope != NULL; envelope = weir__list_take(&task->ready))
        run_with_key(task, envelope);
}

void *weir__run(void *raw, void *state) {
    weir_task *task = state;
    weir__envelope *envelope = raw;
    envelope->kept = false;
    if (task->stage->options.per_key != 0) {
        run_by_key(task, envelope);
        return WEIR__KEPT;
    }
    if (weir__stage_gathers(task->stage) && envelope->reason == 0 && !weir__is_cancelled(task->stage->pipeline))
        envelope = weir__gather_add(task, envelope);
    if (envelope == NULL)
        return WEIR__KEPT;
    return attempt(task, envelope) == WEIR__OVER ? NULL : WEIR__KEPT;
}

void *weir__run_plain(void *item, void *state) {
    weir_task *task = state;
    if (weir__is_cancelled(task->stage->pipeline)) {
        weir__stage_drop_item(task->stage, item);
        weir__stage_count(task->stage, task, WEIR__DROPPED);
        return NULL;
    }
    task->item = item;
    weir__timing_begin(task);
    void *result = task->stage->options.func(item, task->state);
    weir__border();
    weir__timing_end(task);
    weir__verdict verdict = WEIR__DONE;
    weir_queue *onward = task->stage->onward;
    weir_status status = onward == NULL ? WEIR_OK : weir_queue_try_put(onward, result);
    if (status != WEIR_OK)
        verdict = weir__send_plain(task, result, status);
    weir__count(&task->counts[verdict], 1);
    return NULL;
}

static bool is_source_over(const weir_stage *stage) {
    return weir__u32_load_acquire(&stage->ended) != 0 || weir__is_ending(stage->pipeline);
}

static void call_source(weir_task *task) {
    weir_stage *stage = task->stage;
    task->message[0] = '\0';
    task->retry_after = 0;
    task->lost = task->told = false;
    weir__timing_begin(task);
    int code = stage->options.source(task, NULL, task->state);
    weir__border();
    weir__timing_end(task);
    if (code == WEIR_END)
        weir__stage_end_source(stage);
    if (task->lost)
        weir__fail_source(task, -WEIR_NOMEM);
    else if (code != 0 && code != WEIR_END)
        weir__fail_source(task, code);
    else
        task->failures = 0;
}

void *weir__run_source(void *permit, void *state) {
    weir_task *task = state;
    (void)permit;
    while (!is_source_over(task->stage)) {
        bool turn = task->stage->rate.interval == 0 || weir__rate_wait(task, 1);
        if (turn && !is_source_over(task->stage)) /* it may have ended meanwhile */
            call_source(task);
    }
    return NULL;
}

/* As run_next_of_key, for a thread that can run no more: one is enough, for whoever runs that runs the next. */
static void hand_over_next_of_key(weir_task *task, void *key) {
    weir__envelope *next = weir__keys_leave(task, key);
    if (next != NULL)
        weir__requeue_first(next);
}

/* And those that it has let come in, and has not run. */
static void hand_over_ready(weir_task *task) {
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&task->ready)) != NULL) {
        if (envelope->entered)
            weir__requeue_first(envelope);
        else
            (void)fail_without_memory(task, envelope);
    }
}

/* The item in hand has failed, with the thread. Returns whether the worker settles it. */
static bool fail_in_hand(weir_task *task, weir__envelope *envelope) {
    void *key = envelope->key;
    end_combined(task);
    weir__after after = weir__fail(task, envelope, -WEIR_UNFINISHED);
    if (task->stage->options.per_key == 0)
        return after == WEIR__OVER;
    if (after != WEIR__WAITS)
        hand_over_next_of_key(task, key);
    hand_over_ready(task);
    return false;
}

void *weir__run_leave(void *state) {
    weir_task *task = state;
    weir__visit_end_inner(&task->visit);
    if (!task->inside)
        return NULL;
    weir__timing_end(task);
    strcpy(task->message, "its function has ended the thread");
    if (task->envelope != NULL)
        return fail_in_hand(task, task->envelope) ? NULL : WEIR__KEPT;
    weir__fail_lost(task, -WEIR_UNFINISHED);
    return NULL;
}
