/*
 * hash_tree.c - the SHA-256 of each file below a folder, as sha256sum prints it, but in no particular order.
 *
 *     folder -> walk (feeds itself with folders) -> hash (4 threads: reading blocks), which prints
 *
 * Standard error names what cannot be read. The other files are hashed, and the exit status is 1.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* asprintf */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir.h>

/* Fails with the end of the path: weir keeps 255 bytes of a message. */
static int fail_for(weir_task *task, const char *path, int error, const char *reason) {
    enum { MOST = 180, CONTINUED = 3 /* bytes that continue a character of UTF-8 */ };
    size_t length = strlen(path);
    const char *end = length <= MOST ? path : path + length - MOST;
    for (int i = 0; end != path && i < CONTINUED && ((unsigned char)*end & 0xc0) == 0x80; i++)
        end++;
    return weir_task_fail(task, error, "%s%s: %s", end == path ? "" : "...", end, reason);
}

static int fail(weir_task *task, const char *what) {
    return fail_for(task, what, errno, strerror(errno));
}

static int visit(weir_task *task, const char *folder, const char *name) {
    struct stat status;
    char *path;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return fail(task, name);
    int error = lstat(path, &status) == 0 ? 0 : fail(task, path);
    if (error == 0 && S_ISREG(status.st_mode))
        weir_task_emit(task, path);
    else if (error != 0 || !S_ISDIR(status.st_mode))
        free(path);
    else if (weir_task_feed(task, NULL, path) != WEIR_OK) {
        error = fail_for(task, path, ENOMEM, "no memory");
        free(path);
    }
    return error;
}

static int walk(weir_task *task, void *folder, void *arg) {
    DIR *entries = opendir(folder);
    int error = 0;
    (void)arg;
    if (entries == NULL)
        return fail(task, folder);
    for (struct dirent *entry; errno = 0, (entry = readdir(entries)) != NULL;) {
        int failed = visit(task, folder, entry->d_name); /* the other entries are visited */
        error = failed != 0 ? failed : error;
    }
    if (errno != 0)
        error = fail(task, folder);
    closedir(entries);
    if (error == 0)
        free(folder);
    return error;
}

static int hash(weir_task *task, void *path, void *arg) {
    unsigned char bytes[65536], sum[EVP_MAX_MD_SIZE] = {0};
    char text[2 * 32 + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    (void)arg;
    if (file < 0)
        return fail(task, path);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        got = 0; /* and the final call fails */
    while (got > 0 && (got = read(file, bytes, sizeof bytes)) > 0)
        EVP_DigestUpdate(context, bytes, (size_t)got);
    int error = got < 0 ? fail(task, path) : 0;
    if (error == 0 && (context == NULL || EVP_DigestFinal_ex(context, sum, NULL) != 1))
        error = fail_for(task, path, 1, "no SHA-256");
    EVP_MD_CTX_free(context);
    close(file);
    for (int i = 0; i < 32; i++)
        sprintf(text + 2 * i, "%02x", sum[i]);
    if (error == 0 && printf("%s  %s\n", text, (char *)path) < 0)
        error = fail(task, "standard output");
    if (error == 0)
        free(path);
    return error;
}

static void drop(void *path, void *arg) {
    (void)arg;
    free(path);
}

int main(int argc, char **argv) {
    weir_stage_options walks = {.name = "walk", .work.run = walk, .input.drop = drop, .errors.on_error = WEIR_SKIP};
    weir_stage_options hashes = {
        .name = "hash", .work.run = hash, .threads.count = 4, .input.drop = drop, .errors.on_error = WEIR_SKIP};
    weir_pipeline *pipeline = NULL;
    weir_report *report = NULL;
    if (argc != 2)
        return fprintf(stderr, "usage: hash_tree FOLDER\n"), 2;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &walks);
    weir_pipeline_add(pipeline, NULL, &hashes);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_put(pipeline, strdup(argv[1])) != WEIR_OK)
        fprintf(stderr, "hash_tree: %s\n", weir_pipeline_message(pipeline));
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    for (size_t i = 0; report != NULL && i < report->kept_errors; i++)
        fprintf(stderr, "hash_tree: %s\n", report->errors[i].message);
    if (report != NULL && report->error_count > report->kept_errors)
        fprintf(stderr, "hash_tree: %ju more\n", (uintmax_t)(report->error_count - report->kept_errors));
    bool failed = status != WEIR_OK || report == NULL || report->error_count > 0;
    if (fflush(stdout) != 0)
        failed = fprintf(stderr, "hash_tree: standard output: %s\n", strerror(errno));
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return failed;
}
