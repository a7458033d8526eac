/*
 * own_wait.c - Implements the waits of a stage with a thread that sleeps in the program's wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/own_wait.h"

#include "closable_queue/alert.h"
#include "pipeline/observe/stall.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/abort.h"
#include "sync/border.h"

/*
 * The program's wait looks after this number of calls, or before a call that begins this many ns after the last wait. A
 * clock read costs as much as a quick call. So after calls of less than UNREAD_TIME / UNREAD_CALLS ns, only one in so many
 * reads the clock.
 */
enum { UNTENDED_CALLS = 64, UNTENDED_TIME = 1000 * 1000, UNREAD_CALLS = 8, UNREAD_TIME = 100 * 1000 };

/* ---- the bell ---- */

static weir_stage *stage_of(weir__bell *bell) {
    return (weir_stage *)(void *)((char *)bell - offsetof(weir_stage, bell));
}

static void tell_of_item(weir__alert *alert) {
    weir__own_tell(stage_of((weir__bell *)(void *)((char *)alert - offsetof(weir__bell, items))));
}

static void tell_of_room(weir__alert *alert) {
    weir__own_tell(stage_of((weir__bell *)(void *)((char *)alert - offsetof(weir__bell, room))));
}

weir_status weir__own_wait_prepare(weir_stage *stage) {
    weir__bell *bell = &stage->bell;
    if (!weir__waits_itself(stage))
        return WEIR_OK;
    bell->items = (weir__alert){.tell = tell_of_item, .kind = WEIR__ALERT_WATCH};
    bell->room = (weir__alert){.tell = tell_of_room, .kind = WEIR__ALERT_WATCH};
    if (weir__bell_open(bell))
        return WEIR_OK;
    return weir__refuse(stage->pipeline, WEIR_NOMEM, stage->name, "wait: the system has no descriptor left");
}

void weir__own_wait_free(weir_stage *stage) {
    weir__bell_close(&stage->bell);
}

/* ---- the program's wait ---- */

static void call_wait(weir__lane *lane, weir_deadline deadline) {
    weir_stage *stage = lane->stage;
    weir_wait_func *sleep_there = stage->options.work.wait;
    weir__callback call;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    weir__stall_beat(lane);
    weir__u32_store_release(&stage->stalls.waits, 1);
    sleep_there(stage->bell.fd, deadline, lane->state);
    weir__border();
    weir__u32_store_release(&stage->stalls.waits, 0);
    weir__stall_beat(lane);
    weir__callback_end(&call);
    stage->bell.untended = stage->bell.unread = 0;
    stage->bell.read_at = 1; /* the next call: no call has ended since this reading, as far as is known */
    stage->bell.tended = stage->bell.read = weir__clock_now();
}

/* The alarm rings on another thread, but abort is called on this one. */
static void ask_late(weir_stage *stage) {
    if (weir__u32_load_relaxed(&stage->bell.late) != 0 && weir__u32_exchange_acquire_release(&stage->bell.late, 0) != 0)
        weir__abort_late(stage);
}

void weir__own_wait(weir__lane *lane, weir_deadline deadline) {
    weir_stage *stage = lane->stage;
    ask_late(stage);
    if (!weir__bell_begin_sleep(&stage->bell))
        return;
    call_wait(lane, deadline);
    weir__bell_end_sleep(&stage->bell);
    ask_late(stage);
}

/* Reads the clock, and decides how many calls need not do so. The first call counts as tended. */
static bool is_untended_long(weir__bell *bell) {
    uint64_t now = weir__clock_now();
    if (bell->tended == 0) {
        bell->tended = bell->read = now;
        bell->read_at = bell->untended;
    }
    unsigned calls = bell->untended - bell->read_at;
    bool were_quick = calls > 0 && (now - bell->read) / calls < UNREAD_TIME / UNREAD_CALLS;
    bell->unread = were_quick ? UNREAD_CALLS - 1 : 0;
    bell->read = now;
    bell->read_at = bell->untended;
    return now - bell->tended >= UNTENDED_TIME;
}

static bool must_look(weir__bell *bell) {
    if (++bell->untended >= UNTENDED_CALLS)
        return true;
    if (bell->unread == 0)
        return is_untended_long(bell);
    bell->unread--;
    return false;
}

void weir__own_wait_look(weir__lane *lane) {
    weir__stall_beat(lane);
    if (must_look(&lane->stage->bell))
        call_wait(lane, 0);
    ask_late(lane->stage);
}

/* ---- what the thread waits for ---- */

void weir__own_wait_for_item(void *raw) {
    weir__lane *lane = raw;
    weir_queue *queue = lane->stage->queue;
    if (weir__queue_watch(queue, &queue->producers, &lane->stage->bell.items))
        weir__own_wait(lane, WEIR_NEVER);
}

static void leave_full(weir__bell *bell) {
    weir_queue *full = bell->full;
    bell->full = NULL;
    if (full != NULL)
        weir__queue_unwatch(full, &full->consumers, &bell->room);
}

bool weir__own_wait_for_room(weir__lane *lane, weir_queue *queue) {
    weir__alert *room = &lane->stage->bell.room;
    bool cancelled;
    lane->stage->bell.full = queue;
    while (!(cancelled = weir__is_cancelled(lane->stage->pipeline)) &&
           weir__queue_watch(queue, &queue->consumers, room))
        weir__own_wait(lane, WEIR_NEVER);
    leave_full(&lane->stage->bell);
    return !cancelled;
}

static bool has_open(weir_stage *stage) {
    weir__operations *operations = &stage->operations;
    weir__lock_acquire(&operations->lock);
    bool open = operations->open > 0;
    weir__lock_release(&operations->lock);
    return open;
}

/* Whether the thread stays for its loop. A failed start leaves operations that take too long to the destroy. */
static bool stays(weir_stage *stage, weir_deadline *limit) {
    const weir_pipeline *pipeline = stage->pipeline;
    if (*limit == WEIR_NEVER && weir__u32_load_acquire(&pipeline->undone) != 0)
        *limit = weir_deadline_after(pipeline->options.grace);
    return has_open(stage) && (*limit == WEIR_NEVER || weir__clock_now() < *limit);
}

/* Whether the program's wait has ended the thread: it is not called again. */
static bool has_lost_wait(const weir_stage *stage) {
    return weir__u32_load_relaxed(&stage->stalls.waits) != 0;
}

void weir__own_wait_end(weir__lane *lane) {
    weir_stage *stage = lane->stage;
    weir_deadline limit = WEIR_NEVER;
    if (!weir__waits_itself(stage))
        return;
    if (weir__is_cancelled(stage->pipeline))
        weir__abort_stage(stage);
    while (!has_lost_wait(stage) && stays(stage, &limit))
        weir__own_wait(lane, limit);
    weir__queue_unwatch(stage->queue, &stage->queue->producers, &stage->bell.items);
    leave_full(&stage->bell); /* the wait may have ended the thread while it waited for room */
}
