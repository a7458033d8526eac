/*
 * weir_pipeline.c - weir's pipelines as a driver of the benchmark; driver.h says what a driver is.
 *
 * It has the same stages and ends that weir_peer.c wires by hand. In the ordered workload every stage is ordered.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdbool.h>
#include <stdlib.h>

#include "driver.h"

enum { AT_ONCE = 32 };

static bool in_order;

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

static void *work(void *item, void *arg) {
    (void)arg;
    if (args.steps > 0)
        keep(churn((uintptr_t)item, args.steps));
    return item;
}

static void feed(weir_pipeline *pipeline) {
    void *items[AT_ONCE];
    for (size_t i = 1, count, put; i <= args.items; i += count) {
        count = args.items - i + 1 < AT_ONCE ? args.items - i + 1 : AT_ONCE;
        for (size_t k = 0; k < count; k++)
            items[k] = (void *)(uintptr_t)(i + k);
        check(weir_pipeline_put_many(pipeline, items, count, &put), "put_many");
    }
}

static void *collect(void *raw) {
    struct party *self = raw;
    void *items[AT_ONCE];
    size_t got;
    while (weir_queue_get_many(self->in, items, AT_ONCE, &got) == WEIR_OK) {
        for (size_t i = 0; i < got; i++) {
            self->sum += (uintptr_t)items[i];
            if (in_order && (uintptr_t)items[i] != self->count + i + 1)
                fail("item %zu came as the number %zu", (size_t)(uintptr_t)items[i], self->count + i + 1);
        }
        self->count += got;
        check(weir_queue_tasks_done(self->in, got), "tasks_done");
    }
    return NULL;
}

static weir_pipeline *new_pipeline(weir_queue *results) {
    static const char *const names[STAGES] = {"first", "second", "third"};
    weir_pipeline *pipeline;
    check(weir_pipeline_create(&pipeline, NULL), "create");
    for (int i = 0; i < STAGES; i++) {
        const weir_stage_options stage = {
            .name = names[i],
            .func = work,
            .threads = args.threads[i],
            .capacity = args.capacity,
            .ordered = in_order,
            .results = i == STAGES - 1 ? results : NULL,
        };
        check(weir_pipeline_add(pipeline, NULL, &stage), "add");
    }
    return pipeline;
}

static void run_pipeline(void) {
    weir_queue *results;
    check(weir_queue_create(&results, args.capacity), "create");
    weir_pipeline *pipeline = new_pipeline(results);
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

int main(int argc, char **argv) {
    static const struct driver self = {"weir_pipeline", NULL, NULL, NULL, run_pipeline, run_ordered, NULL};
    return driver_main(argc, argv, &self);
}
