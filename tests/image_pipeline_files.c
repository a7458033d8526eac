/*
 * image_pipeline_files.c - for test_image_pipeline.c: files in a temporary folder, removed at the end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_pipeline_run.h"

enum { BUFFERS = 64 };

char files_root[128];

void files_open(void) {
    const char *parent = getenv("TMPDIR");
    snprintf(files_root, sizeof files_root, "%.80s/weir-test-XXXXXX",
             parent == NULL || *parent == '\0' ? "/tmp" : parent);
    if (mkdtemp(files_root) == NULL) {
        perror(files_root);
        exit(EXIT_FAILURE);
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void files_close(void) {
    nftw(files_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *in_root(const char *format, ...) {
    static char paths[BUFFERS][512];
    static unsigned next;
    char *path = paths[next++ % BUFFERS];
    int length = snprintf(path, sizeof paths[0], "%s/", files_root);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path + length, sizeof paths[0] - (size_t)length, format, arguments);
    va_end(arguments);
    return path;
}

void make_folder(const char *path) {
    ck_assert_msg(mkdir(path, 0777) == 0, "cannot make %s", path);
}

void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void write_text(const char *path, const char *text) {
    write_file(path, text, strlen(text));
}

char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    char *data = NULL;
    size_t used = 0, room = 0;
    do {
        room = room == 0 ? 65536 : room * 2;
        data = realloc(data, room + 1);
        ck_assert_ptr_nonnull(data);
        used += fread(data + used, 1, room - used, file);
    } while (used == room);
    fclose(file);
    data[used] = '\0';
    if (size != NULL)
        *size = used;
    return data;
}

void copy_file(const char *from, const char *to) {
    size_t size;
    char *data = read_file(from, &size);
    write_file(to, data, size);
    free(data);
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

size_t file_size(const char *path) {
    struct stat status;
    ck_assert_msg(stat(path, &status) == 0, "no %s", path);
    return (size_t)status.st_size;
}

const char *any_file(const char *folder) {
    static char name[256];
    DIR *open = opendir(folder);
    const struct dirent *file;
    name[0] = '\0';
    while (open != NULL && name[0] == '\0' && (file = readdir(open)) != NULL) {
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
            snprintf(name, sizeof name, "%s", file->d_name);
    }
    if (open != NULL)
        closedir(open);
    return name[0] == '\0' ? NULL : name;
}

size_t count_files(const char *folder) {
    DIR *open = opendir(folder);
    size_t count = 0;
    const struct dirent *file;
    while (open != NULL && (file = readdir(open)) != NULL)
        count += strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0;
    if (open != NULL)
        closedir(open);
    return count;
}
