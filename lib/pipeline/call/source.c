/*
 * source.c - Runs sources.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/source.h"

#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/retry.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/pause.h"
#include "sync/border.h"

void weir__source_start(weir_stage *stage) {
    for (size_t i = 0; i < stage->options.threads.count; i++)
        (void)weir_queue_try_put(stage->queue, stage); /* the queue is open and has room */
}

/* Ends the source: no worker calls it again. */
static void end_source(weir_stage *stage) {
    weir__u32_store_release(&stage->ended, 1);
    weir__pause_wake(stage);
}

static void begin_call(weir_task *task) {
    task->message[0] = '\0';
    task->retry_after = 0;
    task->lost = task->told = false;
}

static int call(weir__lane *lane) {
    weir_task *task = &lane->task;
    begin_call(task);
    weir__timing_begin(lane);
    int code = lane->stage->options.work.source(task, NULL, lane->state);
    weir__border();
    weir__timing_end(lane);
    return code;
}

/* Whether the source is called again after a failed call. */
static bool is_called_again(weir_stage *stage, unsigned failures, int code) {
    if (weir__is_ending(stage->pipeline))
        return false;
    return stage->options.errors.on_error == WEIR_SKIP || weir__is_retried(stage, failures, code);
}

/* Handles a failed call: blocks until the next attempt, or ends the source. */
static void fail(weir__lane *lane, int code) {
    weir_stage *stage = lane->stage;
    weir_task *task = &lane->task;
    if (!task->lost && (task->told || weir__is_cancelled(stage->pipeline)))
        return; /* after being told to return, a call's code is no error */
    task->failures++;
    bool again = is_called_again(stage, task->failures, code), fatal = false;
    if (again)
        weir__add_retried_error(stage, code, task->message, task->failures);
    else
        fatal = weir__add_error(stage, code, task->message, task->failures);
    weir__count(&lane->failed_calls, 1); /* S3: entered, and then failed */
    weir__count_retired(stage, lane, WEIR__FAILED, 1);
    if (again) {
        weir__count(&lane->retried, 1);
        uint64_t delay = weir__retry_delay(task, task->failures, weir__clock_now());
        (void)weir__pause_until(lane, weir_deadline_after(delay), WEIR__FOR_RETRY);
        return;
    }
    end_source(stage);
    if (fatal)
        weir__fail_run(stage->pipeline);
}

/* What follows from the code of a call. */
static void conclude(weir__lane *lane, int code) {
    if (code == WEIR_END)
        end_source(lane->stage);
    if (lane->task.lost)
        fail(lane, WEIR_CODE(WEIR_NOMEM));
    else if (code != 0 && code != WEIR_END)
        fail(lane, code);
    else
        lane->task.failures = 0;
}

/* Blocks while the source is paused, or its rate allows no call. Returns false if the lane must make no call now. */
static bool has_turn(weir__lane *lane) {
    const weir_stage *stage = lane->stage;
    if (stage->crew != NULL && weir__stage_is_paused(stage))
        return false; /* U3 */
    if (stage->pipeline->plain)
        weir__outbox_send_before(lane, weir__rate_limits(&stage->rate));
    return weir__pause_for_call(lane, 1);
}

/* ---- calls in a row ---- */

/* Returns how many calls may follow in a row: 0 if the next one must look at the clock or the rate. */
static size_t most_in_a_row(const weir__lane *lane) {
    return weir__rate_limits(&lane->stage->rate) ? 0 : weir__timing_untimed(lane);
}

static bool may_call(const weir_stage *stage) {
    return !weir__is_held_up(stage) && !weir__is_told_to_return(stage);
}

/* Makes up to `count` untimed calls, at least one, until one fails or is the last, or the next one must wait. */
static size_t call_in_a_row(weir__lane *lane, size_t count) {
    const weir_stage *stage = lane->stage;
    weir_task_func *source = stage->options.work.source;
    weir_task *task = &lane->task;
    size_t calls = 0;
    int code;
    weir__timing_begin_untimed(lane);
    for (;;) {
        begin_call(task);
        code = source(task, NULL, lane->state);
        weir__border();
        calls++;
        if (code != 0 || task->lost || calls == count || !may_call(stage))
            break;
        task->failures = 0;
        weir__timing_next_untimed(lane);
    }
    weir__timing_end_untimed(lane, calls);
    conclude(lane, code);
    return calls;
}

/* Makes up to `count` calls, at least one. Returns their number. */
static size_t make_calls(weir__lane *lane, size_t count) {
    size_t most = most_in_a_row(lane);
    if (most > 0)
        return call_in_a_row(lane, most < count ? most : count);
    conclude(lane, call(lane));
    return 1;
}

static void begin_part(weir__lane *lane) {
    weir__u32_store_relaxed(&lane->served.lasts, 0);
    weir__hand_begin_part(weir__crew_hand(lane)); /* N8 */
}

size_t weir__source_run(weir__lane *lane, size_t most, size_t part) {
    size_t calls = 0, next = 0; /* the present part ends with that call */
    while (calls < most && has_turn(lane)) {
        if (calls == next && lane->stage->crew != NULL)
            begin_part(lane);
        if (calls == next)
            next = most - calls < part ? most : calls + part;
        calls += make_calls(lane, next - calls);
    }
    return calls;
}

void *weir__run_source(void *permit, void *lane) {
    (void)permit;
    (void)weir__source_run(lane, SIZE_MAX, SIZE_MAX);
    return NULL;
}
