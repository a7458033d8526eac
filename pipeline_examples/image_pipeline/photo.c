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
#include "names.h"
#include "png_text.h"
#include "queue.h"
#include "recipe.h"
#include "room.h"
#include "url.h"

void photo_show(char *text, size_t size, const struct photo *photo) {
    char entry[32] = "";
    if (photo->is_url && strchr(photo->label, '?') != NULL)
        snprintf(entry, sizeof entry, " (entry %zu)", photo->number);
    size_t room = size - strlen(entry);
    if (photo->is_url)
        url_show(text, room, photo->label);
    else
        escape_shorten(text, room, photo->label); /* a file's name */
    strcat(text, entry);
}

/* Gives the current thumbnail a name made from this one. Returns false if memory is exhausted. */
static bool take_name(struct photo *photo, const char *name) {
    char *sized = photo->size_text == NULL ? NULL : names_make_sized(name, photo->size_text);
    if (photo->size_text != NULL && sized == NULL)
        return false;
    free(photo->sized_name);
    photo->sized_name = sized;
    photo->name = sized != NULL ? sized : name;
    photo->has_long_name = name == photo->long_name;
    return true;
}

bool photo_select(struct photo *photo, const struct box *sizes, size_t count, size_t number) {
    photo->size = number;
    photo->size_text = count > 1 ? sizes[number].text : NULL;
    return photo->short_name == NULL || take_name(photo, photo->short_name);
}

bool photo_take_long_name(struct photo *photo) {
    return photo->long_name != NULL && !photo->has_long_name && take_name(photo, photo->long_name);
}

bool photo_explain(char *text, size_t size, const struct photo *photo) {
    enum { SHORT_NAME = 80 }; /* so that a message has room for two */
    char name[SHORT_NAME], label[SHORT_NAME];
    if (photo->fault != NULL) {
        snprintf(text, size, "%s", photo->fault);
        return true;
    }
    if (photo->clash == NULL)
        return false;
    escape_shorten(name, sizeof name, photo->name);
    photo_show(label, sizeof label, photo->clash);
    snprintf(text, size, "its thumbnail would have the name %s, like that of %s%s", name, label,
             photo->is_url ? "; add a tab and another name after the URL" : "");
    return true;
}

struct thumbnail *photo_thumbnail(struct photo *photo) {
    return &photo->thumbnails[photo->size];
}

bool photo_make_room(struct photo *photo, size_t count) {
    photo->thumbnails = calloc(count, sizeof *photo->thumbnails);
    photo->thumbnail_count = photo->thumbnails == NULL ? 0 : count;
    return photo->thumbnails != NULL;
}

void photo_prepare(struct photo *photo) {
    photo->image_size = png_text_remove(photo->image, photo->image_size);
}

void photo_forget_image(struct photo *photo) {
    free(photo->image);
    photo->image = NULL;
    photo->image_size = 0;
}

void photo_forget_thumbnails(struct photo *photo) {
    for (size_t i = 0; i < photo->thumbnail_count; i++)
        g_free(photo->thumbnails[i].bytes);
    free(photo->thumbnails);
    photo->thumbnails = NULL;
    photo->thumbnail_count = 0;
}

/* Frees what belongs to no set of names, and to no list. */
static void free_own(struct photo *photo) {
    free((void *)(uintptr_t)photo->short_name);
    if (photo->clash != NULL)
        photo_free((struct photo *)(uintptr_t)photo->clash);
}

void photo_free(struct photo *photo) {
    if (photo->is_single)
        free_own(photo);
    free(photo->url);
    free(photo->given_name);
    free(photo->long_name);
    free(photo->label);
    free(photo);
}

void photo_drop(void *item, void *unused) {
    (void)unused;
    struct photo *photo = item;
    photo_forget_image(photo);
    photo_forget_thumbnails(photo);
    if (photo->room != NULL)
        room_count(photo->room, photo);
    free(photo->damage);
    photo->damage = NULL;
    if (photo->name == photo->sized_name)
        photo->name = photo->short_name;
    free(photo->sized_name);
    photo->sized_name = NULL;
    if (photo->delivery != NULL)
        delivery_return(photo->delivery);
    photo->delivery = NULL;
    if (photo->is_single)
        photo_free(photo);
}
