/*
 * resize.c - the middle stage: makes a thumbnail of a picture, in memory.
 *
 * libvips keeps its error text in one buffer for the whole process, so with several threads it mixes messages about
 * several pictures. Therefore threads hold `alone` shared while they work. A thread that failed acquires it
 * exclusively and tries once more; the text in the buffer is then about its picture. The second try costs little,
 * because failures are rare. It also saves a picture that failed for a transient reason, such as memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#if defined(__linux__)
#define _GNU_SOURCE /* for a lock that prefers writers */
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>
#include <vips/vector.h>

#include "mark.h"
#include "stages.h"
#include "terminal.h"
#include "thumbnail.h"
#include "vips_text.h"

static pthread_rwlock_t alone;

static bool create_lock(void) {
    pthread_rwlockattr_t attributes;
    if (pthread_rwlockattr_init(&attributes) != 0)
        return false;
#if defined(__GLIBC__)
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    bool ok = pthread_rwlock_init(&alone, &attributes) == 0;
    pthread_rwlockattr_destroy(&attributes);
    return ok;
}

bool resize_open(const char *program) {
    if (!create_lock()) {
        terminal_say("cannot create a lock");
        return false;
    }
    if (VIPS_INIT(program) != 0) {
        char reason[256];
        vips_text_take(reason, sizeof reason);
        terminal_say("cannot initialize libvips: %s", reason);
        pthread_rwlock_destroy(&alone);
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
    pthread_rwlock_destroy(&alone);
}

void resize_fini(void *state) {
    (void)state;
    vips_thread_shutdown();
}

static int fail_with(weir_task *task, const char *text) {
    return weir_task_fail(task, FAILED, "%s", text[0] != '\0' ? text : "libvips failed without a message");
}

/* With `alone` held exclusively: makes a thumbnail of what can be decoded, and stores the message about the damage. */
static int keep_damaged(weir_task *task, struct photo *photo, const struct options *options, const char *text) {
    int code = thumbnail_make(task, photo, options, THUMBNAIL_KEEP_DAMAGED);
    if (code == LIBVIPS_KNOWS)
        return fail_with(task, text);
    if (code == 0 && (photo->damage = strdup(text)) == NULL)
        return weir_task_fail(task, FAILED, "out of memory");
    return code;
}

/* Makes the second try, with `alone` held exclusively. */
static int resize_alone(weir_task *task, struct photo *photo, const struct options *options) {
    char text[256];
    pthread_rwlock_wrlock(&alone);
    vips_error_clear();
    int code = thumbnail_make(task, photo, options, THUMBNAIL_REFUSE_DAMAGED);
    vips_text_take(text, sizeof text);
    if (code == LIBVIPS_KNOWS)
        code = options->keep_damaged ? keep_damaged(task, photo, options, text) : fail_with(task, text);
    vips_error_clear();
    pthread_rwlock_unlock(&alone);
    return code;
}

static int add_mark(weir_task *task, struct photo *photo, const struct source *source) {
    char mark[MARK_SIZE];
    source_mark(mark, source, photo);
    bool ok = mark_put(&photo->thumbnail, &photo->thumbnail_size, mark);
    return ok ? 0 : weir_task_fail(task, FAILED, "libvips made no JPEG");
}

int resize_photo(weir_task *task, void *item, void *state) {
    const struct work *work = state;
    struct photo *photo = item;
    pthread_rwlock_rdlock(&alone);
    int code = thumbnail_make(task, photo, work->options, THUMBNAIL_REFUSE_DAMAGED);
    pthread_rwlock_unlock(&alone);
    if (code == LIBVIPS_KNOWS && !weir_task_cancelled(task))
        code = resize_alone(task, photo, work->options);
    photo_forget_image(photo);
    if (code == 0)
        code = add_mark(task, photo, &work->ends.source);
    if (code == 0)
        weir_task_emit(task, photo);
    return code;
}
