/*
 * share.c - Implements the calls of worker groups: how workers come and go, take items out of each other's holds, and
 * wake each other. get.c and front.c implement taking items from the queue and requeueing them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/share.h"

void weir__team_list(weir__team *team, weir__hold *hold) {
    if (hold->listed)
        return;
    hold->listed = true;
    hold->next = NULL;
    weir__assert((team->first == NULL) == (weir__u32_peek(&team->laden) == 0)); /* B2 */
    if (team->first == NULL)
        team->first = hold;
    else
        team->last->next = hold;
    team->last = hold;
    weir__u32_store_relaxed(&team->laden, weir__u32_load_relaxed(&team->laden) + 1); /* released by the head: Q2 */
}

static void take_off_first_locked(weir__team *team) {
    weir__hold *hold = team->first;
    weir__assert(hold->listed && weir__u32_peek(&team->laden) > 0); /* B2 */
    hold->listed = false;
    team->first = hold->next;
    weir__u32_store_relaxed(&team->laden, weir__u32_load_relaxed(&team->laden) - 1);
}

static bool is_filled(const weir__slot *slot) {
    return weir__ptr_load_relaxed(slot) != WEIR__EMPTY;
}

/* Takes an item, from the last slot on: the worker itself begins with the first. */
static void *take_out_of(weir__hold *hold) {
    void *item = WEIR__EMPTY;
    for (size_t i = hold->count; i-- > 0 && item == WEIR__EMPTY;) {
        if (is_filled(&hold->slots[i]))
            item = weir__ptr_exchange_acquire_release(&hold->slots[i], WEIR__EMPTY);
    }
    return item;
}

static bool holds_any(const weir__hold *hold) {
    for (size_t i = hold->count; i-- > 0;) {
        if (is_filled(&hold->slots[i]))
            return true;
    }
    return false;
}

/*
 * Removes empty holds from the front of the list. Returns whether a hold is left. An item that a worker stores
 * without this lock is its own to begin at once (weir__hold).
 */
static bool has_more_locked(weir__team *team) {
    while (team->first != NULL && !holds_any(team->first))
        take_off_first_locked(team);
    weir__assert((team->first == NULL) == (weir__u32_peek(&team->laden) == 0)); /* B2 */
    return team->first != NULL;
}

void *weir__queue_take_held(weir_queue *queue, weir__team *team, bool *more) {
    weir__side *side = &queue->consumers;
    void *item = WEIR__EMPTY;
    *more = false;
    if (!weir__team_is_laden(team))
        return item;
    weir__lock_acquire(&side->lock);
    while (item == WEIR__EMPTY && has_more_locked(team))
        item = take_out_of(team->first);
    *more = item != WEIR__EMPTY && has_more_locked(team);
    weir__lock_release(&side->lock);
    return item;
}

void weir__queue_call(weir_queue *queue, weir__team *team) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    weir__berth_release_one(&team->berth, &side->lock);
}

bool weir__team_leave(weir__team *team) {
    if (!team->elastic)
        return false;
    uint32_t alive = weir__u32_load_relaxed(&team->alive);
    while (alive > weir__u32_load_acquire(&team->wanted)) {
        if (weir__u32_swap_acquire_release(&team->alive, alive, alive - 1))
            return true;
        alive = weir__u32_load_relaxed(&team->alive);
    }
    return false;
}

/* A worker that is about to sleep looks at the number under the same lock. So it sees the number, or is woken. */
void weir__queue_want(weir_queue *queue, weir__team *team, size_t workers) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    weir__u32_store_release(&team->wanted, (uint32_t)workers);
    if (weir__team_has_surplus(team))
        weir__berth_release_all(&team->berth, &side->lock);
    else
        weir__lock_release(&side->lock);
}

void weir__queue_attach(weir_queue *queue, size_t workers) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    side->workers += workers;
    weir__lock_release(&side->lock);
}

void weir__queue_detach(weir_queue *queue, size_t workers) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    weir__assert(side->workers >= workers);
    side->workers -= workers;
    weir__lock_release(&side->lock);
}

bool weir__queue_holds_requeued(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    bool holds = side->requeued > 0;
    weir__lock_release(&side->lock);
    return holds;
}

void weir__queue_mark(weir_queue *queue, weir__team *team) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    /* A queue with a port does not know what was put before: its workers end at once. */
    uint64_t mark = queue->port == NULL ? weir__u64_load_relaxed(&side->index) : 0;
    weir__u64_store_release(&team->mark, mark);
    weir__berth_release_all(&team->berth, &side->lock);
}
