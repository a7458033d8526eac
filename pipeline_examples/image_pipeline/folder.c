/*
 * folder.c - implements folder.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

enum { REMOVALS = 100 };

bool folder_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool folder_make(const char *path) {
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && folder_exists(path)))
        return true;
    terminal_say("%s: cannot create the folder: %s", path, strerror(errno));
    return false;
}

bool folder_is_same(const char *one, const char *other) {
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

char *folder_make_temporary(void) {
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || *parent == '\0')
        parent = "/tmp";
    size_t size = strlen(parent) + sizeof "/weir-thumbs-XXXXXX";
    char *path = malloc(size);
    if (path == NULL) {
        terminal_say("out of memory");
        return NULL;
    }
    snprintf(path, size, "%s/weir-thumbs-XXXXXX", parent);
    if (mkdtemp(path) != NULL)
        return path;
    terminal_say("%s: %s", parent, strerror(errno));
    free(path);
    return NULL;
}

static void remove_files(const char *path) {
    DIR *folder = opendir(path);
    const struct dirent *file;
    while (folder != NULL && (file = readdir(folder)) != NULL) {
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
            unlinkat(dirfd(folder), file->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
}

void folder_remove(const char *path) {
    int error = ENOTEMPTY;
    for (int i = 0; i < REMOVALS && (error == ENOTEMPTY || error == EEXIST); i++) {
        remove_files(path);
        error = rmdir(path) == 0 ? 0 : errno;
    }
    if (error != 0 && error != ENOENT)
        terminal_say("%s: cannot remove the folder: %s", path, strerror(error));
}
