/*
 * prefetch.c - Implements batches: a worker takes several items at once.
 *
 * Taking, settling and making room for one item at a time costs more than the work on many items. So a worker takes
 * several items while there are enough for all workers, and begins them one by one.
 *
 * Invariants.
 *
 * B1  An item that is taken and not begun lies in its worker's batch. The thread that exchanges it for WEIR__EMPTY
 *     has it. This is the worker itself, from the first place on, another worker of its group, or the thread that
 *     requeues it. The store of the item is a release and the exchange an acquire: these hand the item over.
 * B2  No item waits in a batch while a worker of the group is idle.
 *     - A worker that takes an item alone begins it at once.
 *     - A batch of two or more is listed with the group (weir__team) before its second item counts as taken. It stays
 *       listed until a worker finds it empty.
 *     - A worker that finds the queue empty takes items out of listed batches, one at a time. The cost of a search
 *       does not grow with the number of workers. `laden` tells whether any batch is listed, and a batch that is
 *       found empty is removed.
 *     - A worker sleeps only if, with the producers' lock held, both the queue and the list are empty: every item
 *       taken before is then begun. An item taken later was put while that worker counted as asleep. The worker that
 *       takes it in a batch sees the sleeper and calls it.
 *     - A worker that has slept calls the next one before it runs an item of the queue, and before it ends by a
 *       sentinel. If it takes an item out of the list, it calls the next one only if the list has another item.
 *     So while an item lies in a batch and a worker sleeps, a call is in flight, or an awake worker will make one.
 *     The wakes of puts do not suffice for that: another consumer may take the token (Q4) and find nothing left to
 *     pass on.
 * B3  A worker takes more than one item only if the queue has at least two for each of its workers. Then it takes at
 *     most its share. A batch is sized to take about 100 microseconds, judged by the time that earlier items took.
 *     Longer batches save nothing, and delay the counts that are updated when a batch is settled. Slow items are
 *     taken one at a time.
 * B4  A worker that finds the queue closed for it, by its mark or a shutdown, searches the batches and then the queue
 *     once more. It ends if it finds nothing. Whenever the consumers' lock is free, an item that an early-ending
 *     worker has not begun is in one of the two. A worker that took a sentinel ends at once.
 * B5  A worker of a group that grows leaves, if it must (weir__team_leave), before it takes items, or when it has found
 *     the queue and the list empty. Its batch is empty then. It owes no call: whatever it found after its last sleep
 *     it has passed on (B2), and the return of items wakes one more consumer.
 *
 * Lock order: Q6; no lock is held while an item runs. Wakeups: B2.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/prefetch.h"

#include "closable_queue/get.h"
#include "closable_queue/requeue.h"
#include "closable_queue/share.h"

static const uint64_t batch_time = 100 * 1000; /* ns */

/* Wakes another worker for an item that lies in a batch, if a worker sleeps. */
static void call_another(const weir_worker *worker) {
    weir__team *team = &worker->group->team;
    if (weir__team_is_laden(team) && weir__berth_has_sleepers(&team->berth))
        weir__queue_call(worker->group->in, team);
}

/* Takes an item out of another worker's batch. Returns false if there is none. */
static bool take_from_peers(weir_worker *worker) {
    bool more;
    void *item = weir__queue_take_held(worker->group->in, &worker->group->team, &more);
    if (item == WEIR__EMPTY)
        return false;
    weir__assert(weir__ptr_peek(&worker->batch[0]) == WEIR__EMPTY); /* B1 */
    if (more)
        call_another(worker); /* B2 */
    weir__ptr_store_release(&worker->batch[0], item);
    return true;
}

/* Always measured: two clock reads cost a hundredth of a sleep. */
static void sleep_for_items(weir_worker *worker) {
    weir__group *group = worker->group;
    weir__stopwatch_start(&worker->starved, weir__clock_now());
    if (group->extra.doze != NULL)
        group->extra.doze(worker->member.state);
    else
        weir__queue_sleep(group->in, &group->team);
    weir__stopwatch_stop(&worker->starved, weir__clock_now());
}

bool weir__prefetch_equip(weir_worker *worker) {
    if (worker->returned == NULL)
        worker->returned = weir__alloc(sizeof *worker->returned + WEIR__BATCH * sizeof worker->returned->places[0]);
    return worker->returned != NULL;
}

size_t weir__prefetch_fill(weir_worker *worker) {
    weir__group *group = worker->group;
    const weir__share share = {.team = &group->team, .hold = &worker->hold, .most = worker->most};
    weir__taken taken;
    bool closed = false, slept = false;
    if (weir__team_leave(&group->team)) /* B5 */
        return 0;
    for (;;) {
        weir_status status = weir__queue_get_share(group->in, &share, &taken);
        if (taken.count > 1 || (slept && status != WEIR_EMPTY))
            call_another(worker); /* B2 */
        if (status == WEIR_OK)
            return taken.count;
        if (taken.sentinel || weir__queue_is_discarding(group->in))
            return 0;
        if (take_from_peers(worker))
            return 1;
        if (status == WEIR_EMPTY && weir__team_leave(&group->team)) /* B5 */
            return 0;
        if (status == WEIR_EMPTY)
            sleep_for_items(worker);
        else if (closed) /* B4 */
            return 0;
        slept = slept || status == WEIR_EMPTY;
        closed = status == WEIR_CLOSED;
    }
}

bool weir__prefetch_begin(weir_worker *worker, size_t place, void **item) {
    *item = weir__ptr_exchange_acquire_release(&worker->batch[place], WEIR__EMPTY);
    return *item != WEIR__EMPTY;
}

void weir__prefetch_learn(weir_worker *worker, size_t count, uint64_t nanoseconds) {
    uint64_t fit = batch_time / (nanoseconds / count + 1);
    size_t most = 2 * worker->most; /* grows by doubling, shrinks at once */
    most = most < WEIR__BATCH ? most : WEIR__BATCH;
    most = fit < most ? (size_t)fit : most;
    worker->most = most > 0 ? most : 1;
    weir__assert(worker->most <= WEIR__BATCH); /* B3 */
}

void weir__prefetch_give_back(weir_worker *worker) {
    weir__queue_give_back(worker->group->in, worker->batch, WEIR__BATCH, worker->returned, worker->attached);
    worker->returned = NULL;
    worker->attached = false;
}
