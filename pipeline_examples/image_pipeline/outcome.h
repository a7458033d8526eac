/*
 * outcome.h - what became of a picture of a queue, as the text that goes back to the program with the list.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_OUTCOME_H
#define IMAGE_PIPELINE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photo.h"
#include "report.h"

struct outcome {
    const char *run; /* of the entry, like the next one */
    size_t index;
    const char *status; /* like the next two, of the last line in the report */
    const char *stage;
    const char *reason;
    uint64_t retries, bytes_in, bytes_out;
    const char *lines; /* those of the report */
};

/* Returns the text, which the caller frees. Returns NULL if memory is exhausted. */
char *outcome_write(const struct outcome *outcome);

/* Reads a text, which it changes; the strings of the outcome are in it. Returns false if the text is no outcome. */
bool outcome_read(struct outcome *outcome, char *text);

/*
 * Tells the queue that the picture has ended, by this line. Blocks until the server has the outcome. Does nothing for a
 * picture that comes from no queue. Must be called before photo_drop, which gives the picture back otherwise.
 */
void outcome_tell(struct photo *photo, const struct report_line *line);

#endif /* IMAGE_PIPELINE_OUTCOME_H */
