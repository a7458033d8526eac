/*
 * image_pipeline_replace.c - for test_image_pipeline.c: the files that a thumbnail may replace.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

static void expect_same_file(const char *path, const char *other) {
    size_t size, other_size;
    char *data = read_file(path, &size), *other_data = read_file(other, &other_size);
    ck_assert_msg(size == other_size && memcmp(data, other_data, size) == 0, "%s is not %s", path, other);
    free(data);
    free(other_data);
}

static struct result run_into(const char *from, const char *to, const char *option) {
    return run_thumbs("--from", in_root("%s", from), "--to", in_root("%s", to), option, NULL);
}

/* Original pictures, and symbolic links to them, are kept without --overwrite. */
START_TEST (what_weir_thumbs_has_not_made_is_replaced_only_when_asked_for) {
    make_folder(in_root("new"));
    make_folder(in_root("album"));
    copy_file(photo(1), in_root("new/a.jpg"));
    copy_file(photo(1), in_root("new/b.jpg"));
    copy_file(photo(1), in_root("new/c.jpg"));
    copy_file(photo(2), in_root("album/a.jpg"));
    copy_file(photo(3), in_root("original.jpg"));
    ck_assert_int_eq(symlink("../original.jpg", in_root("album/b.jpg")), 0);

    struct result result = run_into("new", "album", NULL);
    expect_counts(&result, 1, 2);
    expect_text(result.err, "a.jpg: upload: a.jpg exists, and was not made by weir-thumbs; --overwrite replaces it\n");
    expect_text(result.err, "b.jpg: upload: b.jpg may exist, and cannot be checked; --overwrite replaces it\n");
    expect_same_file(in_root("album/a.jpg"), photo(2));
    expect_same_file(in_root("album/b.jpg"), photo(3));
    ck_assert_uint_eq(count_files(in_root("album")), 3);
    result_free(&result);

    result = run_into("new", "album", "--overwrite");
    expect_counts(&result, 3, 0);
    ck_assert_uint_lt(file_size(in_root("album/a.jpg")), file_size(photo(2)));
    expect_same_file(in_root("original.jpg"), photo(3)); /* the link was replaced, its target was not */
    result_free(&result);
}
END_TEST

START_TEST (a_thumbnail_is_replaced_by_one_of_the_same_picture_only) {
    char *again;
    size_t size, again_size;
    make_folder(in_root("first"));
    make_folder(in_root("second"));
    copy_file(photo(1), in_root("first/a.jpg"));
    copy_file(photo(2), in_root("second/a.jpg"));
    struct result result = run_into("first", "albums", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    copy_file(in_root("albums/a.jpg"), in_root("before.jpg"));

    result = run_into("second", "albums", NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "a.jpg exists, and is the thumbnail of another picture; --overwrite replaces it\n");
    expect_same_file(in_root("albums/a.jpg"), in_root("before.jpg"));
    result_free(&result);

    copy_file(photo(3), in_root("first/a.jpg")); /* another picture from the same source */
    result = run_into("first/../first", "albums", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    again = read_file(in_root("albums/a.jpg"), &again_size);
    char *before = read_file(in_root("before.jpg"), &size);
    ck_assert(size != again_size || memcmp(before, again, size) != 0);
    free(before);
    free(again);
}
END_TEST

/*
 * A second run with only the failed items uses the names of the first run and meets no thumbnail of another picture.
 */
START_TEST (a_run_of_the_failed_ones_replaces_nothing_of_the_run_before) {
    struct server server = server_start(photo(1));
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/file/a.jpg?first\n", server.port);
    write_text(in_root("run-1"), url);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/file/a.jpg?another\n", server.port);
    write_text(in_root("run-2"), url);
    struct result result = run_into("run-1", "run-out", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    copy_file(in_root("run-out/a.jpg"), in_root("run-before.jpg"));
    result = run_thumbs("--from", in_root("run-2"), "--to", in_root("run-out"), "-q", "30", NULL);
    expect_counts(&result, 1, 0);
    expect_same_file(in_root("run-out/a.jpg"), in_root("run-before.jpg"));
    ck_assert_uint_eq(count_files(in_root("run-out")), 2);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (existing_thumbnails_are_skipped_when_asked_for) {
    struct server server = server_start(photo(1));
    char list[512];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/file/a.jpg\n", server.port);
    write_text(in_root("skip-1"), list);
    struct result result = run_into("skip-1", "skip-out", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    copy_file(photo(2), in_root("skip-out/c.jpg"));
    snprintf(list, sizeof list,
             "http://127.0.0.1:%d/file/a.jpg\nhttp://127.0.0.1:%d/file/b.jpg\nhttp://127.0.0.1:%d/file/c.jpg\n",
             server.port, server.port, server.port);
    write_text(in_root("skip-2"), list);
    write_text(server_log(&server), "");
    result = run_into("skip-2", "skip-out", "--skip-existing");
    expect_counts(&result, 1, 1);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    expect_text(result.err, "/file/c.jpg: download: c.jpg exists, and was not made by weir-thumbs");
    char *log = read_file(server_log(&server), NULL);
    expect_text(log, "GET /file/b.jpg ");
    ck_assert_ptr_null(strstr(log, "GET /file/a.jpg "));
    free(log);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* An independent store that supports If-None-Match: *. */
START_TEST (a_server_that_has_something_in_the_place_is_asked_what) {
    struct server foreign = server_start(photo(1));
    char url[128];
    make_folder(in_root("put"));
    copy_file(photo(1), in_root("put/a.jpg"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/taken", foreign.port);
    struct result result = run_thumbs("--from", in_root("put"), "--to", url, NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "a.jpg: upload: a.jpg exists, and was not made by weir-thumbs; --overwrite replaces it\n");
    result_free(&result);
    result = run_thumbs("--from", in_root("put"), "--to", url, "--overwrite", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    server_stop(&foreign);

    result = run_into("put", "put-out", NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    struct server same = server_start(in_root("put-out/a.jpg"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/taken", same.port);
    result = run_thumbs("--from", in_root("put"), "--to", url, NULL);
    expect_counts(&result, 1, 0);
    result_free(&result);
    result = run_thumbs("--from", in_root("put"), "--to", url, "--skip-existing", NULL);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    ck_assert_int_eq(result.status, 0);
    result_free(&result);
    server_stop(&same);
}
END_TEST

/* Counts the occurrences of a text in the log. */
static size_t count_in_log(const struct server *server, const char *text) {
    char *log = read_file(server_log(server), NULL);
    size_t count = 0;
    for (const char *c = log; (c = strstr(c, text)) != NULL; c++)
        count++;
    free(log);
    return count;
}

START_TEST (a_server_without_conditions_gets_none_and_is_asked_what_is_there) {
    struct server server = server_start(photo(1));
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/simple", server.port);
    struct result result = run_thumbs("--from", in_root("photos"), "--to", url, "--uploads", "1", NULL);
    expect_counts(&result, 12, 0);
    ck_assert_uint_eq(count_in_log(&server, "If-None-Match"), 1);
    ck_assert_uint_eq(count_in_log(&server, "GET /simple/"), 12);
    ck_assert_uint_eq(count_in_log(&server, "PUT /simple/"), 13);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_server_without_conditions_keeps_what_weir_thumbs_has_not_made) {
    char url[128];
    struct server server = server_start(photo(3));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/full", server.port);
    struct result result = run_thumbs("--from", in_root("photos"), "--to", url, "--uploads", "1", NULL);
    expect_counts(&result, 0, 12);
    expect_text(result.err, "photo-0001.jpg exists, and was not made by weir-thumbs; --overwrite replaces it\n");
    ck_assert_uint_eq(count_in_log(&server, "PUT /full/"), 1);
    ck_assert_uint_eq(count_in_log(&server, "If-None-Match: *"), 1);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* The files of killed runs, and those of a run that goes on. */
START_TEST (temporary_files_of_killed_runs_are_removed) {
    make_folder(in_root("left"));
    copy_file(photo(1), in_root("left/a.jpg"));
    make_folder(in_root("left-out"));
    write_text(in_root("left-out/.weir-thumbs-1-0.part"), "");
    write_text(in_root("left-out/.weir-thumbs-2-7.part"), "half");
    write_text(in_root("left-out/.weir-thumbs-3-0.parts"), "mine");
    write_text(in_root("left-out/.weir-thumbs-4-0.part"), "of another run");
    int file = open(in_root("left-out/.weir-thumbs-4-0.part"), O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(flock(file, LOCK_EX), 0);
    struct result result = run_thumbs("--from", in_root("left"), "--to", in_root("left-out"), NULL);
    expect_counts(&result, 1, 0);
    ck_assert(!file_exists(in_root("left-out/.weir-thumbs-1-0.part")));
    ck_assert(!file_exists(in_root("left-out/.weir-thumbs-2-7.part")));
    ck_assert_uint_eq(count_files(in_root("left-out")), 3);
    close(file);
    result_free(&result);
}
END_TEST

void add_replace_tests(TCase *cases) {
    tcase_add_test(cases, temporary_files_of_killed_runs_are_removed);
    tcase_add_test(cases, what_weir_thumbs_has_not_made_is_replaced_only_when_asked_for);
    tcase_add_test(cases, a_thumbnail_is_replaced_by_one_of_the_same_picture_only);
    tcase_add_test(cases, a_run_of_the_failed_ones_replaces_nothing_of_the_run_before);
    tcase_add_test(cases, existing_thumbnails_are_skipped_when_asked_for);
    tcase_add_test(cases, a_server_that_has_something_in_the_place_is_asked_what);
    tcase_add_test(cases, a_server_without_conditions_gets_none_and_is_asked_what_is_there);
    tcase_add_test(cases, a_server_without_conditions_keeps_what_weir_thumbs_has_not_made);
}
