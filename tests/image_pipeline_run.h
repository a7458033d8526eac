/*
 * image_pipeline_run.h - for test_image_pipeline.c: runs programs as a user would, and creates the files for them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_RUN_H
#define IMAGE_PIPELINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The root folder of all files; created by files_open, removed with its content by files_close. */
extern char files_root[];
void files_open(void);
void files_close(void);

/* Returns "ROOT/" and the formatted rest, in one of a few static buffers used in turn. */
const char *in_root(const char *format, ...) __attribute__((format(printf, 1, 2)));

void make_folder(const char *path);
void write_file(const char *path, const void *data, size_t size);
void write_text(const char *path, const char *text);
/* Returns the whole file, terminated by a 0; the caller frees it. */
char *read_file(const char *path, size_t *size);
void copy_file(const char *from, const char *to);
bool file_exists(const char *path);
size_t file_size(const char *path);
/* Returns the name of any entry of the folder; NULL if it has none. */
const char *any_file(const char *folder);
/* Counts the folder's entries, hidden ones included; 0 if the folder does not exist. */
size_t count_files(const char *folder);

/* A started program. It is killed when the test ends, or when a wait for it takes too long. */
struct program {
    pid_t pid;
    int terminal; /* the master side of its terminal, or -1 */
    char out[256], err[256];
};

struct result {
    int status; /* exit status; 128 + n for signal n; -1: it hung and was killed */
    char *out, *err;
};

/*
 * Starts a program. `arguments` begins with its path and ends with NULL. `input` is the file for standard input;
 * NULL: none.
 */
struct program program_start(const char *const *arguments, const char *input);

/* Starts it with standard output and standard error on a terminal. `terminal` is -1 if there is none (terminal.h). */
struct program program_start_on_terminal(const char *const *arguments);

/* Waits for the program's exit. `out` has what it wrote to its terminal. */
struct result program_finish(struct program *program);

/* Like program_finish, but the program may be killed by a signal. */
struct result program_end(struct program *program);

void result_free(struct result *result);

/* Return the paths of the programs, from the environment. */
const char *thumbs_path(void);
const char *make_photos_path(void);

/* Run weir-thumbs or weir-make-photos with these arguments; the last one is NULL. */
struct result run_thumbs(const char *first, ...) __attribute__((sentinel));
struct result run_make_photos(const char *first, ...) __attribute__((sentinel));

/* Starts weir-thumbs; program_finish waits for it. */
struct program start_thumbs(const char *first, ...) __attribute__((sentinel));

/* Polls until the condition holds. Returns false if it does not within the time limit. */
bool wait_until(bool (*condition)(const void *argument), const void *argument);

/* Kills the calling process when its parent exits. */
void die_with_parent(pid_t parent);

#endif /* IMAGE_PIPELINE_RUN_H */
