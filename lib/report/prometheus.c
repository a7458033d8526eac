/*
 * prometheus.c - Implements the Prometheus text exposition format of reports, version 0.0.4.
 *
 * All samples of a metric must be adjacent, after its HELP and TYPE lines. The page therefore iterates over the
 * metrics, and for each over the reports and their stages. The label "number" distinguishes pipelines of the same name
 * on a page. Two tables list the metrics that come from members of a report; print_stuck and print_states print the
 * others.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/prometheus.h"

#include "base/mix.h"
#include "report/figure.h"
#include "report/letter.h"

#include <inttypes.h>
#include <string.h>

/* The type of a member, and how it is printed. */
enum kind {
    COUNT,    /* uint64_t */
    SIZE,     /* size_t */
    FLAG,     /* bool; 0 or 1 */
    CAPACITY, /* size_t; SIZE_MAX: infinite */
    LIMIT,    /* uint64_t; 0: infinite */
    RATE,     /* double, per second; 0: infinite */
    SECONDS,  /* uint64_t, nanoseconds */
    LATENCY   /* uint64_t, nanoseconds; NaN if their count, which is the first member, is 0 */
};

/* A member, and the label that distinguishes it from the others of its metric; "" if it is the only one. */
struct series {
    const char *label;
    size_t offset;
};

enum { MOST_SERIES = 5 };

struct metric {
    const char *name, *type, *help;
    enum kind kind;
    struct series series[MOST_SERIES]; /* up to the first without a label (NULL) */
};

#define OF_STAGE(member) offsetof(weir_stage_report, member)
#define OF_WHOLE(member) offsetof(weir_report, member)

static const struct metric stage_metrics[] = {
    {"weir_stage_items_in_total", "counter", "Items that have entered the stage.", COUNT, {{"", OF_STAGE(counts.in)}}},
    {"weir_stage_items_total",
     "counter",
     "Items that have left the stage, by outcome.",
     COUNT,
     {{"outcome=\"done\"", OF_STAGE(counts.done)},
      {"outcome=\"failed\"", OF_STAGE(counts.failed)},
      {"outcome=\"dead\"", OF_STAGE(counts.dead)},
      {"outcome=\"dropped\"", OF_STAGE(counts.dropped)}}},
    {"weir_stage_live",
     "gauge",
     "Items in flight in the stage, its input queue included.",
     COUNT,
     {{"", OF_STAGE(counts.live)}}},
    {"weir_stage_retries_total", "counter", "Attempts after an item's first.", COUNT, {{"", OF_STAGE(retried)}}},
    {"weir_stage_overdue_total",
     "counter",
     "Attempts, finished or in progress, that exceed the stage's attempt_time.",
     COUNT,
     {{"", OF_STAGE(overdue)}}},
    {"weir_stage_threads", "gauge", "Threads of the stage.", SIZE, {{"", OF_STAGE(threads)}}},
    {"weir_stage_threads_max", "gauge", "Maximum number of threads of the stage.", SIZE, {{"", OF_STAGE(max_threads)}}},
    {"weir_stage_threads_running",
     "gauge",
     "Threads of the stage at work: neither starved nor blocked.",
     SIZE,
     {{"", OF_STAGE(running)}}},
    {"weir_stage_on_crew", "gauge", "1 if the stage has no threads of its own.", FLAG, {{"", OF_STAGE(on_crew)}}},
    {"weir_stage_blocks",
     "gauge",
     "1 if calls of a stage on the crew have been seen to sleep.",
     FLAG,
     {{"", OF_STAGE(blocks)}}},
    {"weir_stage_rate_limit", "gauge", "Maximum calls of the stage per second.", RATE, {{"", OF_STAGE(limit)}}},
    {"weir_stage_paused", "gauge", "1 if the stage is paused.", FLAG, {{"", OF_STAGE(paused)}}},
    {"weir_stage_operations", "gauge", "Operations of the stage under way.", SIZE, {{"", OF_STAGE(detached)}}},
    {"weir_stage_operations_peak",
     "gauge",
     "Greatest number of operations of the stage at a time.",
     SIZE,
     {{"", OF_STAGE(detached_peak)}}},
    {"weir_stage_operations_max",
     "gauge",
     "Maximum number of calls and operations of the stage at a time; 0: no operations.",
     SIZE,
     {{"", OF_STAGE(in_flight)}}},
    {"weir_stage_children_started_total",
     "counter",
     "Child processes of the stage that were started.",
     COUNT,
     {{"", OF_STAGE(children.started)}}},
    {"weir_stage_children_ended_total",
     "counter",
     "Child processes of the stage that have ended during the run, by cause.",
     COUNT,
     {{"cause=\"signal\"", OF_STAGE(children.signal)},
      {"cause=\"exit\"", OF_STAGE(children.exit)},
      {"cause=\"limit\"", OF_STAGE(children.limit)},
      {"cause=\"deadline\"", OF_STAGE(children.late)},
      {"cause=\"replaced\"", OF_STAGE(children.replaced)}}},
    {"weir_stage_stalls_total",
     "counter",
     "Calls that held the thread of the stage up for stall_time.",
     COUNT,
     {{"", OF_STAGE(stalls)}}},
    {"weir_stage_queue_depth", "gauge", "Items in the stage's input queue.", SIZE, {{"", OF_STAGE(depth)}}},
    {"weir_stage_queue_peak",
     "gauge",
     "Greatest sampled depth of the stage's input queue.",
     SIZE,
     {{"", OF_STAGE(peak)}}},
    {"weir_stage_waiting",
     "gauge",
     "Finished items of an ordered stage that wait to leave behind earlier ones.",
     SIZE,
     {{"", OF_STAGE(waiting)}}},
    {"weir_stage_backing_off",
     "gauge",
     "Items of the stage that wait for their next attempt.",
     SIZE,
     {{"", OF_STAGE(backing_off)}}},
    {"weir_stage_queue_capacity",
     "gauge",
     "Capacity of the stage's input queue, in items; 0 for a source, which has none.",
     CAPACITY,
     {{"", OF_STAGE(capacity)}}},
    {"weir_stage_thread_seconds_total",
     "counter",
     "Time of the stage's threads, by state: at work, waiting for items, waiting for room, a rate or back-off, or "
     "paused.",
     SECONDS,
     {{"state=\"busy\"", OF_STAGE(busy)},
      {"state=\"starved\"", OF_STAGE(starved)},
      {"state=\"blocked\"", OF_STAGE(blocked)},
      {"state=\"paused\"", OF_STAGE(paused_time)}}},
    {"weir_stage_call_seconds",
     "summary",
     "Duration of the calls of the stage's function, without blocked time.",
     LATENCY,
     {{"", OF_STAGE(timed_calls)},
      {"quantile=\"0.5\"", OF_STAGE(p50)},
      {"quantile=\"0.9\"", OF_STAGE(p90)},
      {"quantile=\"0.99\"", OF_STAGE(p99)},
      {"quantile=\"1\"", OF_STAGE(max)}}},
    {"weir_stage_operation_seconds",
     "summary",
     "Time from the begin of an operation of the stage to its end, without blocked time.",
     LATENCY,
     {{"", OF_STAGE(operations)},
      {"quantile=\"0.5\"", OF_STAGE(operation_p50)},
      {"quantile=\"0.9\"", OF_STAGE(operation_p90)},
      {"quantile=\"0.99\"", OF_STAGE(operation_p99)},
      {"quantile=\"1\"", OF_STAGE(operation_max)}}},
};

static const struct metric pipeline_metrics[] = {
    {"weir_pipeline_items_in_total",
     "counter",
     "Items that have entered the pipeline, by put or from a source.",
     COUNT,
     {{"", OF_WHOLE(counts.in)}}},
    {"weir_pipeline_items_total",
     "counter",
     "Items that have left the pipeline, by outcome.",
     COUNT,
     {{"outcome=\"done\"", OF_WHOLE(counts.done)},
      {"outcome=\"failed\"", OF_WHOLE(counts.failed)},
      {"outcome=\"dead\"", OF_WHOLE(counts.dead)},
      {"outcome=\"dropped\"", OF_WHOLE(counts.dropped)}}},
    {"weir_pipeline_live", "gauge", "Items in flight.", COUNT, {{"", OF_WHOLE(counts.live)}}},
    {"weir_pipeline_max_items", "gauge", "Limit on the items in flight.", LIMIT, {{"", OF_WHOLE(max_items)}}},
    {"weir_pipeline_bytes", "gauge", "Bytes in flight, by the weigh function.", COUNT, {{"", OF_WHOLE(bytes)}}},
    {"weir_pipeline_max_bytes", "gauge", "Limit on the bytes in flight.", LIMIT, {{"", OF_WHOLE(max_bytes)}}},
    {"weir_pipeline_retries_total",
     "counter",
     "Attempts after an item's first, in all stages.",
     COUNT,
     {{"", OF_WHOLE(retried)}}},
    {"weir_pipeline_errors_total",
     "counter",
     "Errors in all stages, including those that led to a retry.",
     COUNT,
     {{"", OF_WHOLE(error_count)}}},
    {"weir_pipeline_paused", "gauge", "1 if the entrance is paused.", FLAG, {{"", OF_WHOLE(paused)}}},
    {"weir_pipeline_elapsed_seconds", "gauge", "Time since the start.", SECONDS, {{"", OF_WHOLE(elapsed)}}},
    {"weir_pipeline_late_workers",
     "gauge",
     "Threads that have been in a function for too long.",
     SIZE,
     {{"", OF_WHOLE(late_count)}}},
};

static weir__figure figure_of_limit(double per_second) {
    static const double billion = 1e9; /* also the greatest rate */
    return per_second > 0 && per_second <= billion ? weir__figure_seconds((uint64_t)(per_second * billion + 0.5))
                                                   : weir__figure_word("+Inf");
}

static weir__figure figure_of(const void *from, size_t offset, enum kind kind) {
    const void *member = (const char *)from + offset;
    if (kind == FLAG)
        return weir__figure_count(*(const bool *)member);
    if (kind == RATE)
        return figure_of_limit(*(const double *)member);
    uint64_t value = kind == SIZE || kind == CAPACITY ? *(const size_t *)member : *(const uint64_t *)member;
    if ((kind == CAPACITY && value == SIZE_MAX) || (kind == LIMIT && value == 0))
        return weir__figure_word("+Inf");
    return kind == SECONDS || kind == LATENCY ? weir__figure_seconds(value) : weir__figure_count(value);
}

static void print_value_of_label(weir__out *out, const char *value) {
    weir__letter letter;
    while (weir__letter_next(&value, &letter)) {
        if (*letter.bytes == '\n')
            weir__out_format(out, "\\n");
        else if (*letter.bytes == '\\' || *letter.bytes == '"')
            weir__out_format(out, "\\%c", *letter.bytes);
        else
            weir__out_bytes(out, letter.bytes, letter.size);
    }
}

/* A report, and the number of reports with the same name before it on the page. */
struct subject {
    const weir_report *report;
    size_t twins;
};

/* Prints a sample of the stage; if that is NULL, of the whole pipeline. */
static void print_sample(weir__out *out, struct subject subject, const weir_stage_report *stage, const char *name,
                         const char *label, weir__figure figure) {
    weir__out_format(out, "%s{pipeline=\"", name);
    print_value_of_label(out, subject.report->name);
    if (subject.twins > 0)
        weir__out_format(out, "\",number=\"%zu", subject.twins + 1);
    if (stage != NULL) {
        weir__out_format(out, "\",stage=\"");
        print_value_of_label(out, stage->name);
    }
    weir__out_format(out, "\"%s%s} %s\n", label[0] == 0 ? "" : ",", label, figure.text);
}

static void print_head(weir__out *out, const char *name, const char *type, const char *help) {
    weir__out_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The count comes last. */
static void print_latencies(weir__out *out, struct subject subject, const weir_stage_report *stage,
                            const struct metric *metric) {
    weir__figure count = figure_of(stage, metric->series[0].offset, COUNT);
    char name[64];
    for (size_t i = 1; i < MOST_SERIES; i++) {
        weir__figure figure = figure_of(stage, metric->series[i].offset, LATENCY);
        if (strcmp(count.text, "0") == 0)
            figure = weir__figure_word("NaN");
        print_sample(out, subject, stage, metric->name, metric->series[i].label, figure);
    }
    (void)snprintf(name, sizeof name, "%s_count", metric->name);
    print_sample(out, subject, stage, name, "", count);
}

static void print_samples(weir__out *out, struct subject subject, const weir_stage_report *stage,
                          const struct metric *metric) {
    const void *from = stage == NULL ? (const void *)subject.report : stage;
    if (metric->kind == LATENCY) {
        print_latencies(out, subject, stage, metric);
        return;
    }
    for (size_t i = 0; i < MOST_SERIES && metric->series[i].label != NULL; i++)
        print_sample(out, subject, stage, metric->name, metric->series[i].label,
                     figure_of(from, metric->series[i].offset, metric->kind));
}

static struct subject subject_at(const weir__page *page, size_t number) {
    return (struct subject){page->reports[number], page->twins == NULL ? 0 : page->twins[number].before};
}

/* Prints 1 for the current state and 0 for the others, so that a query can name a state. */
static void print_states(weir__out *out, const weir__page *page) {
    static const char *const labels[] = {"state=\"ready\"", "state=\"running\"", "state=\"draining\"",
                                         "state=\"cancelled\"", "state=\"over\""};
    print_head(out, "weir_pipeline_state", "gauge", "1 for the current state of the pipeline, 0 for the others.");
    for (size_t k = 0; k < page->count; k++) {
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
            print_sample(out, subject_at(page, k), NULL, "weir_pipeline_state", labels[i],
                         weir__figure_count((size_t)page->reports[k]->state == i));
    }
}

/* Prints 1 for the bottleneck and 0 for other kinds. */
static void print_bottlenecks(weir__out *out, const weir__page *page) {
    static const char *const labels[] = {"kind=\"none\"",  "kind=\"stage\"", "kind=\"calls\"",   "kind=\"input\"",
                                         "kind=\"rate\"",  "kind=\"keys\"",  "kind=\"results\"", "kind=\"letters\"",
                                         "kind=\"bytes\"", "kind=\"items\"", "kind=\"paused\"",  "kind=\"operations\""};
    print_head(out, "weir_pipeline_bottleneck", "gauge",
               "1 for what the throughput depends on, on average since the start, 0 for the other kinds.");
    for (size_t k = 0; k < page->count; k++) {
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
            print_sample(out, subject_at(page, k), NULL, "weir_pipeline_bottleneck", labels[i],
                         weir__figure_count((size_t)page->reports[k]->bottleneck_kind == i));
    }
}

/* Prints 1 for the stage of the bottleneck and 0 for other stages. */
static void print_bottleneck_stages(weir__out *out, const weir__page *page) {
    print_head(out, "weir_stage_bottleneck", "gauge", "1 if the bottleneck is of the stage, 0 if it is not.");
    for (size_t k = 0; k < page->count; k++) {
        for (size_t i = 0; i < page->reports[k]->stage_count; i++) {
            const weir_stage_report *stage = &page->reports[k]->stages[i];
            print_sample(out, subject_at(page, k), stage, "weir_stage_bottleneck", "",
                         weir__figure_count(stage == page->reports[k]->bottleneck));
        }
    }
}

static void print_stuck(weir__out *out, const weir__page *page) {
    print_head(out, "weir_pipeline_stuck_workers", "gauge",
               "Late threads that should have ended and have not returned.");
    for (size_t k = 0; k < page->count; k++) {
        const weir_report *report = page->reports[k];
        uint64_t stuck = 0;
        for (size_t i = 0; i < report->late_count; i++)
            stuck += report->late[i].stuck;
        print_sample(out, subject_at(page, k), NULL, "weir_pipeline_stuck_workers", "", weir__figure_count(stuck));
    }
}

/* Prints 1 for the cause of the last change of the number of threads, and 0 for the others. */
static void print_changes(weir__out *out, const weir__page *page) {
    static const char *const labels[] = {"cause=\"start\"", "cause=\"grew\"",    "cause=\"no_gain\"",
                                         "cause=\"idle\"",  "cause=\"blocked\"", "cause=\"set\""};
    print_head(out, "weir_stage_threads_change", "gauge",
               "1 for the cause of the last change of the number of threads.");
    for (size_t k = 0; k < page->count; k++) {
        for (size_t i = 0; i < page->reports[k]->stage_count; i++) {
            const weir_stage_report *stage = &page->reports[k]->stages[i];
            for (size_t j = 0; j < sizeof labels / sizeof labels[0]; j++)
                print_sample(out, subject_at(page, k), stage, "weir_stage_threads_change", labels[j],
                             weir__figure_count((size_t)stage->change == j));
        }
    }
}

static void print_metric_of_stages(weir__out *out, const weir__page *page, const struct metric *metric) {
    print_head(out, metric->name, metric->type, metric->help);
    for (size_t k = 0; k < page->count; k++) {
        for (size_t i = 0; i < page->reports[k]->stage_count; i++)
            print_samples(out, subject_at(page, k), &page->reports[k]->stages[i], metric);
    }
}

void weir__print_prometheus(weir__out *out, const weir__page *page) {
    for (size_t i = 0; i < sizeof pipeline_metrics / sizeof pipeline_metrics[0]; i++) {
        const struct metric *metric = &pipeline_metrics[i];
        print_head(out, metric->name, metric->type, metric->help);
        for (size_t k = 0; k < page->count; k++)
            print_samples(out, subject_at(page, k), NULL, metric);
    }
    print_stuck(out, page);
    print_states(out, page);
    print_bottlenecks(out, page);
    for (size_t i = 0; i < sizeof stage_metrics / sizeof stage_metrics[0]; i++)
        print_metric_of_stages(out, page, &stage_metrics[i]);
    print_changes(out, page);
    print_bottleneck_stages(out, page);
}

static bool are_equal_on_page(const char *one, const char *other) {
    weir__letter a, b;
    bool more = weir__letter_next(&one, &a), equal = weir__letter_next(&other, &b) == more;
    while (more && equal && a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0) {
        more = weir__letter_next(&one, &a);
        equal = weir__letter_next(&other, &b) == more;
    }
    return equal && !more;
}

/* FNV-1a of the name as printed on the page, mixed. */
static uint64_t hash_on_page(const char *name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    weir__letter letter;
    while (weir__letter_next(&name, &letter)) {
        for (size_t i = 0; i < letter.size; i++)
            hash = (hash ^ (unsigned char)letter.bytes[i]) * UINT64_C(0x100000001b3);
    }
    return weir__mix(hash);
}

/*
 * Returns the first report with that name so far; NULL if there is none, and `*key` is free. Keys of other names are
 * skipped by linear probing.
 */
static weir__twin *find_name(const weir__page *page, const weir__tree *names, const weir__twin *twins, const char *name,
                             uint64_t *key) {
    weir__twin *found;
    *key = hash_on_page(name);
    while ((found = (weir__twin *)weir__tree_find(names, *key)) != NULL &&
           !are_equal_on_page(name, page->reports[found - twins]->name))
        ++*key;
    return found;
}

void weir__page_count_twins(const weir__page *page, weir__twin *twins) {
    weir__tree names = {NULL};
    for (size_t i = 0; i < page->count; i++) {
        uint64_t key;
        weir__twin *first = find_name(page, &names, twins, page->reports[i]->name, &key);
        if (first == NULL) {
            first = &twins[i];
            first->node.key = key;
            first->so_far = 0;
            weir__tree_add(&names, &first->node);
        }
        twins[i].before = first->so_far++;
    }
}
