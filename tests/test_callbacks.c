/*
 * test_callbacks.c - makes every call on queues and workers from inside every callback of the program. The call works
 * or is refused; the queue, its items and its workers end correctly in both cases.
 *
 * `table` lists the calls, with the expected status by callback.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pairs.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The callback that makes the call, and the queue that the call is made on. The group has a single worker. */
enum place {
    DESTROY, /* drop function, called by the queue's destroy; on that queue */
    DISCARD, /* the same, called by a shutdown in its own thread while a worker takes items */
    AT_END,  /* the same, called by an exiting worker for the items that it took and has not begun */
    RESULT,  /* drop function of the worker's `out`, which is shut down; on `out` */
    FUNC,    /* the worker's function; on its `in` */
    ONWARD,  /* the worker's function; on its `out` */
    INIT,    /* the worker's init; on its `in` */
    FINI,    /* the worker's fini; on its `in` */
    PLACES
};

static const char *const place_names[PLACES] = {
    "drop, destroy", "drop, discard", "drop, worker's end", "drop, result", "func, its input", "func, its output",
    "init",          "fini"};

enum { ALL = 64, SPECIAL = 40 };

struct queue_and_worker {
    weir_queue *queue;
    weir_threads *threads;
    weir_worker *worker;
};

/* The objects of a scene, and what happened in it. */
struct world {
    enum place place;
    const struct row *row;
    bool elsewhere;                     /* the call is made on objects unrelated to the callback */
    weir_queue *in, *out;               /* the worker's */
    weir_queue *bystander;              /* two items, no worker */
    struct queue_and_worker own, other; /* targets of the call */
    pthread_t starter;
    struct gate gate; /* blocks the worker's function */
    atomic_bool called;
    weir_status status;
    atomic_size_t put, made, run, got, dropped;
    bool destroyed; /* the bystander was destroyed */
};

/* ---- the calls ---- */

static struct queue_and_worker *target_of(struct world *world) {
    return world->elsewhere ? &world->other : &world->own;
}

static weir_queue *queue_of(struct world *world) {
    return target_of(world)->queue;
}

static weir_status count_put(struct world *world, weir_status status, size_t count) {
    atomic_fetch_add(&world->put, status == WEIR_OK ? count : 0);
    return status;
}

/* Makes sure that the queue has an item to get. */
static void supply(struct world *world) {
    if (weir_queue_size(queue_of(world)) == 0)
        (void)count_put(world, weir_queue_try_put(queue_of(world), number(0)), 1);
}

static weir_status count_got(struct world *world, weir_status status, size_t count) {
    if (status == WEIR_OK) {
        atomic_fetch_add(&world->got, count);
        if (weir_queue_tasks_done(queue_of(world), count) != WEIR_OK)
            pair_fail("what was got cannot be settled");
    }
    return status;
}

/* Settles all items, unless the scene tests a join that must block. */
static void settle_all(struct world *world) {
    void *item;
    if (world->elsewhere || world->place == INIT || world->place == FINI || world->place == ONWARD)
        while (count_got(world, weir_queue_try_get(queue_of(world), &item), 1) == WEIR_OK)
            continue;
}

static void *run_other(void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    atomic_fetch_add(&world->run, 1);
    return NULL;
}

static const weir_worker_options *others(struct world *world) {
    static _Thread_local weir_worker_options options;
    options = (weir_worker_options){.func = run_other, .arg = world};
    return &options;
}

static weir_status call_create(struct world *world) {
    weir_queue *made;
    weir_status status = weir_queue_create(&made, 1);
    (void)world;
    return status != WEIR_OK ? status : weir_queue_destroy(made);
}

static weir_status call_create_with(struct world *world) {
    weir_queue *made;
    weir_status status = weir_queue_create_with(&made, &(weir_queue_options){.capacity = WEIR_UNBOUNDED});
    (void)world;
    return status != WEIR_OK ? status : weir_queue_destroy(made);
}

static weir_status call_destroy(struct world *world) {
    weir_status status = weir_queue_destroy(queue_of(world));
    world->destroyed = world->elsewhere && status == WEIR_OK;
    return status;
}

static weir_status call_put(struct world *world) {
    return count_put(world, weir_queue_put(queue_of(world), number(1)), 1);
}

static weir_status call_try_put(struct world *world) {
    return count_put(world, weir_queue_try_put(queue_of(world), number(1)), 1);
}

static weir_status call_put_until(struct world *world) {
    return count_put(world, weir_queue_put_until(queue_of(world), number(1), hang_limit()), 1);
}

static weir_status call_put_many(struct world *world) {
    void *items[] = {number(1), number(2)};
    size_t put;
    weir_status status = weir_queue_put_many(queue_of(world), items, 2, &put);
    return count_put(world, status, put);
}

static weir_status call_try_put_many(struct world *world) {
    void *items[] = {number(1), number(2)};
    size_t put;
    weir_status status = weir_queue_try_put_many(queue_of(world), items, 2, &put);
    return count_put(world, status, put);
}

static weir_status call_put_many_until(struct world *world) {
    void *items[] = {number(1), number(2)};
    size_t put;
    weir_status status = weir_queue_put_many_until(queue_of(world), items, 2, &put, hang_limit());
    return count_put(world, status, put);
}

static weir_status call_get(struct world *world) {
    void *item;
    supply(world);
    return count_got(world, weir_queue_get(queue_of(world), &item), 1);
}

static weir_status call_try_get(struct world *world) {
    void *item;
    supply(world);
    return count_got(world, weir_queue_try_get(queue_of(world), &item), 1);
}

static weir_status call_get_until(struct world *world) {
    void *item;
    supply(world);
    return count_got(world, weir_queue_get_until(queue_of(world), &item, hang_limit()), 1);
}

static weir_status call_get_fd(struct world *world) {
    return weir_queue_get_fd(queue_of(world)) > 2 ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_put_fd(struct world *world) {
    return weir_queue_put_fd(queue_of(world)) > 2 ? WEIR_OK : WEIR_INVALID;
}

/* Returns the status of the case. */
static weir_status selected(weir_case *one) {
    size_t which;
    weir_status status = weir_select(one, 1, hang_limit(), &which);
    return status == WEIR_OK ? one->status : status;
}

static weir_status call_select_put(struct world *world) {
    weir_case one = {.kind = WEIR_CASE_PUT, .queue = queue_of(world), .item = number(1)};
    return count_put(world, selected(&one), 1);
}

static weir_status call_select_get(struct world *world) {
    weir_case one = {.kind = WEIR_CASE_GET, .queue = queue_of(world)};
    supply(world);
    return count_got(world, selected(&one), 1);
}

static weir_status call_get_many(struct world *world) {
    void *items[3];
    size_t got;
    supply(world);
    weir_status status = weir_queue_get_many(queue_of(world), items, COUNT_OF(items), &got);
    return count_got(world, status, got);
}

static weir_status call_try_get_many(struct world *world) {
    void *items[3];
    size_t got;
    supply(world);
    weir_status status = weir_queue_try_get_many(queue_of(world), items, COUNT_OF(items), &got);
    return count_got(world, status, got);
}

static weir_status call_get_many_until(struct world *world) {
    void *items[3];
    size_t got;
    supply(world);
    weir_status status = weir_queue_get_many_until(queue_of(world), items, COUNT_OF(items), &got, hang_limit());
    return count_got(world, status, got);
}

static weir_status call_task_done(struct world *world) {
    supply(world);
    return weir_queue_task_done(queue_of(world));
}

static weir_status call_tasks_done(struct world *world) {
    supply(world);
    return weir_queue_tasks_done(queue_of(world), 1);
}

static weir_status call_join(struct world *world) {
    settle_all(world);
    return weir_queue_join(queue_of(world));
}

static weir_status call_join_until(struct world *world) {
    settle_all(world);
    return weir_queue_join_until(queue_of(world), hang_limit());
}

static weir_status call_join_until_now(struct world *world) {
    settle_all(world);
    return weir_queue_join_until(queue_of(world), 0);
}

static weir_status call_close(struct world *world) {
    return weir_queue_close(queue_of(world));
}

static weir_status call_drain(struct world *world) {
    return weir_queue_shutdown(queue_of(world), WEIR_DRAIN);
}

static weir_status call_discard(struct world *world) {
    return weir_queue_shutdown(queue_of(world), WEIR_DISCARD);
}

static weir_status call_size(struct world *world) {
    return weir_queue_size(queue_of(world)) <= ALL ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_capacity(struct world *world) {
    return weir_queue_capacity(queue_of(world)) == ALL ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_unfinished(struct world *world) {
    return weir_queue_unfinished(queue_of(world)) <= ALL ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_name(struct world *world) {
    return strcmp(weir_queue_name(queue_of(world)), "queue") == 0 ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_cursor_next(struct world *world) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue_of(world));
    void *item;
    supply(world);
    weir_status status = weir_queue_cursor_next(&cursor, &item);
    if (status == WEIR_OK)
        atomic_fetch_add(&world->got, 1);
    return weir_queue_cursor_end(&cursor) == WEIR_OK ? status : WEIR_INVALID;
}

static weir_status call_cursor_end(struct world *world) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue_of(world));
    return weir_queue_cursor_end(&cursor);
}

static weir_status call_create_port(struct world *world) {
    const weir_queue_port port = {.window = 1};
    weir_queue *made;
    weir_status status = weir_queue_create_port(&made, &(weir_queue_options){.capacity = 1}, &port);
    (void)world;
    return status != WEIR_OK ? status : weir_queue_destroy(made);
}

/* The queues of the scene have no port. */
static weir_status call_deliver(struct world *world) {
    return weir_queue_deliver(queue_of(world), number(1), NULL, hang_limit());
}

static weir_status call_deliver_close(struct world *world) {
    return weir_queue_deliver_close(queue_of(world), NULL);
}

static weir_status call_port_changed(struct world *world) {
    return weir_queue_port_changed(queue_of(world));
}

static weir_status call_item_done(struct world *world) {
    supply(world);
    return weir_queue_item_done(queue_of(world), number(1));
}

static weir_status call_item_return(struct world *world) {
    return weir_queue_item_return(queue_of(world), number(1));
}

/* Stops the new workers. Of all workers, only the one making this call could block the stop. */
static weir_status stop_again(struct world *world, weir_status started, weir_threads *threads) {
    if (started == WEIR_OK && weir_stop_threads(queue_of(world), threads) == WEIR_INVALID)
        pair_fail("what was started cannot be stopped");
    return started;
}

static weir_status call_start_threads(struct world *world) {
    weir_threads *threads;
    weir_status status = weir_start_threads(&threads, 2, run_other, world, queue_of(world), NULL);
    return stop_again(world, status, threads);
}

/* Starts threads with the queue as `out`. */
static weir_status call_start_threads_to(struct world *world) {
    weir_queue *empty;
    weir_threads *threads;
    if (weir_queue_create(&empty, 1) != WEIR_OK)
        pair_fail("no queue");
    weir_status status = weir_start_threads_with(&threads, 1, others(world), empty, queue_of(world));
    if (status == WEIR_OK && weir_stop_threads(empty, threads) != WEIR_OK)
        pair_fail("what was started cannot be stopped");
    return weir_queue_destroy(empty) == WEIR_OK ? status : WEIR_INVALID;
}

static weir_status call_start_threads_with(struct world *world) {
    weir_threads *threads;
    weir_status status = weir_start_threads_with(&threads, 1, others(world), queue_of(world), NULL);
    return stop_again(world, status, threads);
}

static weir_status call_stop_threads(struct world *world) {
    struct queue_and_worker *target = target_of(world);
    gate_open(&world->gate);
    weir_status status = weir_stop_threads(target->queue, target->threads);
    if (status == WEIR_OK || status == WEIR_DISCARDED)
        target->threads = NULL;
    return status;
}

static weir_status call_worker_start(struct world *world) {
    weir_worker *worker;
    weir_status status = weir_worker_start(&worker, others(world), queue_of(world), NULL);
    if (status != WEIR_OK)
        return status;
    (void)weir_queue_close(queue_of(world));
    return weir_worker_join(worker);
}

static weir_status call_worker_join(struct world *world) {
    struct queue_and_worker *target = target_of(world);
    gate_open(&world->gate);
    weir_status status = weir_worker_join(target->worker);
    if (status == WEIR_OK)
        target->worker = NULL;
    return status;
}

/* ---- what they return ---- */

#define ALL_OF(status)                                                                                                 \
    { status, status, status, status, status, status, status, status }

/* The statuses of put, get and start: as in any other thread, except that a queue being destroyed is closed. */
#define PUT                                                                                                            \
    { WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK }
#define GET                                                                                                            \
    { WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK }
#define START                                                                                                          \
    { WEIR_CLOSED, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_OK }
/* A join on an item that the calling thread has not settled. */
#define JOIN(status)                                                                                                   \
    { status, status, status, status, status, WEIR_OK, WEIR_OK, WEIR_OK }

static const struct row {
    const char *name;
    weir_status (*call)(struct world *world);
    weir_status own[PLACES];
    weir_status other;
    bool single; /* the callback's worker is a weir_worker */
} table[] = {
    {"weir_queue_create", call_create, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_create_with", call_create_with, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_destroy", call_destroy, ALL_OF(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_queue_put", call_put, PUT, WEIR_OK, false},
    {"weir_queue_try_put", call_try_put, PUT, WEIR_OK, false},
    {"weir_queue_put_until", call_put_until, PUT, WEIR_OK, false},
    {"weir_queue_put_many", call_put_many, PUT, WEIR_OK, false},
    {"weir_queue_try_put_many", call_try_put_many, PUT, WEIR_OK, false},
    {"weir_queue_put_many_until", call_put_many_until, PUT, WEIR_OK, false},
    {"weir_queue_get", call_get, GET, WEIR_OK, false},
    {"weir_queue_try_get", call_try_get, GET, WEIR_OK, false},
    {"weir_queue_get_until", call_get_until, GET, WEIR_OK, false},
    {"weir_queue_get_many", call_get_many, GET, WEIR_OK, false},
    {"weir_queue_try_get_many", call_try_get_many, GET, WEIR_OK, false},
    {"weir_queue_get_many_until", call_get_many_until, GET, WEIR_OK, false},
    {"weir_queue_task_done", call_task_done, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_tasks_done", call_tasks_done, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_join", call_join, JOIN(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_queue_join_until", call_join_until, JOIN(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_queue_join_until", call_join_until_now, JOIN(WEIR_TIMEDOUT), WEIR_OK, false},
    {"weir_queue_close", call_close, PUT, WEIR_OK, false},
    {"weir_queue_shutdown", call_drain, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_shutdown", call_discard, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_size", call_size, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_capacity", call_capacity, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_unfinished", call_unfinished, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_name", call_name, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_get_fd", call_get_fd, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_put_fd", call_put_fd, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_select", call_select_put, PUT, WEIR_OK, false},
    {"weir_select", call_select_get, GET, WEIR_OK, false},
    {"weir_queue_cursor_next", call_cursor_next, GET, WEIR_OK, false},
    {"weir_queue_cursor_end", call_cursor_end, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_create_port", call_create_port, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_deliver", call_deliver, ALL_OF(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_queue_deliver_close", call_deliver_close, ALL_OF(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_queue_port_changed", call_port_changed, ALL_OF(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_queue_item_done", call_item_done, ALL_OF(WEIR_OK), WEIR_OK, false},
    {"weir_queue_item_return", call_item_return, ALL_OF(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_start_threads", call_start_threads, START, WEIR_OK, false},
    {"weir_start_threads_with", call_start_threads_with, START, WEIR_OK, false},
    {"weir_start_threads_with", call_start_threads_to, START, WEIR_OK, false},
    /* In an init the group has no handle yet; in a destroy it is already stopped. */
    {"weir_stop_threads",
     call_stop_threads,
     {WEIR_OK, WEIR_DISCARDED, WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_INVALID, WEIR_INVALID, WEIR_DEADLOCK},
     WEIR_OK,
     false},
    {"weir_worker_start", call_worker_start, START, WEIR_OK, false},
    {"weir_worker_join",
     call_worker_join,
     {WEIR_INVALID, WEIR_OK, WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_INVALID, WEIR_DEADLOCK},
     WEIR_OK,
     true},
};

/* ---- the callbacks ---- */

/* Makes the call in the first callback of this place. */
static void make_call(struct world *world, enum place place) {
    if (place != world->place || atomic_exchange(&world->called, true))
        return;
    weir_status wanted = world->elsewhere ? world->row->other : world->row->own[place];
    weir_status status = world->row->call(world);
    if (status != wanted)
        pair_fail("\"%s\" instead of \"%s\"", weir_strerror(status), weir_strerror(wanted));
}

static void drop_from_in(void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    atomic_fetch_add(&world->dropped, 1);
    if (world->place == DESTROY)
        make_call(world, DESTROY);
    else
        make_call(world, pthread_equal(pthread_self(), world->starter) ? DISCARD : AT_END);
}

static void drop_from_out(void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    atomic_fetch_add(&world->dropped, 1);
    make_call(world, RESULT);
}

static void drop_from_bystander(void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    atomic_fetch_add(&world->dropped, 1);
}

static void *func(void *item, void *raw) {
    struct world *world = raw;
    atomic_fetch_add(&world->run, 1);
    if (world->place != AT_END || number_of(item) == SPECIAL)
        gate_pass(&world->gate);
    make_call(world, FUNC);
    make_call(world, ONWARD);
    atomic_fetch_add(&world->made, 1);
    return item;
}

static weir_status init(void *raw, void **state) {
    *state = raw;
    make_call(raw, INIT);
    return WEIR_OK;
}

static void fini(void *raw) {
    make_call(raw, FINI);
}

/* ---- the scenes ---- */

static void must(weir_status status, const char *what) {
    if (status != WEIR_OK)
        pair_fail("%s: %s", what, weir_strerror(status));
}

static weir_queue *make_queue(struct world *world, weir_drop_func *drop) {
    weir_queue *queue;
    must(weir_queue_create_with(
             &queue, &(weir_queue_options){.capacity = ALL, .name = "queue", .drop = drop, .drop_arg = world}),
         "create");
    return queue;
}

static void put(struct world *world, weir_queue *queue, size_t count) {
    for (size_t n = 0; n < count; n++)
        must(count_put(world, weir_queue_put(queue, number(n)), 1), "put");
}

static void start_own(struct world *world) {
    struct queue_and_worker *own = &world->own;
    const weir_worker_options options = {.func = func, .arg = world, .init = init, .fini = fini};
    if (world->row->single)
        must(weir_worker_start(&own->worker, &options, world->in, world->out), "worker_start");
    else
        must(weir_start_threads_with(&own->threads, 1, &options, world->in, world->out), "start_threads");
}

/* Sets up an unrelated queue with its own workers. */
static void start_other(struct world *world) {
    struct queue_and_worker *other = &world->other;
    other->queue = world->bystander;
    put(world, other->queue, 2);
    if (world->row->call != call_stop_threads && world->row->call != call_worker_join)
        return;
    if (world->row->single) {
        must(weir_worker_start(&other->worker, others(world), other->queue, NULL), "worker_start");
        must(weir_queue_close(other->queue), "close");
    } else {
        must(weir_start_threads_with(&other->threads, 2, others(world), other->queue, NULL), "start_threads");
    }
}

/* Ends the group unless the call has ended it. */
static void stop_own(struct world *world) {
    struct queue_and_worker *own = &world->own;
    if (own->threads != NULL && weir_stop_threads(world->in, own->threads) == WEIR_INVALID)
        pair_fail("stop_threads: no such group");
    if (own->worker != NULL) {
        (void)weir_queue_close(world->in);
        must(weir_worker_join(own->worker), "worker_join");
    }
    own->threads = NULL;
    own->worker = NULL;
}

static void happen_in_destroy(struct world *world) {
    gate_open(&world->gate);
    if (!world->row->single) {
        start_own(world);
        weir_threads *stopped = world->own.threads;
        stop_own(world);
        world->own.threads = stopped;
    }
    put(world, world->in, 3);
    must(weir_queue_destroy(world->in), "destroy");
    world->in = NULL;
    world->own.threads = NULL;
}

static void happen_in_discard(struct world *world) {
    start_own(world);
    put(world, world->in, 1);
    gate_wait_for(&world->gate, 1);
    put(world, world->in, 3);
    must(weir_queue_shutdown(world->in, WEIR_DISCARD), "shutdown");
    gate_open(&world->gate);
}

static void happen_at_end(struct world *world) {
    put(world, world->in, ALL);
    start_own(world);
    gate_wait_for(&world->gate, 1);
    must(weir_queue_shutdown(world->in, WEIR_DISCARD), "shutdown");
    gate_open(&world->gate);
    stop_own(world);
}

static void happen_in_result(struct world *world) {
    world->own.queue = world->out;
    start_own(world);
    put(world, world->in, 1);
    gate_wait_for(&world->gate, 1);
    put(world, world->out, 2);
    must(weir_queue_shutdown(world->out, WEIR_DRAIN), "shutdown");
    if (world->row->call == call_stop_threads)
        world->own.queue = world->in;
    gate_open(&world->gate);
    stop_own(world);
}

static void happen_in_func(struct world *world) {
    start_own(world);
    put(world, world->in, 1);
    gate_wait_for(&world->gate, 1);
    put(world, world->in, 2);
    if (world->place == ONWARD)
        world->own.queue = world->out;
    gate_open(&world->gate);
    stop_own(world);
}

static void happen_at_an_end(struct world *world) {
    gate_open(&world->gate);
    if (world->place == INIT)
        put(world, world->in, 2);
    start_own(world);
    stop_own(world);
}

static void finish(struct world *world) {
    stop_own(world);
    if (world->other.threads != NULL)
        must(weir_stop_threads(world->other.queue, world->other.threads), "stop_threads");
    if (world->other.worker != NULL)
        must(weir_worker_join(world->other.worker), "worker_join");
    must(weir_queue_destroy(world->in), "destroy, its input");
    must(weir_queue_destroy(world->out), "destroy, its output");
    if (!world->destroyed)
        must(weir_queue_destroy(world->bystander), "destroy, elsewhere");
    size_t begun = atomic_load(&world->put) + atomic_load(&world->made);
    size_t ended = atomic_load(&world->run) + atomic_load(&world->got) + atomic_load(&world->dropped);
    if (begun != ended)
        pair_fail("%zu items were put, and %zu have come to an end", begun, ended);
}

struct pair {
    enum place place;
    const struct row *row;
    bool elsewhere;
};

static void run_pair(void *raw) {
    static void (*const happen[PLACES])(struct world *) = {happen_in_destroy, happen_in_discard, happen_at_end,
                                                           happen_in_result,  happen_in_func,    happen_in_func,
                                                           happen_at_an_end,  happen_at_an_end};
    const struct pair *pair = raw;
    struct world world = {.place = pair->place, .row = pair->row, .elsewhere = pair->elsewhere, .gate = GATE};
    world.starter = pthread_self();
    world.in = world.own.queue = make_queue(&world, drop_from_in);
    world.out = make_queue(&world, drop_from_out);
    world.bystander = make_queue(&world, drop_from_bystander);
    start_other(&world);
    happen[world.place](&world);
    finish(&world);
    if (!atomic_load(&world.called) && world.place == AT_END)
        pair_again(); /* the machine is so slow that the worker took its items one by one */
    else if (!atomic_load(&world.called))
        pair_fail("the callback was not called");
}

static bool try_pair(struct pair pair) {
    char name[200];
    snprintf(name, sizeof name, "%s, from %s%s", pair.row->name, place_names[pair.place],
             pair.elsewhere ? ", elsewhere" : "");
    return pair_run(name, run_pair, &pair);
}

START_TEST (every_call_works_or_says_why_not) {
    size_t failed = 0;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        failed += !try_pair((struct pair){(enum place)(_i / 2), &table[i], _i % 2 != 0});
    }
    ck_assert_msg(failed == 0, "%zu pairs failed", failed);
}
END_TEST

START_TEST (the_table_has_every_call) {
    static const char *const prefixes[] = {"weir_queue_", "weir_select", "weir_start_", "weir_stop_", "weir_worker_"};
    for (size_t p = 0; p < COUNT_OF(prefixes); p++) {
        const char *names[64];
        size_t count = public_names(prefixes[p], names, COUNT_OF(names));
        for (size_t n = 0; n < count; n++) {
            bool found = false;
            for (size_t i = 0; i < COUNT_OF(table); i++)
                found = found || strcmp(table[i].name, names[n]) == 0;
            ck_assert_msg(found, "%s is not in the table", names[n]);
        }
    }
}
END_TEST

static Suite *callbacks_suite(void) {
    Suite *suite = suite_create("callbacks of queues and workers");
    TCase *pairs = add_case(suite, "pairs");
    tcase_set_timeout(pairs, 10 * TEST_SECONDS);
    tcase_add_loop_test(pairs, every_call_works_or_says_why_not, 0, 2 * PLACES);
    tcase_add_test(pairs, the_table_has_every_call);
    return suite;
}

int main(void) {
    return run_suite(callbacks_suite());
}
