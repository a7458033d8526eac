/*
 * image_pipeline_hosts.c - for test_image_pipeline.c: hosts that fail many times in a row.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

enum { THREE = 3, FEW = 5, MANY = 15, VERY_MANY = 200 };

static FILE *open_list(const char *name) {
    FILE *list = fopen(in_root("%s", name), "w");
    ck_assert_ptr_nonnull(list);
    return list;
}

static void add_urls(FILE *list, const struct server *server, const char *kind, int count) {
    for (int i = 0; i < count; i++)
        fprintf(list, "http://127.0.0.1:%d/%s/%d-%s-%d.jpg\n", server->port, kind, server->port, kind, i);
}

static size_t count_text(const char *text, const char *part) {
    size_t count = 0;
    for (const char *c = text; (c = strstr(c, part)) != NULL; c++)
        count++;
    return count;
}

static size_t count_requests(const struct server *server, const char *method) {
    char *log = read_file(server_log(server), NULL);
    size_t count = count_text(log, method);
    free(log);
    return count;
}

/* Returns a server that has stopped. */
static struct server dead_server(void) {
    struct server server = server_start(photo(1));
    server_stop(&server);
    return server;
}

START_TEST (a_dead_host_is_given_up_with_one_line_and_the_others_go_on) {
    struct server dead = dead_server(), server = server_start(photo(1));
    char paused[128], gone[128];
    FILE *list = open_list("dead");
    add_urls(list, &dead, "file", VERY_MANY);
    add_urls(list, &server, "file", FEW);
    fclose(list);
    struct result result = run_thumbs("--from", in_root("dead"), "--to", in_root("dead-out"), "--retries", "2", NULL);
    ck_assert_int_eq(result.status, 1);
    ck_assert_uint_eq(figure(&result, "done"), FEW);
    ck_assert_uint_eq(figure(&result, "failed") + figure(&result, "not started"), VERY_MANY);
    ck_assert_uint_gt(figure(&result, "not started"), 0);
    ck_assert_uint_le(figure(&result, "retried"), VERY_MANY);
    snprintf(paused, sizeof paused, "weir-thumbs: 127.0.0.1:%d: paused after ", dead.port);
    snprintf(gone, sizeof gone, "weir-thumbs: 127.0.0.1:%d: given up after ", dead.port);
    ck_assert_uint_eq(count_text(result.err, paused), 1);
    ck_assert_uint_eq(count_text(result.err, gone), 1);
    ck_assert_uint_eq(count_messages(result.err), 3); /* and how many were not started */
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (the_run_is_given_up_if_no_host_is_left) {
    struct server dead = dead_server(), server = server_start(photo(1));
    char url[128];
    FILE *list = open_list("all-dead");
    add_urls(list, &dead, "file", VERY_MANY);
    fclose(list);
    struct result result =
        run_thumbs("--from", in_root("all-dead"), "--to", in_root("all-dead-out"), "--retries", "1", NULL);
    ck_assert_int_eq(result.status, 3);
    expect_text(result.err, "weir-thumbs: given up: ");
    result_free(&result);

    list = open_list("no-target");
    add_urls(list, &server, "file", MANY);
    fclose(list);
    snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/thumbs", dead.port);
    result = run_thumbs("--from", in_root("no-target"), "--to", url, "--retries", "1", NULL);
    ck_assert_int_eq(result.status, 3);
    ck_assert_uint_eq(figure(&result, "done"), 0);
    snprintf(url, sizeof url, "weir-thumbs: 127.0.0.1:%d: given up after ", dead.port);
    ck_assert_uint_eq(count_text(result.err, url), 1);
    ck_assert_ptr_null(strstr(result.err, "secret"));
    result_free(&result);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/thumbs", dead.port);
    result = run_thumbs("--from", in_root("no-target"), "--to", url, "--retries", "1", "--skip-existing", NULL);
    ck_assert_int_eq(result.status, 3);
    ck_assert_uint_eq(figure(&result, "done"), 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* One picture at a time asks a paused host: it gets a request for each try, besides those before the pause. */
START_TEST (a_paused_host_is_tried_by_one_picture) {
    struct server server = server_start(photo(1));
    FILE *list = open_list("busy");
    add_urls(list, &server, _i == 0 ? "429" : "503", VERY_MANY);
    fclose(list);
    struct result result =
        run_thumbs("--from", in_root("busy"), "--to", in_root("busy-out"), "--retries", "2", "--downloads", "4", NULL);
    ck_assert_int_eq(result.status, 3);
    expect_text(result.err, _i == 0 ? "failures in a row: HTTP status 429\n" : "failures in a row: HTTP status 503\n");
    ck_assert_uint_ge(count_requests(&server, "GET "), 10 + 2);
    ck_assert_uint_le(count_requests(&server, "GET "), 10 + 3 + 2); /* three were asked when the tenth failed */
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (answers_that_are_errors_do_not_pause_a_host) {
    static const char *const kinds[] = {"500", "504", "408", "404"};
    struct server server = server_start(photo(1));
    FILE *list = open_list("living");
    add_urls(list, &server, kinds[_i], MANY);
    add_urls(list, &server, "file", FEW);
    fclose(list);
    struct result result =
        run_thumbs("--from", in_root("living"), "--to", in_root("living-out"), "--retries", "1", NULL);
    expect_counts(&result, FEW, MANY);
    ck_assert_ptr_null(strstr(result.err, "paused"));
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_failure_behind_a_redirect_counts_for_the_host_that_fails) {
    struct server dead = dead_server(), server = server_start(photo(1));
    char kind[32], gone[128], name[64];
    snprintf(kind, sizeof kind, "to-%d", dead.port);
    FILE *list = open_list("behind");
    add_urls(list, &server, kind, MANY);
    add_urls(list, &server, "file", FEW);
    fclose(list);
    struct result result =
        run_thumbs("--from", in_root("behind"), "--to", in_root("behind-out"), "--retries", "2", NULL);
    expect_counts(&result, FEW, MANY);
    snprintf(gone, sizeof gone, "weir-thumbs: 127.0.0.1:%d: given up after ", dead.port);
    snprintf(name, sizeof name, "weir-thumbs: 127.0.0.1:%d: ", server.port);
    expect_text(result.err, gone);
    ck_assert_ptr_null(strstr(result.err, name));
    result_free(&result);
    server_stop(&server);
}
END_TEST

static bool has_few(const void *folder) {
    return count_files(folder) == FEW;
}

/* More pictures of the paused host than may be in flight come before those of the other one. */
START_TEST (a_pause_does_not_hold_up_other_hosts) {
    struct server dead = dead_server(), server = server_start(photo(1));
    const char *to = in_root("pause-out");
    FILE *list = open_list("pause");
    add_urls(list, &dead, "file", 4 * MANY);
    add_urls(list, &server, "file", FEW);
    fclose(list);
    struct program program = start_thumbs("--from", in_root("pause"), "--to", to, "--retries", "100", "--size",
                                          "3000x3000", "--capacity", "2", NULL);
    ck_assert(wait_until(has_few, to));
    dead = server_start_again(photo(1), &dead);
    struct result result = program_finish(&program);
    expect_counts(&result, 4 * MANY + FEW, 0);
    expect_text(result.err, ": answers again\n");
    result_free(&result);
    server_stop(&dead);
    server_stop(&server);
}
END_TEST

/* Three pictures fail nine times: their host is not paused. */
START_TEST (a_destination_is_asked_once_for_an_existing_thumbnail) {
    struct server dead = dead_server(), server = server_start(photo(1));
    static const char *const kinds[] = {"simple", "403"};
    char url[128];
    FILE *list = open_list("asked-once");
    add_urls(list, &dead, "file", THREE);
    fclose(list);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", server.port, kinds[_i]);
    struct result result =
        run_thumbs("--from", in_root("asked-once"), "--to", url, "--skip-existing", "--retries", "2", NULL);
    expect_counts(&result, 0, THREE);
    ck_assert_uint_eq(figure(&result, "retried"), 2 * THREE);
    ck_assert_uint_eq(count_requests(&server, "GET "), THREE);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* The thumbnail exists, and the first question for it is answered with Retry-After. */
START_TEST (a_look_waits_as_long_as_the_server_says) {
    char url[128];
    make_folder(in_root("look-later"));
    copy_file(photo(1), in_root("look-later/a.jpg"));
    struct result result = run_thumbs("--from", in_root("look-later"), "--to", in_root("look-later-out"), NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    struct server server = server_start(in_root("look-later-out/a.jpg"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/later-3", server.port);
    result = run_thumbs("--from", in_root("look-later"), "--to", url, "--skip-existing", NULL);
    expect_counts(&result, 0, 0);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    ck_assert_uint_eq(figure(&result, "retried"), 1);
    double seconds;
    ck_assert_int_eq(sscanf(strstr(result.out, "\ntime "), "\ntime %lf", &seconds), 1);
    ck_assert_double_ge(seconds, 3);
    result_free(&result);
    server_stop(&server);
}
END_TEST

void add_hosts_tests(TCase *cases) {
    tcase_add_test(cases, a_dead_host_is_given_up_with_one_line_and_the_others_go_on);
    tcase_add_test(cases, the_run_is_given_up_if_no_host_is_left);
    tcase_add_loop_test(cases, a_paused_host_is_tried_by_one_picture, 0, 2);
    tcase_add_loop_test(cases, answers_that_are_errors_do_not_pause_a_host, 0, 4);
    tcase_add_test(cases, a_failure_behind_a_redirect_counts_for_the_host_that_fails);
    tcase_add_test(cases, a_pause_does_not_hold_up_other_hosts);
    tcase_add_loop_test(cases, a_destination_is_asked_once_for_an_existing_thumbnail, 0, 2);
    tcase_add_test(cases, a_look_waits_as_long_as_the_server_says);
}
