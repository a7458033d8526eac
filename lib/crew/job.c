/*
 * job.c - Implements the queue of ready jobs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/job.h"

#include "crew/seats.h"

/* A queued job that has waited for this long runs next, whatever its band, in ns. */
static const uint64_t patience = 20 * 1000 * 1000;

void weir__job_queue_locked(weir__job *job) {
    weir__crew *crew = job->crew;
    weir__assert(weir__lock_is_held(&crew->lock));                               /* J2 */
    weir__assert((weir__u32_load_relaxed(&job->state) & WEIR__JOB_QUEUED) != 0); /* J2 */
    job->next = NULL;
    job->since = weir__clock_now();
    if (crew->ready[job->band].first == NULL)
        crew->ready[job->band].first = job;
    else
        crew->ready[job->band].last->next = job;
    crew->ready[job->band].last = job;
    weir__crew_count_locked(&crew->queued, 1);
}

void weir__job_queue_next_locked(weir__hand *hand) {
    weir__job *next = weir__ptr_exchange_acquire_release(&hand->next, NULL);
    if (next != NULL)
        weir__job_queue_locked(next);
}

/* Returns the band that the next job is taken from. */
static enum weir__band choose_locked(const weir__crew *crew) {
    enum weir__band best = WEIR__BANDS, oldest = WEIR__BANDS;
    for (enum weir__band band = WEIR__BAND_HIGH; band < WEIR__BANDS; band++) {
        const weir__job *first = crew->ready[band].first;
        if (first == NULL)
            continue;
        if (best == WEIR__BANDS)
            best = band;
        if (oldest == WEIR__BANDS || first->since < crew->ready[oldest].first->since)
            oldest = band;
    }
    bool aged = oldest != best && weir__clock_now() - crew->ready[oldest].first->since >= patience;
    return aged ? oldest : best;
}

weir__job *weir__job_take_locked(weir__crew *crew) {
    uint32_t queued = weir__u32_load_relaxed(&crew->queued);
    if (queued == 0)
        return NULL;
    enum weir__band band = choose_locked(crew);
    weir__job *job = crew->ready[band].first;
    crew->ready[band].first = job->next;
    weir__u32_store_relaxed(&crew->queued, queued - 1);
    return job;
}

/* Sets QUEUED. Returns whether the caller must put the job in a place (J2). */
static bool claim(weir__job *job) {
    uint32_t before = weir__u32_or_acquire_release(&job->state, WEIR__JOB_QUEUED);
    weir__assert(before != WEIR__JOB_LEAVING); /* J3 */
    return (before & WEIR__JOB_QUEUED) == 0;
}

bool weir__job_ready(weir__job *job) {
    if (!claim(job))
        return true;
    weir__lock_acquire(&job->crew->lock);
    weir__job_queue_locked(job);
    return weir__seats_call_release(job->crew);
}

void weir__job_ready_soon(weir__job *job) {
    weir__crew *crew = job->crew;
    if (!claim(job))
        return;
    weir__lock_acquire(&crew->lock);
    weir__job_queue_locked(job);
    if (weir__u32_load_relaxed(&crew->active) == 0 || !crew->monitored)
        (void)weir__seats_call_release(crew);
    else
        weir__lock_release(&crew->lock); /* C2 */
}

void weir__job_ready_next(weir__job *job, weir__hand *hand) {
    if (hand->blocks > 0 || weir__u32_load_relaxed(&hand->evicted) != 0) {
        (void)weir__job_ready(job); /* the thread may not return soon */
        return;
    }
    if (!claim(job))
        return;
    weir__job *other = weir__ptr_exchange_acquire_release(&hand->next, job);
    if (other == NULL)
        return;
    weir__lock_acquire(&job->crew->lock);
    weir__job_queue_locked(other);
    weir__lock_release(&job->crew->lock); /* C2: this thread computes */
}

void weir__job_enter(weir__job *job) {
    uint32_t before = weir__u32_add_acquire_release(&job->state, WEIR__JOB_VISITOR - WEIR__JOB_QUEUED);
    (void)before;
    weir__assert((before & WEIR__JOB_QUEUED) != 0); /* J2 */
}

void weir__job_exit(weir__job *job) {
    weir__crew *crew = job->crew;
    uint32_t before = weir__u32_add_acquire_release(&job->state, (uint32_t)-WEIR__JOB_VISITOR);
    weir__assert(before >= WEIR__JOB_VISITOR); /* J1 */
    if (before != (WEIR__JOB_VISITOR | WEIR__JOB_LEAVING))
        return;
    weir__lock_acquire(&crew->lock);
    weir__park_release_all(&crew->changed, &crew->lock);
}

/* Takes a job out of the crew's queue, if it is there: no thread need serve the crew any more. */
static void withdraw_locked(weir__job *job) {
    weir__crew *crew = job->crew;
    weir__job *before = NULL, *at = crew->ready[job->band].first;
    while (at != NULL && at != job) {
        before = at;
        at = at->next;
    }
    if (at == NULL)
        return;
    if (before == NULL)
        crew->ready[job->band].first = job->next;
    else
        before->next = job->next;
    if (crew->ready[job->band].last == job)
        crew->ready[job->band].last = before;
    weir__crew_count_locked(&crew->queued, -1);
    (void)weir__u32_add_acquire_release(&job->state, (uint32_t)-WEIR__JOB_QUEUED);
}

void weir__job_withdraw(weir__job *job) {
    weir__lock_acquire(&job->crew->lock);
    withdraw_locked(job);
    weir__lock_release(&job->crew->lock);
}

void weir__job_leave(weir__job *job) {
    weir__crew *crew = job->crew;
    (void)weir__u32_or_acquire_release(&job->state, WEIR__JOB_LEAVING);
    weir__lock_acquire(&crew->lock);
    withdraw_locked(job);
    while (weir__u32_load_acquire(&job->state) != WEIR__JOB_LEAVING) /* J3 */
        weir__park_wait(&crew->changed, &crew->lock, WEIR_NEVER, NULL);
    weir__lock_release(&crew->lock);
}
