/*
 * task_group.c - Implements groups of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/account.h"
#include "executor/failure.h"
#include "executor/state.h"
#include "executor/submit.h"
#include "executor/worker.h"
#include "future/blocking.h"

/* ---- creation ---- */

static bool is_valid(const weir_executor *executor, const weir_task_group_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return options->parent == NULL || options->parent->executor == executor;
}

/* Returns the head of the list that the group is in. */
static weir_task_group **siblings_of(weir_task_group *group) {
    return group->parent == NULL ? &group->executor->groups : &group->parent->children;
}

/* Puts a new group in the tree. */
static void join_tree(weir_task_group *group) {
    weir_executor *executor = group->executor;
    weir_task_group *parent = group->parent, **siblings = siblings_of(group);
    weir__lock_acquire(&executor->lock);
    group->after = *siblings;
    if (group->after != NULL)
        group->after->prior = group;
    *siblings = group;
    if (parent != NULL)
        weir__u32_store_relaxed(&group->cancelled, weir__u32_load_relaxed(&parent->cancelled));
    weir__lock_release(&executor->lock);
}

static void leave_tree_locked(weir_task_group *group) {
    if (group->prior == NULL)
        *siblings_of(group) = group->after;
    else
        group->prior->after = group->after;
    if (group->after != NULL)
        group->after->prior = group->prior;
}

weir_status weir_task_group_create(weir_task_group **group, weir_executor *executor,
                                   const weir_task_group_options *options) {
    const weir_task_group_options none = {0};
    options = options == NULL ? &none : options;
    if (group == NULL || executor == NULL || !is_valid(executor, options))
        return WEIR_INVALID;
    weir_task_group *new = weir__alloc(sizeof *new);
    if (new == NULL)
        return WEIR_NOMEM;
    new->source = (weir__source){.group = new, .band = WEIR__BAND_NORMAL};
    new->executor = executor;
    new->parent = options->parent;
    new->limit = options->limit;
    new->unrun = options->unrun;
    new->unrun_arg = options->unrun_arg;
    new->errors = &new->first;
    new->error_room = 1;
    join_tree(new);
    *group = new;
    return WEIR_OK;
}

weir_status weir_task_group_destroy(weir_task_group *group) {
    if (group == NULL)
        return WEIR_OK;
    weir_executor *executor = group->executor;
    weir__lock_acquire(&executor->lock);
    bool used = weir__u32_load_relaxed(&group->unfinished) > 0 || group->callers > 0 || group->children != NULL;
    if (!used)
        leave_tree_locked(group);
    weir__lock_release(&executor->lock);
    if (used)
        return WEIR_BUSY;
    for (size_t i = 0; i < group->error_count; i++)
        weir__free(group->errors[i].message);
    if (group->errors != &group->first)
        weir__free(group->errors);
    weir__free(group);
    return WEIR_OK;
}

/* ---- waiting ---- */

/* Returns the number of tasks of the group that the calling thread runs. */
static size_t count_inside(const weir_task_group *group) {
    size_t inside = 0;
    for (const weir__callout *at = *weir__thread_callouts(); at != NULL; at = at->outer)
        inside += (at->how & WEIR__FUTURE_RUNS) != 0 && ((const weir__task *)at->object)->source->group == group;
    return inside;
}

/* What a caller waits for: that fewer than `bound` tasks of the group are left; for room, or for the end. */
struct want {
    const weir_task_group *group;
    size_t bound;
    bool room;
};

/* Looks without the lock. */
static bool is_below(const void *raw, size_t ahead) {
    const struct want *want = raw;
    return weir__u32_load_relaxed(&want->group->unfinished) + ahead < want->bound;
}

/* Whether the caller need wait no longer. For room, a cancel or a shutdown ends the wait too. */
static bool is_served_locked(const struct want *want) {
    const weir_task_group *group = want->group;
    bool refuses = group->executor->closed || weir__u32_load_relaxed(&group->cancelled) != 0;
    return is_below(want, 0) || (want->room && refuses);
}

static bool is_served(weir_task_group *group, const struct want *want) {
    weir__lock_acquire(&group->executor->lock);
    bool served = is_served_locked(want);
    weir__lock_release(&group->executor->lock);
    return served;
}

/* Returns WEIR_OK, WEIR_TIMEDOUT, or WEIR_DEADLOCK if the thread must not sleep. */
static weir_status sleep_until(weir_task_group *group, const struct want *want, weir_deadline deadline) {
    weir_executor *executor = group->executor;
    bool in_time = true;
    if (!weir__blocking_begin())
        return WEIR_DEADLOCK;
    weir__lock_acquire(&executor->lock);
    group->callers++;
    while (!is_served_locked(want) && in_time)
        in_time = weir__park_wait(&group->park, &executor->lock, deadline, NULL);
    group->callers--;
    bool served = is_served_locked(want);
    weir__lock_release(&executor->lock);
    weir__blocking_end();
    return served ? WEIR_OK : WEIR_TIMEDOUT;
}

/* Waits for room or for the end; a thread of the executor runs tasks of the group meanwhile. */
static weir_status await(weir_task_group *group, bool room, weir_deadline deadline) {
    const struct want want = {.group = group, .bound = room ? group->limit : 1, .room = room};
    weir__worker *worker = deadline == WEIR_NEVER ? weir__worker_of_thread(group->executor) : NULL;
    while (worker != NULL && weir__worker_help_source(worker, &group->source)) {
        if (room && is_below(&want, 0))
            return WEIR_OK;
    }
    if (weir__spin_until(&group->spin, is_below, &want, 0, deadline) && is_served(group, &want))
        return WEIR_OK;
    return sleep_until(group, &want, deadline);
}

static weir_status outcome(weir_task_group *group) {
    if (weir_task_group_errors(group) > 0)
        return WEIR_FAILED;
    weir__lock_acquire(&group->executor->lock);
    bool cancelled = weir__u32_load_relaxed(&group->cancelled) != 0 || group->incomplete;
    weir__lock_release(&group->executor->lock);
    return cancelled ? WEIR_CANCELLED : WEIR_OK;
}

weir_status weir_task_group_wait_until(weir_task_group *group, weir_deadline deadline) {
    if (group == NULL)
        return WEIR_INVALID;
    if (count_inside(group) > 0 || weir__callout_is_inside(group->executor, WEIR__DROPS))
        return WEIR_DEADLOCK;
    weir_status status = await(group, false, deadline);
    return status == WEIR_OK ? outcome(group) : status;
}

weir_status weir_task_group_wait(weir_task_group *group) {
    return weir_task_group_wait_until(group, WEIR_NEVER);
}

/* ---- running ---- */

weir_status weir_task_group_run(weir_task_group *group, weir_task_group_func *func, void *arg) {
    if (group == NULL || func == NULL)
        return WEIR_INVALID;
    const weir__order order = {.source = &group->source, .grouped = func, .arg = arg, .deadline = WEIR_NEVER};
    weir_status status = weir__submit(group->executor, &order);
    while (status == WEIR_BUSY) {
        if (count_inside(group) >= group->limit)
            return WEIR_DEADLOCK;
        status = await(group, true, WEIR_NEVER);
        if (status == WEIR_OK)
            status = weir__submit(group->executor, &order);
    }
    return status;
}

weir_status weir_task_group_cancel(weir_task_group *group) {
    if (group == NULL)
        return WEIR_INVALID;
    weir__failure_cancel(group);
    return WEIR_OK;
}

bool weir_task_group_cancelled(const weir_task_group *group) {
    return group != NULL && weir__u32_load_acquire(&group->cancelled) != 0;
}

/* ---- errors ---- */

/* The lock of a group's errors is no part of its value. */
static weir__lock *lock_of(const weir_task_group *group) {
    return (weir__lock *)&group->errors_lock;
}

size_t weir_task_group_errors(const weir_task_group *group) {
    if (group == NULL)
        return 0;
    weir__lock_acquire(lock_of(group));
    size_t count = group->error_count;
    weir__lock_release(lock_of(group));
    return count;
}

/* Returns the error, or one without a code if there is none. */
static struct weir__error error_at(const weir_task_group *group, size_t error) {
    struct weir__error found = {0};
    if (group == NULL)
        return found;
    weir__lock_acquire(lock_of(group));
    if (error < group->error_count)
        found = group->errors[error];
    weir__lock_release(lock_of(group));
    return found;
}

int weir_task_group_code(const weir_task_group *group, size_t error) {
    return error_at(group, error).code;
}

const char *weir_task_group_message(const weir_task_group *group, size_t error) {
    const char *message = error_at(group, error).message;
    return message == NULL ? "" : message;
}
