/*
 * create.c - Creates executors, and tells what they do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "executor/state.h"
#include "executor/worker.h"

/* Without spinning, as over the scheduler of the tests, there is no monitor: no thread is called "soon". */
static const uint64_t tick = WEIR__PAUSE_FOR_PARTNER > 0 ? 0 : UINT64_MAX;

enum { MOST_THREADS = 1 << 22 }; /* no system has more; a product with a few of them does not wrap around */

static bool is_valid(const weir_executor_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return (unsigned)options->when_full <= WEIR_RUN_IN_CALLER;
}

static weir_executor *new_executor(const weir_executor_options *options) {
    weir_executor *executor = weir__alloc(sizeof *executor);
    if (executor == NULL)
        return NULL;
    executor->init = options->init;
    executor->fini = options->fini;
    executor->arg = options->arg;
    executor->capacity = options->capacity == 0 ? WEIR_UNBOUNDED : options->capacity;
    executor->when_full = options->when_full;
    for (enum weir__band band = WEIR__BAND_HIGH; band < WEIR__BANDS; band++)
        executor->own[band].band = band;
    return executor;
}

static weir_status create_crew(weir_executor *executor, const weir_executor_options *options) {
    const weir__crew_options of_crew = {.name = options->name,
                                        .size = options->threads < MOST_THREADS ? options->threads : MOST_THREADS,
                                        .stack_size = options->stack_size,
                                        .idle_time = options->idle_time,
                                        .tick = tick,
                                        .keeps_seats = true,
                                        .init = weir__worker_init,
                                        .fini = weir__worker_fini,
                                        .arg = executor};
    weir_status status = weir__crew_create(&executor->crew, &of_crew);
    if (status != WEIR_OK)
        return status;
    executor->size = weir__crew_size(executor->crew);
    weir__ptr_store_relaxed(&executor->home, executor->crew);
    executor->job = (weir__job){
        .run = weir__worker_run, .exited = weir__worker_exited, .crew = executor->crew, .band = WEIR__BAND_NORMAL};
    status = weir__crew_staff(executor->crew);
    if (status != WEIR_OK) {
        weir__crew_destroy(executor->crew);
        return status;
    }
    weir__lock_acquire(&executor->lock);
    executor->staffed = true;
    weir__lock_release(&executor->lock);
    return WEIR_OK;
}

weir_status weir_executor_create(weir_executor **executor, const weir_executor_options *options) {
    const weir_executor_options none = {0};
    options = options == NULL ? &none : options;
    if (executor == NULL || !is_valid(options))
        return WEIR_INVALID;
    weir_executor *new = new_executor(options);
    if (new == NULL)
        return WEIR_NOMEM;
    weir_status status = create_crew(new, options);
    if (status != WEIR_OK) {
        weir__free(new);
        return status;
    }
    *executor = new;
    return WEIR_OK;
}

/*
 * Adds the tasks of the worker's batch. Of those with structs it counts the ones that were neither claimed nor cancelled;
 * for the memory see weir_executor_destroy. Returns whether the first one, which begins (X9), is among them.
 */
static bool count_batch_locked(weir__worker *worker, weir_executor_counts *counts) {
    bool begins = false;
    for (size_t i = 0; i < worker->batch_size; i++) {
        const weir__task *token = weir__ptr_load_acquire(&worker->batch[i].token);
        bool waits = token != NULL && (worker->batch[i].of != NULL || weir__future_is_pending(&token->future));
        begins = begins || (i == 0 && waits);
        counts->pending += i > 0 && waits;
    }
    return begins;
}

/* Reads the places of tasks first: one that is claimed meanwhile counts as running, too, rather than nowhere (X8). */
static void count_worker_locked(weir__worker *worker, weir_executor_counts *counts) {
    counts->pending += weir__nest_size_locked(&worker->nest);
    bool begins = count_batch_locked(worker, counts);
    uint32_t running = weir__u32_load_acquire(&worker->running);
    counts->running += (running & ~WEIR__CLAIMING) + (begins || (running & WEIR__CLAIMING) != 0);
}

weir_status weir_executor_counts_of(weir_executor *executor, weir_executor_counts *counts) {
    if (executor == NULL || counts == NULL)
        return WEIR_INVALID;
    size_t threads = weir__crew_threads(executor->crew);
    weir__lock_acquire(&executor->lock);
    *counts = (weir_executor_counts){.pending = executor->bands.listed,
                                     .running = executor->running_here,
                                     .delayed = executor->delayed,
                                     .threads = threads};
    for (weir__worker *worker = executor->workers; worker != NULL; worker = worker->after)
        count_worker_locked(worker, counts);
    weir__lock_release(&executor->lock);
    return WEIR_OK;
}
