/*
 * trace.h - the file for the trace that the pipeline writes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TRACE_H
#define IMAGE_PIPELINE_TRACE_H

#include <stdbool.h>
#include <stdio.h>

struct trace {
    const char *path;
    FILE *stream; /* NULL: there is no trace */
};

/* Creates the file, or empties it. NULL creates none. On failure prints a message and returns false. */
bool trace_open(struct trace *trace, const char *path);

/* Empties the file, for another pipeline. The first one must be destroyed. Prints a message if the file is none. */
void trace_restart(const struct trace *trace);

/* Called once the pipeline is destroyed. Returns false, after a message, if the trace is not complete. */
bool trace_close(struct trace *trace);

#endif /* IMAGE_PIPELINE_TRACE_H */
