/*
 * test_pipeline_callbacks.c - makes every call on a pipeline from inside every callback of the program, while the
 * pipeline runs, starts and ends. The call works or is refused; the pipeline and its items end correctly in both
 * cases.
 *
 * `table` lists the calls, with the expected status by phase of the pipeline; `places` lists the callbacks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* fopencookie */
#include "pairs.h"
#include "support.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The pipeline's phase at the time of the call. */
enum phase { STARTING, RUNNING, ENDING, CANCELLED, UNDOING, PHASES };

/* The callback that makes the call. */
enum place {
    RUN,
    BATCH,
    SOURCE,
    INIT,
    FINI,
    WEIGH,         /* the pipeline's, in the calling thread of put */
    WEIGH_PRODUCE, /* the same, in a source's thread */
    WEIGH_BATCH,
    KEY,
    ROUTE,
    COPY,
    WHEN,
    WAIT,
    STALL,
    STREAM,
    DROP_SKIPPED,
    DROP_FAILED,    /* of a queued item, in the worker that failed and ended the run */
    DROP_CANCELLED, /* in the cancelling thread */
    DROP_FINISHED,  /* in a finish past its deadline */
    DROP_DESTROYED,
    DROP_LEFT,     /* of the results queue, which its reader shut down */
    RUN_FINISHING, /* the function, while another thread finishes the pipeline */
    RUN_CANCELLED,
    RUN_DESTROYED,
    FINI_UNDOING, /* during a failing start */
    PLACES
};

static const struct {
    const char *name;
    enum phase phase;
} places[PLACES] = {
    {"run", RUNNING},
    {"run_batch", RUNNING},
    {"source", RUNNING},
    {"init", STARTING},
    {"fini", ENDING},
    {"weigh, put", RUNNING},
    {"weigh, produced", RUNNING},
    {"weigh, batch", RUNNING},
    {"key", RUNNING},
    {"route", RUNNING},
    {"copy", RUNNING},
    {"when", RUNNING},
    {"wait", RUNNING},
    {"on_stall", RUNNING},
    {"stream", RUNNING},
    {"drop, skipped", RUNNING},
    {"drop, failed", CANCELLED},
    {"drop, cancel", CANCELLED},
    {"drop, finish", CANCELLED},
    {"drop, destroy", CANCELLED},
    {"drop, results", RUNNING},
    {"run, finishing", ENDING},
    {"run, cancelled", CANCELLED},
    {"run, destroyed", CANCELLED},
    {"fini, start fails", UNDOING},
};

/* WEIR_OK or WEIR_INVALID: the call races with a start or an end in another thread. */
#define EITHER ((weir_status)1000)

enum { CAPACITY = 16, MOST_PUTS = 1000 };

struct row;

/* The objects of a scene, and what happened in it. */
struct world {
    enum place place;
    const struct row *row;
    weir_pipeline *pipeline;
    weir_queue *results;
    weir_pipeline *other; /* the call's target if it is unrelated to the callback; else NULL */
    weir_stage *first;    /* of the pipeline that the call is made on */
    FILE *stream;
    struct gate gate; /* blocks the function while the phase changes */
    atomic_bool called, returned;
    atomic_size_t begun, ended;
    bool destroyed; /* the other pipeline was destroyed */
};

/* ---- the calls ---- */

static weir_pipeline *pipeline_of(const struct world *world) {
    return world->other != NULL ? world->other : world->pipeline;
}

static weir_status count_put(struct world *world, weir_status status, size_t count) {
    if (world->other == NULL)
        atomic_fetch_add(&world->begun, count);
    return status;
}

static weir_status call_add(struct world *world) {
    return weir_pipeline_add(pipeline_of(world), NULL, &(weir_stage_options){.name = "late", .work.func = hand_back});
}

static weir_status call_connect(struct world *world) {
    return weir_pipeline_connect(pipeline_of(world), world->first, world->first);
}

static weir_status call_connect_dead(struct world *world) {
    return weir_pipeline_connect_dead(pipeline_of(world), world->first, world->first);
}

static weir_status call_connect_back(struct world *world) {
    return weir_pipeline_connect_back(pipeline_of(world), world->first, world->first);
}

static weir_status start_it(struct world *world) {
    return weir_pipeline_start(pipeline_of(world));
}

static weir_status call_put(struct world *world) {
    weir_status status = weir_pipeline_put(pipeline_of(world), number(1));
    return count_put(world, status, status == WEIR_OK);
}

static weir_status call_put_until(struct world *world) {
    weir_status status = weir_pipeline_put_until(pipeline_of(world), number(1), hang_limit());
    return count_put(world, status, status == WEIR_OK);
}

static weir_status call_submit(struct world *world) {
    weir_status status = weir_pipeline_submit(pipeline_of(world), number(1), world);
    return count_put(world, status, status == WEIR_OK);
}

static weir_status call_submit_until(struct world *world) {
    weir_status status = weir_pipeline_submit_until(pipeline_of(world), number(1), world, hang_limit());
    return count_put(world, status, status == WEIR_OK);
}

static weir_status call_put_many(struct world *world) {
    void *items[] = {number(1), number(2)};
    size_t put;
    weir_status status = weir_pipeline_put_many(pipeline_of(world), items, COUNT_OF(items), &put);
    return count_put(world, status, put);
}

static weir_status call_put_many_until(struct world *world) {
    void *items[] = {number(1), number(2)};
    size_t put;
    weir_status status = weir_pipeline_put_many_until(pipeline_of(world), items, COUNT_OF(items), &put, hang_limit());
    return count_put(world, status, put);
}

/* Puts until there is no room: no other function of the pipeline returns meanwhile. */
static weir_status call_put_full(struct world *world) {
    weir_status status = WEIR_OK;
    for (int i = 0; status == WEIR_OK && i < MOST_PUTS; i++)
        status = call_put(world);
    return status;
}

static weir_status call_put_many_full(struct world *world) {
    weir_status status = WEIR_OK;
    for (int i = 0; status == WEIR_OK && i < MOST_PUTS; i++)
        status = call_put_many(world);
    return status;
}

static weir_status call_put_full_until(struct world *world) {
    weir_status status = WEIR_OK;
    for (int i = 0; status == WEIR_OK && i < MOST_PUTS; i++) {
        status = weir_pipeline_put_until(pipeline_of(world), number(1), weir_deadline_after(WEIR_MILLISECOND));
        (void)count_put(world, status, status == WEIR_OK);
    }
    return status;
}

static weir_status call_wait(struct world *world) {
    return weir_pipeline_wait(pipeline_of(world), WEIR_NEVER);
}

static weir_status call_wait_idle(struct world *world) {
    return weir_pipeline_wait_idle(pipeline_of(world), WEIR_NEVER);
}

/* The pause ends with the call: the scene goes on. */
static weir_status call_pause(struct world *world) {
    weir_status status = weir_pipeline_pause(pipeline_of(world), world->first);
    (void)weir_pipeline_resume(pipeline_of(world), world->first);
    return status;
}

static weir_status call_resume(struct world *world) {
    return weir_pipeline_resume(pipeline_of(world), world->first);
}

/* The scene notices nothing of this rate. */
static weir_status call_set_rate(struct world *world) {
    return weir_pipeline_set_rate(pipeline_of(world), world->first, 1e9, 2);
}

/* The stage has a fixed number of them. */
static weir_status call_set_threads(struct world *world) {
    return weir_pipeline_set_threads(pipeline_of(world), world->first, 1, 1);
}

static weir_status finish_it(struct world *world) {
    return weir_pipeline_finish(pipeline_of(world), WEIR_NEVER, NULL);
}

static weir_status finish_with_report(struct world *world) {
    weir_report *report;
    weir_status status = weir_pipeline_finish(pipeline_of(world), 0, &report);
    if (report == NULL)
        pair_fail("no report");
    weir_report_free(report);
    return status;
}

static weir_status call_cancel(struct world *world) {
    return weir_pipeline_cancel(pipeline_of(world));
}

static weir_status call_cancel_fd(struct world *world) {
    return weir_pipeline_cancel_fd(pipeline_of(world)) > 2 ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_destroy(struct world *world) {
    weir_status status = weir_pipeline_destroy(pipeline_of(world));
    world->destroyed = status == WEIR_OK;
    return status;
}

static weir_status call_report(struct world *world) {
    weir_report *report;
    weir_status status = weir_pipeline_report(pipeline_of(world), &report);
    weir_report_free(report);
    return status;
}

static weir_status call_show(struct world *world) {
    return weir_pipeline_show(pipeline_of(world), world->stream, 0);
}

static weir_status call_end_on(struct world *world) {
    static const int signals[] = {SIGUSR2};
    return weir_pipeline_end_on(pipeline_of(world), signals, 1, WEIR_SECOND);
}

static weir_status call_operation_emit(struct world *world) {
    return weir_operation_emit(pipeline_of(world), 1, NULL);
}

static weir_status call_operation_finish(struct world *world) {
    return weir_operation_finish(pipeline_of(world), 1, 0);
}

static weir_status call_operation_fail(struct world *world) {
    return weir_operation_fail(pipeline_of(world), 1, 1, "no operation");
}

static weir_status call_message(struct world *world) {
    return weir_pipeline_message(pipeline_of(world)) != NULL ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_create(struct world *world) {
    weir_pipeline *made;
    weir_status status = weir_pipeline_create(&made, NULL);
    (void)world;
    if (status == WEIR_OK)
        status = weir_pipeline_add(made, NULL, &(weir_stage_options){.name = "new", .work.func = hand_back});
    if (status == WEIR_OK)
        status = weir_pipeline_start(made);
    if (status == WEIR_OK)
        status = weir_pipeline_put(made, NULL);
    if (status == WEIR_OK)
        status = weir_pipeline_finish(made, WEIR_NEVER, NULL);
    return status != WEIR_OK ? status : weir_pipeline_destroy(made);
}

/*
 * Each call that takes no task, with its status on the callback's own pipeline, by phase, and on another, running
 * one.
 */
static const struct row {
    const char *name;
    weir_status (*call)(struct world *world);
    weir_status own[PHASES];
    weir_status other;
    bool fills; /* the other functions block meanwhile */
} table[] = {
#define IN_ALL(status)                                                                                                 \
    { status, status, status, status, status }
#define LIKE_PUT                                                                                                       \
    { WEIR_OK, WEIR_OK, WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED }
#define LIKE_PUT_FULL                                                                                                  \
    { WEIR_DEADLOCK, WEIR_DEADLOCK, WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED }
#define LIKE_SHOW                                                                                                      \
    { WEIR_INVALID, WEIR_OK, EITHER, EITHER, WEIR_INVALID }
    {"weir_pipeline_create", call_create, IN_ALL(WEIR_OK), WEIR_OK, false},
    {"weir_pipeline_add", call_add, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_connect", call_connect, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_connect_dead", call_connect_dead, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_connect_back", call_connect_back, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_start", start_it, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_put", call_put, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_put_until", call_put_until, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_submit", call_submit, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_submit_until", call_submit_until, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_put_many", call_put_many, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_put_many_until", call_put_many_until, LIKE_PUT, WEIR_OK, false},
    {"weir_pipeline_put", call_put_full, LIKE_PUT_FULL, WEIR_OK, true},
    {"weir_pipeline_put_many", call_put_many_full, LIKE_PUT_FULL, WEIR_OK, true},
    {"weir_pipeline_put_until",
     call_put_full_until,
     {WEIR_TIMEDOUT, WEIR_TIMEDOUT, WEIR_CLOSED, WEIR_CLOSED, WEIR_CLOSED},
     WEIR_OK,
     true},
    {"weir_pipeline_wait", call_wait, IN_ALL(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_pipeline_wait_idle", call_wait_idle, IN_ALL(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_pipeline_pause",
     call_pause,
     {WEIR_INVALID, WEIR_OK, WEIR_CLOSED, WEIR_CLOSED, WEIR_INVALID},
     WEIR_OK,
     false},
    {"weir_pipeline_resume", call_resume, {WEIR_INVALID, WEIR_OK, WEIR_OK, WEIR_OK, WEIR_INVALID}, WEIR_OK, false},
    {"weir_pipeline_set_rate",
     call_set_rate,
     {WEIR_INVALID, WEIR_OK, WEIR_OK, WEIR_CLOSED, WEIR_INVALID},
     WEIR_OK,
     false},
    {"weir_pipeline_set_threads", call_set_threads, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_finish", finish_it, IN_ALL(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_pipeline_finish", finish_with_report, IN_ALL(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_pipeline_cancel", call_cancel, IN_ALL(WEIR_OK), WEIR_OK, false},
    {"weir_pipeline_cancel_fd", call_cancel_fd, IN_ALL(WEIR_OK), WEIR_OK, false},
    {"weir_pipeline_destroy", call_destroy, IN_ALL(WEIR_DEADLOCK), WEIR_OK, false},
    {"weir_pipeline_report", call_report, IN_ALL(WEIR_OK), WEIR_OK, false},
    {"weir_pipeline_show", call_show, LIKE_SHOW, WEIR_OK, false},
    {"weir_pipeline_end_on", call_end_on, LIKE_SHOW, WEIR_OK, false},
    {"weir_operation_emit", call_operation_emit, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_operation_finish", call_operation_finish, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_operation_fail", call_operation_fail, IN_ALL(WEIR_INVALID), WEIR_INVALID, false},
    {"weir_pipeline_message", call_message, IN_ALL(WEIR_OK), WEIR_OK, false},
};

/* ---- the callbacks ---- */

static weir_status wanted_of(const struct world *world) {
    if (world->other != NULL)
        return world->row->other;
    if (world->place == STREAM && world->row->call == call_show)
        return WEIR_INVALID; /* its view is shown already */
    bool helps = world->row->call == call_show || world->row->call == call_end_on || world->row->call == call_pause ||
                 world->row->call == call_resume || world->row->call == call_set_rate;
    if (helps && (world->place == SOURCE || world->place == WEIGH_PRODUCE || world->place == WAIT))
        return EITHER; /* a source or a wait may begin before start returns */
    return world->row->own[places[world->place].phase];
}

/* Makes the call in the first callback of this place. */
static void make_call(struct world *world, enum place place) {
    if (place != world->place || atomic_exchange(&world->called, true))
        return;
    weir_status status = world->row->call(world), wanted = wanted_of(world);
    if (wanted == EITHER ? status != WEIR_OK && status != WEIR_INVALID : status != wanted)
        pair_fail("\"%s\" instead of \"%s\"", weir_strerror(status), weir_strerror(wanted));
    atomic_store(&world->returned, true);
}

/* Blocks until the call has returned, so that the pipeline fills up behind it. */
static void hold(struct world *world) {
    while (world->row->fills && atomic_load(&world->called) && !atomic_load(&world->returned))
        nap();
}

static void end_item(struct world *world, size_t count) {
    atomic_fetch_add(&world->ended, count);
}

static bool is_drop(enum place place) {
    return place >= DROP_SKIPPED && place <= DROP_DESTROYED;
}

static bool changes_inside(enum place place) {
    return (is_drop(place) && place != DROP_SKIPPED) || (place >= RUN_FINISHING && place <= RUN_DESTROYED);
}

/* The first stage: emits its item; the first attempt fails if the scene needs it. */
static int run_first(weir_task *task, void *item, void *raw) {
    struct world *world = raw;
    hold(world);
    if (changes_inside(world->place))
        gate_pass(&world->gate);
    make_call(world, RUN);
    make_call(world, RUN_FINISHING);
    make_call(world, RUN_CANCELLED);
    make_call(world, RUN_DESTROYED);
    while (world->place == STALL && !atomic_load(&world->returned))
        nap();
    bool fails = world->place == DROP_SKIPPED || world->place == DROP_FAILED;
    if (fails || (world->place == WHEN && weir_task_attempt(task) == 1))
        return weir_task_fail(task, 1, "on purpose");
    weir_task_emit(task, item);
    return 0;
}

static int run_batch(weir_task *task, void *const *items, size_t count, void *raw) {
    (void)items;
    hold(raw);
    make_call(raw, BATCH);
    if (((struct world *)raw)->results != NULL)
        for (size_t i = 0; i < count; i++)
            weir_task_emit(task, items[i]);
    else
        end_item(raw, count);
    return 0;
}

static void *end_copy(void *item, void *raw) {
    hold(raw);
    end_item(raw, 1);
    return item;
}

static int produce(weir_task *task, void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    make_call(world, SOURCE);
    atomic_fetch_add(&world->begun, 1);
    weir_task_emit(task, number(0));
    return WEIR_END;
}

static weir_status init(void *raw, void **state) {
    *state = raw;
    make_call(raw, INIT);
    return WEIR_OK;
}

static weir_status init_that_fails(void *raw, void **state) {
    (void)raw;
    (void)state;
    return WEIR_NOMEM;
}

static void fini(void *raw) {
    make_call(raw, FINI);
    make_call(raw, FINI_UNDOING);
}

/* A source's thread belongs to a stage while it weighs. */
static uint64_t weigh(const void *item, void *raw) {
    struct world *world = raw;
    make_call(world, item == number(0) ? WEIGH_PRODUCE : WEIGH);
    return 1;
}

static uint64_t weigh_in_batch(const void *item, void *raw) {
    (void)item;
    make_call(raw, WEIGH_BATCH);
    return 1;
}

static uint64_t key(const void *item, void *raw) {
    (void)item;
    make_call(raw, KEY);
    return 0;
}

static uint64_t route(const void *item, void *raw) {
    (void)item;
    make_call(raw, ROUTE);
    return 0;
}

static void *copy(void *item, void *raw) {
    make_call(raw, COPY);
    atomic_fetch_add(&((struct world *)raw)->begun, 1);
    return item;
}

static bool when(int code, void *raw) {
    (void)code;
    make_call(raw, WHEN);
    return ((struct world *)raw)->place == WHEN;
}

static void sleep_in_poll(int fd, weir_deadline deadline, void *raw) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    make_call(raw, WAIT);
    (void)poll(&polled, 1, deadline == WEIR_NEVER ? -1 : 0);
}

static void on_stall(const weir_stall *stall, void *raw) {
    (void)stall;
    make_call(raw, STALL);
}

static void drop(void *item, void *raw) {
    struct world *world = raw;
    if (is_drop(world->place) && !(world->place == DROP_FAILED && item == number(1))) /* the failed item itself */
        make_call(world, world->place);
    end_item(world, 1);
}

static void drop_left(void *item, void *raw) {
    (void)item;
    make_call(raw, DROP_LEFT);
    end_item(raw, 1);
}

static ssize_t write_stream(void *raw, const char *text, size_t size) {
    (void)text;
    make_call(raw, STREAM);
    return (ssize_t)size;
}

/* ---- the scenes ---- */

static void must(weir_status status, const char *what) {
    if (status != WEIR_OK)
        pair_fail("%s: %s", what, weir_strerror(status));
}

static weir_stage *add(struct world *world, weir_stage_options options) {
    weir_stage *stage;
    options.work.arg = world;
    options.input.drop = drop;
    options.input.capacity = options.work.source == NULL ? CAPACITY : 0;
    options.errors.on_error = world->place == DROP_FAILED ? WEIR_FAIL_FAST : WEIR_SKIP;
    must(weir_pipeline_add(world->pipeline, &stage, &options), "add");
    return stage;
}

static void connect(struct world *world, weir_stage *from, weir_stage *to) {
    must(weir_pipeline_connect(world->pipeline, from, to), "connect");
}

static void settled(void *world, weir_outcome outcome) {
    (void)world;
    (void)outcome;
}

/* Declares the pipeline: an entry stage, a source if needed, batches, and the stages that get the copies. */
static void declare(struct world *world) {
    enum place place = world->place;
    must(weir_pipeline_create(&world->pipeline, &(weir_pipeline_options){.grace = 10 * WEIR_SECOND,
                                                                         .max_bytes = 2 * CAPACITY,
                                                                         .weigh = weigh,
                                                                         .weigh_arg = world,
                                                                         .settled = settled}),
         "create");
    weir_stage_options first = {.name = "first", .work.run = run_first};
    first.output.fan_out = place == ROUTE ? WEIR_BY_CHOICE : place == COPY ? WEIR_TO_ALL : WEIR_ROUND_ROBIN;
    first.output.route = place == ROUTE ? route : NULL;
    first.output.copy = place == COPY ? copy : NULL;
    first.errors.retry = (weir_retry){.attempts = 2, .when = when};
    first.work.init = place == FINI_UNDOING ? init_that_fails : init;
    first.work.fini = fini;
    if (place == KEY) {
        first.limits.key = key;
        first.limits.per_key = 1;
    }
    if (place == WAIT || place == STALL) {
        first.work.wait = sleep_in_poll;
        first.threads.count = first.limits.in_flight = 1;
        first.errors.stall_time = place == STALL ? WEIR_MILLISECOND : 0;
        first.errors.on_stall = place == STALL ? on_stall : NULL;
    }
    world->first = add(world, first);
    weir_stage *batches = add(world, (weir_stage_options){.name = "batches",
                                                          .work.run_batch = run_batch,
                                                          .work.init = init,
                                                          .work.fini = place == FINI_UNDOING ? fini : NULL,
                                                          .batch = {.items = 1, .bytes = 1, .weigh = weigh_in_batch},
                                                          .output.results = world->results});
    connect(world, world->first, batches);
    if (place == ROUTE || place == COPY)
        connect(world, world->first, add(world, (weir_stage_options){.name = "copies", .work.func = end_copy}));
    if (place == SOURCE || place == WEIGH_PRODUCE) {
        world->first = add(world, (weir_stage_options){.name = "source", .work.source = produce});
        connect(world, world->first, batches);
    }
}

static void *pass(void *item, void *unused) {
    (void)unused;
    return item;
}

/* Starts an unrelated pipeline. */
static void start_other(struct world *world) {
    must(weir_pipeline_create(&world->other, &(weir_pipeline_options){.settled = settled}), "create");
    must(weir_pipeline_add(world->other, &world->first, &(weir_stage_options){.name = "other", .work.func = pass}),
         "add");
    must(weir_pipeline_start(world->other), "start");
}

/* Puts items; the call may have closed the pipeline. */
static void put(struct world *world, size_t count) {
    for (size_t i = 0; i < count; i++) {
        weir_status status = weir_pipeline_put(world->pipeline, number(i + 1));
        if (status == WEIR_OK)
            atomic_fetch_add(&world->begun, 1);
        else if (status != WEIR_CLOSED)
            must(status, "put");
    }
}

static void wait_for_return(struct world *world) {
    for (weir_deadline limit = hang_limit(); !atomic_load(&world->returned);) {
        if (now() > limit)
            pair_fail("the callback was not called, or has not returned");
        nap();
    }
}

static void *finish_elsewhere(void *raw) {
    struct world *world = raw;
    (void)weir_pipeline_finish(world->pipeline, world->place == DROP_FINISHED ? 0 : WEIR_NEVER, NULL);
    return NULL;
}

static void *cancel_elsewhere(void *raw) {
    (void)weir_pipeline_cancel(((struct world *)raw)->pipeline);
    return NULL;
}

/* Destroys the pipeline; it is not busy, because the grace is longer than the whole scene. */
static void *destroy_elsewhere(void *raw) {
    struct world *world = raw;
    must(weir_pipeline_destroy(world->pipeline), "destroy");
    world->pipeline = NULL;
    return NULL;
}

static void *(*ending_of(enum place place))(void *raw) {
    switch (place) {
        case DROP_FINISHED:
        case RUN_FINISHING:
            return finish_elsewhere;
        case DROP_CANCELLED:
        case RUN_CANCELLED:
            return cancel_elsewhere;
        default:
            return destroy_elsewhere;
    }
}

/* Puts fail once the other thread has begun the end. */
static void wait_for_the_end_to_begin(struct world *world) {
    weir_status status;
    while ((status = weir_pipeline_put_until(world->pipeline, number(1), 0)) != WEIR_CLOSED) {
        atomic_fetch_add(&world->begun, status == WEIR_OK);
        nap();
    }
}

/* One item is in the function, blocked at the gate, and others are queued. The pipeline ends in another thread. */
static void happen_at_an_end(struct world *world) {
    pthread_t thread;
    put(world, 1);
    gate_wait_for(&world->gate, 1);
    put(world, 5);
    if (world->place == DROP_FAILED) {
        gate_open(&world->gate);
        wait_for_return(world);
        return;
    }
    must(pthread_create(&thread, NULL, ending_of(world->place), world) == 0 ? WEIR_OK : WEIR_NOTHREAD, "thread");
    if (!is_drop(world->place))
        wait_for_the_end_to_begin(world);
    else
        wait_for_return(world);
    gate_open(&world->gate);
    pthread_join(thread, NULL);
    wait_for_return(world);
}

static void happen(struct world *world) {
    if (changes_inside(world->place)) {
        happen_at_an_end(world);
        return;
    }
    if (world->place == STREAM)
        must(weir_pipeline_show(world->pipeline, world->stream, 0), "show");
    if (world->place == DROP_LEFT)
        must(weir_queue_shutdown(world->results, WEIR_DRAIN), "shutdown");
    put(world, world->place == STREAM ? 0 : 3);
    if (world->place != FINI)
        wait_for_return(world);
}

static void finish(struct world *world) {
    if (world->pipeline != NULL) {
        (void)weir_pipeline_finish(world->pipeline, WEIR_NEVER, NULL);
        must(weir_pipeline_destroy(world->pipeline), "destroy");
    }
    if (world->other != NULL && !world->destroyed) {
        (void)weir_pipeline_finish(world->other, WEIR_NEVER, NULL);
        must(weir_pipeline_destroy(world->other), "destroy, elsewhere");
    }
    must(weir_queue_destroy(world->results), "destroy, results");
    fclose(world->stream);
    if (!atomic_load(&world->returned))
        pair_fail("the callback was not called");
    if (atomic_load(&world->begun) != atomic_load(&world->ended))
        pair_fail("%zu items were put, and %zu have come to an end", atomic_load(&world->begun),
                  atomic_load(&world->ended));
}

struct pair {
    enum place place;
    const struct row *row;
    bool elsewhere;
};

static void block_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void run_pair(void *raw) {
    const struct pair *pair = raw;
    struct world world = {.place = pair->place, .row = pair->row, .gate = GATE};
    block_signal();
    world.stream = fopencookie(&world, "w", (cookie_io_functions_t){.write = write_stream});
    if (world.stream == NULL)
        pair_fail("no stream");
    setvbuf(world.stream, NULL, _IONBF, 0);
    if (world.place == DROP_LEFT) {
        const weir_queue_options options = {.capacity = CAPACITY, .drop = drop_left, .drop_arg = &world};
        must(weir_queue_create_with(&world.results, &options), "results");
    }
    declare(&world);
    if (pair->elsewhere)
        start_other(&world);
    weir_status status = weir_pipeline_start(world.pipeline);
    if (status != WEIR_OK && (world.place != FINI_UNDOING || status != WEIR_INITFAILED))
        pair_fail("start: %s", weir_pipeline_message(world.pipeline));
    if (status == WEIR_OK)
        happen(&world);
    finish(&world);
}

static bool try_pair(struct pair pair) {
    char name[200];
    snprintf(name, sizeof name, "%s%s, from %s%s", pair.row->name, pair.row->fills ? " until full" : "",
             places[pair.place].name, pair.elsewhere ? ", elsewhere" : "");
    return pair_run(name, run_pair, &pair);
}

START_TEST (every_call_works_or_says_why_not) {
    size_t failed = 0;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        bool elsewhere = _i % 2 != 0;
        if (elsewhere && table[i].fills)
            continue;
        failed += !try_pair((struct pair){(enum place)(_i / 2), &table[i], elsewhere});
    }
    ck_assert_msg(failed == 0, "%zu pairs failed", failed);
}
END_TEST

START_TEST (the_table_has_every_call) {
    const char *names[64];
    size_t count = public_names("weir_pipeline_", names, COUNT_OF(names));
    for (size_t n = 0; n < count; n++) {
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(table); i++)
            found = found || strcmp(table[i].name, names[n]) == 0;
        ck_assert_msg(found, "%s is not in the table", names[n]);
    }
}
END_TEST

static Suite *callbacks_suite(void) {
    Suite *suite = suite_create("callbacks of pipelines");
    TCase *pairs = add_case(suite, "pairs");
    tcase_set_timeout(pairs, 10 * TEST_SECONDS);
    tcase_add_loop_test(pairs, every_call_works_or_says_why_not, 0, 2 * PLACES);
    tcase_add_test(pairs, the_table_has_every_call);
    return suite;
}

int main(void) {
    return run_suite(callbacks_suite());
}
