/*
 * test_image_pipeline.c - runs weir-thumbs and weir-make-photos as a user would.
 *
 * The programs' paths come from the environment variables WEIR_THUMBS and WEIR_MAKE_PHOTOS; without them the exit
 * status is "skipped". All files are in one temporary folder. After every run the test checks that the program left
 * nothing in its TMPDIR.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"
#include "image_pipeline_run.h"
#include "image_pipeline_server.h"

enum { SKIPPED = 77, PHOTOS = 12, BOX = 160 };

/* Runs once, before all tests: creates a folder of valid photos. */
static void open_suite(void) {
    unsetenv("http_proxy"), unsetenv("HTTP_PROXY"), unsetenv("all_proxy"), unsetenv("ALL_PROXY");
    struct result made = run_make_photos("--count", "12", "--to", in_root("photos"), NULL);
    ck_assert_msg(made.status == 0, "%s", made.err);
    result_free(&made);
}

/* Checks that the longer side equals the box, and the shorter one keeps the aspect ratio, within one pixel. */
static void expect_thumbnail(const char *thumbnail, const char *original, int box) {
    int width, height, all_width, all_height;
    ck_assert_msg(read_picture(thumbnail, &width, &height), "%s is not a whole JPEG", thumbnail);
    ck_assert(read_picture(original, &all_width, &all_height));
    int *shorter = all_width >= all_height ? &height : &width;
    int longer = all_width >= all_height ? width : height;
    int expected = all_width >= all_height ? box * all_height / all_width : box * all_width / all_height;
    ck_assert_int_eq(longer, box);
    ck_assert_int_le(*shorter, box);
    ck_assert_int_le(abs(*shorter - expected), 1);
}

START_TEST (every_photo_of_a_folder_becomes_a_thumbnail_that_fits_the_box) {
    setenv("http_proxy", "http://127.0.0.1:1/", 1); /* a proxy must not be used */
    struct result result = run_thumbs("--from", in_root("photos"), "--to", in_root("fit"), "-s", "160x160", NULL);
    expect_counts(&result, PHOTOS, 0);
    ck_assert_uint_eq(count_messages(result.err), 0);
    uint64_t bytes_in = 0, bytes_out = 0;
    for (int i = 1; i <= PHOTOS; i++) {
        const char *thumbnail = in_root("fit/photo-%04d.jpg", i);
        expect_thumbnail(thumbnail, photo(i), BOX);
        bytes_in += file_size(photo(i));
        bytes_out += file_size(thumbnail);
    }
    ck_assert_uint_eq(figure(&result, "bytes in"), bytes_in);
    ck_assert_uint_eq(figure(&result, "bytes out"), bytes_out);
    ck_assert_uint_eq(count_files(in_root("fit")), PHOTOS);
    result_free(&result);
}
END_TEST

START_TEST (without_arguments_it_paints_its_own_pictures) {
    make_folder(in_root("own"));
    ck_assert_int_eq(chdir(in_root("own")), 0);
    const char *arguments[] = {thumbs_path(), NULL};
    struct program program = program_start(arguments, NULL);
    struct result result = program_finish(&program);
    expect_counts(&result, 100, 0);
    ck_assert_uint_eq(count_files(in_root("own/thumbs")), 100);
    ck_assert_uint_eq(count_files(in_root("own")), 1);
    result_free(&result);
}
END_TEST

START_TEST (a_bad_file_is_named_with_stage_and_reason_and_the_others_go_on) {
    make_folder(in_root("mixed"));
    for (int i = 1; i <= 4; i++)
        copy_file(photo(i), in_root("mixed/good-%d.jpg", i));
    size_t size;
    char *data = read_file(photo(5), &size);
    write_file(in_root("mixed/cut.jpg"), data, size / 2);
    free(data);
    write_text(in_root("mixed/text.jpg"), "This is not a picture.\n");
    write_text(in_root("mixed/empty.jpg"), "");
    ck_assert_int_eq(symlink("nowhere", in_root("mixed/missing.jpg")), 0);

    struct result result = run_thumbs("--from", in_root("mixed"), "--to", in_root("mixed-out"), NULL);
    expect_counts(&result, 4, 4);
    expect_text(result.err, "weir-thumbs: cut.jpg: resize: VipsJpeg: Premature end of input file\n");
    expect_text(result.err, "weir-thumbs: text.jpg: resize: not an image\n");
    expect_text(result.err, "weir-thumbs: empty.jpg: download: empty\n");
    expect_text(result.err, "weir-thumbs: missing.jpg: download: No such file or directory\n");
    expect_text(result.out, "failed       4 (download 2, resize 2, upload 0)\n");
    ck_assert_uint_eq(count_messages(result.err), 4);
    ck_assert_uint_eq(count_files(in_root("mixed-out")), 4);
    for (int i = 1; i <= 4; i++)
        expect_whole(in_root("mixed-out/good-%d.jpg", i));
    result_free(&result);
}
END_TEST

/* libvips has one error buffer for all threads. */
START_TEST (each_of_many_bad_files_gets_its_own_reason) {
    make_folder(in_root("bad"));
    size_t size;
    char *data = read_file(photo(1), &size);
    write_picture(in_root("whole.png"), 300, 200);
    size_t png_size;
    char *png = read_file(in_root("whole.png"), &png_size);
    for (int i = 0; i < 20; i++) {
        write_file(in_root("bad/cut-%02d.jpg", i), data, size / 2);
        write_file(in_root("bad/cut-%02d.png", i), png, png_size / 2);
    }
    struct result result =
        run_thumbs("--from", in_root("bad"), "--to", in_root("bad-out"), "--resizes", "8", "--downloads", "8", NULL);
    expect_counts(&result, 0, 40);
    ck_assert_uint_eq(count_messages(result.err), 40);
    for (char *line = strtok(result.err, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, " images/s, ") != NULL)
            continue;
        bool is_png = strstr(line, ".png: ") != NULL;
        ck_assert_msg((strstr(line, "VipsJpeg") != NULL) == !is_png, "%s", line);
        ck_assert_msg((strstr(line, "png: ") != NULL) == is_png && strchr(line, ';') == NULL, "%s", line);
    }
    free(data);
    free(png);
    result_free(&result);
}
END_TEST

START_TEST (a_list_of_urls_is_downloaded_and_bad_answers_are_named) {
    struct server server = server_start(photo(1));
    char list[2048], expected[256];
    int port = server.port;
    snprintf(
        list, sizeof list,
        "# comment\n\n  http://127.0.0.1:%d/file/one.jpeg?size=big#top  \r\nhttp://127.0.0.1:%d/redirect/two.jpg\n"
        "http://user:secret@127.0.0.1:%d/404/three.jpg?key=secret\nhttp://127.0.0.1:%d/endless/four.jpg\n"
        "http://127.0.0.1:%d/short/five.jpg\nftp://127.0.0.1/six.jpg\nfile:///etc/passwd\nhttp://127.0.0.1:1/seven.jpg",
        port, port, port, port, port);
    write_text(in_root("list"), list);
    struct result result = run_thumbs("--from", in_root("list"), "--to", in_root("list-out"), "--max-bytes", "2000000",
                                      "--retries", "0", NULL);
    expect_counts(&result, 2, 6);
    snprintf(expected, sizeof expected,
             ": http://127.0.0.1:%d/404/three.jpg (entry 5): download: HTTP status 404: no reason\n", port);
    expect_text(result.err, expected);
    ck_assert_ptr_null(strstr(result.err, "secret"));
    expect_text(result.err, "/endless/four.jpg: download: larger than 2000000 bytes\n");
    expect_text(result.err, "/short/five.jpg: download: ");
    expect_text(result.err, "ftp://127.0.0.1/six.jpg: download: ");
    expect_text(result.err, "file:///etc/passwd: download: ");
    expect_text(result.err, "http://127.0.0.1:1/seven.jpg: download: ");
    ck_assert_uint_eq(count_messages(result.err), 6);
    expect_whole(in_root("list-out/one.jpeg"));
    expect_whole(in_root("list-out/two.jpg"));
    ck_assert_uint_eq(count_files(in_root("list-out")), 2);
    result_free(&result);
    server_stop(&server);
}
END_TEST

static void compress(const char *from, const char *to) {
    char command[1024];
    snprintf(command, sizeof command, "gzip -c '%s' >'%s'", from, to);
    ck_assert_int_eq(system(command), 0);
}

START_TEST (a_picture_that_the_server_or_a_proxy_has_encoded_is_taken) {
    compress(photo(1), in_root("photo.gz"));
    struct server server = server_start(photo(1)), encoder = server_start(in_root("photo.gz"));
    char list[256];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/proxied/a.jpg\nhttp://127.0.0.1:%d/gzip/b.jpg\n", server.port,
             encoder.port);
    write_text(in_root("encoded"), list);
    struct result result = run_thumbs("--from", in_root("encoded"), "--to", in_root("encoded-out"), NULL);
    expect_counts(&result, 2, 0);
    ck_assert_uint_eq(figure(&result, "bytes in"), 2 * file_size(photo(1)));
    char *log = read_file(server_log(&encoder), NULL);
    expect_text(log, "Accept-Encoding: identity\r\n");
    free(log);
    result_free(&result);
    server_stop(&server);
    server_stop(&encoder);
}
END_TEST

START_TEST (urls_can_come_from_standard_input) {
    struct server server = server_start(photo(1));
    char list[256];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/file/in.jpg\n", server.port);
    write_text(in_root("input"), list);
    const char *arguments[] = {thumbs_path(), "--from", "-", "--to", in_root("input-out"), NULL};
    struct program program = program_start(arguments, in_root("input"));
    struct result result = program_finish(&program);
    expect_counts(&result, 1, 0);
    expect_whole(in_root("input-out/in.jpg"));
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_server_that_does_not_answer_is_given_up) {
    struct server server = server_start(photo(1));
    char list[256];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/hang/a.jpg\nhttp://127.0.0.1:%d/file/b.jpg\n", server.port,
             server.port);
    write_text(in_root("stall"), list);
    struct result result =
        run_thumbs("--from", in_root("stall"), "--to", in_root("stall-out"), "--stall", "1", "--retries", "0", NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "/hang/a.jpg: download: Operation too slow.");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_transfer_without_end_is_given_up_although_data_arrives) {
    struct server server = server_start(photo(1));
    char list[128];
    snprintf(list, sizeof list, "http://127.0.0.1:%d/trickle/a.jpg\n", server.port);
    write_text(in_root("trickle"), list);
    struct result result =
        run_thumbs("--from", in_root("trickle"), "--to", in_root("trickle-out"), "--timeout", "2", NULL);
    expect_counts(&result, 0, 1);
    ck_assert_uint_eq(figure(&result, "retried"), 0);
    expect_text(result.err, "/trickle/a.jpg: download: Operation timed out after 2");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (a_store_that_refuses_fails_the_upload_with_its_reason) {
    struct server server = server_start(photo(1));
    make_folder(in_root("two"));
    copy_file(photo(1), in_root("two/a.jpg"));
    copy_file(photo(2), in_root("two/b.jpg"));
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/507", server.port);
    struct result result = run_thumbs("--from", in_root("two"), "--to", url, NULL);
    expect_counts(&result, 0, 2);
    expect_text(result.err, "weir-thumbs: a.jpg: upload: HTTP status 507: no reason\n");
    expect_text(result.err, "weir-thumbs: b.jpg: upload: HTTP status 507: no reason\n");
    ck_assert_uint_eq(figure(&result, "bytes out"), 0);
    result_free(&result);
    server_stop(&server);

    result = run_thumbs("--from", in_root("two"), "--to", url, NULL); /* no server listens any more */
    expect_counts(&result, 0, 2);
    expect_text(result.err, "weir-thumbs: a.jpg: upload: ");
    result_free(&result);
}
END_TEST

/* A run against a real server: nginx as store, then as origin too. */
START_TEST (nginx_is_origin_and_store) {
    struct server nginx = nginx_start();
    if (nginx.pid == 0)
        return;
    char url[128], list[4096] = "";
    snprintf(url, sizeof url, "http://127.0.0.1:%d/thumbs/", nginx.port);
    make_folder(in_root("nginx/www/photos"));
    for (int i = 1; i <= PHOTOS; i++) {
        copy_file(photo(i), in_root("nginx/www/photos/photo-%04d.jpg", i));
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "http://127.0.0.1:%d/photos/photo-%04d.jpg\n", nginx.port, i);
    }
    write_text(in_root("nginx/list"), list);

    for (int run = 0; run < 2; run++) { /* the second run replaces the uploads of the first */
        struct result result = run_thumbs("--from", in_root("nginx/list"), "--to", url, "-s", "160x160", NULL);
        expect_counts(&result, PHOTOS, 0);
        uint64_t bytes_out = 0;
        for (int i = 1; i <= PHOTOS; i++) {
            expect_thumbnail(in_root("nginx/www/thumbs/photo-%04d.jpg", i), photo(i), BOX);
            bytes_out += file_size(in_root("nginx/www/thumbs/photo-%04d.jpg", i));
        }
        ck_assert_uint_eq(figure(&result, "bytes out"), bytes_out);
        result_free(&result);
    }
    server_stop(&nginx);

    char *log = read_file(in_root("nginx/log"), NULL);
    size_t created = 0, replaced = 0, got = 0;
    for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        created += strcmp(line, "PUT 201") == 0;
        replaced += strcmp(line, "PUT 204") == 0;
        got += strcmp(line, "GET 200") == 0;
    }
    ck_assert_uint_eq(created, PHOTOS);
    ck_assert_uint_eq(replaced, PHOTOS);
    ck_assert_uint_eq(got, 2 * PHOTOS);
    free(log);
}
END_TEST

static void expect_no_control_characters(const char *text) {
    for (; *text != '\0'; text++)
        ck_assert_msg((unsigned char)*text >= 0x20 || *text == '\n', "control character %d", *text);
}

START_TEST (off_a_terminal_there_are_plain_lines_without_control_characters) {
    struct server server = server_start(photo(1));
    char list[2048] = "";
    for (int i = 0; i < 25; i++) { /* a tenth of a second each: long enough for a progress line */
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "http://127.0.0.1:%d/slow/%d.jpg\n", server.port, i);
    }
    strcat(list, "bad\033[31m\xc2\x9b\n");
    write_text(in_root("plain"), list);
    struct result result =
        run_thumbs("--from", in_root("plain"), "--to", in_root("plain-out"), "--downloads", "1", NULL);
    expect_counts(&result, 25, 1);
    expect_no_control_characters(result.out);
    expect_no_control_characters(result.err);
    expect_text(result.err, "weir-thumbs: bad\\x1b[31m\\u009b: download: ");
    expect_text(result.err, "/26, ");
    expect_text(result.err, " images/s, 0 failed, queues ");
    expect_text(result.err, " s left\n");
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (on_a_terminal_one_line_is_rewritten_and_messages_stay_whole) {
    make_folder(in_root("tty"));
    for (int i = 1; i <= PHOTOS; i++)
        copy_file(photo(i), in_root("tty/photo-%d.jpg", i));
    write_text(in_root("tty/text.jpg"), "This is not a picture.\n");
    const char *arguments[] = {thumbs_path(), "--from", in_root("tty"), "--to", in_root("tty-out"), NULL};
    struct program program = program_start_on_terminal(arguments);
    if (program.terminal < 0)
        return;
    struct result result = program_finish(&program);
    ck_assert_int_eq(result.status, 1);
    expect_text(result.out, "\r0/13, 0.0 images/s, 0 failed, queues ");
    expect_text(result.out, "\r13/13, ");
    expect_text(result.out, "\rweir-thumbs: text.jpg: resize: not an image\r\n"); /* at the start of a line */
    expect_text(result.out, "\r\ndone         12 of 13\r\n");
    ck_assert_ptr_null(strchr(result.out, '\033'));
    result_free(&result);
}
END_TEST

START_TEST (what_is_not_there_is_said) {
    make_folder(in_root("nothing"));
    struct result empty = run_thumbs("--from", in_root("nothing"), "--to", in_root("nothing-out"), NULL);
    ck_assert_int_eq(empty.status, 1);
    expect_text(empty.err, ": nothing to do\n");
    struct result missing = run_thumbs("--from", in_root("not-there"), "--to", in_root("nothing-out"), NULL);
    ck_assert_int_eq(missing.status, 1);
    expect_text(missing.err, "not-there: No such file or directory\n");
    struct result parent = run_thumbs("--from", in_root("photos"), "--to", in_root("not-there/out"), NULL);
    ck_assert_int_eq(parent.status, 1);
    expect_text(parent.err, "not-there/out: cannot create the folder: ");
    struct result same = run_thumbs("--from", in_root("photos"), "--to", in_root("photos/."), NULL);
    ck_assert_int_eq(same.status, 2);
    expect_text(same.err, "is both the source and the destination");
    result_free(&empty), result_free(&missing), result_free(&parent), result_free(&same);
}
END_TEST

/* A picture of one pixel. */
static void write_bmp(const char *path) {
    static const char bmp[58] = {'B', 'M', 58, [10] = 54, [14] = 40, [18] = 1, [22] = 1, [26] = 1, [28] = 24};
    write_file(path, bmp, sizeof bmp);
}

START_TEST (formats_of_photographs_are_taken_and_others_are_not) {
    make_folder(in_root("formats"));
    write_picture(in_root("formats/a.png"), 400, 200);
    write_picture(in_root("formats/b.webp"), 200, 400);
    write_picture(in_root("formats/c.jpg"), 400, 200);
    write_picture(in_root("formats/small.jpg"), 40, 20);
    copy_file(in_root("formats/a.png"), in_root("formats/no-extension"));
    write_bmp(in_root("formats/f.bmp"));
    write_text(in_root("formats/e.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"></svg>");
    struct result result =
        run_thumbs("--from", in_root("formats"), "--to", in_root("formats-out"), "-s", "100x100", NULL);
    expect_counts(&result, 5, 2);
    ck_assert_ptr_null(strstr(result.err, "magick"));
    expect_text(result.err, "weir-thumbs: f.bmp: resize: not JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC but BMP\n");
    expect_text(result.err, "weir-thumbs: e.svg: resize: not JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC but SVG\n");
    static const struct {
        const char *name;
        int width, height;
    } expected[] = {
        {"a.png", 100, 50}, {"b.webp", 50, 100}, {"c", 100, 50}, {"no-extension", 100, 50}, {"small", 40, 20}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        int width, height;
        ck_assert(read_picture(in_root("formats-out/%s.jpg", expected[i].name), &width, &height));
        ck_assert_int_eq(width, expected[i].width);
        ck_assert_int_eq(height, expected[i].height);
    }
    result_free(&result);
}
END_TEST

/* The picture's header declares more pixels than the file has: decoding would fail with another message. */
START_TEST (too_many_pixels_are_refused_by_the_header) {
    make_folder(in_root("huge"));
    size_t size;
    unsigned char *data = (unsigned char *)read_file(photo(1), &size), *frame = NULL;
    for (size_t i = 2; i + 8 < size && frame == NULL; i += 2u + (size_t)data[i + 2] * 256 + data[i + 3])
        frame = data[i + 1] == 0xc0 ? data + i : NULL;
    ck_assert_ptr_nonnull(frame);
    memcpy(frame + 5, "\xea\x60\xea\x60", 4); /* 60000 x 60000 */
    write_file(in_root("huge/huge.jpg"), data, size);
    write_picture(in_root("huge/small.jpg"), 300, 200);
    struct result result = run_thumbs("--from", in_root("huge"), "--to", in_root("huge-out"), NULL);
    expect_counts(&result, 1, 1);
    expect_text(result.err, "weir-thumbs: huge.jpg: resize: 60000 x 60000 is more than 100000000 pixels\n");
    result_free(&result);
    result = run_thumbs("--from", in_root("huge"), "--to", in_root("huge-out"), "--max-pixels", "59999", NULL);
    expect_counts(&result, 0, 2);
    expect_text(result.err, "weir-thumbs: small.jpg: resize: 300 x 200 is more than 59999 pixels\n");
    result_free(&result);
    free(data);
}
END_TEST

START_TEST (odd_names_survive_and_cannot_leave_the_folder) {
    static const char *const names[] = {"so n\xc3\xa4h #1 100%", "a?b&c=d", "quote's \"x\"", "plus+and%2fpercent"};
    struct server server = server_start(photo(1));
    char list[512];
    make_folder(in_root("odd"));
    for (size_t i = 0; i < 4; i++)
        copy_file(photo(1), in_root("odd/%s.jpeg", names[i]));
    struct result result = run_thumbs("--from", in_root("odd"), "--to", in_root("odd-out"), NULL);
    expect_counts(&result, 4, 0);
    for (size_t i = 0; i < 4; i++)
        expect_whole(in_root("odd-out/%s.jpeg", names[i]));
    result_free(&result);

    snprintf(list, sizeof list,
             "http://127.0.0.1:%d/file/..%%2f..%%2fevil.jpg\nhttp://127.0.0.1:%d/file/%%2e%%2e\n"
             "http://127.0.0.1:%d/file/\nhttp://127.0.0.1:%d/file/bad%%zz.jpg\nhttp://127.0.0.1:%d/file/zero%%00.jpg\n",
             server.port, server.port, server.port, server.port, server.port);
    write_text(in_root("odd-list"), list);
    result = run_thumbs("--from", in_root("odd-list"), "--to", in_root("odd-out-2"), NULL);
    ck_assert_uint_eq(figure(&result, "done"), 5);
    ck_assert(!file_exists(in_root("evil.jpg")));
    expect_whole(in_root("odd-out-2/_._.._evil.jpg"));
    expect_whole(in_root("odd-out-2/picture.jpg"));
    expect_whole(in_root("odd-out-2/bad%%zz.jpg"));
    ck_assert_uint_eq(count_files(in_root("odd-out-2")), 5);
    result_free(&result);
    server_stop(&server);
}
END_TEST

START_TEST (make_photos_makes_the_same_set_for_the_same_seed) {
    static const char *const seeds[] = {"7", "7", "8"};
    char *photos[3];
    size_t sizes[3];
    for (int i = 0; i < 3; i++) {
        const char *path = in_root("set-%d", i + 1);
        struct result result =
            run_make_photos("--count", "5", "--from", in_root("photos"), "--to", path, "--seed", seeds[i], NULL);
        ck_assert_int_eq(result.status, 0);
        ck_assert_uint_eq(count_files(path), 5);
        photos[i] = read_file(in_root("set-%d/photo-0005.jpg", i + 1), &sizes[i]);
        expect_whole(in_root("set-%d/photo-0005.jpg", i + 1));
        result_free(&result);
    }
    ck_assert(sizes[0] == sizes[1] && memcmp(photos[0], photos[1], sizes[0]) == 0);
    ck_assert(sizes[0] != sizes[2] || memcmp(photos[0], photos[2], sizes[0]) != 0);
    for (int i = 0; i < 3; i++)
        free(photos[i]);
    struct result wrong = run_make_photos("--count", "0", "--to", in_root("set-0"), NULL);
    ck_assert_int_eq(wrong.status, 2);
    expect_text(wrong.err, "weir-make-photos: --count: '0' is not a number from 1 to 100000\n");
    result_free(&wrong);
}
END_TEST

static void expect_set(const char *name, size_t count) {
    ck_assert_uint_eq(count_files(in_root("%s", name)), count);
    for (size_t i = 1; i <= count; i++)
        expect_whole(in_root("%s/photo-%04zu.jpg", name, i));
}

START_TEST (make_photos_paints_when_there_is_nothing_to_crop) {
    struct result missing =
        run_make_photos("--count", "2", "--from", in_root("not-there"), "--to", in_root("painted-1"), NULL);
    ck_assert_int_eq(missing.status, 0);
    expect_text(missing.err, "not-there: No such file or directory; painting instead\n");
    ck_assert_uint_eq(count_messages(missing.err), 1);
    expect_set("painted-1", 2);

    make_folder(in_root("no-jpeg"));
    write_text(in_root("no-jpeg/text.jpg"), "This is not a picture.\n");
    write_picture(in_root("no-jpeg/whole.png"), 300, 200);
    struct result none =
        run_make_photos("--count", "2", "--from", in_root("no-jpeg"), "--to", in_root("painted-2"), NULL);
    ck_assert_int_eq(none.status, 0);
    expect_text(none.err, "no-jpeg: no JPEG to crop; painting instead\n");
    ck_assert_uint_eq(count_messages(none.err), 1);
    expect_set("painted-2", 2);
    result_free(&missing), result_free(&none);
}
END_TEST

START_TEST (make_photos_skips_a_jpeg_that_does_not_decode) {
    size_t size;
    char *data = read_file(photo(1), &size);
    make_folder(in_root("half"));
    write_file(in_root("half/a-cut.jpg"), data, size / 2);
    write_file(in_root("half/c-cut.jpg"), data, size / 2);
    struct result bad = run_make_photos("--count", "3", "--from", in_root("half"), "--to", in_root("half-1"), NULL);
    ck_assert_int_eq(bad.status, 0); /* painted instead */
    expect_set("half-1", 3);

    copy_file(photo(2), in_root("half/b-whole.jpg"));
    struct result mixed = run_make_photos("--count", "5", "--from", in_root("half"), "--to", in_root("half-2"), NULL);
    ck_assert_int_eq(mixed.status, 0);
    expect_text(mixed.err, "half/a-cut.jpg: VipsJpeg: Premature end of input file\n");
    expect_text(mixed.err, "half/c-cut.jpg: VipsJpeg: Premature end of input file\n");
    expect_set("half-2", 5);
    free(data);
    result_free(&bad), result_free(&mixed);
}
END_TEST

/* The tests of the other files. CK_RUN_CASE=NAME runs a single one. */
static const struct file {
    const char *name;
    void (*add)(TCase *cases);
} files[] = {
    {"address", add_address_tests},
    {"blocked", add_blocked_tests},
    {"damage", add_damage_tests},
    {"escapes", add_escapes_tests},
    {"formats", add_formats_tests},
    {"hosts", add_hosts_tests},
    {"interrupt", add_interrupt_tests},
    {"list", add_list_tests},
    {"memory", add_memory_tests},
    {"names", add_names_tests},
    {"options", add_options_tests},
    {"recursive", add_recursive_tests},
    {"replace", add_replace_tests},
    {"report", add_report_tests},
    {"resume", add_resume_tests},
    {"retry", add_retry_tests},
    {"second_name", add_second_name_tests},
    {"sizes", add_sizes_tests},
    {"target", add_target_tests},
    {"timeout", add_timeout_tests},
    {"usage", add_usage_tests},
};

static void add_file(Suite *suite, const struct file *file) {
    TCase *cases = tcase_create(file->name);
    tcase_set_timeout(cases, 120);
    tcase_add_unchecked_fixture(cases, open_suite, NULL);
    file->add(cases);
    suite_add_tcase(suite, cases);
}

static Suite *create_suite(void) {
    Suite *suite = suite_create("image_pipeline");
    TCase *cases = tcase_create("programs");
    tcase_set_timeout(cases, 120);
    tcase_add_unchecked_fixture(cases, open_suite, NULL);
    tcase_add_test(cases, every_photo_of_a_folder_becomes_a_thumbnail_that_fits_the_box);
    tcase_add_test(cases, without_arguments_it_paints_its_own_pictures);
    tcase_add_test(cases, a_bad_file_is_named_with_stage_and_reason_and_the_others_go_on);
    tcase_add_test(cases, each_of_many_bad_files_gets_its_own_reason);
    tcase_add_test(cases, a_list_of_urls_is_downloaded_and_bad_answers_are_named);
    tcase_add_test(cases, a_picture_that_the_server_or_a_proxy_has_encoded_is_taken);
    tcase_add_test(cases, urls_can_come_from_standard_input);
    tcase_add_test(cases, a_server_that_does_not_answer_is_given_up);
    tcase_add_test(cases, a_transfer_without_end_is_given_up_although_data_arrives);
    tcase_add_test(cases, a_store_that_refuses_fails_the_upload_with_its_reason);
    tcase_add_test(cases, nginx_is_origin_and_store);
    tcase_add_test(cases, off_a_terminal_there_are_plain_lines_without_control_characters);
    tcase_add_test(cases, what_is_not_there_is_said);
    tcase_add_test(cases, formats_of_photographs_are_taken_and_others_are_not);
    tcase_add_test(cases, too_many_pixels_are_refused_by_the_header);
    tcase_add_test(cases, odd_names_survive_and_cannot_leave_the_folder);
    tcase_add_test(cases, make_photos_makes_the_same_set_for_the_same_seed);
    tcase_add_test(cases, make_photos_paints_when_there_is_nothing_to_crop);
    tcase_add_test(cases, make_photos_skips_a_jpeg_that_does_not_decode);
    suite_add_tcase(suite, cases);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        add_file(suite, &files[i]);
    TCase *terminal = tcase_create("terminal"); /* .ci/run runs it alone */
    tcase_set_timeout(terminal, 120);
    tcase_add_unchecked_fixture(terminal, open_suite, NULL);
    tcase_add_test(terminal, on_a_terminal_one_line_is_rewritten_and_messages_stay_whole);
    suite_add_tcase(suite, terminal);
    return suite;
}

int main(void) {
    const char *const variables[] = {"WEIR_THUMBS", "WEIR_MAKE_PHOTOS"};
    for (int i = 0; i < 2; i++) {
        const char *path = getenv(variables[i]);
        if (path == NULL || access(path, X_OK) != 0) {
            printf("SKIPPED: %s does not name a program; weir-thumbs is built when libcurl, libvips and libmicrohttpd "
                   "are there\n",
                   variables[i]);
            return SKIPPED;
        }
    }
    SRunner *runner = srunner_create(create_suite());
    files_open();
    srunner_run_all(runner, CK_NORMAL);
    files_close();
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
