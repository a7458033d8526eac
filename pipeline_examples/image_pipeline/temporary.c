/*
 * temporary.c - makes, locks and removes temporary folders.
 *
 * Another run may find a folder between its creation and its lock, and remove it. Then either the open or the lock
 * fails, or the folder has no name any more; in each case the creator makes another one. In the same way a folder that
 * another run removes first has no name any more after the lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* for flock */

#include "temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photo_set.h"
#include "terminal.h"

enum { TRIES = 100, RANDOM = 6 };

static const char prefix[] = ".weir-thumbs-painted-"; /* hidden: no folder of the user has such a name by chance */

static const char *parent_path(void) {
    const char *parent = getenv("TMPDIR");
    return parent == NULL || *parent == '\0' ? "/tmp" : parent;
}

static int open_folder(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns whether the folder still has a name. Some file systems count no names of folders; theirs is never 0. */
static bool has_name(int folder) {
    struct stat status;
    return fstat(folder, &status) == 0 && status.st_nlink > 0;
}

/* Opens and locks a new folder. Returns -1 with errno ENOENT if another run has taken it for a leftover. */
static int take(int parent, const char *name) {
    int folder = open_folder(parent, name);
    if (folder < 0)
        return -1;
    bool is_taken = flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; /* some file systems have no locks */
    if (!is_taken && has_name(folder))
        return folder;
    close(folder);
    errno = ENOENT;
    return -1;
}

/* Makes a folder with a random name at the end of `path`. Returns false with errno set. */
static bool make(struct temporary *temporary) {
    char *name = temporary->path + strlen(temporary->path) - RANDOM;
    for (int i = 0; i < TRIES; i++) {
        memset(name, 'X', RANDOM);
        if (mkdtemp(temporary->path) == NULL)
            return false;
        temporary->folder = take(temporary->parent, temporary->name);
        if (temporary->folder >= 0)
            return true;
        if (errno != ENOENT) {
            int error = errno;
            unlinkat(temporary->parent, temporary->name, AT_REMOVEDIR);
            errno = error;
            return false;
        }
    }
    return false;
}

bool temporary_make(struct temporary *temporary) {
    const char *parent = parent_path();
    size_t size = strlen(parent) + 1 + strlen(prefix) + RANDOM + 1;
    *temporary = (struct temporary){.parent = -1, .folder = -1, .path = malloc(size)};
    if (temporary->path == NULL) {
        terminal_say("out of memory");
        return false;
    }
    snprintf(temporary->path, size, "%s/%sXXXXXX", parent, prefix);
    temporary->name = temporary->path + strlen(parent) + 1;
    temporary->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (temporary->parent >= 0 && make(temporary))
        return true;
    terminal_say("%s: cannot create a temporary folder: %s", parent, strerror(errno));
    temporary_close(temporary);
    return false;
}

/* Opens a folder a second time, with a position of its own. Returns NULL on failure. */
static DIR *open_list(int folder) {
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL && copy >= 0)
        close(copy);
    return list;
}

static void remove_pictures(int folder) {
    DIR *files = open_list(folder);
    const struct dirent *file;
    while (files != NULL && (file = readdir(files)) != NULL) {
        if (photo_set_has_file(file->d_name))
            unlinkat(folder, file->d_name, 0);
    }
    if (files != NULL)
        closedir(files);
}

/* Returns 0 or the error. A folder that is gone is no error. */
static int remove_folder(int parent, const char *name, int folder) {
    remove_pictures(folder);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

void temporary_remove(const struct temporary *temporary) {
    int error = ENOTEMPTY;
    for (int i = 0; i < TRIES && (error == ENOTEMPTY || error == EEXIST); i++)
        error = remove_folder(temporary->parent, temporary->name, temporary->folder);
    if (error != 0)
        terminal_say("%s: cannot remove the folder: %s", temporary->path, strerror(error));
}

void temporary_close(struct temporary *temporary) {
    if (temporary->path == NULL)
        return;
    if (temporary->folder >= 0)
        close(temporary->folder);
    if (temporary->parent >= 0)
        close(temporary->parent);
    free(temporary->path);
    *temporary = (struct temporary){.path = NULL};
}

static bool is_ours(const char *name) {
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t start = strlen(prefix);
    return strncmp(name, prefix, start) == 0 && strlen(name + start) == RANDOM &&
           strspn(name + start, characters) == RANDOM;
}

static void remove_if_left_over(int parent, const char *name) {
    struct stat status;
    int folder = open_folder(parent, name);
    if (folder < 0)
        return;
    bool is_mine = fstat(folder, &status) == 0 && status.st_uid == geteuid();
    if (is_mine && flock(folder, LOCK_EX | LOCK_NB) == 0 && has_name(folder))
        (void)remove_folder(parent, name, folder); /* one with other files in it stays */
    close(folder);
}

void temporary_remove_leftovers(void) {
    int parent = open(parent_path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folders = parent < 0 ? NULL : open_list(parent);
    const struct dirent *folder;
    while (folders != NULL && (folder = readdir(folders)) != NULL) {
        if (is_ours(folder->d_name))
            remove_if_left_over(parent, folder->d_name);
    }
    if (folders != NULL)
        closedir(folders);
    if (parent >= 0)
        close(parent);
}
