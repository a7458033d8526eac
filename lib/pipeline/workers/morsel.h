/*
 * morsel.h - Runs morsels. A morsel is a group of items that a lane on a crew takes at once, and runs one after the
 * other.
 *
 * Morsels: V. Leis, P. Boncz, A. Kemper and T. Neumann, "Morsel-Driven Parallelism: A NUMA-Aware Query Evaluation
 * Framework for the Many-Core Age", SIGMOD 2014.
 *
 * N3  Before a lane takes items, or calls a source, it has as many places promised in the queue of the stage's only
 *     successor, or, if each call has a result, in the program's queue for the results (Q14). So the results find room,
 *     and no thread of the crew blocks. A stage that emits several results for an item may still block for room. So may
 *     a lane with a call that takes long, as a rescue withdraws its promises: other stages, and other sources, may put
 *     to that queue, and the call may last for ever. The alert for room in a queue of the program watches (Q19), and is
 *     taken out at the end of the stage: a thread may make room there while the pipeline is destroyed.
 * N4  The size of a morsel follows from the time that earlier items took. A morsel should take at most 32 microseconds
 *     in its stage, and 96 including the stages to which its results may pass. It may take twice as long if it comes
 *     from a source, or is at most an eighth of the queued items: its items would wait longer elsewhere. If another lane and
 *     a seat are free, and the queued items are worth sharing, a lane takes at most half of them. Slow items are taken one
 *     at a time, so no item waits behind the call of another.
 * N5  A stage is marked as blocking (`blocks`) if its calls sleep for most of their time. Its threads then give up
 *     their seats before each call. Once several calls have slept, reports say so for the rest of the run
 *     (`has_blocked`).
 * N6  `span` holds the number of the morsel, and the first index and the end index of the items that are not begun. A
 *     thread gets an item by moving one of these indexes over it, by compare and swap. The lane's thread moves the
 *     first index. If a call of the lane takes long, or the stage is paused, a rescuer moves the end index, to requeue
 *     the rest (weir__morsel_rescue), in an ordered stage with its positions (O9). The rescuer copies the items before
 *     it swaps; the morsel's number makes its swap fail on a later morsel. The rescuer holds `out_lock` until the items
 *     are back in the queue, and the lane is released only afterwards, so that a serial stage runs no later item first.
 *     In a plain pipeline, cheap items are begun together, for about a microsecond of work. Each of them waits for the
 *     calls before it, even if one blocks.
 * N8  While a lane runs a morsel and another lane is free, one of these holds: the alert is left in the stage's queue
 *     (Q13); the job is ready, or a visit has begun that has yet to look at the queue; or the queued items are little
 *     work. In that case, the lane's thread comes back for the queued items; if a call takes long, the monitor makes
 *     the job ready. Or no position is free in an ordered stage: the end of a turn makes the job ready (O8). Each call,
 *     or each group of calls begun together, is a separate part of the slice (weir__hand_begin_part).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_MORSEL_H
#define WEIR_PIPELINE_WORKERS_MORSEL_H

#include "pipeline/state/stage.h"

/* What a lane found. */
typedef enum weir__found {
    WEIR__RAN,         /* the lane has run a morsel */
    WEIR__EMPTY_QUEUE, /* the queue is empty: the stage's alert is left there (Q13) */
    WEIR__NO_ROOM,     /* the next queue is full: the stage's alert is left there */
    WEIR__SHUT,        /* the stage is paused */
    WEIR__AT_END       /* the queue is closed, or the source has ended */
} weir__found;

/* Takes a morsel, unless the lane has received one, and runs it. Results are in the outbox, or sent. */
weir__found weir__morsel_run(weir__lane *lane);

/* Sends the results that are still in the outbox, withdraws unused promises, and settles the morsel's items. */
void weir__morsel_end(weir__lane *lane);

/* Whether the stage may have more to run. If it has not, its alert is left in its queue, or the source must return. */
bool weir__morsel_may_follow(const weir__lane *lane);

/* N3. Promises the lane up to `most` places. Returns the number of places; if it is 0, the stage's alert is left. */
size_t weir__morsel_promise(weir__lane *lane, size_t most);

/* N9. Makes the first `count` items in the lane's slots its morsel. They were passed on by the lane `from`. */
void weir__morsel_receive(weir__lane *lane, const weir__lane *from, size_t count);

/*
 * Withdraws the lane's promises, and requeues the items of the morsel that are not begun, because a call of the lane takes
 * long or the stage is paused. Any thread may call this while the lane's thread visits the stage.
 */
void weir__morsel_rescue(weir__lane *lane);

/* Drops the items of the morsel that were not run, after a function has ended the thread. */
void weir__morsel_abandon(weir__lane *lane);

/* N4. Returns the number of items that a lane may take so that none waits for long behind the calls of others. */
size_t weir__morsel_most(const weir_stage *stage);

/* N4. Whether so many passed items are no more than a long slice. */
bool weir__morsel_may_pass(const weir_stage *stage, size_t items);

/* Whether `items` items, from this stage on, take long enough to be worth another thread. */
bool weir__morsel_is_heavy(const weir_stage *stage, size_t items);

#endif /* WEIR_PIPELINE_WORKERS_MORSEL_H */
