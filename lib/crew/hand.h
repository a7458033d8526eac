/*
 * hand.h - Declares hands: the threads of a crew.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_HAND_H
#define WEIR_CREW_HAND_H

#include "crew/job.h"
#include "crew/state.h"

/* Returns the hand's number. No two threads that live have the same one. */
size_t weir__hand_number(const weir__hand *hand);

/* Whether the thread should end its slice because other jobs are queued. Takes no lock; may be out of date. */
bool weir__hand_should_yield(const weir__hand *hand);

/*
 * Says that the slice goes on with another part, such as a call: the monitor calls `late` if that one takes long. Called by
 * the thread, after what `late` must see.
 */
void weir__hand_begin_part(weir__hand *hand);

/*
 * Begins a slice of a job on the calling thread, within a visit of that job or of another one: the monitor looks at this
 * job from now on. NULL: the visit goes on, and its slice is over (C6).
 */
void weir__hand_begin(weir__hand *hand, weir__job *job);

/*
 * Surround a wait on a thread of a crew; pairs may nest. Block gives the seat up, so another thread can compute. It
 * returns false if no other thread lives that could, and none can be started now: the monitor tries again (C8). Unblock
 * takes a seat at once, even if all are taken.
 */
bool weir__hand_block(weir__hand *hand);
void weir__hand_unblock(weir__hand *hand);

/*
 * Whether the monitor has found, since the last call, that the thread slept in a function. Called by the thread.
 */
bool weir__hand_has_stalled(weir__hand *hand);

/* ---- for the crew ---- */

/* The functions of a crew's threads. End runs at the end of the thread, also if a function of the program has ended it. */
void weir__hand_run(void *hand);
void weir__hand_end(void *hand);

/* ---- for users of the crew; inline, because tasks ask several times each ---- */

/* Returns the calling thread's hand if it is a thread of that crew (NULL: of any crew), otherwise NULL. */
static inline weir__hand *weir__hand_of_thread(const weir__crew *crew) {
    const weir__thread *thread = weir__thread_self();
    weir__hand *hand = thread != NULL && thread->main == weir__hand_run ? (weir__hand *)thread->arg : NULL;
    return hand != NULL && (crew == NULL || hand->crew == crew) ? hand : NULL;
}

/* Returns the state that init made for the thread. */
static inline void *weir__hand_state(const weir__hand *hand) {
    return hand->state;
}

/* Joins threads that have ended. If `all`, blocks until they are joined, otherwise joins those that are gone. */
void weir__hands_join(weir__crew *crew, bool all);

#endif /* WEIR_CREW_HAND_H */
