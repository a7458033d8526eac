/*
 * image_pipeline_usage.c - for test_image_pipeline.c: the command line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image_pipeline_expect.h"

static const struct usage_error {
    const char *arguments[4], *message;
} usage_errors[] = {
    {{"--nonsense"}, "'--nonsense': no such option"},
    {{"--from"}, "--from needs a value"},
    {{"-s"}, "-s needs a value"},
    {{"one", "two", "stray"}, "'stray': unexpected argument"},
    {{"--from", "one", "two"}, "'two': unexpected argument, because of --from"},
    {{"-s", "0x320"}, "--size: '0x320' is not a size such as 320"},
    {{"-s", "320x-1"}, "--size: '320x-1' is not a size such as 320"},
    {{"-s", "99999999999x1"}, "--size: '99999999999x1' is not a size such as 320"},
    {{"-q", "0"}, "--quality: '0' is not a number from 1 to 100"},
    {{"-q", "101"}, "--quality: '101' is not a number from 1 to 100"},
    {{"--downloads", "0"}, "--downloads: '0' is not a number from 1 to 256"},
    {{"--resizes", "many"}, "--resizes: 'many' is not a number from 1 to 256"},
    {{"--uploads", "257"}, "--uploads: '257' is not a number from 1 to 256"},
    {{"--capacity", ""}, "--capacity: '' is not a number"},
    {{"--capacity", "18446744073709551617"}, "--capacity: '18446744073709551617' is not a number"},
    {{"--max-bytes", "-5"}, "--max-bytes: '-5' is not a number"},
    {{"--max-pixels", "1e6"}, "--max-pixels: '1e6' is not a number"},
    {{"--memory", "1000"}, "--memory: '1000' is not a number of bytes from 1048576 to "},
    {{"--memory", "1.5G"}, "--memory: '1.5G' is not a number of bytes"},
    {{"--memory", "M"}, "--memory: 'M' is not a number of bytes"},
    {{"--memory", "17592186044416M"}, "--memory: '17592186044416M' is not a number of bytes"},
    {{"--overwrite", "--no-clobber"}, "--overwrite and --no-clobber are mutually exclusive"},
    {{"-r"}, "--recursive needs --from"},
    {{"-n"}, "--dry-run needs --from"},
    {{"--crop", "left"}, "--crop: 'left' is neither centre nor attention"},
    {{"--max-failures", "0"}, "--max-failures: '0' is not a number from 1 to "},
    {{"--header", "no colon"}, "--header: 'no colon' is not 'Name: value'"},
    {{"--header", "a: b\r\nc: d"}, "--header: 'a: b\\x0d\\x0ac: d' is not 'Name: value'"},
    {{"--user-agent", "a\nb: c"}, "--user-agent: 'a\\x0ab: c' has a control character"},
    {{"--retries", "101"}, "--retries: '101' is not a number from 0 to 100"},
    {{"--timeout", "0"}, "--timeout: '0' is not a number from 1 to 3600"},
    {{"--resize-timeout", "0"}, "--resize-timeout: '0' is not a number from 1 to 3600"},
    {{"--stall", "3601"}, "--stall: '3601' is not a number from 1 to 3600"},
};

START_TEST (a_wrong_command_line_is_explained_and_exits_with_2) {
    const struct usage_error *error = &usage_errors[_i];
    struct result result = run_thumbs(error->arguments[0], error->arguments[1], error->arguments[2], NULL);
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, error->message);
    ck_assert_uint_eq(count_messages(result.err), 1);
    ck_assert_str_eq(result.out, "");
    result_free(&result);
}
END_TEST

START_TEST (help_and_version_go_to_standard_output) {
    struct result help = run_thumbs("--help", NULL), version = run_thumbs("--version", NULL);
    ck_assert_int_eq(help.status, 0);
    ck_assert_int_eq(strncmp(help.out, "Usage: weir-thumbs ", 19), 0);
    ck_assert_int_eq(version.status, 0);
    ck_assert_int_eq(strncmp(version.out, "weir-thumbs ", 12), 0);
    result_free(&help);
    result_free(&version);
}
END_TEST

void add_usage_tests(TCase *cases) {
    tcase_add_loop_test(cases, a_wrong_command_line_is_explained_and_exits_with_2, 0,
                        (int)(sizeof usage_errors / sizeof *usage_errors));
    tcase_add_test(cases, help_and_version_go_to_standard_output);
}
