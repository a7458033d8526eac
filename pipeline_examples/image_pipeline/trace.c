/*
 * trace.c - opens and closes the file.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "trace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

bool trace_open(struct trace *trace, const char *path) {
    *trace = (struct trace){.path = path};
    if (path == NULL)
        return true;
    trace->stream = fopen(path, "we");
    if (trace->stream == NULL)
        terminal_say("%s: %s", path, strerror(errno));
    return trace->stream != NULL;
}

void trace_restart(const struct trace *trace) {
    if (trace->stream == NULL || fflush(trace->stream) != 0)
        return; /* trace_close tells of the error */
    rewind(trace->stream);
    if (ftruncate(fileno(trace->stream), 0) != 0)
        terminal_say("%s: the trace begins twice", trace->path);
}

bool trace_close(struct trace *trace) {
    if (trace->stream == NULL)
        return true;
    bool is_written = !ferror(trace->stream);
    is_written = fclose(trace->stream) == 0 && is_written;
    trace->stream = NULL;
    if (!is_written)
        terminal_say("%s: the trace is not complete", trace->path);
    return is_written;
}
