/*
 * folder.c - implements folder.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Opens one component, of `length` bytes. */
static int open_component(int folder, const char *path, size_t length, bool makes) {
    char name[256];
    if (length >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, path, length);
    name[length] = '\0';
    if (makes && mkdirat(folder, name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int folder_open_below(int folder, const char *path, bool makes, const char **name) {
    int current = folder;
    for (size_t length; current >= 0 && path[length = strcspn(path, "/")] == '/'; path += length + 1) {
        int next = open_component(current, path, length, makes), error = errno;
        if (current != folder)
            close(current);
        errno = error;
        current = next;
    }
    *name = path;
    return current;
}

bool folder_is_same(const char *one, const char *other) {
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
