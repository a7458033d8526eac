/*
 * photo.c - what a photo holds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "photo.h"

#include <glib.h>
#include <stdlib.h>

void photo_forget_image(struct photo *photo) {
    free(photo->image);
    photo->image = NULL;
    photo->image_size = 0;
}

void photo_drop(void *item, void *unused) {
    (void)unused;
    struct photo *photo = item;
    photo_forget_image(photo);
    g_free(photo->thumbnail);
    photo->thumbnail = NULL;
}
