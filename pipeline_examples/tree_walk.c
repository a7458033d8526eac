/*
 * tree_walk.c - walks a folder and everything below it: a stage that feeds itself.
 *
 *     folder -> walk (4 threads) --.
 *                 ^                |
 *                 '----------------'  each folder that it finds
 *
 * The stage hands the folders in a folder back to itself, and counts the files. weir_task_feed does not block, so the
 * stage cannot wait for its own queue. The finish completes all folders that are found: the walk ends by itself.
 *
 *     $ tree_walk /usr/include
 *     9473 files in 908 folders, 130351474 bytes
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct totals {
    atomic_ullong files, folders, bytes;
};

static char *join(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        (void)snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Fails with the end of the path: weir keeps 255 bytes of a message. */
static int fail(weir_task *task, const char *path, int error) {
    enum { MOST = 180, CONTINUED = 3 /* bytes that continue a character of UTF-8 */ };
    size_t length = strlen(path);
    const char *end = length <= MOST ? path : path + length - MOST;
    for (int i = 0; end != path && i < CONTINUED && ((unsigned char)*end & 0xc0) == 0x80; i++)
        end++;
    return weir_task_fail(task, error, "%s%s: %s", end == path ? "" : "...", end, strerror(error));
}

/* Feeds a folder to the stage, or counts a file. Returns 0 or an errno. */
static int visit(weir_task *task, const char *folder, const char *name, struct totals *totals) {
    struct stat status;
    char *path = join(folder, name);
    if (path == NULL)
        return ENOMEM;
    int error = lstat(path, &status) == 0 ? 0 : errno;
    if (error == 0 && S_ISREG(status.st_mode)) {
        atomic_fetch_add(&totals->files, 1);
        atomic_fetch_add(&totals->bytes, (unsigned long long)status.st_size);
    }
    if (error == 0 && S_ISDIR(status.st_mode)) {
        if (weir_task_feed(task, NULL, path) == WEIR_OK)
            return 0; /* the stage owns the path now */
        error = ENOMEM;
    }
    free(path);
    return error;
}

static int walk(weir_task *task, void *folder, void *totals) {
    int error = 0;
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return fail(task, folder, errno);
    for (struct dirent *entry; error == 0 && (entry = readdir(entries)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = visit(task, folder, entry->d_name, totals);
    }
    (void)closedir(entries);
    if (error != 0)
        return fail(task, folder, error);
    atomic_fetch_add(&((struct totals *)totals)->folders, 1);
    free(folder);
    return 0;
}

static void drop(void *folder, void *arg) {
    (void)arg;
    free(folder);
}

/* The report has the first errors, and the number of all. */
static uint64_t print_errors(const weir_report *report) {
    for (size_t i = 0; i < report->kept_errors; i++)
        (void)fprintf(stderr, "tree_walk: %s\n", report->errors[i].message);
    if (report->error_count > report->kept_errors)
        (void)fprintf(stderr, "tree_walk: %ju more errors\n", (uintmax_t)(report->error_count - report->kept_errors));
    return report->error_count;
}

int main(int argc, char **argv) {
    struct totals totals = {0, 0, 0};
    const weir_stage_options walking = {.name = "walk",
                                        .work.run = walk,
                                        .work.arg = &totals,
                                        .threads.count = 4,
                                        .input.drop = drop,
                                        .errors.on_error = WEIR_SKIP};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    char *root = argc == 2 ? strdup(argv[1]) : NULL;
    if (root == NULL) {
        (void)fprintf(stderr, "usage: tree_walk FOLDER\n");
        return 2;
    }
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &walking);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_put(pipeline, root) != WEIR_OK) {
        (void)fprintf(stderr, "tree_walk: %s\n", weir_pipeline_message(pipeline));
        free(root);
        (void)weir_pipeline_destroy(pipeline);
        return 1;
    }
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    (void)printf("%llu files in %llu folders, %llu bytes\n", atomic_load(&totals.files), atomic_load(&totals.folders),
                 atomic_load(&totals.bytes));
    uint64_t errors = report == NULL ? 1 : print_errors(report);
    weir_report_free(report);
    (void)weir_pipeline_destroy(pipeline);
    return status == WEIR_OK && errors == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
