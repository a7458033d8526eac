/*
 * image_pipeline_list.c - for test_image_pipeline.c: the format of URL lists.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

/* Runs a list in which @ stands for the server and | for a NUL. */
static struct result run_list(const char *name, const struct server *server, const char *pattern, const char *option) {
    char list[4096];
    size_t used = 0;
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '@')
            used += (size_t)snprintf(list + used, sizeof list - used, "http://127.0.0.1:%d", server->port);
        else
            list[used++] = *c == '|' ? '\0' : *c;
    }
    write_file(in_root("%s", name), list, used);
    return run_thumbs("--from", in_root("%s", name), "--to", in_root("%s-out", name), "--downloads", "1", option, NULL);
}

static const struct {
    const char *pattern, *option;
} three[] = {
    {"@/file/a.jpg\n@/file/b.jpg\n@/file/c.jpg\n", NULL},
    {"@/file/a.jpg\n\n#x\n@/file/b.jpg\n  @/file/c.jpg", NULL},
    {"@/file/a.jpg\r\n@/file/b.jpg\r\n@/file/c.jpg\r\n", NULL},
    {"\xef\xbb\xbf@/file/a.jpg\n@/file/b.jpg\n@/file/c.jpg\n", NULL},
    {"@/file/a.jpg|@/file/b.jpg|@/file/c.jpg|", "--null"},
    {"\xef\xbb\xbf@/file/a.jpg| @/file/b.jpg||#x|@/file/c.jpg", "--null"},
    {"@/file/x.jpg\ta\n@/file/y.jpg\tb.jpg\t\r\n@/file/z.jpg \t c.jpg\n", NULL},
};

START_TEST (a_list_has_three_urls_however_they_are_separated) {
    char name[32];
    struct server server = server_start(photo(1));
    snprintf(name, sizeof name, "three-%d", _i);
    struct result result = run_list(name, &server, three[_i].pattern, three[_i].option);
    expect_counts(&result, 3, 0);
    for (const char *c = "abc"; *c != '\0'; c++)
        expect_whole(in_root("%s-out/%c.jpg", name, *c));
    result_free(&result);
    server_stop(&server);
}
END_TEST

static const struct {
    const char *pattern, *message;
} refused[] = {
    {"@/file/a.jpg|@/file/b.jpg|", "has a NUL at byte "},
    {"@/file/a.jpg\n@/file/b.jpg|", "a list separated by NULs needs --null\n"},
    {"\xff\xfeh|t|t|p|", "is in UTF-16, and must be in UTF-8\n"},
    {"\xfe\xff|h|t|t|p", "is in UTF-16, and must be in UTF-8\n"},
};

START_TEST (a_list_of_another_kind_is_refused_as_a_whole) {
    char name[32];
    struct server server = server_start(photo(1));
    snprintf(name, sizeof name, "refused-%d", _i);
    struct result result = run_list(name, &server, refused[_i].pattern, NULL);
    ck_assert_int_eq(result.status, 1);
    expect_text(result.err, refused[_i].message);
    ck_assert_uint_eq(count_messages(result.err), 1);
    ck_assert_uint_eq(count_files(in_root("%s-out", name)), 0);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (what_is_no_url_in_a_list_fails_and_asks_no_host) {
    struct server server = server_start(photo(1));
    struct result result = run_list("no-urls", &server,
                                    "127.0.0.1/a.jpg\n/tmp/b.jpg\nfile:///etc/passwd\n@/file/c.jpg\r@/file/d.jpg\n"
                                    "@/file/e.jpg\n",
                                    NULL);
    expect_counts(&result, 1, 4);
    expect_text(result.err, "127.0.0.1/a.jpg: download: does not begin with http:// or https://");
    expect_text(result.err, "/tmp/b.jpg: download: does not begin with http:// or https://");
    expect_text(result.err, "file:///etc/passwd: download: is not an http or https URL\n");
    expect_text(result.err, ": download: contains a control character\n");
    result_free(&result);
    result = run_list("one-entry", &server, "@/file/a.jpg\n@/file/b.jpg\n", "--null");
    expect_counts(&result, 0, 1);
    expect_text(result.err, ": download: contains a control character\n");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (blanks_in_a_url_are_encoded) {
    struct server server = server_start(photo(1));
    struct result result = run_list("blanks", &server, "@/file/two blanks in.jpg?a b\n", NULL);
    expect_counts(&result, 1, 0);
    char *log = read_file(server_log(&server), NULL);
    expect_text(log, "GET /file/two%20blanks%20in.jpg?a%20b HTTP/1.1\r\n");
    expect_whole(in_root("blanks-out/two blanks in.jpg"));
    free(log);
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* A query may contain secrets. */
START_TEST (pictures_that_differ_in_their_query_are_told_apart_by_their_entry) {
    struct server server = server_start(photo(1));
    struct result result =
        run_list("queries", &server, "# comment\n@/404/image?id=1&key=secret\n\n@/404/image?id=2\n", NULL);
    expect_counts(&result, 0, 2);
    expect_text(result.err, "/404/image (entry 2): download: HTTP status 404");
    expect_text(result.err, "/404/image (entry 4): download: HTTP status 404");
    ck_assert_ptr_null(strstr(result.err, "secret"));
    result_free(&result);
    result = run_list("queries-null", &server, "@/404/a|@/404/image?id=2|", "--null");
    expect_counts(&result, 0, 2);
    expect_text(result.err, "/404/a: download: ");
    expect_text(result.err, "/404/image (entry 2): download: ");
    result_free(&result);
    server_stop(&server);
}
END_TEST

void add_list_tests(TCase *cases) {
    tcase_add_loop_test(cases, a_list_has_three_urls_however_they_are_separated, 0,
                        (int)(sizeof three / sizeof *three));
    tcase_add_loop_test(cases, a_list_of_another_kind_is_refused_as_a_whole, 0,
                        (int)(sizeof refused / sizeof *refused));
    tcase_add_test(cases, what_is_no_url_in_a_list_fails_and_asks_no_host);
    tcase_add_test(cases, blanks_in_a_url_are_encoded);
    tcase_add_test(cases, pictures_that_differ_in_their_query_are_told_apart_by_their_entry);
}
