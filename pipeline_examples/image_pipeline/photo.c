/*
 * photo.c - the item's life.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "photo.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "url.h"

enum { LABEL_SIZE = 1024 };

const char *stage_name(enum stage stage) {
    static const char *const names[STAGE_COUNT] = {"download", "resize", "upload"};
    return names[stage];
}

struct photo *photo_create(const struct source_entry *entry) {
    struct photo *photo = calloc(1, sizeof *photo);
    if (photo != NULL)
        photo->entry = entry;
    return photo;
}

/* What is said may be logged, and seen by others: no secrets of a URL in it. A file's name is no URL. */
static void say_failure(const struct photo *photo) {
    const char *label = photo->entry->label;
    char url[LABEL_SIZE];
    if (photo->entry->url == label) {
        url_show(url, sizeof url, label);
        label = url;
    }
    terminal_say("%s: %s: %s", label, stage_name(photo->failed_in), photo->reason);
}

void photo_fail(struct photo *photo, enum stage stage, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(photo->reason, sizeof photo->reason, format, arguments);
    va_end(arguments);
    photo->has_failed = true;
    photo->failed_in = stage;
    say_failure(photo);
}

void photo_forget_image(struct photo *photo) {
    free(photo->image);
    photo->image = NULL;
    photo->image_size = 0;
}

void photo_destroy(struct photo *photo) {
    if (photo == NULL)
        return;
    photo_forget_image(photo);
    g_free(photo->thumbnail);
    free(photo);
}
