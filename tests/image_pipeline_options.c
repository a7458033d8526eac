/*
 * image_pipeline_options.c - for test_image_pipeline.c: options about requests, output, and the end of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

enum { BAD = 40 };

START_TEST (headers_and_the_user_agent_are_sent) {
    struct server server = server_start(photo(1)), store = server_start(photo(1));
    char text[256];
    snprintf(text, sizeof text, "http://127.0.0.1:%d/file/a.jpg\n", server.port);
    write_text(in_root("headers"), text);
    snprintf(text, sizeof text, "http://127.0.0.1:%d/simple", store.port);
    struct result result = run_thumbs("--from", in_root("headers"), "--to", text, "--user-agent", "agent/7", "--header",
                                      "X-One: 1", "--header", "Accept: image/*", NULL);
    expect_counts(&result, 1, 0);
    char *log = read_file(server_log(&server), NULL);
    expect_text(log, "\r\nUser-Agent: agent/7\r\n");
    expect_text(log, "\r\nX-One: 1\r\n");
    expect_text(log, "\r\nAccept: image/*\r\n");
    ck_assert_ptr_null(strstr(log, "*/*"));
    free(log);
    log = read_file(server_log(&store), NULL);
    expect_text(log, "\r\nUser-Agent: agent/7\r\n");
    ck_assert_ptr_null(strstr(log, "X-One"));
    free(log);
    result_free(&result);
    server_stop(&server);
    server_stop(&store);
}
END_TEST

START_TEST (quiet_prints_failures_only) {
    make_folder(in_root("quiet"));
    copy_file(photo(1), in_root("quiet/a.jpg"));
    write_text(in_root("quiet/b.jpg"), "no picture");
    struct result result = run_thumbs("--from", in_root("quiet"), "--to", in_root("quiet-out"), "--quiet", NULL);
    ck_assert_int_eq(result.status, 1);
    ck_assert_str_eq(result.out, "");
    ck_assert_str_eq(result.err, "weir-thumbs: b.jpg: resize: not an image\n");
    expect_whole(in_root("quiet-out/a.jpg"));
    result_free(&result);
}
END_TEST

START_TEST (a_dry_run_prints_names_and_does_nothing) {
    char text[512];
    snprintf(text, sizeof text, "%s",
             "http://127.0.0.1:1/x/a.jpg\nhttp://127.0.0.1:1/y/a.jpg\nhttp://u:secret@127.0.0.1:1/image.php?id=1\n"
             "nothing\n");
    write_text(in_root("dry"), text);
    struct result result = run_thumbs("--from", in_root("dry"), "--to", in_root("dry-out"), "-n", NULL);
    ck_assert_int_eq(result.status, 1);
    ck_assert_int_eq(strncmp(result.out, "a.jpg\thttp://127.0.0.1:1/x/a.jpg\na-", 35), 0);
    expect_text(result.out, ".jpg\thttp://127.0.0.1:1/y/a.jpg\nimage.php-c9aff77574334305.jpg\t"
                            "http://127.0.0.1:1/image.php (entry 3)\n");
    ck_assert_ptr_null(strstr(result.out, "secret"));
    expect_text(result.err, "weir-thumbs: nothing: does not begin with http:// or https://");
    ck_assert(!file_exists(in_root("dry-out")));
    result_free(&result);
}
END_TEST

START_TEST (a_run_is_given_up_after_too_many_failures) {
    make_folder(in_root("failing"));
    for (int i = 0; i < BAD; i++)
        write_text(in_root("failing/%d.jpg", i), "no picture");
    for (int fast = 0; fast < 2; fast++) {
        struct result result =
            run_thumbs("--from", in_root("failing"), "--to", in_root("failing-out"), "--capacity", "1", "--downloads",
                       "1", fast ? "--fail-fast" : "--max-failures", fast ? NULL : "3", NULL);
        ck_assert_int_eq(result.status, 3);
        expect_text(result.err,
                    fast ? "giving up, because 1 picture has failed\n" : "giving up, because 3 pictures have failed\n");
        expect_text(result.err, "weir-thumbs: given up: ");
        ck_assert_uint_ge(figure(&result, "failed"), fast ? 1 : 3);
        ck_assert_uint_eq(figure(&result, "failed") + figure(&result, "abandoned") + figure(&result, "not started"),
                          BAD);
        result_free(&result);
    }
    struct result result =
        run_thumbs("--from", in_root("failing"), "--to", in_root("failing-out"), "--max-failures", "41", NULL);
    expect_counts(&result, 0, BAD);
    result_free(&result);
}
END_TEST

START_TEST (a_crop_fills_the_box) {
    static const struct {
        const char *name;
        int width, height;
    } expected[] = {{"wide.jpg", 100, 80}, {"high.png.jpg", 100, 80}, {"low.webp.jpg", 100, 50}, {"small.jpg", 40, 20}};
    make_folder(in_root("crop"));
    write_picture(in_root("crop/wide.jpg"), 900, 300);
    write_picture(in_root("crop/high.png"), 200, 700);
    write_picture(in_root("crop/low.webp"), 300, 50);
    write_picture(in_root("crop/small.jpg"), 40, 20);
    for (int i = 0; i < 2; i++) {
        struct result result = run_thumbs("--from", in_root("crop"), "--to", in_root("crop-out-%d", i), "-s", "100x80",
                                          "--crop", i == 0 ? "centre" : "attention", NULL);
        expect_counts(&result, 4, 0);
        for (size_t j = 0; j < sizeof expected / sizeof *expected; j++) {
            int width, height;
            ck_assert(read_picture(in_root("crop-out-%d/%s", i, expected[j].name), &width, &height));
            ck_assert_int_eq(width, expected[j].width);
            ck_assert_int_eq(height, expected[j].height);
        }
        result_free(&result);
    }
}
END_TEST

void add_options_tests(TCase *cases) {
    tcase_add_test(cases, a_crop_fills_the_box);
    tcase_add_test(cases, headers_and_the_user_agent_are_sent);
    tcase_add_test(cases, quiet_prints_failures_only);
    tcase_add_test(cases, a_dry_run_prints_names_and_does_nothing);
    tcase_add_test(cases, a_run_is_given_up_after_too_many_failures);
}
