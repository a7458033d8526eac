/*
 * hash_tree.c - the SHA-256 of each file below a folder, as sha256sum prints it, but in no particular order, and with names
 * as they are: sha256sum escapes backslashes and line breaks.
 *
 *     folder -> walk (feeds itself with folders) -> hash (4 threads: reading blocks), which prints
 *
 * Standard error names what cannot be read. The other files are hashed, and the exit status is 1.
 *
 * usage: hash_tree FOLDER [THREADS]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* asprintf */
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <weir.h>

static _Atomic size_t failed, unwritten; /* calls; lines of output */

/* Ends a call: frees the path, or names the error. The path is the pipeline's again then. */
static int end(char *path, int error) {
    error == 0 ? free(path) : (void)(failed += fprintf(stderr, "hash_tree: %s: %s\n", path, strerror(error)) != 0);
    return error;
}

static int walk(weir_task *task, void *folder, void *arg) {
    struct stat status;
    char *path;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (errno = 0, entry = readdir(entries)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s/%s", (char *)folder, entry->d_name) < 0)
            break;
        bool known = lstat(path, &status) == 0, is_folder = known && S_ISDIR(status.st_mode);
        if (known && !is_folder && !S_ISREG(status.st_mode))
            free(path);
        else if (!is_folder || weir_task_feed(task, NULL, path) != WEIR_OK)
            weir_task_emit(task, path); /* hash names what cannot be read; a folder only if out of memory */
    }
    int error = errno;
    if (entries != NULL)
        closedir(entries);
    return (void)arg, end(folder, error);
}

static int hash(weir_task *task, void *path, void *arg) {
    unsigned char bytes[65536], sum[32] = {0};
    char text[2 * sizeof sum + 1];
    errno = ENOTSUP; /* libcrypto sets none */
    FILE *file = fopen(path, "r");
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool valid = file != NULL && digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (size_t got; valid && (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
        valid = EVP_DigestUpdate(digest, bytes, got) == 1;
    valid = valid && !ferror(file) && EVP_DigestFinal_ex(digest, sum, NULL) == 1;
    for (size_t i = 0; i < sizeof sum; i++)
        sprintf(text + 2 * i, "%02x", sum[i]);
    int error = valid ? 0 : errno;
    if (valid && printf("%s  %s\n", text, (char *)path) < 0 && unwritten++ == 0)
        perror("hash_tree: standard output");
    EVP_MD_CTX_free(digest);
    if (file != NULL)
        fclose(file);
    return (void)task, (void)arg, end(path, error);
}

static void drop(void *path, void *arg) {
    (void)arg;
    free(path);
}

int main(int argc, char **argv) {
    weir_stage_options walks = {.name = "walk", .work.run = walk, .input.drop = drop, .errors.on_error = WEIR_SKIP};
    weir_stage_options hashes = {.name = "hash", .work.run = hash, .input.drop = drop, .errors.on_error = WEIR_SKIP};
    weir_pipeline *pipeline = NULL;
    if (argc != 2 && argc != 3)
        return fprintf(stderr, "usage: hash_tree FOLDER [THREADS]\n"), 2;
    hashes.threads.count = argc == 3 ? strtoul(argv[2], NULL, 10) : 4;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &walks);
    weir_pipeline_add(pipeline, NULL, &hashes);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_put(pipeline, strdup(argv[1])) != WEIR_OK)
        fprintf(stderr, "hash_tree: %s\n", weir_pipeline_message(pipeline));
    failed += weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_OK;
    if (fflush(stdout) != 0 && unwritten++ == 0)
        perror("hash_tree: standard output");
    weir_pipeline_destroy(pipeline);
    return failed > 0 || unwritten > 0;
}
