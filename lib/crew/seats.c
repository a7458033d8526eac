/*
 * seats.c - Gives seats to threads, and calls threads for queued jobs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/seats.h"

#include <stdio.h>

/* ---- seats ---- */

bool weir__seat_is_free_locked(const weir__crew *crew) {
    return weir__u32_load_relaxed(&crew->active) < crew->options.size;
}

void weir__seat_take_locked(weir__hand *hand) {
    weir__assert(!hand->seated); /* C1 */
    hand->seated = true;
    hand->crew->failing = 0;
    weir__crew_count_locked(&hand->crew->active, 1);
}

void weir__seat_give_locked(weir__hand *hand) {
    if (!hand->seated)
        return;
    hand->seated = false;
    weir__crew_count_locked(&hand->crew->active, -1);
}

void weir__seats_rouse_locked(weir__crew *crew) {
    if (!crew->dozes)
        return;
    crew->dozes = false;
    weir__park_release_all(&crew->monitor_park, &crew->lock);
    weir__lock_acquire(&crew->lock);
}

/* ---- starting threads ---- */

static weir__hand *new_hand(weir__crew *crew, size_t number) {
    weir__hand *hand = weir__alloc(sizeof *hand);
    if (hand == NULL)
        return NULL;
    hand->crew = crew;
    hand->number = number;
    hand->seated = true;
    hand->thread.main = crew->main;
    hand->thread.at_exit = crew->at_exit;
    hand->thread.arg = hand;
    hand->thread.stack_size = crew->options.stack_size;
    (void)snprintf(hand->thread.name, sizeof hand->thread.name, "%.9s-%u", crew->name, (unsigned)(number % 100000));
    return hand;
}

weir_status weir__seats_start_locked(weir__crew *crew) {
    size_t number = crew->numbers++;
    crew->threads++;
    weir__crew_count_locked(&crew->active, 1);
    weir__seats_rouse_locked(crew); /* C9 */
    weir__lock_release(&crew->lock);
    weir__hand *hand = new_hand(crew, number);
    bool started = hand != NULL && weir__thread_start(&hand->thread);
    weir__lock_acquire(&crew->lock);
    if (started) {
        crew->failing = 0;
        return WEIR_OK;
    }
    if (crew->failing == 0)
        crew->failing = weir__clock_now();
    crew->threads--;
    weir__crew_count_locked(&crew->active, -1);
    weir__park_release_all(&crew->changed, &crew->lock);
    weir_status status = hand == NULL ? WEIR_NOMEM : WEIR_NOTHREAD;
    weir__free(hand);
    weir__lock_acquire(&crew->lock);
    return status;
}

/* ---- waking threads ---- */

/* C2. Whether a further thread must look at the queue. A thread that spins will take a seat and look. */
static bool lacks_thread_locked(const weir__crew *crew) {
    uint32_t spinning = weir__u32_load_relaxed(&crew->spinning);
    bool free = weir__u32_load_relaxed(&crew->active) + spinning < crew->options.size;
    return weir__u32_load_relaxed(&crew->queued) > spinning && free && !crew->ending;
}

/* After a failed init only the monitor starts a thread: init may fail each time. */
static bool may_start_locked(const weir__crew *crew) {
    return crew->threads < crew->options.most && !(crew->init_fails && crew->monitored);
}

bool weir__seats_call_release(weir__crew *crew) {
    bool served = true;
    if (lacks_thread_locked(crew) || weir__u32_load_relaxed(&crew->active) > 0)
        weir__seats_rouse_locked(crew); /* C9 */
    if (!lacks_thread_locked(crew)) {
        weir__lock_release(&crew->lock);
        return true;
    }
    if (crew->idlers.sleepers > 0) {
        weir__park_release_one(&crew->idlers, &crew->lock);
        return true;
    }
    if (may_start_locked(crew) && weir__seats_start_locked(crew) != WEIR_OK)
        served = crew->threads > 0;
    weir__lock_release(&crew->lock);
    return served;
}
