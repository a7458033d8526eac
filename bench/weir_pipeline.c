/*
 * weir_pipeline.c - weir's pipelines as a driver of the benchmark; driver.h says what a driver is.
 *
 * In pipeline and ordered, one thread of the program puts and one gets, as in weir_peer.c. In the other workloads, the
 * source and the sink are stages too. With crew=1 the stages run on the crew instead of threads of their own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "driver.h"

enum { AT_ONCE = 32 };

static bool in_order;
static bool middle_blocks; /* the second stage has threads of its own in any case */

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

/* ---- declaring ---- */

/* Where a stage runs: at most `width` calls at once. */
static weir_stage_options stage(const char *name, size_t width) {
    weir_stage_options options = {.name = name, .input.capacity = args.capacity};
    if (args.crew)
        options.threads.width = width;
    else
        options.threads.count = width;
    return options;
}

static weir_stage *add(weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_stage *added;
    check(weir_pipeline_add(pipeline, &added, options), "add");
    return added;
}

static void *work(void *item, void *arg) {
    (void)arg;
    if (args.steps > 0)
        keep(churn((uintptr_t)item, args.steps));
    return item;
}

/* Adds the three stages; the middle one calls `middle`. */
static void add_stages(weir_pipeline *pipeline, weir_worker_func *middle, weir_queue *results) {
    static const char *const names[STAGES] = {"first", "second", "third"};
    for (int i = 0; i < STAGES; i++) {
        weir_stage_options options = stage(names[i], args.threads[i]);
        options.work.func = i == 1 ? middle : work;
        if (i == 1 && middle_blocks) {
            options.threads.count = args.threads[i];
            options.threads.width = 0;
        }
        options.output.ordered = in_order;
        options.output.results = i == STAGES - 1 ? results : NULL;
        add(pipeline, &options);
    }
}

/* ---- foreign ends ---- */

static void feed(weir_pipeline *pipeline) {
    void *items[AT_ONCE];
    for (size_t i = 1, count, put; i <= args.items; i += count) {
        count = args.items - i + 1 < AT_ONCE ? args.items - i + 1 : AT_ONCE;
        for (size_t k = 0; k < count; k++)
            items[k] = (void *)(uintptr_t)(i + k);
        check(weir_pipeline_put_many(pipeline, items, count, &put), "put_many");
    }
}

static void count_item(struct party *self, void *item) {
    self->sum += (uintptr_t)item;
    if (++self->count != (uintptr_t)item && in_order)
        fail("item %zu came as the number %zu", (size_t)(uintptr_t)item, self->count);
}

static void *collect(void *raw) {
    struct party *self = raw;
    void *items[AT_ONCE];
    size_t got;
    while (weir_queue_get_many(self->in, items, AT_ONCE, &got) == WEIR_OK) {
        for (size_t i = 0; i < got; i++)
            count_item(self, items[i]);
        check(weir_queue_tasks_done(self->in, got), "tasks_done");
    }
    return NULL;
}

static void run_pipeline(void) {
    weir_queue *results;
    weir_pipeline *pipeline;
    check(weir_queue_create(&results, args.capacity), "create");
    check(weir_pipeline_create(&pipeline, NULL), "create");
    add_stages(pipeline, work, results);
    struct party *collector = new_parties(1);
    collector->in = results;
    struct reading from = read_now();

    check(weir_pipeline_start(pipeline), "start");
    start(collector, collect);
    feed(pipeline);
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    join(collector, 1);
    struct reading to = read_now();

    check_items(collector->sum, collector->count);
    check(weir_pipeline_destroy(pipeline), "destroy");
    check(weir_queue_destroy(results), "destroy");
    free(collector);
    print_result(from, to, args.items);
}

static void run_ordered(void) {
    in_order = true;
    run_pipeline();
}

/* ---- source and sink as stages ---- */

static struct party *ends; /* of the source: `from`; of the sink: its sum and count */

static int produce(weir_task *task, void *none, void *arg) {
    struct party *self = arg;
    (void)none;
    if (self->from == args.items)
        return WEIR_END;
    weir_task_emit(task, (void *)(uintptr_t)++self->from);
    return 0;
}

static void *sink(void *item, void *arg) {
    count_item(arg, item);
    return NULL;
}

static void add_sink(weir_pipeline *pipeline, weir_worker_func *func) {
    weir_stage_options options = stage("sink", 1);
    options.work.func = func;
    options.work.arg = ends;
    add(pipeline, &options);
}

static void run_from_source(weir_worker_func *middle) {
    weir_pipeline *pipeline;
    check(weir_pipeline_create(&pipeline, NULL), "create");
    ends = new_parties(1);
    weir_stage_options source = stage("source", 1);
    source.work.source = produce;
    source.work.arg = ends;
    source.input.capacity = 0;
    add(pipeline, &source);
    add_stages(pipeline, middle, NULL);
    add_sink(pipeline, sink);
    struct reading from = read_now();

    check(weir_pipeline_start(pipeline), "start");
    check(weir_pipeline_wait(pipeline, WEIR_NEVER), "wait");
    struct reading to = read_now();

    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check_items(ends->sum, ends->count);
    check(weir_pipeline_destroy(pipeline), "destroy");
    free(ends);
    print_result(from, to, args.items);
}

static void run_stages(void) {
    run_from_source(work);
}

static void run_stages_ordered(void) {
    in_order = true;
    run_stages();
}

/* ---- a stage that sleeps ---- */

static void *sleep_ms(void *item, void *arg) {
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return item;
}

static void run_sleeper(void) {
    args.threads[0] = args.threads[2] = 2;
    args.threads[1] = 8;
    middle_blocks = true;
    run_from_source(sleep_ms);
}

/* ---- slow items among quick ones ---- */

enum { BURST = 20, SLOW_ONE_OF = 500 };
static uint64_t *due_at, *took; /* ns, for each item: when its burst was due, and how long it took from then on */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_slow(uintptr_t item) {
    return args.slow && item % SLOW_ONE_OF == SLOW_ONE_OF / 2;
}

static void *work_unevenly(void *item, void *arg) {
    (void)arg;
    keep(churn((uintptr_t)item, is_slow((uintptr_t)item) ? 500 * args.steps : args.steps));
    return item;
}

static void *sink_timed(void *item, void *arg) {
    took[(uintptr_t)item - 1] = now_ns() - due_at[(uintptr_t)item - 1];
    return sink(item, arg);
}

/* Puts a burst each millisecond. */
static void feed_bursts(weir_pipeline *pipeline) {
    uint64_t due = now_ns();
    for (size_t i = 0; i < args.items;) {
        void *items[BURST];
        size_t count = 0, put;
        for (; count < BURST && i < args.items; count++, i++) {
            due_at[i] = due;
            items[count] = (void *)(uintptr_t)(i + 1);
        }
        check(weir_pipeline_put_many(pipeline, items, count, &put), "put_many");
        due += 1000000;
        struct timespec until = {.tv_sec = (time_t)(due / 1000000000), .tv_nsec = (long)(due % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}

static void run_skew(void) {
    weir_pipeline *pipeline;
    args.steps = (unsigned long)(args.per_us * 10);
    due_at = calloc(args.items, sizeof *due_at);
    took = calloc(args.items, sizeof *took);
    if (due_at == NULL || took == NULL)
        fail("out of memory");
    ends = new_parties(1);
    check(weir_pipeline_create(&pipeline, NULL), "create");
    add_stages(pipeline, work_unevenly, NULL);
    add_sink(pipeline, sink_timed);
    struct reading from = read_now();
    check(weir_pipeline_start(pipeline), "start");
    feed_bursts(pipeline);
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    struct reading to = read_now();

    check_items(ends->sum, ends->count);
    check(weir_pipeline_destroy(pipeline), "destroy");
    size_t others = 0;
    for (size_t i = 0; i < args.items; i++)
        if (!is_slow(i + 1))
            took[others++] = took[i];
    print_latencies(from, to, args.items, took, others);
    free(ends);
    free(due_at);
    free(took);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {{"pipeline", run_pipeline},
                                                {"ordered", run_ordered},
                                                {"stages", run_stages},
                                                {"stages_ordered", run_stages_ordered},
                                                {"sleeper", run_sleeper},
                                                {"skew", run_skew},
                                                {NULL, NULL}};
    static const struct driver self = {"weir_pipeline", NULL, workloads};
    return driver_main(argc, argv, &self);
}
