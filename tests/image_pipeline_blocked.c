/*
 * image_pipeline_blocked.c - for test_image_pipeline.c: standard error is a pipe without a reading process.
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
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

enum { ENTRIES = 120000 };

/* Writes a list of entries that are no URLs: each one fails and is reported. */
static void write_faults(const char *path) {
    char *list = malloc(ENTRIES * 16), *end = list;
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < ENTRIES; i++)
        end += sprintf(end, "no/url/%06d\n", i);
    write_file(path, list, (size_t)(end - list));
    free(list);
}

/* Starts weir-thumbs with standard error on a pipe; `reader` is the read end. */
static struct program start_blocked(const char *name, int *reader) {
    const char *pipe = in_root("%s-pipe", name);
    ck_assert_int_eq(mkfifo(pipe, 0666), 0);
    *reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(*reader, 0);
    const char *shell[] = {"/bin/sh",
                           "-c",
                           "exec \"$0\" --from \"$1\" --to \"$2\" --timeout 3600 2>\"$3\"",
                           thumbs_path(),
                           in_root("%s", name),
                           in_root("%s-out", name),
                           pipe,
                           NULL};
    return program_start(shell, NULL);
}

static bool has_summary(const void *argument) {
    char *text = read_file(((const struct program *)argument)->out, NULL);
    bool is_there = strstr(text, "\nupload ") != NULL;
    free(text);
    return is_there;
}

/* Returns whether no signal is pending: a pending signal absorbs a second one of the same number. */
static bool is_pending_no_more(const void *argument) {
    char path[64], line[128];
    unsigned long long pending = 1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)((const struct program *)argument)->pid);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "ShdPnd: %llx", &pending) == 1)
            break;
    }
    if (status == NULL)
        return true; /* not Linux */
    fclose(status);
    return pending == 0;
}

START_TEST (a_run_ends_though_its_messages_are_not_read) {
    int reader;
    write_faults(in_root("unread"));
    struct program program = start_blocked("unread", &reader);
    ck_assert(wait_until(has_summary, &program));
    kill(program.pid, SIGTERM); /* only now: a signal before the summary would discard the messages */
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGTERM);
    ck_assert_uint_eq(figure(&result, "failed"), ENTRIES);
    result_free(&result);
    close(reader);
}
END_TEST

/* A late reader gets each message, or the number of messages left out. */
START_TEST (messages_wait_for_their_reader) {
    int reader;
    write_faults(in_root("late"));
    struct program program = start_blocked("late", &reader);
    ck_assert(wait_until(has_summary, &program));
    fcntl(reader, F_SETFL, 0);
    FILE *messages = fdopen(reader, "r");
    ck_assert_ptr_nonnull(messages);
    char line[4096];
    uint64_t named = 0, left_out = 0, count;
    while (fgets(line, sizeof line, messages) != NULL) {
        named += strstr(line, ": download: does not begin with http:// ") != NULL;
        if (sscanf(line, "weir-thumbs: %" SCNu64 " messages were left out", &count) == 1)
            left_out += count;
    }
    ck_assert_msg(named + left_out >= ENTRIES && named <= ENTRIES, "%ju named, %ju left out", (uintmax_t)named,
                  (uintmax_t)left_out);
    ck_assert_uint_ge(named, 100000);
    fclose(messages);
    struct result result = program_finish(&program);
    ck_assert_int_eq(result.status, 1);
    result_free(&result);
}
END_TEST

/* The first signal drains the pipeline, the second cancels it, a third one ends the wait for a reader. */
START_TEST (signals_work_while_standard_error_blocks) {
    struct server server = server_start(photo(1));
    char more[128];
    int reader;
    write_faults(in_root("stopped"));
    FILE *list = fopen(in_root("stopped"), "a");
    ck_assert_ptr_nonnull(list);
    snprintf(more, sizeof more, "http://127.0.0.1:%d/hang/a.jpg\n", server.port);
    fputs(more, list);
    fclose(list);
    struct program program = start_blocked("stopped", &reader);
    ck_assert(wait_until(server_was_asked, &server));
    ck_assert(!has_summary(&program)); /* blocked in the download */
    kill(program.pid, SIGTERM);
    ck_assert(wait_until(is_pending_no_more, &program));
    kill(program.pid, SIGTERM);
    ck_assert(wait_until(has_summary, &program));
    kill(program.pid, SIGTERM);
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGTERM);
    ck_assert_uint_eq(figure(&result, "abandoned"), 1);
    result_free(&result);
    close(reader);
    server_stop(&server);
}
END_TEST

void add_blocked_tests(TCase *cases) {
    tcase_add_test(cases, a_run_ends_though_its_messages_are_not_read);
    tcase_add_test(cases, messages_wait_for_their_reader);
    tcase_add_test(cases, signals_work_while_standard_error_blocks);
}
