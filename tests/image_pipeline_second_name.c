/*
 * image_pipeline_second_name.c - for test_image_pipeline.c: pictures of a list that share a short name.
 *
 * The test computes the expected names and marks from the URL: both begin with the same digits of its digest.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

enum { SAME = 8, PARALLEL = 40 };

/* Returns the URL of the server's n-th picture with this short name. */
static const char *url_of(const struct server *server, int n) {
    static char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/file/ok.jpg?%d", server->port, n);
    return url;
}

static const char *long_name_of(const char *url) {
    static char name[64];
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, url, -1);
    snprintf(name, sizeof name, "ok-%.16s.jpg", digest);
    g_free(digest);
    return name;
}

static bool is_of(const char *path, const char *url) {
    size_t size;
    char *data = read_file(path, &size), *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, url, -1), mark[64];
    int length = snprintf(mark, sizeof mark, "weir-thumbs 1 %.32s", digest);
    bool is = memmem(data, size, mark, (size_t)length) != NULL;
    g_free(digest);
    free(data);
    return is;
}

static void expect_thumbnail_of(const char *path, const char *url) {
    expect_whole(path);
    ck_assert_msg(is_of(path, url), "%s is not the thumbnail of %s", path, url);
}

static void expect_long(const char *folder, const char *url) {
    expect_thumbnail_of(in_root("%s/%s", folder, long_name_of(url)), url);
}

/* Appends some of the server's pictures to a list. */
static void list_some(const char *name, const struct server *server, const int *numbers, size_t count) {
    FILE *list = fopen(in_root("%s", name), "a");
    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < count; i++)
        fprintf(list, "%s\n", url_of(server, numbers[i]));
    fclose(list);
}

static struct result run_list(const char *list, const char *to, const char *option) {
    return run_thumbs("--from", in_root("%s", list), "--to", in_root("%s", to), "--downloads", "8", "--uploads", "8",
                      "-q", "50", option, NULL);
}

static void expect_done(const char *list, const char *to, uint64_t done) {
    struct result result = run_list(list, to, NULL);
    expect_counts(&result, done, 0);
    result_free(&result);
}

/* A snapshot of a file, for a later comparison; freed by expect_as_before. */
struct before {
    char *data;
    size_t size;
};

static struct before before(const char *path) {
    struct before before;
    before.data = read_file(path, &before.size);
    return before;
}

static void expect_as_before(const char *path, struct before *before) {
    size_t size;
    char *data = read_file(path, &size);
    ck_assert_msg(size == before->size && memcmp(data, before->data, size) == 0, "%s has changed", path);
    free(data);
    free(before->data);
}

START_TEST (pictures_of_one_short_name_have_a_name_each) {
    int numbers[PARALLEL];
    struct server server = server_start(photo(1)), other = server_start(photo(2));
    for (int i = 0; i < PARALLEL; i++)
        numbers[i] = i + 1;
    list_some("one-name", &server, numbers, PARALLEL);
    list_some("one-name", &other, numbers, 1);
    list_some("one-name", &server, numbers, 2); /* the same pictures again */
    for (int run = 0; run < 2; run++) {
        expect_done("one-name", "one-name-out", PARALLEL + 3);
        ck_assert_uint_eq(count_files(in_root("one-name-out")), PARALLEL + 1);
        expect_thumbnail_of(in_root("one-name-out/ok.jpg"), url_of(&server, 1));
        for (int i = 2; i <= PARALLEL; i++)
            expect_long("one-name-out", url_of(&server, i));
        expect_long("one-name-out", url_of(&other, 1));
    }
    server_stop(&server);
    server_stop(&other);
}
END_TEST

/* Pictures of an earlier list, in another order, and a picture of another host keep their names. */
START_TEST (a_part_of_a_list_has_the_names_of_the_whole) {
    static const int all[SAME] = {1, 2, 3, 4, 5, 6, 7, 8}, part[] = {7, 2, 5}, rest[] = {1, 3, 4, 6, 8}, fresh[] = {9};
    struct before old[SAME + 1];
    struct server server = server_start(photo(1)), other = server_start(photo(2));
    list_some("whole", &server, all, SAME);
    list_some("whole", &other, all, 1);
    struct result result = run_thumbs("--from", in_root("whole"), "--to", in_root("whole-out"), NULL);
    expect_counts(&result, SAME + 1, 0);
    result_free(&result);
    for (int i = 0; i < 5; i++)
        old[i] = before(in_root("whole-out/%s", rest[i] == 1 ? "ok.jpg" : long_name_of(url_of(&server, rest[i]))));
    size_t size = file_size(in_root("whole-out/%s", long_name_of(url_of(&server, 7))));

    list_some("part", &server, part, 3);
    list_some("part", &other, all, 1);
    expect_done("part", "whole-out", 4); /* of lower quality */
    ck_assert_uint_eq(count_files(in_root("whole-out")), SAME + 1);
    for (int i = 0; i < 3; i++)
        expect_long("whole-out", url_of(&server, part[i]));
    expect_long("whole-out", url_of(&other, 1));
    ck_assert_uint_lt(file_size(in_root("whole-out/%s", long_name_of(url_of(&server, 7)))), size);
    for (int i = 0; i < 5; i++)
        expect_as_before(in_root("whole-out/%s", rest[i] == 1 ? "ok.jpg" : long_name_of(url_of(&server, rest[i]))),
                         &old[i]);

    list_some("fresh", &server, fresh, 1);
    expect_done("fresh", "whole-out", 1);
    expect_long("whole-out", url_of(&server, 9));
    ck_assert_uint_eq(count_files(in_root("whole-out")), SAME + 2);
    server_stop(&server);
    server_stop(&other);
}
END_TEST

START_TEST (existing_thumbnails_are_found_under_both_names) {
    static const int all[] = {1, 2, 3}, part[] = {3, 4};
    struct server server = server_start(photo(1));
    list_some("found", &server, all, 3);
    expect_done("found", "found-out", 3);
    struct result result = run_list("found", "found-out", "--skip-existing");
    expect_counts(&result, 0, 0);
    ck_assert_uint_eq(figure(&result, "skipped"), 3);
    result_free(&result);
    list_some("found-part", &server, part, 2);
    result = run_list("found-part", "found-out", "--skip-existing");
    expect_counts(&result, 1, 0);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    result_free(&result);
    ck_assert_uint_eq(count_files(in_root("found-out")), 4);
    expect_long("found-out", url_of(&server, 4));
    server_stop(&server);
}
END_TEST

/* A foreign file occupies the short name, and then the long one. */
START_TEST (what_weir_thumbs_has_not_made_is_in_the_way_of_both_names) {
    static const int first[] = {1}, second[] = {2};
    static const char *const options[] = {NULL, "--skip-existing"};
    char name[64];
    struct server server = server_start(photo(1));
    list_some("way-1", &server, first, 1);
    list_some("way-2", &server, second, 1);
    snprintf(name, sizeof name, "%s", long_name_of(url_of(&server, 2)));
    make_folder(in_root("way-out"));
    copy_file(photo(3), in_root("way-out/ok.jpg"));
    for (int i = 0; i < 4; i++) {
        if (i == 2) { /* from here on, another picture's thumbnail has the short name */
            expect_done("way-1", "way-other", 1);
            copy_file(in_root("way-other/ok.jpg"), in_root("way-out/ok.jpg"));
            copy_file(photo(3), in_root("way-out/%s", name));
        }
        struct before short_one = before(in_root("way-out/ok.jpg"));
        struct result result = run_list("way-2", "way-out", options[i % 2]);
        expect_counts(&result, 0, 1);
        expect_text(result.err, i < 2 ? ": ok.jpg exists, and was not made by weir-thumbs" : name);
        expect_text(result.err, " exists, and was not made by weir-thumbs; --overwrite replaces it\n");
        expect_as_before(in_root("way-out/ok.jpg"), &short_one);
        ck_assert_uint_eq(count_files(in_root("way-out")), i < 2 ? 1 : 2);
        result_free(&result);
    }
    ck_assert_uint_eq(file_size(in_root("way-out/%s", name)), file_size(photo(3)));
    server_stop(&server);
}
END_TEST

START_TEST (overwrite_replaces_what_has_the_name_that_the_list_gives) {
    static const int first[] = {1}, others[] = {2, 3};
    struct server server = server_start(photo(1));
    list_some("over-1", &server, first, 1);
    list_some("over-2", &server, others, 2);
    expect_done("over-1", "over-out", 1);
    struct result result = run_list("over-2", "over-out", "--overwrite");
    expect_counts(&result, 2, 0);
    expect_thumbnail_of(in_root("over-out/ok.jpg"), url_of(&server, 2));
    expect_long("over-out", url_of(&server, 3));
    ck_assert_uint_eq(count_files(in_root("over-out")), 2);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* An independent store that has another picture's thumbnail under every name. */
START_TEST (a_server_is_asked_for_both_names_and_replaces_nothing) {
    static const int first[] = {1}, second[] = {2};
    char url[128];
    struct server server = server_start(photo(1));
    list_some("both-1", &server, first, 1);
    list_some("both-2", &server, second, 1);
    expect_done("both-1", "both-out", 1);
    struct server store = server_start(in_root("both-out/ok.jpg"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/taken", store.port);
    struct result result = run_thumbs("--from", in_root("both-2"), "--to", url, NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, long_name_of(url_of(&server, 2)));
    expect_text(result.err, " exists, and is the thumbnail of another picture; --overwrite replaces it\n");
    char *log = read_file(server_log(&store), NULL);
    size_t puts = 0, conditions = 0;
    for (const char *c = log; (c = strstr(c, "PUT /taken/ok")) != NULL; c++)
        puts++;
    for (const char *c = log; (c = strstr(c, "If-None-Match: *")) != NULL; c++)
        conditions++;
    ck_assert_uint_eq(puts, 2);
    ck_assert_uint_eq(conditions, 2);
    free(log);
    result_free(&result);
    server_stop(&server);
    server_stop(&store);
}
END_TEST

START_TEST (a_name_from_the_list_is_the_only_one) {
    char list[512], short_name[64];
    struct server server = server_start(photo(1));
    snprintf(list, sizeof list, "not/a/url/ok.jpg\n%s", url_of(&server, 1)); /* a failed entry occupies no name */
    size_t used = strlen(list);
    snprintf(short_name, sizeof short_name, "%s", url_of(&server, 2));
    snprintf(list + used, sizeof list - used, "\n%s\tok.jpg\n%s\tmine.jpg\n", short_name, url_of(&server, 3));
    write_text(in_root("tabs"), list);
    struct result result = run_list("tabs", "tabs-out", NULL);
    expect_counts(&result, 2, 2);
    expect_text(result.err,
                "ok.jpg (entry 3): download: its thumbnail would have the name ok.jpg, like that of http://127.0.0.1:");
    expect_text(result.err, "; add a tab and another name after the URL\n");
    expect_thumbnail_of(in_root("tabs-out/ok.jpg"), url_of(&server, 1));
    result_free(&result);

    snprintf(list, sizeof list, "%s\tmine.jpg\n", short_name);
    write_text(in_root("tabs-2"), list);
    result = run_list("tabs-2", "tabs-out", NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "mine.jpg exists, and is the thumbnail of another picture; --overwrite replaces it\n");
    ck_assert_uint_eq(count_files(in_root("tabs-out")), 2);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_long_name_of_a_long_name_fits_a_file) {
    char name[300], list[1024];
    struct server server = server_start(photo(1));
    memset(name, 'x', sizeof name);
    snprintf(name + 290, sizeof name - 290, ".jpeg");
    snprintf(list, sizeof list, "http://127.0.0.1:%d/file/%s?1\nhttp://127.0.0.1:%d/file/%s?2\n", server.port, name,
             server.port, name);
    write_text(in_root("longest"), list);
    expect_done("longest", "longest-out", 2);
    ck_assert_uint_eq(count_files(in_root("longest-out")), 2);
    server_stop(&server);
}
END_TEST

void add_second_name_tests(TCase *cases) {
    tcase_add_test(cases, pictures_of_one_short_name_have_a_name_each);
    tcase_add_test(cases, a_part_of_a_list_has_the_names_of_the_whole);
    tcase_add_test(cases, existing_thumbnails_are_found_under_both_names);
    tcase_add_test(cases, what_weir_thumbs_has_not_made_is_in_the_way_of_both_names);
    tcase_add_test(cases, overwrite_replaces_what_has_the_name_that_the_list_gives);
    tcase_add_test(cases, a_server_is_asked_for_both_names_and_replaces_nothing);
    tcase_add_test(cases, a_name_from_the_list_is_the_only_one);
    tcase_add_test(cases, a_long_name_of_a_long_name_fits_a_file);
}
