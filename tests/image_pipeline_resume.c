/*
 * image_pipeline_resume.c - for test_image_pipeline.c: runs that go on where others were killed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pipeline_examples/image_pipeline/journal.h"
#include "../pipeline_examples/image_pipeline/terminal.h"
#include "image_pipeline_expect.h"
#include "image_pipeline_pictures.h"

enum { PICTURES = 120, KILLS = 10, NOTED = 40, FULL = 16384, ROOM = 50, MARK = 32 };

struct awaited {
    const char *folder;
    size_t count;
};

static bool has_files(const void *argument) {
    const struct awaited *awaited = argument;
    return count_files(awaited->folder) >= awaited->count;
}

/* Returns the inode of a thumbnail, which an upload changes; 0 if there is none. */
static ino_t inode_of(int number) {
    struct stat status;
    return stat(in_root("resume-out/%d.jpg", number), &status) == 0 ? status.st_ino : 0;
}

/* Keeps a link to each new thumbnail, so that its inode is not used again. Checks that the others are the same. */
static void check_inodes(ino_t *inodes) {
    for (int i = 0; i < PICTURES; i++) {
        ino_t inode = inode_of(i);
        ck_assert_msg(inodes[i] == 0 || inodes[i] == inode, "%d.jpg was uploaded twice", i);
        if (inodes[i] == 0 && inode != 0)
            ck_assert_int_eq(link(in_root("resume-out/%d.jpg", i), in_root("resume-links/%d.jpg", i)), 0);
        inodes[i] = inode;
    }
}

static size_t count_lines(const char *path) {
    char *text = read_file(path, NULL);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    free(text);
    return lines;
}

START_TEST (runs_that_are_killed_upload_each_picture_once) {
    static ino_t inodes[PICTURES];
    make_folder(in_root("resume"));
    make_folder(in_root("resume-links"));
    make_folder(in_root("resume-out"));
    write_picture(in_root("resume-picture.jpg"), 900, 700);
    for (int i = 0; i < PICTURES; i++)
        copy_file(in_root("resume-picture.jpg"), in_root("resume/%d.jpg", i));
    for (int i = 0; i < KILLS; i++) {
        struct program program = start_thumbs("--from", in_root("resume"), "--to", in_root("resume-out"), "--resume",
                                              in_root("resume-journal"), NULL);
        struct awaited awaited = {in_root("resume-out"), (size_t)(i + 1) * PICTURES / (KILLS + 2)};
        ck_assert(wait_until(has_files, &awaited));
        kill(program.pid, SIGKILL);
        waitpid(program.pid, NULL, 0);
        check_inodes(inodes);
    }
    struct result result = run_thumbs("--from", in_root("resume"), "--to", in_root("resume-out"), "--resume",
                                      in_root("resume-journal"), NULL);
    expect_counts(&result, figure(&result, "done"), 0);
    ck_assert_uint_eq(figure(&result, "done") + figure(&result, "skipped"), PICTURES);
    ck_assert_uint_gt(figure(&result, "skipped"), 0);
    check_inodes(inodes);
    for (int i = 0; i < PICTURES; i++)
        expect_whole(in_root("resume-out/%d.jpg", i));
    ck_assert_uint_eq(count_files(in_root("resume-out")), PICTURES);
    result_free(&result);
}
END_TEST

/* The end of a journal may be a part of a line. */
START_TEST (a_line_that_a_kill_has_cut_counts_as_none) {
    size_t size;
    make_folder(in_root("cut-journal"));
    copy_file(photo(1), in_root("cut-journal/a.jpg"));
    copy_file(photo(2), in_root("cut-journal/b.jpg"));
    for (int run = 0; run < 3; run++) {
        struct result result = run_thumbs("--from", in_root("cut-journal"), "--to", in_root("cut-journal-out"),
                                          "--resume", in_root("journal"), "--report", in_root("resumed"), NULL);
        ck_assert_uint_eq(figure(&result, "skipped"), run == 0 ? 0 : run == 1 ? 1 : 2);
        ck_assert_int_eq(result.status, 0);
        char *journal = read_file(in_root("journal"), &size);
        if (run == 0)
            write_file(in_root("journal"), journal, size - 5);
        free(journal);
        result_free(&result);
        ck_assert_uint_eq(count_lines(in_root("resumed")), 2 * ((size_t)run + 1)); /* no run removes those before it */
    }
}
END_TEST

#define FULL_RECIPE "-s 16 -f jpeg -q 85"

/* A journal to which one more line can be added, and a part of another one. */
static void write_full_journal(const char *path) {
    char text[FULL - ROOM + 1], *end = text + sprintf(text, "weir-thumbs journal 2\nthumbnails: %s\n", FULL_RECIPE);
    while (end < text + sizeof text - 1)
        end += sprintf(end, "%.*s", (int)(text + sizeof text - 1 - end), end == text + sizeof text - 2 ? "\n" : "x\n");
    write_text(path, text);
}

/*
 * Runs weir-thumbs, if `is_limited` with files of FULL bytes at most, 32 blocks of 512. This process keeps its own limit:
 * each assertion adds to a file of the test framework.
 */
static struct result run_to_full_journal(bool is_limited) {
    char command[1024];
    snprintf(command, sizeof command, "%s exec \"$0\" --from '%s' --to '%s' -s 16x16 --resume '%s' --capacity 1",
             is_limited ? "ulimit -f 32 &&" : "", in_root("full-journal"), in_root("full-journal-out"),
             in_root("journal-full"));
    const char *const arguments[] = {"/bin/sh", "-c", command, thumbs_path(), NULL};
    struct program program = program_start(arguments, NULL);
    return program_finish(&program);
}

START_TEST (a_run_that_cannot_note_ends_and_leaves_no_line_glued_to_a_cut_one) {
    size_t skipped = 0;
    make_folder(in_root("full-journal"));
    for (int i = 0; i < NOTED; i++)
        copy_file(photo(1), in_root("full-journal/%d.jpg", i));
    write_full_journal(in_root("journal-full"));
    for (int run = 0; run < 2; run++) {
        struct result result = run_to_full_journal(run == 0);
        ck_assert_int_eq(result.status, run == 0 ? 3 : 0);
        if (run == 0) {
            ck_assert_uint_eq(figure(&result, "done"), 1);
            expect_text(result.err, "giving up, because the journal cannot be written: File too large\n");
            ck_assert_uint_lt(count_files(in_root("full-journal-out")), NOTED);
        } else {
            skipped = figure(&result, "skipped");
        }
        result_free(&result);
    }
    ck_assert_uint_eq(skipped, 1);
    char *journal = read_file(in_root("journal-full"), NULL);
    for (char *line = strtok(journal + FULL - ROOM, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= MARK, "two lines are one: %s", line);
    free(journal);
}
END_TEST

/* For the journal in this process. */
void terminal_say(const char *format, ...) {
    ck_abort_msg("the journal says: %s", format);
}

/* There is room again after a line that was cut. */
START_TEST (no_line_is_added_to_one_that_is_cut) {
    struct rlimit before, limit;
    struct journal journal;
    char mark[MARK_SIZE];
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    write_full_journal(in_root("journal-cut"));
    ck_assert(journal_open(&journal, in_root("journal-cut"), FULL_RECIPE));
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        limit = (struct rlimit){.rlim_cur = i < 2 ? FULL : before.rlim_cur, .rlim_max = before.rlim_max};
        snprintf(mark, sizeof mark, "%032d", i);
        int is_limited = setrlimit(RLIMIT_FSIZE, &limit); /* and no assertion: it adds to a file */
        errno = 0;
        bool is_noted = journal_add(&journal, mark);
        int error = errno, is_ended = setrlimit(RLIMIT_FSIZE, &before);
        ck_assert_int_eq(is_limited, 0);
        ck_assert_int_eq(is_ended, 0);
        ck_assert_int_eq(is_noted, i == 0);
        ck_assert_int_eq(error, i == 0 ? 0 : EFBIG);
    }
    signal(SIGXFSZ, handler);
    journal_close(&journal);
    ck_assert_uint_eq(file_size(in_root("journal-cut")), FULL);
    ck_assert(journal_open(&journal, in_root("journal-cut"), FULL_RECIPE));
    for (int i = 0; i < 3; i++) {
        snprintf(mark, sizeof mark, "%032d", i);
        ck_assert_int_eq(journal_has(&journal, mark), i == 0);
    }
    journal_close(&journal);
}
END_TEST

START_TEST (what_is_no_journal_stays_as_it_is) {
    write_text(in_root("no-journal"), "precious\n");
    struct result result = run_thumbs("--from", in_root("photos"), "--to", in_root("no-journal-out"), "--resume",
                                      in_root("no-journal"), NULL);
    ck_assert_int_eq(result.status, 1);
    expect_text(result.err, "no-journal: is not a journal of weir-thumbs\n");
    char *text = read_file(in_root("no-journal"), NULL);
    ck_assert_str_eq(text, "precious\n");
    free(text);
    result_free(&result);
}
END_TEST

/* The pictures of the journal have no thumbnails of the other size. */
START_TEST (a_journal_is_refused_to_a_run_that_makes_other_thumbnails) {
    static const char *const others[][2] = {{"-s", "100"}, {"-f", "png"}, {"-q", "7"}, {"--crop", "centre"}};
    make_folder(in_root("other"));
    copy_file(photo(1), in_root("other/1.jpg"));
    for (size_t i = 0; i < 2 + sizeof others / sizeof *others; i++) {
        const char *const *other = i < 2 ? (const char *const[]){"-s", "320x320"} : others[i - 2];
        struct result result = run_thumbs("--from", in_root("other"), "--to", in_root("other-out"), "--resume",
                                          in_root("other-journal"), other[0], other[1], NULL);
        ck_assert_int_eq(result.status, i < 2 ? 0 : 1);
        if (i == 1)
            ck_assert_uint_eq(figure(&result, "skipped"), 1);
        if (i == 2)
            expect_text(result.err,
                        "other-journal: is the journal of a run with -s 320 -f jpeg -q 85, and this run has "
                        "-s 100 -f jpeg -q 85\n");
        result_free(&result);
    }
}
END_TEST

void add_resume_tests(TCase *cases) {
    tcase_add_test(cases, runs_that_are_killed_upload_each_picture_once);
    tcase_add_test(cases, a_line_that_a_kill_has_cut_counts_as_none);
    tcase_add_test(cases, a_run_that_cannot_note_ends_and_leaves_no_line_glued_to_a_cut_one);
    tcase_add_test(cases, no_line_is_added_to_one_that_is_cut);
    tcase_add_test(cases, what_is_no_journal_stays_as_it_is);
    tcase_add_test(cases, a_journal_is_refused_to_a_run_that_makes_other_thumbnails);
}
