/*
 * image_pipeline_report.c - for test_image_pipeline.c: the report of each picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST (each_picture_has_a_line_of_json) {
    make_folder(in_root("reported"));
    copy_file(photo(1), in_root("reported/a \"quoted\" \\.jpg"));
    write_text(in_root("reported/b\xe9\n.jpg"), "no picture");
    for (int run = 0; run < 2; run++) {
        char expected[256];
        struct stat status;
        struct result result = run_thumbs("--from", in_root("reported"), "--to", in_root("reported-out"), "--report",
                                          in_root("report"), run == 0 ? NULL : "--skip-existing", NULL);
        ck_assert_int_eq(result.status, 1);
        char *report = read_file(in_root("report"), NULL);
        snprintf(expected, sizeof expected,
                 run == 0 ? "{\"source\":\"a \\\"quoted\\\" \\\\.jpg\",\"name\":\"a \\\"quoted\\\" _.jpg\",\"status\":"
                            "\"done\",\"stage\":\"upload\",\"code\":201,\"attempts\":1,\"bytes_in\":%zu,\"bytes_out\":"
                          : "\"status\":\"skipped\",\"stage\":\"download\",",
                 file_size(photo(1)));
        expect_text(report, expected);
        expect_text(report, "{\"source\":\"b\\ufffd\\u000a.jpg\",\"name\":\"b\\ufffd_.jpg\",\"status\":\"failed\","
                            "\"stage\":\"resize\",\"code\":200,\"reason\":\"not an image\",\"attempts\":1,\"bytes_in\":"
                            "10,\"bytes_out\":0,\"milliseconds\":");
        ck_assert_uint_eq(count_lines(report), 2);
        ck_assert_int_eq(stat(in_root("report"), &status), 0);
        ck_assert_int_eq(status.st_mode & 077, 0);
        free(report);
        result_free(&result);
    }
}
END_TEST

START_TEST (the_report_has_the_entry_and_the_attempts) {
    struct server server = server_start(photo(1));
    char list[256];
    snprintf(list, sizeof list, "\nhttp://127.0.0.1:%d/once-503/a.jpg?key=1\n", server.port);
    write_text(in_root("attempts"), list);
    struct result result = run_thumbs("--from", in_root("attempts"), "--to", in_root("attempts-out"), "--report",
                                      in_root("attempts-report"), NULL);
    expect_counts(&result, 1, 0);
    char *report = read_file(in_root("attempts-report"), NULL);
    expect_text(report, "/once-503/a.jpg?key=1\",\"entry\":2,\"name\":\"a.jpg\",\"status\":\"done\"");
    expect_text(report, ",\"attempts\":2,");
    free(report);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_report_that_cannot_be_written_is_said) {
    struct result result = run_thumbs("--from", in_root("photos"), "--to", in_root("unreported"), "--report",
                                      in_root("not-there/report"), NULL);
    ck_assert_int_eq(result.status, 1);
    expect_text(result.err, "not-there/report: No such file or directory\n");
    result_free(&result);
    if (!file_exists("/dev/full"))
        return;
    result = run_thumbs("--from", in_root("photos"), "--to", in_root("unreported"), "--report", "/dev/full", NULL);
    ck_assert_int_eq(result.status, 1);
    ck_assert_uint_eq(figure(&result, "failed"), 0);
    expect_text(result.err, "/dev/full: the report is not complete: No space left on device\n");
    result_free(&result);
}
END_TEST

START_TEST (a_run_that_does_not_begin_keeps_an_old_report) {
    const char *path = in_root("old-report"), *from = in_root("photos");
    write_text(path, "old\n");
    for (int i = 0; i < 2; i++) {
        struct result result =
            run_thumbs("--from", from, "--to", i == 0 ? from : in_root("kept-out"), "--report", path, "-n", NULL);
        ck_assert_int_eq(result.status, i == 0 ? 2 : 0);
        result_free(&result);
        char *report = read_file(path, NULL);
        ck_assert_str_eq(report, "old\n");
        free(report);
    }
}
END_TEST

void add_report_tests(TCase *cases) {
    tcase_add_test(cases, each_picture_has_a_line_of_json);
    tcase_add_test(cases, the_report_has_the_entry_and_the_attempts);
    tcase_add_test(cases, a_report_that_cannot_be_written_is_said);
    tcase_add_test(cases, a_run_that_does_not_begin_keeps_an_old_report);
}
