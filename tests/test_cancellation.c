/*
 * test_cancellation.c - no call is a cancellation point. With a cancellation request pending in its thread, each call
 * runs to completion, blocks and returns as usual. The thread ends at its own next cancellation point.
 *
 * `table` has the calls; the test compares it with lib/weir.sym. The callbacks that run meanwhile write to a
 * descriptor, which is a cancellation point.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pairs.h"
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
    const struct row *row;
    weir_queue *queue;   /* capacity 2 */
    weir_queue *results; /* the pipeline's; capacity 1 */
    weir_threads *threads;
    weir_worker *worker;
    weir_pipeline *pipeline;
    weir_stage *stage; /* its last one */
    weir_report *report;
    weir_dead_letter *letter;
    weir_future *future; /* pending; with a callback */
    weir_executor *executor;
    weir_task_group *group;
    weir_task *task; /* for calls inside a stage's function */
    weir_operation operation;
    atomic_bool asked; /* for its end: the function that has detached has returned */
    FILE *stream;
    int nowhere; /* descriptor of /dev/null */
    struct gate gate;
    atomic_size_t dropped;
    /* The thread that makes the call. */
    atomic_int number;
    atomic_bool returned, ended;
};

static void must(weir_status status, weir_status wanted, const char *what) {
    if (status != wanted)
        pair_fail("%s: \"%s\" instead of \"%s\"", what, weir_strerror(status), weir_strerror(wanted));
}

/* ---- functions of the program ---- */

static void reach_cancellation_point(struct world *world) {
    if (write(world->nowhere, "!", 1) != 1)
        pair_fail("/dev/null takes nothing");
}

static void drop(void *item, void *raw) {
    struct world *world = raw;
    (void)item;
    reach_cancellation_point(world);
    atomic_fetch_add(&world->dropped, 1);
}

static uint64_t weigh(const void *item, void *raw) {
    (void)item;
    reach_cancellation_point(raw);
    return 1;
}

static void *copy(void *item, void *raw) {
    reach_cancellation_point(raw);
    return item;
}

static uint64_t choose_second(const void *item, void *raw) {
    (void)item;
    reach_cancellation_point(raw);
    return 1;
}

static void *pass(void *item, void *raw) {
    struct world *world = raw;
    gate_pass(&world->gate);
    return item;
}

static weir_status pass_init(void *raw, void **state) {
    struct world *world = raw;
    gate_pass(&world->gate);
    *state = raw;
    return WEIR_OK;
}

static int pass_source(weir_task *task, void *none, void *raw) {
    (void)task;
    (void)none;
    pass(NULL, raw);
    return WEIR_END;
}

static int fail_at_once(weir_task *task, void *item, void *raw) {
    (void)item;
    (void)raw;
    return weir_task_fail(task, 5, "no");
}

static void make_call(struct world *world);

enum { FED = 4 }; /* the item that a call feeds */

/* Workers run with cancellation disabled, but their function may enable it. */
static int call_inside(weir_task *task, void *item, void *raw) {
    struct world *world = raw;
    int before;
    if (item == number(FED))
        return 0;
    world->task = task;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
    make_call(world);
    pthread_setcancelstate(before, &before);
    return 0;
}

/* ---- the state before the call ---- */

static void prepare_nothing(struct world *world) {
    (void)world;
}

static void prepare_full(struct world *world) {
    must(weir_queue_put(world->queue, number(0)), WEIR_OK, "put");
    must(weir_queue_put(world->queue, number(1)), WEIR_OK, "put");
}

static void prepare_taken(struct world *world) {
    void *item;
    must(weir_queue_put(world->queue, number(0)), WEIR_OK, "put");
    must(weir_queue_get(world->queue, &item), WEIR_OK, "get");
}

static const weir_worker_options workers = {.func = pass};

static weir_worker_options options_of(struct world *world) {
    weir_worker_options options = workers;
    options.arg = world;
    return options;
}

static void prepare_threads(struct world *world) {
    must(weir_start_threads(&world->threads, 1, pass, world, world->queue, NULL), WEIR_OK, "start_threads");
    must(weir_queue_put(world->queue, number(0)), WEIR_OK, "put");
    gate_wait_for(&world->gate, 1);
}

static void prepare_worker(struct world *world) {
    weir_worker_options options = options_of(world);
    must(weir_worker_start(&world->worker, &options, world->queue, NULL), WEIR_OK, "worker_start");
    must(weir_queue_put(world->queue, number(0)), WEIR_OK, "put");
    gate_wait_for(&world->gate, 1);
    must(weir_queue_close(world->queue), WEIR_OK, "close");
}

static void add(struct world *world, weir_stage_options stage) {
    stage.name = stage.name == NULL ? "stage" : stage.name;
    stage.work.arg = world;
    stage.input.drop = drop;
    stage.threads.count =
        stage.threads.count == 0 && stage.threads.width == 0 ? 1 : stage.threads.count; /* a thread of its own */
    must(weir_pipeline_add(world->pipeline, &world->stage, &stage), WEIR_OK, "add");
}

static void settled(void *ticket, weir_outcome outcome) {
    (void)ticket;
    (void)outcome;
    pthread_testcancel();
}

static void prepare_limited(struct world *world, size_t max_items, weir_stage_options stage) {
    must(weir_pipeline_create(&world->pipeline, &(weir_pipeline_options){.max_items = max_items,
                                                                         .max_bytes = 100,
                                                                         .weigh = weigh,
                                                                         .weigh_arg = world,
                                                                         .trace = world->stream,
                                                                         .settled = settled}),
         WEIR_OK, "create");
    add(world, stage);
}

static void prepare_pipeline(struct world *world, weir_stage_options stage) {
    prepare_limited(world, 2, stage);
}

static void start(struct world *world, size_t items) {
    must(weir_pipeline_start(world->pipeline), WEIR_OK, "start");
    for (size_t i = 0; i < items; i++)
        must(weir_pipeline_put(world->pipeline, number(i)), WEIR_OK, "put");
}

static void prepare_unstarted(struct world *world) {
    prepare_pipeline(world, (weir_stage_options){.work.func = pass});
}

static void prepare_created(struct world *world) {
    must(weir_pipeline_create(&world->pipeline, NULL), WEIR_OK, "create");
}

/* Two items, the first blocked at the gate. */
static void prepare_running(struct world *world) {
    prepare_unstarted(world);
    start(world, 2);
    gate_wait_for(&world->gate, 1);
}

/* The same without items, so that no function must return. */
static void prepare_idle(struct world *world) {
    prepare_unstarted(world);
    start(world, 0);
}

static void prepare_source(struct world *world) {
    prepare_pipeline(world, (weir_stage_options){.work.source = pass_source});
    start(world, 0);
}

static void prepare_report(struct world *world) {
    prepare_idle(world);
    must(weir_pipeline_report(world->pipeline, &world->report), WEIR_OK, "report");
}

static void prepare_letter(struct world *world) {
    void *letter;
    prepare_pipeline(world, (weir_stage_options){
                                .work.run = fail_at_once, .errors.on_error = WEIR_SKIP, .errors.dead = world->results});
    start(world, 1);
    must(weir_queue_get(world->results, &letter), WEIR_OK, "get");
    world->letter = letter;
}

/* A stage's function makes the call while the results queue is full. */
static void prepare_inside(struct world *world) {
    must(weir_queue_put(world->results, number(0)), WEIR_OK, "put");
    prepare_pipeline(world, (weir_stage_options){.work.run = call_inside, .output.results = world->results});
    start(world, 1);
}

/* The call has room for further items. */
static void prepare_inside_roomy(struct world *world) {
    prepare_limited(world, 9, (weir_stage_options){.work.run = call_inside});
    start(world, 1);
}

static void prepare_inside_before_two(struct world *world, weir_stage_options stage) {
    stage.work.run = call_inside;
    prepare_pipeline(world, stage);
    weir_stage *from = world->stage;
    for (int i = 0; i < 2; i++) {
        add(world, (weir_stage_options){.name = i == 0 ? "first" : "second", .work.func = pass});
        must(weir_pipeline_connect(world->pipeline, from, world->stage), WEIR_OK, "connect");
    }
    start(world, 1);
}

/* The call calls the function's copy, or its route. */
static void prepare_inside_copying(struct world *world) {
    prepare_inside_before_two(world, (weir_stage_options){.output = {.fan_out = WEIR_TO_ALL, .copy = copy}});
}

static void prepare_inside_routing(struct world *world) {
    prepare_inside_before_two(world,
                              (weir_stage_options){.output = {.fan_out = WEIR_BY_CHOICE, .route = choose_second}});
}

/* poll is a cancellation point. */
static void sleep_in_poll(int fd, weir_deadline deadline, void *raw) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    reach_cancellation_point(raw);
    (void)poll(&polled, 1, deadline == 0 ? 0 : -1);
}

/* The same, and the call waits for room in the program's wait. */
static void prepare_inside_waiting(struct world *world) {
    must(weir_queue_put(world->results, number(0)), WEIR_OK, "put");
    prepare_pipeline(world, (weir_stage_options){.work.run = call_inside,
                                                 .work.wait = sleep_in_poll,
                                                 .limits.in_flight = 1,
                                                 .output.results = world->results});
    start(world, 1);
}

static int detach(weir_task *task, void *item, void *raw) {
    struct world *world = raw;
    must(weir_task_detach(task, &world->operation), WEIR_OK, "detach");
    must(weir_queue_put(world->results, item), WEIR_OK, "put");
    return WEIR_PENDING;
}

static void note_abort(weir_operation operation, weir_abort_reason why, void *raw) {
    struct world *world = raw;
    (void)operation;
    (void)why;
    atomic_store(&world->asked, true);
}

/* The run is cancelled, so the call drops the item. */
static void prepare_detached(struct world *world) {
    void *item;
    prepare_pipeline(world, (weir_stage_options){.work.run = detach, .work.abort = note_abort, .limits.in_flight = 1});
    start(world, 1);
    must(weir_queue_get(world->results, &item), WEIR_OK, "get");
    must(weir_pipeline_cancel(world->pipeline), WEIR_OK, "cancel");
    while (!atomic_load(&world->asked))
        nap();
}

static void call_back(weir_future *future, void *raw) {
    struct world *world = raw;
    (void)future;
    reach_cancellation_point(world);
    atomic_fetch_add(&world->dropped, 1);
}

static void prepare_future(struct world *world) {
    must(weir_future_create(&world->future, drop, world), WEIR_OK, "future_create");
    must(weir_future_on_end(world->future, call_back, world), WEIR_OK, "future_on_end");
    if (weir_future_fd(world->future) < 0)
        pair_fail("there is no descriptor");
}

/* ---- what unblocks the call ---- */

static void release_by_takes(struct world *world) {
    void *item;
    while (!atomic_load(&world->ended)) {
        if (weir_queue_try_get(world->queue, &item) == WEIR_OK)
            must(weir_queue_task_done(world->queue), WEIR_OK, "task_done");
        nap();
    }
}

static void release_by_put(struct world *world) {
    must(weir_queue_put(world->queue, number(5)), WEIR_OK, "put");
}

static void release_by_done(struct world *world) {
    must(weir_queue_task_done(world->queue), WEIR_OK, "task_done");
}

static void release_by_gate(struct world *world) {
    gate_open(&world->gate);
}

static void release_by_results(struct world *world) {
    void *item;
    must(weir_queue_get(world->results, &item), WEIR_OK, "get");
}

static void release_by_set(struct world *world) {
    must(weir_future_set(world->future, NULL), WEIR_OK, "future_set");
}

/* ---- the calls ---- */

static weir_status call_create(struct world *world) {
    weir_queue *queue;
    (void)world;
    weir_status status = weir_queue_create(&queue, 3);
    return status == WEIR_OK ? weir_queue_destroy(queue) : status;
}

static weir_status call_create_with(struct world *world) {
    weir_queue *queue;
    (void)world;
    weir_status status = weir_queue_create_with(&queue, &(weir_queue_options){.capacity = 3, .name = "name"});
    return status == WEIR_OK ? weir_queue_destroy(queue) : status;
}

static weir_status call_queue_destroy(struct world *world) {
    weir_status status = weir_queue_destroy(world->queue);
    world->queue = NULL;
    return atomic_load(&world->dropped) == 2 ? status : WEIR_INVALID;
}

static weir_status call_put(struct world *world) {
    return weir_queue_put(world->queue, number(7));
}

static weir_status call_try_put(struct world *world) {
    return weir_queue_try_put(world->queue, number(7));
}

static weir_status call_put_until(struct world *world) {
    return weir_queue_put_until(world->queue, number(7), hang_limit());
}

static void *const three[] = {NULL, NULL, NULL};

static weir_status call_put_many(struct world *world) {
    size_t put;
    weir_status status = weir_queue_put_many(world->queue, three, 3, &put);
    return put == 3 ? status : WEIR_INVALID;
}

static weir_status call_try_put_many(struct world *world) {
    size_t put;
    weir_status status = weir_queue_try_put_many(world->queue, three, 3, &put);
    return put == 2 ? status : WEIR_INVALID;
}

static weir_status call_put_many_until(struct world *world) {
    size_t put;
    weir_status status = weir_queue_put_many_until(world->queue, three, 3, &put, hang_limit());
    return put == 3 ? status : WEIR_INVALID;
}

static weir_status call_get(struct world *world) {
    void *item;
    return weir_queue_get(world->queue, &item);
}

static weir_status call_try_get(struct world *world) {
    void *item;
    return weir_queue_try_get(world->queue, &item);
}

static weir_status call_get_until(struct world *world) {
    void *item;
    return weir_queue_get_until(world->queue, &item, hang_limit());
}

static weir_status call_get_many(struct world *world) {
    void *items[2];
    size_t got;
    return weir_queue_get_many(world->queue, items, 2, &got);
}

static weir_status call_try_get_many(struct world *world) {
    void *items[2];
    size_t got;
    return weir_queue_try_get_many(world->queue, items, 2, &got);
}

static weir_status call_get_many_until(struct world *world) {
    void *items[2];
    size_t got;
    return weir_queue_get_many_until(world->queue, items, 2, &got, hang_limit());
}

static weir_status call_task_done(struct world *world) {
    return weir_queue_task_done(world->queue);
}

static weir_status call_tasks_done(struct world *world) {
    return weir_queue_tasks_done(world->queue, 1);
}

static weir_status call_join(struct world *world) {
    return weir_queue_join(world->queue);
}

static weir_status call_join_until(struct world *world) {
    return weir_queue_join_until(world->queue, hang_limit());
}

static weir_status call_close(struct world *world) {
    return weir_queue_close(world->queue);
}

static weir_status call_shutdown(struct world *world) {
    weir_status status = weir_queue_shutdown(world->queue, WEIR_DISCARD);
    return atomic_load(&world->dropped) == 2 ? status : WEIR_INVALID;
}

static weir_status call_asking(struct world *world) {
    bool right = weir_queue_size(world->queue) == 2 && weir_queue_capacity(world->queue) == 2 &&
                 weir_queue_unfinished(world->queue) == 2 && strcmp(weir_queue_name(world->queue), "queue") == 0;
    return right ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_queue_fds(struct world *world) {
    void *item;
    bool made = weir_queue_get_fd(world->queue) > 2 && weir_queue_put_fd(world->queue) > 2;
    weir_status status = weir_queue_try_put(world->queue, NULL); /* makes one quiet, a get rings it */
    if (!made || status != WEIR_FULL)
        return WEIR_INVALID;
    status = weir_queue_try_get(world->queue, &item);
    return status == WEIR_OK ? weir_queue_task_done(world->queue) : status;
}

static weir_status select_get(struct world *world, int fd) {
    weir_case cases[] = {{.kind = WEIR_CASE_GET, .queue = world->queue}, {.kind = WEIR_CASE_READABLE, .fd = fd}};
    size_t which;
    weir_status status = weir_select(cases, 2, WEIR_NEVER, &which);
    return status == WEIR_OK ? cases[which].status : status;
}

static weir_status call_select(struct world *world) {
    return select_get(world, -1);
}

/* Beside a pipe to which nothing is written: it sleeps in poll. */
static weir_status call_select_polling(struct world *world) {
    int ends[2];
    if (pipe(ends) != 0)
        return WEIR_NOMEM;
    weir_status status = select_get(world, ends[0]);
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    close(ends[0]);
    close(ends[1]);
    pthread_setcancelstate(before, &before);
    return status;
}

static weir_status call_cursor(struct world *world) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(world->queue);
    void *item;
    weir_status status = weir_queue_cursor_next(&cursor, &item);
    return status == WEIR_OK ? weir_queue_cursor_end(&cursor) : status;
}

static weir_status call_start_threads(struct world *world) {
    return weir_start_threads(&world->threads, 3, pass, world, world->queue, NULL);
}

static weir_status call_start_threads_with(struct world *world) {
    weir_worker_options options = options_of(world);
    options.init = pass_init;
    return weir_start_threads_with(&world->threads, 2, &options, world->queue, NULL);
}

static weir_status call_stop_threads(struct world *world) {
    weir_threads *threads = world->threads;
    world->threads = NULL;
    return weir_stop_threads(world->queue, threads);
}

static weir_status call_worker_start(struct world *world) {
    weir_worker_options options = options_of(world);
    options.init = pass_init;
    return weir_worker_start(&world->worker, &options, world->queue, NULL);
}

static weir_status call_worker_join(struct world *world) {
    weir_worker *worker = world->worker;
    world->worker = NULL;
    return weir_worker_join(worker);
}

static weir_status call_pipeline_create(struct world *world) {
    weir_pipeline *pipeline;
    (void)world;
    weir_status status = weir_pipeline_create(&pipeline, NULL);
    return status == WEIR_OK ? weir_pipeline_destroy(pipeline) : status;
}

static weir_status call_add_and_connect(struct world *world) {
    const weir_stage_options options[] = {{.name = "a", .work.func = pass}, {.name = "b", .work.func = pass}};
    weir_stage *stages[2];
    if (weir_pipeline_add(world->pipeline, &stages[0], &options[0]) != WEIR_OK ||
        weir_pipeline_add(world->pipeline, &stages[1], &options[1]) != WEIR_OK)
        return WEIR_INVALID;
    weir_status status = weir_pipeline_connect(world->pipeline, stages[0], stages[1]);
    if (weir_pipeline_connect_back(world->pipeline, stages[1], stages[0]) != WEIR_OK)
        return WEIR_INVALID;
    return strcmp(weir_pipeline_message(world->pipeline), "") == 0 ? status : WEIR_INVALID;
}

static weir_status call_add_and_connect_dead(struct world *world) {
    const weir_stage_options options[] = {{.name = "a", .work.run = fail_at_once}, {.name = "b", .work.func = pass}};
    weir_stage *stages[2];
    if (weir_pipeline_add(world->pipeline, &stages[0], &options[0]) != WEIR_OK ||
        weir_pipeline_add(world->pipeline, &stages[1], &options[1]) != WEIR_OK)
        return WEIR_INVALID;
    return weir_pipeline_connect_dead(world->pipeline, stages[0], stages[1]);
}

static weir_status call_pipeline_start(struct world *world) {
    return weir_pipeline_start(world->pipeline);
}

static weir_status call_pipeline_put(struct world *world) {
    return weir_pipeline_put(world->pipeline, number(7));
}

static weir_status call_pipeline_put_until(struct world *world) {
    return weir_pipeline_put_until(world->pipeline, number(7), hang_limit());
}

static weir_status call_pipeline_submit(struct world *world) {
    return weir_pipeline_submit(world->pipeline, number(7), NULL);
}

static weir_status call_pipeline_submit_until(struct world *world) {
    return weir_pipeline_submit_until(world->pipeline, number(7), NULL, hang_limit());
}

static weir_status call_pipeline_put_many(struct world *world) {
    size_t put;
    weir_status status = weir_pipeline_put_many(world->pipeline, three, 3, &put);
    return put == 3 ? status : WEIR_INVALID;
}

static weir_status call_pipeline_put_many_until(struct world *world) {
    size_t put;
    weir_status status = weir_pipeline_put_many_until(world->pipeline, three, 3, &put, hang_limit());
    return put == 3 ? status : WEIR_INVALID;
}

static weir_status call_pipeline_wait(struct world *world) {
    return weir_pipeline_wait(world->pipeline, hang_limit());
}

static weir_status call_pipeline_wait_idle(struct world *world) {
    return weir_pipeline_wait_idle(world->pipeline, hang_limit());
}

static weir_status call_pipeline_finish(struct world *world) {
    return weir_pipeline_finish(world->pipeline, WEIR_NEVER, &world->report);
}

/* A function does not return in time; all other items are dropped. */
static weir_status call_pipeline_finish_late(struct world *world) {
    weir_status status = weir_pipeline_finish(world->pipeline, 0, NULL);
    return atomic_load(&world->dropped) == 1 ? status : WEIR_INVALID;
}

static weir_status call_pipeline_pause(struct world *world) {
    weir_status status = weir_pipeline_pause(world->pipeline, NULL);
    return status == WEIR_OK ? weir_pipeline_resume(world->pipeline, NULL) : status;
}

static weir_status call_pipeline_set_rate(struct world *world) {
    return weir_pipeline_set_rate(world->pipeline, world->stage, 1e9, 1);
}

/* The stage has one thread. */
static weir_status call_pipeline_set_threads(struct world *world) {
    return weir_pipeline_set_threads(world->pipeline, world->stage, 1, 1);
}

static weir_status call_pipeline_cancel(struct world *world) {
    weir_status status = weir_pipeline_cancel(world->pipeline);
    return atomic_load(&world->dropped) == 1 ? status : WEIR_INVALID;
}

static weir_status call_pipeline_destroy(struct world *world) {
    weir_status status = weir_pipeline_destroy(world->pipeline);
    if (status == WEIR_OK)
        world->pipeline = NULL;
    return status;
}

static weir_status call_pipeline_report(struct world *world) {
    return weir_pipeline_report(world->pipeline, &world->report);
}

static weir_status call_cancel_fd(struct world *world) {
    return weir_pipeline_cancel_fd(world->pipeline) >= 0 ? WEIR_OK : WEIR_INVALID;
}

static weir_status call_pipeline_show(struct world *world) {
    return weir_pipeline_show(world->pipeline, world->stream, 9);
}

static weir_status call_end_on(struct world *world) {
    static const int signals[] = {SIGUSR1};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return weir_pipeline_end_on(world->pipeline, signals, 1, WEIR_SECOND);
}

static weir_status call_report_print(struct world *world) {
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
        if (weir_report_print(world->report, (weir_report_format)format, world->stream) != WEIR_OK)
            return WEIR_INVALID;
    }
    const weir_report *const both[] = {world->report, world->report};
    return weir_report_print_many(both, 2, WEIR_PROMETHEUS, world->stream);
}

static weir_status call_report_text(struct world *world) {
    const weir_report *const both[] = {world->report, world->report};
    char *text = NULL;
    weir_status status = weir_report_text(world->report, WEIR_TABLE, &text, NULL);
    free(text);
    if (status != WEIR_OK)
        return status;
    status = weir_report_text_many(both, 2, WEIR_PROMETHEUS, &text, NULL);
    free(text);
    return status;
}

static weir_status call_report_free(struct world *world) {
    weir_report_free(world->report);
    world->report = NULL;
    return WEIR_OK;
}

static weir_status call_letter_free(struct world *world) {
    weir_dead_letter_free(world->letter);
    world->letter = NULL;
    return WEIR_OK;
}

static weir_status call_emit(struct world *world) {
    weir_task_emit(world->task, number(3));
    return WEIR_OK;
}

/* The function of a stage makes these calls; weigh is called within them. */
static weir_status call_put_inside(struct world *world) {
    void *fed = number(FED);
    size_t put;
    weir_status status = weir_pipeline_put(world->pipeline, fed);
    if (status == WEIR_OK)
        status = weir_pipeline_put_many_until(world->pipeline, &fed, 1, &put, hang_limit());
    return status == WEIR_OK ? weir_pipeline_submit(world->pipeline, fed, NULL) : status;
}

static weir_status call_command(struct world *world) {
    const char *const argv[] = {"cat", NULL};
    weir_command_result result;
    int code = weir_command_run(world->task, &(weir_command){.argv = argv, .input = "x", .input_size = 1}, &result);
    bool right = code == 0 && result.out.total == 1;
    weir_command_result_free(&result);
    return right ? WEIR_OK : WEIR_INVALID;
}

static int echo(const void *in, size_t size, weir_process_payload *out, void *unused) {
    (void)unused;
    memcpy(out->data, in, size);
    out->size = size;
    return 0;
}

static const weir_process_entry functions[] = {{.name = "echo", .func = echo}, {.name = NULL}};

static int encode_x(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    (void)task;
    (void)unused;
    memcpy(to->data, item, 1);
    to->size = 1;
    return 0;
}

static int decode_x(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    (void)task;
    (void)unused;
    return size == 1 && memcmp(item, from, size) == 0 ? 0 : 1;
}

static int take_x(weir_future *self, void *item, const void *from, size_t size, void **value, void *unused) {
    (void)self;
    (void)unused;
    *value = item;
    return size == 1 && memcmp(item, from, size) == 0 ? 0 : 1;
}

/* In an emulator the child exits at once: it does not run this program. */
static weir_status call_process(struct world *world) {
    weir_process process = {.function = "echo", .encode = encode_x, .decode = decode_x};
    char item[] = "x";
    void *keeper, *items[] = {item, item};
    weir_process_main(1, NULL, functions);
    weir_status status = weir_process_init(&process, &keeper);
    if (status != WEIR_OK)
        return status == WEIR_INITFAILED ? WEIR_OK : status; /* a system without child processes */
    int code = weir_process_run(world->task, item, keeper);
    code = code != 0 ? code : weir_process_run_batch(world->task, items, 2, keeper);
    weir_process_fini(keeper);
    return (code == 0 || code == WEIR_CODE_EXIT(1)) && weir_process_fail(5, "%d", 5) == 5 ? WEIR_OK : WEIR_INVALID;
}

/* The same as a task of an executor, in a thread of its own. */
static weir_status call_process_call(struct world *world) {
    weir_process process = {.function = "echo", .encode = encode_x, .take = take_x};
    const weir_executor_options options = {
        .threads = 1, .init = weir_process_init, .fini = weir_process_fini, .arg = &process};
    weir_executor *executor;
    weir_future *future;
    char item[] = "x";
    (void)world;
    weir_process_main(1, NULL, functions);
    if (weir_executor_create(&executor, &options) != WEIR_OK)
        return WEIR_OK; /* a system without child processes */
    must(weir_executor_submit(executor, weir_process_call, item, &future), WEIR_OK, "submit");
    weir_status status = weir_future_get(future, NULL);
    bool emulated = status == WEIR_FAILED && weir_future_code(future) == WEIR_CODE_EXIT(1);
    weir_future_release(future);
    must(weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL), WEIR_OK, "shutdown");
    must(weir_executor_destroy(executor), WEIR_OK, "destroy");
    return emulated ? WEIR_OK : status;
}

static weir_status call_of_task(struct world *world) {
    weir_operation operation;
    weir_task *task = world->task;
    bool right = weir_task_attempt(task) == 1 && weir_task_batch_reason(task) == (weir_batch_reason)0 &&
                 !weir_task_cancelled(task) && !weir_task_finishing(task) && weir_task_deadline(task) == WEIR_NEVER &&
                 weir_task_pipeline(task) == world->pipeline && weir_task_stop_fd(task) > 2 &&
                 weir_task_retry_after(task, 1) == WEIR_INVALID && weir_task_feed(task, NULL, number(FED)) == WEIR_OK &&
                 weir_task_submit(task, task, NULL) == WEIR_INVALID &&
                 weir_task_detach(task, &operation) == WEIR_INVALID &&
                 weir_task_poll(task, -1, 0, weir_deadline_after(WEIR_MILLISECOND)) == WEIR_TIMEDOUT &&
                 weir_task_fail_item(task, 0, 5, "%d", 5) == WEIR_INVALID && weir_task_fail(task, 5, "%d", 5) == 5;
    return right ? WEIR_OK : WEIR_INVALID;
}

static weir_status if_called_back(struct world *world, weir_status status) {
    return atomic_load(&world->dropped) == 1 ? status : WEIR_INVALID;
}

static weir_status call_operation_finish(struct world *world) {
    return if_called_back(world, weir_operation_finish(world->pipeline, world->operation, 5));
}

static weir_status call_operation_fail(struct world *world) {
    weir_status status = weir_operation_emit(world->pipeline, world->operation, number(1));
    if (status == WEIR_OK)
        status = weir_operation_emit(world->pipeline, world->operation, number(2));
    if (status == WEIR_OK)
        status = weir_operation_fail(world->pipeline, world->operation, 5, "a %s", "message");
    return if_called_back(world, status);
}

/* The last release cancels, so the callback runs in it. */
static weir_status call_future_create(struct world *world) {
    weir_future *future;
    weir_status status = weir_future_create(&future, drop, world);
    if (status != WEIR_OK)
        return status;
    status = weir_future_on_end(weir_future_retain(future), call_back, world);
    weir_future_release(future);
    weir_future_release(future);
    return if_called_back(world, status);
}

static weir_status call_future_set(struct world *world) {
    return if_called_back(world, weir_future_set(world->future, NULL));
}

static weir_status call_future_fail(struct world *world) {
    return if_called_back(world, weir_future_fail(world->future, 1, "a %s", "message"));
}

static weir_status call_future_cancel(struct world *world) {
    bool right = weir_future_state_of(world->future) == WEIR_FUTURE_PENDING && !weir_future_cancelled(world->future) &&
                 weir_future_code(world->future) == 0 && *weir_future_message(world->future) == '\0';
    return right ? if_called_back(world, weir_future_cancel(world->future)) : WEIR_INVALID;
}

/* The late callback and the drop function run in the call. */
static weir_status call_on_end_late(struct world *world) {
    must(weir_future_set(world->future, NULL), WEIR_OK, "future_set");
    weir_status status = weir_future_on_end(world->future, call_back, world);
    weir_future_release(world->future);
    world->future = NULL;
    return atomic_load(&world->dropped) == 3 ? status : WEIR_INVALID;
}

static weir_status call_future_get(struct world *world) {
    void *value;
    weir_status status = weir_future_get(world->future, NULL);
    return status == WEIR_OK ? weir_future_take(world->future, &value) : status;
}

static weir_status call_future_get_until(struct world *world) {
    return weir_future_get_until(world->future, NULL, hang_limit());
}

static weir_status call_wait_all(struct world *world) {
    return weir_wait(&world->future, 1, WEIR_ALL, WEIR_NEVER, NULL);
}

static weir_status call_wait_first(struct world *world) {
    return weir_wait(&world->future, 1, WEIR_FIRST_COMPLETED, hang_limit(), NULL);
}

static weir_status call_completions(struct world *world) {
    weir_completions *completions;
    weir_future *future;
    weir_status status = weir_as_completed(&completions, &world->future, 1);
    if (status == WEIR_OK)
        status = weir_completions_next(completions, &future, NULL, WEIR_NEVER);
    weir_completions_destroy(completions);
    return status;
}

static weir_status call_future_fd(struct world *world) {
    weir_future *future;
    must(weir_future_create(&future, NULL, NULL), WEIR_OK, "future_create");
    int fd = weir_future_fd(future);
    weir_future_release(future);
    (void)world;
    return fd > 0 ? WEIR_OK : WEIR_INVALID;
}

/* ---- executors ---- */

static int pass_gate(weir_future *self, void *raw, void **value) {
    struct world *world = raw;
    (void)self;
    (void)value;
    gate_pass(&world->gate);
    return 0;
}

static int write_and_end(weir_future *self, void *raw, void **value) {
    (void)value;
    reach_cancellation_point(raw);
    return weir_executor_error(self, 0, "no %s", "error") != 0 || weir_future_cancelled(self);
}

static int pass_gate_in_group(weir_future *self, void *raw) {
    return pass_gate(self, raw, NULL);
}

static int end_in_group(weir_future *self, void *raw) {
    return write_and_end(self, raw, NULL);
}

/* The executor's only thread is at the gate. */
static void prepare_busy(struct world *world) {
    const weir_executor_options options = {.threads = 1, .capacity = 1};
    must(weir_executor_create(&world->executor, &options), WEIR_OK, "executor_create");
    must(weir_executor_submit(world->executor, pass_gate, world, NULL), WEIR_OK, "submit");
    while (gate_waiting(&world->gate) == 0)
        nap();
}

static void prepare_crowded(struct world *world) {
    prepare_busy(world);
    must(weir_executor_submit(world->executor, write_and_end, world, NULL), WEIR_OK, "submit");
}

static void prepare_group(struct world *world) {
    const weir_executor_options options = {.threads = 1};
    const weir_task_group_options limited = {.limit = 1, .unrun = drop, .unrun_arg = world};
    must(weir_executor_create(&world->executor, &options), WEIR_OK, "executor_create");
    must(weir_task_group_create(&world->group, world->executor, &limited), WEIR_OK, "task_group_create");
    must(weir_task_group_run(world->group, pass_gate_in_group, world), WEIR_OK, "task_group_run");
    while (gate_waiting(&world->gate) == 0)
        nap();
}

static weir_status call_executor_life(struct world *world) {
    weir_executor *executor;
    weir_executor_counts counts;
    must(weir_executor_create(&executor, NULL), WEIR_OK, "executor_create");
    must(weir_executor_counts_of(executor, &counts), WEIR_OK, "executor_counts_of");
    must(weir_executor_shutdown(executor, false, false, 0, NULL, NULL), WEIR_OK, "shutdown");
    (void)world;
    return weir_executor_state(executor) == NULL ? weir_executor_destroy(executor) : WEIR_INVALID;
}

static weir_status call_submit(struct world *world) {
    return weir_executor_submit(world->executor, write_and_end, world, NULL);
}

static weir_status call_submit_with(struct world *world) {
    const weir_submit_options options = {.priority = WEIR_HIGH, .name = "task"};
    return weir_executor_submit_with(world->executor, write_and_end, world, &options, NULL);
}

static bool write_and_go_on(size_t index, weir_future *future, void *raw) {
    (void)index;
    (void)future;
    reach_cancellation_point(raw);
    return true;
}

static weir_status call_map(struct world *world) {
    void *args[2] = {world, world};
    const weir_map_options options = {.as_completed = true, .in_flight = 1};
    return weir_executor_map(world->executor, write_and_end, args, 2, &options, write_and_go_on, world);
}

static weir_status call_executor_shutdown(struct world *world) {
    return weir_executor_shutdown(world->executor, true, true, WEIR_NEVER, drop, world);
}

static weir_status call_group_life(struct world *world) {
    weir_task_group *group;
    must(weir_task_group_create(&group, world->executor, NULL), WEIR_OK, "task_group_create");
    must(weir_task_group_run(group, end_in_group, world), WEIR_OK, "task_group_run");
    must(weir_task_group_cancel(group), WEIR_OK, "task_group_cancel");
    bool right = weir_task_group_cancelled(group) && weir_task_group_errors(group) == 0 &&
                 weir_task_group_code(group, 0) == 0 && *weir_task_group_message(group, 0) == '\0';
    must(weir_task_group_wait_until(group, 0), WEIR_CANCELLED, "task_group_wait_until");
    return right ? weir_task_group_destroy(group) : WEIR_INVALID;
}

static weir_status call_group_run(struct world *world) {
    return weir_task_group_run(world->group, end_in_group, world);
}

static weir_status call_group_wait(struct world *world) {
    return weir_task_group_wait(world->group);
}

static void end_executor(struct world *world) {
    if (world->group != NULL) {
        (void)weir_task_group_wait(world->group);
        must(weir_task_group_destroy(world->group), WEIR_OK, "task_group_destroy, afterwards");
    }
    if (world->executor != NULL)
        must(weir_executor_shutdown(world->executor, true, false, hang_limit(), NULL, NULL), WEIR_OK, "shutdown");
    must(weir_executor_destroy(world->executor), WEIR_OK, "executor_destroy, afterwards");
}

static weir_status call_rest(struct world *world) {
    sigset_t signals;
    (void)world;
    weir_signals_original(&signals);
    weir_signals_restore();
    return weir_deadline_after(5) > 5 && weir_strerror(WEIR_OK) != NULL && weir_version() != NULL &&
                   weir_init_fail(WEIR_NOMEM, "no") == WEIR_NOMEM && weir_code_status(0) == WEIR_OK
               ? WEIR_OK
               : WEIR_INVALID;
}

/* The port's operations reach cancellation points. */
static weir_status port_put(void *raw, void *const *items, size_t count, size_t *put) {
    (void)items;
    reach_cancellation_point(raw);
    *put = count;
    return WEIR_OK;
}

static void port_end(void *raw, void *receipt) {
    (void)receipt;
    reach_cancellation_point(raw);
}

static weir_status call_port(struct world *world) {
    const weir_queue_port port = {
        .put = port_put, .settle = port_end, .give_back = port_end, .state = world, .window = 2};
    const weir_queue_options options = {.capacity = 2, .drop = drop, .drop_arg = world};
    weir_queue *queue;
    void *item;
    must(weir_queue_create_port(&queue, &options, &port), WEIR_OK, "queue_create_port");
    must(weir_queue_put(queue, number(1)), WEIR_OK, "put");
    must(weir_queue_port_changed(queue), WEIR_OK, "queue_port_changed");
    must(weir_queue_deliver(queue, number(1), NULL, 0), WEIR_OK, "queue_deliver");
    must(weir_queue_deliver(queue, number(2), NULL, 0), WEIR_OK, "queue_deliver");
    must(weir_queue_deliver(queue, number(3), NULL, weir_deadline_after(1000000)), WEIR_TIMEDOUT,
         "queue_deliver, full");
    must(weir_queue_deliver_close(queue, NULL), WEIR_OK, "queue_deliver_close");
    must(weir_queue_get(queue, &item), WEIR_OK, "get");
    must(weir_queue_item_done(queue, item), WEIR_OK, "queue_item_done");
    must(weir_queue_get(queue, &item), WEIR_OK, "get");
    must(weir_queue_item_return(queue, item), WEIR_OK, "queue_item_return");
    must(weir_queue_get(queue, &item), WEIR_CLOSED, "get");
    return weir_queue_destroy(queue);
}

static const struct row {
    const char *names; /* names of the calls, each followed by a space */
    void (*prepare)(struct world *world);
    weir_status (*call)(struct world *world);
    void (*release)(struct world *world); /* not NULL: the call blocks until this has run */
    weir_status wanted;
} table[] = {
    {"weir_queue_create ", prepare_nothing, call_create, NULL, WEIR_OK},
    {"weir_queue_create_with ", prepare_nothing, call_create_with, NULL, WEIR_OK},
    {"weir_queue_destroy ", prepare_full, call_queue_destroy, NULL, WEIR_OK},
    {"weir_queue_put ", prepare_full, call_put, release_by_takes, WEIR_OK},
    {"weir_queue_try_put ", prepare_full, call_try_put, NULL, WEIR_FULL},
    {"weir_queue_put_until ", prepare_full, call_put_until, release_by_takes, WEIR_OK},
    {"weir_queue_put_many ", prepare_full, call_put_many, release_by_takes, WEIR_OK},
    {"weir_queue_try_put_many ", prepare_nothing, call_try_put_many, NULL, WEIR_FULL},
    {"weir_queue_put_many_until ", prepare_full, call_put_many_until, release_by_takes, WEIR_OK},
    {"weir_queue_get ", prepare_nothing, call_get, release_by_put, WEIR_OK},
    {"weir_queue_try_get ", prepare_nothing, call_try_get, NULL, WEIR_EMPTY},
    {"weir_queue_get_until ", prepare_nothing, call_get_until, release_by_put, WEIR_OK},
    {"weir_queue_get_many ", prepare_nothing, call_get_many, release_by_put, WEIR_OK},
    {"weir_queue_try_get_many ", prepare_full, call_try_get_many, NULL, WEIR_OK},
    {"weir_queue_get_many_until ", prepare_nothing, call_get_many_until, release_by_put, WEIR_OK},
    {"weir_queue_task_done ", prepare_taken, call_task_done, NULL, WEIR_OK},
    {"weir_queue_tasks_done ", prepare_taken, call_tasks_done, NULL, WEIR_OK},
    {"weir_queue_join ", prepare_taken, call_join, release_by_done, WEIR_OK},
    {"weir_queue_join_until ", prepare_taken, call_join_until, release_by_done, WEIR_OK},
    {"weir_queue_close ", prepare_full, call_close, release_by_takes, WEIR_OK},
    {"weir_queue_shutdown ", prepare_full, call_shutdown, NULL, WEIR_OK},
    {"weir_queue_size weir_queue_capacity weir_queue_unfinished weir_queue_name ", prepare_full, call_asking, NULL,
     WEIR_OK},
    {"weir_queue_get_fd weir_queue_put_fd ", prepare_full, call_queue_fds, NULL, WEIR_OK},
    {"weir_select ", prepare_nothing, call_select, release_by_put, WEIR_OK},
    {"weir_select ", prepare_nothing, call_select_polling, release_by_put, WEIR_OK},
    {"weir_queue_cursor_next weir_queue_cursor_end ", prepare_nothing, call_cursor, release_by_put, WEIR_OK},
    {"weir_queue_create_port weir_queue_deliver weir_queue_deliver_close weir_queue_item_done weir_queue_item_return "
     "weir_queue_port_changed ",
     prepare_nothing, call_port, NULL, WEIR_OK},
    {"weir_start_threads ", prepare_nothing, call_start_threads, NULL, WEIR_OK},
    {"weir_start_threads_with ", prepare_nothing, call_start_threads_with, release_by_gate, WEIR_OK},
    {"weir_stop_threads ", prepare_threads, call_stop_threads, release_by_gate, WEIR_OK},
    {"weir_worker_start ", prepare_nothing, call_worker_start, release_by_gate, WEIR_OK},
    {"weir_worker_join ", prepare_worker, call_worker_join, release_by_gate, WEIR_OK},
    {"weir_pipeline_create ", prepare_nothing, call_pipeline_create, NULL, WEIR_OK},
    {"weir_pipeline_add weir_pipeline_connect weir_pipeline_connect_back weir_pipeline_message ", prepare_created,
     call_add_and_connect, NULL, WEIR_OK},
    {"weir_pipeline_connect_dead ", prepare_created, call_add_and_connect_dead, NULL, WEIR_OK},
    {"weir_pipeline_start ", prepare_unstarted, call_pipeline_start, NULL, WEIR_OK},
    {"weir_pipeline_put ", prepare_running, call_pipeline_put, release_by_gate, WEIR_OK},
    {"weir_pipeline_put_until ", prepare_running, call_pipeline_put_until, release_by_gate, WEIR_OK},
    {"weir_pipeline_submit ", prepare_running, call_pipeline_submit, release_by_gate, WEIR_OK},
    {"weir_pipeline_submit_until ", prepare_running, call_pipeline_submit_until, release_by_gate, WEIR_OK},
    {"weir_pipeline_put_many ", prepare_running, call_pipeline_put_many, release_by_gate, WEIR_OK},
    {"weir_pipeline_put_many_until ", prepare_running, call_pipeline_put_many_until, release_by_gate, WEIR_OK},
    {"weir_pipeline_wait ", prepare_source, call_pipeline_wait, release_by_gate, WEIR_OK},
    {"weir_pipeline_wait_idle ", prepare_running, call_pipeline_wait_idle, release_by_gate, WEIR_OK},
    {"weir_pipeline_finish ", prepare_running, call_pipeline_finish, release_by_gate, WEIR_OK},
    {"weir_pipeline_finish ", prepare_running, call_pipeline_finish_late, NULL, WEIR_BUSY},
    {"weir_pipeline_pause weir_pipeline_resume ", prepare_running, call_pipeline_pause, NULL, WEIR_OK},
    {"weir_pipeline_set_rate ", prepare_running, call_pipeline_set_rate, NULL, WEIR_OK},
    {"weir_pipeline_set_threads ", prepare_running, call_pipeline_set_threads, NULL, WEIR_INVALID},
    {"weir_pipeline_cancel ", prepare_running, call_pipeline_cancel, NULL, WEIR_OK},
    {"weir_pipeline_destroy ", prepare_idle, call_pipeline_destroy, NULL, WEIR_OK},
    {"weir_pipeline_destroy ", prepare_running, call_pipeline_destroy, NULL, WEIR_BUSY},
    {"weir_pipeline_report ", prepare_idle, call_pipeline_report, NULL, WEIR_OK},
    {"weir_pipeline_cancel_fd ", prepare_idle, call_cancel_fd, NULL, WEIR_OK},
    {"weir_pipeline_show ", prepare_idle, call_pipeline_show, NULL, WEIR_OK},
    {"weir_pipeline_end_on ", prepare_idle, call_end_on, NULL, WEIR_OK},
    {"weir_report_print weir_report_print_many ", prepare_report, call_report_print, NULL, WEIR_OK},
    {"weir_report_text weir_report_text_many ", prepare_report, call_report_text, NULL, WEIR_OK},
    {"weir_report_free ", prepare_report, call_report_free, NULL, WEIR_OK},
    {"weir_dead_letter_free ", prepare_letter, call_letter_free, NULL, WEIR_OK},
    {"weir_task_emit ", prepare_inside, call_emit, release_by_results, WEIR_OK},
    {"weir_task_emit ", prepare_inside_waiting, call_emit, release_by_results, WEIR_OK},
    {"weir_task_emit ", prepare_inside_copying, call_emit, NULL, WEIR_OK},
    {"weir_task_emit ", prepare_inside_routing, call_emit, NULL, WEIR_OK},
    {"weir_pipeline_put weir_pipeline_put_many_until weir_pipeline_submit ", prepare_inside_roomy, call_put_inside,
     NULL, WEIR_OK},
    {"weir_task_attempt weir_task_batch_reason weir_task_cancelled weir_task_deadline weir_task_fail weir_task_feed "
     "weir_task_fail_item weir_task_finishing weir_task_pipeline weir_task_poll weir_task_retry_after "
     "weir_task_stop_fd weir_task_submit "
     "weir_task_detach ",
     prepare_inside, call_of_task, NULL, WEIR_OK},
    {"weir_operation_finish ", prepare_detached, call_operation_finish, NULL, WEIR_OK},
    {"weir_operation_emit weir_operation_fail ", prepare_detached, call_operation_fail, NULL, WEIR_OK},
    {"weir_command_run weir_command_result_free ", prepare_inside, call_command, NULL, WEIR_OK},
    {"weir_process_fail weir_process_fini weir_process_init weir_process_main weir_process_run weir_process_run_batch ",
     prepare_inside, call_process, NULL, WEIR_OK},
    {"weir_process_call ", prepare_nothing, call_process_call, NULL, WEIR_OK},
    {"weir_future_create weir_future_on_end weir_future_retain weir_future_release ", prepare_nothing,
     call_future_create, NULL, WEIR_OK},
    {"weir_future_set ", prepare_future, call_future_set, NULL, WEIR_OK},
    {"weir_future_fail ", prepare_future, call_future_fail, NULL, WEIR_OK},
    {"weir_future_cancel weir_future_cancelled weir_future_state_of weir_future_code weir_future_message ",
     prepare_future, call_future_cancel, NULL, WEIR_OK},
    {"weir_future_on_end weir_future_release ", prepare_future, call_on_end_late, NULL, WEIR_OK},
    {"weir_future_get weir_future_take ", prepare_future, call_future_get, release_by_set, WEIR_OK},
    {"weir_future_get_until ", prepare_future, call_future_get_until, release_by_set, WEIR_OK},
    {"weir_wait ", prepare_future, call_wait_all, release_by_set, WEIR_OK},
    {"weir_wait ", prepare_future, call_wait_first, release_by_set, WEIR_OK},
    {"weir_as_completed weir_completions_next weir_completions_destroy ", prepare_future, call_completions,
     release_by_set, WEIR_OK},
    {"weir_future_fd ", prepare_nothing, call_future_fd, NULL, WEIR_OK},
    {"weir_executor_create weir_executor_counts_of weir_executor_destroy weir_executor_state ", prepare_nothing,
     call_executor_life, NULL, WEIR_OK},
    {"weir_executor_submit weir_executor_error ", prepare_crowded, call_submit, release_by_gate, WEIR_OK},
    {"weir_executor_submit_with ", prepare_crowded, call_submit_with, release_by_gate, WEIR_OK},
    {"weir_executor_map ", prepare_busy, call_map, release_by_gate, WEIR_OK},
    {"weir_executor_shutdown ", prepare_crowded, call_executor_shutdown, release_by_gate, WEIR_OK},
    {"weir_task_group_create weir_task_group_cancel weir_task_group_cancelled weir_task_group_code "
     "weir_task_group_errors weir_task_group_message weir_task_group_wait_until weir_task_group_destroy ",
     prepare_busy, call_group_life, NULL, WEIR_OK},
    {"weir_task_group_run ", prepare_group, call_group_run, release_by_gate, WEIR_OK},
    {"weir_task_group_wait ", prepare_group, call_group_wait, release_by_gate, WEIR_OK},
    {"weir_deadline_after weir_init_fail weir_strerror weir_code_status weir_version ", prepare_nothing, call_rest,
     NULL, WEIR_OK},
    {"weir_signals_original weir_signals_restore ", prepare_nothing, call_rest, NULL, WEIR_OK},
};

/* ---- the scene ---- */

static void set_ended(void *world) {
    atomic_store(&((struct world *)world)->ended, true);
}

static void make_call(struct world *world) {
    atomic_store(&world->number, thread_number());
    pthread_cleanup_push(set_ended, world);
    pthread_cancel(pthread_self());
    must(world->row->call(world), world->row->wanted, world->row->names);
    atomic_store(&world->returned, true);
    pthread_cleanup_pop(1);
}

static void *run_call(void *world) {
    make_call(world);
    pthread_testcancel();
    return NULL;
}

static bool is_inside(const struct world *world) {
    void (*prepare)(struct world *) = world->row->prepare;
    return prepare == prepare_inside || prepare == prepare_inside_waiting || prepare == prepare_inside_roomy ||
           prepare == prepare_inside_copying || prepare == prepare_inside_routing;
}

static void wait_for_sleep(struct world *world) {
    while (atomic_load(&world->number) == 0)
        nap();
    if (!wait_until_asleep(atomic_load(&world->number), &world->ended))
        pair_fail("the call does not block");
}

/* Makes the call in its own thread, or waits for the stage's function that makes it. */
static void see_call(struct world *world) {
    pthread_t thread;
    void *how = PTHREAD_CANCELED;
    if (!is_inside(world))
        thread_start(&thread, run_call, world);
    if (world->row->release != NULL) {
        wait_for_sleep(world);
        world->row->release(world);
    }
    if (!is_inside(world) && pthread_join(thread, &how) != 0)
        pair_fail("the thread cannot be joined");
    while (!atomic_load(&world->ended))
        nap();
    if (!atomic_load(&world->returned))
        pair_fail("the thread was cancelled inside");
    if (how != PTHREAD_CANCELED)
        pair_fail("the thread cannot be cancelled any more");
}

/* The pipeline is as usable as without a request. */
static void end_pipeline(struct world *world) {
    if (world->pipeline == NULL)
        return;
    if (world->row->prepare != prepare_unstarted && world->row->prepare != prepare_created) {
        weir_status status = weir_pipeline_finish(world->pipeline, hang_limit(), NULL);
        if (status == WEIR_BUSY || status == WEIR_INVALID || status == WEIR_DEADLOCK)
            pair_fail("finish, afterwards: %s", weir_strerror(status));
    }
    must(weir_pipeline_destroy(world->pipeline), WEIR_OK, "destroy, afterwards");
}

static void end_all(struct world *world) {
    gate_open(&world->gate);
    if (world->threads != NULL)
        must(weir_stop_threads(world->queue, world->threads), WEIR_OK, "stop_threads, afterwards");
    if (world->worker != NULL) {
        must(weir_queue_close(world->queue), WEIR_OK, "close, afterwards");
        must(weir_worker_join(world->worker), WEIR_OK, "worker_join, afterwards");
    }
    end_pipeline(world);
    end_executor(world);
    weir_report_free(world->report);
    weir_dead_letter_free(world->letter);
    weir_future_release(world->future);
    must(weir_queue_destroy(world->queue), WEIR_OK, "destroy, afterwards");
    must(weir_queue_destroy(world->results), WEIR_OK, "destroy, afterwards");
    fclose(world->stream);
    close(world->nowhere);
}

static void run_scene(void *row) {
    struct world world = {.row = row, .gate = GATE};
    const weir_queue_options options = {.capacity = 2, .name = "queue", .drop = drop, .drop_arg = &world};
    world.nowhere = open("/dev/null", O_WRONLY);
    world.stream = fopen("/dev/null", "w");
    if (world.stream == NULL || world.nowhere < 0)
        pair_fail("there is no /dev/null");
    setvbuf(world.stream, NULL, _IONBF, 0); /* so that each write reaches the system */
    must(weir_queue_create_with(&world.queue, &options), WEIR_OK, "create_with");
    must(weir_queue_create(&world.results, 1), WEIR_OK, "create");
    world.row->prepare(&world);
    see_call(&world);
    end_all(&world);
}

START_TEST (a_call_with_a_request_pending_does_its_whole_job) {
    struct row row = table[_i];
    ck_assert(pair_run(row.names, run_scene, &row));
}
END_TEST

START_TEST (the_table_has_every_call) {
    const char *names[256];
    size_t count = public_names("weir_", names, COUNT_OF(names));
    for (size_t n = 0; n < count; n++) {
        char name[80];
        bool found = false;
        snprintf(name, sizeof name, "%s ", names[n]);
        for (size_t i = 0; i < COUNT_OF(table); i++) {
            const char *at = strstr(table[i].names, name);
            found = found || (at != NULL && (at == table[i].names || at[-1] == ' '));
        }
        ck_assert_msg(found, "%s is not in the table", names[n]);
    }
}
END_TEST

static Suite *cancellation_suite(void) {
    Suite *suite = suite_create("cancellation");
    TCase *calls = add_case(suite, "calls");
    tcase_add_loop_test(calls, a_call_with_a_request_pending_does_its_whole_job, 0, COUNT_OF(table));
    tcase_add_test(calls, the_table_has_every_call);
    return suite;
}

int main(int argc, char **argv) {
    weir_process_main(argc, argv, functions);
    return run_suite(cancellation_suite());
}
