/*
 * outbox.c - Implements outboxes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/outbox.h"

#include "closable_queue/settle.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/has_turn.h"
#include "pipeline/state/pipeline.h"

enum { AT_ONCE = 64 }; /* results of a put, which are on the stack */

/* Puts results to the queue until it is full. Returns their number. */
static size_t put_some(weir_queue *queue, const weir__slot *results, size_t count) {
    size_t sum = 0, put = AT_ONCE;
    while (sum < count && put == AT_ONCE) {
        void *some[AT_ONCE];
        size_t next = count - sum < AT_ONCE ? count - sum : AT_ONCE;
        for (size_t i = 0; i < next; i++)
            some[i] = weir__ptr_load_relaxed(&results[sum + i]);
        (void)weir_queue_try_put_many(queue, some, next, &put);
        sum += put;
    }
    return sum;
}

/*
 * Sends results until the next queue is full, or none if the lane's thread is to send them. Returns their number. The
 * lock is held.
 */
static size_t send_some_locked(weir__lane *lane) {
    weir__served *served = &lane->served;
    weir_queue *onward = lane->stage->onward;
    if (served->sending)
        return 0; /* N7 */
    if (onward != NULL && onward->port != NULL)
        return 0; /* a port is asked with no lock held: take_next */
    size_t count = weir__u32_load_acquire(&served->made) - served->sent;
    if (!weir__has_turn(lane))
        return 0;                        /* O10 */
    weir__assert(count <= WEIR__MORSEL); /* N7 */
    size_t put = onward == NULL ? count : put_some(onward, served->out + served->sent, count);
    served->sent += (uint32_t)put;
    return put;
}

/*
 * Takes the next result that is not sent: only the lane's thread sends results from now on. Returns false if there is
 * none: the outbox is empty then.
 */
static bool take_next(weir__lane *lane, void **result) {
    weir__served *served = &lane->served;
    weir__lock_acquire(&served->out_lock);
    bool any = served->sent < weir__u32_load_relaxed(&served->made);
    served->sending = any;
    if (any)
        *result = weir__ptr_load_relaxed(&served->out[served->sent++]);
    if (!any)
        weir__u32_store_release(&served->made, served->sent = 0);
    weir__lock_release(&served->out_lock);
    return any;
}

void weir__outbox_count(weir__lane *lane, weir__verdict verdict, size_t items) {
    weir__count(&lane->counts[verdict], items);
    if (!weir__stage_is_source(lane->stage))
        lane->served.owed += items;
}

void weir__outbox_send(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    void *result;
    weir__lock_acquire(&lane->served.out_lock);
    size_t sent = send_some_locked(lane);
    weir__lock_release(&lane->served.out_lock);
    weir__outbox_count(lane, WEIR__DONE, sent);
    while (take_next(lane, &result)) {
        weir_status status = weir_queue_try_put(stage->onward, result);
        weir__outbox_count(lane, status == WEIR_OK ? WEIR__DONE : weir__send_plain(stage, lane, result, status), 1);
    }
}

void weir__outbox_rescue(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    if (!stage->pipeline->plain || weir__turn_defer(lane))
        return;
    weir__lock_acquire(&lane->served.out_lock);
    size_t sent = send_some_locked(lane);
    weir__count_shared(&stage->counts[WEIR__DONE], sent);
    if (sent > 0 && !weir__stage_is_source(stage))
        weir__queue_settle(stage->queue, sent); /* within the lock: before the lane's thread can end the stage */
    weir__lock_release(&lane->served.out_lock);
}
