/*
 * test_pipeline_graph.c - stages and connections: the valid graphs, and the routes of items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "key_families.h"
#include "pipeline_support.h"

#include <sched.h>
#include <string.h>

/* ---- refused graphs ---- */

enum { STAGES = 4 };

/* Stages a, b, c and d; with has_source, d is a source. Connections are pairs of indices. */
static const struct wrong_graph {
    bool has_source;
    int connections[6][2]; /* terminated by {0, 0} */
    const char *message;
} wrong_graphs[] = {
    {false, {{0, 1}, {1, 2}, {2, 1}, {2, 3}}, "stage b: "},              /* a cycle in the middle */
    {false, {{0, 1}, {1, 2}, {2, 3}, {3, 0}}, "stage a: "},              /* a cycle of all stages */
    {false, {{0, 1}, {2, 3}}, "stage c: "},                              /* two entry stages */
    {false, {{0, 1}, {1, 2}, {2, 2}, {2, 3}}, "stage c: "},              /* a self-loop */
    {false, {{0, 1}, {2, 1}, {1, 3}}, "stage c: it has no predecessor"}, /* two entry stages that meet */
    {true, {{0, 1}, {1, 2}, {2, 3}}, "stage d: "},                       /* a connection to a source */
    {true, {{0, 1}, {1, 3}, {3, 2}}, "stage d: "},
};

START_TEST (a_graph_that_cannot_be_is_refused_by_the_stage) {
    static const char *const names[STAGES] = {"a", "b", "c", "d"};
    const struct wrong_graph *wrong = &wrong_graphs[_i];
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stages[STAGES];
    for (int i = 0; i < STAGES; i++) {
        weir_stage_options options = {.name = names[i], .work.func = hand_back};
        if (i == 3 && wrong->has_source)
            options = (weir_stage_options){.name = names[i], .work.source = end_at_once};
        stages[i] = add_stage(pipeline, options);
    }
    for (int i = 0; i == 0 || wrong->connections[i][0] != wrong->connections[i][1] || wrong->connections[i][0] > 0; i++)
        connect_stages(pipeline, stages[wrong->connections[i][0]], stages[wrong->connections[i][1]]);
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), wrong->message) != NULL, "\"%s\"",
                  weir_pipeline_message(pipeline));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (connections_that_cannot_be_are_refused_and_the_start_with_them) {
    weir_pipeline *pipeline = new_pipeline(NULL), *other = new_pipeline(NULL);
    weir_stage *a = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = hand_back});
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing});
    weir_stage *strange = add_stage(other, (weir_stage_options){.name = "c", .work.func = consume_thing});
    connect_stages(pipeline, a, b);
    switch (_i) {
        case 0:
            assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, a, b));
            ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "stage a: "));
            break;
        case 1:
            assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, a, strange));
            break;
        case 2:
            assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, NULL, b));
            break;
        case 3:
            assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, strange, b));
            break;
        default:
            assert_status(WEIR_INVALID, weir_pipeline_connect(pipeline, a, NULL));
    }
    ck_assert_str_ne(weir_pipeline_message(pipeline), "");
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    destroy_pipeline(pipeline);
    destroy_pipeline(other);
}
END_TEST

START_TEST (results_of_one_and_dead_letters_of_another_to_one_queue_are_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options first = {.name = "first", .work.run = run_pass_on},
                       last = {.name = "last", .work.run = run_pass_on};
    weir_stage *a, *b;
    weir_queue *queue = new_queue(1);
    first.errors.dead = last.output.results = queue;
    if (_i == 0) {
        a = add_stage(pipeline, first);
        b = add_stage(pipeline, last);
    } else {
        b = add_stage(pipeline, last);
        a = add_stage(pipeline, first);
    }
    connect_stages(pipeline, a, b);
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), "stage last: ") != NULL, "\"%s\"",
                  weir_pipeline_message(pipeline));
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

START_TEST (a_fan_out_without_what_it_needs_and_results_in_the_middle_are_refused) {
    static const weir_stage_options froms[] = {
        {.name = "from", .work.func = hand_back, .output.fan_out = WEIR_BY_KEY},
        {.name = "from", .work.func = hand_back, .output.fan_out = WEIR_BY_CHOICE},
        {.name = "from", .work.func = hand_back, .output.fan_out = WEIR_TO_ALL},
        {.name = "from", .work.func = hand_back},
        {.name = "from", .work.run = run_pass_on},
    };
    weir_stage_options options = froms[_i];
    weir_queue *queue = new_queue(1);
    if (_i == 3)
        options.output.results = queue;
    bool last = _i == 4;
    if (last)
        options.output.results = options.errors.dead = queue;
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_stage(pipeline, options);
    if (!last) {
        weir_stage *a = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
        weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing});
        connect_stages(pipeline, from, a);
        connect_stages(pipeline, from, b);
    }
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), "stage from: ") != NULL, "\"%s\"",
                  weir_pipeline_message(pipeline));
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

static uint64_t weigh_one(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 1;
}

static const uint64_t minute = 60 * WEIR_SECOND;

/*
 * max_items with one or two batches: whether they can hold all items that may be in flight, or the refusal's message.
 */
static const struct holding {
    weir_pipeline_options limits;
    weir_batch first, second;
    bool can_be;
    bool combines; /* a batch emits one result for all its items */
    bool ordered;  /* a preceding stage is ordered: max_items is automatic */
    const char *says;
} holdings[] = {
    {{.max_items = 9}, {.items = 10}, {.items = 1}, .says = "stage a: batch.items is 10: "},
    {{.max_items = 9}, {.items = 10}, {.items = 1}, .says = "can hold 9 items, but max_items is 9, so "},
    {{.max_items = 9}, {.items = 10}, {.items = 1}, .says = "raise max_items to at least 10, or "},
    {{.max_items = 10}, {.items = 10}, {.items = 1}, .can_be = true},
    {{.max_items = 35}, {.items = 6}, {.items = 6}, .says = "stage b: "}, /* 5, and 5 results of 6 items each */
    {{.max_items = 35}, {.items = 6}, {.items = 6}, .says = "35 items in all"},
    {{.max_items = 36}, {.items = 6}, {.items = 6}, .can_be = true},
    {{.max_items = 50}, {.items = 10}, {.items = 10}, .combines = true, .says = "stage b: "},
    {{.max_items = 99}, {.items = 10}, {.items = 10}, .combines = true, .says = "raise max_items to at least 100"},
    {{.max_items = 100}, {.items = 10}, {.items = 10}, .can_be = true, .combines = true},
    /* A wait does not help a batch that cannot fill. */
    {{.max_items = 5}, {.items = 10, .wait = 1000}, {.items = 1}, .says = "stage a: "},
    {{.max_items = 9}, {.items = 10, .wait = WEIR_NEVER}, {.items = 1}, .says = "stage a: "},
    {{.max_items = 10}, {.items = 10, .wait = WEIR_NEVER}, {.items = 1, .wait = WEIR_NEVER}, .can_be = true},
    {{.max_items = 49}, {.items = 10, .wait = 1000}, {.items = 5}, .says = "stage b: "},
    {{.max_items = 50}, {.items = 10, .wait = 1000}, {.items = 5}, .can_be = true, .combines = true},
    /* No limit, or one that adapts. */
    {{.max_items = 0}, {.items = 100000}, {.items = 100000}, .can_be = true},
    {{.max_items = 0}, {.items = 1000}, {.items = 100}, .can_be = true, .ordered = true},
    {{.max_items = 0}, {.items = SIZE_MAX}, {.items = 2}, .ordered = true, .says = "stage a: batch.items is 1844"},
    /* By bytes: the weights decide. */
    {{.max_items = 0}, {.bytes = 10, .weigh = weigh_one}, {.items = 5}, .can_be = true},
    {{.max_items = 0},
     {.bytes = 9876, .weigh = weigh_one, .wait = 1000},
     {.items = 1},
     .ordered = true,
     .says = "stage a: batch.items is 0 and batch.bytes is 9876: "},
    {{.max_items = 0}, {.items = 5, .bytes = 10, .weigh = weigh_one}, {.items = 5}, .can_be = true, .ordered = true},
    {{.max_items = 5}, {.bytes = 100, .weigh = weigh_one}, {.items = 1}, .says = "is 0: light items "},
    {{.max_items = 5},
     {.bytes = 100, .weigh = weigh_one, .wait = minute + 1},
     {.items = 1},
     .says = "at most 1 min 00 s, and is "},
    {{.max_items = 5}, {.bytes = 100, .weigh = weigh_one, .wait = 1000}, {.items = 1}, .can_be = true},
    {{.max_items = 5},
     {.bytes = 9, .weigh = weigh_one, .wait = 1000},
     {.items = 2},
     .says = "stage b: batch.wait must be above 0 and "},
    {{.max_items = 5}, {.bytes = 9, .weigh = weigh_one, .wait = 9}, {.items = 2, .wait = 9}, .can_be = true},
    {{.max_bytes = 5, .weigh = weigh_one},
     {.items = 2},
     {.items = 1},
     .says = "stage a: batch.wait must be above 0 and "},
    {{.max_bytes = 5, .weigh = weigh_one}, {.items = 2}, {.items = 1}, .says = "is 0: heavy items "},
    {{.max_bytes = 5, .weigh = weigh_one}, {.items = 2, .wait = WEIR_NEVER}, {.items = 1}, .says = "is WEIR_NEVER: "},
    {{.max_bytes = 5, .weigh = weigh_one}, {.items = 2, .wait = 60 * minute}, {.items = 1}, .says = "is 1 h 00 min: "},
    {{.max_bytes = 5, .weigh = weigh_one}, {.items = 2, .wait = 1000}, {.items = 2, .wait = 1000}, .can_be = true},
    {{.max_bytes = 5, .weigh = weigh_one}, {.items = 1}, {.items = 1}, .can_be = true}, /* never incomplete */
};

static int batch_on(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    for (size_t i = 0; i < count; i++)
        weir_task_emit(task, items[i]);
    return 0;
}

static int batch_into_one(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    for (size_t i = 1; i < count; i++)
        thing_consume(items[i]);
    weir_task_emit(task, items[0]);
    return 0;
}

START_TEST (batches_that_could_hold_everything_are_refused_and_others_come_through) {
    const struct holding *holding = &holdings[_i];
    weir_pipeline *pipeline = new_pipeline(&holding->limits);
    if (holding->ordered)
        add_stage(pipeline, (weir_stage_options){
                                .name = "o", .work.func = hand_back, .threads.count = 2, .output.ordered = true});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run_batch = holding->combines ? batch_into_one : batch_on,
                                             .batch = holding->first});
    add_stage(pipeline,
              (weir_stage_options){.name = "b", .work.run_batch = run_batch_consume, .batch = holding->second});
    if (holding->can_be) {
        start_pipeline(pipeline);
        put_things(pipeline, 200);
        finish_and_destroy(pipeline, WEIR_OK);
        ck_assert_uint_eq(things_consumed(), 200);
        return;
    }
    assert_status(WEIR_INVALID, weir_pipeline_start(pipeline));
    const char *message = weir_pipeline_message(pipeline);
    ck_assert_msg(strstr(message, holding->says) != NULL, "\"%s\" instead of \"%s\"", message, holding->says);
    ck_assert_uint_lt(strlen(message), 300); /* not truncated */
    destroy_pipeline(pipeline);
}
END_TEST

/* An ordered stage has a limit, and a batch downstream still fills by count, not by time. */
START_TEST (a_large_batch_behind_an_order_fills) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "o", .work.func = hand_back, .threads.count = 2, .output.ordered = true});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.run_batch = run_batch_consume,
                                             .batch = {.items = 1000, .wait = 3600 * WEIR_SECOND}});
    start_pipeline(pipeline);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->max_items, 64 + 2 + 64 + 1 + 999);
    weir_report_free(report);
    put_things(pipeline, 2000);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), 2000);
}
END_TEST

/* ---- routes ---- */

enum { WAYS = 3, ITEMS = 600 };

struct way {
    atomic_size_t count;
    size_t numbers[2 * ITEMS];
};

static void *come_this_way(void *item, void *raw) {
    struct thing *thing = item;
    struct way *way = raw;
    way->numbers[atomic_fetch_add(&way->count, 1)] = thing->of;
    thing_consume(thing);
    return NULL;
}

static struct way ways[WAYS];

/* Starts a stage with WAYS successors, each with a drop function. */
static weir_pipeline *fan_out_with(weir_stage_options options) {
    static const char *const names[WAYS] = {"first", "second", "third"};
    weir_pipeline *pipeline = new_pipeline(NULL);
    memset(ways, 0, sizeof ways);
    options.name = "from";
    options.input.drop = thing_drop;
    if (options.work.run == NULL && options.work.func == NULL)
        options.work.func = hand_back;
    weir_stage *from = add_stage(pipeline, options);
    for (size_t i = 0; i < WAYS; i++) {
        weir_stage *to = add_stage(pipeline, (weir_stage_options){.name = names[i],
                                                                  .work.func = come_this_way,
                                                                  .work.arg = &ways[i],
                                                                  .input.drop = thing_drop});
        connect_stages(pipeline, from, to);
    }
    start_pipeline(pipeline);
    return pipeline;
}

START_TEST (round_robin_gives_each_its_share) {
    weir_pipeline *pipeline = fan_out_with((weir_stage_options){.threads.count = (size_t)_i});
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < WAYS; i++)
        ck_assert_uint_eq(atomic_load(&ways[i].count), ITEMS / WAYS);
    assert_things_ended();
}
END_TEST

static uint64_t key_of_seventeen(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->n % 17;
}

START_TEST (equal_keys_go_the_same_way_in_order) {
    weir_pipeline *pipeline =
        fan_out_with((weir_stage_options){.output.fan_out = WEIR_BY_KEY, .output.route = key_of_seventeen});
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    size_t way_of[17], last_of[17], used = 0;
    bool known[17] = {false};
    for (size_t i = 0; i < WAYS; i++) {
        used += atomic_load(&ways[i].count) > 0;
        for (size_t j = 0; j < atomic_load(&ways[i].count); j++) {
            size_t n = ways[i].numbers[j], key = n % 17;
            if (known[key]) {
                ck_assert_uint_eq(way_of[key], i);
                ck_assert_uint_gt(n, last_of[key]);
            }
            known[key] = true;
            way_of[key] = i;
            last_of[key] = n;
        }
    }
    ck_assert_uint_eq(used, WAYS);
    assert_things_ended();
}
END_TEST

static key_family *family;

static uint64_t key_in_family(const void *item, void *arg) {
    (void)arg;
    return family(((const struct thing *)item)->n);
}

static void *count_here(void *item, void *counter) {
    atomic_fetch_add((atomic_uint *)counter, 1);
    thing_consume(item);
    return NULL;
}

/* With random keys, a count deviates from its share by more than five times its root in one case of a million. */
static void assert_shares_alike(const char *name, size_t successors) {
    enum { MOST = 8 };
    static const char *const names[MOST] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    atomic_uint counts[MOST] = {0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_stage(pipeline, (weir_stage_options){.name = "from",
                                                                .work.func = hand_back,
                                                                .output.fan_out = WEIR_BY_KEY,
                                                                .output.route = key_in_family,
                                                                .input.drop = thing_drop});
    for (size_t i = 0; i < successors; i++)
        connect_stages(pipeline, from,
                       add_stage(pipeline, (weir_stage_options){
                                               .name = names[i], .work.func = count_here, .work.arg = &counts[i]}));
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < successors; i++) {
        size_t count = atomic_load(&counts[i]), share = ITEMS / successors;
        size_t away = count > share ? count - share : share - count;
        ck_assert_msg(away * away <= 25 * share, "%s: %zu of %d to one of %zu", name, count, ITEMS, successors);
    }
    assert_things_ended();
    things_forget();
}

START_TEST (each_successor_gets_its_share_of_keys_whichever_bits_they_differ_in) {
    static const size_t successors[] = {2, 3, 4, 5, 8};
    family = key_families[_i].key_of;
    for (size_t i = 0; i < COUNT_OF(successors); i++)
        assert_shares_alike(key_families[_i].name, successors[i]);
}
END_TEST

static atomic_uint asked;

static uint64_t choose(const void *item, void *arg) {
    (void)arg;
    atomic_fetch_add(&asked, 1);
    size_t n = ((const struct thing *)item)->n;
    return n == 100 ? WAYS : n == 101 ? UINT64_MAX : n % WAYS;
}

START_TEST (the_route_chooses_and_what_it_cannot_choose_is_an_error) {
    bool skips = _i == 1;
    atomic_store(&asked, 0);
    weir_pipeline *pipeline = fan_out_with((weir_stage_options){.output.fan_out = WEIR_BY_CHOICE,
                                                                .output.route = choose,
                                                                .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    for (size_t i = 0; i < ITEMS; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_eq(report->error_count, skips ? 2 : 1);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_INVALID));
    ck_assert_uint_eq(report->counts.failed, skips ? 2 : 1);
    ck_assert_str_eq(report->errors[0].stage, "from");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    if (skips) {
        ck_assert_uint_eq(things_dropped(), 2);
        ck_assert_uint_eq(atomic_load(&asked), ITEMS); /* once for each item, also for invalid choices */
        for (size_t i = 0; i < WAYS; i++) {
            for (size_t j = 0; j < atomic_load(&ways[i].count); j++)
                ck_assert_uint_eq(ways[i].numbers[j] % WAYS, i);
        }
    }
    assert_things_ended();
}
END_TEST

/* Varies the speed of the workers: each successor still gets its items in order. */
static void *yield_now_and_then(void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n % 3 == 0)
        sched_yield();
    return item;
}

START_TEST (an_ordered_func_keeps_the_order_on_each_way) {
    weir_stage_options options = {.work.func = yield_now_and_then, .threads.count = 4, .output.ordered = true};
    if (_i == 0) {
        options.output.fan_out = WEIR_BY_KEY;
        options.output.route = key_of_seventeen;
    }
    weir_pipeline *pipeline = fan_out_with(options);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    for (size_t i = 0; i < WAYS; i++) {
        for (size_t j = 1; j < atomic_load(&ways[i].count); j++)
            ck_assert_uint_gt(ways[i].numbers[j], ways[i].numbers[j - 1]);
    }
    assert_things_ended();
}
END_TEST

/* ---- the destination of dropped results ---- */

struct crossing {
    struct gate *gate;   /* blocks the first item, with its result */
    atomic_uint emitted; /* the others' results, held for input order */
};

static atomic_size_t dropped_at[WAYS];
static const size_t way_numbers[WAYS] = {0, 1, 2};

/* Counts the item if this was its destination. */
static void drop_at_way(void *item, void *raw) {
    size_t way = *(const size_t *)raw;
    if (((struct thing *)item)->of % WAYS == way)
        atomic_fetch_add(&dropped_at[way], 1);
    thing_drop(item, NULL);
}

static uint64_t choose_by_origin(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->of % WAYS;
}

/* Emits and fails at once or, with a counter, after a cancel. */
static int emit_for_each_way_and_fail(weir_task *task, void *item, void *raw) {
    atomic_uint *inside = raw;
    (void)item;
    for (size_t way = 0; way < WAYS; way++) {
        struct thing *result = thing_new();
        result->of = way;
        weir_task_emit(task, result);
    }
    if (inside != NULL) {
        atomic_fetch_add(inside, 1);
        while (!weir_task_cancelled(task))
            nap();
    }
    return 7;
}

static int emit_behind_the_first(weir_task *task, void *item, void *raw) {
    struct crossing *crossing = raw;
    weir_task_emit(task, item);
    if (((struct thing *)item)->of == 0)
        gate_pass(crossing->gate);
    else
        atomic_fetch_add(&crossing->emitted, 1);
    return 0;
}

static int emit_after_the_gate(weir_task *task, void *item, void *raw) {
    struct crossing *crossing = raw;
    gate_pass(crossing->gate);
    weir_task_emit(task, item);
    return 0;
}

static void *hand_back_behind_the_first(void *item, void *raw) {
    struct crossing *crossing = raw;
    if (((struct thing *)item)->of == 0)
        gate_pass(crossing->gate);
    else
        atomic_fetch_add(&crossing->emitted, 1);
    return item;
}

/* Starts a stage that routes by choice, with its successors. */
static weir_pipeline *crossing_with(weir_stage_options options) {
    static const char *const names[WAYS] = {"first", "second", "third"};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    options.name = "from";
    options.output.fan_out = WEIR_BY_CHOICE;
    options.output.route = choose_by_origin;
    options.input.drop = thing_drop;
    weir_stage *from = add_stage(pipeline, options);
    for (size_t i = 0; i < WAYS; i++) {
        atomic_store(&dropped_at[i], 0);
        weir_stage *to = add_stage(pipeline, (weir_stage_options){.name = names[i],
                                                                  .work.func = consume_thing,
                                                                  .work.arg = (void *)&way_numbers[i],
                                                                  .input.drop = drop_at_way});
        connect_stages(pipeline, from, to);
    }
    start_pipeline(pipeline);
    return pipeline;
}

START_TEST (results_of_a_failed_attempt_are_dropped_where_each_was_going) {
    weir_pipeline *pipeline = crossing_with((weir_stage_options){.work.run = emit_for_each_way_and_fail,
                                                                 .threads.count = (size_t)_i,
                                                                 .output.ordered = true,
                                                                 .errors.on_error = WEIR_SKIP});
    put_things(pipeline, 20);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 20);
    for (size_t way = 0; way < WAYS; way++) {
        ck_assert_uint_eq(atomic_load(&dropped_at[way]), 20);
        ck_assert_uint_eq(report->stages[1 + way].counts.in, 0); /* the results never left their stage */
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 80);
    assert_things_ended();
}
END_TEST

/* Only the pipeline knows the destination of a key; all items of a key share it. */
static void drop_anywhere(void *item, void *raw) {
    atomic_fetch_add(&dropped_at[*(const size_t *)raw], 1);
    thing_drop(item, NULL);
}

static uint64_t one_route(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 4;
}

START_TEST (results_that_go_by_a_key_are_dropped_where_its_items_go) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *from = add_stage(pipeline, (weir_stage_options){.name = "from",
                                                                .work.run = emit_for_each_way_and_fail,
                                                                .output.ordered = true,
                                                                .output.fan_out = WEIR_BY_KEY,
                                                                .output.route = one_route,
                                                                .errors.on_error = WEIR_SKIP,
                                                                .input.drop = thing_drop});
    static const char *const names[WAYS] = {"first", "second", "third"};
    for (size_t i = 0; i < WAYS; i++) {
        atomic_store(&dropped_at[i], 0);
        connect_stages(pipeline, from,
                       add_stage(pipeline, (weir_stage_options){.name = names[i],
                                                                .work.func = consume_thing,
                                                                .work.arg = (void *)&way_numbers[i],
                                                                .input.drop = drop_anywhere}));
    }
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    finish_and_destroy(pipeline, WEIR_OK);
    size_t used = 0, dropped = 0;
    for (size_t i = 0; i < WAYS; i++) {
        used += atomic_load(&dropped_at[i]) > 0;
        dropped += atomic_load(&dropped_at[i]);
    }
    ck_assert_uint_eq(used, 1);
    ck_assert_uint_eq(dropped, 10 * WAYS);
    assert_things_ended();
}
END_TEST

START_TEST (results_of_an_attempt_that_a_cancel_ends_are_dropped_where_each_was_going) {
    atomic_uint inside = 0;
    size_t threads = (size_t)_i;
    weir_pipeline *pipeline = crossing_with((weir_stage_options){
        .work.run = emit_for_each_way_and_fail, .work.arg = &inside, .threads.count = threads, .output.ordered = true});
    put_things(pipeline, 20);
    wait_for_count(&inside, (unsigned)threads);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 20);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    for (size_t way = 0; way < WAYS; way++)
        ck_assert_uint_eq(atomic_load(&dropped_at[way]), threads);
    ck_assert_uint_eq(things_dropped(), 20 + WAYS * threads);
    assert_things_ended();
}
END_TEST

/*
 * Seven items. In an ordered stage the first is in the function, and the results of the others are held. In a stage
 * without order all are in the function, and emit when the run is cancelled.
 */
static const struct crossings {
    weir_stage_options options;
    size_t waiting, emitted;
} crossings[] = {
    {{.work.run = emit_behind_the_first, .threads.count = 2, .output.ordered = true}, 1, 6},
    {{.work.func = hand_back_behind_the_first, .threads.count = 2, .output.ordered = true}, 1, 6},
    {{.work.run = emit_after_the_gate, .threads.count = 7}, 7, 0},
    {{.work.func = hand_back_at_gate, .threads.count = 7}, 7, 0},
};

START_TEST (results_that_a_cancel_drops_are_dropped_and_counted_where_each_was_going) {
    static const size_t theirs[WAYS] = {3, 2, 2};
    struct gate gate = GATE;
    struct crossing crossing = {.gate = &gate};
    weir_stage_options options = crossings[_i].options;
    options.work.arg = options.work.run == NULL && !options.output.ordered ? (void *)&gate : (void *)&crossing;
    weir_pipeline *pipeline = crossing_with(options);
    put_things(pipeline, 7);
    gate_wait_for(&gate, crossings[_i].waiting);
    wait_for_count(&crossing.emitted, (unsigned)crossings[_i].emitted);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    for (size_t way = 0; way < WAYS; way++) {
        ck_assert_uint_eq(atomic_load(&dropped_at[way]), theirs[way]);
        ck_assert_uint_eq(report->stages[1 + way].counts.in, theirs[way]);
        ck_assert_uint_eq(report->stages[1 + way].counts.dropped, theirs[way]);
    }
    ck_assert_uint_eq(report->counts.dropped, 7);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 7);
    assert_things_ended();
}
END_TEST

START_TEST (to_all_each_gets_one) {
    weir_pipeline *pipeline = fan_out_with(
        (weir_stage_options){.output.fan_out = WEIR_TO_ALL, .output.copy = copy_thing, .threads.count = (size_t)_i});
    struct thing *first[100];
    for (size_t i = 0; i < 100; i++)
        first[i] = thing_new();
    for (size_t i = 0; i < 100; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, first[i]));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, 100); /* however many copies were made of them */
    ck_assert_uint_eq(report->counts.done, 100);
    ck_assert_uint_eq(report->edge_count, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    for (size_t i = 0; i < WAYS; i++) {
        bool has[100] = {false};
        ck_assert_uint_eq(atomic_load(&ways[i].count), 100);
        for (size_t j = 0; j < 100; j++)
            has[ways[i].numbers[j]] = true;
        for (size_t n = 0; n < 100; n++)
            ck_assert(has[n]);
    }
    ck_assert_uint_eq(things_made(), 300);
    assert_things_ended();
}
END_TEST

/* A diamond, added from its end: from one stage to two, and from these to one. */
START_TEST (two_ways_come_together_again) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    memset(ways, 0, sizeof ways);
    weir_stage *last = add_stage(
        pipeline, (weir_stage_options){
                      .name = "last", .work.func = come_this_way, .work.arg = &ways[0], .input.drop = thing_drop});
    weir_stage *right =
        add_stage(pipeline, (weir_stage_options){.name = "right", .work.run = run_pass_on, .threads.count = 2});
    weir_stage *left =
        add_stage(pipeline, (weir_stage_options){.name = "left", .work.func = hand_back, .input.capacity = 1});
    weir_stage *first =
        add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on, .threads.count = 2});
    connect_stages(pipeline, first, left);
    connect_stages(pipeline, first, right);
    connect_stages(pipeline, left, last);
    connect_stages(pipeline, right, last);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->edge_count, 4);
    ck_assert_uint_eq(stage_in(report, "last")->counts.done, ITEMS);
    ck_assert_uint_eq(stage_in(report, "left")->counts.done, ITEMS / 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&ways[0].count), ITEMS);
    assert_things_ended();
}
END_TEST

START_TEST (without_connections_stages_are_a_chain_of_any_length) {
    enum { LENGTH = 40 };
    char names[LENGTH][8];
    weir_pipeline *pipeline = new_pipeline(NULL);
    for (int i = 0; i < LENGTH; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        add_stage(pipeline,
                  (weir_stage_options){.name = names[i], .work.run = i == LENGTH - 1 ? run_consume : run_pass_on});
        names[i][0] = 'x'; /* the name was copied */
    }
    start_pipeline(pipeline);
    put_things(pipeline, 500);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->edge_count, LENGTH - 1);
    for (size_t i = 0; i < LENGTH - 1; i++) {
        ck_assert_uint_eq(report->edges[i].from, i);
        ck_assert_uint_eq(report->edges[i].to, i + 1);
    }
    ck_assert_str_eq(report->stages[7].name, "s7");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static Suite *graph_suite(void) {
    Suite *suite = suite_create("graph of a pipeline");
    TCase *refused = add_things_case(suite, "refused");
    tcase_add_loop_test(refused, a_graph_that_cannot_be_is_refused_by_the_stage, 0, COUNT_OF(wrong_graphs));
    tcase_add_loop_test(refused, connections_that_cannot_be_are_refused_and_the_start_with_them, 0, 5);
    tcase_add_loop_test(refused, a_fan_out_without_what_it_needs_and_results_in_the_middle_are_refused, 0, 5);
    tcase_add_loop_test(refused, results_of_one_and_dead_letters_of_another_to_one_queue_are_refused, 0, 2);
    tcase_add_loop_test(refused, batches_that_could_hold_everything_are_refused_and_others_come_through, 0,
                        COUNT_OF(holdings));
    tcase_add_test(refused, a_large_batch_behind_an_order_fills);
    TCase *taken = add_things_case(suite, "ways");
    tcase_add_loop_test(taken, round_robin_gives_each_its_share, 1, 4);
    tcase_add_test(taken, equal_keys_go_the_same_way_in_order);
    tcase_add_loop_test(taken, each_successor_gets_its_share_of_keys_whichever_bits_they_differ_in, 0, KEY_FAMILIES);
    tcase_add_loop_test(taken, an_ordered_func_keeps_the_order_on_each_way, 0, 2);
    tcase_add_loop_test(taken, the_route_chooses_and_what_it_cannot_choose_is_an_error, 0, 2);
    tcase_add_loop_test(taken, results_of_a_failed_attempt_are_dropped_where_each_was_going, 1, 3);
    tcase_add_test(taken, results_that_go_by_a_key_are_dropped_where_its_items_go);
    tcase_add_loop_test(taken, results_of_an_attempt_that_a_cancel_ends_are_dropped_where_each_was_going, 1, 3);
    tcase_add_loop_test(taken, results_that_a_cancel_drops_are_dropped_and_counted_where_each_was_going, 0,
                        COUNT_OF(crossings));
    tcase_add_loop_test(taken, to_all_each_gets_one, 1, 4);
    tcase_add_test(taken, two_ways_come_together_again);
    tcase_add_test(taken, without_connections_stages_are_a_chain_of_any_length);
    return suite;
}

int main(void) {
    return run_suite(graph_suite());
}
