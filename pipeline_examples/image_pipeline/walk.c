/*
 * walk.c - walks in depth, with a sorted list of names for each folder on the way.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700

#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "pack.h"
#include "terminal.h"
#include "url.h"

enum { LONGEST_PATH = 3900 /* bytes; the system allows 4095 */ };

/* A folder on the way. */
struct level {
    char *path;        /* relative to the first one; "" for that */
    struct pack names; /* sorted */
    size_t next;
};

struct walk {
    int root;
    struct stat left_out; /* st_ino is 0 if no folder is left out */
    struct level *levels;
    size_t depth, room;
    bool is_broken;
};

/* ---- levels ---- */

static void free_level(struct level *level) {
    pack_free(&level->names);
    free(level->path);
}

/* Reads the names in a folder. Returns 0 or an errno. */
static int read_names(DIR *folder, struct level *level) {
    const struct dirent *file;
    while ((errno = 0, file = readdir(folder)) != NULL) {
        if (url_is_plain_name(file->d_name) && !pack_add(&level->names, file->d_name))
            return ENOMEM;
    }
    return errno != 0 ? errno : pack_sort(&level->names) ? 0 : ENOMEM;
}

/* Opens a folder and makes it the current one. Takes the path, which may be NULL. Returns 0 or an errno. */
static int enter(struct walk *walk, char *path) {
    struct level level = {.path = path};
    if (walk->depth == walk->room) {
        size_t room = walk->room == 0 ? 8 : walk->room * 2;
        struct level *levels = realloc(walk->levels, room * sizeof *levels);
        walk->levels = levels != NULL ? levels : walk->levels;
        walk->room = levels != NULL ? room : walk->room;
    }
    if (path == NULL || walk->depth == walk->room) {
        free(path);
        return ENOMEM;
    }
    int file = openat(walk->root, *path == '\0' ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = file < 0 ? NULL : fdopendir(file);
    int error = folder == NULL ? errno : read_names(folder, &level);
    if (folder != NULL)
        closedir(folder);
    else if (file >= 0)
        close(file);
    if (error == 0)
        walk->levels[walk->depth++] = level;
    else
        free_level(&level);
    return error;
}

/* ---- the walk ---- */

struct walk *walk_open(const char *folder, const char *left_out) {
    struct walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL) {
        terminal_say("out of memory");
        return NULL;
    }
    if (left_out == NULL || stat(left_out, &walk->left_out) != 0)
        walk->left_out.st_ino = 0;
    walk->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = walk->root < 0 ? errno : enter(walk, strdup(""));
    if (error == 0)
        return walk;
    terminal_say("%s: %s", folder, strerror(error));
    walk_close(walk);
    return NULL;
}

static char *join(const char *folder, const char *name) {
    size_t size = strlen(folder) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s%s", folder, *folder == '\0' ? "" : "/", name);
    return path;
}

enum kind { FILE_OR_NOTHING, FOLDER, LEFT_OUT };

static enum kind kind_of(const struct walk *walk, const char *path) {
    struct stat status, behind;
    if (fstatat(walk->root, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return FILE_OR_NOTHING; /* its download reports the error */
    if (S_ISLNK(status.st_mode))
        return fstatat(walk->root, path, &behind, 0) == 0 && S_ISDIR(behind.st_mode) ? LEFT_OUT : FILE_OR_NOTHING;
    if (!S_ISDIR(status.st_mode))
        return FILE_OR_NOTHING;
    bool is_left_out = walk->left_out.st_ino == status.st_ino && walk->left_out.st_dev == status.st_dev;
    return is_left_out ? LEFT_OUT : FOLDER;
}

/* Returns a path to report; NULL to go on. Takes the path, which may be NULL. */
static char *visit(struct walk *walk, char *path, const char **fault) {
    *fault = NULL;
    if (path == NULL) {
        walk->is_broken = true;
        return NULL;
    }
    if (strlen(path) > LONGEST_PATH) {
        *fault = "its path is too long";
        return path;
    }
    enum kind kind = kind_of(walk, path);
    if (kind == FILE_OR_NOTHING)
        return path;
    int error = kind == FOLDER ? enter(walk, strdup(path)) : 0;
    walk->is_broken = error == ENOMEM;
    if (error == 0 || error == ENOMEM) {
        free(path);
        return NULL;
    }
    *fault = error == EACCES ? "is a folder that may not be read" : "is a folder that cannot be read";
    return path;
}

char *walk_next(struct walk *walk, const char **fault) {
    while (walk->depth > 0 && !walk->is_broken && !interrupt_is_stopping()) {
        struct level *level = &walk->levels[walk->depth - 1];
        if (level->next == level->names.count) {
            free_level(level);
            walk->depth--;
            continue;
        }
        char *path = visit(walk, join(level->path, pack_at(&level->names, level->next++)), fault);
        if (path != NULL)
            return path;
    }
    return NULL;
}

bool walk_has_sibling(const struct walk *walk, const char *name) {
    const struct level *level = &walk->levels[walk->depth - 1];
    if (!pack_has(&level->names, name))
        return false;
    char *path = join(level->path, name);
    bool has = path != NULL && kind_of(walk, path) == FILE_OR_NOTHING;
    free(path);
    return has;
}

bool walk_is_over(const struct walk *walk) {
    return walk->depth == 0;
}

bool walk_is_broken(const struct walk *walk) {
    return walk->is_broken;
}

void walk_close(struct walk *walk) {
    if (walk == NULL)
        return;
    while (walk->depth > 0)
        free_level(&walk->levels[--walk->depth]);
    free(walk->levels);
    if (walk->root >= 0)
        close(walk->root);
    free(walk);
}
