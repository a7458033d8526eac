/*
 * worker.c - what a worker thread does from its start to its end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/queue.h"
#include "stoppable_worker/group.h"

/* Tells the starter that this thread's init is over. */
static void report(weir_worker *worker, bool failed) {
    weir__group *group = worker->group;
    worker->reported = true;
    weir__lock_acquire(&group->lock);
    group->reports++;
    group->init_failed = group->init_failed || failed;
    weir__park_release_all(&group->at_reports, &group->lock);
}

static void initialise(weir_worker *worker) {
    weir__group *group = worker->group;
    if (group->init == NULL) {
        worker->state = group->arg;
        worker->initialised = true;
    } else {
        worker->initialised = group->init(group->arg, &worker->state) == WEIR_OK;
    }
    report(worker, !worker->initialised);
}

/* Waits for the gate; returns whether it leads to work. */
static bool pass_gate(weir__group *group) {
    weir__lock_acquire(&group->lock);
    while (group->gate == WEIR__GATE_SHUT)
        weir__park_wait(&group->at_gate, &group->lock, WEIR_NEVER, NULL);
    bool to_work = group->gate == WEIR__GATE_TO_WORK;
    weir__lock_release(&group->lock);
    return to_work;
}

/* Returns whether there is somebody to work for. */
static bool hand_on(weir__group *group, void *result) {
    if (group->out == NULL)
        return true;
    weir_status status = weir_queue_put(group->out, result);
    if (status == WEIR_OK)
        return true;
    if (status != WEIR_CLOSED)
        weir__u32_store_relaxed(&group->lost_result, 1); /* read after the thread was joined */
    weir__queue_drop(group->out, result);
    return status != WEIR_CLOSED;
}

static void settle(weir_worker *worker) {
    worker->owes = false;
    weir__queue_settle(worker->group->in, 1);
}

static void work(weir_worker *worker) {
    weir__group *group = worker->group;
    bool wanted = true;
    void *item;
    while (wanted && weir__queue_get_to_mark(group->in, &item, &group->mark) == WEIR_OK) {
        worker->owes = true;
        wanted = hand_on(group, group->func(item, worker->state));
        settle(worker);
    }
}

void weir__worker_main(void *raw) {
    weir_worker *worker = raw;
    initialise(worker);
    if (pass_gate(worker->group))
        work(worker);
}

void weir__worker_at_exit(void *raw) {
    weir_worker *worker = raw;
    weir__group *group = worker->group;
    if (!worker->reported) /* init has ended its thread */
        report(worker, true);
    if (worker->owes)
        settle(worker);
    if (worker->initialised && group->fini != NULL)
        group->fini(worker->state);
}
