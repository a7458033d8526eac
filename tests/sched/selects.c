/*
 * selects.c - scenarios of weir_select over queues, futures and descriptors.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/select.h>

#include "closable_queue/requeue.h"
#include "closable_queue/shutdown.h"
#include "future/future.h"
#include "scenarios.h"
#include "support.h"

enum { QUEUES = 2 };

static weir_queue *queues[QUEUES];
static weir_future *future;
static int taken[QUEUES];

static void begin(size_t capacity) {
    sched_calm(true);
    for (int i = 0; i < QUEUES; i++)
        queues[i] = new_queue(capacity);
    must(weir_future_create(&future, NULL, NULL), WEIR_OK);
    sched_calm(false);
    taken[0] = taken[1] = 0;
}

static void finish(void) {
    sched_calm(true);
    for (int i = 0; i < QUEUES; i++) {
        sched_check(queues[i]->producers.alerts == NULL && queues[i]->consumers.alerts == NULL, "an alert is left");
        finish_queue(queues[i]);
    }
    sched_check(future->watchers == NULL, "a watcher is left");
    weir_future_release(future);
    sched_calm(false);
}

static void put(int queue, int i) {
    must(weir_queue_put(queues[queue], item(i)), WEIR_OK);
}

static void take(int queue, int i) {
    int got = get_number(queues[queue]);
    sched_check(got == i, "item %d instead of %d", got, i);
    must(weir_queue_task_done(queues[queue]), WEIR_OK);
}

static void settle(int queue) {
    must(weir_queue_task_done(queues[queue]), WEIR_OK);
    taken[queue]++; /* of a scenario in which one thread takes from this queue */
}

/* Selects a get of both queues. Returns the number of the queue, with its item settled, or -1 at the end of one. */
static int get_from_either(void) {
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[0]}, {.kind = WEIR_CASE_GET, .queue = queues[1]}};
    size_t which = QUEUES;
    must(weir_select(cases, QUEUES, WEIR_NEVER, &which), WEIR_OK);
    sched_check(which < QUEUES, "case %zu", which);
    if (cases[which].status == WEIR_CLOSED)
        return -1;
    must(cases[which].status, WEIR_OK);
    must(weir_queue_task_done(queues[which]), WEIR_OK);
    return (int)which;
}

static void take_either(void *unused) {
    (void)unused;
    (void)get_from_either();
}

static void take_either_twice(void *unused) {
    (void)unused;
    (void)get_from_either();
    (void)get_from_either();
}

/* Waits for one queue, by a select. */
static void take_from_first(void *unused) {
    (void)unused;
    weir_case one = {.kind = WEIR_CASE_GET, .queue = queues[0]};
    size_t which;
    must(weir_select(&one, 1, WEIR_NEVER, &which), WEIR_OK);
    must(one.status, WEIR_OK);
    settle(0);
}

static weir_status put_to_either(int i) {
    weir_case cases[] = {{.kind = WEIR_CASE_PUT, .queue = queues[0], .item = item(i)},
                         {.kind = WEIR_CASE_PUT, .queue = queues[1], .item = item(i)}};
    size_t which = QUEUES;
    must(weir_select(cases, QUEUES, WEIR_NEVER, &which), WEIR_OK);
    return cases[which].status;
}

static void offer_two(void *unused) {
    (void)unused;
    must(put_to_either(1), WEIR_OK);
    must(put_to_either(2), WEIR_OK);
}

static void offer_one(void *unused) {
    (void)unused;
    must(put_to_either(3), WEIR_OK);
}

/* ---- items ---- */

void scenario_select_against_put(void) {
    begin(1);
    int other = sched_spawn(take_either, NULL);
    put(1, 1);
    sched_join(other);
    finish();
}

void scenario_select_against_puts(void) {
    begin(1);
    int other = sched_spawn(take_either_twice, NULL);
    put(1, 1);
    put(0, 2);
    sched_join(other);
    finish();
}

void scenario_two_selects(void) {
    begin(2);
    int first = sched_spawn(take_either, NULL), second = sched_spawn(take_either, NULL);
    put(0, 1);
    put(0, 2);
    sched_join(first);
    sched_join(second);
    finish();
}

/* One of the two is told, and tells the other. */
void scenario_two_selects_and_a_batch(void) {
    begin(2);
    int first = sched_spawn(take_either, NULL), second = sched_spawn(take_either, NULL);
    void *items[] = {item(1), item(2)};
    size_t count;
    must(weir_queue_put_many(queues[0], items, 2, &count), WEIR_OK);
    sched_join(first);
    sched_join(second);
    finish();
}

/* Looks at the second queue first. */
static void take_from_second_or_first(void *unused) {
    (void)unused;
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[1]}, {.kind = WEIR_CASE_GET, .queue = queues[0]}};
    size_t which;
    must(weir_select(cases, QUEUES, WEIR_NEVER, &which), WEIR_OK);
    must(cases[which].status, WEIR_OK);
    must(weir_queue_task_done(cases[which].queue), WEIR_OK);
}

/* The first may be told of the one queue and take from the other: the second, which waits for one, must be told. */
void scenario_select_takes_elsewhere(void) {
    begin(1);
    int first = sched_spawn(take_from_second_or_first, NULL), second = sched_spawn(take_from_first, NULL);
    put(0, 1);
    put(1, 2);
    sched_settle();
    void *got;
    sched_check(weir_queue_try_get(queues[0], &got) == WEIR_EMPTY, "the second sleeps beside an item");
    if (weir_queue_try_get(queues[1], &got) == WEIR_OK) { /* the first has taken from the first queue */
        must(weir_queue_task_done(queues[1]), WEIR_OK);
        put(0, 3);
    }
    sched_join(first);
    sched_join(second);
    finish();
}

static void get_one(void *unused) {
    (void)unused;
    (void)get_number(queues[0]);
    settle(0);
}

void scenario_select_beside_get(void) {
    begin(2);
    int first = sched_spawn(take_either, NULL), second = sched_spawn(get_one, NULL);
    put(0, 1);
    put(0, 2);
    sched_join(first);
    sched_join(second);
    finish();
}

static void select_until_end(void *unused) {
    (void)unused;
    while (get_from_either() >= 0)
        continue;
}

void scenario_select_against_close(void) {
    begin(1);
    int other = sched_spawn(select_until_end, NULL);
    put(0, 1);
    must(weir_queue_close(queues[0]), WEIR_OK);
    sched_join(other);
    finish();
}

void scenario_select_against_shutdown(void) {
    begin(1);
    int first = sched_spawn(select_until_end, NULL), second = sched_spawn(select_until_end, NULL);
    must(weir_queue_shutdown(queues[1], WEIR_DRAIN), WEIR_OK);
    sched_join(first);
    sched_join(second);
    finish();
}

static void requeue_one(void *place) {
    weir__queue_requeue(queues[1], place);
}

void scenario_select_against_requeue(void) {
    begin(1);
    weir__requeued *place = sched_scratch(sizeof *place);
    put(1, 1);
    place->item = item(get_number(queues[1]));
    int other = sched_spawn(requeue_one, place);
    take_either(NULL);
    sched_join(other);
    finish();
}

static void put_one(void *unused) {
    (void)unused;
    put(1, 1);
}

/* The item is taken, or still in its queue. */
void scenario_select_against_deadline(void) {
    begin(1);
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[0]}, {.kind = WEIR_CASE_GET, .queue = queues[1]}};
    size_t which = 5;
    int other = sched_spawn(put_one, NULL);
    weir_status status = weir_select(cases, 2, weir_deadline_after(100), &which);
    sched_join(other);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
    sched_check((status == WEIR_OK) == (which == 1), "case %zu", which);
    if (status == WEIR_OK)
        settle(1);
    else
        take(1, 1);
    finish();
}

/* A select ends at its deadline while it is told of an item: the other one must be told. */
void scenario_select_passes_on_at_its_deadline(void) {
    begin(1);
    weir_case one = {.kind = WEIR_CASE_GET, .queue = queues[0]};
    size_t which;
    int waiting = sched_spawn(take_from_first, NULL), putting = sched_spawn(offer_one, NULL);
    weir_status status = weir_select(&one, 1, weir_deadline_after(100), &which);
    if (status == WEIR_OK) {
        must(weir_queue_task_done(queues[0]), WEIR_OK);
        put(0, 2);
    }
    sched_join(waiting);
    sched_join(putting);
    finish();
}

/* Nothing stays behind. */
void scenario_select_ends_in_vain(void) {
    begin(1);
    put(1, 8);
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[0]},
                         {.kind = WEIR_CASE_PUT, .queue = queues[1], .item = item(9)},
                         {.kind = WEIR_CASE_FUTURE, .future = future}};
    size_t which;
    must(weir_select(cases, 3, weir_deadline_after(100), &which), WEIR_TIMEDOUT);
    sched_check(future->watchers == NULL, "a watcher is left");
    sched_check(queues[0]->producers.alerts == NULL && queues[1]->consumers.alerts == NULL, "an alert is left");
    take(1, 8);
    finish();
}

enum { FEW = 16, MANY = 32 }; /* cases that need no memory to wait, and that need none at all */

/* The first of many cases is full, and the others are switched off. */
static weir_status select_many(size_t count, weir_deadline deadline) {
    weir_case *cases = sched_scratch(count * sizeof *cases);
    for (size_t i = 0; i < count; i++)
        cases[i] = (weir_case){.kind = WEIR_CASE_PUT, .queue = i == 0 ? queues[0] : NULL};
    size_t which;
    return weir_select(cases, count, deadline, &which);
}

void scenario_select_without_memory(void) {
    static const size_t counts[] = {FEW, FEW + 1, MANY, MANY + 1, MANY + 1};
    int way = sched_choose(5);
    begin(1);
    put(0, 8);
    sched_fail_allocation(way == 4 ? 2 : 1, false);
    must(select_many(counts[way], weir_deadline_after(100)), way == 0 ? WEIR_TIMEDOUT : WEIR_NOMEM);
    sched_fail_allocation(0, false);
    must(select_many(counts[way], weir_deadline_after(100)), WEIR_TIMEDOUT);
    take(0, 8);
    finish();
}

static void put_two(void *unused) {
    (void)unused;
    put(0, 1);
    put(0, 2);
}

/* It waits in line behind another one, leaves the line, and joins it again. */
void scenario_select_again_after_its_deadline(void) {
    begin(2);
    weir_case one = {.kind = WEIR_CASE_GET, .queue = queues[0]};
    size_t which;
    int other = sched_spawn(take_from_first, NULL);
    sched_settle();
    must(weir_select(&one, 1, weir_deadline_after(100), &which), WEIR_TIMEDOUT);
    int putting = sched_spawn(put_two, NULL);
    must(weir_select(&one, 1, WEIR_NEVER, &which), WEIR_OK);
    must(weir_queue_task_done(queues[0]), WEIR_OK);
    sched_join(other);
    sched_join(putting);
    finish();
}

/* The thread that has taken the last item may destroy its queue, while the put still tells. */
void scenario_select_against_destroy(void) {
    begin(1);
    int other = sched_spawn(put_one, NULL);
    take_either(NULL);
    must(weir_queue_join(queues[1]), WEIR_OK);
    must(weir_queue_destroy(queues[1]), WEIR_OK);
    sched_join(other);
    queues[1] = new_queue(1);
    finish();
}

/* ---- room ---- */

void scenario_select_for_room(void) {
    begin(1);
    put(0, 8);
    put(1, 9);
    int other = sched_spawn(offer_one, NULL);
    take(1, 9);
    sched_join(other);
    take(1, 3);
    take(0, 8);
    finish();
}

void scenario_two_selects_for_room(void) {
    begin(1);
    put(0, 8);
    put(1, 9);
    int first = sched_spawn(offer_one, NULL), second = sched_spawn(offer_one, NULL);
    take(0, 8);
    take(1, 9);
    sched_join(first);
    sched_join(second);
    take(0, 3);
    take(1, 3);
    finish();
}

void scenario_select_for_room_against_end(void) {
    begin(1);
    put(0, 8);
    put(1, 9);
    weir_case cases[] = {{.kind = WEIR_CASE_PUT, .queue = queues[0]}, {.kind = WEIR_CASE_PUT, .queue = queues[1]}};
    size_t which;
    int other = sched_spawn(take_either, NULL);
    if (sched_choose(2) == 0)
        weir__queue_seal(queues[0]);
    else
        must(weir_queue_shutdown(queues[0], WEIR_DISCARD), WEIR_OK);
    must(weir_select(cases, 2, WEIR_NEVER, &which), WEIR_OK);
    sched_join(other);
    sched_check(which == 1 || cases[0].status == WEIR_CLOSED, "%s", weir_strerror(cases[which].status));
    while (weir_queue_size(queues[0]) > 0)
        take(0, 8);
    void *got;
    while (weir_queue_try_get(queues[1], &got) == WEIR_OK)
        settle(1);
    finish();
}

/* Both sleep in selects of the same queues. */
void scenario_select_against_select(void) {
    begin(1);
    int other = sched_spawn(offer_two, NULL);
    take_either_twice(NULL);
    sched_join(other);
    finish();
}

void scenario_select_of_one_queue_twice(void) {
    begin(1);
    int other = sched_spawn(take_from_first, NULL);
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[0]},
                         {.kind = WEIR_CASE_PUT, .queue = queues[0], .item = item(1)},
                         {.kind = WEIR_CASE_PUT, .queue = queues[0], .item = item(2)}};
    size_t which;
    must(weir_select(&cases[1], 2, WEIR_NEVER, &which), WEIR_OK);
    must(weir_select(cases, 3, WEIR_NEVER, &which), WEIR_OK);
    if (which == 0) /* its own item */
        settle(0), put(0, 3);
    sched_join(other);
    while (weir_queue_size(queues[0]) > 0)
        (void)get_number(queues[0]), settle(0);
    finish();
}

/* ---- futures ---- */

static void set_future(void *unused) {
    (void)unused;
    must(weir_future_set(future, item(4)), WEIR_OK);
}

static void cancel_future(void *unused) {
    (void)unused;
    must(weir_future_cancel(future), WEIR_OK);
}

static weir_status select_end(weir_deadline deadline, weir_case *one) {
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = queues[0]}, {.kind = WEIR_CASE_FUTURE, .future = future}};
    size_t which = 5;
    weir_status status = weir_select(cases, 2, deadline, &which);
    sched_check((status == WEIR_OK) == (which == 1), "case %zu", which);
    *one = cases[1];
    return status;
}

void scenario_select_against_future(void) {
    begin(1);
    weir_case one;
    bool cancels = sched_choose(2) == 1;
    int other = sched_spawn(cancels ? cancel_future : set_future, NULL);
    must(select_end(WEIR_NEVER, &one), WEIR_OK);
    must(one.status, cancels ? WEIR_CANCELLED : WEIR_OK);
    sched_check(cancels || number(one.item) == 4, "value %d", number(one.item));
    sched_join(other);
    finish();
}

void scenario_select_of_future_against_deadline(void) {
    begin(1);
    weir_case one;
    int other = sched_spawn(set_future, NULL);
    weir_status status = select_end(weir_deadline_after(100), &one);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
    sched_join(other);
    finish();
}

/* The select releases the last reference after it has seen the end. */
void scenario_select_releases_future(void) {
    begin(1);
    weir_case one;
    int other = sched_spawn(set_future, NULL);
    must(select_end(WEIR_NEVER, &one), WEIR_OK);
    weir_future_release(future);
    sched_join(other);
    must(weir_future_create(&future, NULL, NULL), WEIR_OK);
    finish();
}

/* Both become ready at the same time: one happens, the other is untouched. */
void scenario_select_against_put_and_future(void) {
    begin(1);
    weir_case cases[] = {{.kind = WEIR_CASE_FUTURE, .future = future}, {.kind = WEIR_CASE_GET, .queue = queues[1]}};
    size_t which;
    int putting = sched_spawn(put_one, NULL), setting = sched_spawn(set_future, NULL);
    must(weir_select(cases, 2, WEIR_NEVER, &which), WEIR_OK);
    sched_join(putting);
    sched_join(setting);
    if (which == 1)
        settle(1);
    else
        take(1, 1);
    finish();
}

/* ---- descriptors ---- */

static weir__event *pipe_end; /* a pipe of the scenario: readable once it has rung */

static void begin_with_pipe(size_t capacity) {
    begin(capacity);
    sched_calm(true);
    pipe_end = sched_scratch(sizeof *pipe_end);
    *pipe_end = (weir__event){.open = false};
    sched_check(weir__event_descriptor(pipe_end) > 2, "there is no descriptor");
    sched_calm(false);
}

static void finish_with_pipe(void) {
    weir__event_close(pipe_end);
    finish();
}

static void write_pipe(void *unused) {
    (void)unused;
    weir__event_ring(pipe_end);
}

/* Selects the pipe, both queues and the future. Returns the number of the case; a queue's item is settled. */
static size_t select_any(weir_deadline deadline) {
    weir_case cases[] = {{.kind = WEIR_CASE_READABLE, .fd = pipe_end->fd},
                         {.kind = WEIR_CASE_GET, .queue = queues[0]},
                         {.kind = WEIR_CASE_GET, .queue = queues[1]},
                         {.kind = WEIR_CASE_FUTURE, .future = future}};
    size_t which = 4;
    weir_status status = weir_select(cases, 4, deadline, &which);
    sched_check(status == (which < 4 ? WEIR_OK : WEIR_TIMEDOUT), "case %zu: %s", which, weir_strerror(status));
    if (which < 4)
        must(cases[which].status, WEIR_OK);
    if (which == 1 || which == 2)
        must(weir_queue_task_done(queues[which - 1]), WEIR_OK);
    return which;
}

static void must_select(size_t wanted) {
    size_t which = select_any(WEIR_NEVER);
    sched_check(which == wanted, "case %zu instead of %zu", which, wanted);
}

void scenario_select_of_pipe_against_put(void) {
    begin_with_pipe(1);
    int other = sched_spawn(put_one, NULL);
    must_select(2);
    sched_join(other);
    finish_with_pipe();
}

void scenario_select_of_pipe_against_future(void) {
    begin_with_pipe(1);
    int other = sched_spawn(set_future, NULL);
    must_select(3);
    sched_join(other);
    finish_with_pipe();
}

void scenario_select_of_pipe_against_write(void) {
    begin_with_pipe(1);
    int other = sched_spawn(write_pipe, NULL);
    must_select(0);
    sched_join(other);
    finish_with_pipe();
}

/* One happens, and the other one is there for the next select. */
void scenario_select_of_pipe_against_put_and_write(void) {
    begin_with_pipe(1);
    int putting = sched_spawn(put_one, NULL), writing = sched_spawn(write_pipe, NULL);
    size_t first = select_any(WEIR_NEVER);
    if (first == 0)
        weir__event_quiet(pipe_end);
    size_t second = select_any(WEIR_NEVER);
    sched_check(first + second == 2 && first != 1, "cases %zu and %zu", first, second);
    sched_join(putting);
    sched_join(writing);
    finish_with_pipe();
}

static void select_any_item(void *unused) {
    (void)unused;
    size_t which = select_any(WEIR_NEVER);
    sched_check(which == 1 || which == 2, "case %zu", which);
}

/* Both are told of an item that only one of them gets: the other sleeps again. */
void scenario_two_selects_of_pipe(void) {
    begin_with_pipe(2);
    int first = sched_spawn(select_any_item, NULL), second = sched_spawn(select_any_item, NULL);
    put(0, 1);
    put(1, 2);
    sched_join(first);
    sched_join(second);
    finish_with_pipe();
}

/* The item is taken, or still in its queue. */
void scenario_select_of_pipe_against_deadline(void) {
    begin_with_pipe(1);
    int other = sched_spawn(put_one, NULL);
    size_t which = select_any(weir_deadline_after(100));
    sched_join(other);
    if (which == 4)
        take(1, 1);
    finish_with_pipe();
}
