/*
 * image_pipeline_expect.h - for test_image_pipeline.c: checks the outcome of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_EXPECT_H
#define IMAGE_PIPELINE_EXPECT_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "image_pipeline_run.h"

/* Returns the path of a valid photo, counted from 1; each test has them. */
const char *photo(int number);

/* Returns the number behind `label` in the summary. */
uint64_t figure(const struct result *result, const char *label);

/* Counts the messages. On a slow machine, progress lines appear between them and are not counted. */
size_t count_messages(const char *text);

/* Checks that exactly this many items were done and failed, that no other count is above 0, and the exit status. */
void expect_counts(const struct result *result, uint64_t done, uint64_t failed);

void expect_text(const char *text, const char *part);

/* Checks that the file is a complete JPEG. */
void expect_whole(const char *path);

/* Each adds the tests of its file: image_pipeline_damage.c and so on. */
void add_address_tests(TCase *cases);
void add_blocked_tests(TCase *cases);
void add_damage_tests(TCase *cases);
void add_escapes_tests(TCase *cases);
void add_formats_tests(TCase *cases);
void add_hosts_tests(TCase *cases);
void add_interrupt_tests(TCase *cases);
void add_list_tests(TCase *cases);
void add_memory_tests(TCase *cases);
void add_names_tests(TCase *cases);
void add_options_tests(TCase *cases);
void add_recursive_tests(TCase *cases);
void add_replace_tests(TCase *cases);
void add_report_tests(TCase *cases);
void add_resume_tests(TCase *cases);
void add_retry_tests(TCase *cases);
void add_second_name_tests(TCase *cases);
void add_sizes_tests(TCase *cases);
void add_target_tests(TCase *cases);
void add_timeout_tests(TCase *cases);
void add_usage_tests(TCase *cases);

#endif /* IMAGE_PIPELINE_EXPECT_H */
