/*
 * dot.c - Implements the Graphviz format of a report.
 *
 * Each stage is a box with its figures. Each connection is an arrow, with the queue depth at its end. The bottleneck
 * has another colour.
 *
 * Nodes are called s0, s1 and so on. Names occur only in labels, where Graphviz reads a backslash as the start of an
 * escape and an ampersand as that of an entity. These and the quote are escaped. A line end becomes \n, and any other
 * control character U+FFFD.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/dot.h"

#include "report/bottleneck.h"
#include "report/figure.h"
#include "report/letter.h"
#include "report/report.h"

#include <inttypes.h>

static void print_escaped(weir__out *out, const char *string) {
    weir__letter letter;
    while (weir__letter_next(&string, &letter)) {
        if (*letter.bytes == '\n')
            weir__out_format(out, "\\n");
        else if (letter.control)
            weir__out_format(out, WEIR__STRANGE_LETTER);
        else if (*letter.bytes == '\\' || *letter.bytes == '"')
            weir__out_format(out, "\\%c", *letter.bytes);
        else if (*letter.bytes == '&')
            weir__out_format(out, "&amp;");
        else
            weir__out_bytes(out, letter.bytes, letter.size);
    }
}

static void print_stage(weir__out *out, const weir_report *report, size_t place) {
    const weir_stage_report *stage = &report->stages[place];
    weir__out_format(out, "    s%" PRIuMAX " [label=\"", (uintmax_t)place);
    print_escaped(out, stage->name);
    weir__out_format(out, "\\n%" PRIuMAX "/%" PRIuMAX " threads", (uintmax_t)stage->running, (uintmax_t)stage->threads);
    if (weir__report_is_elastic(stage))
        weir__out_format(out, " (at most %" PRIuMAX ")", (uintmax_t)stage->max_threads);
    weir__out_format(out, ", busy %s", weir__figure_share(stage->busy, weir__report_time(stage)).text);
    weir__out_format(out, "\\n%" PRIu64 " of %" PRIu64 " done, %s", stage->counts.done, stage->counts.in,
                     weir__figure_rate(stage->rate).text);
    weir__out_format(out, "\\n%" PRIu64 " failed, %" PRIu64 " dead, %" PRIu64 " dropped", stage->counts.failed,
                     stage->counts.dead, stage->counts.dropped);
    if (stage->timed_calls > 0)
        weir__out_format(out, "\\np50 %s, p99 %s", weir__figure_time(stage->p50).text,
                         weir__figure_time(stage->p99).text);
    weir__out_format(out, "\"%s];\n", stage == report->bottleneck ? ", fillcolor=\"#ffcc99\", penwidth=2" : "");
}

/* Labels an arrow with the depth of the queue that it leads to. An arrow of dead letters is dashed. */
static void print_queue(weir__out *out, const weir_stage_report *stage, bool dead) {
    weir__out_format(out, " [%slabel=\"%" PRIuMAX, dead ? "style=dashed, " : "", (uintmax_t)stage->depth);
    if (stage->capacity != SIZE_MAX)
        weir__out_format(out, "/%" PRIuMAX, (uintmax_t)stage->capacity);
    weir__out_format(out, " %s\"];\n", dead ? "letters" : "queued");
}

static bool is_led_to(const weir_report *report, size_t place) {
    for (size_t i = 0; i < report->edge_count; i++) {
        if (report->edges[i].to == place)
            return true;
    }
    return false;
}

/* Draws an arrow from nowhere to each stage without another input, to show its queue. A source has no queue. */
static void print_entries(weir__out *out, const weir_report *report) {
    for (size_t i = 0; i < report->stage_count; i++) {
        if (report->stages[i].capacity == 0 || is_led_to(report, i))
            continue;
        weir__out_format(out, "    in%" PRIuMAX " [shape=point];\n    in%" PRIuMAX " -> s%" PRIuMAX, (uintmax_t)i,
                         (uintmax_t)i, (uintmax_t)i);
        print_queue(out, &report->stages[i], false);
    }
}

static void print_bottleneck(weir__out *out, const weir_report *report) {
    if (report->state == WEIR_RUN_READY)
        return;
    weir__out_format(out, "\\nbottleneck: %s", weir__report_words(report).name);
    if (report->bottleneck != NULL)
        print_escaped(out, report->bottleneck->name);
}

void weir__print_dot(weir__out *out, const weir_report *report) {
    weir__out_format(out, "digraph weir {\n    rankdir=LR;\n    label=\"");
    print_escaped(out, report->name);
    print_bottleneck(out, report);
    weir__out_format(out, "\";\n    node [shape=box, style=filled, fillcolor=white];\n");
    for (size_t i = 0; i < report->stage_count; i++)
        print_stage(out, report, i);
    print_entries(out, report);
    for (size_t i = 0; i < report->edge_count; i++) {
        weir__out_format(out, "    s%" PRIuMAX " -> s%" PRIuMAX, (uintmax_t)report->edges[i].from,
                         (uintmax_t)report->edges[i].to);
        print_queue(out, &report->stages[report->edges[i].to], report->edges[i].dead);
    }
    weir__out_format(out, "}\n");
}
