/*
 * resize.c - the middle stage: makes a thumbnail of a picture, in memory.
 *
 * If libvips fails, its message is the reason. While other pictures fail at the same time, their messages mix. If there
 * is more than one that may be about a picture, or none, the picture is decoded once more, and the reason is the message
 * that came both times. One picture at a time is decoded once more, so that no other one is behind both messages. The
 * other threads go on.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>
#include <vips/vector.h>

#include "mark.h"
#include "messages.h"
#include "stages.h"
#include "terminal.h"
#include "thumbnail.h"
#include "vips_text.h"

static pthread_mutex_t second_look = PTHREAD_MUTEX_INITIALIZER; /* held while a picture is decoded once more */

bool resize_open(const char *program) {
    if (VIPS_INIT(program) != 0) {
        char reason[256];
        vips_text_take(reason, sizeof reason);
        terminal_say("cannot initialize libvips: %s", reason);
        return false;
    }
    vips_concurrency_set(1);        /* the pipeline's workers are the parallelism */
    vips_vector_set_enabled(FALSE); /* liborc's compiler is not thread-safe: it crashes now and then */
    vips_cache_set_max(0);          /* no picture occurs twice */
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    thumbnail_open();
    return true;
}

void resize_close(void) {
    vips_shutdown();
}

void resize_fini(void *state) {
    (void)state;
    vips_thread_shutdown();
}

static int fail_with(weir_task *task, const struct photo *photo, const struct messages *messages) {
    char text[256];
    messages_join(text, sizeof text, messages);
    if (text[0] == '\0')
        return weir_task_fail(task, FAILED, "damaged, and the %s decoder gives no reason", thumbnail_format(photo));
    return weir_task_fail(task, FAILED, "%s", text);
}

/* Makes the thumbnail, and collects the messages that may be about the picture if libvips fails. */
static int make(weir_task *task, struct photo *photo, struct work *work, struct messages *messages) {
    size_t begin = messages_begin();
    int code = thumbnail_make(task, photo, work, THUMBNAIL_REFUSE_DAMAGED);
    if (code == LIBVIPS_KNOWS)
        messages_collect(messages, begin, thumbnail_format(photo));
    if (code == LIBVIPS_KNOWS && messages->count == 0)
        messages_set(messages, thumbnail_warning());
    return code;
}

/* Makes a thumbnail of what can be decoded, and stores the messages about the damage. */
static int keep_damaged(weir_task *task, struct photo *photo, struct work *work, const struct messages *messages) {
    char text[256];
    int code = thumbnail_make(task, photo, work, THUMBNAIL_KEEP_DAMAGED);
    if (code == LIBVIPS_KNOWS)
        return fail_with(task, photo, messages);
    messages_join(text, sizeof text, messages);
    if (code == 0 && (photo->damage = strdup(text)) == NULL)
        return weir_task_fail(task, FAILED, "out of memory");
    return code;
}

/* Decodes a picture that has failed once more, to find out which of the messages is about it. */
static int look_again(weir_task *task, struct photo *photo, struct work *work, struct messages *messages) {
    struct messages again;
    pthread_mutex_lock(&second_look);
    bool ends = weir_task_cancelled(task); /* while this thread waited for its turn */
    int code = ends ? LIBVIPS_KNOWS : make(task, photo, work, &again);
    pthread_mutex_unlock(&second_look);
    if (ends || code != LIBVIPS_KNOWS)
        return ends ? fail_with(task, photo, messages) : code;
    messages_narrow(messages, &again);
    return fail_with(task, photo, messages);
}

static int make_or_explain(weir_task *task, struct photo *photo, struct work *work) {
    struct messages messages;
    int code = make(task, photo, work, &messages);
    if (code != LIBVIPS_KNOWS || weir_task_cancelled(task))
        return code;
    if (work->options->keep_damaged)
        return keep_damaged(task, photo, work, &messages);
    return messages.count == 1 ? fail_with(task, photo, &messages) : look_again(task, photo, work, &messages);
}

static int add_mark(weir_task *task, struct photo *photo, const struct source *source) {
    char mark[MARK_SIZE];
    source_mark(mark, source, photo);
    bool ok = mark_put(&photo->thumbnail, &photo->thumbnail_size, mark);
    return ok ? 0 : weir_task_fail(task, FAILED, "libvips made no JPEG");
}

int resize_photo(weir_task *task, void *item, void *state) {
    struct work *work = state;
    struct photo *photo = item;
    int code = make_or_explain(task, photo, work);
    photo_forget_image(photo);
    if (code == 0)
        code = add_mark(task, photo, &work->ends.source);
    if (code == 0)
        weir_task_emit(task, photo);
    return code;
}
