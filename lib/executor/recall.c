/*
 * recall.c - Implements the recall of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/recall.h"

void weir__hold_locked(weir__worker *worker, size_t count) {
    weir_executor *executor = worker->executor;
    weir__assert(worker->held == 0);
    worker->batch_size = count;
    worker->held = count > 1 ? count - 1 : 0;
    worker->taken = ++executor->takes;
    executor->held[worker->band] += worker->held;
}

void weir__unhold_locked(weir__worker *worker) {
    weir__assert(worker->held <= worker->executor->held[worker->band]); /* X9 */
    worker->executor->held[worker->band] -= worker->held;
    worker->held = 0;
}

/* Takes a reserve for tasks of the source. There is one for each run (X10). */
static weir__bundle *take_reserve_locked(weir__worker *worker, weir__source *source) {
    weir__bundle *run = worker->reserve;
    weir__assert(run != NULL);
    worker->reserve = (weir__bundle *)run->head.next;
    worker->reserves--;
    run->head.source = source;
    run->head.since = worker->since;
    return run;
}

/* Requeues what the batch has but for the first task, which begins, at the front of its source and in its order. */
static void recall_batch_locked(weir__worker *worker) {
    weir__bands *bands = &worker->executor->bands;
    weir__bundle *run = NULL;
    for (size_t i = worker->batch_size; i-- > 1;) {
        const weir__entry *entry = &worker->batch[i];
        void *token = weir__entry_claim(&worker->batch[i]); /* X3 */
        if (token != NULL && entry->of != NULL) {
            run = run != NULL ? run : take_reserve_locked(worker, entry->of);
            weir__bundle_add_first(run, (weir_executor_func *)(uintptr_t)token, entry->arg);
        } else if (token != NULL) {
            if (run != NULL)
                weir__source_requeue(bands, &run->head);
            run = NULL;
            weir__source_requeue(bands, token);
        }
    }
    if (run != NULL)
        weir__source_requeue(bands, &run->head);
    if (worker->batch_size > 1)
        worker->batch_size = 1;
    weir__unhold_locked(worker);
}

/* Returns the worker of these bands that has taken its batch last; NULL: none holds a task. */
static weir__worker *last_locked(const weir_executor *executor, enum weir__band band) {
    weir__worker *last = NULL;
    for (weir__worker *worker = executor->workers; worker != NULL; worker = worker->after) {
        if (worker->held > 0 && worker->band >= band && (last == NULL || worker->taken > last->taken))
            last = worker;
    }
    return last;
}

void weir__recall_from_locked(weir_executor *executor, enum weir__band band) {
    for (weir__worker *worker; (worker = last_locked(executor, band)) != NULL;)
        recall_batch_locked(worker);
}
