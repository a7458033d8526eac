/*
 * pipeline_support.c - implements what the scenarios of pipelines share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <string.h>

weir_pipeline *pipeline;
weir_queue *gate;
int ran[NUMBERS], done[NUMBERS], dropped[NUMBERS];

void begin_pipeline(weir_pipeline_options options) {
    memset(ran, 0, sizeof ran);
    memset(done, 0, sizeof done);
    memset(dropped, 0, sizeof dropped);
    options.grace = options.grace == 0 ? UINT64_MAX : options.grace;
    options.max_errors = 4;
    sched_calm(true);
    gate = new_queue(8);
    must(weir_pipeline_create(&pipeline, &options), WEIR_OK);
    sched_calm(false);
}

static void count_drop(void *got, void *arg) {
    (void)arg;
    dropped[number(got)]++;
}

weir_queue *new_counting_queue(size_t capacity) {
    weir_queue *queue;
    weir_queue_options options = {.capacity = capacity, .drop = count_drop};
    must(weir_queue_create_with(&queue, &options), WEIR_OK);
    return queue;
}

weir_stage *add_stage(weir_stage_options options) {
    weir_stage *stage;
    options.input.drop = options.input.drop == NULL ? count_drop : options.input.drop;
    if (options.work.source == NULL && options.input.capacity == 0)
        options.input.capacity = 1;
    if (options.threads.count == 0 && options.threads.width == 0)
        options.threads.count = 1; /* a thread of its own */
    must(weir_pipeline_add(pipeline, &stage, &options), WEIR_OK);
    return stage;
}

void start_pipeline(void) {
    sched_calm(true);
    weir_status status = weir_pipeline_start(pipeline);
    sched_settle();
    sched_check(status == WEIR_OK, "%s", weir_pipeline_message(pipeline));
}

void put_items(int first, int count) {
    for (int i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, item(first + i)), WEIR_OK);
}

void put_if_open(void *got) {
    weir_status status = weir_pipeline_put(pipeline, got);
    if (status != WEIR_OK) {
        must(status, WEIR_CLOSED);
        dropped[number(got)]++;
    }
}

/* ---- reports ---- */

static void check_sum(const char *whose, const weir_counts *counts) {
    uint64_t over = counts->done + counts->failed + counts->dead + counts->dropped;
    sched_check(counts->live <= counts->in && counts->in == over + counts->live,
                "%s: in %d, done %d, failed %d, dead %d, dropped %d, live %d", whose, (int)counts->in,
                (int)counts->done, (int)counts->failed, (int)counts->dead, (int)counts->dropped, (int)counts->live);
}

static void check_fatal_error(const weir_report *report) {
    for (size_t i = 0; i < report->kept_errors; i++)
        sched_check(report->errors[i].fatal == (i == 0 && report->outcome == WEIR_FAILED),
                    "error %d of a run that is \"%s\" is %sfatal", (int)i, weir_strerror(report->outcome),
                    report->errors[i].fatal ? "" : "not ");
    sched_check(report->outcome != WEIR_FAILED || report->kept_errors > 0, "no error has ended the run");
}

static void check_sums(const weir_report *report) {
    check_fatal_error(report);
    check_sum("the whole", &report->counts);
    for (size_t i = 0; i < report->stage_count; i++)
        check_sum(report->stages[i].name, &report->stages[i].counts);
}

void look(void *unused) {
    weir_report *report;
    (void)unused;
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    check_sums(report);
    weir_report_free(report);
}

void look_calmly(void) {
    sched_calm(true);
    look(NULL);
    sched_calm(false);
}

void finish_beside(int other, weir_status expected) {
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), expected);
    sched_join(other);
}

static void check_over(const weir_counts *counts, const char *name, weir_status outcome) {
    sched_check(counts->live == 0, "%d are live in %s", (int)counts->live, name);
    sched_check(counts->dropped == 0 || outcome != WEIR_OK, "%d were dropped in %s, and all is well",
                (int)counts->dropped, name);
}

/* `stage` is the one of the function that has ended its thread; NULL: none has. */
static void check_exit(const weir_report *report, const char *stage) {
    if (stage == NULL)
        return;
    const weir_error *error = &report->errors[0];
    sched_check(error->code == WEIR_CODE(WEIR_UNFINISHED) && strcmp(error->stage, stage) == 0,
                "the first error is %d of %s", error->code, error->stage);
    sched_check(report->error_count == 1, "%d errors", (int)report->error_count);
}

static weir_counts finish(weir_status expected, const char *exited) {
    weir_report *report;
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), expected);
    sched_calm(true);
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    check_sums(report);
    sched_check(report->state == WEIR_RUN_OVER, "its state is %d", (int)report->state);
    check_exit(report, exited);
    check_over(&report->counts, "the whole", expected);
    for (size_t i = 0; i < report->stage_count; i++)
        check_over(&report->stages[i].counts, report->stages[i].name, expected);
    weir_counts counts = report->counts;
    weir_report_free(report);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    must(weir_queue_destroy(gate), WEIR_OK);
    sched_calm(false);
    return counts;
}

void finish_pipeline(weir_status expected) {
    (void)finish(expected, NULL);
}

void finish_with(weir_status expected, unsigned is_done, unsigned failed, unsigned dead, unsigned is_dropped) {
    weir_counts counts = finish(expected, NULL);
    sched_check(counts.done == is_done && counts.failed == failed && counts.dead == dead &&
                    counts.dropped == is_dropped,
                "done %d, failed %d, dead %d, dropped %d", (int)counts.done, (int)counts.failed, (int)counts.dead,
                (int)counts.dropped);
}

void finish_exited(const char *stage, unsigned failed) {
    weir_counts counts = finish(WEIR_FAILED, stage);
    sched_check(counts.failed == failed && counts.dead == 0, "failed %d, dead %d", (int)counts.failed,
                (int)counts.dead);
}

void check_each_ended_once(int last) {
    for (int i = 1; i <= last; i++)
        sched_check(done[i] + dropped[i] == 1, "item %d was done %d times and dropped %d times", i, done[i],
                    dropped[i]);
}

void check_results(weir_queue *results, const int *expected) {
    void *got;
    for (; *expected != 0; expected++) {
        must(weir_queue_get(results, &got), WEIR_OK);
        sched_check(number(got) == *expected, "%d instead of %d", number(got), *expected);
    }
    must(weir_queue_get(results, &got), WEIR_CLOSED);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* ---- functions ---- */

void begin_call(const void *got) {
    ran[number(got)]++;
}

int end_call(const void *got) {
    done[number(got)]++;
    return 0;
}

void *pass_on(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    (void)end_call(got);
    return got;
}

int pass_on_run(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, got);
    return end_call(got);
}

void cancel(void *unused) {
    (void)unused;
    must(weir_pipeline_cancel(pipeline), WEIR_OK);
}

void open_gate(void) {
    must(weir_queue_put(gate, item(1)), WEIR_OK);
}

void wait_at_gate(void) {
    (void)get_number(gate);
}
