/*
 * making.c - makes thumbnails once, or a second time to find the reason why that fails.
 *
 * If libvips fails, its message is the reason. While other pictures fail at the same time, their messages mix. If there
 * is more than one that may be about a picture, or none, the picture is decoded once more, and the reason is the message
 * that came both times. One picture at a time is decoded once more, so that no other one is behind both messages. The
 * other threads go on.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "making.h"

#include <pthread.h>
#include <string.h>

#include "messages.h"
#include "thumbnail.h"

static pthread_mutex_t second_look = PTHREAD_MUTEX_INITIALIZER; /* held while a picture is decoded once more */

static int fail_with(struct maker *maker, const struct photo *photo, const struct messages *messages) {
    char text[256];
    messages_join(text, sizeof text, messages);
    if (text[0] == '\0')
        return maker_fail(maker, "damaged, and the %s decoder gives no reason", thumbnail_format(photo));
    return maker_fail(maker, "%s", text);
}

/* Makes the thumbnails, and collects the messages that may be about the picture if libvips fails. */
static int make(struct maker *maker, struct photo *photo, struct messages *messages) {
    size_t begin = messages_begin();
    int code = thumbnail_make(maker, photo, THUMBNAIL_REFUSE_DAMAGED);
    if (code == LIBVIPS_KNOWS)
        messages_collect(messages, begin, thumbnail_format(photo));
    if (code == LIBVIPS_KNOWS && messages->count == 0)
        messages_set(messages, thumbnail_warning());
    return code;
}

/* Makes thumbnails of what can be decoded, and stores the messages about the damage. */
static int keep_damaged(struct maker *maker, struct photo *photo, const struct messages *messages) {
    char text[256];
    int code = thumbnail_make(maker, photo, THUMBNAIL_KEEP_DAMAGED);
    if (code == LIBVIPS_KNOWS)
        return fail_with(maker, photo, messages);
    messages_join(text, sizeof text, messages);
    if (code == 0 && (photo->damage = strdup(text)) == NULL)
        return maker_fail(maker, "out of memory");
    return code;
}

/* Decodes a picture that has failed once more, to find out which of the messages is about it. */
static int look_again(struct maker *maker, struct photo *photo, struct messages *messages) {
    struct messages again;
    pthread_mutex_lock(&second_look);
    bool ends = maker_is_cancelled(maker); /* while this thread waited for its turn */
    int code = ends ? LIBVIPS_KNOWS : make(maker, photo, &again);
    pthread_mutex_unlock(&second_look);
    if (ends || code != LIBVIPS_KNOWS)
        return ends ? fail_with(maker, photo, messages) : code;
    messages_narrow(messages, &again);
    return fail_with(maker, photo, messages);
}

int making_run(struct maker *maker, struct photo *photo) {
    struct messages messages;
    int code = make(maker, photo, &messages);
    if (code != LIBVIPS_KNOWS || maker_is_cancelled(maker))
        return code;
    if (maker->recipe->keep_damaged)
        return keep_damaged(maker, photo, &messages);
    bool is_alone = maker->task == NULL; /* all messages are about this picture */
    return is_alone || messages.count == 1 ? fail_with(maker, photo, &messages) : look_again(maker, photo, &messages);
}
