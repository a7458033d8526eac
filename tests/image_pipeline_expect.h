/*
 * image_pipeline_expect.h - for test_image_pipeline.c: what is expected of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_EXPECT_H
#define IMAGE_PIPELINE_EXPECT_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "image_pipeline_run.h"

/* One of the good photos that are there in every test, counted from 1. */
const char *photo(int number);

/* The number behind `label` in the summary. */
uint64_t figure(const struct result *result, const char *label);

/* How many messages there are; on a slow machine there are lines of progress in between, which do not count. */
size_t count_messages(const char *text);

/* Exactly so many were done and failed, nothing else became of any, and the exit status says so. */
void expect_counts(const struct result *result, uint64_t done, uint64_t failed);

void expect_text(const char *text, const char *part);

/* It is a JPEG, and can be decoded to its end. */
void expect_whole(const char *path);

/* image_pipeline_damage.c and so on: cases of their own. */
void add_blocked_tests(TCase *cases);
void add_damage_tests(TCase *cases);
void add_interrupt_tests(TCase *cases);
void add_list_tests(TCase *cases);
void add_names_tests(TCase *cases);
void add_replace_tests(TCase *cases);
void add_retry_tests(TCase *cases);
void add_second_name_tests(TCase *cases);
void add_target_tests(TCase *cases);
void add_usage_tests(TCase *cases);

#endif /* IMAGE_PIPELINE_EXPECT_H */
