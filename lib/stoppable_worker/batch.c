/*
 * batch.c - several items at once.
 *
 * Taking, settling and giving room one item at a time costs more than many an item's work. So a worker takes several
 * items while there are enough for everybody, and begins them one by one.
 *
 * B1  An item that is taken and not begun lies in its worker's batch. Whoever exchanges it for WEIR__EMPTY has it: the
 *     worker itself, from the first place on, or another worker of its group. The store and the exchange are the release
 *     and the acquire that hand it over.
 * B2  No item waits in a batch while a worker of the group has nothing to do. A worker takes more than one item only if at
 *     least two for each are there, and no more than its share, so that the queue has one for each other worker; those that
 *     sleep are woken for them (Q4). And a worker that finds the queue empty takes what lies in the others' batches, one
 *     item at a time, before it sleeps or ends. So one slow item keeps none behind it waiting for long, whatever was
 *     learnt before.
 * B3  A batch is to take about 100 microseconds, by the time that the items before have taken. Longer ones save nothing, and
 *     keep back what is counted when a batch is settled. Slow items are taken one at a time.
 * B4  A worker that finds the queue closed for it, by its mark or a shutdown, has seen the queue empty up to there under the
 *     consumers' lock, and with it every batch that was filled from it (they are filled under that lock). It ends when it has
 *     seen those empty too: what is left then is begun.
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

/* Takes an item out of another worker's batch. */
static bool take_from_peers(weir_worker *worker) {
    weir__group *group = worker->group;
    size_t self = (size_t)(worker - group->workers);
    void *item;
    for (size_t i = 1; i < group->count; i++) {
        if (take_from(&group->workers[(self + i) % group->count], &item)) {
            weir__ptr_store_release(&worker->batch[0], item);
            return true;
        }
    }
    return false;
}

size_t weir__batch_fill(weir_worker *worker) {
    weir__group *group = worker->group;
    const weir__share share = {&group->mark, group->count, worker->most, worker->batch};
    size_t got = 0;
    while (!worker->closed) {
        weir_status status = weir__queue_get_share(group->in, &share, &got);
        if (status == WEIR_OK)
            return got;
        worker->closed = status == WEIR_CLOSED;
        if (!worker->closed && take_from_peers(worker))
            return 1;
        if (!worker->closed)
            weir__queue_sleep(group->in, &group->mark);
    }
    return !weir__queue_is_discarding(group->in) && take_from_peers(worker);
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
    weir__returned *returned = worker->returned;
    void *item;
    for (size_t i = 0; i < WEIR__BATCH; i++) {
        if (weir__batch_begin(worker, i, &item))
            returned->items[returned->end++] = item;
    }
    if (returned->end > 0)
        weir__queue_give_back(worker->group->in, returned);
    else
        weir__free(returned);
    worker->returned = NULL;
}
