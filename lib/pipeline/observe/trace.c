/*
 * trace.c - Writes the trace.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/trace.h"

#include <inttypes.h>
#include <string.h>

#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

enum { ESCAPED = 6 }; /* maximum size of an escaped byte, in bytes */

/* Escapes a text for JSON. Truncates the result to `size` bytes. */
static void escape(char *to, size_t size, const char *text) {
    size_t used = 0;
    for (const char *at = text; *at != '\0' && used + ESCAPED < size; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            to[used++] = '\\';
        if (byte >= ' ')
            to[used++] = *at;
        else
            used += (size_t)snprintf(to + used, size - used, "\\u%04x", byte);
    }
    to[used] = '\0';
}

/* Returns the row of the stage's first worker. */
static size_t first_row_of(const weir_stage *wanted) {
    size_t row = 1;
    for (const weir_stage *stage = wanted->pipeline->first; stage != wanted; stage = stage->next)
        row += stage->options.threads.max;
    return row;
}

static void write_rows(weir_pipeline *pipeline, FILE *stream) {
    char name[WEIR__MESSAGE];
    escape(name, sizeof name, pipeline->name[0] != '\0' ? pipeline->name : "weir");
    fprintf(stream, "[\n{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}", name);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        stage->first_row = first_row_of(stage);
        escape(name, sizeof name, stage->name);
        for (size_t i = 0; i < stage->options.threads.max; i++)
            fprintf(stream,
                    ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%zu,\"name\":\"thread_name\",\"args\":{\"name\":\"%s-%zu\"}}",
                    stage->first_row + i, name, i);
    }
}

void weir__trace_begin(weir_pipeline *pipeline) {
    if (pipeline->options.trace == NULL)
        return;
    int before = weir__uncancellable_begin();
    write_rows(pipeline, pipeline->options.trace);
    weir__uncancellable_end(before);
}

static void write_call(const weir__lane *lane, uint64_t from, uint64_t to) {
    const weir_stage *stage = lane->stage;
    uint64_t start = from - stage->pipeline->started, took = to - from;
    char name[WEIR__MESSAGE];
    escape(name, sizeof name, stage->name);
    int before = weir__uncancellable_begin();
    fprintf(stage->pipeline->options.trace,
            ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%zu,\"name\":\"%s\",\"ts\":%" PRIu64 ".%03u,\"dur\":%" PRIu64 ".%03u}",
            stage->first_row + lane->number, name, start / 1000, (unsigned)(start % 1000), took / 1000,
            (unsigned)(took % 1000));
    weir__uncancellable_end(before);
}

void weir__trace_call(weir__lane *lane, uint64_t from, uint64_t to) {
    weir__callback call;
    weir__callback_begin(&call, lane->stage->pipeline, lane->stage, WEIR_IN_STREAM);
    write_call(lane, from, to);
    weir__callback_end(&call);
}

void weir__trace_end(weir_pipeline *pipeline) {
    FILE *stream = pipeline->options.trace;
    if (stream == NULL)
        return;
    int before = weir__uncancellable_begin();
    fprintf(stream, "\n]\n");
    fflush(stream);
    weir__uncancellable_end(before);
}

static void write_end(void *raw) {
    weir_pipeline *pipeline = raw;
    weir__visit visit = {.listed = false};
    weir__callback call;
    weir__visit_enter_listed(&visit, pipeline);
    weir__callback_begin(&call, pipeline, NULL, WEIR_IN_STREAM);
    weir__trace_end(pipeline);
    weir__callback_end(&call);
    weir__visit_leave(&visit);
}

void weir__trace_end_aside(weir_pipeline *pipeline) {
    if (pipeline->options.trace == NULL)
        return;
    pipeline->tracer = (weir__thread){.main = write_end, .arg = pipeline};
    strcpy(pipeline->tracer.name, "weir-trace");
    pipeline->has_tracer = weir__thread_start(&pipeline->tracer);
    if (!pipeline->has_tracer)
        write_end(pipeline);
}

bool weir__trace_join_until(weir_pipeline *pipeline, uint64_t deadline) {
    if (pipeline->has_tracer && !weir__thread_join_until(&pipeline->tracer, deadline))
        return false;
    pipeline->has_tracer = false;
    return true;
}
