/*
 * hand.c - Implements the threads of a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "crew/hand.h"

#include "crew/job.h"
#include "crew/seats.h"
#include "sync/border.h"

/* A thread that runs jobs one after the other without a look at the queue looks after this time, in ns. */
static const uint64_t turn = 1000 * 1000;

static void list_locked(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    hand->after = crew->hands;
    hand->before = NULL;
    if (hand->after != NULL)
        hand->after->before = hand;
    crew->hands = hand;
}

static void unlist_locked(weir__hand *hand) {
    if (hand->before == NULL)
        hand->crew->hands = hand->after;
    else
        hand->before->after = hand->after;
    if (hand->after != NULL)
        hand->after->before = hand->before;
}

/* ---- a thread ---- */

size_t weir__hand_number(const weir__hand *hand) {
    return hand->number;
}

bool weir__hand_should_yield(const weir__hand *hand) {
    const weir__crew *crew = hand->crew;
    return weir__u32_load_relaxed(&crew->queued) > 0 || weir__u32_load_relaxed(&hand->evicted) != 0;
}

/* C9. The monitor looks at the part often enough to tell of it. */
static void rouse_for_part(weir__crew *crew) {
    weir__lock_acquire(&crew->lock);
    crew->quiet = 0;
    weir__seats_rouse_locked(crew);
    weir__lock_release(&crew->lock);
}

void weir__hand_begin_part(weir__hand *hand) {
    weir__u32_store_relaxed(&hand->parts, weir__u32_load_relaxed(&hand->parts) + 1);
    if (hand->blocks > 0 || weir__u32_load_relaxed(&hand->evicted) != 0)
        rouse_for_part(hand->crew);
}

/* Whether the thread has run jobs for long without a look at the queue. */
static bool has_had_its_turn(weir__hand *hand) {
    uint64_t now = weir__clock_now();
    if (hand->from == 0)
        hand->from = now;
    return now - hand->from >= turn;
}

void weir__hand_begin(weir__hand *hand, weir__job *job) {
    weir__u32_store_relaxed(&hand->begun, weir__u32_load_relaxed(&hand->begun) + 1);
    weir__hand_begin_part(hand);
    weir__ptr_store_release(&hand->job, job);
}

/* Runs a job, and then the jobs that it makes next. Puts the last one back if it is the turn of other jobs. */
static void run_jobs(weir__hand *hand, weir__job *job) {
    bool other = false;
    for (unsigned slices = 1; job != NULL && !other; slices++) {
        weir__job_enter(job);
        hand->visited = job;
        weir__hand_begin(hand, job);
        job->run(job, hand);
        weir__border();
        weir__ptr_store_release(&hand->job, NULL);
        hand->visited = NULL;
        weir__job_exit(job);
        job = weir__ptr_exchange_acquire_release(&hand->next, NULL);
        other = slices % 8 == 0 && weir__hand_should_yield(hand) && has_had_its_turn(hand);
    }
    if (job == NULL)
        return;
    weir__lock_acquire(&hand->crew->lock);
    weir__job_queue_locked(job);
    (void)weir__seats_call_release(hand->crew);
}

/* Looks without the lock. */
static bool look_at_queue(const void *raw, size_t ahead) {
    const weir__crew *crew = raw;
    return weir__u32_load_relaxed(&crew->queued) > ahead;
}

/* Spins briefly. The lock is held on entry and exit, and released meanwhile. */
static void spin_locked(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    weir__crew_count_locked(&crew->spinning, 1);
    weir__lock_release(&crew->lock);
    (void)weir__spin_until(&crew->spin, look_at_queue, crew, 1, WEIR_NEVER);
    weir__lock_acquire(&crew->lock);
    weir__crew_count_locked(&crew->spinning, -1);
}

static bool may_end_locked(const weir__crew *crew) {
    return weir__u32_load_relaxed(&crew->queued) == 0 && crew->threads > crew->least;
}

/* Spins, then sleeps, until there may be a job and a seat. Returns false if the thread has been idle for long. */
static bool rest_locked(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    bool token;
    weir__seat_give_locked(hand);
    if (weir__seat_is_free_locked(crew))
        spin_locked(hand);
    if (crew->ending || (weir__u32_load_relaxed(&crew->queued) > 0 && weir__seat_is_free_locked(crew)))
        return true;
    uint64_t idle = crew->options.idle_time, now = weir__clock_now();
    uint64_t deadline = idle >= UINT64_MAX - now ? WEIR_NEVER : now + idle;
    return weir__park_wait(&crew->idlers, &crew->lock, deadline, &token) || !may_end_locked(crew);
}

/* Takes a job, with a seat. Returns NULL if there is none. */
static weir__job *take_locked(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    if (hand->seated && weir__u32_load_relaxed(&crew->active) > crew->options.size)
        weir__seat_give_locked(hand); /* C1 */
    if (!hand->seated && !weir__seat_is_free_locked(crew))
        return NULL;
    weir__job *job = weir__job_take_locked(crew);
    if (job != NULL && !hand->seated)
        weir__seat_take_locked(hand);
    return job;
}

static void work(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    bool wanted = true;
    weir__lock_acquire(&crew->lock);
    while (wanted && !crew->ending) {
        weir__u32_store_relaxed(&hand->evicted, 0);
        weir__job *job = take_locked(hand);
        if (job == NULL) {
            wanted = rest_locked(hand);
            continue;
        }
        (void)weir__seats_call_release(crew); /* C3, C9 */
        hand->from = 0;
        run_jobs(hand, job);
        weir__lock_acquire(&crew->lock);
    }
    weir__lock_release(&crew->lock);
}

/* Reports the result of this thread's init. */
static void report(weir__hand *hand, weir_status status) {
    weir__crew *crew = hand->crew;
    weir__lock_acquire(&crew->lock);
    crew->init_fails = status != WEIR_OK;
    if (status == WEIR_OK)
        crew->ready_init = true;
    else
        crew->init_status = status;
    weir__park_release_all(&crew->changed, &crew->lock);
}

void weir__hand_run(void *raw) {
    weir__hand *hand = raw;
    const weir__crew_options *options = &hand->crew->options;
    weir__lock_acquire(&hand->crew->lock);
    list_locked(hand);
    weir__lock_release(&hand->crew->lock);
    hand->state = options->arg;
    weir_status status = options->init == NULL ? WEIR_OK : options->init(options->arg, &hand->state);
    weir__border();
    hand->initialised = status == WEIR_OK;
    report(hand, status);
    if (status == WEIR_OK)
        work(hand);
}

void weir__hand_end(void *raw) {
    weir__hand *hand = raw;
    weir__crew *crew = hand->crew;
    weir__job *job = weir__ptr_load_relaxed(&hand->job);
    *weir__thread_callouts() = NULL;
    if (job != NULL && job->exited != NULL)
        job->exited(job, hand);
    weir__ptr_store_release(&hand->job, NULL);
    if (hand->visited != NULL)
        weir__job_exit(hand->visited);
    if (hand->initialised && crew->options.fini != NULL) {
        crew->options.fini(hand->state);
        weir__border();
    }
    weir__lock_acquire(&crew->lock);
    weir__job_queue_next_locked(hand);
    if (!hand->initialised && crew->init_status == WEIR_OK) /* init has ended its thread */
        crew->init_status = WEIR_INITFAILED;
    weir__seat_give_locked(hand);
    unlist_locked(hand);
    crew->threads--; /* C5 */
    crew->leaving++;
    (void)weir__seats_call_release(crew); /* C2 */
    weir__lock_acquire(&crew->lock);
    crew->leaving--;
    hand->after = crew->gone;
    crew->gone = hand;
    weir__park_release_all(&crew->changed, &crew->lock);
}

/* ---- blocking ---- */

/* Whether another thread lives that can run jobs, or one can be started. */
static bool has_other_locked(weir__crew *crew) {
    if (weir__u32_load_relaxed(&crew->active) > 0 || crew->idlers.sleepers > 0 ||
        weir__u32_load_relaxed(&crew->spinning) > 0)
        return true;
    return crew->threads < crew->options.most && weir__seats_start_locked(crew) == WEIR_OK;
}

bool weir__hand_block(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    if (hand->blocks++ > 0)
        return true;
    weir__lock_acquire(&crew->lock);
    weir__job_queue_next_locked(hand); /* another thread must run it */
    weir__seat_give_locked(hand);
    bool other = has_other_locked(crew);
    (void)weir__seats_call_release(crew);
    return other;
}

void weir__hand_unblock(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    if (--hand->blocks > 0)
        return;
    weir__lock_acquire(&crew->lock);
    if (!hand->seated)
        weir__seat_take_locked(hand);
    (void)weir__seats_call_release(crew); /* C9 */
}

bool weir__hand_has_stalled(weir__hand *hand) {
    weir__crew *crew = hand->crew;
    if (weir__u32_load_relaxed(&hand->evicted) == 0)
        return false;
    weir__lock_acquire(&crew->lock);
    weir__u32_store_relaxed(&hand->evicted, 0);
    if (!hand->seated)
        weir__seat_take_locked(hand);
    (void)weir__seats_call_release(crew); /* C9 */
    return true;
}

/* ---- the end ---- */

void weir__hands_join(weir__crew *crew, bool all) {
    weir__lock_acquire(&crew->lock);
    weir__hand *gone = crew->gone, *left = NULL;
    crew->gone = NULL;
    weir__lock_release(&crew->lock);
    while (gone != NULL) {
        weir__hand *hand = gone;
        gone = hand->after;
        if (weir__thread_join_until(&hand->thread, all ? WEIR_NEVER : 0)) {
            weir__free(hand);
            continue;
        }
        hand->after = left;
        left = hand;
    }
    weir__lock_acquire(&crew->lock);
    while (left != NULL) {
        weir__hand *hand = left;
        left = hand->after;
        hand->after = crew->gone;
        crew->gone = hand;
    }
    weir__lock_release(&crew->lock);
}
