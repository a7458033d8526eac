/*
 * report.c - writes lines of JSON (RFC 8259).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/deadline.h>

#include "append.h"
#include "escape.h"
#include "queue.h"
#include "terminal.h"

bool report_open(struct report *report, const char *path, bool keeps) {
    *report = (struct report){.path = path, .file = -1};
    if (path == NULL)
        return true;
    report->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (keeps ? 0 : O_TRUNC), 0600);
    if (report->file < 0)
        terminal_say("%s: %s", path, strerror(errno));
    return report->file >= 0;
}

/* Writes a string with its quotes. JSON has no bytes: what is not UTF-8 becomes U+FFFD. */
static void write_string(FILE *stream, const char *text) {
    fputc('"', stream);
    while (*text != '\0') {
        size_t length = escape_length(text);
        unsigned char c = (unsigned char)*text;
        if (length == 0)
            fputs("\\ufffd", stream);
        else if (c == '"' || c == '\\')
            fprintf(stream, "\\%c", c);
        else if (c < 0x20)
            fprintf(stream, "\\u%04x", (unsigned)c);
        else
            fwrite(text, 1, length, stream);
        text += length == 0 ? 1 : length;
    }
    fputc('"', stream);
}

static void write_member(FILE *stream, const char *name, const char *text) {
    fprintf(stream, "\"%s\":", name);
    write_string(stream, text);
    fputc(',', stream);
}

static void write_line(FILE *stream, const struct photo *photo, const struct report_line *line) {
    uint64_t now = weir_deadline_after(0), took = photo->begun == 0 ? 0 : now - photo->begun;
    fputc('{', stream);
    write_member(stream, "source", photo->label);
    if (photo->is_url)
        fprintf(stream, "\"entry\":%zu,", photo->number);
    if (photo->name != NULL)
        write_member(stream, "name", photo->name);
    write_member(stream, "status", line->status);
    write_member(stream, "stage", line->stage);
    if (photo->status != 0)
        fprintf(stream, "\"code\":%ld,", photo->status);
    if (*line->reason != '\0')
        write_member(stream, "reason", line->reason);
    fprintf(stream, "\"attempts\":%u,\"bytes_in\":%zu,\"bytes_out\":%zu,\"milliseconds\":%" PRIu64 "}\n",
            photo->retries + 1, photo->bytes_in, photo->thumbnails == NULL ? 0 : photo->thumbnails[photo->size].size,
            took / 1000000);
}

static void break_off(struct report *report, int error) {
    if (!atomic_exchange(&report->is_broken, true))
        terminal_say("%s: the report is not complete: %s", report->path, strerror(error));
}

static bool is_written(struct report *report) {
    return report->path != NULL && !atomic_load(&report->is_broken);
}

static void write_text(struct report *report, const char *text, size_t size) {
    if (is_written(report) && !append(report->file, text, size))
        break_off(report, errno);
}

void report_add_text(struct report *report, const char *text) {
    write_text(report, text, strlen(text));
}

void report_add(struct report *report, const struct photo *photo, const struct report_line *line) {
    char *text = NULL;
    size_t size = 0;
    if (!is_written(report) && photo->delivery == NULL)
        return;
    FILE *stream = open_memstream(&text, &size);
    if (stream != NULL)
        write_line(stream, photo, line);
    if (stream == NULL || fclose(stream) != 0) {
        if (is_written(report))
            break_off(report, ENOMEM);
        free(text);
        return;
    }
    write_text(report, text, size);
    if (photo->delivery != NULL)
        delivery_add_line(photo->delivery, text, size);
    free(text);
}

void report_add_rest(struct report *report, struct photo *photo, const struct recipe *recipe,
                     const struct report_line *line) {
    for (size_t i = photo->size; i < recipe->size_count; i++) {
        bool has_name = recipe->size_count == 1 || (i == photo->size && photo->size_text != NULL);
        if (has_name || photo_select(photo, recipe->sizes, recipe->size_count, i))
            report_add(report, photo, line);
    }
}

bool report_close(struct report *report) {
    if (report->path == NULL || report->file < 0)
        return true;
    if (close(report->file) != 0)
        break_off(report, errno);
    report->file = -1;
    return !atomic_load(&report->is_broken);
}
