/*
 * share.c - the program with the list: one thread puts the entries, and takes the outcomes in between and afterwards.
 *
 * Many entries are put at a time, so that a list is not slowed by the way to the server. A list that is still being
 * written does not hold its entries up: they are put when it has no further one.
 *
 * The first outcome of a picture counts. A further one comes if the picture was taken twice, and says the same.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "share.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "digest.h"
#include "interrupt.h"
#include "journal.h"
#include "outcome.h"
#include "queue.h"
#include "refusals.h"
#include "source.h"
#include "tally.h"
#include "terminal.h"

static const uint64_t interval = 200 * WEIR_MILLISECOND;

enum { LINE_EVERY = 10 /* intervals, without a terminal */, REASON_ROOM = 256, MOST_HELD = 128 };

struct share {
    const struct options *options;
    struct source source;
    struct journal journal;
    struct report report;
    struct refusals refusals;
    struct queue *queue;
    char run[RUN_SIZE];
    char *held[MOST_HELD]; /* texts of entries to put together */
    size_t held_index[MOST_HELD];
    size_t held_count;
    bool *has_ended; /* one for each picture that was given */
    size_t room;
    struct tally tally;
    bool is_end_put; /* the joined programs end */
    unsigned looks;
    weir_deadline next_look;
};

/* Makes digits that no other run has. */
static void make_run(char run[RUN_SIZE]) {
    char text[128], host[64] = "";
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    (void)gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text, "%s %ld %lld %ld", host, (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
    digest_write(run, RUN_SIZE - 1, "", 0, text, strlen(text));
}

static bool is_stopping(struct share *share) {
    return interrupt_is_stopping() || atomic_load(&share->refusals.have_ended_run);
}

/* Gives the run up. */
static bool out_of_memory(struct share *share) {
    terminal_say("out of memory");
    atomic_store(&share->refusals.have_ended_run, true);
    return false;
}

/* ---- outcomes ---- */

static void note_done(struct share *share, const struct photo *photo) {
    char mark[MARK_SIZE];
    source_mark(mark, &share->source, photo);
    if (!journal_add(&share->journal, mark))
        refusals_note_journal(&share->refusals, errno);
}

static void say_failure(struct share *share, const struct photo *photo, const struct outcome *outcome) {
    char label[PHOTO_LABEL_SIZE];
    photo_show(label, sizeof label, photo);
    terminal_say("%s: %s: %s", label, outcome->stage, outcome->reason);
    refusals_note_failure(&share->refusals);
}

/* Ends a picture. Returns whether it has not failed. */
static bool end(struct share *share, const struct outcome *outcome) {
    const struct photo *photo = share->source.photos[outcome->index];
    share->has_ended[outcome->index] = true;
    bool is_failed = tally_add(&share->tally, outcome);
    if (*outcome->lines != '\0')
        report_add_text(&share->report, outcome->lines);
    else
        report_add(&share->report, photo, &(struct report_line){outcome->status, outcome->stage, outcome->reason});
    if (is_failed)
        say_failure(share, photo, outcome);
    return !is_failed;
}

/* Ends a picture that is not put. */
static void end_here(struct share *share, size_t index, const char *status, const char *reason) {
    (void)end(share,
              &(struct outcome){.index = index, .status = status, .stage = "list", .reason = reason, .lines = ""});
}

/* Ends the picture of an outcome, which it changes. One of an earlier run, or a second one, has no effect. */
static void end_by(struct share *share, char *text) {
    struct outcome outcome;
    if (!outcome_read(&outcome, text) || strcmp(outcome.run, share->run) != 0 || outcome.index >= share->source.given ||
        share->has_ended[outcome.index])
        return;
    if (end(share, &outcome))
        note_done(share, share->source.photos[outcome.index]);
}

/* Takes the outcomes that have come until the deadline. */
static void take_outcomes(struct share *share, weir_deadline deadline) {
    char *text;
    while (!is_stopping(share) && (text = queue_outcome(share->queue, deadline)) != NULL) {
        end_by(share, text);
        queue_outcome_done(share->queue, text);
        deadline = weir_deadline_after(0);
    }
}

/* ---- progress ---- */

static void show(const struct share *share) {
    const struct tally *tally = &share->tally;
    size_t ended = tally_ended(tally);
    terminal_status("%zu/%zu%s, %.1f images/s, %zu failed", ended, atomic_load(&share->source.count),
                    atomic_load(&share->source.is_whole) ? "" : "+", tally_rate(tally), tally->failed);
}

/* Shows the progress if it is time for that. */
static void look(struct share *share) {
    if (share->options->is_quiet || weir_deadline_after(0) < share->next_look)
        return;
    share->next_look = weir_deadline_after(interval);
    if (terminal_is_interactive() || ++share->looks % LINE_EVERY == 0)
        show(share);
}

static void take_what_is_there(struct share *share) {
    take_outcomes(share, weir_deadline_after(0));
    look(share);
}

/* ---- the list ---- */

static bool make_room(struct share *share) {
    if (share->source.given <= share->room)
        return true;
    size_t room = share->source.count + share->source.given;
    bool *has_ended = realloc(share->has_ended, room * sizeof *has_ended);
    if (has_ended == NULL)
        return out_of_memory(share);
    memset(has_ended + share->room, 0, (room - share->room) * sizeof *has_ended);
    share->has_ended = has_ended;
    share->room = room;
    return true;
}

/* Removes the first held texts. */
static void forget(struct share *share, size_t count) {
    share->held_count -= count;
    memmove(share->held, share->held + count, share->held_count * sizeof *share->held);
    memmove(share->held_index, share->held_index + count, share->held_count * sizeof *share->held_index);
}

/* Puts the held entries. Returns false if the run cannot go on. */
static bool put_held(struct share *share) {
    while (share->held_count > 0) {
        size_t put;
        enum queue_answer answer = queue_put(share->queue, share->held, share->held_count, &put);
        forget(share, put);
        if (answer == QUEUE_STOPPED)
            return false;
        if (answer == QUEUE_TOO_LARGE) {
            free(share->held[0]);
            end_here(share, share->held_index[0], "failed", "its entry is too large for the server of the queue");
            forget(share, 1);
        }
    }
    return true;
}

/* Called while the list has no further entry. */
static void be_idle(void *argument) {
    struct share *share = argument;
    (void)put_held(share); /* if it fails, the run is stopping */
    take_what_is_there(share);
}

static bool put(struct share *share, const struct photo *photo, size_t index) {
    char *text = entry_write(&(struct entry){.run = share->run,
                                             .index = index,
                                             .number = photo->number,
                                             .has_long_name = photo->given_name == NULL && photo->long_name == NULL,
                                             .url = photo->label,
                                             .given_name = photo->given_name});
    if (text == NULL)
        return out_of_memory(share);
    share->held[share->held_count] = text;
    share->held_index[share->held_count++] = index;
    if (share->held_count < MOST_HELD)
        return true;
    bool ok = put_held(share);
    take_what_is_there(share);
    return ok;
}

/* Puts a photo, or ends it here. Returns false if the run cannot go on. */
static bool put_photo(struct share *share, const struct photo *photo) {
    size_t index = share->source.given - 1;
    char mark[MARK_SIZE], reason[REASON_ROOM];
    if (!make_room(share))
        return false;
    source_mark(mark, &share->source, photo);
    if (photo_explain(reason, sizeof reason, photo))
        end_here(share, index, "failed", reason);
    else if (journal_has(&share->journal, mark))
        end_here(share, index, "skipped", "");
    else
        return put(share, photo, index);
    return true;
}

/* Puts all photos and the end. Returns whether the list is whole. */
static bool put_list(struct share *share) {
    const struct photo *photo;
    bool ok = true;
    source_when_idle(&share->source, be_idle, share);
    while (ok && !is_stopping(share) && (photo = source_next(&share->source)) != NULL)
        ok = put_photo(share, photo);
    ok = ok && put_held(share);
    source_when_idle(&share->source, NULL, NULL);
    share->is_end_put = queue_put_end(share->queue);
    return ok && share->source.is_whole;
}

/* ---- the run ---- */

/* Waits for the outcomes of what was put. */
static void await(struct share *share) {
    while (!is_stopping(share) && tally_ended(&share->tally) < share->source.given) {
        take_outcomes(share, weir_deadline_after(interval));
        look(share);
    }
}

static bool open_share(struct share *share) {
    const struct options *options = share->options;
    share->source.list.file = -1;
    share->refusals.max_failures = options->max_failures;
    make_run(share->run);
    char recipe[RECIPE_TEXT];
    recipe_show_format(recipe, &options->recipe);
    report_open(&share->report, NULL, false);
    if (!journal_open(&share->journal, options->journal, recipe) ||
        !source_from_list(&share->source, options->from, options->is_null_separated, options->recipe.format))
        return false;
    if (share->source.is_whole && share->source.count == 0) {
        terminal_say("%s: nothing to do", options->from);
        return false;
    }
    share->queue = queue_open_to_put(
        &(struct queue_options){.place = &options->queue, .ack_wait = options->ack_wait * WEIR_SECOND});
    return share->queue != NULL && report_open(&share->report, options->report, options->journal != NULL);
}

/* Returns whether the whole list has ended. */
static bool share_list(struct share *share) {
    queue_tidy(share->queue);
    queue_begin(share->queue);
    tally_begin(&share->tally);
    bool is_whole = put_list(share);
    await(share);
    tally_finish(&share->tally);
    share->is_end_put = queue_end(share->queue) || share->is_end_put;
    if (!share->options->is_quiet && terminal_is_interactive())
        show(share);
    terminal_end_status();
    return is_whole && tally_ended(&share->tally) == share->source.given;
}

/* Leaves the queue empty for the next list. A signal leaves it to the programs that have joined. */
static void leave_queue(struct share *share) {
    if (atomic_load(&share->refusals.have_ended_run))
        queue_withdraw(share->queue);
    if (!interrupt_is_stopping())
        queue_tidy_at_end(share->queue);
}

int share_run(const struct options *options) {
    struct share share = {.options = options};
    int exit_status = EXIT_FAILURE;
    if (open_share(&share)) {
        bool is_whole = share_list(&share);
        exit_status = tally_print(&share.tally, &(struct tally_end){.total = share.source.count,
                                                                    .put = share.source.given - share.held_count,
                                                                    .unconfirmed = share.held_count,
                                                                    .is_end_put = share.is_end_put,
                                                                    .is_whole = is_whole,
                                                                    .is_given_up = share.refusals.have_ended_run,
                                                                    .is_quiet = options->is_quiet});
        leave_queue(&share);
    } else if (interrupt_is_stopping()) {
        exit_status = SIGNAL_STATUS + interrupt_number();
    }
    queue_destroy(share.queue);
    for (size_t i = 0; i < share.held_count; i++)
        free(share.held[i]);
    free(share.has_ended);
    source_free(&share.source);
    journal_close(&share.journal);
    return report_close(&share.report) || exit_status != EXIT_SUCCESS ? exit_status : EXIT_FAILURE;
}
