/*
 * flow.c - scenarios of the flow of items: none is lost, none comes twice, they stay in order, every sleeper is
 * woken.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/closable_queue.h>

#include "scenarios.h"
#include "support.h"

static weir_queue *queue;

/* A producer puts `count` items from `first` on. A consumer gets `count` items into `got`. */
struct party {
    int first, count;
    int got[8];
};

static void put_in_turn(void *raw) {
    struct party *party = raw;
    for (int i = 0; i < party->count; i++)
        must(weir_queue_put(queue, item(party->first + i)), WEIR_OK);
}

static void get_and_settle(void *raw) {
    struct party *party = raw;
    for (int i = 0; i < party->count; i++) {
        party->got[i] = get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* Runs all parties. The last consumer is the scenario's own thread. */
static void run_parties(struct party *producers, int producer_count, struct party *consumers, int consumer_count) {
    int threads[SCHED_THREADS], count = 0;
    for (int i = 0; i < consumer_count - 1; i++)
        threads[count++] = sched_spawn(get_and_settle, &consumers[i]);
    for (int i = 0; i < producer_count; i++)
        threads[count++] = sched_spawn(put_in_turn, &producers[i]);
    get_and_settle(&consumers[consumer_count - 1]);
    while (count > 0)
        sched_join(threads[--count]);
}

static void one_to_one(size_t capacity, int items) {
    struct party producer = {.first = 1, .count = items}, consumer = {.count = items};
    queue = new_queue(capacity);
    int thread = sched_spawn(put_in_turn, &producer);
    get_and_settle(&consumer);
    sched_join(thread);
    for (int i = 0; i < items; i++)
        sched_check(consumer.got[i] == i + 1, "item %d came as number %d", consumer.got[i], i + 1);
    finish_queue(queue);
}

void scenario_put_get_capacity_1(void) {
    one_to_one(1, 3);
}

void scenario_put_get_capacity_2(void) {
    one_to_one(2, 4);
}

void scenario_unbounded_handover(void) {
    one_to_one(WEIR_UNBOUNDED, 5);
}

void scenario_two_producers(void) {
    struct party producers[2] = {{.first = 1, .count = 2}, {.first = 11, .count = 1}}, consumer = {.count = 3};
    queue = new_queue(1);
    run_parties(producers, 2, &consumer, 1);
    int last[2] = {0, 10};
    for (int i = 0; i < consumer.count; i++) {
        int *before = &last[consumer.got[i] > 10];
        sched_check(consumer.got[i] == *before + 1, "item %d came after %d", consumer.got[i], *before);
        *before = consumer.got[i];
    }
    finish_queue(queue);
}

static void check_each_once(const struct party *consumers, int count, int items) {
    unsigned seen = 0;
    for (int c = 0; c < count; c++) {
        for (int i = 0; i < consumers[c].count; i++) {
            unsigned bit = 1u << consumers[c].got[i];
            sched_check((seen & bit) == 0, "item %d came twice", consumers[c].got[i]);
            seen |= bit;
        }
    }
    sched_check(seen == (1u << (items + 1)) - 2, "items are missing: %x", seen);
}

void scenario_two_by_two(void) {
    struct party producers[2] = {{.first = 1, .count = 1}, {.first = 2, .count = 1}};
    struct party consumers[2] = {{.count = 1}, {.count = 1}};
    queue = new_queue(1);
    run_parties(producers, 2, consumers, 2);
    check_each_once(consumers, 2, 2);
    finish_queue(queue);
}

void scenario_unbounded_two_consumers(void) {
    struct party producer = {.first = 1, .count = 4}, consumers[2] = {{.count = 2}, {.count = 2}};
    queue = new_queue(WEIR_UNBOUNDED);
    run_parties(&producer, 1, consumers, 2);
    check_each_once(consumers, 2, 4);
    finish_queue(queue);
}

static void put_many(void *raw) {
    struct party *party = raw;
    void *items[8];
    size_t put;
    for (int i = 0; i < party->count; i++)
        items[i] = item(party->first + i);
    must(weir_queue_put_many(queue, items, (size_t)party->count, &put), WEIR_OK);
    sched_check(put == (size_t)party->count, "%zu put", put);
}

void scenario_batches(void) {
    struct party producer = {.first = 1, .count = 5};
    queue = new_queue(2);
    int thread = sched_spawn(put_many, &producer);
    for (int expected = 1; expected <= 5;) {
        void *items[3];
        size_t got;
        must(weir_queue_get_many(queue, items, 3, &got), WEIR_OK);
        sched_check(got >= 1 && got <= 3, "%zu got at once", got);
        for (size_t i = 0; i < got; i++, expected++)
            sched_check(number(items[i]) == expected, "item %d came instead of %d", number(items[i]), expected);
        must(weir_queue_tasks_done(queue, got), WEIR_OK);
    }
    sched_join(thread);
    finish_queue(queue);
}

void scenario_batch_wakes_two(void) {
    struct party producer = {.first = 1, .count = 2}, consumers[2] = {{.count = 1}, {.count = 1}};
    queue = new_queue(2);
    int first = sched_spawn(get_and_settle, &consumers[0]);
    int second = sched_spawn(get_and_settle, &consumers[1]);
    put_many(&producer);
    sched_join(first);
    sched_join(second);
    check_each_once(consumers, 2, 2);
    finish_queue(queue);
}

static void put_many_by_deadline(void *put) {
    void *items[2] = {item(1), item(2)};
    weir_status status = weir_queue_put_many_until(queue, items, 2, put, weir_deadline_after(100));
    must(status, *(size_t *)put == 2 ? WEIR_OK : WEIR_TIMEDOUT);
}

/* Checks and settles a batch. `*next` is the next item expected. */
static void settle_batch(void *const *items, size_t got, int *next) {
    for (size_t i = 0; i < got; i++, ++*next)
        sched_check(number(items[i]) == *next, "item %d came instead of %d", number(items[i]), *next);
    must(weir_queue_tasks_done(queue, got), WEIR_OK);
}

/* Both sides give up in the end. Every item put is either got or still in the queue, in order. */
void scenario_batches_by_deadline(void) {
    void *items[3];
    size_t put = 9, got = 9;
    int next = 1;
    weir_status status;
    queue = new_queue(1);
    int thread = sched_spawn(put_many_by_deadline, &put);
    while ((status = weir_queue_get_many_until(queue, items, 3, &got, weir_deadline_after(50))) == WEIR_OK)
        settle_batch(items, got, &next);
    must(status, WEIR_TIMEDOUT);
    sched_check(got == 0, "%zu got", got);
    sched_join(thread);
    status = weir_queue_try_get_many(queue, items, 3, &got);
    must(status, got > 0 ? WEIR_OK : WEIR_EMPTY);
    settle_batch(items, got, &next);
    sched_check(next == (int)put + 1, "%zu put, %d got", put, next - 1);
    finish_queue(queue);
}

static bool timed_get_has(void) {
    void *got;
    weir_status status = weir_queue_get_until(queue, &got, weir_deadline_after(100));
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "get_until says %d", status);
    if (status == WEIR_OK)
        must(weir_queue_task_done(queue), WEIR_OK);
    return status == WEIR_OK;
}

static void get_by_deadline(void *raw) {
    *(bool *)raw = timed_get_has();
}

/*
 * Two sleepers, one with a deadline, and two items: the one without a deadline gets an item, whatever the other does.
 */
void scenario_pass_on_with_deadline(void) {
    struct party consumer = {.count = 1};
    bool had = false;
    queue = new_queue(2);
    int timed = sched_spawn(get_by_deadline, &had);
    int patient = sched_spawn(get_and_settle, &consumer);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    sched_join(patient);
    sched_join(timed);
    sched_check(weir_queue_size(queue) == (had ? 0 : 1), "%zu left", weir_queue_size(queue));
    if (!had) {
        (void)get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
    finish_queue(queue);
}

static void walk_with_cursor(void *raw) {
    int *count = raw;
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *got;
    while (weir_queue_cursor_next(&cursor, &got) == WEIR_OK)
        ++*count;
    must(weir_queue_cursor_end(&cursor), WEIR_OK);
}

void scenario_cursor(void) {
    int count = 0;
    queue = new_queue(1);
    int thread = sched_spawn(walk_with_cursor, &count);
    must(weir_queue_put(queue, item(1)), WEIR_OK);
    must(weir_queue_put(queue, item(2)), WEIR_OK);
    must(weir_queue_close(queue), WEIR_OK);
    must(weir_queue_join(queue), WEIR_OK);
    sched_join(thread);
    sched_check(count == 2, "%d items", count);
    finish_queue(queue);
}

static uint64_t *box;

static void read_box(void *unused) {
    (void)unused;
    for (uint64_t i = 1; i <= 2; i++) {
        (void)get_number(queue);
        uint64_t value = sched_plain_read(box);
        sched_check(value == i, "the box holds %d", (int)value);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* The box is written again after a join: the reader's read happened before that. */
void scenario_item_is_published(void) {
    queue = new_queue(1);
    box = sched_scratch(sizeof *box);
    int thread = sched_spawn(read_box, NULL);
    for (uint64_t i = 1; i <= 2; i++) {
        sched_plain_write(box, i);
        must(weir_queue_put(queue, item(1)), WEIR_OK);
        must(weir_queue_join(queue), WEIR_OK);
    }
    sched_join(thread);
    finish_queue(queue);
}
