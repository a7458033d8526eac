/*
 * image_pipeline_interrupt.c - for test_image_pipeline.c: Ctrl-C, once and twice.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

struct awaited {
    const char *folder;
    const struct program *program;
    const char *text;
};

static bool has_thumbnails(const void *argument) {
    return count_files(((const struct awaited *)argument)->folder) >= 3;
}

static bool has_said(const void *argument) {
    const struct awaited *awaited = argument;
    char *text = read_file(awaited->program->err, NULL);
    bool is_there = strstr(text, awaited->text) != NULL;
    free(text);
    return is_there;
}

static void write_long_list(const char *path, int port, const char *first, const char *then) {
    static char list[65536];
    int used = 0;
    for (int i = 0; i < 600; i++)
        used += snprintf(list + used, sizeof list - (size_t)used, "http://127.0.0.1:%d/%s/%03d.jpg\n", port,
                         i < 5 ? first : then, i);
    write_text(path, list);
}

/* Whatever has arrived is whole, and is what the summary says. */
static void expect_whole_thumbnails(const struct result *result, const char *folder) {
    size_t whole = 0;
    for (int i = 0; i < 600; i++) {
        const char *path = in_root("%s/%03d.jpg", folder, i);
        if (file_exists(path)) {
            expect_whole(path);
            whole++;
        }
    }
    ck_assert_uint_eq(count_files(in_root("%s", folder)), whole);
    ck_assert_uint_eq(figure(result, "done"), whole);
}

START_TEST (sigint_finishes_what_is_in_flight) {
    struct server server = server_start(photo(1));
    write_long_list(in_root("drain"), server.port, "slow", "slow");
    struct program program = start_thumbs("--from", in_root("drain"), "--to", in_root("drain-out"), "--downloads", "2",
                                          "--queue", "4", NULL);
    ck_assert(wait_until(has_thumbnails, &(struct awaited){.folder = in_root("drain-out")}));
    kill(program.pid, SIGINT);
    struct result result = program_finish(&program);
    ck_assert_int_eq(result.status, 1);
    char expected[64];
    uint64_t not_started = figure(&result, "not started");
    snprintf(expected, sizeof expected, "weir-thumbs: interrupted: %" PRIu64 " not started\n", not_started);
    expect_text(result.err, expected);
    ck_assert_uint_gt(not_started, 0);
    ck_assert_uint_eq(figure(&result, "abandoned"), 0);
    ck_assert_uint_eq(figure(&result, "failed"), 0);
    ck_assert_uint_eq(figure(&result, "done") + not_started, 600);
    expect_whole_thumbnails(&result, "drain-out");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (sigint_twice_throws_away_what_is_in_flight) {
    struct server server = server_start(photo(1));
    write_long_list(in_root("abort"), server.port, "file", "hang");
    struct program program =
        start_thumbs("--from", in_root("abort"), "--to", in_root("abort-out"), "--timeout", "3600", NULL);
    ck_assert(wait_until(has_thumbnails, &(struct awaited){.folder = in_root("abort-out")}));
    kill(program.pid, SIGINT);
    struct awaited first = {.program = &program, .text = "interrupted: finishing what is in flight"};
    ck_assert(wait_until(has_said, &first));
    kill(program.pid, SIGTERM);
    struct result result = program_finish(&program); /* or it would wait for the server for an hour */
    ck_assert_int_eq(result.status, 1);
    uint64_t abandoned = figure(&result, "abandoned"), not_started = figure(&result, "not started");
    char expected[64];
    snprintf(expected, sizeof expected, "interrupted: %" PRIu64 " not started, %" PRIu64 " abandoned\n", not_started,
             abandoned);
    expect_text(result.err, expected);
    ck_assert_uint_gt(abandoned, 0);
    ck_assert_uint_eq(figure(&result, "failed"), 0);
    ck_assert_uint_eq(figure(&result, "done") + abandoned + not_started, 600);
    expect_whole_thumbnails(&result, "abort-out");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (sigint_while_painting_leaves_nothing_behind) {
    ck_assert_int_eq(chdir(files_root), 0);
    struct program program = start_thumbs("--to", in_root("unpainted"), NULL);
    struct awaited painting = {.program = &program, .text = "painting 100 pictures"};
    ck_assert(wait_until(has_said, &painting));
    kill(program.pid, SIGINT);
    struct result result = program_finish(&program);
    ck_assert_int_eq(result.status, 1);
    expect_text(result.err, "interrupted: 100 not started\n");
    ck_assert_uint_eq(count_files(in_root("unpainted")), 0);
    result_free(&result);
}
END_TEST

void add_interrupt_tests(TCase *cases) {
    tcase_add_test(cases, sigint_finishes_what_is_in_flight);
    tcase_add_test(cases, sigint_twice_throws_away_what_is_in_flight);
    tcase_add_test(cases, sigint_while_painting_leaves_nothing_behind);
}
