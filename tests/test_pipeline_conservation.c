/*
 * test_pipeline_conservation.c - in = done + failed + dead + dropped + live, in every report, for every stage and for
 * the whole, under all activity. At the end each item has ended exactly once.
 *
 * A thread takes reports one after the other. It only records: the first inconsistent one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { MOST_STAGES = 8, ITEMS = 3000 };

/* ---- the watching thread ---- */

struct watcher {
    weir_pipeline *pipeline;
    pthread_t thread;
    atomic_bool stop;
    size_t reports;
    char wrong[400]; /* the first inconsistency, or "" */
    weir_counts before[MOST_STAGES + 1];
};

static void say(struct watcher *watcher, const char *name, const char *what, const weir_counts *now_,
                const weir_counts *before) {
    snprintf(watcher->wrong, sizeof watcher->wrong,
             "report %zu, %s: %s: %llu in, %llu done, %llu failed, %llu dead, %llu dropped, %llu live, "
             "after %llu in, %llu done",
             watcher->reports, name, what, (unsigned long long)now_->in, (unsigned long long)now_->done,
             (unsigned long long)now_->failed, (unsigned long long)now_->dead, (unsigned long long)now_->dropped,
             (unsigned long long)now_->live, (unsigned long long)before->in, (unsigned long long)before->done);
}

static bool goes_back(const weir_counts *before, const weir_counts *after) {
    return after->in < before->in || after->done < before->done || after->failed < before->failed ||
           after->dead < before->dead || after->dropped < before->dropped;
}

static void look_at(struct watcher *watcher, size_t place, const char *name, const weir_counts *counts) {
    weir_counts *before = &watcher->before[place];
    if (watcher->wrong[0] == '\0' && !is_balanced(counts))
        say(watcher, name, "not balanced", counts, before);
    if (watcher->wrong[0] == '\0' && goes_back(before, counts))
        say(watcher, name, "goes back", counts, before);
    *before = *counts;
}

static void *watch(void *raw) {
    struct watcher *watcher = raw;
    while (!atomic_load(&watcher->stop)) {
        weir_report *report;
        if (weir_pipeline_report(watcher->pipeline, &report) != WEIR_OK) {
            strcpy(watcher->wrong, "no report");
            break;
        }
        look_at(watcher, MOST_STAGES, "the whole", &report->counts);
        for (size_t i = 0; i < report->stage_count; i++) {
            look_at(watcher, i, report->stages[i].name, &report->stages[i].counts);
            if (report->stages[i].running > report->stages[i].threads)
                strcpy(watcher->wrong, "more run than there are threads");
        }
        weir_report_free(report);
        watcher->reports++;
        sched_yield(); /* two processors are few */
    }
    return NULL;
}

/* ---- the shapes of the pipelines ---- */

static int fail_some(weir_task *task, void *item, void *unused) {
    struct thing *thing = item;
    (void)unused;
    size_t n = thing->of;
    if (n % 11 == 3 && weir_task_attempt(task) < 2 + n % 3)
        return weir_task_fail(task, (int)(n % 5) + 1, "thing %zu", n);
    weir_task_emit(task, thing);
    return 0;
}

static int split_some(weir_task *task, void *item, void *unused) {
    struct thing *thing = item;
    (void)unused;
    for (size_t i = 0; i < thing->of % 4; i++) {
        struct thing *piece = thing_new();
        piece->of = thing->of + i;
        weir_task_emit(task, piece);
    }
    thing_consume(thing);
    return 0;
}

static int merge_some(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    if (((struct thing *)items[0])->of % 5 == 2 && weir_task_attempt(task) == 1)
        return weir_task_fail(task, 1, "a batch of %zu", count);
    for (size_t i = 0; i < count; i++) {
        if (i % 2 == 0)
            weir_task_emit(task, items[i]);
        else
            thing_consume(items[i]);
    }
    return 0;
}

static uint64_t key_of(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->of % 7;
}

static uint64_t weigh(const void *item, void *arg) {
    (void)arg;
    return ((const struct thing *)item)->of % 10;
}

static int produce(weir_task *task, void *item, void *raw) {
    atomic_size_t *left = raw;
    (void)item;
    size_t before = atomic_load(left);
    do {
        if (before == 0)
            return WEIR_END;
    } while (!atomic_compare_exchange_weak(left, &before, before - 1));
    if (before % 100 == 50 && weir_task_attempt(task) == 1)
        return weir_task_fail(task, 3, "dry");
    weir_task_emit(task, thing_new());
    return 0;
}

static atomic_size_t left_to_produce;

static void add_plain(weir_pipeline *pipeline, weir_queue *dead) {
    (void)dead;
    add_stage(pipeline,
              (weir_stage_options){.name = "a", .work.func = hand_back, .threads.count = 2, .input.drop = thing_drop});
    add_stage(pipeline,
              (weir_stage_options){.name = "b", .work.func = hand_back, .input.capacity = 3, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){
                            .name = "c", .work.func = consume_thing, .threads.count = 2, .input.drop = thing_drop});
}

static void add_retries(weir_pipeline *pipeline, weir_queue *dead) {
    const weir_retry retry = {.attempts = 3, .backoff = 20 * 1000};
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = fail_some,
                                             .threads.count = 3,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP,
                                             .errors.retry = retry,
                                             .errors.dead = dead});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.run = fail_some,
                                             .threads.count = 3,
                                             .input.drop = thing_drop,
                                             .output.ordered = true,
                                             .errors.on_error = WEIR_SKIP,
                                             .errors.retry = retry});
    add_stage(pipeline, (weir_stage_options){.name = "c", .work.func = consume_thing, .input.drop = thing_drop});
}

static void add_batches(weir_pipeline *pipeline, weir_queue *dead) {
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "a", .work.run = split_some, .threads.count = 2, .input.drop = thing_drop, .output.ordered = true});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.run_batch = merge_some,
                                             .threads.count = 2,
                                             .input.drop = thing_drop,
                                             .errors.on_error = WEIR_SKIP,
                                             .batch = {.items = 5, .wait = 100 * 1000},
                                             .errors.retry = {.attempts = 2, .backoff = 10 * 1000},
                                             .errors.dead = dead});
    add_stage(pipeline, (weir_stage_options){.name = "c",
                                             .work.func = consume_thing,
                                             .threads.count = 2,
                                             .limits.per_key = 1,
                                             .limits.key = key_of,
                                             .input.drop = thing_drop});
}

static void add_diamond(weir_pipeline *pipeline, weir_queue *dead) {
    weir_stage *a = add_stage(pipeline, (weir_stage_options){.name = "a",
                                                             .work.run = split_some,
                                                             .threads.count = 2,
                                                             .input.drop = thing_drop,
                                                             .output.fan_out = WEIR_TO_ALL,
                                                             .output.copy = copy_thing});
    weir_stage *b = add_stage(pipeline, (weir_stage_options){.name = "b",
                                                             .work.run = fail_some,
                                                             .threads.count = 2,
                                                             .limits.per_key = 2,
                                                             .limits.key = key_of,
                                                             .errors.on_error = WEIR_SKIP,
                                                             .errors.dead = dead,
                                                             .input.drop = thing_drop});
    weir_stage *c =
        add_stage(pipeline, (weir_stage_options){.name = "c", .work.func = hand_back, .input.drop = thing_drop});
    weir_stage *d =
        add_stage(pipeline, (weir_stage_options){.name = "d", .work.func = consume_thing, .input.drop = thing_drop});
    connect_stages(pipeline, a, b);
    connect_stages(pipeline, a, c);
    connect_stages(pipeline, b, d);
    connect_stages(pipeline, c, d);
}

static int run_letters(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)task;
    (void)unused;
    for (size_t i = 0; i < count; i++) {
        thing_consume(((weir_dead_letter *)items[i])->item);
        weir_dead_letter_free(items[i]);
    }
    return 0;
}

static void drop_letter(void *letter, void *unused) {
    thing_drop(((weir_dead_letter *)letter)->item, unused);
    weir_dead_letter_free(letter);
}

static void add_letters(weir_pipeline *pipeline, weir_queue *dead) {
    (void)dead;
    weir_stage *letters = add_stage(pipeline, (weir_stage_options){.name = "letters",
                                                                   .work.run_batch = run_letters,
                                                                   .threads.count = 2,
                                                                   .input.capacity = 2,
                                                                   .batch = {.items = 5},
                                                                   .input.drop = drop_letter});
    weir_stage *from = add_stage(pipeline, (weir_stage_options){.name = "a",
                                                                .work.run = fail_some,
                                                                .threads.count = 2,
                                                                .errors.on_error = WEIR_SKIP,
                                                                .errors.retry = {.attempts = 2},
                                                                .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing, .input.drop = thing_drop});
    assert_status(WEIR_OK, weir_pipeline_connect_dead(pipeline, from, letters));
}

static void add_source(weir_pipeline *pipeline, weir_queue *dead) {
    (void)dead;
    atomic_store(&left_to_produce, ITEMS);
    weir_stage *s = add_stage(pipeline, (weir_stage_options){.name = "s",
                                                             .work.source = produce,
                                                             .work.arg = &left_to_produce,
                                                             .threads.count = 2,
                                                             .errors.on_error = WEIR_SKIP,
                                                             .errors.retry = {.attempts = 3}});
    weir_stage *a = add_stage(
        pipeline,
        (weir_stage_options){.name = "a", .work.run = split_some, .threads.count = 2, .input.drop = thing_drop});
    weir_stage *b =
        add_stage(pipeline, (weir_stage_options){.name = "b", .work.func = consume_thing, .input.drop = thing_drop});
    connect_stages(pipeline, s, b);
    connect_stages(pipeline, a, b);
}

static const struct shape {
    const char *name;
    void (*add)(weir_pipeline *pipeline, weir_queue *dead);
    weir_pipeline_options options;
} shapes[] = {
    {"a plain chain", add_plain, {.max_items = 0}},
    {"a limited chain", add_plain, {.max_items = 20}},
    {"retries and an order", add_retries, {.max_items = 0}},
    {"pieces, batches and keys", add_batches, {.max_items = 30}},
    {"a diamond of copies", add_diamond, {.max_bytes = 200, .weigh = weigh}},
    {"letters to a stage", add_letters, {.max_items = 20}},
    {"a source beside puts", add_source, {.max_items = 10}},
};

static size_t free_letters(weir_queue *dead) {
    size_t count = 0;
    for (void *taken; weir_queue_try_get(dead, &taken) == WEIR_OK; count++) {
        thing_consume(((weir_dead_letter *)taken)->item);
        weir_dead_letter_free(taken);
    }
    assert_status(WEIR_OK, weir_queue_tasks_done(dead, count));
    return count;
}

/* Runs a shape; unless `cancel_after` is 0, cancels after that many puts. Returns the number of reports taken. */
static size_t run_shape(const struct shape *shape, size_t cancel_after) {
    struct watcher watcher = {.reports = 0};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline_options options = shape->options;
    options.grace = HANG_SECONDS * SECONDS;
    weir_pipeline *pipeline = watcher.pipeline = new_pipeline(&options);
    shape->add(pipeline, dead);
    start_pipeline(pipeline);
    thread_start(&watcher.thread, watch, &watcher);
    size_t put = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        struct thing *thing = thing_new();
        if (cancel_after != 0 && i == cancel_after)
            assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
        if (weir_pipeline_put(pipeline, thing) == WEIR_OK)
            put++;
        else
            thing_consume(thing);
    }
    weir_report *report = finish_pipeline(pipeline, cancel_after != 0 ? WEIR_CANCELLED : WEIR_OK);
    atomic_store(&watcher.stop, true);
    thread_join(watcher.thread);
    if (watcher.wrong[0] != '\0')
        ck_abort_msg("%s: %s", shape->name, watcher.wrong);
    if (shape->add != add_source)
        ck_assert_uint_eq(report->counts.in, put);
    else
        ck_assert_uint_ge(report->counts.in, put);
    uint64_t dead_by_stages = 0;
    for (size_t i = 0; i < report->stage_count; i++)
        dead_by_stages += report->stages[i].counts.dead;
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(free_letters(dead), shape->add == add_letters ? 0 : dead_by_stages);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    assert_things_ended();
    return watcher.reports;
}

START_TEST (every_report_is_balanced_and_each_item_ends_once) {
    size_t reports = run_shape(&shapes[_i], 0);
    printf("%s: %zu reports\n", shapes[_i].name, reports);
}
END_TEST

START_TEST (the_same_with_a_cancel_in_the_middle) {
    size_t shape = (size_t)_i % COUNT_OF(shapes), round = (size_t)_i / COUNT_OF(shapes);
    (void)run_shape(&shapes[shape], 1 + round * 97);
}
END_TEST

static Suite *conservation_suite(void) {
    Suite *suite = suite_create("conservation of items");
    TCase *tcase = add_things_case(suite, "shapes");
    tcase_add_loop_test(tcase, every_report_is_balanced_and_each_item_ends_once, 0, COUNT_OF(shapes));
    tcase_add_loop_test(tcase, the_same_with_a_cancel_in_the_middle, 0, 6 * COUNT_OF(shapes));
    return suite;
}

int main(void) {
    return run_suite(conservation_suite());
}
