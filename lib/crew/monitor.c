/*
 * monitor.c - Implements a crew's monitor.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/monitor.h"

#include <string.h>

#include "crew/hand.h"
#include "crew/job.h"
#include "crew/seats.h"

enum {
    BUSY_TICKS = 10,  /* ticks between two looks while no seat is free: a look takes processor time from the threads */
    QUIET_LOOKS = 20, /* looks at an idle crew before the monitor dozes */
};

/* C8. Time for which no thread can be had before queued jobs end, in ns. */
static const uint64_t patience = 250 * 1000 * 1000;

/* C4. Takes the thread's seat. */
static void evict_locked(weir__hand *hand) {
    weir__seat_give_locked(hand);
    weir__u32_store_relaxed(&hand->evicted, 1);
}

/* C4, C7. */
static void look_at_locked(weir__hand *hand, uint64_t now) {
    uint32_t begun = weir__u32_load_relaxed(&hand->begun);
    hand->lasts = begun == hand->seen;
    hand->seen = begun;
    uint32_t parts = weir__u32_load_relaxed(&hand->parts);
    hand->stays = parts == hand->seen_parts;
    hand->seen_parts = parts;
    if (hand->lasts)
        weir__job_queue_next_locked(hand);
    if (!hand->seated || !hand->lasts || hand->crew->options.keeps_seats) {
        hand->looked = 0;
        return;
    }
    uint64_t used = weir__thread_used(&hand->thread);
    if (hand->looked != 0 && used - hand->used < (now - hand->looked) / 4 && weir__thread_sleeps(&hand->thread))
        evict_locked(hand);
    hand->looked = now;
    hand->used = used;
}

/* C6. Returns a hand with a part that takes long and is not told of, and a visit of its job; NULL if there is none. */
static weir__hand *find_late_locked(weir__crew *crew, weir__job **job) {
    for (weir__hand *hand = crew->hands; hand != NULL; hand = hand->after) {
        uint32_t parts = weir__u32_load_relaxed(&hand->parts);
        *job = weir__ptr_load_acquire(&hand->job);
        if (parts != hand->seen_parts || !hand->stays || hand->told == parts || *job == NULL || (*job)->late == NULL)
            continue;
        hand->told = parts;
        (void)weir__u32_add_acquire_release(&(*job)->state, WEIR__JOB_VISITOR);
        return hand;
    }
    return NULL;
}

/* Tells the jobs of slices that take long. The lock is held, and released meanwhile. */
static void tell_late_locked(weir__crew *crew) {
    weir__job *job;
    weir__hand *hand;
    while ((hand = find_late_locked(crew, &job)) != NULL) {
        weir__lock_release(&crew->lock);
        job->late(job, hand);
        weir__job_exit(job);
        weir__lock_acquire(&crew->lock);
    }
}

/* C8. */
static bool is_starved_locked(const weir__crew *crew) {
    return weir__u32_load_relaxed(&crew->queued) > 0 && weir__u32_load_relaxed(&crew->active) == 0 &&
           crew->failing != 0 && weir__clock_now() - crew->failing >= patience;
}

/* Tells the queued jobs, each once, that they starve. The lock is held, and released meanwhile. */
static void tell_starved_locked(weir__crew *crew) {
    for (uint32_t left = weir__u32_load_relaxed(&crew->queued); left > 0 && is_starved_locked(crew); left--) {
        weir__job *job = weir__job_take_locked(crew);
        if (job->starved == NULL) {
            weir__job_queue_locked(job);
            continue;
        }
        weir__lock_release(&crew->lock);
        weir__job_enter(job);
        job->starved(job);
        weir__job_exit(job);
        weir__lock_acquire(&crew->lock);
    }
}

static bool is_idle_locked(const weir__crew *crew) {
    return weir__u32_load_relaxed(&crew->active) == 0 && weir__u32_load_relaxed(&crew->queued) == 0;
}

static void look_locked(weir__crew *crew) {
    uint64_t now = weir__clock_now();
    for (weir__hand *hand = crew->hands; hand != NULL; hand = hand->after)
        look_at_locked(hand, now);
    crew->quiet = is_idle_locked(crew) ? crew->quiet + 1 : 0;
}

static uint64_t next_look_locked(weir__crew *crew) {
    bool full = weir__u32_load_relaxed(&crew->active) >= crew->options.size;
    crew->dozes = crew->quiet >= QUIET_LOOKS && is_idle_locked(crew); /* C9: the lock was released since the look */
    return crew->dozes ? WEIR_NEVER : weir__clock_now() + crew->options.tick * (full ? BUSY_TICKS : 1);
}

static void run_monitor(void *raw) {
    weir__crew *crew = raw;
    weir__lock_acquire(&crew->lock);
    while (!crew->ending) {
        weir__park_wait(&crew->monitor_park, &crew->lock, next_look_locked(crew), NULL);
        if (!crew->dozes && crew->quiet >= QUIET_LOOKS)
            crew->quiet = 0; /* roused */
        look_locked(crew);
        tell_late_locked(crew);
        tell_starved_locked(crew);
        crew->init_fails = false;
        (void)weir__seats_call_release(crew);
        weir__hands_join(crew, false);
        weir__lock_acquire(&crew->lock);
    }
    weir__lock_release(&crew->lock);
}

bool weir__monitor_start_locked(weir__crew *crew) {
    if (crew->options.tick == UINT64_MAX)
        return true;
    while (crew->monitor_starts)
        weir__park_wait(&crew->changed, &crew->lock, WEIR_NEVER, NULL);
    if (crew->monitored)
        return true;
    crew->monitor_starts = true;
    weir__lock_release(&crew->lock);
    crew->monitor = (weir__thread){.main = run_monitor, .arg = crew};
    strcpy(crew->monitor.name, "weir-monitor");
    bool started = weir__thread_start(&crew->monitor);
    weir__lock_acquire(&crew->lock);
    crew->monitored = started;
    crew->monitor_starts = false;
    weir__park_release_all(&crew->changed, &crew->lock);
    weir__lock_acquire(&crew->lock);
    return started;
}

void weir__monitor_join(weir__crew *crew) {
    if (crew->monitored)
        weir__thread_join(&crew->monitor);
    crew->monitored = false;
}
