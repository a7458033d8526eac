/*
 * report.h - a file with a line of JSON for each picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_REPORT_H
#define IMAGE_PIPELINE_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "photo.h"
#include "recipe.h"

struct report {
    const char *path; /* NULL: there is no report; constant */
    int file;
    atomic_bool is_broken; /* a line could not be written, and a message has told so */
};

/* What became of a picture. */
struct report_line {
    const char *status; /* "done", "skipped" or "failed" */
    const char *stage;  /* the last one */
    const char *reason; /* "" if it has not failed */
};

/*
 * Creates the file, for its owner only: URLs may have secrets in them. Appends to one that is there if `keeps`, otherwise
 * empties it. On failure prints a message and returns false.
 */
bool report_open(struct report *report, const char *path, bool keeps);

/*
 * Appends a line, in one write, and adds it to what the photo's queue is told. Any thread may call it. Without a report
 * and a queue does nothing.
 */
void report_add(struct report *report, const struct photo *photo, const struct report_line *line);

/* Appends lines as they are. Without a report does nothing. */
void report_add_text(struct report *report, const char *text);

/*
 * Does the same as report_add for the current thumbnail and those of all sizes behind it, and makes the last one the
 * current one.
 */
void report_add_rest(struct report *report, struct photo *photo, const struct recipe *recipe,
                     const struct report_line *line);

/* Returns false, after a message, if the report is not complete. */
bool report_close(struct report *report);

#endif /* IMAGE_PIPELINE_REPORT_H */
