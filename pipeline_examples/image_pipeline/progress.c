/*
 * progress.c - the thread that reads the dead letters and shows the progress between them.
 *
 * weir_pipeline_show is not used here, because messages cannot be printed between the lines that it draws.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "outcome.h"
#include "photo.h"
#include "stages.h"
#include "terminal.h"

static const uint64_t interval = 200 * WEIR_MILLISECOND;

enum { LINE_EVERY = 10 /* intervals, without a terminal */, MESSAGE_SIZE = 256 /* weir truncates to that */ };

static void say_failure(struct progress *progress, weir_dead_letter *letter) {
    struct photo *photo = letter->item;
    char label[PHOTO_LABEL_SIZE], message[MESSAGE_SIZE];
    photo_show(label, sizeof label, photo);
    snprintf(message, sizeof message, "%s", letter->message);
    if (strlen(message) == MESSAGE_SIZE - 1)
        escape_trim(message);
    if (letter->code != GONE_HOST)
        terminal_say("%s: %s: %s", label, letter->stage, message);
    const struct report_line line = {"failed", letter->stage, message};
    report_add_rest(progress->report, photo, progress->recipe, &line);
    outcome_tell(photo, &line);
    refusals_note_failure(progress->refusals);
    photo_drop(photo, NULL);
    weir_dead_letter_free(letter);
}

static void show_time_left(char *text, size_t size, uint64_t left, double rate) {
    if (left == 0 || rate <= 0) {
        text[0] = '\0';
        return;
    }
    uint64_t seconds = (uint64_t)((double)left / rate) + 1; /* rounded up: never shows 0 too early */
    if (seconds < 60)
        snprintf(text, size, ", %" PRIu64 " s left", seconds);
    else
        snprintf(text, size, ", %" PRIu64 ":%02" PRIu64 " min left", seconds / 60, seconds % 60);
}

static void show(const struct progress *progress, const weir_report *report) {
    const weir_counts *counts = &report->counts;
    uint64_t ended = counts->in - counts->live;
    size_t again = atomic_load(progress->put_again); /* some of them may not have ended for the pipeline */
    uint64_t settled = ended > again ? ended - again : 0;
    /* While draining, no more photos come: all were put, or the run was interrupted. */
    bool is_whole = atomic_load(&progress->source->is_whole);
    size_t total = atomic_load(&progress->source->count) - again;
    uint64_t left = report->state != WEIR_RUN_RUNNING ? counts->live : is_whole ? total - settled : 0;
    double rate = report->elapsed > 0 ? (double)settled * 1e9 / (double)report->elapsed : 0;
    char text[64];
    show_time_left(text, sizeof text, left, rate);
    terminal_status("%" PRIu64 "/%zu%s, %.1f images/s, %" PRIu64 " failed, queues %zu/%zu/%zu%s", settled, total,
                    is_whole ? "" : "+", rate, counts->failed + counts->dead, report->stages[0].depth,
                    report->stages[1].depth, report->stages[2].depth, text);
}

/* Called once in an interval. */
static void look(struct progress *progress) {
    weir_report *report;
    if (weir_pipeline_report(progress->pipeline, &report) != WEIR_OK)
        return; /* the next report may succeed */
    if (report->signal != 0 && !progress->has_said_interrupted)
        terminal_say("interrupted: completing the pictures in flight; another signal aborts");
    progress->has_said_interrupted = report->signal != 0;
    if (!progress->is_quiet && (terminal_is_interactive() || ++progress->looks % LINE_EVERY == 0))
        show(progress, report);
    weir_report_free(report);
}

static void *run(void *argument) {
    struct progress *progress = argument;
    weir_deadline next = weir_deadline_after(terminal_is_interactive() ? 0 : interval);
    weir_status status;
    void *letter;
    while ((status = weir_queue_get_until(progress->dead, &letter, next)) != WEIR_CLOSED) {
        if (status == WEIR_OK) {
            say_failure(progress, letter);
        } else {
            look(progress);
            next = weir_deadline_after(interval);
        }
    }
    return NULL;
}

weir_status progress_start(struct progress *progress) {
    return pthread_create(&progress->thread, NULL, run, progress) == 0 ? WEIR_OK : WEIR_NOTHREAD;
}

void progress_stop(struct progress *progress, const weir_report *report) {
    pthread_join(progress->thread, NULL);
    if (terminal_is_interactive() && report != NULL && !progress->is_quiet)
        show(progress, report);
    terminal_end_status();
}
