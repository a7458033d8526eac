/*
 * guard.c - looks at the clock, and for a cancel, from within libvips.
 *
 * libvips calls these functions in threads of its own, while the thread that makes the thumbnails waits for them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "guard.h"

#include <stdio.h>
#include <string.h>

static bool is_over(struct guard *guard) {
    if (maker_is_cancelled(guard->maker))
        return true;
    if (weir_deadline_after(0) < guard->deadline)
        return false;
    atomic_store(&guard->is_late, true);
    return true;
}

/* Returns 0, the end of the file, when the decode is over. */
static gint64 read_bytes(VipsSourceCustom *source, void *buffer, gint64 room, void *argument) {
    (void)source;
    struct guard *guard = argument;
    size_t left = guard->photo->image_size - guard->place, count = room < 0 ? 0 : (size_t)room;
    count = is_over(guard) ? 0 : left < count ? left : count;
    if (count > 0)
        memcpy(buffer, guard->photo->image + guard->place, count);
    guard->place += count;
    return (gint64)count;
}

static gint64 seek(VipsSourceCustom *source, gint64 offset, int origin, void *argument) {
    (void)source;
    struct guard *guard = argument;
    gint64 size = (gint64)guard->photo->image_size;
    gint64 base = origin == SEEK_CUR ? (gint64)guard->place : origin == SEEK_END ? size : 0;
    if (offset < -base || offset > size - base)
        return -1;
    guard->place = (size_t)(base + offset);
    return base + offset;
}

VipsSource *guard_source(struct guard *guard) {
    VipsSourceCustom *source = vips_source_custom_new();
    if (source == NULL)
        return NULL;
    guard->place = 0;
    g_signal_connect(source, "read", G_CALLBACK(read_bytes), guard);
    g_signal_connect(source, "seek", G_CALLBACK(seek), guard);
    return VIPS_SOURCE(source);
}

/* Called by libvips now and then. */
static void look(VipsImage *picture, VipsProgress *progress, void *guard) {
    (void)progress;
    if (is_over(guard))
        vips_image_set_kill(picture, TRUE);
}

void guard_watch(struct guard *guard, VipsImage *picture) {
    vips_image_set_progress(picture, TRUE);
    g_signal_connect(picture, "eval", G_CALLBACK(look), guard);
}
