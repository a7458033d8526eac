/*
 * crossing.c - writes and reads questions and answers.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "crossing.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Appends bytes. Beyond the room it only counts them. */
static void append(weir_process_payload *to, const void *bytes, size_t size) {
    if (to->size <= to->room && size <= to->room - to->size && size > 0)
        memcpy((char *)to->data + to->size, bytes, size);
    to->size += size;
}

void crossing_ask(weir_process_payload *to, const struct question_head *head, const struct photo *photo) {
    append(to, head, sizeof *head);
    append(to, photo->image, photo->image_size);
}

bool crossing_read_question(const void *from, size_t size, struct question_head *head, struct photo *photo) {
    if (size < sizeof *head)
        return false;
    memcpy(head, from, sizeof *head);
    photo->image = (unsigned char *)(uintptr_t)from + sizeof *head;
    photo->image_size = size - sizeof *head;
    return true;
}

void crossing_answer(weir_process_payload *to, uint64_t needed, const struct photo *photo) {
    struct answer_head head = {.needed = needed, .notes = photo->notes};
    head.count = needed != 0 ? 0 : photo->thumbnail_count;
    head.damage = photo->damage == NULL ? 0 : strlen(photo->damage);
    for (size_t i = 0; i < head.count; i++)
        head.sizes[i] = photo->thumbnails[i].size;
    append(to, &head, sizeof head);
    for (size_t i = 0; i < head.count; i++)
        append(to, photo->thumbnails[i].bytes, photo->thumbnails[i].size);
    append(to, photo->damage, (size_t)head.damage);
}

/* Takes `wanted` of the bytes that are left. Returns NULL if there are fewer. */
static const char *take(const char **from, size_t *left, uint64_t wanted) {
    const char *taken = *from;
    if (wanted > *left)
        return NULL;
    *from += wanted;
    *left -= (size_t)wanted;
    return taken;
}

static bool read_thumbnails(const char **from, size_t *left, const struct answer_head *head, struct photo *photo) {
    for (size_t i = 0; i < photo->thumbnail_count; i++) {
        const char *bytes = take(from, left, head->sizes[i]);
        struct thumbnail *thumbnail = &photo->thumbnails[i];
        if (bytes == NULL || head->sizes[i] == 0 || (thumbnail->bytes = g_try_malloc((gsize)head->sizes[i])) == NULL)
            return false;
        thumbnail->size = (size_t)head->sizes[i];
        memcpy(thumbnail->bytes, bytes, thumbnail->size);
    }
    return true;
}

/* Sets the text about the damage, if there is one. */
static bool read_damage(const char **from, size_t *left, uint64_t size, struct photo *photo) {
    const char *text = take(from, left, size);
    if (text == NULL || *left != 0)
        return false;
    if (size > 0)
        photo->damage = strndup(text, (size_t)size);
    return size == 0 || photo->damage != NULL;
}

bool crossing_read_answer(const void *from, size_t size, size_t count, struct photo *photo, uint64_t *needed) {
    struct answer_head head;
    const char *bytes = from, *start = take(&bytes, &size, sizeof head);
    if (start == NULL)
        return false;
    memcpy(&head, start, sizeof head);
    *needed = head.needed;
    if (head.needed != 0)
        return true;
    if (head.count != count || !photo_make_room(photo, count))
        return false;
    photo->notes = (unsigned)head.notes;
    if (read_thumbnails(&bytes, &size, &head, photo) && read_damage(&bytes, &size, head.damage, photo))
        return true;
    photo_forget_thumbnails(photo);
    return false;
}
