/*
 * worker.c - Implements a worker's thread from its start to its end (W1 of group.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/worker.h"
#include "closable_queue/drop.h"
#include "closable_queue/port_settle.h"
#include "closable_queue/settle.h"
#include "stoppable_worker/prefetch.h"
#include "sync/border.h"

char weir__kept_item;

weir_worker *weir__worker_of(weir__member *member) {
    return (weir_worker *)(void *)((char *)member - offsetof(weir_worker, member));
}

/* Settles the items that are begun, except the last `but` of them. */
static void settle_but(weir_worker *worker, size_t but) {
    weir__assert(worker->owes >= but);
    size_t count = worker->owes - but;
    worker->owes = but;
    if (count > 0)
        weir__queue_settle(worker->group->in, count);
}

/* W1. The present item is begun, and not done: a port delivers it again. Other queues do not have it any more. */
static void return_present(weir_worker *worker) {
    if (worker->owes == 0 || worker->group->in->port == NULL)
        return;
    settle_but(worker, 1);
    weir__port_return_own(worker->group->in);
    worker->owes = 0;
}

size_t weir__worker_number(const weir_worker *worker) {
    return (size_t)(worker - worker->group->workers);
}

const weir__stopwatch *weir__worker_starved(const weir_worker *worker) {
    return &worker->starved;
}

void weir__worker_waits(weir_worker *worker) {
    settle_but(worker, worker->owes > 0); /* the present item, if there is one */
    worker->waited = true;
}

/* Puts the result. Settles the earlier items before it waits for room. */
static weir_status put(weir_worker *worker, void *result) {
    weir_status status = weir_queue_try_put(worker->group->out, result);
    if (status != WEIR_FULL)
        return status;
    weir__worker_waits(worker);
    return weir_queue_put(worker->group->out, result);
}

/* Puts the result, or drops it if that fails. Returns false if `out` is shut down: the worker must end. */
static bool hand_on(weir_worker *worker, void *result) {
    weir__group *group = worker->group;
    if (group->out == NULL)
        return true;
    weir_status status = put(worker, result);
    if (status == WEIR_OK)
        return true;
    if (status != WEIR_CLOSED)
        weir__u32_store_relaxed(&group->lost_result, (uint32_t)status); /* read after the thread is joined */
    weir__queue_drop(group->out, result);
    return_present(worker);
    return status != WEIR_CLOSED;
}

/*
 * Runs the batch's items, up to `count`. Returns the number of items begun. `*wanted` becomes false if the worker
 * must end.
 */
static size_t run_batch(weir_worker *worker, size_t count, bool *wanted) {
    weir__group *group = worker->group;
    size_t begun = 0;
    void *item;
    for (size_t i = 0; i < count && *wanted && !weir__queue_is_discarding(group->in); i++) {
        if (!weir__prefetch_begin(worker, i, &item))
            continue;
        begun++;
        worker->owes++;
        void *result = group->func(item, worker->member.state);
        weir__border();
        if (result == WEIR__KEPT)
            worker->owes--;
        else
            *wanted = hand_on(worker, result);
    }
    return begun;
}

/*
 * A clock read costs as much as a quick item. So of the items taken alone, only every eighth is timed: also of those
 * that wait, because their time is not used.
 */
static bool is_timed(weir_worker *worker, size_t count) {
    return count > 1 || (worker->most == 1 && !worker->waited) || ++worker->singles % 8 == 0;
}

/* Runs the batch and learns how long it takes. Returns false if the worker must end. */
static bool run_timed(weir_worker *worker, size_t count) {
    bool wanted = true;
    if (!is_timed(worker, count)) {
        (void)run_batch(worker, count, &wanted);
        return wanted;
    }
    uint64_t from = weir__clock_now();
    worker->waited = false;
    size_t begun = run_batch(worker, count, &wanted);
    if (begun > 0 && !worker->waited)
        weir__prefetch_learn(worker, begun, weir__clock_now() - from);
    return wanted;
}

static void enter_queues(weir__member *member) {
    weir_worker *worker = weir__worker_of(member);
    weir__callout_begin(&worker->uses_out, worker->group->out, WEIR__USING);
    weir__callout_begin(&worker->uses_in, worker->group->in, WEIR__USING);
}

static void call_last(weir_worker *worker) {
    if (worker->group->extra.last != NULL)
        worker->group->extra.last(worker->member.state);
}

static void work(weir__member *member) {
    weir_worker *worker = weir__worker_of(member);
    bool wanted = true;
    size_t count;
    if (worker->added)
        weir__team_come(&worker->group->team);
    worker->uses_in.how |= WEIR__OWING;
    while (wanted && (count = weir__prefetch_fill(worker)) > 0) {
        wanted = run_timed(worker, count);
        settle_but(worker, 0);
    }
    call_last(worker);
    worker->uses_in.how = WEIR__USING;
}

/* The worker's init has failed, or has ended the thread. */
static void lose(weir_worker *worker) {
    weir__group *group = worker->group;
    if (group->extra.lost != NULL)
        group->extra.lost(group->gang.arg);
    if (worker->added)
        weir__team_lose(&group->team);
}

/* W1. */
static void leave_queues(weir__member *member) {
    weir_worker *worker = weir__worker_of(member);
    weir__group *group = worker->group;
    bool early = (worker->uses_in.how & WEIR__OWING) != 0; /* `work` has not returned */
    weir__callout_unwind_to(&worker->uses_in);
    if (member->initialised && group->extra.leave != NULL && group->extra.leave(member->state, early) == WEIR__KEPT)
        worker->owes--;
    if (!member->initialised)
        lose(worker);
    if (early)
        return_present(worker);
    settle_but(worker, 0);
    worker->uses_in.how = WEIR__USING;
    weir__prefetch_give_back(worker);
}

static const weir__trade trade = {.enter = enter_queues, .work = work, .leave = leave_queues};

const weir__trade *weir__worker_trade(void) {
    return &trade;
}

weir_worker *weir__worker_self(void) {
    weir__member *self = weir__gang_self(&trade);
    return self == NULL ? NULL : weir__worker_of(self);
}
