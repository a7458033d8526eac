/*
 * report.c - Implements a report as one block of memory: the report, then its arrays, then all of the strings.
 *
 * One allocation can fail in one place only, and one call frees it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/report.h"
#include "sync/memory.h"

#include <string.h>

/* The block, and how many of its bytes are in use. */
struct piece {
    char *memory;
    size_t taken;
};

/* Rounds a size up, so that each array is aligned for any type. */
static size_t rounded(size_t size) {
    return (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
}

static const char *or_empty(const char *string) {
    return string == NULL ? "" : string;
}

static size_t length_of(const char *string) {
    return strlen(or_empty(string)) + 1;
}

static size_t strings_of(const weir_error *errors, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += length_of(errors[i].stage) + length_of(errors[i].message);
    return size;
}

static size_t size_of(const weir_report *draft) {
    size_t size =
        rounded(sizeof *draft) + rounded(draft->stage_count * sizeof *draft->stages) +
        rounded(draft->edge_count * sizeof *draft->edges) + rounded(draft->kept_errors * sizeof *draft->errors) +
        rounded(draft->latest_count * sizeof *draft->latest) + rounded(draft->late_count * sizeof *draft->late);
    size += length_of(draft->name);
    for (size_t i = 0; i < draft->stage_count; i++)
        size += length_of(draft->stages[i].name);
    size += strings_of(draft->errors, draft->kept_errors) + strings_of(draft->latest, draft->latest_count);
    for (size_t i = 0; i < draft->late_count; i++)
        size += length_of(draft->late[i].stage);
    return size;
}

/* Copies an array into the next part of the block. */
static void *copy_array(struct piece *piece, const void *array, size_t size) {
    void *copy = piece->memory + piece->taken;
    if (size > 0)
        memcpy(copy, array, size);
    piece->taken += rounded(size);
    return copy;
}

/* Likewise for a string. Strings come last, because what follows one would not be aligned. */
static const char *copy_string(struct piece *piece, const char *string) {
    size_t size = length_of(string);
    char *copy = piece->memory + piece->taken;
    memcpy(copy, or_empty(string), size);
    piece->taken += size;
    return copy;
}

static void copy_strings(struct piece *piece, weir_error *errors, size_t count) {
    for (size_t i = 0; i < count; i++) {
        errors[i].stage = copy_string(piece, errors[i].stage);
        errors[i].message = copy_string(piece, errors[i].message);
    }
}

weir_report *weir__report_copy(const weir_report *draft) {
    struct piece piece = {.memory = weir__alloc(size_of(draft))};
    if (piece.memory == NULL)
        return NULL;
    weir_report *report = copy_array(&piece, draft, sizeof *draft);
    weir_stage_report *stages = copy_array(&piece, draft->stages, draft->stage_count * sizeof *stages);
    report->stages = stages;
    report->edges = copy_array(&piece, draft->edges, draft->edge_count * sizeof *draft->edges);
    weir_error *errors = copy_array(&piece, draft->errors, draft->kept_errors * sizeof *errors);
    report->errors = errors;
    weir_error *latest = copy_array(&piece, draft->latest, draft->latest_count * sizeof *latest);
    report->latest = latest;
    weir_late_worker *late = copy_array(&piece, draft->late, draft->late_count * sizeof *late);
    report->late = late;
    if (draft->bottleneck != NULL)
        report->bottleneck = &stages[draft->bottleneck - draft->stages];

    report->name = copy_string(&piece, draft->name);
    for (size_t i = 0; i < report->stage_count; i++)
        stages[i].name = copy_string(&piece, stages[i].name);
    copy_strings(&piece, errors, report->kept_errors);
    copy_strings(&piece, latest, report->latest_count);
    for (size_t i = 0; i < report->late_count; i++)
        late[i].stage = copy_string(&piece, late[i].stage);
    return report;
}

void weir_report_free(weir_report *report) {
    weir__free(report);
}

/* Returns a double: the times of many threads over many months do not fit into 64 bits. */
double weir__report_time(const weir_stage_report *stage) {
    return (double)stage->busy + (double)stage->starved + (double)stage->blocked + (double)stage->paused_time;
}

const char *weir__report_cause(weir_thread_change change) {
    static const char *const causes[] = {"the start",
                                         "grew, items waited",
                                         "shrank, more threads gave no gain",
                                         "shrank, threads were idle",
                                         "shrank, threads were blocked",
                                         "the limits were set anew"};
    size_t cause = (size_t)change;
    return cause < sizeof causes / sizeof causes[0] ? causes[cause] : "unknown";
}

const char *weir__report_place(weir_place where) {
    static const char *const places[] = {"in its function",     "in a drop function", "in its fini",    "in a callback",
                                         "writing to a stream", "ending its thread",  "in an operation"};
    _Static_assert(sizeof places / sizeof places[0] == WEIR_IN_OPERATION + 1, "a place has no name");
    size_t place = (size_t)where;
    return place < sizeof places / sizeof places[0] ? places[place] : "somewhere";
}
