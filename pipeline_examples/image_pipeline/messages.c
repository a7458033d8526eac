/*
 * messages.c - keeps the latest messages of libvips in the order in which they came.
 *
 * Each thread moves the messages out of libvips when its decode begins and ends. A message that is moved between these
 * two came in that time or just before it, and no message about the picture is missing unless very many came.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "messages.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <vips/vips.h>

#include "escape.h"

enum { LATEST = 128 };

/* Guarded by the lock. */
static struct {
    pthread_mutex_t lock;
    size_t count; /* of all messages so far */
    char lines[LATEST][MESSAGE_SIZE];
} latest = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void copy_line(char line[MESSAGE_SIZE], const char *text, size_t length) {
    bool is_cut = length >= MESSAGE_SIZE;
    length = is_cut ? MESSAGE_SIZE - 1 : length;
    memcpy(line, text, length);
    line[length] = '\0';
    if (is_cut)
        escape_trim(line);
}

/* Moves the messages out of libvips. */
static void take_locked(void) {
    char *text = vips_error_buffer_copy();
    for (const char *line = text; *line != '\0'; line += strspn(line, "\n")) {
        size_t length = strcspn(line, "\n");
        if (length > 0)
            copy_line(latest.lines[latest.count++ % LATEST], line, length);
        line += length;
    }
    g_free(text);
}

size_t messages_begin(void) {
    pthread_mutex_lock(&latest.lock);
    take_locked();
    size_t count = latest.count;
    pthread_mutex_unlock(&latest.lock);
    return count;
}

static bool has(const struct messages *messages, const char *line) {
    for (size_t i = 0; i < messages->count; i++) {
        if (strcmp(messages->lines[i], line) == 0)
            return true;
    }
    return false;
}

static void add(struct messages *messages, const char *line) {
    if (messages->count < MESSAGES_MOST && !has(messages, line))
        memcpy(messages->lines[messages->count++], line, strlen(line) + 1);
}

/* Returns whether the part before the first colon, which names the decoder, has the format in it. */
static bool mentions(const char *line, const char *format) {
    size_t length = strlen(format), end = strcspn(line, ":");
    for (size_t i = 0; i + length <= end; i++) {
        if (strncasecmp(line + i, format, length) == 0)
            return true;
    }
    return false;
}

void messages_collect(struct messages *messages, size_t begin, const char *format) {
    struct messages others = {.count = 0};
    messages->count = 0;
    pthread_mutex_lock(&latest.lock);
    take_locked();
    for (size_t i = latest.count - begin < LATEST ? begin : latest.count - LATEST; i < latest.count; i++) {
        const char *line = latest.lines[i % LATEST];
        add(mentions(line, format) ? messages : &others, line);
    }
    pthread_mutex_unlock(&latest.lock);
    if (messages->count == 0)
        *messages = others;
}

void messages_set(struct messages *messages, const char *line) {
    messages->count = *line != '\0';
    copy_line(messages->lines[0], line, strlen(line));
}

void messages_narrow(struct messages *messages, const struct messages *again) {
    struct messages both = {.count = 0};
    for (size_t i = 0; i < messages->count; i++) {
        if (has(again, messages->lines[i]))
            add(&both, messages->lines[i]);
    }
    if (both.count > 0)
        *messages = both;
    else if (again->count > 0)
        *messages = *again;
}

void messages_join(char *text, size_t size, const struct messages *messages) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < messages->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "; " : "", messages->lines[i]);
    if (used >= size)
        escape_trim(text);
}
