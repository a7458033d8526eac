/*
 * pipeline_bounds.c - scenarios of batches under limits: what start says of a graph, compared with what happens in
 * it.
 *
 * Every small graph is tried, in one calm schedule. Each batch has a wait of an hour, or none. A put that waits for a
 * second of virtual time shows that nothing in the pipeline can move before that hour.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "pipeline/state/pipeline.h"
#include "pipeline_support.h"

enum { FIRST, A, B, C, STAGES }; /* FIRST -> A -> B -> C, or FIRST -> A, B -> C */

enum shape { CHAIN, CHOICE, TURNS, COPIES, SHAPES };
enum front { PLAIN, ORDERED, KEYED, FRONTS };

static struct graph {
    enum shape shape;
    enum front front;
    size_t batch[STAGES]; /* batch.items; 0: a stage without batches */
    uint64_t wait;
    size_t max_items;
} graph;

static weir_stage *stages[STAGES];
static bool by_time; /* a batch was made by its time */

/* ---- what the graph can hold ---- */

/* The number of items in a stage's incomplete batch, and its maximum. */
static size_t held_in(int stage) {
    const weir__batch *batch = &stages[stage]->batch;
    return batch->first == NULL ? 0 : batch->items;
}

static size_t most_in(int stage) {
    return graph.batch[stage] == 0 ? 0 : graph.batch[stage] - 1;
}

static size_t at_least_1(size_t count) {
    return count == 0 ? 1 : count;
}

/* Returns how many roots all incomplete batches together can hold: counted by hand for each shape. */
static size_t most_roots(void) {
    size_t a = at_least_1(graph.batch[A]), b = at_least_1(graph.batch[B]);
    if (graph.shape == CHAIN)
        return most_in(A) + most_in(B) * a + most_in(C) * a * b;
    return most_in(A) + most_in(B) + most_in(C) * (a > b ? a : b);
}

/* ---- the graph ---- */

static void *hand_on(void *got, void *arg) {
    (void)arg;
    return got;
}

static int pass(weir_task *task, void *got, void *arg) {
    (void)arg;
    weir_task_emit(task, got);
    return 0;
}

/* Makes one result of all items: this holds the most roots. */
static int combine(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    (void)count;
    by_time = by_time || weir_task_batch_reason(task) == WEIR_BATCH_TIME;
    weir_task_emit(task, items[0]);
    return 0;
}

static uint64_t key_of(const void *got, void *arg) {
    (void)arg;
    return (uint64_t)number(got) % 2;
}

/* Returns the way that completes no batch; if there is none, the way to the larger batch. */
static uint64_t choose_worst(const void *got, void *arg) {
    (void)got;
    (void)arg;
    if (held_in(A) < most_in(A))
        return 0;
    if (held_in(B) < most_in(B))
        return 1;
    return graph.batch[B] > graph.batch[A];
}

static void *copy_item(void *got, void *arg) {
    (void)arg;
    return got;
}

static weir_stage *add_front(void) {
    static const weir_fan_out kinds[SHAPES] = {[CHOICE] = WEIR_BY_CHOICE, [COPIES] = WEIR_TO_ALL};
    return add_stage((weir_stage_options){.name = "first",
                                          .work.func = hand_on,
                                          .output.ordered = graph.front == ORDERED,
                                          .limits.key = graph.front == KEYED ? key_of : NULL,
                                          .limits.per_key = graph.front == KEYED,
                                          .output.fan_out = kinds[graph.shape],
                                          .output.route = graph.shape == CHOICE ? choose_worst : NULL,
                                          .output.copy = graph.shape == COPIES ? copy_item : NULL});
}

static weir_stage *add_batch(const char *name, size_t items) {
    weir_stage_options options = {.name = name, .work.run = pass};
    if (items > 0)
        options = (weir_stage_options){
            .name = name, .work.run_batch = combine, .batch = {.items = items, .wait = graph.wait}};
    return add_stage(options);
}

static void connect(int from, int to) {
    must(weir_pipeline_connect(pipeline, stages[from], stages[to]), WEIR_OK);
}

static weir_status start_graph(size_t max_items) {
    begin_pipeline((weir_pipeline_options){.max_items = max_items});
    sched_calm(true);
    by_time = false;
    stages[FIRST] = add_front();
    stages[A] = add_batch("a", graph.batch[A]);
    stages[B] = add_batch("b", graph.batch[B]);
    stages[C] = add_batch("c", graph.batch[C]);
    bool chain = graph.shape == CHAIN;
    connect(FIRST, A);
    connect(chain ? A : FIRST, B);
    connect(B, C);
    if (!chain)
        connect(A, C);
    return weir_pipeline_start(pipeline);
}

/* ---- what becomes of it ---- */

/* Puts items until one finds that nothing moves. Returns whether one has. */
static bool puts_stop(int count) {
    for (int i = 1; i <= count; i++) {
        weir_status status = weir_pipeline_put_until(pipeline, item(i), weir_deadline_after(WEIR_SECOND));
        if (status == WEIR_TIMEDOUT)
            return true;
        must(status, WEIR_OK);
    }
    return false;
}

static void end_graph(bool refused) {
    if (!refused)
        must(weir_pipeline_finish(pipeline, weir_deadline_after(WEIR_SECOND), NULL), WEIR_OK);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    must(weir_queue_destroy(gate), WEIR_OK);
}

static void check_accepted(void) {
    bool stops = puts_stop((int)most_roots() + 3);
    sched_check(!stops, "accepted with a max_items of %d, and stops", (int)graph.max_items);
    sched_check(!by_time, "a batch was made by its time");
    end_graph(false);
}

/* Runs the same graph under a limit that start has not seen. Copies and turns may do better than the worst case. */
static void check_refused(void) {
    sched_check(strstr(weir_pipeline_message(pipeline), "max_items") != NULL, "\"%s\"",
                weir_pipeline_message(pipeline));
    end_graph(true);
    must(start_graph(0), WEIR_OK);
    pipeline->flight.admission.max_items = graph.max_items;
    pipeline->flight.admission.limited = true;
    bool stops = puts_stop((int)most_roots() + 3);
    sched_check(stops || graph.shape == TURNS || graph.shape == COPIES, "refused with a max_items of %d, and goes on",
                (int)graph.max_items);
    must(weir_pipeline_cancel(pipeline), WEIR_OK);
    end_graph(true);
}

void scenario_batches_fill_or_are_refused(void) {
    graph.shape = (enum shape)sched_choose(SHAPES);
    graph.front = (enum front)sched_choose(FRONTS);
    graph.wait = graph.front == KEYED ? 0 : 3600 * WEIR_SECOND;
    for (int stage = A; stage < C; stage++)
        graph.batch[stage] = (size_t)sched_choose(4);
    graph.batch[C] = 2 * (size_t)sched_choose(2);
    size_t most = most_roots();
    switch (sched_choose(4)) {
        case 0:
            graph.max_items = 0; /* automatic, or none */
            break;
        case 1:
            graph.max_items = 1;
            break;
        case 2:
            graph.max_items = most;
            break;
        default:
            graph.max_items = most + 1;
    }
    weir_status status = start_graph(graph.max_items), wanted = WEIR_OK;
    if (graph.max_items != 0 && graph.max_items <= most)
        wanted = WEIR_INVALID;
    sched_check(status == wanted, "%s: \"%s\"", weir_strerror(status), weir_pipeline_message(pipeline));
    if (status == WEIR_OK)
        check_accepted();
    else
        check_refused();
}

/* ---- where weights decide ---- */

static uint64_t weight; /* of each item */

static uint64_t weigh(const void *got, void *arg) {
    (void)got;
    (void)arg;
    return weight;
}

/* Starts one batch stage: by two items under max_bytes, or by three bytes under max_items. */
static weir_status start_by_weight(bool budget, uint64_t wait) {
    weir_batch by_items = {.items = 2, .wait = wait}, by_bytes = {.bytes = 3, .weigh = weigh, .wait = wait};
    begin_pipeline((weir_pipeline_options){.max_bytes = budget ? 3 : 0, .weigh = weigh, .max_items = budget ? 0 : 4});
    sched_calm(true);
    by_time = false;
    add_stage((weir_stage_options){.name = "batch", .work.run_batch = combine, .batch = budget ? by_items : by_bytes});
    return weir_pipeline_start(pipeline);
}

/* Before the batch is full, heavy items reach the budget, and light ones the number. Others reach neither. */
void scenario_batches_by_weight(void) {
    static const uint64_t waits[] = {0, WEIR_NEVER, 3600 * WEIR_SECOND, WEIR_MILLISECOND};
    bool budget = sched_choose(2) == 0, stopping = sched_choose(2) == 0;
    uint64_t wait = waits[sched_choose(4)];
    weight = budget ? (stopping ? 3 : 1) : (stopping ? 0 : 1);
    weir_status status = start_by_weight(budget, wait);
    must(status, wait == WEIR_MILLISECOND ? WEIR_OK : WEIR_INVALID);
    if (status == WEIR_OK) {
        sched_check(!puts_stop(8), "a batch has not ended by its time");
        sched_check(by_time == stopping, "a batch %s by its time", by_time ? "has ended" : "has not ended");
    } else {
        end_graph(true);
        must(start_by_weight(budget, 1), WEIR_OK);
        stages[FIRST] = pipeline->first;
        stages[FIRST]->batch.limits.wait = 0; /* start has checked another value */
        sched_check(puts_stop(8) == stopping, "it %s", stopping ? "goes on" : "stops");
        must(weir_pipeline_cancel(pipeline), WEIR_OK);
    }
    end_graph(status != WEIR_OK);
}
