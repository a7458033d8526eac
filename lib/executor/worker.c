/*
 * worker.c - Implements the workers of an executor.
 *
 * A worker takes several tasks at once if they are quick: an acquire of the lock for each would cost more than the
 * task. It takes at most its share of the listed tasks, and no more than about 50 us of work. A thread that finds no
 * listed task recalls those in batches. Batches are short where they are often recalled (recall.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/worker.h"

#include "executor/account.h"
#include "executor/cell.h"
#include "executor/drop.h"
#include "executor/pair.h"
#include "executor/recall.h"
#include "executor/run.h"
#include "sync/border.h"

enum {
    MOST_WORK = 50 * 1000,    /* ns of work that a batch has */
    WORTH_A_WAKE = 20 * 1000, /* ns of listed work for which a further thread is woken while one looks soon */
    MOST_BATCHES = 64,        /* of a slice */
    SHORT_BATCH = 16,         /* tasks of a batch, if priorities or a capacity may recall it */
    LATER = 8,                /* batches that each of the threads takes while one lasts that is recalled */
    LONGEST_EACH = 1000 * 1000 * 1000,
    RISE = 8 /* a single batch raises the learnt time at most so many times */
};

/* ---- the time of a task ---- */

/* Learns from a batch of `count` tasks. A hint: another thread may store at the same time. */
static void learn(weir_executor *executor, uint64_t took, size_t count) {
    uint32_t each = weir__u32_load_relaxed(&executor->each);
    uint64_t sample = took / count;
    if (each != 0 && sample > (uint64_t)RISE * each)
        sample = (uint64_t)RISE * each;
    if (sample > LONGEST_EACH)
        sample = LONGEST_EACH;
    uint64_t mean = each == 0 ? sample : ((uint64_t)3 * each + sample) / 4;
    weir__u32_store_relaxed(&executor->each, mean == 0 ? 1 : (uint32_t)mean);
}

/* Returns how many tasks are MOST_WORK; at least one. */
static size_t quick_tasks(const weir_executor *executor) {
    uint32_t each = weir__u32_load_relaxed(&executor->each);
    return each == 0 || each > MOST_WORK ? 1 : MOST_WORK / each;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t fair_batch_locked(const weir__worker *worker) {
    const weir_executor *executor = worker->executor;
    if (worker->reserves == 0) /* X10 */
        return 1;
    bool recalls = executor->capacity != WEIR_UNBOUNDED || executor->bands.several;
    size_t longest = recalls ? SHORT_BATCH : WEIR__BATCH;
    size_t listed = executor->bands.listed, share = (listed + executor->size - 1) / executor->size;
    size_t most = least(least(share, quick_tasks(executor)), longest);
    return most == 0 ? 1 : most;
}

/* ---- taking tasks ---- */

/* Steals tasks from the nests of other workers. Puts them in the thief's batch, which is empty. Returns their number. */
static size_t steal_nested_locked(weir__worker *thief) {
    weir_executor *executor = thief->executor;
    weir__task *tasks[SHORT_BATCH];
    size_t count = 0;
    for (weir__worker *worker = executor->workers; worker != NULL && count == 0; worker = worker->after) {
        if (worker == thief || !weir__nest_has_entries(&worker->nest))
            continue;
        size_t half = (weir__nest_size_locked(&worker->nest) + 1) / 2;
        size_t most = least(least(half, quick_tasks(executor)), SHORT_BATCH);
        count = weir__nest_shut_locked(&worker->nest, tasks, most);
    }
    thief->band = WEIR__BAND_NORMAL;
    for (size_t i = 0; i < count; i++) {
        weir__source_note(&executor->bands, tasks[i]);
        thief->batch[i].of = NULL;
        weir__ptr_store_relaxed(&thief->batch[i].token, tasks[i]);
    }
    executor->unfinished += count; /* N5 */
    return count;
}

/* Whether a worker's nest may have tasks. */
static bool have_nested_locked(const weir_executor *executor) {
    for (const weir__worker *worker = executor->workers; worker != NULL; worker = worker->after) {
        if (weir__nest_has_entries(&worker->nest))
            return true;
    }
    return false;
}

static bool is_worth_a_wake(const weir_executor *executor) {
    uint64_t each = weir__u32_load_relaxed(&executor->each);
    return executor->bands.listed * each >= WORTH_A_WAKE && weir__crew_has_seat(executor->crew);
}

/* X10. Keeps bundles of the list `*over` as reserves. */
static void keep_reserves_locked(weir__worker *worker, weir__bundle **over) {
    while (*over != NULL && (*over)->room == WEIR__BATCH && worker->reserves < WEIR__RESERVES) {
        weir__bundle *bundle = *over;
        *over = (weir__bundle *)bundle->head.next;
        bundle->from = bundle->to = 0;
        bundle->head.next = (weir__task *)worker->reserve;
        worker->reserve = bundle;
        worker->reserves++;
    }
    worker->lacks = worker->reserves == 0;
}

/* Takes listed tasks. Returns their number. */
static size_t take_listed_locked(weir__worker *worker, weir__bundle **over) {
    weir__take request = {
        .entries = worker->batch, .most = fair_batch_locked(worker), .runs = worker->reserves, .over = *over};
    size_t count = weir__source_take(&worker->executor->bands, &request);
    worker->band = request.band;
    worker->since = request.since;
    *over = request.over;
    return count;
}

/*
 * X9. Recalls tasks behind one that takes long, which has not been quick like those before: while threads find later
 * ones of their band in the list, they leave those in batches.
 */
static void recall_old_locked(weir_executor *executor) {
    uint64_t many = LATER * executor->size;
    if (executor->takes % many != 0 || !weir__holds_tasks(executor))
        return;
    for (const weir__worker *worker = executor->workers; worker != NULL; worker = worker->after) {
        if (worker->held > 0 && worker->taken + many <= executor->takes) {
            weir__recall_from_locked(executor, WEIR__BAND_HIGH);
            return;
        }
    }
}

/* X9. Recalls tasks that begin before the listed ones: those of higher bands, or all if none is listed. */
static void recall_first_locked(weir_executor *executor) {
    size_t held = 0;
    for (enum weir__band band = WEIR__BAND_HIGH; band < WEIR__BANDS; band++) {
        if (executor->bands.list[band].first != NULL)
            break;
        held += executor->held[band];
    }
    if (held > 0)
        weir__recall_from_locked(executor, WEIR__BAND_HIGH);
}

/* X4. */
static void call_for_tasks_locked(weir_executor *executor, weir__calls *calls) {
    if (executor->bands.listed > 0 || weir__holds_tasks(executor) || have_nested_locked(executor))
        weir__call_thread_locked(executor, calls);
}

/*
 * Fills the worker's batch, and returns the number of tasks in it. Notes in `calls` what this calls for. The worker's
 * batch is empty.
 */
static size_t take_locked(weir__worker *worker, bool first, weir__bundle **over, weir__calls *calls) {
    weir_executor *executor = worker->executor;
    bool nested = first && have_nested_locked(executor);
    if (first && !nested)
        executor->bands.passed = 0;
    if (nested)
        recall_first_locked(executor); /* so they have their turn, too */
    size_t count = nested && weir__source_yields(&executor->bands) ? steal_nested_locked(worker) : 0; /* X4 */
    recall_old_locked(executor);
    if (count == 0) {
        recall_first_locked(executor);
        count = take_listed_locked(worker, over);
    }
    if (count == 0 && !first)
        count = steal_nested_locked(worker);
    weir__hold_locked(worker, count);
    if (count == 0)
        return 0;
    weir__call_room_locked(executor, calls);
    call_for_tasks_locked(executor, calls);
    return count;
}

/* ---- a slice ---- */

/* Returns the number of tasks that it has run: a recall may have taken some. */
static size_t run_batch(weir__worker *worker, size_t count) {
    size_t ran = 0;
    for (size_t i = 0; i < count; i++) {
        weir__source *of = worker->batch[i].of;
        weir__claim_begin(worker);
        void *arg = worker->batch[i].arg, *token = weir__entry_claim(&worker->batch[i]); /* X3, X8 */
        ran += token != NULL;
        if (token == NULL)
            weir__claim_end(worker);
        else if (of != NULL)
            weir__pair_run((weir_executor_func *)(uintptr_t)token, arg, of, worker);
        else
            weir__run_taken(token, worker);
    }
    return ran;
}

/* Returns the number of tasks that the worker has taken. Reports, and wakes what the change concerns. */
static size_t take(weir__worker *worker, bool first) {
    weir_executor *executor = worker->executor;
    weir__bundle *over = worker->lacks ? weir__bundle_new(WEIR__BATCH) : NULL;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__report_locked(worker, &calls);
    weir__unhold_locked(worker);
    keep_reserves_locked(worker, &over);
    size_t count = take_locked(worker, first, &over, &calls);
    keep_reserves_locked(worker, &over);
    bool more = count > 0 && is_worth_a_wake(executor);
    (void)weir__calls_release(executor, &calls);
    weir__bundles_free(over);
    if (more)
        weir__crew_call(executor->crew);
    return count;
}

void weir__worker_run(weir__job *job, weir__hand *hand) {
    weir__worker *worker = weir__hand_state(hand);
    (void)job;
    (void)weir__uncancellable_begin(); /* a task may have changed it */
    uint64_t before = weir__clock_now(), took = 0;
    size_t count = 0;
    for (unsigned batches = 0; batches < MOST_BATCHES && took < MOST_WORK; batches++) {
        count = take(worker, batches == 0);
        if (count == 0)
            break;
        size_t ran = run_batch(worker, count);
        uint64_t after = weir__clock_now();
        took = after - before;
        if (ran > 0)
            learn(worker->executor, took, ran);
        before = after;
    }
    if (count == 0)
        return;
    weir__calls calls = {0}; /* the slice ends; tasks may be left */
    weir__lock_acquire(&worker->executor->lock);
    weir__report_locked(worker, &calls);
    weir__unhold_locked(worker);
    call_for_tasks_locked(worker->executor, &calls);
    (void)weir__calls_release(worker->executor, &calls);
}

/* The thread leaves its batch, and the tasks that ran on it. */
void weir__worker_exited(weir__job *job, weir__hand *hand) {
    weir__worker *worker = weir__hand_state(hand);
    weir_executor *executor = worker->executor;
    (void)job;
    weir__run_abandon(worker, NULL);
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__report_locked(worker, &calls);
    weir__recall_from_locked(executor, worker->band); /* in the order of the batches, of which one may be older */
    weir__unhold_locked(worker);
    call_for_tasks_locked(executor, &calls);
    (void)weir__calls_release(executor, &calls);
}

bool weir__worker_help_source(weir__worker *worker, weir__source *source) {
    weir_executor *executor = worker->executor;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__report_locked(worker, &calls);
    weir__task *task = source->first;
    if (task != NULL) {
        weir__claim_begin(worker);
        weir__source_remove(&executor->bands, task);
        weir__call_room_locked(executor, &calls);
    }
    (void)weir__calls_release(executor, &calls);
    if (task != NULL)
        weir__run_taken(task, worker);
    return task != NULL;
}

/* ---- the life of a worker ---- */

/* No thread is left, and init fails: no task will run. */
static void give_up(weir_executor *executor) {
    weir__task *list = NULL;
    weir__lock_acquire(&executor->lock);
    bool last = executor->workers == NULL && executor->staffed;
    if (last) {
        executor->broken = WEIR_INITFAILED;
        weir__drop_pull_listed_locked(executor, &list);
    }
    weir__park_release_all(&executor->room, &executor->lock);
    weir__drop_list(executor, list,
                    &(weir__fate){.code = WEIR_CODE(WEIR_INITFAILED), .message = "a thread's init failed"});
}

static void free_worker(weir__worker *worker) {
    if (worker == NULL)
        return;
    weir__free(worker->own);
    weir__bundles_free(worker->reserve);
    weir__free(worker->nest.tasks);
    weir__free(worker);
}

static weir__worker *new_worker(weir_executor *executor) {
    weir__worker *worker = weir__alloc(sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->executor = executor;
    worker->state = executor->arg;
    for (; worker->reserves < WEIR__RESERVES; worker->reserves++) {
        weir__bundle *bundle = weir__bundle_new(WEIR__BATCH);
        if (bundle == NULL)
            break;
        bundle->head.next = (weir__task *)worker->reserve;
        worker->reserve = bundle;
    }
    if (worker->reserves == WEIR__RESERVES && weir__pair_prepare(worker))
        return worker;
    free_worker(worker);
    return NULL;
}

weir_status weir__worker_init(void *raw, void **made) {
    weir_executor *executor = raw;
    weir__worker *worker = new_worker(executor);
    if (worker == NULL)
        return WEIR_NOMEM;
    weir_status status = executor->init == NULL ? WEIR_OK : executor->init(executor->arg, &worker->state);
    weir__border();
    if (status != WEIR_OK) {
        free_worker(worker);
        give_up(executor);
        return WEIR_INITFAILED;
    }
    weir__lock_acquire(&executor->lock);
    worker->after = executor->workers;
    if (worker->after != NULL)
        worker->after->prior = worker;
    executor->workers = worker;
    weir__nest_close_locked(&worker->nest, executor->closed);
    weir__lock_release(&executor->lock);
    *made = worker;
    return WEIR_OK;
}

void weir__worker_fini(void *raw) {
    weir__worker *worker = raw;
    weir_executor *executor = worker->executor;
    if (executor->fini != NULL) {
        executor->fini(worker->state);
        weir__border();
    }
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__report_locked(worker, &calls);
    weir__unhold_locked(worker);
    weir__cells_collect_locked(worker, true);
    if (worker->prior == NULL)
        executor->workers = worker->after;
    else
        worker->prior->after = worker->after;
    if (worker->after != NULL)
        worker->after->prior = worker->prior;
    (void)weir__calls_release(executor, &calls);
    free_worker(worker);
}
