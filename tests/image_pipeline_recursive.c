/*
 * image_pipeline_recursive.c - for test_image_pipeline.c: folders in a folder; source and target without options.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_server.h"

enum { FOLDERS = 20, FEW = 2, MANY = 400 /* files in each folder */, MIB = 1024 /* as ru_maxrss counts */ };

START_TEST (folders_are_kept_and_links_to_folders_are_not_followed) {
    static const char *const folders[] = {"tree", "tree/b", "tree/b/\xc3\xa4 c", "tree/.hidden", "elsewhere"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_folder(in_root("%s", folders[i]));
        copy_file(photo(1), in_root("%s/a.jpg", folders[i]));
    }
    ck_assert_int_eq(symlink("..", in_root("tree/b/loop")), 0);
    ck_assert_int_eq(symlink("../elsewhere", in_root("tree/link")), 0);
    ck_assert_int_eq(symlink("../elsewhere/a.jpg", in_root("tree/linked.jpg")), 0);
    for (int i = 0; i < 2; i++) { /* the second run replaces its own, and takes none of them as a picture */
        struct result result = run_thumbs("-r", in_root("tree"), in_root("tree/to"), NULL);
        ck_assert_uint_eq(figure(&result, "done"), 4);
        ck_assert_int_eq(result.status, 0);
        expect_whole(in_root("tree/to/b/a.jpg"));
        expect_whole(in_root("tree/to/b/\xc3\xa4 c/a.jpg"));
        expect_whole(in_root("tree/to/linked.jpg"));
        ck_assert_uint_eq(count_files(in_root("tree/to")), 3); /* a.jpg, linked.jpg and b */
        ck_assert_uint_eq(count_files(in_root("tree/to/b")), 2);
        result_free(&result);
    }
}
END_TEST

/* A thumbnail does not leave the target through a link in it. */
START_TEST (a_link_in_the_target_is_no_folder) {
    make_folder(in_root("deep-tree"));
    make_folder(in_root("deep-tree/sub"));
    copy_file(photo(1), in_root("deep-tree/sub/a.jpg"));
    make_folder(in_root("outside"));
    make_folder(in_root("linked-to"));
    ck_assert_int_eq(symlink("../outside", in_root("linked-to/sub")), 0);
    struct result result = run_thumbs("-r", in_root("deep-tree"), in_root("linked-to"), NULL);
    expect_counts(&result, 0, 1);
    expect_text(result.err, "weir-thumbs: sub/a.jpg: upload: ");
    ck_assert_uint_eq(count_files(in_root("outside")), 0);
    result_free(&result);
}
END_TEST

START_TEST (a_folder_that_cannot_be_read_is_named_and_the_others_go_on) {
    make_folder(in_root("closed"));
    make_folder(in_root("closed/no"));
    make_folder(in_root("closed/yes"));
    copy_file(photo(1), in_root("closed/yes/a.jpg"));
    copy_file(photo(1), in_root("closed/yes/b.png"));
    copy_file(photo(1), in_root("closed/yes/b.png.jpg"));
    ck_assert_int_eq(chmod(in_root("closed/no"), 0), 0);
    bool is_root = geteuid() == 0; /* may read it all the same */
    struct result result = run_thumbs("--recursive", in_root("closed"), in_root("closed-out"), NULL);
    expect_counts(&result, 2, is_root ? 1 : 2);
    if (!is_root)
        expect_text(result.err, "weir-thumbs: no: download: is a folder that may not be read\n");
    expect_text(result.err,
                "yes/b.png.jpg: download: its thumbnail would have the name of another one in its folder\n");
    result_free(&result);
}
END_TEST

/* The names of 2020.jpg and of the folder 2020 have nothing to do with one another. */
START_TEST (a_picture_may_have_the_name_of_a_folder_beside_it) {
    make_folder(in_root("albums"));
    make_folder(in_root("albums/2020"));
    copy_file(photo(1), in_root("albums/2020.jpg"));
    copy_file(photo(2), in_root("albums/2020/x.jpg"));
    struct result result = run_thumbs("-r", in_root("albums"), in_root("albums-out"), NULL);
    expect_counts(&result, 2, 0);
    expect_whole(in_root("albums-out/2020.jpg"));
    expect_whole(in_root("albums-out/2020/x.jpg"));
    result_free(&result);
}
END_TEST

START_TEST (unsafe_characters_do_not_make_two_names_one) {
    static const char *const folders[] = {"unsafe", "unsafe/a\\b", "unsafe/a_b"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_folder(in_root("%s", folders[i]));
        copy_file(photo(1), in_root("%s/x_y.jpg", folders[i]));
        copy_file(photo(2), in_root("%s/x\\y.jpg", folders[i]));
    }
    struct result result = run_thumbs("-r", in_root("unsafe"), in_root("unsafe-out"), "--overwrite", NULL);
    expect_counts(&result, 6, 0);
    ck_assert_uint_eq(count_files(in_root("unsafe-out")), 3); /* with the folder */
    ck_assert_uint_eq(count_files(in_root("unsafe-out/a_b")), 4);
    expect_whole(in_root("unsafe-out/x_y.jpg"));
    expect_whole(in_root("unsafe-out/a_b/x_y.jpg"));
    result_free(&result);
}
END_TEST

START_TEST (a_dry_run_names_pictures_that_cannot_be_made) {
    make_folder(in_root("refused"));
    copy_file(photo(1), in_root("refused/b.png"));
    copy_file(photo(1), in_root("refused/b.png.jpg"));
    struct result result = run_thumbs("-r", in_root("refused"), "-n", NULL); /* a leak would be found by a sanitizer */
    ck_assert_int_eq(result.status, 1);
    ck_assert_str_eq(result.out, "b.png.jpg\tb.png\n");
    expect_text(result.err, "b.png.jpg: its thumbnail would have the name of another one in its folder\n");
    result_free(&result);
}
END_TEST

START_TEST (only_a_folder_has_folders) {
    write_text(in_root("urls"), "http://127.0.0.1:1/a.jpg\n");
    struct result result = run_thumbs("-r", in_root("urls"), in_root("urls-out"), NULL);
    ck_assert_int_eq(result.status, 2);
    expect_text(result.err, "--recursive needs a folder, and ");
    result_free(&result);
}
END_TEST

/* Lists the names of this many files, and returns the most memory, in units of ru_maxrss. */
static long memory_for(const char *name, int files) {
    make_folder(in_root("%s", name));
    for (int i = 0; i < FOLDERS; i++) {
        make_folder(in_root("%s/%d", name, i));
        for (int j = 0; j < files; j++)
            write_text(in_root("%s/%d/a-picture-with-a-name-of-usual-length-%d.jpg", name, i, j), "");
    }
    struct result result = run_thumbs("-r", in_root("%s", name), "-n", NULL);
    struct rusage usage;
    ck_assert_int_eq(result.status, 0);
    size_t lines = 0;
    for (const char *c = result.out; *c != '\0'; c++)
        lines += *c == '\n';
    ck_assert_uint_eq(lines, (size_t)(FOLDERS * files));
    result_free(&result);
    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

START_TEST (memory_does_not_grow_with_the_number_of_files) {
    long few = memory_for("few", FEW), many = memory_for("many", MANY);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (getenv("CK_FORK") == NULL)
        ck_assert_int_le(many, few + 2 * MIB);
#else
    (void)few, (void)many; /* freed memory is kept for a while */
#endif
}
END_TEST

/* The URLs have the folders in their paths. */
START_TEST (a_server_gets_the_folders_in_the_path) {
    struct server store = server_start(photo(1));
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/simple", store.port);
    make_folder(in_root("served"));
    make_folder(in_root("served/x y"));
    copy_file(photo(1), in_root("served/x y/a.jpg"));
    struct result result = run_thumbs("-r", in_root("served"), url, NULL);
    expect_counts(&result, 1, 0);
    char *log = read_file(server_log(&store), NULL);
    expect_text(log, "PUT /simple/x%20y/a.jpg ");
    free(log);
    result_free(&result);
    server_stop(&store);
}
END_TEST

/* One of the sizes is no thumbnail; later, one is that of another picture. */
START_TEST (no_clobber_makes_the_other_sizes) {
    make_folder(in_root("kept-sizes"));
    make_folder(in_root("kept-sizes-out"));
    copy_file(photo(1), in_root("kept-sizes/a.jpg"));
    write_text(in_root("kept-sizes-out/a-100.jpg"), "mine");
    struct result result = run_thumbs(in_root("kept-sizes"), in_root("kept-sizes-out"), "-s", "50,100,150",
                                      "--no-clobber", "--report", in_root("some-report"), NULL);
    expect_counts(&result, 1, 0);
    expect_whole(in_root("kept-sizes-out/a-50.jpg"));
    expect_whole(in_root("kept-sizes-out/a-150.jpg"));
    char *text = read_file(in_root("kept-sizes-out/a-100.jpg"), NULL);
    ck_assert_str_eq(text, "mine");
    free(text);
    text = read_file(in_root("some-report"), NULL);
    expect_text(text, "\"name\":\"a-150.jpg\",\"status\":\"done\"");
    expect_text(text, "\"name\":\"a-100.jpg\",\"status\":\"skipped\"");
    expect_text(text, "\"name\":\"a-50.jpg\",\"status\":\"done\"");
    free(text);
    result_free(&result);
    copy_file(photo(1), in_root("kept-sizes/b.jpg"));
    copy_file(in_root("kept-sizes-out/a-50.jpg"), in_root("kept-sizes-out/b-50.jpg"));
    result = run_thumbs(in_root("kept-sizes"), in_root("kept-sizes-out"), "-s", "50,100", "--no-clobber", NULL);
    ck_assert_int_eq(result.status, 0);
    ck_assert_uint_eq(figure(&result, "done"), 1);
    ck_assert_uint_eq(figure(&result, "skipped"), 1);
    result_free(&result);
}
END_TEST

START_TEST (no_clobber_replaces_nothing) {
    make_folder(in_root("kept"));
    make_folder(in_root("kept-out"));
    for (int i = 1; i <= 3; i++)
        copy_file(photo(i), in_root("kept/%d.jpg", i));
    struct result result = run_thumbs(in_root("kept"), in_root("kept-out"), NULL);
    expect_counts(&result, 3, 0);
    result_free(&result);
    write_text(in_root("kept-out/1.jpg"), "mine");
    ck_assert_int_eq(unlink(in_root("kept-out/2.jpg")), 0);
    size_t before = file_size(in_root("kept-out/3.jpg"));
    result = run_thumbs(in_root("kept"), in_root("kept-out"), "--no-clobber", "-s", "50", NULL);
    ck_assert_int_eq(result.status, 0);
    ck_assert_uint_eq(figure(&result, "done"), 1);
    ck_assert_uint_eq(figure(&result, "skipped"), 2);
    char *text = read_file(in_root("kept-out/1.jpg"), NULL);
    ck_assert_str_eq(text, "mine");
    ck_assert_uint_eq(file_size(in_root("kept-out/3.jpg")), before);
    expect_whole(in_root("kept-out/2.jpg"));
    free(text);
    result_free(&result);
}
END_TEST

void add_recursive_tests(TCase *cases) {
    tcase_add_test(cases, folders_are_kept_and_links_to_folders_are_not_followed);
    tcase_add_test(cases, a_link_in_the_target_is_no_folder);
    tcase_add_test(cases, a_folder_that_cannot_be_read_is_named_and_the_others_go_on);
    tcase_add_test(cases, a_picture_may_have_the_name_of_a_folder_beside_it);
    tcase_add_test(cases, unsafe_characters_do_not_make_two_names_one);
    tcase_add_test(cases, a_dry_run_names_pictures_that_cannot_be_made);
    tcase_add_test(cases, only_a_folder_has_folders);
    tcase_add_test(cases, memory_does_not_grow_with_the_number_of_files);
    tcase_add_test(cases, a_server_gets_the_folders_in_the_path);
    tcase_add_test(cases, no_clobber_makes_the_other_sizes);
    tcase_add_test(cases, no_clobber_replaces_nothing);
}
