/*
 * batch.c - several items at once.
 *
 * Taking, settling and giving room one item at a time costs more than many an item's work. So a worker takes several
 * items while there are enough for everybody, and begins them one by one.
 *
 * B1  An item that is taken and not begun lies in its worker's batch. Whatever exchanges it for WEIR__EMPTY has it: the
 *     worker itself, from the first place on, or another worker of its group, or the queue when it is given back. The
 *     store and the exchange are the release and the acquire that hand it over.
 * B2  No item waits in a batch while a worker of the group has nothing to do. An item that is taken alone is begun at
 *     once. A batch of two or more is listed with the group (weir__team), before its second item is counted as taken,
 *     and stays in the list until a worker finds it empty. A worker that finds the queue empty takes what lies in listed
 *     batches, one item at a time. No look costs more with more workers: `laden` says whether the list has any, and a
 *     batch that is found empty is taken off.
 *     A worker sleeps only if, with the producers' lock held, the queue is empty and the list too: so what was taken
 *     before is begun. What is taken later was put while that worker was counted as asleep, and whichever worker then
 *     takes a batch sees the sleeper and calls it. A worker that comes back calls the next one, unless it takes from the
 *     list itself and leaves nothing in it: before it runs an item of the queue, and before it ends by a sentinel. So
 *     while an item lies in a batch and a worker sleeps, a call is under way, or a worker is awake that will make it.
 *     The wakes of puts are not enough for that: another consumer may take the token (Q4) and see nothing left to pass
 *     on.
 * B3  A worker takes more than one item only if at least two for each worker of the queue are there, and then no more
 *     than its share; and a batch is to take about 100 microseconds, by the time that the items before have taken.
 *     Longer ones save nothing, and keep back what is counted when a batch is settled. Slow items are taken one at a
 *     time.
 * B4  A worker that finds the queue closed for it, by its mark or a shutdown, looks into the batches, and then at the
 *     queue once more: what a worker that ends early has not begun is in one of the two at every moment that the
 *     consumers' lock is free. It ends when there is nothing. One that took a sentinel ends at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "stoppable_worker/group.h"

static const uint64_t batch_time = 100 * 1000; /* ns */

/* Wakes another worker for what lies in batches, if one sleeps. */
static void call_another(const weir_worker *worker) {
    weir__team *team = &worker->group->team;
    if (weir__team_is_laden(team) && weir__berth_has_sleepers(&team->berth))
        weir__queue_call(worker->group->in, team);
}

/* Takes an item out of another worker's batch. */
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

/* Two readings of the clock for a sleep, which costs a hundred times as much: this is always on. */
static void sleep_for_items(weir_worker *worker) {
    weir__group *group = worker->group;
    weir__stopwatch_start(&worker->starved, weir__clock_now());
    weir__queue_sleep(group->in, &group->team);
    weir__stopwatch_stop(&worker->starved, weir__clock_now());
}

size_t weir__batch_fill(weir_worker *worker) {
    weir__group *group = worker->group;
    const weir__share share = {.team = &group->team, .hold = &worker->hold, .most = worker->most};
    weir__taken taken;
    bool closed = false, slept = false;
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
        if (status == WEIR_EMPTY)
            sleep_for_items(worker);
        else if (closed) /* B4 */
            return 0;
        slept = slept || status == WEIR_EMPTY;
        closed = status == WEIR_CLOSED;
    }
}

bool weir__batch_begin(weir_worker *worker, size_t place, void **item) {
    *item = weir__ptr_exchange_acquire_release(&worker->batch[place], WEIR__EMPTY);
    return *item != WEIR__EMPTY;
}

void weir__batch_learn(weir_worker *worker, size_t count, uint64_t nanoseconds) {
    uint64_t fit = batch_time / (nanoseconds / count + 1);
    size_t most = 2 * worker->most; /* soon many, and at once few */
    most = most < WEIR__BATCH ? most : WEIR__BATCH;
    most = fit < most ? (size_t)fit : most;
    worker->most = most > 0 ? most : 1;
    weir__assert(worker->most <= WEIR__BATCH); /* B3 */
}

void weir__batch_give_back(weir_worker *worker) {
    weir__queue_give_back(worker->group->in, worker->batch, WEIR__BATCH, worker->returned);
    worker->returned = NULL;
}
