/*
 * hash_tree.c - the SHA-256 of each file below a folder, as sha256sum prints it, but in no particular order, and with names
 * as they are: sha256sum escapes backslashes and line breaks.
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir.h>

/* Fails by errno, with the end of the path: weir keeps 255 bytes of a message. */
static int fail(weir_task *task, const char *path) {
    const char *end = strlen(path) > 180 ? path + strlen(path) - 180 : path;
    while (end > path && ((unsigned char)*end & 0xc0) == 0x80) /* continues a character of UTF-8 */
        end++;
    return weir_task_fail(task, errno, "%s%s: %s", end > path ? "..." : "", end, strerror(errno));
}

static int walk(weir_task *task, void *folder, void *arg) {
    struct dirent *entry;
    struct stat status;
    char *path;
    DIR *entries = opendir(folder);
    while (entries != NULL && (errno = 0, entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s/%s", (char *)folder, entry->d_name) < 0)
            break;
        if (lstat(path, &status) != 0 || S_ISREG(status.st_mode))
            weir_task_emit(task, path); /* hash names what cannot be read */
        else if (!S_ISDIR(status.st_mode))
            free(path);
        else if (weir_task_feed(task, NULL, path) != WEIR_OK)
            return free(path), closedir(entries), weir_task_fail(task, ENOMEM, "%s: no memory", (char *)folder);
    }
    int error = errno != 0 ? fail(task, folder) : 0;
    if (entries != NULL)
        closedir(entries);
    if (error == 0)
        free(folder);
    return (void)arg, error;
}

static int hash(weir_task *task, void *path, void *arg) {
    unsigned char bytes[65536], sum[32] = {0};
    char text[2 * sizeof sum + 1];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool valid = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file;
    while (valid && got >= 0 && (got = read(file, bytes, sizeof bytes)) > 0)
        valid = EVP_DigestUpdate(context, bytes, (size_t)got) == 1;
    int error = got < 0 ? fail(task, path) : 0;
    if (error == 0 && !(valid && EVP_DigestFinal_ex(context, sum, NULL) == 1))
        error = weir_task_fail(task, 1, "no SHA-256");
    for (size_t i = 0; i < sizeof sum; i++)
        sprintf(text + 2 * i, "%02x", sum[i]);
    if (error == 0 && printf("%s  %s\n", text, (char *)path) < 0)
        error = fail(task, "standard output");
    EVP_MD_CTX_free(context);
    close(file); /* -1 has no effect */
    if (error == 0)
        free(path);
    return (void)arg, error;
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
    bool failed = weir_pipeline_finish(pipeline, WEIR_NEVER, &report) != WEIR_OK || report->error_count > 0;
    for (size_t i = 0; report != NULL && i < report->kept_errors; i++)
        fprintf(stderr, "hash_tree: %s\n", report->errors[i].message);
    if (report != NULL && report->error_count > report->kept_errors)
        fprintf(stderr, "hash_tree: %ju more\n", (uintmax_t)(report->error_count - report->kept_errors));
    if (fflush(stdout) != 0)
        failed = fprintf(stderr, "hash_tree: standard output: %s\n", strerror(errno));
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return failed;
}
