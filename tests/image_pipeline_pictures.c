/*
 * image_pipeline_pictures.c - for test_image_pipeline.c: makes and measures pictures with libvips.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "image_pipeline_pictures.h"

#include <check.h>
#include <stdio.h>
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

static void write_and_free(VipsImage *picture, const char *path) {
    ck_assert_msg(vips_image_write_to_file(picture, path, NULL) == 0, "%s: %s", path, vips_error_buffer());
    g_object_unref(picture);
}

bool try_black(const char *path, int width, int height) {
    open_once();
    VipsImage *picture = NULL;
    ck_assert_int_eq(vips_black(&picture, width, height, "bands", 3, NULL), 0);
    bool ok = vips_image_write_to_file(picture, path, NULL) == 0;
    vips_error_clear();
    g_object_unref(picture);
    return ok;
}

void write_clear(const char *path, int width, int height) {
    open_once();
    VipsImage *black = NULL, *picture = NULL;
    ck_assert_int_eq(vips_black(&black, width, height, "bands", 4, NULL), 0);
    ck_assert_int_eq(vips_copy(black, &picture, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    g_object_unref(black);
    write_and_free(picture, path);
}

void write_deep(const char *path, int width, int height) {
    open_once();
    VipsImage *black = NULL, *wide = NULL, *picture = NULL;
    ck_assert_int_eq(vips_black(&black, width, height, "bands", 3, NULL), 0);
    ck_assert_int_eq(vips_cast_ushort(black, &wide, NULL), 0);
    ck_assert_int_eq(vips_copy(wide, &picture, "interpretation", VIPS_INTERPRETATION_RGB16, NULL), 0);
    g_object_unref(black);
    g_object_unref(wide);
    write_and_free(picture, path);
}

void write_described(const char *path, int width, int height) {
    open_once();
    VipsImage *black = NULL, *picture = NULL;
    ck_assert_int_eq(vips_black(&black, width, height, "bands", 3, NULL), 0);
    ck_assert_int_eq(vips_copy(black, &picture, NULL), 0);
    vips_image_set_string(picture, VIPS_META_IMAGEDESCRIPTION, "a picture");
    g_object_unref(black);
    write_and_free(picture, path);
}

void write_pages(const char *path) {
    enum { WIDTH = 400, HEIGHT = 200 };
    open_once();
    VipsImage *pages[2] = {NULL, NULL}, *black = NULL, *joined = NULL, *picture = NULL;
    ck_assert_int_eq(vips_black(&black, WIDTH, HEIGHT, "bands", 3, NULL), 0);
    ck_assert_int_eq(vips_copy(black, &pages[0], "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    ck_assert_int_eq(vips_invert(pages[0], &pages[1], NULL), 0);
    ck_assert_int_eq(vips_arrayjoin(pages, &joined, 2, "across", 1, NULL), 0);
    ck_assert_int_eq(vips_copy(joined, &picture, NULL), 0);
    vips_image_set_int(picture, VIPS_META_PAGE_HEIGHT, HEIGHT);
    g_object_unref(black);
    g_object_unref(pages[0]);
    g_object_unref(pages[1]);
    g_object_unref(joined);
    write_and_free(picture, path);
}

struct look look_at(const char *path) {
    open_once();
    double *pixel = NULL;
    int bands;
    const char *loader;
    struct look look = {.alpha = -1};
    VipsImage *picture = vips_image_new_from_file(path, NULL);
    ck_assert_msg(picture != NULL, "%s: %s", path, vips_error_buffer());
    look.width = vips_image_get_width(picture);
    look.height = vips_image_get_height(picture);
    look.bits = 8 * (int)vips_format_sizeof(vips_image_get_format(picture));
    ck_assert_int_eq(vips_image_get_string(picture, VIPS_META_LOADER, &loader), 0);
    snprintf(look.loader, sizeof look.loader, "%s", loader);
    ck_assert_int_eq(vips_getpoint(picture, &pixel, &bands, look.width / 2, look.height / 2, NULL), 0);
    look.red = (int)pixel[0];
    if (vips_image_hasalpha(picture))
        look.alpha = (int)pixel[bands - 1];
    g_free(pixel);
    g_object_unref(picture);
    return look;
}

double distance_of(const char *one, const char *other) {
    open_once();
    VipsImage *pictures[2] = {vips_image_new_from_file(one, NULL), vips_image_new_from_file(other, NULL)};
    ck_assert_msg(pictures[0] != NULL && pictures[1] != NULL, "%s: %s", one, vips_error_buffer());
    VipsImage *difference = NULL, *absolute = NULL;
    double distance;
    ck_assert_int_eq(vips_subtract(pictures[0], pictures[1], &difference, NULL), 0);
    ck_assert_int_eq(vips_abs(difference, &absolute, NULL), 0);
    ck_assert_int_eq(vips_avg(absolute, &distance, NULL), 0);
    g_object_unref(absolute);
    g_object_unref(difference);
    g_object_unref(pictures[0]);
    g_object_unref(pictures[1]);
    return distance;
}
