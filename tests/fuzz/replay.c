/*
 * replay.c - runs inputs of fuzz_queue.c without libFuzzer: for `make check`, for AFL++, and for debugging an input.
 *
 *     replay [-v] [FILE | FOLDER]...    without any, the input is read from standard input; -v prints each call
 *
 * An input that hangs is killed by a signal (alarm).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_queue.h"

enum { MOST_BYTES = 1 << 16, HANG_SECONDS = 30 };

static size_t inputs_run;

static void fail(const char *path, const char *why) {
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

/* Copies the input to an allocation of exactly its size, so that sanitizers detect out-of-bounds reads. */
static void run_bytes(const uint8_t *bytes, size_t size, const char *path) {
    uint8_t *input = malloc(size > 0 ? size : 1);
    if (input == NULL)
        fail(path, "out of memory");
    memcpy(input, bytes, size);
    if (fuzz_is_traced)
        printf("%s:\n", path);
    alarm(HANG_SECONDS);
    (void)LLVMFuzzerTestOneInput(input, size);
    alarm(0);
    inputs_run++;
    free(input);
}

static void run_stream(FILE *stream, const char *path) {
    static uint8_t bytes[MOST_BYTES];
    size_t size = fread(bytes, 1, sizeof bytes, stream);
    if (ferror(stream))
        fail(path, strerror(errno));
    run_bytes(bytes, size, path);
}

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path, strerror(errno));
    run_stream(file, path);
    fclose(file);
}

/* Runs every file of the folder that is not hidden. Returns false if `path` is no folder. */
static bool run_folder(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    errno = 0; /* distinguishes a read error from the end of the folder */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; errno = 0) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(file, sizeof file, "%s/%s", path, entry->d_name) >= (int)sizeof file)
            fail(path, strerror(ENAMETOOLONG));
        run_file(file);
    }
    if (errno != 0)
        fail(path, strerror(errno));
    closedir(folder);
    return true;
}

int main(int argc, char **argv) {
    int first = 1;
    if (first < argc && strcmp(argv[first], "-v") == 0) {
        fuzz_is_traced = true;
        setvbuf(stdout, NULL, _IOLBF, 0); /* keeps the output printed before an abort */
        first++;
    }
    if (first == argc)
        run_stream(stdin, "standard input");
    for (int i = first; i < argc; i++) {
        if (!run_folder(argv[i]))
            run_file(argv[i]);
    }
    fprintf(stderr, "replay: %zu inputs\n", inputs_run);
    return inputs_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
