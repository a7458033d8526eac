/*
 * test_pipeline_report.c - what a pipeline reports: reports, the live view, the trace; and signals that end it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "pipeline_support.h"
#include "terminal.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- figures ---- */

static void *sleep_a_moment(void *item, void *unused) {
    (void)unused;
    sleep_until(now() + 2 * MILLISECONDS);
    return item;
}

/* Whether the times are as expected if the machine runs the threads in time. */
static bool shows_the_bottleneck(const weir_report *report) {
    const weir_stage_report *quick = stage_in(report, "quick"), *slow = stage_in(report, "slow");
    return report->bottleneck == slow && quick->blocked > slow->busy / 4 && /* blocks on the slow stage's queue */
           stage_in(report, "idle")->starved > slow->busy;                  /* three threads wait for the slow one */
}

/* Checks a report of a slow stage between others; returns whether it shows the bottleneck. */
static bool run_a_slow_stage(size_t width) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "quick", .work.func = hand_back, .threads.width = width, .input.capacity = 4});
    add_stage(pipeline, (weir_stage_options){
                            .name = "slow", .work.func = sleep_a_moment, .threads.width = width, .input.capacity = 4});
    add_stage(pipeline, (weir_stage_options){.name = "idle", .work.func = consume_thing, .threads.count = 3});
    start_pipeline(pipeline);
    put_things(pipeline, 60);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    const weir_stage_report *slow = stage_in(report, "slow"), *idle = stage_in(report, "idle");
    ck_assert_uint_ge(slow->busy, 60 * 2 * MILLISECONDS);
    ck_assert_uint_ge(report->elapsed, 60 * 2 * MILLISECONDS);
    ck_assert_uint_ge(slow->p50, 2 * MILLISECONDS);
    ck_assert_uint_ge(slow->max, slow->p99);
    ck_assert_uint_ge(slow->p99, slow->p90);
    ck_assert_uint_ge(slow->p90, slow->p50);
    ck_assert_uint_ge(slow->timed_calls, 50);
    ck_assert_uint_le(slow->timed_calls, 60);
    ck_assert_uint_ge(slow->peak, 1);
    ck_assert_uint_le(slow->peak, 4);
    ck_assert_uint_eq(slow->capacity, 4);
    ck_assert_uint_eq(idle->threads, 3);
    ck_assert(slow->rate > 0 && slow->rate < 501);
    uint64_t all = idle->busy + idle->starved + idle->blocked; /* close to the time of three threads, and no more */
    ck_assert_uint_le(all, 3 * (report->elapsed + MILLISECONDS));
    bool shown = shows_the_bottleneck(report);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    return shown;
}

/* On threads of their own, or on the crew. On a busy machine, where all stages are slow, try again. */
START_TEST (the_slow_stage_is_the_bottleneck) {
    weir_deadline limit = hang_limit();
    while (!run_a_slow_stage((size_t)_i))
        ck_assert_msg(now() < limit, "the slow stage was never the bottleneck");
}
END_TEST

/* ---- stages that block on the crew ---- */

enum { SLEEPS = 40, QUICK = 400 };

static atomic_int calls;

/* Far longer than the processor time of a call, under an emulator too. */
static void *sleep_long(void *item, void *unused) {
    (void)unused;
    sleep_until(now() + 10 * MILLISECONDS);
    return item;
}

static void *sleep_at_first(void *item, void *unused) {
    return atomic_fetch_add(&calls, 1) < SLEEPS ? sleep_long(item, unused) : item;
}

/* Uses 0.3 ms of processor time, which may take any time. */
static void *compute_a_moment(void *item, void *unused) {
    struct timespec from, to;
    (void)unused;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    while ((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec < 300000);
    return item;
}

static int sleep_as_source(weir_task *task, void *unused, void *unused_too) {
    (void)unused_too;
    (void)sleep_long(NULL, unused);
    if (atomic_fetch_add(&calls, 1) == SLEEPS)
        return WEIR_END;
    weir_task_emit(task, thing_new());
    return 0;
}

static const struct blocker {
    weir_stage_options options;
    size_t items, threads;
    bool on_crew, blocks;
} blockers[] = {
    {{.work.func = sleep_long, .threads.width = 2}, SLEEPS, 2, true, true},
    {{.work.func = sleep_at_first, .threads.width = 2}, SLEEPS + QUICK, 2, true, true}, /* it stays */
    {{.work.func = compute_a_moment, .threads.width = 3}, SLEEPS, 3, true, false},
    {{.work.func = hand_back, .threads.width = 1}, QUICK, 1, true, false},
    {{.work.func = sleep_long, .threads.count = 2}, SLEEPS, 2, false, false},
    {{.work.func = sleep_long, .threads.count = 1, .threads.max = 1}, SLEEPS, 1, false, false},
};

static size_t count_lines_on_blocking(const weir_report *report) {
    char *text = NULL;
    size_t size, count = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_status(WEIR_OK, weir_report_print(report, WEIR_TABLE, stream));
    fclose(stream);
    for (const char *at = text; (at = strstr(at, "\nstage s blocks; give it threads of its own\n")) != NULL; at++)
        count++;
    free(text);
    return count;
}

/* Returns whether the report says that the stage blocks. */
static bool is_said_to_block(const struct blocker *blocker) {
    atomic_store(&calls, 0);
    weir_stage_options options = blocker->options;
    weir_pipeline *pipeline = new_pipeline(NULL);
    options.name = "s";
    add_stage(pipeline, options);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, blocker->items);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    const weir_stage_report *stage = stage_in(report, "s");
    ck_assert_uint_eq(stage->threads, blocker->threads);
    ck_assert_uint_eq(stage->max_threads, blocker->threads);
    ck_assert_int_eq(stage->on_crew, blocker->on_crew);
    bool blocks = stage->blocks;
    ck_assert(blocker->blocks || !blocks);
    ck_assert_uint_eq(count_lines_on_blocking(report), blocks);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    return blocks;
}

/* On a busy machine, the monitor of the crew may be too late to see calls sleep: try again. */
START_TEST (a_stage_on_the_crew_that_sleeps_is_said_to_block) {
    weir_deadline limit = hang_limit();
    while (is_said_to_block(&blockers[_i]) != blockers[_i].blocks)
        ck_assert_msg(now() < limit, "no stage was said to block");
}
END_TEST

static bool is_source_said_to_block(void) {
    atomic_store(&calls, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "s", .work.source = sleep_as_source, .threads.width = 1});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    bool blocks = stage_in(report, "s")->blocks;
    ck_assert_uint_eq(count_lines_on_blocking(report), blocks);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    return blocks;
}

START_TEST (a_source_on_the_crew_that_sleeps_is_said_to_block) {
    weir_deadline limit = hang_limit();
    while (!is_source_said_to_block())
        ck_assert_msg(now() < limit, "the source was never said to block");
}
END_TEST

START_TEST (a_report_of_a_running_pipeline_shows_the_items_in_flight) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = &gate,
                                             .threads.count = 2,
                                             .input.capacity = 8});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 7);
    gate_wait_for(&gate, 2);
    weir_report *report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_RUNNING);
    ck_assert_int_eq(report->outcome, WEIR_OK);
    ck_assert_uint_eq(report->counts.live, 7);
    ck_assert_uint_eq(report->stages[0].running, 2);
    ck_assert_uint_le(report->stages[0].depth, 5);
    ck_assert_uint_eq(report->stages[1].counts.in, 0);
    weir_report_free(report);
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_DRAINING);
    weir_report_free(report);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- times ---- */

struct restless {
    weir_pipeline *pipeline;
    atomic_bool enough;
};

/* Works briefly; some items sleep. */
static int work_or_sleep(weir_task *task, void *item, void *unused) {
    size_t n = ((struct thing *)item)->n;
    (void)unused;
    for (volatile size_t i = 0; i < n % 7 * 100; i++)
        continue;
    if (n % 31 == 0)
        nap();
    weir_task_emit(task, item);
    return 0;
}

static void *put_restlessly(void *raw) {
    struct restless *restless = raw;
    for (size_t n = 0; !atomic_load(&restless->enough); n++) {
        if (things_made() > 100000 || n % 5 == 0) /* makes every thread sleep now and then */
            nap();
        if (things_made() > 100000)
            continue;
        struct thing *thing = thing_new();
        if (weir_pipeline_put(restless->pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    return NULL;
}

static void assert_not_fallen(const char *what, size_t round, uint64_t before, uint64_t after) {
    if (after < before)
        ck_abort_msg("%s fell from %llu to %llu ns in report %zu", what, (unsigned long long)before,
                     (unsigned long long)after, round);
}

START_TEST (times_never_fall_and_no_thread_is_late_while_workers_sleep_and_wake) {
    enum { ROUNDS = 10000 };
    const uint64_t ample = HANG_SECONDS / 2 * SECONDS; /* for a call, on a busy machine too */
    struct restless restless = {.pipeline = new_pipeline(NULL)};
    weir_pipeline *pipeline = restless.pipeline;
    weir_stage_options options = {
        .work.run = work_or_sleep, .threads.count = 2, .input.capacity = 1, .errors.attempt_time = ample};
    if (_i == 1)
        options.limits.rate = 20000;
    options.name = "first";
    add_stage(pipeline, options);
    options.name = "second";
    options.limits.rate = 0;
    add_stage(pipeline, options);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .errors.attempt_time = ample});
    start_pipeline(pipeline);
    pthread_t thread;
    thread_start(&thread, put_restlessly, &restless);
    weir_report *last = report_of(pipeline);
    uint64_t overdue = 0;
    size_t late = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        weir_report *report = report_of(pipeline);
        for (size_t i = 0; i < report->stage_count; i++) {
            const weir_stage_report *then = &last->stages[i], *stage = &report->stages[i];
            assert_not_fallen("starved", round, then->starved, stage->starved);
            assert_not_fallen("blocked", round, then->blocked, stage->blocked);
            assert_not_fallen("all", round, then->busy + then->starved + then->blocked,
                              stage->busy + stage->starved + stage->blocked);
            overdue += stage->overdue;
        }
        late += report->late_count;
        weir_report_free(last);
        last = report;
    }
    atomic_store(&restless.enough, true);
    thread_join(thread);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    for (size_t i = 0; i < report->stage_count; i++) {
        assert_not_fallen("starved", ROUNDS, last->stages[i].starved, report->stages[i].starved);
        assert_not_fallen("blocked", ROUNDS, last->stages[i].blocked, report->stages[i].blocked);
    }
    ck_assert_uint_eq(overdue, 0);
    ck_assert_uint_eq(late, 0);
    weir_report_free(last);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- a JSON parser: returns the end of the parsed text, or NULL ---- */

static const char *skip_space(const char *at) {
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *read_value(const char *at);

static const char *read_text(const char *at) {
    for (at++; *at != '"'; at++) {
        if (*at == '\0' || (unsigned char)*at < ' ')
            return NULL;
        if (*at == '\\' && strchr("\"\\/bfnrtu", *++at) == NULL)
            return NULL;
    }
    return at + 1;
}

static const char *read_members(const char *at, char end, bool named) {
    at = skip_space(at + 1);
    if (*at == end)
        return at + 1;
    for (;; at = skip_space(at + 1)) {
        if (named) {
            at = *at == '"' ? read_text(at) : NULL;
            at = at == NULL ? NULL : skip_space(at);
            if (at == NULL || *at++ != ':')
                return NULL;
        }
        at = read_value(skip_space(at));
        if (at == NULL)
            return NULL;
        at = skip_space(at);
        if (*at == end)
            return at + 1;
        if (*at != ',')
            return NULL;
    }
}

static const char *read_value(const char *at) {
    char *end;
    switch (*at) {
        case '{':
            return read_members(at, '}', true);
        case '[':
            return read_members(at, ']', false);
        case '"':
            return read_text(at);
        default:
            strtod(at, &end);
            return end == at ? NULL : end;
    }
}

static bool is_json(const char *text) {
    const char *end = read_value(skip_space(text));
    return end != NULL && *skip_space(end) == '\0';
}

static size_t count_of(const char *text, const char *wanted) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    return count;
}

static int fail_odd(weir_task *task, void *item, void *unused) {
    if (((struct thing *)item)->n % 2 == 1 && weir_task_attempt(task) == 1)
        return 1;
    return run_consume(task, item, unused);
}

/* A row for each worker, an event for each call. */
START_TEST (a_trace_is_json_with_each_call) {
    char *text = NULL;
    size_t size = 0;
    FILE *trace = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(trace);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.name = "a \"name\"\\\n", .trace = trace});
    add_stage(pipeline, (weir_stage_options){.name = "first\t", .work.func = hand_back, .threads.count = 3});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "second \"2\"", .work.run = fail_odd, .errors.retry = {.attempts = 2}, .threads.count = 2});
    if (_i == 0) { /* not started */
        destroy_pipeline(pipeline);
        fclose(trace);
        ck_assert_uint_eq(size, 0);
        free(text);
        return;
    }
    start_pipeline(pipeline);
    put_things(pipeline, 50);
    finish_and_destroy(pipeline, WEIR_OK);
    fclose(trace);
    ck_assert_msg(is_json(text), "%s", text);
    ck_assert_uint_eq(count_of(text, "\"ph\":\"X\""), 50 + 50 + 25);
    ck_assert_uint_eq(count_of(text, "thread_name"), 5);
    ck_assert_uint_eq(count_of(text, "process_name"), 1);
    free(text);
}
END_TEST

/* Names that cannot be shown as they are: long ones are cut, and a pipeline without a name gets one. */
START_TEST (a_trace_with_names_that_are_too_long_is_json_too) {
    static char name[3000];
    memset(name, _i == 0 ? 'x' : _i == 1 ? '"' : '\n', sizeof name - 1);
    char *text = NULL;
    size_t size = 0;
    FILE *trace = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(trace);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.trace = trace});
    add_stage(pipeline, (weir_stage_options){.name = name, .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    finish_and_destroy(pipeline, WEIR_OK);
    fclose(trace);
    ck_assert_msg(is_json(text), "%s", text);
    ck_assert_uint_eq(count_of(text, "\"ph\":\"X\""), 5);
    ck_assert_uint_eq(count_of(text, "{\"name\":\"weir\"}"), 1);
    free(text);
}
END_TEST

/* ---- the view ---- */

static char *shown_on(FILE *stream, char **text, bool cancels) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "working", .work.func = hand_back_at_gate, .work.arg = &gate});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, stream, 20));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 20));
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, stream, 20)); /* already shown */
    put_things(pipeline, 20);
    gate_wait_for(&gate, 1);
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    weir_report_free(finish_pipeline(pipeline, cancels ? WEIR_CANCELLED : WEIR_OK));
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, stream, 20)); /* the run is over */
    destroy_pipeline(pipeline);
    fclose(stream);
    return *text;
}

START_TEST (to_a_file_the_view_is_plain_lines) {
    FILE *stream = tmpfile();
    ck_assert_ptr_nonnull(stream);
    FILE *reader = fdopen(dup(fileno(stream)), "r");
    ck_assert_ptr_nonnull(reader);
    char *none = NULL, line[512];
    shown_on(stream, &none, false);
    rewind(reader);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, reader));
    ck_assert_ptr_nonnull(strstr(line, " of 20 done"));
    ck_assert_ptr_null(strchr(line, '\033'));
    fclose(reader);
}
END_TEST

/* The running finish ends the view, so that no view may begin after it. */
START_TEST (no_view_begins_after_a_finish_has_begun) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "gate", .work.func = hand_back_at_gate, .work.arg = &gate});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    assert_status(WEIR_INVALID, weir_pipeline_show(pipeline, stderr, 0));
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (elsewhere_than_on_a_terminal_the_view_is_plain_lines) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    shown_on(stream, &text, _i == 1);
    ck_assert_uint_gt(size, 0);
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_nonnull(strchr(text, '\n'));
    free(text);
}
END_TEST

/* Reads all output, so that drawing does not block. */
struct screen {
    int master;
    pthread_t thread;
    size_t size;
    atomic_uint frames; /* frames that replaced an earlier one */
    char text[1 << 16];
};

static void *read_screen(void *raw) {
    struct screen *screen = raw;
    for (;;) {
        char piece[512];
        ssize_t size = read(screen->master, piece, sizeof piece);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return NULL; /* EIO: the other end is closed */
        for (ssize_t i = 0; i < size && screen->size + 1 < sizeof screen->text; i++)
            screen->text[screen->size++] = piece[i];
        atomic_store(&screen->frames, (unsigned)count_of(screen->text, "A\r"));
    }
}

/* Opens a terminal of this width, read by a thread; NULL if the system has none. */
static FILE *open_terminal(struct screen *screen, unsigned short columns) {
    struct terminal terminal;
    memset(screen, 0, sizeof *screen);
    if (!terminal_open(&terminal, columns))
        return NULL;
    screen->master = terminal.master;
    FILE *stream = fdopen(terminal.slave, "w");
    ck_assert_ptr_nonnull(stream);
    thread_start(&screen->thread, read_screen, screen);
    return stream;
}

START_TEST (on_a_terminal_the_view_draws_again_and_again) {
    static struct screen screen;
    struct gate gate = GATE;
    FILE *stream = open_terminal(&screen, 80);
    if (stream == NULL)
        return;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "working", .work.func = hand_back_at_gate, .work.arg = &gate});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 1));
    put_things(pipeline, 1);
    wait_for_count(&screen.frames, 2); /* frames are drawn by time alone */
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    fclose(stream);
    thread_join(screen.thread);
    close(screen.master);
    assert_things_ended();
}
END_TEST

/* A terminal without a known width counts as 80 columns. */
START_TEST (on_a_terminal_the_view_draws) {
    static struct screen screen;
    FILE *stream = open_terminal(&screen, _i == 0 ? 80 : 0);
    if (stream == NULL)
        return;
    char *text = screen.text;
    shown_on(stream, &text, false);
    thread_join(screen.thread);
    close(screen.master);
    ck_assert_uint_gt(screen.size, 0);
    ck_assert_ptr_nonnull(strchr(screen.text, '\033'));
    ck_assert_ptr_nonnull(strstr(screen.text, "working"));
}
END_TEST

START_TEST (a_view_ends_when_its_pipeline_is_destroyed) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 0));
    put_things(pipeline, 10);
    destroy_pipeline(pipeline);
    fclose(stream);
    free(text);
    assert_things_ended();
}
END_TEST

/* ---- signals ---- */

static const int ends[] = {SIGINT, SIGTERM};
static sigset_t mask_before;

static void block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &mask_before);
}

/* Consumes pending signals that came too late for their pipeline. */
static void unblock_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    while (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0)
        continue;
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

static void wait_for_state(weir_pipeline *pipeline, weir_run_state state) {
    for (weir_deadline limit = hang_limit(); now() < limit; nap()) {
        weir_report *report = report_of(pipeline);
        bool reached = report->state == state;
        weir_report_free(report);
        if (reached)
            return;
    }
    ck_abort_msg("it did not come to state %d", (int)state);
}

static weir_pipeline *ended_by_signals(struct gate *gate, uint64_t drain) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "gate", .work.run = run_pass_on_at_gate, .work.arg = gate, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, ends, 2, drain));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, ends, 2, drain));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, ends, 2, drain)); /* called before */
    put_things(pipeline, 10);
    gate_wait_for(gate, 1);
    return pipeline;
}

START_TEST (the_first_signal_drains_the_pipeline) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ended_by_signals(&gate, 3600 * SECONDS);
    ck_assert_int_eq(kill(getpid(), ends[_i]), 0);
    wait_for_state(pipeline, WEIR_RUN_DRAINING);
    weir_status status;
    do { /* the state changes first; until the entrance is closed, it may be full */
        struct thing *late = thing_new();
        status = weir_pipeline_put_until(pipeline, late, 0);
        if (status != WEIR_OK)
            thing_consume(late);
    } while (status == WEIR_OK || status == WEIR_TIMEDOUT);
    assert_status(WEIR_CLOSED, status);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), things_made());
}
END_TEST

static int consume_batch(weir_task *task, void *const *items, size_t count, void *raw) {
    atomic_uint *ended = raw; /* batches completed because no more items will come */
    for (size_t i = 0; i < count; i++)
        thing_consume(items[i]);
    atomic_fetch_add(ended, weir_task_batch_reason(task) == WEIR_BATCH_END);
    return 0;
}

START_TEST (a_signal_completes_an_incomplete_batch_before_any_finish) {
    atomic_uint ended = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on, .threads.count = 2});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "batch", .work.run_batch = consume_batch, .work.arg = &ended, .batch = {.items = 100}});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, ends, 2, 3600 * SECONDS));
    put_things(pipeline, 3);
    ck_assert_int_eq(kill(getpid(), ends[_i]), 0);
    wait_for_count(&ended, 1); /* without a call of finish */
    ck_assert_uint_eq(things_consumed(), 3);
    struct thing *late = thing_new();
    assert_status(WEIR_CLOSED, weir_pipeline_put(pipeline, late));
    thing_consume(late);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_int_eq(report->signal, ends[_i]);
    ck_assert_uint_eq(report->counts.done, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (the_second_signal_cancels) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ended_by_signals(&gate, 3600 * SECONDS);
    ck_assert_int_eq(kill(getpid(), SIGINT), 0);
    wait_for_state(pipeline, WEIR_RUN_DRAINING);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    wait_for_state(pipeline, WEIR_RUN_CANCELLED);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* A short drain time, and one long enough to look for a second signal meanwhile. */
START_TEST (what_is_not_drained_in_time_is_cancelled) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ended_by_signals(&gate, _i == 0 ? MILLISECONDS : 120 * MILLISECONDS);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    wait_for_state(pipeline, WEIR_RUN_CANCELLED);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_TIMEDOUT);
    assert_things_ended();
}
END_TEST

/* The signal thread drops the items cancelled by the second signal: that thread may not wait for the end either. */
static struct dropping {
    weir_pipeline *pipeline, *other;
    atomic_uint calls;
    weir_status waited, finished, destroyed, finished_other;
} dropping;

static void finish_in_drop(void *item, void *unused) {
    if (atomic_fetch_add(&dropping.calls, 1) == 0) {
        dropping.waited = weir_pipeline_wait(dropping.pipeline, WEIR_NEVER);
        dropping.finished = weir_pipeline_finish(dropping.pipeline, WEIR_NEVER, NULL);
        dropping.destroyed = weir_pipeline_destroy(dropping.pipeline);
        dropping.finished_other = weir_pipeline_finish(dropping.other, hang_limit(), NULL);
    }
    thing_drop(item, unused);
}

START_TEST (a_drop_function_in_the_thread_of_the_signals_may_finish) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "gate", .work.func = hand_back_at_gate, .work.arg = &gate, .input.drop = finish_in_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    dropping = (struct dropping){.pipeline = pipeline, .other = new_pipeline(NULL)};
    add_stage(dropping.other, (weir_stage_options){.name = "other", .work.func = consume_thing});
    start_pipeline(dropping.other);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, ends, 2, 3600 * SECONDS));
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    put_things(pipeline, 3);
    ck_assert_int_eq(kill(getpid(), SIGINT), 0);
    wait_for_state(pipeline, WEIR_RUN_DRAINING);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    wait_for_count(&dropping.calls, 3);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_status(WEIR_DEADLOCK, dropping.waited);
    assert_status(WEIR_DEADLOCK, dropping.finished);
    assert_status(WEIR_DEADLOCK, dropping.destroyed);
    assert_status(WEIR_OK, dropping.finished_other);
    destroy_pipeline(dropping.other);
    assert_things_ended();
}
END_TEST

START_TEST (without_a_signal_it_just_ends) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ended_by_signals(&gate, 0);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_int_eq(report->signal, 0); /* weir's internal wakeup signal is not counted */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 10);
    sigset_t pending;
    sigpending(&pending);
    ck_assert(!sigismember(&pending, SIGINT)); /* no internal signal is left pending */
}
END_TEST

START_TEST (signals_that_are_not_blocked_are_refused) {
    static const int also[] = {SIGINT, SIGUSR2}, none[] = {SIGINT, 9999}, own[] = {SIGINT, SIGSEGV};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, also, 2, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, none, 2, 0));
    assert_status(WEIR_INVALID, weir_pipeline_end_on(pipeline, own, 2, 0)); /* weir's threads do not block it */
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, ends, 2, 0)); /* a refused call does not count */
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

static Suite *report_suite(void) {
    Suite *suite = suite_create("reports of a pipeline");
    TCase *figures = add_things_case(suite, "figures");
    tcase_add_loop_test(figures, the_slow_stage_is_the_bottleneck, 0, 2);
    tcase_add_loop_test(figures, a_stage_on_the_crew_that_sleeps_is_said_to_block, 0, (int)COUNT_OF(blockers));
    tcase_add_test(figures, a_source_on_the_crew_that_sleeps_is_said_to_block);
    tcase_add_test(figures, a_report_of_a_running_pipeline_shows_the_items_in_flight);
    tcase_add_loop_test(figures, times_never_fall_and_no_thread_is_late_while_workers_sleep_and_wake, 0, 2);
    tcase_add_loop_test(figures, a_trace_is_json_with_each_call, 0, 2);
    tcase_add_loop_test(figures, a_trace_with_names_that_are_too_long_is_json_too, 0, 3);
    TCase *view = add_things_case(suite, "view");
    tcase_add_loop_test(view, elsewhere_than_on_a_terminal_the_view_is_plain_lines, 0, 2);
    tcase_add_test(view, to_a_file_the_view_is_plain_lines);
    tcase_add_test(view, no_view_begins_after_a_finish_has_begun);
    tcase_add_loop_test(view, on_a_terminal_the_view_draws, 0, 2);
    tcase_add_test(view, on_a_terminal_the_view_draws_again_and_again);
    tcase_add_test(view, a_view_ends_when_its_pipeline_is_destroyed);
    TCase *signals = add_things_case(suite, "signals");
    tcase_add_checked_fixture(signals, block_signals, unblock_signals);
    tcase_add_loop_test(signals, the_first_signal_drains_the_pipeline, 0, 2);
    tcase_add_loop_test(signals, a_signal_completes_an_incomplete_batch_before_any_finish, 0, 2);
    tcase_add_test(signals, the_second_signal_cancels);
    tcase_add_loop_test(signals, what_is_not_drained_in_time_is_cancelled, 0, 2);
    tcase_add_test(signals, a_drop_function_in_the_thread_of_the_signals_may_finish);
    tcase_add_test(signals, without_a_signal_it_just_ends);
    tcase_add_test(signals, signals_that_are_not_blocked_are_refused);
    return suite;
}

int main(void) {
    return run_suite(report_suite());
}
