/*
 * threads.c - Implements weir_start_threads and weir_stop_threads.
 *
 * State. Stopping frees the group, yet a second stop, also a concurrent one, must be harmless. So the weir_threads
 * that a program holds is not an address but a number. A tree holds the groups that are not stopped, by their
 * numbers. A number that was given out and is not in the tree denotes a group that was stopped. Numbers are not
 * reused, unless addresses are so small that they wrap around (new_handle_locked).
 *
 * Invariants.
 *
 * H1  `lock` guards the tree, the numbers, and each group's members for stopping.
 * H2  The first stopper sets `stopping` and does the work without the lock. Later stoppers count themselves in
 *     `stoppers` and block until `stopped`. The last one to leave frees the group.
 * H3  Another thread may destroy the input queue once no worker uses it. So the first stopper uses it too, until it
 *     has read the outcome there. No other stopper touches it.
 *
 * Lock order: `lock` is taken with no other lock held. Wakeups: the first stopper wakes the others when it sets
 * `stopped`.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/queue.h"
#include "closable_queue/share.h"
#include "closable_queue/shutdown.h"
#include "closable_queue/users.h"
#include "stoppable_worker/group.h"
#include "stoppable_worker/start.h"

enum { HANDLE_STEP = 64 }; /* handles look like aligned addresses, and are never NULL */

static weir__lock lock;
static weir__tree groups;
static uintptr_t last_handle;

static uint64_t key_of(uintptr_t handle) {
    return handle / HANDLE_STEP;
}

static weir__group *find_locked(uintptr_t handle) {
    weir__assert(weir__lock_is_held(&lock)); /* H1 */
    weir__tree_node *node = handle % HANDLE_STEP == 0 ? weir__tree_find(&groups, key_of(handle)) : NULL;
    return node == NULL ? NULL : (weir__group *)((char *)node - offsetof(weir__group, handle));
}

/*
 * Returns an unused number. Where addresses are small, numbers wrap around after millions of groups: those in use are
 * skipped.
 */
static uintptr_t new_handle_locked(void) {
    do
        last_handle += HANDLE_STEP;
    while (last_handle == 0 || find_locked(last_handle) != NULL);
    return last_handle;
}

static weir_threads *enlist(weir__group *group) {
    weir__lock_acquire(&lock);
    uintptr_t handle = new_handle_locked();
    group->handle.key = key_of(handle);
    weir__tree_add(&groups, &group->handle);
    weir__lock_release(&lock);
    return (weir_threads *)handle; /* NOLINT(performance-no-int-to-ptr): a number on purpose */
}

weir_status weir_start_threads_with(weir_threads **threads, size_t count, const weir_worker_options *options,
                                    weir_queue *in, weir_queue *out) {
    weir__group *group;
    if (threads == NULL)
        return WEIR_INVALID;
    weir_status status = weir__group_start(&group, count, options, NULL, in, out);
    if (status != WEIR_OK)
        return status;
    *threads = enlist(group);
    return WEIR_OK;
}

weir_status weir_start_threads(weir_threads **threads, size_t count, weir_worker_func *func, void *arg, weir_queue *in,
                               weir_queue *out) {
    const weir_worker_options options = {.func = func, .arg = arg};
    return weir_start_threads_with(threads, count, &options, in, out);
}

/* Returns the status of the stop. The threads have ended. */
static weir_status outcome_of(const weir__group *group) {
    if (weir__queue_is_discarded(group->in))
        return WEIR_DISCARDED;
    /* The head is a count, not a place: items that others took behind the mark may offset items requeued before it. */
    if (weir__queue_head(group->in) < weir__u64_load_relaxed(&group->team.mark) ||
        weir__queue_holds_requeued(group->in))
        return WEIR_UNFINISHED;
    return (weir_status)weir__u32_load_relaxed(&group->lost_result);
}

static void finish_stop(weir__group *group, weir_status outcome) {
    weir__lock_acquire(&lock);
    weir__assert(group->stopping && !group->stopped && group->stoppers > 0); /* H2 */
    weir__tree_remove(&groups, &group->handle);
    group->stopped = true;
    group->outcome = outcome;
    weir__park_release_all(&group->at_stop, &lock);
}

static void wait_for_stop(weir__group *group) {
    weir__lock_acquire(&lock);
    while (!group->stopped)
        weir__park_wait(&group->at_stop, &lock, WEIR_NEVER, NULL);
    weir__lock_release(&lock);
}

static weir_status leave(weir__group *group) {
    weir__lock_acquire(&lock);
    weir__assert(group->stopped && group->stoppers > 0); /* H2 */
    bool last = --group->stoppers == 0;
    weir_status outcome = group->outcome;
    weir__lock_release(&lock);
    if (last)
        weir__group_free(group);
    return outcome;
}

/* H3. The group uses the queue until its last thread is joined, so this use begins in time. */
static void stop_first(weir__group *group) {
    weir_queue *in = group->in;
    (void)weir__queue_use(in);
    weir__queue_mark(in, &group->team);
    weir__group_join(group);
    weir_status outcome = outcome_of(group);
    weir__queue_release(in);
    finish_stop(group, outcome);
}

static weir_status stop(weir__group *group, bool first) {
    if (first) {
        stop_first(group);
    } else {
        wait_for_stop(group);
    }
    return leave(group);
}

/* Finds the group to stop. Returns WEIR_OK if there is one, or, with `*group` NULL, if it was stopped already. */
static weir_status look_up_locked(const weir_queue *in, uintptr_t handle, weir__group **group) {
    *group = find_locked(handle);
    if (*group == NULL)
        return handle % HANDLE_STEP == 0 && handle <= last_handle ? WEIR_OK : WEIR_INVALID;
    weir__assert(!(*group)->stopped); /* H2 */
    if ((*group)->in != in)
        return WEIR_INVALID;
    return weir__group_is_self(*group) ? WEIR_DEADLOCK : WEIR_OK;
}

weir_status weir_stop_threads(weir_queue *in, weir_threads *threads) {
    weir__group *group;
    bool first = false;
    if (in == NULL || threads == NULL)
        return WEIR_INVALID;

    weir__lock_acquire(&lock);
    weir_status status = look_up_locked(in, (uintptr_t)threads, &group);
    if (status == WEIR_OK && group != NULL) {
        first = !group->stopping;
        group->stopping = true;
        group->stoppers++;
    }
    weir__lock_release(&lock);

    if (status != WEIR_OK || group == NULL)
        return status;
    return stop(group, first);
}
