/*
 * image_pipeline_pictures.c - for test_image_pipeline.c: makes and measures pictures with libvips.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "image_pipeline_pictures.h"

#include <check.h>
#include <vips/vips.h>

/* Opens libvips on first use: it takes a tenth of a second. */
static void open_once(void) {
    static bool is_open;
    if (is_open)
        return;
    is_open = true;
    ck_assert_int_eq(VIPS_INIT("test_image_pipeline"), 0);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
}

void write_picture(const char *path, int width, int height) {
    open_once();
    VipsImage *noise = NULL, *picture = NULL;
    ck_assert_int_eq(vips_gaussnoise(&noise, width, height, "mean", 128.0, "sigma", 20.0, "seed", width, NULL), 0);
    ck_assert_int_eq(vips_cast_uchar(noise, &picture, NULL), 0);
    ck_assert_msg(vips_image_write_to_file(picture, path, NULL) == 0, "%s: %s", path, vips_error_buffer());
    g_object_unref(noise);
    g_object_unref(picture);
}

void write_black(const char *path, int width, int height) {
    open_once();
    VipsImage *picture = NULL;
    ck_assert_int_eq(vips_black(&picture, width, height, "bands", 3, NULL), 0);
    ck_assert_msg(vips_image_write_to_file(picture, path, NULL) == 0, "%s: %s", path, vips_error_buffer());
    g_object_unref(picture);
}

bool read_picture(const char *path, int *width, int *height) {
    open_once();
    VipsImage *picture = NULL;
    double average;
    if (vips_jpegload(path, &picture, "fail_on", VIPS_FAIL_ON_WARNING, NULL) != 0)
        return false;
    *width = vips_image_get_width(picture);
    *height = vips_image_get_height(picture);
    bool is_whole = vips_avg(picture, &average, NULL) == 0;
    g_object_unref(picture);
    return is_whole;
}
