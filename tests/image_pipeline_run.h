/*
 * image_pipeline_run.h - for test_image_pipeline.c: runs programs as a user would, and makes the files for that.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_RUN_H
#define IMAGE_PIPELINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The folder that all is in; made by files_open, removed with everything in it by files_close. */
extern char files_root[];
void files_open(void);
void files_close(void);

/* Returns "ROOT/" and the formatted rest, in one of a few static buffers that are used in turn. */
const char *in_root(const char *format, ...) __attribute__((format(printf, 1, 2)));

void make_folder(const char *path);
void write_file(const char *path, const void *data, size_t size);
void write_text(const char *path, const char *text);
/* The whole file, with a 0 behind it; to be freed. */
char *read_file(const char *path, size_t *size);
void copy_file(const char *from, const char *to);
bool file_exists(const char *path);
size_t file_size(const char *path);
/* The name of one of the folder's entries; NULL: it has none. */
const char *any_file(const char *folder);
/* How many entries the folder has, hidden ones included; 0 if there is none. */
size_t count_files(const char *folder);

/* A program that was started. It dies with the test, and at the latest when it is waited for too long. */
struct program {
    pid_t pid;
    int terminal; /* the other end of its terminal, or -1 */
    char out[256], err[256];
};

struct result {
    int status; /* exit status; 128 + n for signal n; -1: it hung and was killed */
    char *out, *err;
};

/* `arguments` ends with NULL and begins with the program's path. `input`: a file for standard input, or NULL: none. */
struct program program_start(const char *const *arguments, const char *input);

/* With standard output and standard error on a terminal of its own; `terminal` is -1 if there is none (terminal.h). */
struct program program_start_on_terminal(const char *const *arguments);

/* Waits for its end. What it wrote to its terminal is in `out`. */
struct result program_finish(struct program *program);

/* The same, when a signal may end it. */
struct result program_end(struct program *program);

void result_free(struct result *result);

/* The paths from the environment. */
const char *thumbs_path(void);
const char *make_photos_path(void);

/* Runs weir-thumbs, or weir-make-photos, with these arguments; the last one is NULL. */
struct result run_thumbs(const char *first, ...) __attribute__((sentinel));
struct result run_make_photos(const char *first, ...) __attribute__((sentinel));

/* Starts weir-thumbs, to be finished later. */
struct program start_thumbs(const char *first, ...) __attribute__((sentinel));

/* Waits until the condition holds; false: it never did. */
bool wait_until(bool (*condition)(const void *argument), const void *argument);

/* Makes the process that calls it die when its parent dies. */
void die_with_parent(pid_t parent);

#endif /* IMAGE_PIPELINE_RUN_H */
