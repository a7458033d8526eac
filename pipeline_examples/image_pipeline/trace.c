/*
 * trace.c - opens and closes the file.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "trace.h"

#include <errno.h>
#include <string.h>

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
