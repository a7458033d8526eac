/*
 * image_pipeline_memory.c - for test_image_pipeline.c: small files that take much memory to decode.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

enum { FILES = 20000, FOR_EACH = 120 /* bytes */ };

enum { COPIES = 4, SIDE = 4000, MIB = 1024 /* as ru_maxrss counts */, WAITING = 40, HELD = 24 };

START_TEST (a_picture_that_alone_is_too_heavy_is_refused_with_the_figure) {
    make_folder(in_root("heavy"));
    write_black(in_root("heavy/interlaced.png[interlace]"), 3000, 3000);
    write_black(in_root("heavy/plain.png"), 3000, 3000);
    write_black(in_root("heavy/progressive.jpg[interlace]"), 3000, 3000);
    write_black(in_root("heavy/plain.jpg"), 3000, 3000);
    write_black(in_root("heavy/whole.webp"), 3000, 3000);
    struct result result = run_thumbs("--from", in_root("heavy"), "--to", in_root("heavy-out"), "--memory", "8M", NULL);
    expect_counts(&result, 2, 3);
    expect_text(result.err, "interlaced.png: resize: needs about 31 MiB to decode, and --memory is 8 MiB\n");
    expect_text(result.err, "progressive.jpg: resize: needs about 53 MiB to decode, and --memory is 8 MiB\n");
    expect_text(result.err, "whole.webp: resize: needs about 70 MiB to decode, and --memory is 8 MiB\n");
    expect_whole(in_root("heavy-out/plain.png.jpg"));
    expect_whole(in_root("heavy-out/plain.jpg"));
    result_free(&result);
    result = run_thumbs("--from", in_root("heavy"), "--to", in_root("heavy-out"), "--memory", "70m", NULL);
    ck_assert_int_eq(result.status, 2); /* suffixes are in upper case */
    result_free(&result);
    result = run_thumbs("--from", in_root("heavy"), "--to", in_root("heavy-out"), "--memory", "70M", NULL);
    expect_counts(&result, 5, 0);
    result_free(&result);
}
END_TEST

/* Its only limit is the height, so that the thumbnail is almost as large as the picture. */
START_TEST (a_thumbnail_of_any_width_counts_as_it_is) {
    make_folder(in_root("open"));
    write_black(in_root("open/wide.jpg"), 20000, 1000);
    write_black(in_root("open/square.jpg"), 2000, 2000);
    struct result result =
        run_thumbs("--from", in_root("open"), "--to", in_root("open-out"), "-s", "x990", "--memory", "64M", NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "wide.jpg: resize: needs about 154 MiB to decode, and --memory is 64 MiB\n");
    result_free(&result);
    result = run_thumbs("--from", in_root("open"), "--to", in_root("open-out"), "-s", "990x", "--memory", "64M", NULL);
    expect_counts(&result, 2, 0);
    result_free(&result);
}
END_TEST

/* libvips holds a strip of each plane besides the rows of the picture, and the decoder of a strip has its own memory. */
START_TEST (a_tiff_counts_with_more_than_its_samples) {
    make_folder(in_root("planes"));
    write_black(in_root("planes/a.tif"), 3000, 3000);
    struct result result =
        run_thumbs("--from", in_root("planes"), "--to", in_root("planes-out"), "-s", "1000", "--memory", "1M", NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "a.tif: resize: needs about 78 MiB to decode, and --memory is 1 MiB\n");
    result_free(&result);
}
END_TEST

START_TEST (an_avif_counts_by_its_depth) {
    make_folder(in_root("depths"));
    if (!try_black(in_root("depths/8.avif[compression=av1,speed=9]"), 1000, 1000) ||
        !try_black(in_root("depths/12.avif[compression=av1,speed=9,bitdepth=12]"), 1000, 1000)) {
        puts("left out: AVIF, because libvips has no encoder for it");
        return;
    }
    struct result result =
        run_thumbs("--from", in_root("depths"), "--to", in_root("depths-out"), "-s", "10", "--memory", "1M", NULL);
    expect_counts(&result, 0, 2);
    expect_text(result.err, "8.avif: resize: needs about 14 MiB to decode, and --memory is 1 MiB\n");
    expect_text(result.err, "12.avif: resize: needs about 27 MiB to decode, and --memory is 1 MiB\n");
    result_free(&result);
}
END_TEST

/* Each picture takes 46 MiB: all at a time would take more than 220. */
START_TEST (pictures_wait_until_they_fit_into_the_memory) {
    struct rusage usage;
    make_folder(in_root("bombs"));
    write_black(in_root("bombs/0.png[interlace]"), SIDE, SIDE);
    for (int i = 1; i < COPIES; i++)
        copy_file(in_root("bombs/0.png"), in_root("bombs/%d.png", i));
    struct result result =
        run_thumbs("--from", in_root("bombs"), "--to", in_root("bombs-out"), "--memory", "60M", "--resizes", "4", NULL);
    expect_counts(&result, COPIES, 0);
    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (getenv("CK_FORK") == NULL) /* else make-photos is among the children */
        ck_assert_int_le(usage.ru_maxrss, (60 + 100) * MIB);
#endif
    result_free(&result);
}
END_TEST

/* Lists the names of this many files, and returns the most memory, in units of ru_maxrss. */
static long memory_of_list(const char *name, int files) {
    struct rusage usage;
    make_folder(in_root("%s", name));
    for (int i = 0; i < files; i++)
        write_text(in_root("%s/%05d.png", name, i), "");
    struct result result = run_thumbs(in_root("%s", name), in_root("%s-out", name), "-n", NULL);
    ck_assert_int_eq(result.status, 0);
    result_free(&result);
    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

START_TEST (a_file_of_a_folder_takes_its_name_and_little_more) {
    long few = memory_of_list("few-files", 1), many = memory_of_list("many-files", FILES);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (getenv("CK_FORK") == NULL)
        ck_assert_int_le(many, few + FILES * FOR_EACH / MIB);
#else
    (void)few, (void)many;
#endif
}
END_TEST

/* Returns the most pictures that were downloaded and not yet stored, by the log: the second PUT of each is. */
static int most_held(const struct server *server) {
    char *log = read_file(server_log(server), NULL);
    int held = 0, most = 0, puts[WAITING] = {0};
    for (const char *head = log; *head != '\0'; head++) { /* the start of a body may be in front of a head */
        int number;
        if (strncmp(head, "GET /file/", 10) == 0)
            held++;
        else if (sscanf(head, "PUT /once-500/x/%d.jpg ", &number) == 1 && ++puts[number] == 2)
            held--;
        most = held > most ? held : most;
    }
    free(log);
    return most;
}

/* An open side counts with what it takes. The store refuses each thumbnail once, so all wait for another attempt. */
START_TEST (no_download_begins_while_thumbnails_fill_their_share) {
    char url[128];
    write_picture(in_root("high.jpg"), 200, 1500); /* its thumbnail takes more than a twentieth of the share of 8M */
    struct server server = server_start(in_root("high.jpg"));
    FILE *list = fopen(in_root("waiting"), "w");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < WAITING; i++)
        fprintf(list, "http://127.0.0.1:%d/file/%d.jpg\n", server.port, i);
    fclose(list);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/once-500/x", server.port);
    struct result result = run_thumbs("--from", in_root("waiting"), "--to", url, "-s", "200x", "-q", "100", "--memory",
                                      "8M", "--downloads", "1", "--capacity", "1", "--uploads", "1", NULL);
    expect_counts(&result, WAITING, 0);
    ck_assert_uint_eq(figure(&result, "retried"), WAITING);
    int most = most_held(&server);
    ck_assert_msg(most > 0 && most < HELD, "%d pictures held at a time", most);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* A text with a checksum that is wrong, and a length that is longer than the file. */
START_TEST (texts_in_a_png_are_not_read) {
    static const char text[] = "\0\0\0\5tEXta\0bcdXXXX", broken[] = "\x7f\xff\xff\xfftEXta";
    enum { HEAD = 8 + 25, TEXT = sizeof text - 1, BROKEN = sizeof broken - 1 };
    make_folder(in_root("texts"));
    write_black(in_root("texts/whole.png"), 400, 300);
    size_t size;
    char *png = read_file(in_root("texts/whole.png"), &size), *odd = malloc(size + 2 * TEXT + BROKEN);
    ck_assert_ptr_nonnull(odd);
    memcpy(odd, png, HEAD);
    memcpy(odd + HEAD, text, TEXT);
    memcpy(odd + HEAD + TEXT, text, TEXT);
    memcpy(odd + HEAD + 2 * TEXT, png + HEAD, size - HEAD);
    write_file(in_root("texts/text.png"), odd, size + 2 * TEXT);
    memcpy(odd + HEAD + TEXT, broken, BROKEN);
    memcpy(odd + HEAD + TEXT + BROKEN, png + HEAD, size - HEAD);
    write_file(in_root("texts/broken.png"), odd, size + TEXT + BROKEN);
    write_file(in_root("texts/cut.png"), odd, HEAD + TEXT + 7);
    struct result result = run_thumbs("--from", in_root("texts"), "--to", in_root("texts-out"), NULL);
    expect_counts(&result, 2, 2);
    expect_whole(in_root("texts-out/text.png.jpg"));
    expect_text(result.err, "broken.png: resize: ");
    expect_text(result.err, "cut.png: resize: ");
    free(odd);
    free(png);
    result_free(&result);
}
END_TEST

void add_memory_tests(TCase *cases) {
    tcase_add_test(cases, a_picture_that_alone_is_too_heavy_is_refused_with_the_figure);
    tcase_add_test(cases, a_thumbnail_of_any_width_counts_as_it_is);
    tcase_add_test(cases, a_tiff_counts_with_more_than_its_samples);
    tcase_add_test(cases, an_avif_counts_by_its_depth);
    tcase_add_test(cases, pictures_wait_until_they_fit_into_the_memory);
    tcase_add_test(cases, a_file_of_a_folder_takes_its_name_and_little_more);
    tcase_add_test(cases, no_download_begins_while_thumbnails_fill_their_share);
    tcase_add_test(cases, texts_in_a_png_are_not_read);
}
