/*
 * tally.h - counts the outcomes of the pictures of a queue, over all programs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TALLY_H
#define IMAGE_PIPELINE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

struct tally {
    size_t done, skipped, failed;
    uint64_t retried, bytes_in, bytes_out;
    uint64_t begun, took; /* ns; `took` is 0 until tally_finish */
};

/* How the run has ended. */
struct tally_end {
    size_t total, put;  /* pictures of the list, as far as it was read; those that were put or have ended before */
    size_t unconfirmed; /* of the others, those that were sent to the queue's server, which has not confirmed them */
    bool is_end_put;    /* the programs that have joined know where the list ends */
    bool is_whole;      /* all of them have ended, and the list was read to its end */
    bool is_given_up;
    bool is_quiet; /* the figures are not printed */
};

/* The time begins; it ends. */
void tally_begin(struct tally *tally);
void tally_finish(struct tally *tally);

/* Counts an outcome. Returns whether the picture has failed. */
bool tally_add(struct tally *tally, const struct outcome *outcome);

/* Returns the number of pictures that have ended. */
size_t tally_ended(const struct tally *tally);

/* Returns how many pictures have ended in a second. */
double tally_rate(const struct tally *tally);

/* Prints the summary, after a message if the end came early. Returns the exit status. */
int tally_print(const struct tally *tally, const struct tally_end *end);

#endif /* IMAGE_PIPELINE_TALLY_H */
