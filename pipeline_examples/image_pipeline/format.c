/*
 * format.c - the table of formats.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "format.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *title, *media_type;
    const char *extensions[2]; /* the first one is for new names; the second one may be NULL */
    int quality;
} formats[] = {
    [FORMAT_JPEG] = {"jpeg", "JPEG", "image/jpeg", {".jpg", ".jpeg"}, 85},
    [FORMAT_WEBP] = {"webp", "WebP", "image/webp", {".webp", NULL}, 80},
    [FORMAT_PNG] = {"png", "PNG", "image/png", {".png", NULL}, 0},
    [FORMAT_AVIF] = {"avif", "AVIF", "image/avif", {".avif", NULL}, 50},
};

bool format_find(const char *name, enum format *format) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format = (enum format)i;
            return true;
        }
    }
    return false;
}

const char *format_name(enum format format) {
    return formats[format].name;
}

const char *format_title(enum format format) {
    return formats[format].title;
}

const char *format_media_type(enum format format) {
    return formats[format].media_type;
}

const char *format_extension(enum format format) {
    return formats[format].extensions[0];
}

bool format_fits(enum format format, const char *name) {
    const char *dot = strrchr(name, '.'), *const *extensions = formats[format].extensions;
    return dot != NULL &&
           (strcasecmp(dot, extensions[0]) == 0 || (extensions[1] != NULL && strcasecmp(dot, extensions[1]) == 0));
}

int format_quality(enum format format) {
    return formats[format].quality;
}
