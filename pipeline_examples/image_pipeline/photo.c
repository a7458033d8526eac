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

#include "escape.h"
#include "url.h"

void photo_show(char *text, size_t size, const struct photo *photo) {
    char entry[32] = "";
    if (photo->is_url && strchr(photo->label, '?') != NULL)
        snprintf(entry, sizeof entry, " (entry %zu)", photo->number);
    size_t room = size - strlen(entry);
    if (photo->is_url)
        url_show(text, room, photo->label);
    else
        snprintf(text, room, "%s", photo->label); /* a file's name */
    if (strlen(text) == room - 1)
        escape_trim(text);
    strcat(text, entry);
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
