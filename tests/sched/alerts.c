/*
 * alerts.c - scenarios of alerts and promises of the queue, and of items that pass through it.
 *
 * A party stands for a stage on a crew: it does not sleep in a queue, but leaves an alert. Each tell gives its thread one
 * permit. A seal or a shutdown tells no alert: a pipeline then looks at its stages itself, and so do these scenarios.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/alert.h"
#include "closable_queue/pass.h"
#include "closable_queue/requeue.h"
#include "closable_queue/shutdown.h"
#include "scenarios.h"
#include "support.h"

enum { PARTIES = 2 };

struct party {
    weir__alert alert; /* first member */
    weir__lock lock;
    weir__park park;
    int permits; /* under the lock */
    int got;     /* items taken; or calls of a tell */
    int wanted;  /* items to take; 0: until the queue is shut down */
};

static weir_queue *queue;
static struct party *parties;

/* ---- support ---- */

static void give_permit(weir__alert *alert) {
    struct party *party = (struct party *)alert;
    weir__lock_acquire(&party->lock);
    party->permits++;
    weir__park_release_all(&party->park, &party->lock);
}

static void await_permit(struct party *party) {
    weir__lock_acquire(&party->lock);
    while (party->permits == 0)
        weir__park_wait(&party->park, &party->lock, WEIR_NEVER, NULL);
    party->permits--;
    weir__lock_release(&party->lock);
}

/* After a seal or a shutdown. */
static void look_at_parties(void) {
    for (int i = 0; i < PARTIES; i++)
        give_permit(&parties[i].alert);
}

static void begin(size_t capacity) {
    parties = sched_scratch(PARTIES * sizeof *parties);
    for (int i = 0; i < PARTIES; i++)
        parties[i].alert.tell = give_permit;
    sched_calm(true);
    queue = new_queue(capacity);
    sched_calm(false);
}

/* Takes the items that it wants. */
static void consume(void *raw) {
    struct party *party = raw;
    void *got;
    weir_status status = WEIR_OK;
    while (status != WEIR_CLOSED && (party->wanted == 0 || party->got < party->wanted)) {
        status = weir_queue_try_get(queue, &got);
        if (status == WEIR_OK) {
            party->got++;
            must(weir_queue_task_done(queue), WEIR_OK);
        } else if (status == WEIR_EMPTY && weir__queue_alert_item(queue, &party->alert)) {
            await_permit(party);
        }
    }
}

static void put(int i) {
    must(weir_queue_put(queue, item(i)), WEIR_OK);
}

/* Puts an item into a place that was promised. */
static void produce(struct party *party, int i) {
    while (weir__queue_promise(queue, 1, &party->alert) == 0)
        await_permit(party);
    must(weir_queue_try_put(queue, item(i)), WEIR_OK); /* Q14 */
    weir__queue_withdraw(queue, 1);
}

static void produce_two(void *raw) {
    produce(raw, 1);
    produce(raw, 2);
}

static void produce_one(void *raw) {
    produce(raw, 3);
}

static void take(int count) {
    while (count-- > 0) {
        (void)get_number(queue);
        must(weir_queue_task_done(queue), WEIR_OK);
    }
}

/* ---- items ---- */

static void alert_against_put(size_t capacity) {
    begin(capacity);
    parties[0].wanted = 2;
    int other = sched_spawn(consume, &parties[0]);
    put(1);
    put(2);
    sched_join(other);
    finish_queue(queue);
}

void scenario_alert_against_put(void) {
    alert_against_put(2);
}

void scenario_alert_against_full_put(void) {
    alert_against_put(1);
}

void scenario_alert_against_shutdown(void) {
    begin(1);
    int first = sched_spawn(consume, &parties[0]), second = sched_spawn(consume, &parties[1]);
    must(weir_queue_shutdown(queue, WEIR_DRAIN), WEIR_OK);
    look_at_parties();
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

/* Takes one item, or a sentinel. */
static void take_with_alert(void *raw) {
    struct party *party = raw;
    void *got;
    weir_status status;
    while ((status = weir_queue_try_get(queue, &got)) == WEIR_EMPTY) {
        if (weir__queue_alert_item(queue, &party->alert))
            await_permit(party);
    }
    if (status == WEIR_OK)
        must(weir_queue_task_done(queue), WEIR_OK);
}

void scenario_alert_against_close(void) {
    begin(1);
    int other = sched_spawn(take_with_alert, &parties[0]);
    must(weir_queue_close(queue), WEIR_OK);
    sched_join(other);
    finish_queue(queue);
}

void scenario_two_alerts(void) {
    begin(2);
    int first = sched_spawn(take_with_alert, &parties[0]), second = sched_spawn(take_with_alert, &parties[1]);
    put(1);
    put(2);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

/* A stage's alert is told once more while it runs: leaving it twice must not make two of it. */
void scenario_alert_left_twice(void) {
    begin(1);
    sched_check(weir__queue_alert_item(queue, &parties[0].alert), "the queue is not empty");
    sched_check(weir__queue_alert_item(queue, &parties[1].alert), "the queue is not empty");
    sched_check(weir__queue_alert_item(queue, &parties[0].alert), "the queue is not empty");
    int other = sched_spawn(take_with_alert, &parties[0]);
    put(1);
    sched_join(other);
    sched_check(!parties[0].alert.left && !parties[1].alert.left, "an alert is not told");
    finish_queue(queue);
}

static void requeue_one(void *raw) {
    weir__queue_requeue(queue, raw);
}

void scenario_alert_against_requeue(void) {
    begin(1);
    weir__requeued *place = sched_scratch(sizeof *place);
    put(1);
    place->item = item(get_number(queue));
    int other = sched_spawn(requeue_one, place);
    take_with_alert(&parties[0]);
    sched_join(other);
    finish_queue(queue);
}

static void give_back_two(void *unused) {
    (void)unused;
    void *got[2];
    size_t count;
    must(weir_queue_get_many(queue, got, 2, &count), WEIR_OK);
    sched_check(count == 2, "%d items", (int)count);
    weir__slot *slots = sched_scratch(2 * sizeof *slots);
    for (int i = 0; i < 2; i++)
        weir__ptr_store_relaxed(&slots[i], got[i]);
    weir__returned *returned = weir__alloc(sizeof *returned + 2 * sizeof returned->places[0]);
    weir__queue_give_back(queue, slots, 2, returned, 0);
}

void scenario_alert_against_give_back(void) {
    begin(2);
    put(1);
    put(2);
    int other = sched_spawn(give_back_two, NULL);
    sched_settle();
    sched_join(other);
    other = sched_spawn(take_with_alert, &parties[0]);
    take_with_alert(&parties[1]);
    sched_join(other);
    finish_queue(queue);
}

/* The queue of a stage is destroyed after stages that have left alerts there. */
void scenario_alert_freed_before_destroy(void) {
    begin(1);
    struct party *freed = weir__alloc(sizeof *freed);
    if (sched_choose(2) == 0) {
        sched_check(weir__queue_alert_item(queue, &freed->alert), "the queue is not empty");
    } else {
        put(1);
        sched_check(weir__queue_promise(queue, 1, &freed->alert) == 0, "there is room");
    }
    weir__free(freed);
    must(weir_queue_destroy(queue), WEIR_OK);
}

/* ---- room ---- */

static void promise_against_get(size_t capacity) {
    begin(capacity);
    int other = sched_spawn(produce_two, &parties[0]);
    take(2);
    sched_join(other);
    finish_queue(queue);
}

void scenario_promise_against_get(void) {
    promise_against_get(1);
}

void scenario_promise_against_get_2(void) {
    begin(2);
    put(8);
    put(9);
    int other = sched_spawn(produce_two, &parties[0]);
    take(4);
    sched_join(other);
    finish_queue(queue);
}

void scenario_two_promise(void) {
    begin(1);
    int first = sched_spawn(produce_two, &parties[0]), second = sched_spawn(produce_one, &parties[1]);
    take(3);
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

/* The items are fewer than the promises: a morsel that found less than it had room for. */
static void withdraw_all(void *raw) {
    size_t count = weir__queue_promise(queue, 2, &((struct party *)raw)->alert);
    weir__queue_withdraw(queue, count);
}

void scenario_withdraw_tells_room(void) {
    begin(2);
    int first = sched_spawn(withdraw_all, &parties[1]), second = sched_spawn(produce_one, &parties[0]);
    sched_join(first);
    sched_join(second);
    take(1);
    finish_queue(queue);
}

/* Wants room in a full queue until that is sealed: then it gets all. */
static void promise_until_sealed(void *raw) {
    struct party *party = raw;
    size_t count;
    while ((count = weir__queue_promise(queue, 1, &party->alert)) == 0)
        await_permit(party);
    must(weir_queue_try_put(queue, item(2)), WEIR_CLOSED);
    weir__queue_withdraw(queue, count);
}

void scenario_promise_against_seal(void) {
    begin(1);
    put(1);
    int other = sched_spawn(promise_until_sealed, &parties[0]);
    weir__queue_seal(queue);
    look_at_parties();
    sched_join(other);
    take(1);
    finish_queue(queue);
}

void scenario_promise_against_shutdown(void) {
    begin(1);
    put(1);
    int first = sched_spawn(promise_until_sealed, &parties[0]);
    int second = sched_spawn(promise_until_sealed, &parties[1]);
    must(weir_queue_shutdown(queue, WEIR_DISCARD), WEIR_OK);
    look_at_parties();
    sched_join(first);
    sched_join(second);
    finish_queue(queue);
}

/* ---- a tell that leaves the alert again ---- */

static void promise_again(weir__alert *alert) {
    struct party *party = (struct party *)alert;
    party->got++;
    party->permits += (int)weir__queue_promise(queue, 1, alert);
}

/* The place that becomes free is promised to the first alert. The second one is left again, and told with the next place. */
void scenario_alert_left_in_tell(void) {
    begin(2);
    put(1);
    put(2);
    for (int i = 0; i < PARTIES; i++) {
        parties[i].alert.tell = promise_again;
        sched_check(weir__queue_promise(queue, 1, &parties[i].alert) == 0, "there is room");
    }
    take(2);
    sched_check(parties[0].permits + parties[1].permits == 2, "%d promised", parties[0].permits + parties[1].permits);
    sched_check(parties[0].got + parties[1].got == 3, "told %d times", parties[0].got + parties[1].got);
    weir__queue_withdraw(queue, 2);
    finish_queue(queue);
}

static void put_two(void *unused) {
    (void)unused;
    put(3);
    put(4);
}

/* Waits for room that never is half of the queue, and puts like the other producer. */
static void promise_and_put(void *raw) {
    struct party *party = raw;
    size_t count;
    while ((count = weir__queue_promise(queue, 1, &party->alert)) == 0)
        await_permit(party);
    party->got++;
    must(weir_queue_put(queue, item(5)), WEIR_OK);
    weir__queue_withdraw(queue, count);
}

/* The producer that sleeps fills each place again: with the second one, the stage has its turn. */
void scenario_alert_beside_sleepers(void) {
    begin(4);
    sched_calm(true);
    for (int i = 0; i < 4; i++)
        put(6);
    int stage = sched_spawn(promise_and_put, &parties[0]);
    sched_settle();
    int producer = sched_spawn(put_two, NULL);
    for (int i = 0; i < 2; i++) {
        sched_settle();
        take(1);
    }
    sched_settle();
    sched_check(parties[0].got == 1, "the stage has no promise");
    take(5);
    sched_join(stage);
    sched_join(producer);
    finish_queue(queue);
}

/* A stage that is told beside sleeping producers finds room when it comes: the next promise has a place again. */
void scenario_alert_beside_sleepers_found_room(void) {
    begin(4);
    struct party *party = &parties[0];
    sched_calm(true);
    for (int i = 0; i < 4; i++)
        put(6);
    sched_check(weir__queue_promise(queue, 1, &party->alert) == 0, "a place in a full queue");
    int producer = sched_spawn(put_two, NULL);
    for (int i = 0; i < 2; i++) {
        sched_settle();
        take(1);
    }
    sched_join(producer);
    sched_check(party->permits == 1, "%d tells", party->permits);
    take(1);
    sched_check(weir__queue_promise(queue, 1, &party->alert) == 1, "no promise beside a place");
    put(5);
    weir__queue_withdraw(queue, 1);
    sched_calm(false);
    sched_check(weir__queue_promise(queue, 1, &party->alert) == 0, "a promise without a place, and without sleepers");
    take(4);
    finish_queue(queue);
}

/* ---- items that pass ---- */

/* Lets item 1 pass with so many promises, or puts it. Returns the number of items that are left to take. */
static int pass_or_put(size_t promised, struct party *consumer) {
    bool passed = weir__queue_pass(queue, 1, promised, &consumer->alert);
    if (passed) {
        must(weir_queue_task_done(queue), WEIR_OK);
        return 1;
    }
    must(weir_queue_try_put(queue, item(1)), WEIR_OK);
    weir__queue_withdraw(queue, promised);
    return 2;
}

static void put_second(void *unused) {
    (void)unused;
    put(2);
}

static void check_no_promise(void) {
    sched_check(queue->consumers.promised == 0, "%d promised", (int)queue->consumers.promised);
}

/* Item 1 passes before item 2 comes, which then tells the alert. Otherwise it is behind that. */
void scenario_pass_against_put(void) {
    begin(2);
    int other = sched_spawn(put_second, NULL), left = pass_or_put(0, &parties[0]);
    if (left == 1)
        await_permit(&parties[0]);
    sched_check(get_number(queue) == 2, "an item is overtaken");
    must(weir_queue_task_done(queue), WEIR_OK);
    take(left - 1);
    sched_join(other);
    sched_check(!parties[0].alert.left && parties[0].permits == 0, "the alert is told %d times", parties[0].permits);
    finish_queue(queue);
}

static void take_second(void *unused) {
    (void)unused;
    sched_check(get_number(queue) == 2, "an item is overtaken, or comes twice");
    must(weir_queue_task_done(queue), WEIR_OK);
}

/* Item 2 is being taken, or is about to be. The places stay where they are: the queue goes round afterwards. */
void scenario_pass_against_get(void) {
    begin(2);
    put(2);
    sched_check(weir__queue_promise(queue, 1, &parties[1].alert) == 1, "there is no room");
    int other = sched_spawn(take_second, NULL);
    int left = pass_or_put(1, &parties[0]);
    sched_join(other);
    take(left - 1);
    check_no_promise();
    for (int i = 3; i <= 5; i++) {
        put(i);
        sched_check(get_number(queue) == i, "another item");
        must(weir_queue_task_done(queue), WEIR_OK);
    }
    finish_queue(queue);
}

static void look_at_counts(void *unused) {
    (void)unused;
    size_t size = weir_queue_size(queue), unfinished = weir_queue_unfinished(queue);
    sched_check(size <= 1, "%zu inside", size);
    sched_check(unfinished <= 1, "%zu unfinished", unfinished);
}

void scenario_pass_is_counted(void) {
    begin(1);
    int other = sched_spawn(look_at_counts, NULL);
    take(pass_or_put(0, &parties[0]) - 1);
    sched_join(other);
    finish_queue(queue);
}

static void close_queue(void *unused) {
    (void)unused;
    must(weir_queue_close(queue), WEIR_OK);
}

/* The sentinel tells the alert, or precedes the item. */
void scenario_pass_against_close(void) {
    begin(2);
    int other = sched_spawn(close_queue, NULL), left = pass_or_put(0, &parties[0]);
    void *got;
    if (left == 1)
        await_permit(&parties[0]);
    must(weir_queue_get(queue, &got), WEIR_CLOSED);
    take(left - 1);
    sched_join(other);
    finish_queue(queue);
}

static bool ended;

static void end_queue(void *way) {
    if (number(way) == 0)
        weir__queue_seal(queue);
    else
        must(weir_queue_shutdown(queue, number(way) == 1 ? WEIR_DRAIN : WEIR_DISCARD), WEIR_OK);
    ended = true;
}

/* Nothing passes through a queue that takes no items. */
void scenario_pass_against_shutdown(void) {
    begin(1);
    ended = false;
    int other = sched_spawn(end_queue, item(sched_choose(3)));
    sched_check(weir_queue_size(queue) == 0, "an item is inside"); /* the other thread may run before */
    bool late = ended, passed = weir__queue_pass(queue, 1, 0, &parties[0].alert);
    sched_check(!late || !passed, "an item has passed after the end");
    if (passed)
        must(weir_queue_task_done(queue), WEIR_OK);
    sched_join(other);
    must(weir_queue_join(queue), WEIR_OK);
    finish_queue(queue);
}

/* The pass returns its promise: the other producer, which waits for room, is told. */
void scenario_pass_against_promise(void) {
    begin(1);
    sched_check(weir__queue_promise(queue, 1, &parties[0].alert) == 1, "there is no room");
    int other = sched_spawn(produce_one, &parties[1]);
    take(pass_or_put(1, &parties[0]));
    sched_join(other);
    check_no_promise();
    finish_queue(queue);
}

/* Two threads leave one alert, as lanes of a stage do: one lets an item pass, the other wants the next one. */
void scenario_pass_against_alert(void) {
    begin(2);
    int other = sched_spawn(take_with_alert, &parties[0]);
    if (weir__queue_pass(queue, 1, 0, &parties[0].alert))
        must(weir_queue_task_done(queue), WEIR_OK);
    put(2);
    sched_join(other);
    sched_check(parties[0].alert.next == NULL, "the alert is left twice");
    finish_queue(queue);
}
