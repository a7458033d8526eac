/*
 * tally.c - counts outcomes, and prints the figures.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/deadline.h>

#include "interrupt.h"
#include "summary.h"
#include "terminal.h"

void tally_begin(struct tally *tally) {
    tally->begun = weir_deadline_after(0);
}

static uint64_t time_of(const struct tally *tally) {
    return tally->took != 0 ? tally->took : weir_deadline_after(0) - tally->begun;
}

void tally_finish(struct tally *tally) {
    tally->took = time_of(tally);
}

bool tally_add(struct tally *tally, const struct outcome *outcome) {
    bool is_done = strcmp(outcome->status, "done") == 0, is_skipped = strcmp(outcome->status, "skipped") == 0;
    if (is_done)
        tally->done++;
    else if (is_skipped)
        tally->skipped++;
    else
        tally->failed++;
    tally->retried += outcome->retries;
    tally->bytes_in += outcome->bytes_in;
    tally->bytes_out += outcome->bytes_out;
    return !is_done && !is_skipped;
}

size_t tally_ended(const struct tally *tally) {
    return tally->done + tally->skipped + tally->failed;
}

double tally_rate(const struct tally *tally) {
    uint64_t took = time_of(tally);
    return took == 0 ? 0.0 : (double)tally_ended(tally) * 1e9 / (double)took;
}

static void print_figures(const struct tally *tally, const struct tally_end *end) {
    printf("%-12s %zu of %zu\n", "done", tally->done, end->total);
    printf("%-12s %zu\n", "skipped", tally->skipped);
    printf("%-12s %zu\n", "failed", tally->failed);
    printf("%-12s %" PRIu64 "\n", "retried", tally->retried);
    printf("%-12s %zu\n", "unfinished", end->put - tally_ended(tally));
    printf("%-12s %zu\n", "not started", end->total - end->put);
    printf("%-12s %" PRIu64 "\n", "bytes in", tally->bytes_in);
    printf("%-12s %" PRIu64 "\n", "bytes out", tally->bytes_out);
    printf("%-12s %.3f s\n", "time", (double)time_of(tally) / 1e9);
    printf("%-12s %.1f images/s\n", "rate", tally_rate(tally));
}

static void tell_cut_off(const struct tally *tally, const struct tally_end *end) {
    const char *why = end->is_given_up ? "given up" : interrupt_number() != 0 ? "interrupted" : "stopped";
    size_t ended = tally_ended(tally); /* also those whose put the server has not confirmed */
    size_t unfinished = ended < end->put ? end->put - ended : 0;
    terminal_say("%s: %zu not started, %zu unfinished%s", why, end->total - end->put, unfinished,
                 unfinished == 0 || end->is_given_up ? "" : "; the programs that have joined go on with these");
    if (end->unconfirmed > 0)
        terminal_say("the server of the queue has not confirmed %zu of those not started, and may have some of them",
                     end->unconfirmed);
    if (!end->is_end_put)
        terminal_say(
            "the server of the queue was not told of the end: the programs that have joined wait for the next list");
}

int tally_print(const struct tally *tally, const struct tally_end *end) {
    if (!end->is_whole)
        tell_cut_off(tally, end);
    if (!end->is_quiet)
        print_figures(tally, end);
    bool is_printed = fflush(stdout) == 0 && !ferror(stdout);
    if (!is_printed)
        terminal_say("cannot write the summary");
    if (end->is_given_up)
        return EXIT_GIVEN_UP;
    if (!end->is_whole && interrupt_number() != 0)
        return SIGNAL_STATUS + interrupt_number();
    return is_printed && end->is_whole && end->total > 0 && tally->failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
