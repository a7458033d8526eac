/*
 * test_pipeline_faults.c - runs whole pipelines repeatedly: the n-th allocation, thread creation or sleep fails, for
 * every n, once and from then on. No run may crash, hang, leak, lose an item or end it twice, and a status or the
 * report must show the fault.
 *
 * Linked with the library's internals, ledger.c, and faults.c with its dependencies.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closable_queue/queue.h"
#include "faults.h"
#include "ledger.h"

/* ---- functions of stages ---- */

static uint64_t number_in(const void *item, void *unused) {
    (void)unused;
    return ((const struct thing *)item)->of % 3;
}

static uint64_t weigh_one(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

/* Some items fail once, some permanently, and some have several results. */
static int work(weir_task *task, void *item, void *unused) {
    struct thing *thing = item;
    (void)unused;
    if (thing->n % 5 == 1 && weir_task_attempt(task) == 1)
        return weir_task_fail(task, 1, "once more, %zu", thing->n);
    if (thing->n % 7 == 2)
        return weir_task_fail(task, 2, "for good, %zu", thing->n);
    for (size_t i = 0; i < thing->n % 4; i++)
        weir_task_emit(task, thing_new());
    thing_consume(thing);
    return 0;
}

static int work_on_batch(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    if (weir_task_attempt(task) == 1 && ((struct thing *)items[0])->n % 3 == 0)
        return weir_task_fail(task, 3, "a batch of %zu", count);
    for (size_t i = 0; i < count; i++)
        thing_consume(items[i]);
    weir_task_emit(task, thing_new());
    weir_task_emit(task, thing_new());
    return 0;
}

static atomic_size_t left_to_produce;

static int produce(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    if (weir_task_cancelled(task) || atomic_fetch_sub(&left_to_produce, 1) <= 1) {
        atomic_store(&left_to_produce, 1);
        return WEIR_END;
    }
    weir_task_emit(task, thing_new());
    return 0;
}

static void close_state(void *state) {
    (void)state;
}

/* ---- runs; each leaves nothing behind, whatever failed ---- */

/* Whether a status or a report has shown the fault, to any thread. A fault that was not shown must have no effect. */
static atomic_bool told;

static bool went_well(const char *call, weir_status status) {
    ck_assert_msg(fault_excuses(status), "%s: %s", call, weir_strerror(status));
    if (status != WEIR_OK)
        told = true;
    return status == WEIR_OK;
}

static weir_queue *unbounded_or_null(void) {
    weir_queue *queue = NULL;
    const weir_queue_options options = {.capacity = WEIR_UNBOUNDED, .drop = thing_drop};
    (void)went_well("create queue", weir_queue_create_with(&queue, &options));
    return queue;
}

/* Ends a run: the report must agree with the outcome of the things. */
static void end_run(weir_pipeline *pipeline, bool fails) {
    weir_report *report = NULL;
    weir_status status = weir_pipeline_finish(pipeline, hang_limit(), &report);
    ck_assert_msg(fault_excuses(status) || status == WEIR_FAILED, "finish: %s", weir_strerror(status));
    bool may_fail = (fails && fault_is(ALLOCATION)) || (is_on_crew() && !fault_is(SLEEP)); /* it may lack threads */
    ck_assert_msg(status != WEIR_FAILED || may_fail, "finish: %s", weir_strerror(status));
    weir_report_free(report);
    ledger_fail(0, false); /* no faults while the test looks */
    report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_OVER);
    assert_all_over(report);
    if (status != WEIR_OK || report->counts.failed + report->counts.dropped > 0 || report->error_count > 0)
        told = true;
    weir_report_free(report);
    destroy_pipeline(pipeline);
}

static void put_many_or_keep(weir_pipeline *pipeline) {
    void *things[3];
    size_t put;
    for (size_t i = 0; i < COUNT_OF(things); i++)
        things[i] = thing_new();
    weir_status status = weir_pipeline_put_many(pipeline, things, COUNT_OF(things), &put);
    if (status == WEIR_CLOSED || !went_well("put_many", status)) {
        for (size_t i = put; i < COUNT_OF(things); i++)
            thing_consume(things[i]);
    }
}

static void put_or_keep(weir_pipeline *pipeline, size_t count) {
    put_many_or_keep(pipeline);
    for (size_t i = 3; i < count; i++) {
        struct thing *thing = thing_new();
        weir_status status = weir_pipeline_put_until(pipeline, thing, hang_limit());
        if (status == WEIR_CLOSED || !went_well("put", status))
            thing_consume(thing);
    }
}

static void end_queue(weir_queue *queue, bool letters) {
    size_t count = 0;
    for (void *taken; weir_queue_try_get(queue, &taken) == WEIR_OK; count++) {
        thing_consume(letters ? ((weir_dead_letter *)taken)->item : taken);
        if (letters)
            weir_dead_letter_free(taken);
    }
    assert_status(WEIR_OK, weir_queue_tasks_done(queue, count));
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}

static bool add_all(weir_pipeline *pipeline, weir_stage **stages, const weir_stage_options *options, size_t count) {
    bool well = true;
    for (size_t i = 0; i < count && well; i++) {
        weir_stage_options with = options[i];
        place_stage(&with);
        well = went_well("add", weir_pipeline_add(pipeline, &stages[i], &with));
    }
    return well;
}

static void run_plain(weir_queue *results) {
    const weir_stage_options options[] = {
        {.name = "a",
         .work.func = hand_back,
         .threads.count = 2,
         .input.drop = thing_drop,
         .work.init = init_with_arg,
         .work.fini = close_state},
        {.name = "b",
         .work.func = hand_back,
         .input.capacity = WEIR_UNBOUNDED,
         .input.drop = thing_drop,
         .output.results = results},
    };
    weir_stage *stages[2];
    weir_pipeline *pipeline = NULL;
    if (!went_well("create", weir_pipeline_create(&pipeline, &(weir_pipeline_options){.name = "swept"})))
        return;
    if (add_all(pipeline, stages, options, 2) && went_well("start", weir_pipeline_start(pipeline))) {
        put_or_keep(pipeline, 2 * WEIR__SEGMENT_SLOTS); /* the results need more than one segment */
        end_run(pipeline, true);
    } else {
        destroy_pipeline(pipeline);
    }
}

static void work_plain(void) {
    weir_queue *results = unbounded_or_null();
    if (results == NULL)
        return;
    run_plain(results);
    end_queue(results, false);
}

static void run_full(weir_queue *dead, weir_on_error on_error) {
    const weir_retry retry = {.attempts = 2, .backoff = 1000};
    const weir_stage_options options[] = {
        {.name = "work",
         .work.run = work,
         .threads.count = 2,
         .output.ordered = true,
         .input.drop = thing_drop,
         .errors.dead = dead,
         .errors.on_error = WEIR_SKIP,
         .errors.retry = retry,
         .output.fan_out = WEIR_TO_ALL,
         .output.copy = copy_thing},
        {.name = "batch",
         .work.run_batch = work_on_batch,
         .batch = {.items = 4, .wait = 100 * 1000},
         .input.drop = thing_drop,
         .errors.on_error = on_error,
         .errors.retry = retry},
        {.name = "keys",
         .work.run = run_pass_on,
         .threads.count = 2,
         .limits.per_key = 1,
         .limits.key = number_in,
         .input.drop = thing_drop,
         .errors.on_error = on_error},
        {.name = "end",
         .work.func = consume_thing,
         .input.capacity = WEIR_UNBOUNDED,
         .input.drop = thing_drop,
         .errors.on_error = on_error},
    };
    weir_stage *stages[4];
    weir_pipeline *pipeline = NULL;
    if (!went_well("create", weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = 12})))
        return;
    if (add_all(pipeline, stages, options, 4) &&
        went_well("connect", weir_pipeline_connect(pipeline, stages[0], stages[1])) &&
        went_well("connect", weir_pipeline_connect(pipeline, stages[0], stages[2])) &&
        went_well("connect", weir_pipeline_connect(pipeline, stages[1], stages[3])) &&
        went_well("connect", weir_pipeline_connect(pipeline, stages[2], stages[3])) &&
        went_well("start", weir_pipeline_start(pipeline))) {
        put_or_keep(pipeline, 30);
        end_run(pipeline, on_error == WEIR_FAIL_FAST);
    } else {
        destroy_pipeline(pipeline);
    }
}

static void work_full(weir_on_error on_error) {
    weir_queue *dead = unbounded_or_null();
    if (dead == NULL)
        return;
    run_full(dead, on_error);
    end_queue(dead, true);
}

static void work_full_skipping(void) {
    work_full(WEIR_SKIP);
}

static void work_full_failing(void) {
    work_full(WEIR_FAIL_FAST);
}

/* Some items fail after their results have left; in an ordered stage, before. */
static int emit_some(weir_task *task, void *item, void *unused) {
    size_t n = ((struct thing *)item)->n;
    (void)unused;
    for (size_t i = 0; i < n % 4; i++)
        weir_task_emit(task, thing_new());
    if (n % 5 == 4)
        return weir_task_fail(task, 4, "after %zu", n % 4);
    thing_consume(item);
    return 0;
}

/* Batches of three, a fan-out to all, an ordered stage with failing items, and ordered results. */
static void work_with_batches(void) {
    weir_queue *results = unbounded_or_null();
    if (results == NULL)
        return;
    const weir_stage_options options[] = {
        {.name = "batch",
         .work.run_batch = work_on_batch,
         .batch = {.items = 3},
         .input.drop = thing_drop,
         .errors.retry = {.attempts = 2}},
        {.name = "all",
         .work.func = hand_back,
         .output.fan_out = WEIR_TO_ALL,
         .output.copy = copy_thing,
         .input.drop = thing_drop},
        {.name = "some",
         .work.run = emit_some,
         .output.ordered = true,
         .errors.on_error = WEIR_SKIP,
         .input.drop = thing_drop},
        {.name = "end", .work.func = consume_thing, .input.capacity = WEIR_UNBOUNDED, .input.drop = thing_drop},
        {.name = "out",
         .work.func = hand_back,
         .threads.count = 2,
         .output.ordered = true,
         .input.capacity = WEIR_UNBOUNDED,
         .input.drop = thing_drop,
         .output.results = results},
    };
    static const size_t edges[][2] = {{0, 1}, {1, 2}, {1, 3}, {2, 4}};
    weir_stage *stages[COUNT_OF(options)];
    weir_pipeline *pipeline = NULL;
    if (went_well("create", weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = 40}))) {
        bool well = add_all(pipeline, stages, options, COUNT_OF(options));
        for (size_t i = 0; i < COUNT_OF(edges) && well; i++)
            well = went_well("connect", weir_pipeline_connect(pipeline, stages[edges[i][0]], stages[edges[i][1]]));
        if (well && went_well("start", weir_pipeline_start(pipeline))) {
            put_or_keep(pipeline, 30);
            end_run(pipeline, true);
        } else {
            destroy_pipeline(pipeline);
        }
    }
    end_queue(results, false);
}

/* Items fail alone in their batch, some for good. */
static int fail_some_alone(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i < count; i++) {
        struct thing *thing = items[i];
        if (thing->n % 5 == 4 || (thing->n % 3 == 0 && weir_task_attempt(task) == 1))
            assert_status(WEIR_OK, weir_task_fail_item(task, i, 5, "thing %zu", thing->n));
        else
            thing_consume(thing);
    }
    return 0;
}

static void drop_letter(void *letter, void *unused) {
    thing_drop(((weir_dead_letter *)letter)->item, unused);
    weir_dead_letter_free(letter);
}

static int run_letters(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)task;
    for (size_t i = 0; i < count; i++)
        drop_letter(items[i], unused);
    return 0;
}

/* Their letters go to a stage. */
static void work_with_letters(void) {
    const weir_stage_options options[] = {
        {.name = "batch",
         .work.run_batch = fail_some_alone,
         .batch = {.items = 4},
         .errors.on_error = WEIR_SKIP,
         .errors.retry = {.attempts = 2, .backoff = 1000},
         .input.drop = thing_drop},
        {.name = "letters",
         .work.run_batch = run_letters,
         .batch = {.items = 2},
         .errors.on_error = WEIR_SKIP,
         .input.drop = drop_letter},
    };
    weir_stage *stages[2];
    weir_pipeline *pipeline = NULL;
    if (!went_well("create", weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = 12})))
        return;
    if (add_all(pipeline, stages, options, 2) &&
        went_well("connect", weir_pipeline_connect_dead(pipeline, stages[0], stages[1])) &&
        went_well("start", weir_pipeline_start(pipeline))) {
        put_or_keep(pipeline, 30);
        end_run(pipeline, false);
    } else {
        destroy_pipeline(pipeline);
    }
}

static void work_with_source(void) {
    const weir_stage_options options[] = {
        {.name = "source",
         .work.source = produce,
         .threads.count = 2,
         .errors.on_error = WEIR_SKIP,
         .errors.retry = {.attempts = 3}},
        {.name = "twos",
         .work.run = run_pass_on,
         .limits.per_key = 2,
         .limits.key = number_in,
         .threads.count = 3,
         .errors.on_error = WEIR_SKIP,
         .input.drop = thing_drop},
        {.name = "end", .work.run = run_consume, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP},
    };
    weir_stage *stages[3];
    weir_pipeline *pipeline = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    const weir_pipeline_options limits = {.max_bytes = 8, .weigh = weigh_one};
    const int ends = SIGUSR2;
    atomic_store(&left_to_produce, 40);
    if (went_well("create", weir_pipeline_create(&pipeline, &limits))) {
        if (add_all(pipeline, stages, options, 3) && went_well("start", weir_pipeline_start(pipeline))) {
            (void)went_well("show", weir_pipeline_show(pipeline, stream, 40));
            (void)went_well("end on", weir_pipeline_end_on(pipeline, &ends, 1, 0));
            weir_status status = weir_pipeline_wait(pipeline, hang_limit());
            ck_assert_int_eq(status,
                             is_on_crew() && status == WEIR_CANCELLED ? status : WEIR_OK); /* it may lack threads */
            end_run(pipeline, false);
        } else {
            destroy_pipeline(pipeline);
        }
    }
    fclose(stream);
    free(text);
}

/* Feeds a thing for each of the first 20; a feed that fails is the error of its attempt. */
static int run_feed(weir_task *task, void *raw, void *to) {
    struct thing *thing = raw;
    if (thing->n < 20 && thing->of == 0) {
        struct thing *fed = thing_new();
        fed->of = 1;
        weir_status status = weir_task_feed(task, *(weir_stage **)to, fed);
        if (status != WEIR_OK) {
            thing_consume(fed);
            return weir_task_fail(task, WEIR_CODE(status), "%s", weir_strerror(status));
        }
    }
    thing_consume(thing);
    return 0;
}

static void work_with_feedback(void) {
    weir_stage *stages[2];
    const weir_stage_options options[] = {
        {.name = "first",
         .work.run = run_pass_on,
         .input.capacity = 1,
         .input.drop = thing_drop,
         .errors.on_error = WEIR_SKIP},
        {.name = "feed",
         .work.run = run_feed,
         .work.arg = &stages[0],
         .input.drop = thing_drop,
         .errors.on_error = WEIR_SKIP},
    };
    weir_pipeline *pipeline = NULL;
    if (!went_well("create", weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = 3})))
        return;
    bool well = add_all(pipeline, stages, options, COUNT_OF(options)) &&
                went_well("connect_back", weir_pipeline_connect_back(pipeline, stages[1], stages[0])) &&
                went_well("start", weir_pipeline_start(pipeline));
    if (well) {
        put_or_keep(pipeline, 20);
        weir_status status = weir_pipeline_wait_idle(pipeline, hang_limit());
        ck_assert_int_eq(status, is_on_crew() && status == WEIR_CANCELLED ? status : WEIR_OK);
        end_run(pipeline, true);
    } else {
        destroy_pipeline(pipeline);
    }
}

static weir_pipeline *operating;

/* Emits a thing. Without memory it stays the caller's. */
static void emit_or_keep(weir_operation operation) {
    struct thing *thing = thing_new();
    weir_status status = weir_operation_emit(operating, operation, thing);
    if (status == WEIR_INVALID || !went_well("operation_emit", status))
        thing_consume(thing);
}

/* Most operations are finished at once, with some results or a message; the others are left to the abort. */
static int run_operation(weir_task *task, void *raw, void *unused) {
    struct thing *thing = raw;
    weir_operation operation;
    (void)unused;
    ck_assert_int_eq(weir_task_detach(task, &operation), WEIR_OK);
    if (thing->n % 4 == 0 && weir_task_attempt(task) == 1)
        return WEIR_PENDING;
    for (size_t i = 0; i < thing->n % 4; i++)
        emit_or_keep(operation);
    if (thing->n % 5 == 1) {
        assert_status(WEIR_OK, weir_operation_fail(operating, operation, 3, "no, %zu", thing->n));
        return WEIR_PENDING;
    }
    thing_consume(thing);
    assert_status(WEIR_OK, weir_operation_finish(operating, operation, 0));
    return WEIR_PENDING;
}

static void end_operation(weir_operation operation, weir_abort_reason why, void *unused) {
    (void)why;
    (void)unused;
    emit_or_keep(operation);
    emit_or_keep(operation);
    weir_status status = weir_operation_fail(operating, operation, 5, "late"); /* it is asked twice, perhaps */
    ck_assert_msg(status == WEIR_OK || status == WEIR_INVALID, "operation_fail: %s", weir_strerror(status));
}

/* Runs a pipeline with operations, of two stages. */
static void operate(const weir_stage_options options[2]) {
    weir_stage *stages[2];
    if (!went_well("create", weir_pipeline_create(&operating, NULL)))
        return;
    if (add_all(operating, stages, options, 2) && went_well("start", weir_pipeline_start(operating))) {
        put_or_keep(operating, 20);
        end_run(operating, true);
    } else {
        destroy_pipeline(operating);
    }
}

static void work_with_operations(void) {
    const weir_stage_options options[] = {
        {.name = "operate",
         .work = {.run = run_operation, .abort = end_operation},
         .input.drop = thing_drop,
         .output.ordered = true,
         .limits.in_flight = 3,
         .errors = {.on_error = WEIR_SKIP, .attempt_time = 1, .retry.attempts = 2}},
        {.name = "end", .work.func = consume_thing, .input.drop = thing_drop},
    };
    operate(options);
}

/* ---- the same, with a thread that sleeps in a wait of the program ---- */

enum { IN_LOOP = 3 };

static struct {
    weir_operation operation;
    struct thing *thing;
} looped[IN_LOOP]; /* of the loop: its thread alone uses it */
static size_t loop_count;

static int begin_in_loop(weir_task *task, void *thing, void *unused) {
    (void)unused;
    looped[loop_count].thing = thing;
    ck_assert_int_eq(weir_task_detach(task, &looped[loop_count].operation), WEIR_OK);
    loop_count++;
    return WEIR_PENDING;
}

/* Some fail once, some for good, and the others have some results. */
static void end_in_loop(weir_operation operation, struct thing *thing) {
    if (thing->n % 5 == 1 || (thing->n % 4 == 0 && atomic_fetch_add(&thing->tries, 1) == 0)) {
        assert_status(WEIR_OK, weir_operation_fail(operating, operation, 3, "no, %zu", thing->n));
        return;
    }
    for (size_t i = 0; i < thing->n % 3; i++)
        emit_or_keep(operation);
    thing_consume(thing);
    assert_status(WEIR_OK, weir_operation_finish(operating, operation, 0));
}

static void wait_in_loop(int fd, weir_deadline deadline, void *unused) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    (void)unused;
    ck_assert_int_ge(poll(&polled, 1, loop_count > 0 || deadline == 0 ? 0 : 1), 0);
    for (; loop_count > 0; loop_count--)
        end_in_loop(looped[loop_count - 1].operation, looped[loop_count - 1].thing);
}

static void work_with_loop(void) {
    const weir_stage_options options[] = {
        {.name = "loop",
         .work = {.run = begin_in_loop, .wait = wait_in_loop},
         .threads.count = 1,
         .input.drop = thing_drop,
         .output.ordered = true,
         .limits = {.in_flight = IN_LOOP, .per_key = 1, .key = number_in},
         .errors = {.on_error = WEIR_SKIP,
                    .retry = {.attempts = 2, .backoff = 1000},
                    .stall_time = HANG_SECONDS * SECONDS}},
        {.name = "end", .work.func = consume_thing, .input.drop = thing_drop, .input.capacity = 1},
    };
    loop_count = 0;
    operate(options);
    ck_assert_uint_eq(loop_count, 0);
}

enum { TICKETS = 6 };

/* The last one is that of an at_end. An item that was taken is told once, and no other. */
static struct ticket { atomic_uint taken, told; } tickets[TICKETS + 1];

static void note_settled(void *ticket, weir_outcome outcome) {
    (void)outcome;
    atomic_fetch_add(&((struct ticket *)ticket)->told, 1);
}

static void note_submit(size_t place, struct thing *thing, weir_status status) {
    if (status != WEIR_CLOSED && went_well("submit", status))
        atomic_fetch_add(&tickets[place].taken, 1);
    else
        thing_consume(thing);
}

static int submit_at_end(weir_task *task, void *unused) {
    struct thing *thing = thing_new();
    (void)unused;
    note_submit(TICKETS, thing, weir_task_submit(task, thing, &tickets[TICKETS]));
    return 0;
}

static void work_with_submits(void) {
    const weir_stage_options options[] = {
        {.name = "first", .work.run = run_pass_on, .work.at_end = submit_at_end, .input.drop = thing_drop},
        {.name = "end", .work.run = run_consume, .input.drop = thing_drop},
    };
    weir_stage *stages[2];
    weir_pipeline *pipeline = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *trace = open_memstream(&text, &size);
    const weir_pipeline_options settling = {.settled = note_settled, .trace = trace};
    memset(tickets, 0, sizeof tickets);
    if (!went_well("create", weir_pipeline_create(&pipeline, &settling))) {
        fclose(trace);
        free(text);
        return;
    }
    bool started = false;
    if (add_all(pipeline, stages, options, 2) && went_well("start", weir_pipeline_start(pipeline))) {
        for (size_t i = 0; i < TICKETS; i++) {
            struct thing *thing = thing_new();
            note_submit(i, thing, weir_pipeline_submit_until(pipeline, thing, &tickets[i], hang_limit()));
        }
        end_run(pipeline, true);
        started = true;
    } else {
        destroy_pipeline(pipeline);
    }
    fclose(trace);
    ck_assert(!started || (size > 2 && strcmp(text + size - 2, "]\n") == 0)); /* the trace is complete */
    free(text);
    for (size_t i = 0; i < COUNT_OF(tickets); i++)
        ck_assert_uint_eq(atomic_load(&tickets[i].told), atomic_load(&tickets[i].taken));
}

static const struct workload {
    const char *name;
    void (*run)(void);
    bool costs; /* items fail even without a fault */
} workloads[] = {
    {"a plain chain", work_plain, false},
    {"errors that are skipped", work_full_skipping, true},
    {"errors that end it", work_full_failing, true},
    {"batches to several", work_with_batches, true},
    {"letters to a stage", work_with_letters, true},
    {"a source and a view", work_with_source, false},
    {"feedback", work_with_feedback, false},
    {"operations", work_with_operations, true},
    {"operations in a loop", work_with_loop, true},
    {"submitted items", work_with_submits, false},
};

static void run_workload(const void *raw) {
    const struct workload *workload = raw;
    things_forget();
    told = false;
    workload->run();
    ledger_fail(0, false);
    assert_things_ended();
    if (!told && !workload->costs)
        ck_assert_uint_eq(things_dropped(), 0); /* no item is lost without a report */
}

/* Tries each n, or each third under ThreadSanitizer, which is ten times slower. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STEP 3
#endif
#endif
#if defined(__SANITIZE_THREAD__) && !defined(STEP)
#define STEP 3
#endif
#ifndef STEP
#define STEP 1
#endif

START_TEST (every_point_at_which_something_can_go_wrong) {
    const struct sweep sweep = {.name = workloads[_i].name,
                                .run = run_workload,
                                .workload = &workloads[_i],
                                .step = STEP,
                                .sleeps_once = 20,
                                .sleeps_ever_after = 2, /* without sleeping, all threads are busy */
                                .sleeps_yield = true};
    for (enum fault kind = 0; kind < FAULTS; kind++)
        ck_assert_uint_gt(sweep_faults(&sweep, kind), 3);
}
END_TEST

/* A program that waits for signals blocks them in all threads. */
static void block_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- the effect of a fault ---- */

enum { RESULTS = 300 }; /* more than any pool holds */

/* Returns an error code of its own, or 0. */
static int emit_without_memory(weir_task *task, void *item, void *raw) {
    const int *code = raw;
    ledger_fail(1, true);
    for (size_t i = 0; i < RESULTS; i++)
        weir_task_emit(task, thing_new());
    ledger_fail(0, false);
    if (*code == 0)
        thing_consume(item);
    return *code;
}

START_TEST (a_result_that_is_lost_is_the_error_of_its_attempt) {
    int code = _i & 1 ? 9 : 0;
    bool skips = _i & 2;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "loses",
                                             .work.run = emit_without_memory,
                                             .work.arg = &code,
                                             .output.ordered = true,
                                             .input.drop = thing_drop,
                                             .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_NOMEM));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* Without memory for a copy the result fails, and no successor gets it. */
static void *take_memory(void *item, void *gate) {
    gate_pass(gate);
    ledger_fail(1, true);
    return item;
}

START_TEST (a_copy_that_there_is_no_memory_for_is_an_error_of_its_stage) {
    bool skips = _i == 1;
    struct gate gate = GATE;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage *from = add_stage(pipeline, (weir_stage_options){.name = "from",
                                                                .work.func = take_memory,
                                                                .work.arg = &gate,
                                                                .output.fan_out = WEIR_TO_ALL,
                                                                .output.copy = copy_thing,
                                                                .input.drop = thing_drop,
                                                                .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    static const char *const names[] = {"first", "second", "third"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        connect_stages(
            pipeline, from,
            add_stage(pipeline,
                      (weir_stage_options){.name = names[i], .work.func = consume_thing, .input.drop = thing_drop}));
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    gate_open(&gate);
    for (weir_deadline limit = hang_limit(); things_consumed() + things_dropped() == 0; nap())
        ck_assert_uint_lt(now(), limit);
    ledger_fail(0, false);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_str_eq(report->errors[0].stage, "from");
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_NOMEM));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_made(), 1);
    ck_assert_uint_eq(things_dropped(), 1);
    assert_things_ended();
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/*
 * Without memory for a report, finish returns WEIR_NOMEM only once the run is over. Before, its other status comes
 * first.
 */
struct reporting {
    struct gate gate;
    weir_status finished;
    bool has_report;
};

static int finish_without_memory(weir_task *task, void *item, void *raw) {
    struct reporting *reporting = raw;
    weir_report *report = (weir_report *)reporting;
    ledger_fail(1, true);
    reporting->finished = weir_pipeline_finish(weir_task_pipeline(task), WEIR_NEVER, &report);
    ledger_fail(0, false);
    reporting->has_report = report != NULL;
    gate_pass(&reporting->gate);
    thing_consume(item);
    return 0;
}

START_TEST (without_memory_for_a_report_the_more_important_status_is_returned) {
    struct reporting reporting = {.gate = GATE, .has_report = true};
    weir_report *report = (weir_report *)&reporting;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.run = finish_without_memory, .work.arg = &reporting});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&reporting.gate, 1);
    assert_status(WEIR_DEADLOCK, reporting.finished);
    ck_assert(!reporting.has_report);
    ledger_fail(1, true);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
    ck_assert_ptr_null(report);
    gate_open(&reporting.gate);
    weir_status status = WEIR_BUSY;
    for (weir_deadline limit = hang_limit(); status == WEIR_BUSY && now() < limit;)
        status = weir_pipeline_finish(pipeline, limit, &report);
    assert_status(WEIR_NOMEM, status);
    ck_assert_ptr_null(report);
    ledger_fail(0, false);
    finish_and_destroy(pipeline, WEIR_OK); /* memory may be available later; the item is done */
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/*
 * The key of the first item is known last, so that the worker that admits it also admits the items behind it. There is
 * memory for its entry, and none from then on. It requeues those behind it that have an entry. In the second case only
 * the second item has one. The other worker runs what may run. Then the first worker exits. What it has admitted and not
 * run is dropped, and so is what waits for its key.
 */
struct keys_at_gate {
    struct gate gate, second, exit;
    atomic_uint threads;
    atomic_int numbers[2];
    bool has_entries;
};

static weir_status know_thread(void *raw, void **state) {
    struct keys_at_gate *keys = raw;
    atomic_store(&keys->numbers[atomic_fetch_add(&keys->threads, 1)], thread_number());
    *state = keys;
    return WEIR_OK;
}

static uint64_t key_at_gate(const void *item, void *raw) {
    struct keys_at_gate *keys = raw;
    size_t n = ((const struct thing *)item)->n;
    if (n < 2)
        gate_pass(n == 0 ? &keys->gate : &keys->second);
    if (n == 0 || (n == 1 && !keys->has_entries))
        ledger_fail(2, true); /* there is memory for its own entry */
    return n % 3;
}

static int exit_with_the_first(weir_task *task, void *item, void *raw) {
    struct keys_at_gate *keys = raw;
    if (((struct thing *)item)->n == 0) {
        gate_pass(&keys->exit);
        pthread_exit(NULL);
    }
    return run_consume(task, item, NULL);
}

START_TEST (items_admitted_by_an_exiting_thread_go_to_others_or_are_dropped) {
    enum { OTHERS = 8, OF_ITS_KEY = 2 };
    struct keys_at_gate keys = {.gate = GATE, .second = GATE, .exit = GATE, .has_entries = _i == 0};
    size_t done = keys.has_entries ? OTHERS - OF_ITS_KEY : 1;
    ledger_reset();
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = 20, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "keyed",
                                             .work.run = exit_with_the_first,
                                             .work.arg = &keys,
                                             .work.init = know_thread,
                                             .threads.count = 2,
                                             .limits.per_key = 1,
                                             .limits.key = key_at_gate,
                                             .errors.on_error = WEIR_SKIP,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&keys.gate, 1);
    put_things(pipeline, OTHERS);
    gate_wait_for(&keys.second, 1);
    gate_open(&keys.second);
    for (size_t i = 0; i < 2; i++) /* one at the gate, the other idle */
        ck_assert(wait_until_asleep(atomic_load(&keys.numbers[i]), NULL));
    gate_open(&keys.gate);
    gate_wait_for(&keys.exit, 1);
    for (weir_deadline limit = hang_limit(); things_consumed() < done; nap())
        ck_assert_uint_lt(now(), limit);
    gate_open(&keys.exit);
    for (weir_deadline limit = hang_limit(); things_consumed() + things_dropped() < 1 + OTHERS; nap())
        ck_assert_uint_lt(now(), limit);
    ledger_fail(0, false);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "keyed", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.done, done);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->counts.dropped, OTHERS - done);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* An error of the sending stage; the result goes to the drop function of its destination. */
static atomic_uint sent;

static void *pass_first_gate(void *item, void *raw) {
    struct gate *gates = raw;
    if (atomic_fetch_add(&sent, 1) > 0)
        gate_pass(&gates[0]);
    return item;
}

static void *consume_at_gate(void *item, void *raw) {
    struct gate *gates = raw;
    gate_pass(&gates[1]);
    return consume_thing(item, NULL);
}

START_TEST (a_result_that_the_next_queue_has_no_memory_for_has_failed) {
    enum { MANY = 3 * WEIR__SEGMENT_SLOTS };
    bool skips = _i == 0;
    struct gate gates[2] = {GATE, GATE};
    atomic_store(&sent, 0);
    ledger_reset();
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = 2 * MANY, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "sends",
                                             .work.func = pass_first_gate,
                                             .work.arg = gates,
                                             .input.capacity = WEIR_UNBOUNDED,
                                             .input.drop = thing_drop,
                                             .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    add_stage(pipeline, (weir_stage_options){.name = "full",
                                             .work.func = consume_at_gate,
                                             .work.arg = gates,
                                             .input.capacity = WEIR_UNBOUNDED,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gates[1], 1); /* a crew has a thread for each stage before none can be added */
    put_things(pipeline, MANY - 1);
    gate_wait_for(&gates[0], 1);
    ledger_fail(1, true);
    gate_open(&gates[0]);
    for (weir_deadline limit = hang_limit(); things_dropped() == 0; nap())
        ck_assert_uint_lt(now(), limit);
    gate_open(&gates[1]);
    for (weir_deadline limit = hang_limit(); things_dropped() + things_consumed() < MANY; nap())
        ck_assert_uint_lt(now(), limit);
    ledger_fail(0, false);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_ge(report->counts.failed, 1);
    ck_assert_uint_eq(report->error_count, report->counts.failed);
    ck_assert_str_eq(report->errors[0].stage, "sends");
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_NOMEM));
    ck_assert_uint_eq(report->counts.done, things_consumed());
    ck_assert_uint_eq(stage_in(report, "full")->counts.failed, report->counts.failed);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

/* U3: without memory to requeue the items behind a call that pauses its stage, they wait in the lane: none is lost. */
enum { LEARNED = 500, BEHIND = 100 };

struct pausing {
    weir_pipeline *pipeline;
    weir_stage *stage;
    atomic_uint called;
};

static void *pause_without_memory(void *item, void *raw) {
    struct pausing *pausing = raw;
    if (atomic_fetch_add(&pausing->called, 1) + 1 == LEARNED + 1) {
        assert_status(WEIR_OK, weir_pipeline_pause(pausing->pipeline, pausing->stage));
        ledger_fail(1, false);
    }
    return item;
}

/* Takes the next result, which must be that number. */
static void expect_number(weir_queue *results, size_t n) {
    void *item;
    assert_status(WEIR_OK, weir_queue_get_until(results, &item, hang_limit()));
    ck_assert_uint_eq(number_of(item), n);
    assert_status(WEIR_OK, weir_queue_task_done(results));
}

START_TEST (items_that_cannot_be_requeued_wait_for_the_resume) {
    struct pausing pausing = {.called = 0};
    weir_stage_options options = {.name = "pauses",
                                  .work = {.func = pause_without_memory, .arg = &pausing},
                                  .threads.width = 2,
                                  .input.capacity = 2 * BEHIND,
                                  .output.ordered = _i == 0};
    ledger_reset();
    weir_queue *results = options.output.results = new_queue(2 * BEHIND);
    weir_pipeline *pipeline = pausing.pipeline = new_pipeline(NULL);
    weir_stage *stage = pausing.stage = add_stage(pipeline, options);
    start_pipeline(pipeline);
    for (size_t i = 0; i < LEARNED; i++) { /* the stage learns that its items cost little */
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, number(i)));
        expect_number(results, i);
    }
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, stage));
    for (size_t i = 0; i < BEHIND; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, number(LEARNED + i)));
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    wait_for_count(&pausing.called, LEARNED + 1);
    let_them_err(); /* a call beside the first one may still have begun; then, none does */
    unsigned called = atomic_load(&pausing.called);
    let_them_err();
    ck_assert_uint_eq(atomic_load(&pausing.called), called);
    ck_assert_uint_lt(called, LEARNED + BEHIND);
    ledger_fail(0, false);
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    for (size_t i = 0; _i == 0 && i < BEHIND; i++)
        expect_number(results, LEARNED + i);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&pausing.called), LEARNED + BEHIND);
    assert_status(WEIR_OK, weir_queue_shutdown(results, WEIR_DISCARD));
    assert_status(WEIR_OK, weir_queue_destroy(results));
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

static Suite *faults_suite(void) {
    Suite *suite = suite_create("fault sweep of pipelines");
    TCase *sweeps = add_things_case(suite, "sweep");
    tcase_add_checked_fixture(sweeps, block_signal, NULL);
    tcase_add_loop_test(sweeps, every_point_at_which_something_can_go_wrong, 0, COUNT_OF(workloads));
    TCase *told_of = add_things_case(suite, "told");
    tcase_add_loop_test(told_of, a_result_that_is_lost_is_the_error_of_its_attempt, 0, 4);
    tcase_add_loop_test(told_of, a_copy_that_there_is_no_memory_for_is_an_error_of_its_stage, 0, 2);
    tcase_add_test(told_of, without_memory_for_a_report_the_more_important_status_is_returned);
    tcase_add_loop_test(told_of, items_admitted_by_an_exiting_thread_go_to_others_or_are_dropped, 0, 2);
    tcase_add_loop_test(told_of, a_result_that_the_next_queue_has_no_memory_for_has_failed, 0, 2);
    tcase_add_loop_test(told_of, items_that_cannot_be_requeued_wait_for_the_resume, 0, 2);
    return suite;
}

int main(void) {
    return run_suite(faults_suite());
}
