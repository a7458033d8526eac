/*
 * image_pipeline_escapes.c - for test_image_pipeline.c: foreign text in messages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_server.h"

static const struct odd_name {
    const char *name, *shown;
} odd_names[] = {
    {"gnp.\xe2\x80\xae"
     "exe",
     "gnp.\\u202eexe"},
    {"8-bit \x9b"
     "2J",
     "8-bit \\x9b2J"},
    {"c1 \xc2\x9b"
     "2J",
     "c1 \\u009b2J"},
    {"latin \xe9t\xe9", "latin \\xe9t\\xe9"},
    {"line\nbreak\t\x1b[2J", "line\\x0abreak\\x09\\x1b[2J"},
    {"overlong \xc0\xaf \xe0\x80\xaf", "overlong \\xc0\\xaf \\xe0\\x80\\xaf"},
    {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
    {"too high \xf4\x90\x80\x80", "too high \\xf4\\x90\\x80\\x80"},
    {"cut \xf0\x9f\x98", "cut \\xf0\\x9f\\x98"},
    {"isolate \xe2\x81\xa6 tag \xf3\xa0\x81\x81 bom \xef\xbb\xbf", "isolate \\u2066 tag \\U000e0041 bom \\ufeff"},
    {"whole \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "whole \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
};

enum { ODD_NAMES = sizeof odd_names / sizeof *odd_names };

START_TEST (what_could_act_on_a_terminal_is_escaped) {
    make_folder(in_root("escapes"));
    for (int i = 0; i < ODD_NAMES; i++)
        write_text(in_root("escapes/%s", odd_names[i].name), "no picture");
    struct result result = run_thumbs("--from", in_root("escapes"), "--to", in_root("escapes-out"), NULL);
    expect_counts(&result, 0, ODD_NAMES);
    for (int i = 0; i < ODD_NAMES; i++) {
        char line[256];
        snprintf(line, sizeof line, "weir-thumbs: %s: resize: not an image\n", odd_names[i].shown);
        expect_text(result.err, line);
    }
    result_free(&result);
}
END_TEST

/* Each byte that is not a part of a whole character would be shown as an escape. */
START_TEST (no_character_is_cut_in_two) {
    struct server server = server_start(photo(1));
    char url[2048], name[1200] = "", entry[64];
    for (int i = 0; i < 280; i++)
        strcat(name, "\xf0\x9f\x98\x80");
    FILE *list = fopen(in_root("long-labels"), "w");
    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < 4; i++) { /* each cut is at another byte of a character */
        snprintf(url, sizeof url, "http://127.0.0.1:%d/404/%.*s%s?id=%d", server.port, i, "abc", name, i);
        fprintf(list, "%s\n", url);
    }
    for (int i = 0; i < 4; i++) /* of two pictures with one name the second fails, and its message shortens the name */
        fprintf(list, "http://127.0.0.1:%d/file/%s%d\t%.*s%.196s\n", server.port, i % 2 ? "b" : "a", i, 1 + i / 2, "xy",
                name);
    fclose(list);
    struct result result = run_thumbs("--from", in_root("long-labels"), "--to", in_root("long-labels-out"), NULL);
    ck_assert_uint_eq(figure(&result, "failed"), 6);
    ck_assert_msg(strstr(result.err, "\\x") == NULL, "%s", result.err);
    for (int i = 0; i < 4; i++) { /* the entry tells pictures apart if their queries do */
        snprintf(entry, sizeof entry, " (entry %d): download: HTTP status 404", i + 1);
        expect_text(result.err, entry);
    }
    result_free(&result);
    server_stop(&server);
}
END_TEST

/* The start of each path is the same. */
START_TEST (the_end_of_a_long_path_is_shown) {
    enum { FOLDERS = 9, EACH = 150 };
    char path[2048], line[64];
    make_folder(in_root("deep"));
    size_t used = (size_t)snprintf(path, sizeof path, "%s", in_root("deep"));
    for (int i = 0; i < FOLDERS; i++) {
        path[used] = '/';
        memset(path + used + 1, 'a', EACH);
        used += EACH + 1;
        path[used] = '\0';
        make_folder(path);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(path + used, sizeof path - used, "/%d.jpg", i);
        write_text(path, "no picture");
    }
    struct result result = run_thumbs("-r", in_root("deep"), in_root("deep-out"), NULL);
    expect_counts(&result, 0, 2);
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "aaaa/%d.jpg: resize: not an image\n", i);
        expect_text(result.err, line);
    }
    expect_text(result.err, "aaa...aaa");
    result_free(&result);
}
END_TEST

/* The reason follows the names in the message, of which weir keeps 255 bytes. */
START_TEST (long_names_cut_no_reason) {
    char name[180], line[512];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    make_folder(in_root("taken"));
    make_folder(in_root("taken-out"));
    copy_file(photo(1), in_root("taken/%s.jpg", name));
    write_text(in_root("taken-out/%s.jpg", name), "not of weir-thumbs");
    struct result result = run_thumbs(in_root("taken"), in_root("taken-out"), NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "nnnn.jpg exists, and was not made by weir-thumbs; --overwrite replaces it\n");
    result_free(&result);

    struct server server = server_start(photo(1));
    snprintf(line, sizeof line, "http://127.0.0.1:%d/file/a\t%s1.jpg\nhttp://127.0.0.1:%d/file/b\t%s1.jpg\n",
             server.port, name, server.port, name);
    write_text(in_root("twice"), line);
    result = run_thumbs("--from", in_root("twice"), "--to", in_root("twice-out"), NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "nnnn1.jpg, like that of http://127.0.0.1:");
    expect_text(result.err, "/file/a; add a tab and another name after the URL\n");
    result_free(&result);
    server_stop(&server);
}
END_TEST

void add_escapes_tests(TCase *cases) {
    tcase_add_test(cases, what_could_act_on_a_terminal_is_escaped);
    tcase_add_test(cases, no_character_is_cut_in_two);
    tcase_add_test(cases, the_end_of_a_long_path_is_shown);
    tcase_add_test(cases, long_names_cut_no_reason);
}
