/*
 * part.c - creates, locks and removes temporary files.
 *
 * Another process may find a file between its creation and its lock, and remove it. Then either the lock fails, or the
 * file has no name any more; in both cases the creator takes another name. A process that removes files looks after its
 * lock whether the name still belongs to the file: another one may have removed it, and a third reused the name.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for flock */

#include "part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = ".weir-thumbs-", suffix[] = ".part";

/* Returns whether the file is locked and still has its name. Some file systems have no locks. */
static bool take(int file) {
    struct stat status;
    if (flock(file, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK;
    return fstat(file, &status) != 0 || status.st_nlink > 0;
}

int part_create(int folder, unsigned number, char name[PART_NAME_SIZE]) {
    snprintf(name, PART_NAME_SIZE, "%s%ld-%u%s", prefix, (long)getpid(), number, suffix);
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 || take(file))
        return file;
    close(file);
    errno = EEXIST;
    return -1;
}

static bool is_part(const char *name) {
    size_t length = strlen(name), start = sizeof prefix - 1, end = sizeof suffix - 1;
    return length > start + end && strncmp(name, prefix, start) == 0 && strcmp(name + length - end, suffix) == 0;
}

/* Returns whether the name belongs to this file, and not to a later one of the same name. */
static bool is_named(int folder, const char *name, int file) {
    struct stat mine, named;
    if (fstat(file, &mine) != 0 || fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return S_ISREG(mine.st_mode) && mine.st_nlink > 0 && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static void remove_if_left_over(int folder, const char *name) {
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0 && is_named(folder, name, file))
        unlinkat(folder, name, 0);
    close(file);
}

void part_remove_leftovers(int folder) {
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a position of its own */
    DIR *files = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *file;
    while (files != NULL && (file = readdir(files)) != NULL) {
        if (is_part(file->d_name))
            remove_if_left_over(folder, file->d_name);
    }
    if (files != NULL)
        closedir(files);
    else if (copy >= 0)
        close(copy);
}
