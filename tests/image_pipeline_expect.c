/*
 * image_pipeline_expect.c - for test_image_pipeline.c: checks the outcome of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "image_pipeline_expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image_pipeline_pictures.h"

const char *photo(int number) {
    return in_root("photos/photo-%04d.jpg", number);
}

uint64_t figure(const struct result *result, const char *label) {
    char line[64];
    uint64_t number;
    snprintf(line, sizeof line, "\n%s ", label);
    const char *found = strncmp(result->out, line + 1, strlen(line) - 1) == 0 ? result->out : strstr(result->out, line);
    ck_assert_msg(found != NULL, "no '%s' in: %s", label, result->out);
    ck_assert_int_eq(sscanf(found + strlen(line) - (found == result->out), " %" SCNu64, &number), 1);
    return number;
}

void expect_counts(const struct result *result, uint64_t done, uint64_t failed) {
    ck_assert_msg(figure(result, "done") == done && figure(result, "failed") == failed, "%s%s", result->out,
                  result->err);
    ck_assert_uint_eq(figure(result, "abandoned"), 0);
    ck_assert_uint_eq(figure(result, "not started"), 0);
    ck_assert_int_eq(result->status, failed == 0 ? 0 : 1);
}

void expect_text(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

void expect_whole(const char *path) {
    int width, height;
    ck_assert_msg(read_picture(path, &width, &height), "%s is not a whole JPEG", path);
}

size_t count_messages(const char *text) {
    size_t messages = 0;
    for (const char *c = text; *c != '\0'; c++)
        messages += *c == '\n';
    for (const char *line = text; (line = strstr(line, " images/s, ")) != NULL; line++)
        messages--;
    return messages;
}
