/*
 * refusals.h - gives the run up if the destination accepts no upload, or as many pictures have failed as may.
 *
 * A destination that is full, read-only or forbidden refuses every thumbnail. Further downloads would be in vain.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_REFUSALS_H
#define IMAGE_PIPELINE_REFUSALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/pipeline.h>

struct refusals {
    weir_pipeline *pipeline;
    atomic_uint in_a_row;
    atomic_bool have_ended_run;
    size_t max_failures; /* of pictures; 0: no limit; constant */
    atomic_size_t failures;
};

/*
 * Notes the status of an answer to an upload, and the server's reason, or "". After several refusals in a row, prints a
 * message and cancels the pipeline. For a folder, the message has no status if it has a reason. Any thread may call it.
 */
void refusals_note(struct refusals *refusals, long status, const char *reason, bool is_folder);

/* Notes an upload that was not accepted, for a reason before any answer, as refusals_note does. */
void refusals_note_bar(struct refusals *refusals, const char *reason);

/* Prints a message and cancels the pipeline, because the journal cannot be written. Any thread may call it. */
void refusals_note_journal(struct refusals *refusals, int error);

/* Cancels the pipeline, because the host of the destination is given up. Any thread may call it. */
void refusals_end_run(struct refusals *refusals);

/* Notes that a picture has failed. If that is one too many, prints a message and cancels the pipeline. */
void refusals_note_failure(struct refusals *refusals);

#endif /* IMAGE_PIPELINE_REFUSALS_H */
