/*
 * folder.c - implements folder.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "terminal.h"

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
