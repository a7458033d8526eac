/*
 * resize.c - the middle stage: makes a thumbnail of a picture, in memory, with libvips.
 *
 * The pictures come from anywhere, so a picture must be let in: only JPEG, PNG and WebP, by what is inside and not by
 * the name, and only with so many pixels, by what its header says, before a single one is decoded. One that is cut
 * short or damaged fails instead of becoming a half grey thumbnail.
 *
 * libvips keeps its error text in one buffer for the whole process: with several threads it mixes the messages of
 * several pictures. So the threads work with `alone` held shared, and the one whose picture failed takes it exclusively
 * and tries once more, with the buffer to itself: what is in it then is about this picture. Trying again costs little,
 * as a failure is rare, and it saves a picture that failed for a passing reason, such as memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#if defined(__linux__)
#define _GNU_SOURCE /* a lock that lets a writer in before the readers that come after it */
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>
#include <vips/vector.h>

#include "stages.h"
#include "terminal.h"

static pthread_rwlock_t alone;

static void forget_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
    (void)domain, (void)level, (void)message, (void)unused;
}

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
        terminal_say("libvips cannot start: %s", vips_error_buffer());
        pthread_rwlock_destroy(&alone);
        return false;
    }
    vips_concurrency_set(1);        /* the pipeline's workers are the parallelism */
    vips_vector_set_enabled(FALSE); /* by liborc, whose compiler crashes now and then in several threads */
    vips_cache_set_max(0);          /* no picture comes twice */
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, forget_message, NULL); /* what matters comes as an error, too */
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

/* Instead of FAILED: libvips has the reason. */
enum { LIBVIPS_KNOWS = 2 };

/* libvips has loaders for everything from SVG and PDF to all that ImageMagick reads; photographs need three. */
static int check_format(weir_task *task, const struct photo *photo) {
    static const char *const allowed[] = {"VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer",
                                          "VipsForeignLoadWebpBuffer"};
    const char *loader = vips_foreign_find_load_buffer(photo->image, photo->image_size);
    if (loader == NULL)
        return weir_task_fail(task, FAILED, "not an image");
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(loader, allowed[i]) == 0)
            return 0;
    }
    const char *nickname = vips_nickname_find(g_type_from_name(loader)); /* "svgload_buffer" */
    const char *end = nickname == NULL ? NULL : strstr(nickname, "load");
    return weir_task_fail(task, FAILED, "not JPEG, PNG or WebP but %.*s", end == NULL ? 5 : (int)(end - nickname),
                          end == NULL ? "other" : nickname);
}

static int check_size(weir_task *task, const struct photo *photo, uint64_t max_pixels) {
    VipsImage *header = vips_image_new_from_buffer(photo->image, photo->image_size, "", NULL); /* decodes nothing yet */
    if (header == NULL)
        return LIBVIPS_KNOWS;
    int width = vips_image_get_width(header), height = vips_image_get_height(header);
    g_object_unref(header);
    if ((uint64_t)width * (uint64_t)height > max_pixels)
        return weir_task_fail(task, FAILED, "%d x %d is more than %ju pixels", width, height, (uintmax_t)max_pixels);
    return 0;
}

/* Called by libvips every now and then: a big picture need not be finished when the run is aborted. */
static void look_for_abort(VipsImage *image, VipsProgress *progress, void *task) {
    (void)progress;
    if (weir_task_cancelled(task))
        vips_image_set_kill(image, TRUE);
}

static int make_thumbnail(weir_task *task, struct photo *photo, const struct options *options) {
    VipsImage *image = NULL;
    /* Decoding at a smaller scale where the format can, turned as its camera held it, and in sRGB, because what would
     * tell a viewer otherwise is stripped. fail_on goes by the option string: libvips 8.14 ignores the argument. */
    if (vips_thumbnail_buffer(photo->image, photo->image_size, &image, options->width, "height", options->height,
                              "size", VIPS_SIZE_DOWN, "export_profile", "srgb", "option_string", "[fail_on=error]",
                              NULL) != 0)
        return LIBVIPS_KNOWS;
    vips_image_set_progress(image, TRUE);
    g_signal_connect(image, "eval", G_CALLBACK(look_for_abort), task);
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0); /* what is seen through transparent places */
    int error = vips_jpegsave_buffer(image, &photo->thumbnail, &photo->thumbnail_size, "Q", options->quality, "strip",
                                     TRUE, "optimize_coding", TRUE, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    g_object_unref(image);
    return error == 0 ? 0 : LIBVIPS_KNOWS;
}

static int resize(weir_task *task, struct photo *photo, const struct options *options) {
    int code = check_format(task, photo);
    if (code == 0)
        code = check_size(task, photo, options->max_pixels);
    return code != 0 ? code : make_thumbnail(task, photo, options);
}

/* Copies libvips's messages, which stand on lines of their own, as one line. */
static void copy_error(char *line, size_t size) {
    snprintf(line, size, "%s", vips_error_buffer());
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == '\n')
        line[--length] = '\0';
    for (char *c = line; *c != '\0'; c++) {
        if (*c == '\n')
            *c = ';';
    }
}

/* The second try, with libvips's error text to itself. */
static int resize_alone(weir_task *task, struct photo *photo, const struct options *options) {
    char text[256];
    pthread_rwlock_wrlock(&alone);
    vips_error_clear();
    int code = resize(task, photo, options);
    copy_error(text, sizeof text);
    vips_error_clear();
    pthread_rwlock_unlock(&alone);
    if (code != LIBVIPS_KNOWS)
        return code;
    return weir_task_fail(task, FAILED, "%s", text[0] != '\0' ? text : "failed, and libvips gives no reason");
}

int resize_photo(weir_task *task, void *item, void *state) {
    const struct work *work = state;
    struct photo *photo = item;
    pthread_rwlock_rdlock(&alone);
    int code = resize(task, photo, work->options);
    pthread_rwlock_unlock(&alone);
    if (code == LIBVIPS_KNOWS && !weir_task_cancelled(task))
        code = resize_alone(task, photo, work->options);
    photo_forget_image(photo);
    if (code == 0)
        weir_task_emit(task, photo);
    return code;
}
