/*
 * morsel.h - Runs morsels: a lane on a crew takes several items at once, and begins them one after the other.
 *
 * Morsels: V. Leis, P. Boncz, A. Kemper and T. Neumann, "Morsel-Driven Parallelism: A NUMA-Aware Query Evaluation
 * Framework for the Many-Core Age", SIGMOD 2014.
 *
 * N3  Before a lane takes items, it promises itself as many places in the queue of its only successor, or in that of the
 *     program for the results (Q14). So results find room, and no thread of the crew waits. A stage with another number of
 *     results may have to wait for room. The alert for room in a queue of the program watches (Q19), and is taken out at
 *     the end of the stage: a thread of the program may make room while the pipeline is destroyed.
 * N4  A morsel is sized to take at most 96 microseconds, with the stages to which it may pass, and 32 in the stage that
 *     takes it, judged by the time that earlier items took, and at most the thread's share if seats are free. Slow items
 *     are taken one at a time, so none waits behind another one's call.
 * N5  A stage blocks if its calls sleep for most of their time. Its threads give their seats up before each call. If
 *     several calls have slept, the report says so from then on, even if later calls do not.
 * N6  `span` has the number of the morsel, and the first and the end of its items that are not begun. The thread that
 *     moves one of them over an item, by compare and swap, has the item: the lane's, or the one that requeues the rest
 *     because a call of the lane takes long (weir__morsel_rescue). The latter copies the items before it swaps; the
 *     number keeps a swap from a later morsel. It holds `out_lock` until the items are in the queue again, and the lane is
 *     not released before: a serial stage runs no later item first. In a plain pipeline, items that cost little are begun
 *     together, for about a microsecond of work: these wait for each other's calls, also for one that blocks.
 * N8  While a lane runs a morsel and another lane is free, one of these holds: the alert is left in the stage's queue;
 *     the job is ready, or another visit has begun that will look; or what is queued is little work. In the last case
 *     the lane's thread comes back for it, and if a call takes long the monitor makes the job ready. Each call, or
 *     the calls that are begun together, are a part of the slice of their own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_MORSEL_H
#define WEIR_PIPELINE_MORSEL_H

#include "pipeline/stage.h"

/* What a lane found. */
typedef enum weir__found {
    WEIR__RAN,         /* it has run a morsel */
    WEIR__EMPTY_QUEUE, /* there is no item: the stage's alert is left */
    WEIR__NO_ROOM,     /* there is no room in the next queue: the stage's alert is left there */
    WEIR__SHUT,        /* the stage is paused */
    WEIR__AT_END       /* the queue is closed, or the source has ended */
} weir__found;

/* Takes a morsel, unless the lane has received one, and runs it. Results are in the outbox, or sent. */
weir__found weir__morsel_run(weir__lane *lane);

/* Sends the results that are left in the outbox, withdraws promises that are left, and settles the morsel's items. */
void weir__morsel_end(weir__lane *lane);

/* Whether the stage may have more to run. If not, the stage's alert is left, or the source has ended. */
bool weir__morsel_may_follow(const weir__lane *lane);

/* N3. Promises the lane up to `most` places. Returns their number. If it is 0, the stage's alert is left. */
size_t weir__morsel_promise(weir__lane *lane, size_t most);

/* N9. Makes the items in the lane's first slots, which come from that lane, its morsel. */
void weir__morsel_receive(weir__lane *lane, const weir__lane *from, size_t count);

/*
 * Requeues the items of the morsel that are not begun, because a call of the lane takes long. Called by any thread, while
 * the lane's thread visits the stage.
 */
void weir__morsel_rescue(weir__lane *lane);

/* Drops the items of the morsel that are not called, after a function has ended the thread. */
void weir__morsel_abandon(weir__lane *lane);

/* Whether so many items take long enough, from this stage on, to be worth another thread. */
bool weir__morsel_is_heavy(const weir_stage *stage, size_t items);

#endif /* WEIR_PIPELINE_MORSEL_H */
