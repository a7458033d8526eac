/*
 * image_pipeline_interrupt.c - for test_image_pipeline.c: one, two and three interrupts (Ctrl-C).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

/* The program creates the destination first, when its signal handling is already active. */
static bool has_store(const void *folder) {
    return file_exists(folder);
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

/* Checks that every thumbnail is complete and that the summary counts them all. */
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
                                          "--capacity", "4", NULL);
    ck_assert(wait_until(has_thumbnails, &(struct awaited){.folder = in_root("drain-out")}));
    kill(program.pid, SIGINT);
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGINT);
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

/* All pictures are in flight when the signal arrives: it cuts off none. */
START_TEST (sigint_is_answered_even_if_it_cuts_nothing_off) {
    struct server server = server_start(photo(1));
    char list[128];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/once-0/a.jpg\n", server.port);
    write_text(in_root("answered"), list);
    struct program program =
        start_thumbs("--from", in_root("answered"), "--to", in_root("answered-out"), "--stall", "2", NULL);
    ck_assert(wait_until(server_was_asked, &server));
    kill(program.pid, SIGINT);
    struct result result = program_finish(&program);
    expect_counts(&result, 1, 0);
    expect_text(result.err, "weir-thumbs: interrupted: completing the pictures in flight; another signal aborts\n");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (sigint_twice_throws_away_what_is_in_flight) {
    struct server server = server_start(photo(1));
    write_long_list(in_root("abort"), server.port, "file", "hang");
    struct program program = start_thumbs("--from", in_root("abort"), "--to", in_root("abort-out"), "--timeout", "3600",
                                          "--stall", "3600", NULL);
    ck_assert(wait_until(has_thumbnails, &(struct awaited){.folder = in_root("abort-out")}));
    kill(program.pid, SIGINT);
    struct awaited first = {.program = &program, .text = "interrupted: completing the pictures in flight"};
    ck_assert(wait_until(has_said, &first));
    kill(program.pid, SIGTERM);
    struct result result = program_end(&program); /* the first signal alone would block on the server */
    ck_assert_int_eq(result.status, 128 + SIGINT);
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
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGINT);
    expect_text(result.err, "interrupted: 100 not started\n");
    ck_assert_uint_eq(count_files(in_root("unpainted")), 0);
    result_free(&result);
}
END_TEST

static struct program start_with_list(const char *list, const char *input, const char *to) {
    const char *arguments[] = {thumbs_path(), "--from", list, "--to", to, NULL};
    return program_start(arguments, input);
}

/*
 * The list comes from a pipe that stays open. One or two signals end the wait for the next entry. The signal comes
 * about when the pipeline takes the signals over from the program's own thread: in a few runs, neither may lose it.
 */
START_TEST (sigint_ends_the_wait_for_a_list) {
    const char *input = in_root("idle-input");
    ck_assert_int_eq(mkfifo(input, 0666), 0);
    int writer = open(input, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(writer, 0);
    for (int run = 0; run < 12; run++) {
        const char *to = in_root("idle-out-%d", run);
        int signals = run == 0 ? 2 : 1;
        struct program program = start_with_list("-", input, to);
        ck_assert(wait_until(has_store, to));
        for (int i = 0; i < signals; i++)
            kill(program.pid, i == 0 ? SIGINT : SIGTERM);
        struct result result = program_end(&program);
        ck_assert_msg(result.status == 128 + SIGINT || (signals == 2 && result.status > 128), "%d", result.status);
        expect_text(result.err, "weir-thumbs: interrupted");
        result_free(&result);
        ck_assert_int_eq(rmdir(to), 0);
    }
    close(writer);
}
END_TEST

/* The listing waits for the next entry of a pipe that stays open. */
START_TEST (sigterm_ends_a_dry_run_that_waits_for_a_list) {
    const char *input = in_root("dry-input");
    ck_assert_int_eq(mkfifo(input, 0666), 0);
    int writer = open(input, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(writer, 0);
    const char *arguments[] = {thumbs_path(), "--from", "-", "--to", in_root("dry-pipe-out"), "-n", NULL};
    struct program program = program_start(arguments, input);
    dprintf(writer, "http://127.0.0.1:1/first.jpg\n");
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* a signal before that is answered too */
    kill(program.pid, SIGTERM);
    struct result result = program_end(&program);
    ck_assert_int_gt(result.status, 128);
    result_free(&result);
    close(writer);
}
END_TEST

START_TEST (a_list_is_worked_on_while_it_is_being_written) {
    struct server server = server_start(photo(1));
    const char *input = in_root("growing-input");
    ck_assert_int_eq(mkfifo(input, 0666), 0);
    int writer = open(input, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(writer, 0);
    const char *arguments[] = {thumbs_path(), "--from", "-", "--to", in_root("growing-out"), NULL};
    struct program program = program_start(arguments, input);
    for (int i = 0; i < 3; i++) {
        const char *out = in_root("growing-out/%d.jpg", i);
        dprintf(writer, "http://127.0.0.1:%d/file/%d.jpg\nhttp://127.0.0.1:", server.port, i);
        ck_assert(wait_until(has_store, out)); /* half of the next entry is already in the pipe */
        dprintf(writer, "%d/file/%d.jpg\n", server.port, 10 + i);
    }
    close(writer);
    struct result result = program_end(&program);
    expect_counts(&result, 6, 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* The list is a named pipe without a writer. If open blocks, only process exit ends the wait. */
START_TEST (sigint_twice_before_the_first_photo_ends_the_program) {
    const char *list = in_root("idle-list"), *to = in_root("idle-list-out");
    ck_assert_int_eq(mkfifo(list, 0666), 0);
    struct program program = start_with_list(list, NULL, to);
    ck_assert(wait_until(has_store, to));
    kill(program.pid, SIGINT);
    struct awaited first = {.program = &program, .text = "interrupted; a second signal ends the program at once"};
    ck_assert(wait_until(has_said, &first));
    kill(program.pid, SIGINT);
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGINT);
    ck_assert_str_eq(result.out, "");
    result_free(&result);
}
END_TEST

START_TEST (sigint_twice_while_painting_leaves_nothing_behind) {
    ck_assert_int_eq(chdir(files_root), 0);
    struct program program = start_thumbs("--to", in_root("unpainted-2"), NULL);
    struct awaited painting = {.program = &program, .text = "painting 100 pictures"};
    ck_assert(wait_until(has_said, &painting));
    kill(program.pid, SIGINT);
    struct awaited first = {.program = &program, .text = "interrupted; a second signal ends the program at once"};
    ck_assert(wait_until(has_said, &first));
    kill(program.pid, SIGTERM);
    struct result result = program_end(&program);
    ck_assert_msg(result.status == 128 + SIGINT || result.status == 128 + SIGTERM, "status %d", result.status);
    result_free(&result);
}
END_TEST

/* The summary goes to a full pipe, so that only a third signal ends the program. */
START_TEST (sigint_three_times_ends_what_hangs) {
    static const char bytes[4096];
    struct server server = server_start(photo(1));
    write_long_list(in_root("stuck"), server.port, "file", "hang");
    const char *pipe = in_root("stuck-pipe");
    ck_assert_int_eq(mkfifo(pipe, 0666), 0);
    int reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    while (write(reader, bytes, sizeof bytes) > 0)
        continue;
    const char *shell[] = {"/bin/sh",
                           "-c",
                           "exec \"$0\" --from \"$1\" --to \"$2\" --timeout 3600 --stall 3600 >\"$3\"",
                           thumbs_path(),
                           in_root("stuck"),
                           in_root("stuck-out"),
                           pipe,
                           NULL};
    struct program program = program_start(shell, NULL);
    ck_assert(wait_until(has_thumbnails, &(struct awaited){.folder = in_root("stuck-out")}));
    const char *const answers[] = {"completing the pictures in flight", " abandoned\n"};
    for (int i = 0; i < 2; i++) {
        kill(program.pid, SIGINT);
        ck_assert(wait_until(has_said, &(struct awaited){.program = &program, .text = answers[i]}));
    }
    kill(program.pid, SIGINT);
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGINT);
    result_free(&result);
    close(reader);
    server_stop(&server);
}
END_TEST

void add_interrupt_tests(TCase *cases) {
    tcase_add_test(cases, sigint_finishes_what_is_in_flight);
    tcase_add_test(cases, sigint_is_answered_even_if_it_cuts_nothing_off);
    tcase_add_test(cases, sigint_twice_throws_away_what_is_in_flight);
    tcase_add_test(cases, sigint_while_painting_leaves_nothing_behind);
    tcase_add_test(cases, sigint_ends_the_wait_for_a_list);
    tcase_add_test(cases, sigterm_ends_a_dry_run_that_waits_for_a_list);
    tcase_add_test(cases, a_list_is_worked_on_while_it_is_being_written);
    tcase_add_test(cases, sigint_twice_before_the_first_photo_ends_the_program);
    tcase_add_test(cases, sigint_twice_while_painting_leaves_nothing_behind);
    tcase_add_test(cases, sigint_three_times_ends_what_hangs);
}
