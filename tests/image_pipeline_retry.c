/*
 * image_pipeline_retry.c - for test_image_pipeline.c: transfers that fail for a reason that passes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

static const int passing[] = {200, 408, 429, 500, 502, 503, 504}; /* 200: half a picture */

enum { PASSING = sizeof passing / sizeof *passing, AWAY = 20 };

static void write_passing(const char *path, const struct server *server) {
    FILE *list = fopen(path, "w");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < PASSING; i++)
        fprintf(list, "http://127.0.0.1:%d/once-%d/%d.jpg\n", server->port, passing[i], i);
    fclose(list);
}

START_TEST (a_download_that_fails_for_a_reason_that_passes_is_tried_again) {
    struct server server = server_start(photo(1));
    write_passing(in_root("passing"), &server);
    struct result result = run_thumbs("--from", in_root("passing"), "--to", in_root("passing-out"), NULL);
    expect_counts(&result, PASSING, 0);
    ck_assert_uint_eq(figure(&result, "retried"), PASSING);
    ck_assert_uint_eq(figure(&result, "bytes in"), PASSING * file_size(photo(1)));
    for (int i = 0; i < PASSING; i++)
        expect_whole(in_root("passing-out/%d.jpg", i));
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (an_upload_that_fails_for_a_reason_that_passes_is_tried_again) {
    struct server server = server_start(photo(1));
    char url[128];
    make_folder(in_root("sent-again"));
    copy_file(photo(1), in_root("sent-again/a.jpg"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/once-503/x", server.port);
    struct result result = run_thumbs("--from", in_root("sent-again"), "--to", url, NULL);
    expect_counts(&result, 1, 0);
    ck_assert_uint_eq(figure(&result, "retried"), 1);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (without_retries_each_transfer_is_tried_once) {
    struct server server = server_start(photo(1));
    write_passing(in_root("once"), &server);
    struct result result = run_thumbs("--from", in_root("once"), "--to", in_root("once-out"), "--retries", "0", NULL);
    expect_counts(&result, 0, PASSING);
    ck_assert_uint_eq(figure(&result, "retried"), 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* One thread takes the list in its order: when the other server is asked, all that come before have been tried. */
START_TEST (a_server_that_is_away_for_a_while_loses_nothing) {
    struct server server = server_start(photo(1)), other = server_start(photo(1));
    server_stop(&server);
    FILE *list = fopen(in_root("away"), "w");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < AWAY; i++)
        fprintf(list, "http://127.0.0.1:%d/file/%d.jpg\n", server.port, i);
    fprintf(list, "http://127.0.0.1:%d/file/last.jpg\n", other.port);
    fclose(list);
    struct program program =
        start_thumbs("--from", in_root("away"), "--to", in_root("away-out"), "--downloads", "1", NULL);
    ck_assert(wait_until(server_was_asked, &other));
    server = server_start_again(photo(1), &server);
    struct result result = program_finish(&program);
    expect_counts(&result, AWAY + 1, 0);
    ck_assert_uint_ge(figure(&result, "retried"), AWAY);
    ck_assert_uint_eq(count_files(in_root("away-out")), AWAY + 1);
    result_free(&result);
    server_stop(&server);
    server_stop(&other);
}
END_TEST

void add_retry_tests(TCase *cases) {
    tcase_add_test(cases, a_download_that_fails_for_a_reason_that_passes_is_tried_again);
    tcase_add_test(cases, an_upload_that_fails_for_a_reason_that_passes_is_tried_again);
    tcase_add_test(cases, without_retries_each_transfer_is_tried_once);
    tcase_add_test(cases, a_server_that_is_away_for_a_while_loses_nothing);
}
