/*
 * photo.c - frees and describes photos.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "photo.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

void photo_show(char *text, size_t size, const struct photo *photo) {
    if (!photo->is_url) {
        snprintf(text, size, "%s", photo->label); /* a file's name */
        return;
    }
    url_show(text, size, photo->label);
    size_t used = strlen(text);
    if (strchr(photo->label, '?') != NULL)
        snprintf(text + used, size - used, " (entry %zu)", photo->number);
}

bool photo_take_long_name(struct photo *photo) {
    if (photo->long_name == NULL || photo->name == photo->long_name)
        return false;
    photo->name = photo->long_name;
    return true;
}

void photo_forget_image(struct photo *photo) {
    free(photo->image);
    photo->image = NULL;
    photo->image_size = 0;
}

void photo_forget_thumbnail(struct photo *photo) {
    g_free(photo->thumbnail);
    photo->thumbnail = NULL;
    photo->thumbnail_size = 0;
}

void photo_drop(void *item, void *unused) {
    (void)unused;
    struct photo *photo = item;
    photo_forget_image(photo);
    photo_forget_thumbnail(photo);
    free(photo->damage);
    photo->damage = NULL;
}
