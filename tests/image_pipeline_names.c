/*
 * image_pipeline_names.c - for test_image_pipeline.c: the names of thumbnails.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

static void expect_width(const char *path, int expected) {
    int width, height;
    ck_assert_msg(read_picture(path, &width, &height), "%s is not a whole JPEG", path);
    ck_assert_int_eq(width, expected);
}

/* Each picture gets the same name alone and together with the others. */
START_TEST (a_name_depends_on_its_picture_alone) {
    static const char *const originals[] = {"a.jpg", "a.png", "a.webp", "a-2.jpg", "b.JPG", "b.jpeg", "c"};
    static const char *const names[] = {"a.jpg", "a.png.jpg", "a.webp.jpg", "a-2.jpg", "b.JPG", "b.jpeg", "c.jpg"};
    make_folder(in_root("together"));
    write_picture(in_root("some.png"), 30, 20);
    for (int i = 0; i < 7; i++) {
        make_folder(in_root("alone-%d", i));
        copy_file(in_root("some.png"), in_root("alone-%d/%s", i, originals[i]));
        copy_file(in_root("some.png"), in_root("together/%s", originals[i]));
        struct result result = run_thumbs("--from", in_root("alone-%d", i), "--to", in_root("alone-%d-out", i), NULL);
        expect_counts(&result, 1, 0);
        expect_whole(in_root("alone-%d-out/%s", i, names[i]));
        result_free(&result);
    }
    struct result result = run_thumbs("--from", in_root("together"), "--to", in_root("together-out"), NULL);
    expect_counts(&result, 7, 0);
    for (int i = 0; i < 7; i++)
        expect_whole(in_root("together-out/%s", names[i]));
    result_free(&result);
}
END_TEST

START_TEST (a_second_picture_of_a_name_fails_and_both_are_named) {
    make_folder(in_root("clash"));
    write_picture(in_root("clash/a.png"), 100, 50);
    write_picture(in_root("some.jpg"), 50, 100);
    copy_file(in_root("some.jpg"), in_root("clash/a.png.jpg"));
    struct result result = run_thumbs("--from", in_root("clash"), "--to", in_root("clash-out"), NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "a.png.jpg: download: its thumbnail would have the name a.png.jpg, like that of a.png\n");
    expect_width(in_root("clash-out/a.png.jpg"), 100); /* of the first picture in folder order */
    result_free(&result);
}
END_TEST

/* All take the name a_b.png.jpg, as a replaced character or an appended extension makes it. */
START_TEST (every_further_picture_of_a_name_fails_and_the_first_one_is_named) {
    static const char *const further[] = {"a\\b.png.jpg", "a_b.png", "a_b.png.jpg"};
    make_folder(in_root("many-clash"));
    write_picture(in_root("one.png"), 30, 20);
    copy_file(in_root("one.png"), in_root("many-clash/a\\b.png"));
    copy_file(in_root("one.png"), in_root("many-clash/a-z.png"));
    copy_file(in_root("one.png"), in_root("many-clash/z.png"));
    for (size_t i = 0; i < sizeof further / sizeof *further; i++)
        copy_file(in_root("one.png"), in_root("many-clash/%s", further[i]));
    struct result result = run_thumbs("--from", in_root("many-clash"), "--to", in_root("many-clash-out"), NULL);
    expect_counts(&result, 3, 3);
    for (size_t i = 0; i < sizeof further / sizeof *further; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "%s: download: its thumbnail would have the name a_b.png.jpg, like that of a\\b.png\n", further[i]);
        expect_text(result.err, line);
    }
    result_free(&result);
}
END_TEST

START_TEST (a_name_is_the_last_component_of_a_url_and_a_query_counts_where_it_tells_what_it_is) {
    struct server server = server_start(photo(1));
    char list[1024];
    int port = server.port;
    snprintf(list, sizeof list,
             "http://127.0.0.1:%d/file/a.jpg\nhttp://u:secret@127.0.0.1:%d/file/x/a.jpg?sig=secret\n"
             "http://127.0.0.1:%d/file/image.php?id=1\nhttp://127.0.0.1:%d/file/image.php?id=2\n"
             "http://127.0.0.1:%d/file/a.jpg#again\n",
             port, port, port, port, port);
    write_text(in_root("url-clash"), list);
    struct result result = run_thumbs("--from", in_root("url-clash"), "--to", in_root("url-clash-out"), NULL);
    expect_counts(&result, 5, 0); /* the last entry repeats the first */
    expect_whole(in_root("url-clash-out/a.jpg"));
    expect_whole(in_root("url-clash-out/image.php-c9aff77574334305.jpg"));
    ck_assert_uint_eq(count_files(in_root("url-clash-out")), 4);
    result_free(&result);

    snprintf(list, sizeof list,
             "http://127.0.0.1:%d/file/a.jpg\nhttp://u:secret@127.0.0.1:%d/file/x/a.jpg?sig=secret\ta.jpg\n", port,
             port);
    write_text(in_root("url-clash"), list);
    result = run_thumbs("--from", in_root("url-clash"), "--to", in_root("url-clash-out"), NULL);
    expect_counts(&result, 1, 1);
    expect_text(
        result.err,
        "/file/x/a.jpg (entry 2): download: its thumbnail would have the name a.jpg, like that of http://127.0.0.1:");
    expect_text(result.err, "; add a tab and another name after the URL\n");
    ck_assert_ptr_null(strstr(result.err, "secret"));
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (long_names_are_cut_and_stay_apart) {
    char name[256];
    memset(name, 'x', sizeof name);
    make_folder(in_root("long"));
    write_picture(in_root("some-long.jpg"), 30, 20);
    for (int i = 0; i < 2; i++) {
        memcpy(name + 240, i == 0 ? "1.jpg" : "2.jpg", 6);
        copy_file(in_root("some-long.jpg"), in_root("long/%s", name));
    }
    struct result result = run_thumbs("--from", in_root("long"), "--to", in_root("long-out"), NULL);
    expect_counts(&result, 2, 0);
    ck_assert_uint_eq(count_files(in_root("long-out")), 2);
    result_free(&result);
}
END_TEST

void add_names_tests(TCase *cases) {
    tcase_add_test(cases, a_name_depends_on_its_picture_alone);
    tcase_add_test(cases, a_second_picture_of_a_name_fails_and_both_are_named);
    tcase_add_test(cases, every_further_picture_of_a_name_fails_and_the_first_one_is_named);
    tcase_add_test(cases, a_name_is_the_last_component_of_a_url_and_a_query_counts_where_it_tells_what_it_is);
    tcase_add_test(cases, long_names_are_cut_and_stay_apart);
}
