/*
 * root.c - Emits the results of calls without an item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/root.h"

#include "pipeline/observe/timing.h"
#include "pipeline/outcome/discard.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/pause.h"

/* Blocks until the root is admitted. Returns false if the pipeline is cancelled. */
static bool admit(weir__lane *lane, weir__envelope *envelope) {
    weir_pipeline *pipeline = lane->stage->pipeline;
    weir__admission *admission = &pipeline->flight.admission;
    if (!admission->limited)
        return !weir__is_cancelled(pipeline);
    weir_status status = weir__admission_enter(admission, envelope->weight, false, 0);
    if (status == WEIR_TIMEDOUT) {
        weir__timing_block(lane, WEIR__FOR_ADMISSION);
        status = weir__admission_enter(admission, envelope->weight, false, WEIR_NEVER);
        weir__timing_unblock(lane);
    }
    return status == WEIR_OK;
}

/* Tells the program of a result that was not admitted, if it has a ticket. */
static void tell_unadmitted(weir__lane *lane, const weir__ticket *ticket, weir__verdict verdict) {
    weir__flight *flight = &lane->stage->pipeline->flight;
    if (ticket != NULL)
        flight->tell(flight, ticket->of, verdict);
}

/* Drops a result after a cancel, unless it leaves. The result counts as a root that has ended. */
static void end_unadmitted(weir__lane *lane, weir__envelope *envelope, const weir__ticket *ticket) {
    weir_stage *stage = lane->stage;
    void *result = envelope->item;
    weir__verdict verdict = weir__leaves_cancelled(stage, result) ? WEIR__DONE : WEIR__DROPPED;
    weir__envelope_abandon(&stage->pipeline->flight, &lane->account, envelope);
    if (verdict == WEIR__DROPPED)
        weir__discard_result(stage, result);
    weir__count_retired(stage, lane, verdict, 1);
    weir__count(&lane->account.roots[verdict], 1);
    tell_unadmitted(lane, ticket, verdict);
}

/* Returns a new envelope with a result, and its ticket, if any. Returns NULL if there is no memory. */
static weir__envelope *wrap(weir__lane *lane, void *result, const weir__ticket *ticket) {
    weir__flight *flight = &lane->stage->pipeline->flight;
    weir__envelope *envelope = weir__envelope_new(flight, &lane->account, result);
    if (envelope == NULL)
        return NULL;
    envelope->weight = weir__weigh(lane->stage->pipeline, result);
    if (ticket == NULL || weir__envelope_ticket(flight, &lane->account, envelope, ticket))
        return envelope;
    weir__envelope_free(flight, &lane->account, envelope);
    return NULL;
}

/* Sends an item of a plain pipeline. */
static void emit_plain(weir__lane *lane, void *result) {
    weir_stage *stage = lane->stage;
    weir__count(&lane->produced, 1); /* S3 */
    if (stage->crew != NULL) {
        weir__outbox_emit(lane, result);
        return;
    }
    weir_status status = stage->onward == NULL ? WEIR_OK : weir_queue_try_put(stage->onward, result);
    weir__verdict verdict = status == WEIR_OK ? WEIR__DONE : weir__send_plain(stage, lane, result, status);
    weir__count(&lane->counts[verdict], 1);
}

/* U4. */
static void await_entrance(weir__lane *lane) {
    const weir_pipeline *pipeline = lane->stage->pipeline;
    if (pipeline->plain)
        weir__outbox_send_before(lane, weir__u32_load_relaxed(&pipeline->entry.paused) != 0);
    (void)weir__pause_at(lane, &pipeline->entry);
}

void weir__emit_root(weir__lane *lane, void *result, const weir__ticket *ticket) {
    weir_stage *stage = lane->stage;
    if (!lane->at_end)
        await_entrance(lane);
    if (stage->pipeline->plain) {
        emit_plain(lane, result);
        return;
    }
    weir__envelope *envelope = wrap(lane, result, ticket);
    if (envelope == NULL) { /* the call has failed; no item has entered */
        lane->task.lost = true;
        weir__discard_result(stage, result);
        tell_unadmitted(lane, ticket, WEIR__FAILED);
        return;
    }
    bool admitted = admit(lane, envelope);
    if (admitted && !lane->at_end)
        await_entrance(lane);        /* U4: a pause may have come while the root waited to be admitted */
    weir__count(&lane->produced, 1); /* S3 */
    if (admitted)
        weir__count_retired(stage, lane, weir__send(stage, lane, envelope), 1);
    else
        end_unadmitted(lane, envelope, ticket);
}
