/*
 * photo_set.c - crops or paints pictures, in the threads of a pipeline that has one source.
 *
 * Every picture is a crop of a photograph or of a painting. One thread makes all crops of the same original, because
 * decoding or painting it takes longer than the rest and should happen once. A picture depends on its number and the
 * set's seed, not on the thread that makes it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "photo_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

#include <weir/pipeline.h>

#include "paint.h"
#include "terminal.h"
#include "vips_text.h"

enum { PAINTINGS = 6, QUALITY = 88, MIN_SIDE = 64, PATH_SIZE = 4096, REASON_SIZE = 256 };

struct job {
    const struct photo_set *set; /* constant while the threads run, like the next two */
    char **sources;              /* paths of the photographs to crop */
    size_t source_count;
    atomic_size_t begun; /* number of originals */
    atomic_size_t made;  /* number of pictures */
};

static void say_reason(const char *what) {
    char reason[REASON_SIZE];
    vips_text_take(reason, sizeof reason);
    terminal_say("%s: %s", what, reason);
}

static bool write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool ok = fwrite(data, 1, size, file) == size;
    return fclose(file) == 0 && ok;
}

bool photo_set_has_file(const char *name) {
    static const char start[] = "photo-", end[] = ".jpg", hidden_end[] = ".jpg.part";
    bool is_hidden = *name == '.';
    name += is_hidden;
    if (strncmp(name, start, strlen(start)) != 0)
        return false;
    name += strlen(start);
    size_t digits = strspn(name, "0123456789");
    return digits >= 4 && strcmp(name + digits, is_hidden ? hidden_end : end) == 0;
}

/* Writes the picture under a hidden name and renames it, so that no reader finds a partial file. */
static bool save(const struct photo_set *set, size_t number, VipsImage *picture) {
    char path[PATH_SIZE], hidden[PATH_SIZE];
    snprintf(path, sizeof path, "%s/photo-%04zu.jpg", set->to, number + 1);
    snprintf(hidden, sizeof hidden, "%s/.photo-%04zu.jpg.part", set->to, number + 1);
    void *data = NULL;
    size_t size;
    if (vips_jpegsave_buffer(picture, &data, &size, "Q", QUALITY, "strip", TRUE, NULL) != 0) {
        say_reason(path);
        return false;
    }
    bool ok = write_file(hidden, data, size) && rename(hidden, path) == 0;
    if (!ok) {
        terminal_say("%s: %s", path, strerror(errno));
        unlink(hidden);
    }
    g_free(data);
    return ok;
}

/* Returns a random part of `original`, no larger than it. */
static VipsImage *crop(VipsImage *original, uint64_t seed) {
    static const int ratios[][2] = {{4, 3}, {3, 2}, {16, 9}, {3, 4}};
    const int *ratio = ratios[random_next(&seed) % (sizeof ratios / sizeof *ratios)];
    int all_width = vips_image_get_width(original), all_height = vips_image_get_height(original);
    int width = random_between(&seed, 1200, 2048);
    width = width < all_width ? width : all_width;
    int height = width * ratio[1] / ratio[0];
    if (height > all_height) {
        height = all_height;
        width = height * ratio[0] / ratio[1];
    }
    int left = random_between(&seed, 0, all_width - width), top = random_between(&seed, 0, all_height - height);
    VipsImage *picture = NULL;
    return vips_crop(original, &picture, left, top, width, height, NULL) == 0 ? picture : NULL;
}

/* Decodes a photograph into memory. */
static VipsImage *load(const char *path) {
    VipsImage *file = NULL, *photograph = NULL;
    if (vips_jpegload(path, &file, "access", VIPS_ACCESS_SEQUENTIAL, "fail", TRUE, NULL) == 0) {
        photograph = vips_image_copy_memory(file);
        g_object_unref(file);
    }
    if (photograph == NULL)
        say_reason(path);
    return photograph;
}

/*
 * Returns an original. A photograph that does not decode is replaced by the next one that does, or else by a
 * painting. The choice depends on the folder alone.
 */
static VipsImage *make_original(const struct job *job, size_t number) {
    for (size_t i = 0; i < job->source_count && !job->set->should_stop(); i++) {
        VipsImage *photograph = load(job->sources[(number + i) % job->source_count]);
        if (photograph != NULL)
            return photograph;
    }
    VipsImage *painting = paint_picture(job->set->seed * UINT64_C(1000003) + number);
    if (painting == NULL)
        say_reason("painting");
    return painting;
}

static bool make_one(const struct photo_set *set, size_t number, VipsImage *original) {
    VipsImage *picture = crop(original, set->seed * UINT64_C(1000033) + number);
    if (picture == NULL) {
        say_reason("cropping");
        return false;
    }
    bool ok = save(set, number, picture);
    g_object_unref(picture);
    return ok;
}

/* Makes all pictures that are cropped from one original. Each thread calls it until no original is left. */
static int make_some(weir_task *task, void *nothing, void *raw) {
    (void)task, (void)nothing;
    struct job *job = raw;
    size_t originals = job->source_count > 0 ? job->source_count : PAINTINGS, first = atomic_fetch_add(&job->begun, 1);
    if (first >= originals || first >= job->set->count || job->set->should_stop())
        return WEIR_END;
    VipsImage *original = make_original(job, first);
    for (size_t i = first; original != NULL && i < job->set->count; i += originals) {
        if (job->set->should_stop() || !make_one(job->set, i, original))
            break;
        atomic_fetch_add(&job->made, 1);
    }
    if (original != NULL)
        g_object_unref(original);
    return 0;
}

static void end_thread(void *unused) {
    (void)unused;
    vips_thread_shutdown();
}

static weir_status run(struct job *job) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const weir_stage_options pictures = {.name = "pictures",
                                         .work.source = make_some,
                                         .work.arg = job,
                                         .work.fini = end_thread,
                                         .threads.count = processors < 1 ? 1 : (size_t)processors};
    weir_pipeline *pipeline;
    weir_status status = weir_pipeline_create(&pipeline, NULL);
    if (status != WEIR_OK)
        return status;
    weir_pipeline_add(pipeline, NULL, &pictures);
    status = weir_pipeline_start(pipeline);
    if (status == WEIR_OK) {
        weir_pipeline_wait(pipeline, WEIR_NEVER);
        status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    }
    weir_pipeline_destroy(pipeline);
    return status;
}

static bool is_jpeg(const char *path) {
    const char *loader = vips_foreign_find_load(path);
    if (loader == NULL || strcmp(loader, "VipsForeignLoadJpegFile") != 0)
        return false;
    VipsImage *header = vips_image_new_from_file(path, NULL);
    bool ok = header != NULL && vips_image_get_width(header) >= MIN_SIDE && vips_image_get_height(header) >= MIN_SIDE;
    if (header != NULL)
        g_object_unref(header);
    return ok;
}

static bool add_source(struct job *job, const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path == NULL)
        return false;
    snprintf(path, size, "%s/%s", folder, name);
    if (!is_jpeg(path)) {
        free(path);
        return true;
    }
    char **sources = realloc(job->sources, (job->source_count + 1) * sizeof *sources);
    if (sources == NULL) {
        free(path);
        return false;
    }
    job->sources = sources;
    sources[job->source_count++] = path;
    return true;
}

static int by_path(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Lists the JPEGs in a folder. If it cannot be read, or has none, prints a message and returns true, without sources.
 * Returns false if memory is exhausted.
 */
static bool find_sources(struct job *job, const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        terminal_say("%s: %s; painting instead", path, strerror(errno));
        return true;
    }
    bool ok = true;
    const struct dirent *file;
    while (ok && (file = readdir(folder)) != NULL) {
        if (file->d_name[0] != '.')
            ok = add_source(job, path, file->d_name);
    }
    closedir(folder);
    vips_error_clear(); /* libvips's messages about files that are no JPEG */
    if (!ok)
        terminal_say("out of memory");
    else if (job->source_count == 0)
        terminal_say("%s: no JPEG to crop; painting instead", path);
    else
        qsort(job->sources, job->source_count, sizeof *job->sources, by_path);
    return ok;
}

bool photo_set_make(const struct photo_set *set) {
    struct job job = {.set = set};
    bool ok = set->from == NULL || find_sources(&job, set->from);
    if (ok) {
        weir_status status = run(&job);
        if (status != WEIR_OK)
            terminal_say("%s", weir_strerror(status));
        ok = status == WEIR_OK && atomic_load(&job.made) == set->count;
    }
    for (size_t i = 0; i < job.source_count; i++)
        free(job.sources[i]);
    free(job.sources);
    return ok;
}
