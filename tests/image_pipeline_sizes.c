/*
 * image_pipeline_sizes.c - for test_image_pipeline.c: sizes of thumbnails, and several of them from one download.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

static void expect_size(const char *path, int width, int height) {
    int w, h;
    ck_assert_msg(read_picture(path, &w, &h), "%s is not a whole JPEG", path);
    ck_assert_msg(w == width && h == height, "%s: %d x %d, not %d x %d", path, w, h, width, height);
}

static size_t count_text(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

START_TEST (a_size_may_leave_a_side_open) {
    static const struct {
        const char *size;
        int wide[2], high[2]; /* of 1200 x 600, and of 300 x 900 */
    } sizes[] = {{"320", {320, 160}, {107, 320}},  {"320x", {320, 160}, {300, 900}},
                 {"x320", {640, 320}, {107, 320}}, {"320x320", {320, 160}, {107, 320}},
                 {"100x80", {100, 50}, {27, 80}},  {"2000", {1200, 600}, {300, 900}}};
    make_folder(in_root("sides"));
    write_picture(in_root("sides/wide.jpg"), 1200, 600);
    write_picture(in_root("sides/high.jpg"), 300, 900);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct result result =
            run_thumbs("--from", in_root("sides"), "--to", in_root("sides-%d", (int)i), "-s", sizes[i].size, NULL);
        expect_counts(&result, 2, 0);
        expect_size(in_root("sides-%d/wide.jpg", (int)i), sizes[i].wide[0], sizes[i].wide[1]);
        expect_size(in_root("sides-%d/high.jpg", (int)i), sizes[i].high[0], sizes[i].high[1]);
        result_free(&result);
    }
}
END_TEST

START_TEST (several_sizes_come_from_one_download) {
    struct server server = server_start(photo(1));
    char list[256];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/file/a.jpg\nhttp://127.0.0.1:%d/file/b?1\n", server.port,
             server.port);
    write_text(in_root("list"), list);
    struct result result = run_thumbs("--from", in_root("list"), "--to", in_root("several"), "-s", "40,640", "-s",
                                      "300x", "--report", in_root("report"), NULL);
    expect_counts(&result, 2, 0);
    int width, height;
    ck_assert(read_picture(photo(1), &width, &height));
    ck_assert(width > height);
    char *log = read_file(server_log(&server), NULL), *report = read_file(in_root("report"), NULL);
    ck_assert_uint_eq(count_text(log, "GET /file/"), 2);
    ck_assert_uint_eq(count_text(report, "\"status\":\"done\""), 6);
    expect_text(report, "\"name\":\"a-40.jpg\",\"status\":\"done\"");
    expect_text(report, "\"name\":\"a-300x.jpg\",\"status\":\"done\"");
    expect_text(report, "\"name\":\"a-640.jpg\",\"status\":\"done\"");
    ck_assert_uint_eq(count_files(in_root("several")), 6);
    expect_size(in_root("several/a-40.jpg"), 40, (40 * height + width / 2) / width);
    expect_size(in_root("several/a-300x.jpg"), 300, (300 * height + width / 2) / width);
    expect_size(in_root("several/a-640.jpg"), 640, (640 * height + width / 2) / width);
    free(log), free(report);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* Only if all sizes are there: one is removed. */
START_TEST (a_picture_is_done_when_all_its_sizes_are) {
    make_folder(in_root("some"));
    copy_file(photo(1), in_root("some/a.jpg"));
    copy_file(photo(2), in_root("some/b.jpg"));
    for (int i = 0; i < 3; i++) {
        struct result result = run_thumbs("--from", in_root("some"), "--to", in_root("some-out"), "-s", "50,100",
                                          "--skip-existing", "--report", in_root("some-report"), NULL);
        ck_assert_int_eq(result.status, 0);
        ck_assert_uint_eq(figure(&result, "skipped"), i == 0 ? 0 : i == 1 ? 1 : 2);
        char *report = read_file(in_root("some-report"), NULL);
        ck_assert_uint_eq(count_text(report, "\"skipped\""), i == 0 ? 0 : i == 1 ? 2 : 4);
        expect_text(report, "\"name\":\"b-50.jpg\"");
        expect_whole(in_root("some-out/b-100.jpg"));
        if (i == 0)
            ck_assert_int_eq(unlink(in_root("some-out/b-100.jpg")), 0);
        free(report);
        result_free(&result);
    }
}
END_TEST

/* The first request for each URL fails: each size is retried by itself, and none is uploaded twice. */
START_TEST (a_retry_goes_on_with_the_size_that_has_failed) {
    struct server store = server_start(photo(1));
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/once-503", store.port);
    make_folder(in_root("again"));
    copy_file(photo(1), in_root("again/a.jpg"));
    struct result result = run_thumbs("--from", in_root("again"), "--to", url, "-s", "50,100", "--overwrite",
                                      "--resume", in_root("again-journal"), NULL);
    expect_counts(&result, 1, 0);
    ck_assert_uint_eq(figure(&result, "retried"), 2);
    char *log = read_file(server_log(&store), NULL);
    ck_assert_uint_eq(count_text(log, "PUT /once-503/a-50.jpg "), 2);
    ck_assert_uint_eq(count_text(log, "PUT /once-503/a-100.jpg "), 2);
    free(log);
    result_free(&result);
    result =
        run_thumbs("--from", in_root("again"), "--to", url, "-s", "50,100", "--resume", in_root("again-journal"), NULL);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    result_free(&result);
    server_stop(&store);
}
END_TEST

START_TEST (several_sizes_are_cropped_each) {
    make_folder(in_root("crops"));
    write_picture(in_root("crops/a.jpg"), 900, 300);
    struct result result = run_thumbs("--from", in_root("crops"), "--to", in_root("crops-out"), "-s",
                                      "100x50,200x100,60", "--crop", "centre", NULL);
    expect_counts(&result, 1, 0);
    expect_size(in_root("crops-out/a-200x100.jpg"), 200, 100);
    expect_size(in_root("crops-out/a-100x50.jpg"), 100, 50);
    expect_size(in_root("crops-out/a-60.jpg"), 60, 60);
    result_free(&result);
}
END_TEST

/* One that is made from a larger thumbnail too, and one that is cropped to another part of the picture. */
START_TEST (each_of_several_sizes_is_like_one_alone) {
    static const char *const sizes[] = {"80x160", "70x150", "40x80", "40", "20x10"};
    make_folder(in_root("alike"));
    copy_file(photo(3), in_root("alike/a.jpg"));
    for (int crop = 0; crop < 2; crop++) {
        const char *option = crop ? "--crop" : NULL;
        struct result result = run_thumbs("--from", in_root("alike"), "--to", in_root("alike-all-%d", crop), "-q",
                                          "100", "-s", "80x160,70x150,40x80,40,20x10", option, "centre", NULL);
        expect_counts(&result, 1, 0);
        result_free(&result);
        for (int i = 0; i < 5; i++) {
            result = run_thumbs("--from", in_root("alike"), "--to", in_root("alike-%d-%d", crop, i), "-q", "100", "-s",
                                sizes[i], option, "centre", NULL);
            expect_counts(&result, 1, 0);
            double distance =
                distance_of(in_root("alike-all-%d/a-%s.jpg", crop, sizes[i]), in_root("alike-%d-%d/a.jpg", crop, i));
            ck_assert_msg(distance < 4, "%s is %.1f off", sizes[i], distance);
            result_free(&result);
        }
    }
}
END_TEST

START_TEST (sizes_that_make_no_sense_are_refused) {
    static const char *const wrong[] = {"",   "0",     "x",     "320,",        "320x0",
                                        "-1", "16385", "1x2x3", "320,320x320", "1,2,3,4,5,6,7,8,9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct result result = run_thumbs("-s", wrong[i], NULL);
        ck_assert_msg(result.status == 2, "-s '%s': status %d", wrong[i], result.status);
        expect_text(result.err, "weir-thumbs: --size: ");
        result_free(&result);
    }
    struct result result = run_thumbs("-s", "320x", "--crop", "centre", NULL);
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, "--crop needs a width and a height, and --size is 320x\n");
    result_free(&result);
}
END_TEST

START_TEST (a_dry_run_prints_the_name_of_each_size) {
    make_folder(in_root("dry-sizes"));
    write_text(in_root("dry-sizes/a.jpg"), "");
    struct result result = run_thumbs("--from", in_root("dry-sizes"), "-n", "-s", "10,20", NULL);
    ck_assert_int_eq(result.status, 0);
    ck_assert_str_eq(result.out, "a-20.jpg\ta.jpg\na-10.jpg\ta.jpg\n");
    result_free(&result);
}
END_TEST

void add_sizes_tests(TCase *cases) {
    tcase_add_test(cases, a_size_may_leave_a_side_open);
    tcase_add_test(cases, several_sizes_come_from_one_download);
    tcase_add_test(cases, a_picture_is_done_when_all_its_sizes_are);
    tcase_add_test(cases, a_retry_goes_on_with_the_size_that_has_failed);
    tcase_add_test(cases, several_sizes_are_cropped_each);
    tcase_add_test(cases, each_of_several_sizes_is_like_one_alone);
    tcase_add_test(cases, sizes_that_make_no_sense_are_refused);
    tcase_add_test(cases, a_dry_run_prints_the_name_of_each_size);
}
