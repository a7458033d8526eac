/*
 * image_pipeline_retry.c - for test_image_pipeline.c: transfers that fail temporarily.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

static const int passing[] = {200, 202, 408, 429, 500, 502, 503, 504}; /* 200: half a picture */

enum { PASSING = sizeof passing / sizeof *passing, AWAY = 20, HELD = 4, BEHIND = 60, BEFORE_PAUSE = 10 };

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

/* One thread handles the list in order: once the other server is asked, every earlier entry has been tried. */
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
    ck_assert_uint_ge(figure(&result, "retried"), BEFORE_PAUSE);
    ck_assert_uint_eq(count_files(in_root("away-out")), AWAY + 1);
    result_free(&result);
    server_stop(&server);
    server_stop(&other);
}
END_TEST

/* Counts the requests to the server. */
static size_t count_requests(const struct server *server) {
    char *log = read_file(server_log(server), NULL);
    size_t count = 0;
    for (const char *c = log; (c = strstr(c, " HTTP/1.1\r\n")) != NULL; c++)
        count++;
    free(log);
    return count;
}

static bool holds_all_threads(const void *server) {
    return count_requests(server) >= HELD;
}

/* The server stops during one transfer of each thread, is down for the other transfers, and comes back for all. */
START_TEST (a_server_that_goes_and_comes_back_loses_nothing) {
    struct server server = server_start(photo(1)), other = server_start(photo(1));
    FILE *list = fopen(in_root("goes"), "w");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < HELD + BEHIND; i++)
        fprintf(list, "http://127.0.0.1:%d/%s/ok.jpg?%d\n", server.port, i < HELD ? "once-0" : "file", i);
    fprintf(list, "http://127.0.0.1:%d/file/last.jpg\n", other.port);
    fclose(list);
    struct program program =
        start_thumbs("--from", in_root("goes"), "--to", in_root("goes-out"), "--downloads", "4", NULL);
    ck_assert(wait_until(holds_all_threads, &server));
    server_stop(&server);
    ck_assert(wait_until(server_was_asked, &other));
    server = server_start_again(photo(1), &server);
    struct result result = program_finish(&program);
    expect_counts(&result, HELD + BEHIND + 1, 0);
    ck_assert_uint_ge(figure(&result, "retried"), BEFORE_PAUSE);
    ck_assert_uint_eq(count_files(in_root("goes-out")), HELD + BEHIND + 1);
    result_free(&result);
    server_stop(&server);
    server_stop(&other);
}
END_TEST

static void write_url(const char *path, const struct server *server, const char *rest) {
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s\n", server->port, rest);
    write_text(path, url);
}

static struct timespec now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

/* By default the second attempt would follow within a second. */
START_TEST (a_transfer_waits_as_long_as_the_server_says) {
    char url[128];
    struct server server = server_start(photo(1));
    write_url(in_root("later"), &server, "later-2/a.jpg");
    make_folder(in_root("later-from-%d", _i));
    copy_file(photo(1), in_root("later-from-%d/a.jpg", _i));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/later-2/x", server.port);
    struct timespec from = now();
    struct result result = _i == 0 ? run_thumbs("--from", in_root("later"), "--to", in_root("later-out"), NULL)
                                   : run_thumbs("--from", in_root("later-from-%d", _i), "--to", url, NULL);
    expect_counts(&result, 1, 0);
    ck_assert_uint_eq(figure(&result, "retried"), 1);
    struct timespec to = now();
    ck_assert_int_ge((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, 2000);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_wait_that_is_too_long_is_a_failure_at_once) {
    struct server server = server_start(photo(1));
    write_url(in_root("much-later"), &server, "later-301/a.jpg");
    struct result result = run_thumbs("--from", in_root("much-later"), "--to", in_root("much-later-out"), NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "a.jpg: download: HTTP status 503, Retry-After 301 s\n");
    ck_assert_uint_eq(figure(&result, "retried"), 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

static const int looks[] = {429, 500, 502, 503, 504, 0};

/* A query for the file in a thumbnail's place, by an upload and by a download. 0: the server breaks the connection. */
START_TEST (a_look_that_fails_for_a_reason_that_passes_is_tried_again) {
    char url[128], folder[32];
    snprintf(folder, sizeof folder, "looks-%d", looks[_i]);
    make_folder(in_root("%s", folder));
    copy_file(photo(1), in_root("%s/a.jpg", folder));
    struct result result = run_thumbs("--from", in_root("%s", folder), "--to", in_root("%s-out", folder), NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    for (int skips = 0; skips < 2; skips++) {
        struct server server = server_start(in_root("%s-out/a.jpg", folder));
        snprintf(url, sizeof url, "http://127.0.0.1:%d/look-%d", server.port, looks[_i]);
        result = run_thumbs("--from", in_root("%s", folder), "--to", url, skips ? "--skip-existing" : NULL, NULL);
        expect_counts(&result, skips ? 0 : 1, 0);
        ck_assert_uint_eq(figure(&result, "skipped"), (uint64_t)skips);
        ck_assert_uint_eq(figure(&result, "retried"), 1);
        result_free(&result);
        server_stop(&server);
    }
}
END_TEST

START_TEST (without_retries_a_look_is_tried_once) {
    char url[128];
    struct server server = server_start(photo(1));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/look-503", server.port);
    make_folder(in_root("look-once"));
    copy_file(photo(1), in_root("look-once/a.jpg"));
    struct result result = run_thumbs("--from", in_root("look-once"), "--to", url, "--retries", "0", NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "a.jpg: upload: cannot check for an existing thumbnail: HTTP status 503\n");
    ck_assert_uint_eq(figure(&result, "retried"), 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

void add_retry_tests(TCase *cases) {
    tcase_add_test(cases, a_download_that_fails_for_a_reason_that_passes_is_tried_again);
    tcase_add_test(cases, an_upload_that_fails_for_a_reason_that_passes_is_tried_again);
    tcase_add_test(cases, without_retries_each_transfer_is_tried_once);
    tcase_add_test(cases, a_server_that_is_away_for_a_while_loses_nothing);
    tcase_add_test(cases, a_server_that_goes_and_comes_back_loses_nothing);
    tcase_add_loop_test(cases, a_transfer_waits_as_long_as_the_server_says, 0, 2);
    tcase_add_test(cases, a_wait_that_is_too_long_is_a_failure_at_once);
    tcase_add_loop_test(cases, a_look_that_fails_for_a_reason_that_passes_is_tried_again, 0,
                        (int)(sizeof looks / sizeof *looks));
    tcase_add_test(cases, without_retries_a_look_is_tried_once);
}
