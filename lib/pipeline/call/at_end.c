/*
 * at_end.c - Calls a stage's at_end, at the end of each of its threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/at_end.h"

#include "pipeline/call/complete.h"
#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/pipeline.h"
#include "sync/border.h"

static int call(weir__lane *lane) {
    weir_task *task = &lane->task;
    task->envelope = NULL;
    task->message[0] = '\0';
    task->lost = false;
    lane->at_end = true;
    weir__timing_begin(lane);
    int code = lane->stage->options.work.at_end(task, lane->state);
    weir__border();
    weir__timing_end(lane);
    lane->at_end = false;
    return weir__code_of_item(task, code);
}

/* A failed call counts as one item entered and one failed (S3), as a source's does. */
static void fail(weir__lane *lane, int code) {
    weir_stage *stage = lane->stage;
    bool fatal = weir__add_error(stage, code, lane->task.message, 1);
    weir__count(&lane->failed_calls, 1);
    weir__count_retired(stage, lane, WEIR__FAILED, 1);
    if (fatal)
        weir__fail_run(stage->pipeline);
}

/* A call that a cancel prevents, or makes fail, is no error; but the run has not completed all in time. */
void weir__at_end(void *raw) {
    weir__lane *lane = raw;
    weir_pipeline *pipeline = lane->stage->pipeline;
    if (lane->stage->options.work.at_end == NULL)
        return;
    int code = weir__is_cancelled(pipeline) ? WEIR_CODE(WEIR_CANCELLED) : call(lane);
    if (code == 0)
        return;
    if (weir__is_cancelled(pipeline))
        weir__u32_store_relaxed(&pipeline->cut_short, 1); /* read after the thread is counted out */
    else
        fail(lane, code);
}
