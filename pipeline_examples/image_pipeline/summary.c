/*
 * summary.c - prints the pipeline's report in the terms of this program.
 *
 * The report counts each photo that was put in exactly one place. Therefore total = done + failed + abandoned + not
 * started + skipped. The pipeline counts skipped photos as done, and those that were put again to their queue, which are
 * left out here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "interrupt.h"
#include "terminal.h"

static uint64_t failed(const weir_counts *counts) {
    return counts->failed + counts->dead;
}

static void print_failed(const weir_report *report) {
    printf("%-12s %" PRIu64, "failed", failed(&report->counts));
    for (size_t i = 0; i < report->stage_count && failed(&report->counts) > 0; i++) {
        const weir_stage_report *stage = &report->stages[i];
        printf("%s%s %" PRIu64, i == 0 ? " (" : ", ", stage->name, failed(&stage->counts));
    }
    puts(failed(&report->counts) > 0 ? ")" : "");
}

/* Prints the notes, which are about photos that are done. */
static void print_noted(struct work *work) {
    size_t profiles = atomic_load(&work->profiles_ignored), damaged = atomic_load(&work->damaged_kept);
    printf("%-12s %zu", "noted", profiles + damaged);
    printf(profiles + damaged > 0 ? " (profile ignored %zu, damaged %zu)\n" : "\n", profiles, damaged);
}

static void print_stages(const weir_report *report) {
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        printf("%-12s busy %.3f s in %zu thread%s\n", stage->name, (double)stage->busy / 1e9, stage->threads,
               stage->threads == 1 ? "" : "s");
    }
}

/* Returns the signal that has begun the end of the run; 0 if none. */
static int signal_of(const weir_report *report) {
    return report->signal != 0 ? report->signal : interrupt_number();
}

/* Returns whether the destination, or each host of the pictures, does not take part any more. */
static bool was_given_up(struct work *work) {
    return atomic_load(&work->refusals.have_ended_run) || hosts_are_gone(work->hosts);
}

/* Says how much an early end has cut off. Returns false if that is nothing. */
static bool tell_cut_off(const weir_report *report, struct work *work, uint64_t not_started) {
    bool is_whole = atomic_load(&work->ends.source.is_whole);
    uint64_t dropped = report->counts.dropped;
    if (dropped + not_started == 0 && is_whole)
        return false;
    const char *why = was_given_up(work) ? "given up" : signal_of(report) != 0 ? "interrupted" : "stopped";
    char abandoned[48] = "";
    if (dropped > 0)
        snprintf(abandoned, sizeof abandoned, ", %" PRIu64 " abandoned", dropped);
    terminal_say("%s: %" PRIu64 " not started%s%s", why, not_started, abandoned,
                 is_whole                          ? ""
                 : work->ends.source.queue != NULL ? "; other programs can take the rest of the queue"
                                                   : "; the list was not read to its end");
    return true;
}

static int exit_status(const weir_report *report, struct work *work, bool is_cut_off) {
    uint64_t total = atomic_load(&work->ends.source.count);
    if (was_given_up(work))
        return EXIT_GIVEN_UP;
    if (signal_of(report) != 0 && is_cut_off)
        return SIGNAL_STATUS + signal_of(report);
    bool is_enough = total > 0 || work->ends.source.queue != NULL; /* of a queue, other programs may have had all */
    return !is_cut_off && is_enough && report->counts.done == total ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_figures(const weir_report *report, struct work *work, uint64_t not_started) {
    const weir_counts *counts = &report->counts;
    uint64_t skipped = atomic_load(&work->skipped), put_again = atomic_load(&work->put_again);
    uint64_t total = atomic_load(&work->ends.source.count) - put_again;
    uint64_t done = counts->done - skipped - put_again;
    double seconds = (double)report->elapsed / 1e9;
    printf("%-12s %" PRIu64 " of %" PRIu64 "\n", "done", done, total);
    printf("%-12s %" PRIu64 "\n", "skipped", skipped);
    print_failed(report);
    print_noted(work);
    printf("%-12s %" PRIu64 "\n", "retried", (uint64_t)atomic_load(&work->retried));
    printf("%-12s %" PRIu64 "\n", "abandoned", counts->dropped);
    printf("%-12s %" PRIu64 "\n", "not started", not_started);
    printf("%-12s %" PRIuFAST64 "\n", "bytes in", atomic_load(&work->bytes_in));
    printf("%-12s %" PRIuFAST64 "\n", "bytes out", atomic_load(&work->bytes_out));
    printf("%-12s %.3f s\n", "time", seconds);
    printf("%-12s %.1f images/s\n", "rate", seconds > 0 ? (double)done / seconds : 0.0);
    print_stages(report);
}

int summary_print(const weir_report *report, struct work *work) {
    uint64_t not_started = atomic_load(&work->ends.source.count) - report->counts.in;
    bool is_cut_off = tell_cut_off(report, work, not_started);
    if (!work->options->is_quiet)
        print_figures(report, work, not_started);
    bool is_printed = fflush(stdout) == 0 && !ferror(stdout);
    if (!is_printed)
        terminal_say("cannot write the summary");
    int status = exit_status(report, work, is_cut_off);
    return is_printed || status != EXIT_SUCCESS ? status : EXIT_FAILURE;
}
