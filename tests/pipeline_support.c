/*
 * pipeline_support.c - see pipeline_support.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- things ---- */

enum { THINGS = 1 << 17 };

static struct thing things[THINGS];
static atomic_size_t made;

void things_forget(void) {
    memset(things, 0, atomic_load(&made) * sizeof *things);
    atomic_store(&made, 0);
}

TCase *add_things_case(Suite *suite, const char *name) {
    TCase *tcase = add_case(suite, name);
    tcase_add_checked_fixture(tcase, things_forget, NULL);
    return tcase;
}

struct thing *thing_new(void) {
    size_t n = atomic_fetch_add(&made, 1);
    if (n >= THINGS) {
        fputs("too many things for one test\n", stderr);
        abort();
    }
    things[n].n = things[n].of = n;
    return &things[n];
}

struct thing *thing_at(size_t n) {
    return &things[n];
}

size_t things_made(void) {
    return atomic_load(&made);
}

void thing_consume(struct thing *thing) {
    atomic_fetch_add(&thing->consumed, 1);
}

void thing_drop(void *raw, void *unused) {
    struct thing *thing = raw;
    (void)unused;
    atomic_fetch_add(&thing->dropped, 1);
}

static void fail_if_twice(size_t n) {
    unsigned consumed = atomic_load(&things[n].consumed), dropped = atomic_load(&things[n].dropped);
    if (consumed + dropped > 1)
        ck_abort_msg("thing %zu was consumed %u times and dropped %u times", n, consumed, dropped);
}

size_t things_consumed(void) {
    size_t count = 0;
    for (size_t n = 0; n < things_made(); n++) {
        fail_if_twice(n);
        count += atomic_load(&things[n].consumed);
    }
    return count;
}

void wait_for_consumed(size_t count) {
    for (weir_deadline limit = hang_limit(); things_consumed() < count; nap()) {
        if (now() > limit)
            ck_abort_msg("%zu instead of %zu", things_consumed(), count);
    }
}

size_t things_dropped(void) {
    size_t count = 0;
    for (size_t n = 0; n < things_made(); n++) {
        fail_if_twice(n);
        count += atomic_load(&things[n].dropped);
    }
    return count;
}

void assert_things_ended(void) {
    for (size_t n = 0; n < things_made(); n++) {
        fail_if_twice(n);
        if (atomic_load(&things[n].consumed) + atomic_load(&things[n].dropped) == 0)
            ck_abort_msg("thing %zu of %zu has not ended", n, things_made());
    }
}

/* ---- functions of stages ---- */

void *consume_thing(void *thing, void *unused) {
    (void)unused;
    thing_consume(thing);
    return NULL;
}

int run_consume(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)unused;
    thing_consume(thing);
    return 0;
}

int run_batch_consume(weir_task *task, void *const *items, size_t count, void *unused) {
    for (size_t i = 0; i < count; i++)
        (void)run_consume(task, items[i], unused);
    return 0;
}

int run_pass_on(weir_task *task, void *item, void *unused) {
    (void)unused;
    weir_task_emit(task, item);
    return 0;
}

int run_pass_gate(weir_task *task, void *item, void *gate) {
    (void)task;
    (void)item;
    gate_pass(gate);
    return 0;
}

int run_pass_on_at_gate(weir_task *task, void *item, void *gate) {
    gate_pass(gate);
    weir_task_emit(task, item);
    return 0;
}

int end_at_once(weir_task *task, void *none, void *unused) {
    (void)task;
    (void)none;
    (void)unused;
    return WEIR_END;
}

void *copy_thing(void *thing, void *unused) {
    struct thing *copy = thing_new();
    (void)unused;
    copy->of = ((struct thing *)thing)->of;
    return copy;
}

/* ---- pipelines ---- */

weir_pipeline *new_pipeline(const weir_pipeline_options *options) {
    weir_pipeline *pipeline = NULL;
    weir_pipeline_options patient = options == NULL ? (weir_pipeline_options){0} : *options;
    if (patient.grace == 0)
        patient.grace = HANG_SECONDS * SECONDS;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, &patient));
    ck_assert_ptr_nonnull(pipeline);
    return pipeline;
}

bool is_on_crew(void) {
    return getenv("WEIR_TESTS_ON_CREW") != NULL;
}

void place_stage(weir_stage_options *options) {
    bool crew = is_on_crew() && options->work.init == NULL && options->work.fini == NULL &&
                options->work.wait == NULL && options->work.at_end == NULL && options->threads.max == 0;
    if (options->threads.width != 0)
        return;
    if (options->threads.count == 0)
        options->threads.count = 1;
    if (!crew)
        return;
    options->threads.width = options->threads.count;
    options->threads.count = options->threads.stack_size = 0;
}

weir_stage *add_stage(weir_pipeline *pipeline, weir_stage_options options) {
    weir_stage *stage = NULL;
    place_stage(&options);
    weir_status status = weir_pipeline_add(pipeline, &stage, &options);
    if (status != WEIR_OK)
        ck_abort_msg("add: %s: %s", weir_strerror(status), weir_pipeline_message(pipeline));
    ck_assert_ptr_nonnull(stage);
    return stage;
}

void connect_stages(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    weir_status status = weir_pipeline_connect(pipeline, from, to);
    if (status != WEIR_OK)
        ck_abort_msg("connect: %s: %s", weir_strerror(status), weir_pipeline_message(pipeline));
}

void assert_message(const weir_pipeline *pipeline, const char *beginning) {
    const char *message = weir_pipeline_message(pipeline);
    ck_assert_msg(strncmp(message, beginning, strlen(beginning)) == 0, "%s", message);
}

static int emit_one_thing(weir_task *task, void *none, void *unused) {
    (void)none;
    (void)unused;
    weir_task_emit(task, thing_new());
    return WEIR_END;
}

void add_failing_fan(weir_pipeline *pipeline, weir_worker_init *fails, void *arg, weir_stage_options last) {
    weir_stage *sick = add_stage(
        pipeline, (weir_stage_options){.name = "sick", .work = {.func = hand_back, .init = fails, .arg = arg}});
    weir_stage *source = add_stage(pipeline, (weir_stage_options){.name = "source", .work.source = emit_one_thing});
    weir_stage *stage = add_stage(pipeline, last);
    connect_stages(pipeline, sick, stage);
    connect_stages(pipeline, source, stage);
}

void start_pipeline(weir_pipeline *pipeline) {
    weir_status status = weir_pipeline_start(pipeline);
    if (status != WEIR_OK)
        ck_abort_msg("start: %s: %s", weir_strerror(status), weir_pipeline_message(pipeline));
}

void put_things(weir_pipeline *pipeline, size_t count) {
    for (size_t i = 0; i < count; i++) {
        weir_status status = weir_pipeline_put_until(pipeline, thing_new(), hang_limit());
        if (status != WEIR_OK)
            ck_abort_msg("put of thing %zu: %s", things_made() - 1, weir_strerror(status));
    }
}

/* A run with dropped items never returns WEIR_OK. */
static void assert_none_dropped(const weir_report *report) {
    ck_assert_uint_eq(report->counts.dropped, 0);
    for (size_t i = 0; i < report->stage_count; i++)
        ck_assert_uint_eq(report->stages[i].counts.dropped, 0);
}

weir_report *finish_pipeline(weir_pipeline *pipeline, weir_status wanted) {
    weir_report *report = NULL;
    weir_status status = weir_pipeline_finish(pipeline, hang_limit(), &report);
    if (status != wanted) {
        if (report != NULL)
            weir_report_print(report, WEIR_TABLE, stderr);
        ck_abort_msg("finish: \"%s\" instead of \"%s\"", weir_strerror(status), weir_strerror(wanted));
    }
    ck_assert_ptr_nonnull(report);
    ck_assert_int_eq(report->state, WEIR_RUN_OVER);
    ck_assert_int_eq(report->outcome, wanted);
    assert_all_over(report);
    if (wanted == WEIR_OK)
        assert_none_dropped(report);
    return report;
}

void finish_and_destroy(weir_pipeline *pipeline, weir_status wanted) {
    weir_report_free(finish_pipeline(pipeline, wanted));
    destroy_pipeline(pipeline);
}

void destroy_pipeline(weir_pipeline *pipeline) {
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
}

weir_report *report_of(weir_pipeline *pipeline) {
    weir_report *report = NULL;
    assert_status(WEIR_OK, weir_pipeline_report(pipeline, &report));
    ck_assert_ptr_nonnull(report);
    return report;
}

void wait_for_the_end(weir_pipeline *pipeline) {
    weir_run_state state = WEIR_RUN_RUNNING;
    for (weir_deadline limit = hang_limit(); state == WEIR_RUN_RUNNING; nap()) {
        ck_assert_uint_lt(now(), limit);
        weir_report *report = report_of(pipeline);
        state = report->state;
        weir_report_free(report);
    }
}

void wait_until_empty(weir_pipeline *pipeline) {
    uint64_t live = 1;
    for (weir_deadline limit = hang_limit(); live > 0; nap()) {
        ck_assert_uint_lt(now(), limit);
        weir_report *report = report_of(pipeline);
        live = report->counts.live;
        weir_report_free(report);
    }
}

const weir_stage_report *stage_in(const weir_report *report, const char *name) {
    for (size_t i = 0; i < report->stage_count; i++) {
        if (strcmp(report->stages[i].name, name) == 0)
            return &report->stages[i];
    }
    ck_abort_msg("no stage %s", name);
    return NULL;
}

/* Waits for a report with a depth of `least` to `most`. */
static void wait_for_depth(weir_pipeline *pipeline, const char *name, size_t least, size_t most, size_t running,
                           size_t waiting) {
    bool told = false;
    for (weir_deadline limit = hang_limit(); !told; nap()) {
        weir_report *report = report_of(pipeline);
        const weir_stage_report *stage = stage_in(report, name);
        told = stage->depth >= least && stage->depth <= most && stage->running == running &&
               stage->waiting == waiting && stage->counts.live == stage->depth + running + waiting;
        if (weir_deadline_after(0) > limit)
            ck_abort_msg("%s: %zu queued, %zu running, %zu waiting, %" PRIu64 " live", name, stage->depth,
                         stage->running, stage->waiting, stage->counts.live);
        weir_report_free(report);
    }
}

void wait_until_told(weir_pipeline *pipeline, const char *name, size_t depth, size_t running, size_t waiting) {
    wait_for_depth(pipeline, name, depth, depth, running, waiting);
}

void wait_until_full(weir_pipeline *pipeline, const char *name, size_t capacity, size_t running, size_t waiting) {
    wait_for_depth(pipeline, name, is_on_crew() ? capacity / 2 + 1 : capacity, capacity, running, waiting);
}

bool is_balanced(const weir_counts *counts) {
    uint64_t over = counts->done + counts->failed + counts->dead + counts->dropped;
    return over <= counts->in && counts->live <= counts->in && over + counts->live == counts->in;
}

static void assert_counts_balanced(const char *name, const weir_counts *counts) {
    if (!is_balanced(counts))
        ck_abort_msg("%s: %llu in, %llu done, %llu failed, %llu dead, %llu dropped, %llu live", name,
                     (unsigned long long)counts->in, (unsigned long long)counts->done,
                     (unsigned long long)counts->failed, (unsigned long long)counts->dead,
                     (unsigned long long)counts->dropped, (unsigned long long)counts->live);
}

void assert_balanced(const weir_report *report) {
    assert_counts_balanced("the whole", &report->counts);
    for (size_t i = 0; i < report->stage_count; i++)
        assert_counts_balanced(report->stages[i].name, &report->stages[i].counts);
}

void assert_all_over(const weir_report *report) {
    assert_balanced(report);
    ck_assert_msg(report->counts.live == 0, "%zu items are live", (size_t)report->counts.live);
    ck_assert_uint_eq(report->bytes, 0);
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        ck_assert_msg(stage->counts.live == 0, "%s: %zu items are live", stage->name, (size_t)stage->counts.live);
        ck_assert_uint_eq(stage->running, 0);
        ck_assert_uint_eq(stage->depth, 0);
    }
}

void assert_thread_ended(const weir_report *report, const char *stage, unsigned attempts) {
    ck_assert_uint_gt(report->kept_errors, 0);
    const weir_error *error = &report->errors[0];
    ck_assert_str_eq(error->stage, stage);
    ck_assert_int_eq(error->code, WEIR_CODE(WEIR_UNFINISHED));
    ck_assert_str_eq(error->message, "the stage's function ended its thread (pthread_exit)");
    ck_assert_uint_eq(error->attempts, attempts);
    for (size_t i = 0; i < report->kept_errors; i++)
        ck_assert_int_eq(report->errors[i].fatal, i == 0 && report->outcome == WEIR_FAILED);
}

void let_them_err(void) {
    sleep_until(weir_deadline_after(20 * MILLISECONDS));
}

void wait_for_count(const atomic_uint *counter, unsigned count) {
    for (weir_deadline limit = hang_limit(); atomic_load(counter) < count; nap()) {
        if (now() > limit)
            ck_abort_msg("%u instead of %u", atomic_load(counter), count);
    }
}

/* ---- calls ---- */

void make_pipeline_put(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_put_until(self->pipeline, call->item, call->deadline);
}

void make_pipeline_put_many(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_put_many(self->pipeline, call->items, call->count, &call->moved);
}

void make_pipeline_put_many_until(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_put_many_until(self->pipeline, call->items, call->count, &call->moved, call->deadline);
}

void make_pipeline_finish(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_finish(self->pipeline, call->deadline, &self->report);
}

void make_pipeline_wait(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_wait(self->pipeline, call->deadline);
}

void make_pipeline_cancel(struct call *call) {
    struct pipeline_call *self = (struct pipeline_call *)call;
    call->status = weir_pipeline_cancel(self->pipeline);
}
