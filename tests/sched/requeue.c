/*
 * requeue.c - scenarios of items that are requeued. They make the calls that pipelines make, inside the library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/requeue.h"
#include "closable_queue/share.h"
#include "closable_queue/shutdown.h"
#include "scenarios.h"
#include "support.h"

enum { ITEMS = 3 };

static weir_queue *queue;
static int order[ITEMS + 1], taken;

static void put_three(void *unused) {
    (void)unused;
    for (int i = 1; i <= ITEMS; i++)
        must(weir_queue_put(queue, item(i)), WEIR_OK);
}

static int place_of_first(void) {
    for (int i = 0; i < ITEMS; i++) {
        if (order[i] == 1)
            return i;
    }
    sched_check(false, "the item that was requeued did not come");
    return 0;
}

static void take_until(int count) {
    while (taken < count)
        order[taken++] = get_number(queue);
}

/* Exactly the items put before the requeue come before the requeued one. Then the producer has the slots for itself. */
void scenario_requeue_behind_what_waits(void) {
    weir__requeued place;
    taken = 0;
    queue = new_queue(1);
    int putting = sched_spawn(put_three, NULL);
    place.item = item(get_number(queue));
    uint64_t before = weir__queue_tail(queue);
    weir__queue_requeue(queue, &place);
    uint64_t after = weir__queue_tail(queue);
    take_until(1);
    if (order[0] == 1)
        take_until(2);
    sched_join(putting); /* one slot is empty: what the producer has left to put fits into it */
    take_until(ITEMS);
    uint64_t behind = (uint64_t)place_of_first() + 1;
    sched_check(before <= behind && behind <= after, "it came behind %d of the %d to %d that were put", (int)behind,
                (int)before, (int)after);
    sched_check(weir_queue_unfinished(queue) == ITEMS, "%zu unfinished", weir_queue_unfinished(queue));
    must(weir_queue_tasks_done(queue, ITEMS), WEIR_OK);
    finish_queue(queue);
}

static void take_and_settle_two(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        (void)get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* A sleeping consumer is woken for the requeued item, and a join waits for it. */
void scenario_requeue_wakes_and_is_waited_for(void) {
    weir__requeued place;
    queue = new_queue(2);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    place.item = item(get_number(queue));
    int taking = sched_spawn(take_and_settle_two, NULL);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    weir__queue_seal(queue);
    weir__queue_requeue(queue, &place);
    must(weir_queue_join(queue), WEIR_OK);
    sched_join(taking);
    finish_queue(queue);
}

static int dropped;

static void count_drop(void *got, void *arg) {
    (void)got;
    (void)arg;
    dropped++;
}

static void discard(void *unused) {
    (void)unused;
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
}

/* The shutdown discards the requeued item or, if the item comes later, the requeue does. */
void scenario_requeue_against_discard(void) {
    weir__requeued place;
    const weir_queue_options options = {.capacity = 2, .drop = count_drop};
    dropped = 0;
    must(weir_queue_create_with(&queue, &options), WEIR_OK);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    place.item = item(get_number(queue));
    int discarding = sched_spawn(discard, NULL);
    weir__queue_requeue(queue, &place);
    must(weir_queue_join(queue), WEIR_DISCARDED);
    sched_join(discarding);
    sched_check(dropped == 2, "%d of 2 were dropped", dropped);
    finish_queue(queue);
}
