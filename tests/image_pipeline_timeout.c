/*
 * image_pipeline_timeout.c - for test_image_pipeline.c: pictures that take minutes to decode.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"

enum { SIDE = 7000, EOI = 2, SCAN_HEAD = 10, COMPONENT = 5, FIRST = 7, LAST = 8, BITS = 9 };

/* Returns the place of the next marker of this kind, from `place` on. The data of a scan have none. */
static size_t find_marker(const char *jpeg, size_t size, size_t place, char kind) {
    while (place + 2 < size && (jpeg[place] != '\xff' || jpeg[place + 1] != kind))
        place++;
    ck_assert_uint_lt(place + 2, size);
    return place;
}

/* Returns the place behind the scan that begins at `place`. */
static size_t end_of_scan(const char *jpeg, size_t size, size_t place) {
    for (place += SCAN_HEAD; place + 2 < size && (jpeg[place] != '\xff' || jpeg[place + 1] == 0);)
        place++;
    return place;
}

/* Writes the scan once for each bit of each coefficient of each component: each is a pass over the whole picture. */
static void write_scans(FILE *file, const char *scan, size_t size) {
    char head[SCAN_HEAD];
    memcpy(head, scan, SCAN_HEAD);
    for (char component = 1; component <= 3; component++) {
        for (char k = 1; k < 64; k++) {
            for (int bit = 13; bit >= 0; bit--) {
                head[COMPONENT] = component;
                head[FIRST] = head[LAST] = k;
                head[BITS] = (char)((bit == 13 ? 0 : (bit + 1) << 4) | bit);
                fwrite(head, 1, SCAN_HEAD, file);
                fwrite(scan + SCAN_HEAD, 1, size - SCAN_HEAD, file);
            }
        }
    }
}

/*
 * Writes a progressive JPEG with 2646 valid scans, of a few bytes each. The decoder makes all passes before the first
 * row, which takes about a minute.
 */
static void write_slow(const char *path) {
    size_t size, place = 0, last = 0, tables = 0;
    char name[512];
    snprintf(name, sizeof name, "%s[interlace,subsample_mode=off]", path);
    write_black(name, SIDE, SIDE);
    char *jpeg = read_file(path, &size);
    size_t first = find_marker(jpeg, size, 0, '\xda');
    size_t head = end_of_scan(jpeg, size, first + 4); /* the first scan has a longer head */
    for (place = head; place + 2 < size - EOI; place = end_of_scan(jpeg, size, last)) {
        tables = place;
        last = find_marker(jpeg, size, place, '\xda');
    }
    ck_assert_int_eq(jpeg[last + 4], 1); /* component */
    FILE *slow = fopen(path, "wb");
    ck_assert_ptr_nonnull(slow);
    fwrite(jpeg, 1, head, slow);
    fwrite(jpeg + tables, 1, last - tables, slow);
    write_scans(slow, jpeg + last, end_of_scan(jpeg, size, last) - last);
    fwrite("\xff\xd9", 1, EOI, slow);
    ck_assert_int_eq(fclose(slow), 0);
    free(jpeg);
}

START_TEST (a_resize_that_takes_too_long_is_given_up) {
    make_folder(in_root("slow"));
    write_slow(in_root("slow/a.jpg"));
    copy_file(photo(1), in_root("slow/b.jpg"));
    for (int keeps = 0; keeps < 2; keeps++) {
        struct result result = run_thumbs("--from", in_root("slow"), "--to", in_root("slow-out"), "--resize-timeout",
                                          "1", keeps ? "--keep-damaged" : NULL, NULL);
        expect_counts(&result, 1, 1);
        expect_text(result.err, "weir-thumbs: a.jpg: resize: takes longer than 1 s to resize (--resize-timeout)\n");
        ck_assert(!file_exists(in_root("slow-out/a.jpg")));
        result_free(&result);
    }
}
END_TEST

static bool has_fast(const void *path) {
    return file_exists(path);
}

static bool is_interrupted(const void *program) {
    char *text = read_file(((const struct program *)program)->err, NULL);
    bool is_there = strstr(text, "completing the pictures in flight") != NULL;
    free(text);
    return is_there;
}

/* One picture is decoded, and the other one waits for its memory. */
START_TEST (a_second_interrupt_ends_resizes_that_take_long) {
    make_folder(in_root("endless"));
    write_slow(in_root("endless/b.jpg"));
    copy_file(in_root("endless/b.jpg"), in_root("endless/c.jpg"));
    copy_file(photo(1), in_root("endless/a.jpg"));
    struct program program =
        start_thumbs("--from", in_root("endless"), "--to", in_root("endless-out"), "--memory", "320M", "--downloads",
                     "1", "--resizes", "2", "--resize-timeout", "3600", NULL);
    ck_assert(wait_until(has_fast, in_root("endless-out/a.jpg")));
    kill(program.pid, SIGINT);
    ck_assert(wait_until(is_interrupted, &program));
    kill(program.pid, SIGINT);
    struct result result = program_end(&program);
    ck_assert_int_eq(result.status, 128 + SIGINT);
    ck_assert_uint_eq(figure(&result, "done"), 1);
    ck_assert_uint_eq(figure(&result, "abandoned") + figure(&result, "not started"), 2);
    ck_assert_uint_eq(count_files(in_root("endless-out")), 1);
    result_free(&result);
}
END_TEST

void add_timeout_tests(TCase *cases) {
    tcase_add_test(cases, a_resize_that_takes_too_long_is_given_up);
    tcase_add_test(cases, a_second_interrupt_ends_resizes_that_take_long);
}
