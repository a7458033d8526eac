/*
 * image_pipeline_target.c - for test_image_pipeline.c: uploads to a URL.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

enum { MANY = 120 /* more than a run can have in its stages */ };

static struct result put_two(const char *folder, const struct server *server, const char *path) {
    char url[256];
    make_folder(in_root("%s", folder));
    copy_file(photo(1), in_root("%s/a b.jpg", folder));
    copy_file(photo(2), in_root("%s/c.jpg", folder));
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server->port, path);
    return run_thumbs("--from", in_root("%s", folder), "--to", url, NULL);
}

START_TEST (a_thumbnail_is_sent_without_waiting_for_a_continue) {
    struct server server = server_start(photo(1));
    struct result result = put_two("expect", &server, "/201/x");
    expect_counts(&result, 2, 0);
    char *log = read_file(server_log(&server), NULL);
    expect_text(log, "PUT /201/x/c.jpg HTTP/1.1\r\n");
    ck_assert_ptr_null(strstr(log, "Expect:"));
    free(log);
    result_free(&result);
    server_stop(&server);
}
END_TEST

static const struct {
    const char *path, *first, *second;
} queries[] = {
    {"/201/x?sig=a%2Fb&se=1", "PUT /201/x/a%20b.jpg?sig=a%2Fb&se=1 ", "PUT /201/x/c.jpg?sig=a%2Fb&se=1 "},
    {"/201/x/?sig=a/b", "PUT /201/x/a%20b.jpg?sig=a/b ", "PUT /201/x/c.jpg?sig=a/b "},
};

START_TEST (the_name_goes_into_the_path_of_a_target_and_its_query_stays) {
    char folder[32];
    struct server server = server_start(photo(1));
    snprintf(folder, sizeof folder, "query-%d", _i);
    struct result result = put_two(folder, &server, queries[_i].path);
    expect_counts(&result, 2, 0);
    char *log = read_file(server_log(&server), NULL);
    expect_text(log, queries[_i].first);
    expect_text(log, queries[_i].second);
    free(log);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_target_with_a_fragment_is_refused) {
    struct server server = server_start(photo(1));
    struct result result = put_two("fragment", &server, "/201/x?sig=secret#top");
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, "weir-thumbs: --to: the URL must not have a fragment");
    ck_assert_ptr_null(strstr(result.err, "secret"));
    result_free(&result);
    server_stop(&server);
}
END_TEST

static void copy_many(const char *folder) {
    make_folder(in_root("%s", folder));
    for (int i = 0; i < MANY; i++)
        copy_file(photo(1), in_root("%s/%02d.jpg", folder, i));
}

static void expect_given_up(const struct result *result, const char *reason) {
    char line[160];
    snprintf(line, sizeof line, "weir-thumbs: giving up, because the destination refuses uploads: %s", reason);
    expect_text(result->err, line);
    expect_text(result->err, "weir-thumbs: given up: ");
    ck_assert_int_eq(result->status, 3);
    uint64_t not_started = figure(result, "not started");
    ck_assert_uint_gt(not_started, 0);
    ck_assert_uint_eq(figure(result, "done"), 0);
    ck_assert_uint_eq(figure(result, "failed") + figure(result, "abandoned") + not_started, MANY);
}

static const int refusals[] = {301, 401, 403, 404, 405, 507};

START_TEST (a_target_that_refuses_every_upload_ends_the_run) {
    char url[128], folder[32], reason[64];
    struct server server = server_start(photo(1));
    snprintf(folder, sizeof folder, "refused-%d", refusals[_i]);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%d", server.port, refusals[_i]);
    copy_many(folder);
    struct result result = run_thumbs("--from", in_root("%s", folder), "--to", url, "--capacity", "1", NULL);
    snprintf(reason, sizeof reason, "HTTP status %d", refusals[_i]);
    expect_given_up(&result, reason);
    result_free(&result);
    server_stop(&server);
}
END_TEST

static const struct {
    const char *path, *message;
} reasons[] = {
    {"/xml", "upload: HTTP status 403: AccessDenied: Not yours\n"},
    {"/moved", "upload: HTTP status 301: redirect to http://127.0.0.1/elsewhere\n"},
};

START_TEST (the_reason_of_a_refusal_is_told) {
    char folder[32];
    struct server server = server_start(photo(1));
    snprintf(folder, sizeof folder, "reason-%d", _i);
    struct result result = put_two(folder, &server, reasons[_i].path);
    expect_counts(&result, 0, 2);
    expect_text(result.err, reasons[_i].message);
    ck_assert_ptr_null(strstr(result.err, "secret"));
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* No user may create a file there. */
START_TEST (a_folder_that_refuses_files_ends_the_run) {
    if (!file_exists("/sys/kernel")) {
        puts("SKIPPED: no /sys/kernel, a folder without write permission even for root");
        return;
    }
    copy_many("read-only");
    struct result result = run_thumbs("--from", in_root("read-only"), "--to", "/sys/kernel", "--capacity", "1", NULL);
    expect_given_up(&result, ""); /* Permission denied, or Read-only file system */
    ck_assert_ptr_null(strstr(result.err, "HTTP status"));
    result_free(&result);
}
END_TEST

/* The server refuses each second upload: it finds the requests for the others in its log. */
START_TEST (a_target_that_accepts_some_uploads_is_not_given_up) {
    char url[128], log[4096] = "";
    struct server server = server_start(photo(1));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/once-403", server.port);
    for (int i = 1; i < MANY; i += 2)
        snprintf(log + strlen(log), sizeof log - strlen(log), "PUT /once-403/%02d.jpg HTTP/1.1\r\n", i);
    write_text(server_log(&server), log);
    copy_many("some-refused");
    struct result result = run_thumbs("--from", in_root("some-refused"), "--to", url, "--downloads", "1", "--resizes",
                                      "1", "--uploads", "1", NULL);
    expect_counts(&result, MANY / 2, MANY / 2);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* Puts two pictures with these lines in ~/.netrc, and returns the heads of the requests. The caller frees them. */
static char *put_with_netrc(const char *folder, const char *lines, const char *path) {
    struct server server = server_start(photo(1));
    make_folder(in_root("%s-home", folder));
    write_text(in_root("%s-home/.netrc", folder), lines);
    char *home = getenv("HOME"), before[256];
    snprintf(before, sizeof before, "%s", home == NULL ? "/" : home);
    setenv("HOME", in_root("%s-home", folder), 1);
    struct result result = put_two(folder, &server, path);
    setenv("HOME", before, 1);
    expect_counts(&result, 2, 0);
    char *log = read_file(server_log(&server), NULL);
    result_free(&result);
    server_stop(&server);
    return log;
}

START_TEST (a_target_may_have_its_password_in_netrc) {
    char *log = put_with_netrc("netrc", "machine 127.0.0.1 login me password pass\n", "/201/x");
    expect_text(log, "\r\nAuthorization: Basic bWU6cGFzcw==\r\n");
    free(log);
}
END_TEST

/* A store refuses a request with both. */
START_TEST (a_target_with_a_signature_gets_no_password_of_netrc) {
    char *log = put_with_netrc("signed", "default login anonymous password me@example\n", "/201/x?signature=1");
    expect_text(log, "?signature=1 HTTP/1.1\r\n");
    ck_assert_ptr_null(strstr(log, "Authorization:"));
    free(log);
}
END_TEST

void add_target_tests(TCase *cases) {
    tcase_add_test(cases, a_target_may_have_its_password_in_netrc);
    tcase_add_test(cases, a_target_with_a_signature_gets_no_password_of_netrc);
    tcase_add_test(cases, a_thumbnail_is_sent_without_waiting_for_a_continue);
    tcase_add_loop_test(cases, the_name_goes_into_the_path_of_a_target_and_its_query_stays, 0,
                        (int)(sizeof queries / sizeof *queries));
    tcase_add_test(cases, a_target_with_a_fragment_is_refused);
    tcase_add_loop_test(cases, a_target_that_refuses_every_upload_ends_the_run, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_loop_test(cases, the_reason_of_a_refusal_is_told, 0, (int)(sizeof reasons / sizeof *reasons));
    tcase_add_test(cases, a_folder_that_refuses_files_ends_the_run);
    tcase_add_test(cases, a_target_that_accepts_some_uploads_is_not_given_up);
}
