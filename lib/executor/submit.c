/*
 * submit.c - Implements the submission of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/submit.h"

#include <string.h>

#include "executor/account.h"
#include "executor/cell.h"
#include "executor/delay.h"
#include "executor/kind.h"
#include "executor/recall.h"
#include "executor/run.h"

/* ---- room ---- */

static bool is_at_limit(const weir_task_group *group) {
    return group != NULL && group->limit != 0 && weir__u32_load_relaxed(&group->unfinished) >= group->limit;
}

/* Whether the executor, and the group, accept tasks at all. */
static weir_status open_locked(const weir_executor *executor, const weir__source *source) {
    if (executor->closed)
        return WEIR_CLOSED;
    if (source->group != NULL && weir__u32_load_relaxed(&source->group->cancelled) != 0)
        return WEIR_CANCELLED;
    if (is_at_limit(source->group))
        return WEIR_BUSY;
    return executor->broken;
}

/* Sleeps until there may be room. Returns false if the deadline has passed. */
static bool sleep_for_room_locked(weir_executor *executor, const weir__order *order) {
    weir_task_group *group = order->source->group;
    bool token;
    executor->callers++;
    if (group != NULL)
        group->callers++;
    bool in_time = weir__park_wait(&executor->room, &executor->lock, order->deadline, &token);
    if (group != NULL)
        group->callers--;
    executor->callers--;
    return in_time;
}

/*
 * Returns WEIR_OK if the task can be listed, or if `*here` is set: the caller runs it. Blocks for room if the executor
 * does so.
 */
static weir_status admit_locked(weir_executor *executor, const weir__order *order, bool *here) {
    weir_status status = open_locked(executor, order->source);
    bool in_time = true;
    while (status == WEIR_OK && weir__is_full_locked(executor) && !order->delayed) {
        if (executor->when_full == WEIR_REFUSE)
            return WEIR_FULL;
        *here = executor->when_full == WEIR_RUN_IN_CALLER || weir__worker_of_thread(executor) != NULL;
        if (*here)
            return WEIR_OK;
        if (!in_time)
            return WEIR_TIMEDOUT;
        in_time = sleep_for_room_locked(executor, order);
        status = open_locked(executor, order->source);
    }
    return status;
}

/* ---- acceptance ---- */

static void fill(weir__task *task, const weir__order *order) {
    uint32_t references = order->future == NULL ? 1 : 2;
    weir__future_init(&task->future, &weir__task_kind, references, order->drop, order->drop_arg);
    task->source = order->source;
    if (order->source->group != NULL)
        task->func.grouped = order->grouped;
    else
        task->func.plain = order->plain;
    task->arg = order->arg;
    task->extra = order->extra;
    if (order->extra != NULL)
        order->extra->task = task;
}

/* Counts an accepted task. */
static void count_locked(weir_executor *executor, weir__source *source) {
    executor->unfinished++;
    if (source->group != NULL)
        weir__u32_store_relaxed(&source->group->unfinished, weir__u32_load_relaxed(&source->group->unfinished) + 1);
}

/* Runs an accepted task in the calling thread. */
static void run_here(weir_executor *executor, weir__task *task, weir__source *source) {
    weir__worker *worker = weir__worker_of_thread(executor);
    weir__calls calls = {0};
    (void)weir__future_begin(&task->future);
    bool ended = weir__run_claimed(task, worker, true);
    weir__lock_acquire(&executor->lock);
    executor->running_here -= worker == NULL;
    if (ended)
        weir__account_locked(executor, source, 1, &calls);
    (void)weir__calls_release(executor, &calls);
}

/* A task was taken back. If the job stayed queued without one, the next submit would believe that a thread is called. */
static void call_off_locked(weir_executor *executor) {
    if (executor->bands.listed == 0 && executor->workers == NULL) /* X4 */
        weir__job_withdraw(&executor->job);
}

/* No thread serves the executor, and none can be had. Takes the task back, unless it has left its place. */
static weir_status take_back(weir_executor *executor, weir__task *task) {
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    bool listed = task->where == WEIR__TASK_LISTED;
    if (listed) {
        weir__source_remove(&executor->bands, task);
        weir__account_locked(executor, task->source, 1, &calls);
        task->extra = NULL;
        weir__cell_give_locked(task);
        call_off_locked(executor);
    }
    (void)weir__calls_release(executor, &calls);
    return listed ? WEIR_NOTHREAD : WEIR_OK;
}

/* Lists an accepted task, and releases the lock. */
static weir_status list_release(weir_executor *executor, weir__task *task, const weir__order *order) {
    weir__calls calls = {0};
    if (order->delayed) {
        weir__delay_list_locked(task);
    } else {
        weir__source_append(&executor->bands, task);
        weir__make_way_locked(executor, task->source->band);
        weir__call_thread_locked(executor, &calls);
        weir__call_room_locked(executor, &calls); /* passes a wake on */
    }
    if (!weir__calls_release(executor, &calls))
        return take_back(executor, task);
    if (order->delayed)
        weir__delay_set(task);
    return WEIR_OK;
}

weir_status weir__submit(weir_executor *executor, const weir__order *order) {
    bool here = false;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__task *task = weir__cell_take_locked(executor);
    weir_status status = task == NULL ? WEIR_NOMEM : admit_locked(executor, order, &here);
    if (status != WEIR_OK) {
        if (task != NULL)
            weir__cell_give_locked(task);
        weir__call_room_locked(executor, &calls); /* passes a wake on */
        (void)weir__calls_release(executor, &calls);
        return status;
    }
    fill(task, order);
    count_locked(executor, order->source);
    if (here) {
        weir__worker *worker = weir__worker_of_thread(executor);
        if (worker != NULL)
            weir__claim_begin(worker); /* X8 */
        executor->running_here += worker == NULL;
        weir__lock_release(&executor->lock);
        run_here(executor, task, order->source);
    } else {
        status = list_release(executor, task, order);
    }
    if (status == WEIR_OK && order->future != NULL)
        *order->future = &task->future;
    return status;
}

/* ---- tasks without a future and options ---- */

/* Makes a bundle spare. The lock is released meanwhile. Returns false if there is no memory. */
static bool supply_bundle_locked(weir_executor *executor) {
    weir__lock_release(&executor->lock);
    weir__bundle *bundle = weir__bundle_new(WEIR__PAIRS);
    weir__lock_acquire(&executor->lock);
    if (bundle != NULL)
        weir__bundle_keep(&executor->bands, bundle);
    return bundle != NULL;
}

/* Like take_back. */
static weir_status take_pair_back(weir_executor *executor, weir__source *source, weir_executor_func *func,
                                  const void *arg) {
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    bool listed = weir__source_remove_pair(&executor->bands, source, func, arg);
    if (listed) {
        weir__account_locked(executor, source, 1, &calls);
        call_off_locked(executor);
    }
    (void)weir__calls_release(executor, &calls);
    return listed ? WEIR_NOTHREAD : WEIR_OK;
}

/* ---- tasks with a future and without options ---- */

/* Writes the members of a task that was in use before, but for the word of its future, its place and its links. */
static void refill(weir__task *task, weir__source *source, weir_executor_func *func, void *arg) {
    weir__future_prepare(&task->future, &weir__task_kind);
    task->func.plain = func;
    task->arg = arg;
    task->source = source;
    task->extra = NULL;
}

/* Lists such a task in a spare struct. Returns WEIR_BUSY, without effect, if the usual way must be taken. */
static weir_status submit_plain(weir_executor *executor, weir__source *source, weir_executor_func *func, void *arg,
                                weir_future **future) {
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    bool open = open_locked(executor, source) == WEIR_OK && !weir__is_full_locked(executor);
    weir__task *task = open ? weir__cell_pop_locked(executor) : NULL;
    if (task == NULL) {
        weir__lock_release(&executor->lock);
        return WEIR_BUSY; /* and the usual way passes a wake on */
    }
    refill(task, source, func, arg);
    weir__u32_store_relaxed(&task->future.state, WEIR_FUTURE_PENDING | 2 * WEIR__FUTURE_REFERENCE);
    weir__source_append(&executor->bands, task);
    weir__make_way_locked(executor, source->band);
    count_locked(executor, source);
    weir__call_thread_locked(executor, &calls);
    weir__call_room_locked(executor, &calls); /* passes a wake on */
    if (!weir__calls_release(executor, &calls) && take_back(executor, task) != WEIR_OK)
        return WEIR_NOTHREAD;
    *future = &task->future;
    return WEIR_OK;
}

/* ---- tasks that a task submits ---- */

/* N3. A task was pushed into a nest without open tasks. */
static void call_for_nest(weir_executor *executor) {
    if (weir__is_quick(executor))
        weir__job_ready_soon(&executor->job);
    else
        (void)weir__job_ready(&executor->job);
}

/* Pushes a task into the nest of the calling thread. Returns WEIR_BUSY, without effect, if the usual way must be taken. */
static weir_status submit_nested(weir__worker *worker, weir_executor_func *func, void *arg, weir_future **future) {
    weir_executor *executor = worker->executor;
    weir__task *task = weir__cell_take_own(worker);
    bool first;
    if (task == NULL)
        return WEIR_NOMEM;
    refill(task, &executor->own[WEIR__BAND_NORMAL], func, arg);
    task->where = WEIR__TASK_OUT;
    if (!weir__nest_push(&worker->nest, task, &first)) {
        weir__cell_give(task);
        return WEIR_BUSY;
    }
    *future = &task->future;
    if (first)
        call_for_nest(executor);
    return WEIR_OK;
}

/* ---- the calls ---- */

/* Lists a task that needs no struct (X7). Returns WEIR_BUSY, without effect, if the usual way must be taken. */
static weir_status submit_pair(weir_executor *executor, weir__source *source, weir_executor_func *func, void *arg) {
    weir__bands *bands = &executor->bands;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    bool open = open_locked(executor, source) == WEIR_OK && !weir__is_full_locked(executor);
    bool listed = open && weir__source_append_pair(bands, source, func, arg);
    if (open && !listed && supply_bundle_locked(executor))
        listed = open_locked(executor, source) == WEIR_OK && !weir__is_full_locked(executor) &&
                 weir__source_append_pair(bands, source, func, arg);
    if (listed) {
        weir__make_way_locked(executor, source->band);
        count_locked(executor, source);
        weir__call_thread_locked(executor, &calls);
    }
    weir__call_room_locked(executor, &calls); /* passes a wake on */
    if (!weir__calls_release(executor, &calls) && listed)
        return take_pair_back(executor, source, func, arg);
    return listed ? WEIR_OK : WEIR_BUSY;
}

weir_status weir_executor_submit(weir_executor *executor, weir_executor_func *func, void *arg, weir_future **future) {
    if (executor == NULL || func == NULL)
        return WEIR_INVALID;
    weir__source *source = &executor->own[WEIR__BAND_NORMAL];
    weir__worker *worker = future == NULL ? NULL : weir__worker_of_thread(executor);
    weir_status status = WEIR_BUSY;
    if (future == NULL)
        status = submit_pair(executor, source, func, arg);
    else if (worker != NULL && worker->current != NULL && executor->capacity == WEIR_UNBOUNDED)
        status = submit_nested(worker, func, arg, future);
    if (status == WEIR_BUSY && future != NULL)
        status = submit_plain(executor, source, func, arg, future);
    if (status != WEIR_BUSY)
        return status;
    const weir__order order = {.source = source, .plain = func, .arg = arg, .deadline = WEIR_NEVER, .future = future};
    return weir__submit(executor, &order);
}

/* Returns the band of a priority; WEIR__BANDS if it is none. */
static enum weir__band band_of(weir_priority priority) {
    switch (priority) {
        case WEIR_NORMAL:
            return WEIR__BAND_NORMAL;
        case WEIR_HIGH:
            return WEIR__BAND_HIGH;
        case WEIR_LOW:
            return WEIR__BAND_LOW;
    }
    return WEIR__BANDS;
}

static bool is_valid(const weir_submit_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return band_of(options->priority) != WEIR__BANDS;
}

static bool needs_extra(const weir_submit_options *options) {
    return options->deadline != 0 || options->delay != 0 || options->period != 0 || options->name != NULL;
}

/* Returns what few tasks have; NULL if out of memory. */
static weir__extra *new_extra(const weir_submit_options *options) {
    weir__extra *extra = weir__alloc(sizeof *extra);
    if (extra == NULL)
        return NULL;
    extra->deadline = options->deadline == 0 ? WEIR_NEVER : options->deadline;
    extra->period = options->period;
    if (options->delay != 0 || options->period != 0)
        extra->due = weir_deadline_after(options->delay);
    if (options->name != NULL)
        memcpy(extra->name, options->name, strnlen(options->name, sizeof extra->name - 1));
    return extra;
}

weir_status weir_executor_submit_with(weir_executor *executor, weir_executor_func *func, void *arg,
                                      const weir_submit_options *options, weir_future **future) {
    const weir_submit_options none = {0};
    options = options == NULL ? &none : options;
    if (executor == NULL || func == NULL || !is_valid(options))
        return WEIR_INVALID;
    weir__source *source = &executor->own[band_of(options->priority)];
    bool bare = future == NULL && options->drop == NULL && !needs_extra(options);
    weir_status listed = bare ? submit_pair(executor, source, func, arg) : WEIR_BUSY;
    if (listed != WEIR_BUSY)
        return listed;
    weir__order order = {.source = source,
                         .plain = func,
                         .arg = arg,
                         .drop = options->drop,
                         .drop_arg = options->drop_arg,
                         .deadline = options->submit_deadline == 0 ? WEIR_NEVER : options->submit_deadline,
                         .delayed = options->delay != 0,
                         .future = future};
    if (needs_extra(options) && (order.extra = new_extra(options)) == NULL)
        return WEIR_NOMEM;
    bool timed = options->delay != 0 || options->period != 0;
    weir_status status = timed && !weir__delay_prepare(executor) ? WEIR_NOTHREAD : weir__submit(executor, &order);
    if (status != WEIR_OK)
        weir__free(order.extra);
    return status;
}
