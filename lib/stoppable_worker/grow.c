/*
 * grow.c - Implements adding workers to a group, and letting workers leave, while others work (W3 of group.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/grow.h"

#include "stoppable_worker/prefetch.h"
#include "stoppable_worker/worker.h"

/* Prepares the worker for a new thread. The last thread, if any, has left it with an empty batch, owing nothing. */
static void renew(weir_worker *worker) {
    weir__assert(worker->owes == 0 && !worker->attached);
    worker->most = 1;
    worker->waited = false;
    worker->added = true;
    worker->attached = true;
}

static weir_status add(weir__group *group, weir_worker *worker) {
    if (!weir__prefetch_equip(worker))
        return WEIR_NOMEM;
    renew(worker);
    weir__queue_attach(group->in, 1);
    weir__team_expect(&group->team);
    if (weir__gang_add_thread(&group->gang, &worker->member))
        return WEIR_OK;
    weir__team_lose(&group->team);
    weir__queue_detach(group->in, 1);
    worker->attached = false;
    return WEIR_NOTHREAD;
}

/* Whether a worker has left or failed, and is not joined. */
static bool has_ended(const weir__group *group) {
    return weir__group_size(group) < group->gang.started - group->gang.joined;
}

weir_status weir__group_grow(weir__group *group) {
    if (!weir__gang_begin_growth(&group->gang))
        return WEIR_CLOSED;
    if (has_ended(group))
        (void)weir__gang_reap(&group->gang);
    weir__member *place = weir__gang_place(&group->gang);
    weir_status status = place == NULL ? WEIR_FULL : add(group, weir__worker_of(place));
    weir__gang_end_growth(&group->gang);
    return status;
}

void weir__group_want(weir__group *group, size_t workers) {
    weir__queue_want(group->in, &group->team, workers);
}

bool weir__group_reap(weir__group *group) {
    if (!weir__gang_begin_growth(&group->gang))
        return false;
    size_t threads = has_ended(group) ? weir__gang_reap(&group->gang) : 0;
    weir__gang_end_growth(&group->gang);
    return threads > weir__group_size(group);
}

size_t weir__group_size(const weir__group *group) {
    return weir__team_size(&group->team);
}

size_t weir__group_wanted(const weir__group *group) {
    return weir__u32_load_relaxed(&group->team.wanted);
}

bool weir__group_holds_items(const weir__group *group) {
    return weir__team_is_laden(&group->team);
}

void weir__group_seal(weir__group *group) {
    weir__gang_seal(&group->gang);
}

bool weir__worker_is_added(const weir_worker *worker) {
    return worker->added;
}
