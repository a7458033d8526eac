/*
 * image_pipeline_formats.c - for test_image_pipeline.c: formats of pictures and of thumbnails.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

static const struct {
    const char *name, *loader, *of_png, *of_own; /* names of the thumbnails of a.png and of b.NAME */
} formats[] = {{"jpeg", "jpegload", "a.png.jpg", "b.jpeg"},
               {"webp", "webpload", "a.png.webp", "b.webp"},
               {"png", "pngload", "a.png", "b.png"},
               {"avif", "heifload", "a.png.avif", "b.avif"}};

enum { FORMATS = sizeof formats / sizeof *formats };

/* Makes thumbnails of NAME-i in NAME-out-i. */
static struct result run_format(int i, const char *name, const char *option) {
    return run_thumbs("--from", in_root("%s-%d", name, i), "--to", in_root("%s-out-%d", name, i), "-f", formats[i].name,
                      option, NULL);
}

static void expect_format(const char *path, const char *loader, int alpha) {
    struct look look = look_at(path);
    ck_assert_msg(strcmp(look.loader, loader) == 0, "%s: %s", path, look.loader);
    ck_assert_int_eq(look.width, 320);
    ck_assert_int_eq(look.height, 160);
    ck_assert_int_eq(look.alpha, alpha);
    if (alpha < 0)
        ck_assert_int_ge(look.red, 250); /* white shows through */
}

START_TEST (each_format_has_its_name_and_keeps_transparency_where_it_can) {
    for (int i = 0; i < FORMATS; i++) {
        make_folder(in_root("formats-%d", i));
        write_clear(in_root("formats-%d/a.png", i), 400, 200);
        copy_file(in_root("formats-%d/a.png", i), in_root("formats-%d/b.%s", i, formats[i].name));
        struct result result = run_format(i, "formats", NULL);
        expect_counts(&result, 2, 0);
        expect_format(in_root("formats-out-%d/%s", i, formats[i].of_png), formats[i].loader, i == 0 ? -1 : 0);
        expect_format(in_root("formats-out-%d/%s", i, formats[i].of_own), formats[i].loader, i == 0 ? -1 : 0);
        ck_assert_uint_eq(count_files(in_root("formats-out-%d", i)), 2);
        result_free(&result);
    }
}
END_TEST

/* Of the same picture, which a second run may replace; of another one, and of no picture, which it must keep. */
START_TEST (a_thumbnail_of_each_format_has_a_mark) {
    for (int i = 0; i < FORMATS; i++) {
        make_folder(in_root("marked-%d", i));
        write_clear(in_root("marked-%d/a.png", i), 400, 200);
        struct result result = run_format(i, "marked", NULL);
        expect_counts(&result, 1, 0);
        result_free(&result);
        result = run_format(i, "marked", "--skip-existing");
        expect_text(result.out, "\nskipped      1\n");
        result_free(&result);
        result = run_format(i, "marked", NULL);
        expect_counts(&result, 1, 0);
        result_free(&result);
        make_folder(in_root("other-%d", i));
        copy_file(in_root("marked-%d/a.png", i), in_root("other-%d/a.png", i));
        result = run_thumbs("--from", in_root("other-%d", i), "--to", in_root("marked-out-%d", i), "-f",
                            formats[i].name, NULL);
        expect_counts(&result, 0, 1);
        expect_text(result.err, "exists, and is the thumbnail of another picture");
        result_free(&result);
    }
}
END_TEST

START_TEST (the_content_type_is_that_of_the_format) {
    struct server store = server_start(photo(1));
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/simple", store.port);
    make_folder(in_root("typed"));
    copy_file(photo(1), in_root("typed/a.jpg"));
    for (int i = 0; i < FORMATS; i++) {
        struct result result = run_thumbs("--from", in_root("typed"), "--to", url, "-f", formats[i].name, NULL);
        expect_counts(&result, 1, 0);
        char *log = read_file(server_log(&store), NULL), type[64];
        snprintf(type, sizeof type, "\r\nContent-Type: image/%s\r\n", formats[i].name);
        expect_text(log, type);
        free(log);
        result_free(&result);
    }
    server_stop(&store);
}
END_TEST

START_TEST (the_quality_is_that_of_the_format) {
    make_folder(in_root("quality"));
    copy_file(photo(1), in_root("quality/a.jpg"));
    for (int i = 0; i < FORMATS; i++) {
        size_t sizes[2];
        for (int j = 0; j < 2 && strcmp(formats[i].name, "png") != 0; j++) {
            struct result result = run_thumbs("--from", in_root("quality"), "--to", in_root("quality-%d-%d", i, j),
                                              "-f", formats[i].name, "-q", j == 0 ? "20" : "95", NULL);
            expect_counts(&result, 1, 0);
            const char *name = any_file(in_root("quality-%d-%d", i, j));
            sizes[j] = file_size(in_root("quality-%d-%d/%s", i, j, name));
            if (j == 1)
                ck_assert_uint_lt(sizes[0], sizes[1]);
            result_free(&result);
        }
    }
    struct result result = run_thumbs("-f", "png", "-q", "90", NULL);
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, "--quality: PNG has no quality\n");
    result_free(&result);
    result = run_thumbs("-f", "gif", NULL);
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, "--format: 'gif' is not jpeg, webp, png or avif\n");
    result_free(&result);
}
END_TEST

/* 16 bits a channel become 8. */
START_TEST (deep_pictures_become_shallow_thumbnails) {
    make_folder(in_root("deep-colours"));
    write_deep(in_root("deep-colours/a.png"), 400, 200);
    for (int i = 1; i < FORMATS; i++) {
        struct result result = run_thumbs("--from", in_root("deep-colours"), "--to", in_root("deep-out-%d", i), "-f",
                                          formats[i].name, NULL);
        expect_counts(&result, 1, 0);
        struct look look = look_at(in_root("deep-out-%d/%s", i, formats[i].of_png));
        ck_assert_int_eq(look.bits, 8);
        result_free(&result);
    }
}
END_TEST

/* The first page is black; the others are white. */
START_TEST (other_formats_are_read_and_of_pages_the_first_one) {
    static const char *const names[] = {"a.gif", "a.tif", "a.avif", "a.heic"};
    make_folder(in_root("read"));
    write_pages(in_root("read/a.gif"));
    write_pages(in_root("read/a.tif"));
    write_black(in_root("read/a.avif"), 400, 200);
#if defined(__SANITIZE_ADDRESS__)
    bool has_heic = false; /* the encoder of these pictures, x265, leaks */
#else
    bool has_heic = try_black(in_root("read/a.heic"), 400, 200);
#endif
    struct result result = run_thumbs("--from", in_root("read"), "--to", in_root("read-out"), NULL);
    expect_counts(&result, has_heic ? 4 : 3, 0);
    for (int i = 0; i < (has_heic ? 4 : 3); i++) {
        struct look look = look_at(in_root("read-out/%s.jpg", names[i]));
        ck_assert_int_le(look.red, 3);
        ck_assert_int_eq(look.width, 320);
        ck_assert_int_eq(look.height, 160);
    }
    result_free(&result);
}
END_TEST

START_TEST (cut_pictures_of_other_formats_are_refused) {
    static const char *const names[] = {"a.tif", "a.avif"};
    make_folder(in_root("cut"));
    for (int i = 0; i < 2; i++) {
        write_picture(in_root("%s", names[i]), 400, 200);
        size_t size;
        char *data = read_file(in_root("%s", names[i]), &size);
        write_file(in_root("cut/%s", names[i]), data, size / 2);
        free(data);
    }
    struct result result = run_thumbs("--from", in_root("cut"), "--to", in_root("cut-out"), NULL);
    expect_counts(&result, 0, 2);
    expect_text(result.err, "weir-thumbs: a.tif: resize: ");
    expect_text(result.err, "weir-thumbs: a.avif: resize: ");
    ck_assert_uint_eq(count_files(in_root("cut-out")), 0);
    result_free(&result);
}
END_TEST

void add_formats_tests(TCase *cases) {
    tcase_add_test(cases, each_format_has_its_name_and_keeps_transparency_where_it_can);
    tcase_add_test(cases, a_thumbnail_of_each_format_has_a_mark);
    tcase_add_test(cases, the_content_type_is_that_of_the_format);
    tcase_add_test(cases, the_quality_is_that_of_the_format);
    tcase_add_test(cases, deep_pictures_become_shallow_thumbnails);
    tcase_add_test(cases, other_formats_are_read_and_of_pages_the_first_one);
    tcase_add_test(cases, cut_pictures_of_other_formats_are_refused);
}
