/*
 * batch.c - several items at once.
 *
 * Taking, settling and giving room one item at a time costs more than many an item's work. So a worker takes several
 * items while there are enough for everybody, and begins them one by one.
 *
 * B1  An item that is taken and not begun lies in its worker's batch. Whoever exchanges it for WEIR__EMPTY has it: the
 *     worker itself, from the first place on, or another worker of its group, or the queue when it is given back. The
 *     store and the exchange are the release and the acquire that hand it over.
 * B2  No item waits in a batch while a worker of the group has nothing to do. A worker that finds the queue empty takes
 *     what lies in the others' batches, one item at a time, and if it leaves some, wakes another one for them. Before
 *     it sleeps it looks once more, with the producers' lock held and the queue empty: what was taken lies in a batch
 *     that it sees, or is begun, and what is put later wakes somebody who looks again. So a slow item keeps none behind
 *     it waiting for long, whatever was learnt before.
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

static bool take_from(weir_worker *peer, void **item) {
    for (size_t i = WEIR__BATCH; i-- > 0;) {
        weir__slot *slot = &peer->batch[i];
        if (weir__ptr_load_relaxed(slot) == WEIR__EMPTY)
            continue;
        *item = weir__ptr_exchange_acquire_release(slot, WEIR__EMPTY);
        if (*item != WEIR__EMPTY)
            return true;
    }
    return false;
}

/* The n-th worker after this one, in a ring. */
static weir_worker *peer_of(const weir_worker *worker, size_t n) {
    weir__group *group = worker->group;
    return &group->workers[((size_t)(worker - group->workers) + n) % group->count];
}

/* Whether another worker has something that it has not begun. */
static bool peers_have_items(const void *raw) {
    const weir_worker *worker = raw;
    for (size_t n = 1; n < worker->group->count; n++) {
        const weir_worker *peer = peer_of(worker, n);
        for (size_t i = WEIR__BATCH; i-- > 0;) {
            if (weir__ptr_load_relaxed(&peer->batch[i]) != WEIR__EMPTY)
                return true;
        }
    }
    return false;
}

/* Takes an item out of another worker's batch. */
static bool take_from_peers(weir_worker *worker) {
    void *item;
    for (size_t n = 1; n < worker->group->count; n++) {
        if (!take_from(peer_of(worker, n), &item))
            continue;
        if (peers_have_items(worker)) /* B2 */
            weir__queue_wake_consumer(worker->group->in);
        weir__ptr_store_release(&worker->batch[0], item);
        return true;
    }
    return false;
}

/* Two readings of the clock for a sleep, which costs a hundred times as much: this is always on. */
static void sleep_for_items(weir_worker *worker) {
    weir__group *group = worker->group;
    weir__stopwatch_start(&worker->starved, weir__clock_now());
    weir__queue_sleep(group->in, &group->mark, peers_have_items, worker);
    weir__stopwatch_stop(&worker->starved, weir__clock_now());
}

size_t weir__batch_fill(weir_worker *worker) {
    weir__group *group = worker->group;
    const weir__share share = {.mark = &group->mark, .most = worker->most, .items = worker->batch};
    weir__taken taken;
    bool closed = false;
    for (;;) {
        weir_status status = weir__queue_get_share(group->in, &share, &taken);
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
}

void weir__batch_give_back(weir_worker *worker) {
    weir__queue_give_back(worker->group->in, worker->batch, WEIR__BATCH, worker->returned);
    worker->returned = NULL;
}
