/*
 * names.c - makes names; keeps them in a hash table with open addressing, at most half full.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "recipe.h"

enum {
    FIRST_SIZE = 256,
    STEM_MAX = 200, /* bytes; most file systems allow 255 in a name, this leaves room for what is appended */
    DIGITS = 16,
    NAME_SIZE = STEM_MAX + 1 + DIGITS + sizeof ".webp",
    LONG_NAME_SIZE = NAME_SIZE + 1 + DIGITS,
    SIZED_NAME_SIZE = LONG_NAME_SIZE + 1 + SIZE_TEXT
};

_Static_assert(SIZED_NAME_SIZE <= 256, "a long name is too long for a file");

struct entry {
    char *name;   /* NULL if the entry is free */
    size_t first; /* number of the picture that took it first */
};

struct names {
    struct entry *entries;
    size_t size, used; /* size is a power of two */
};

/* ---- making ---- */

/* Recognises also formats that are not accepted. */
static bool is_picture(const char *name) {
    static const char *const endings[] = {"jpg",  "jpeg", "jpe", "jfif", "png",  "webp", "gif", "tif",
                                          "tiff", "bmp",  "svg", "avif", "heic", "heif", "jxl", "jp2"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof endings / sizeof *endings && dot != NULL; i++) {
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    }
    return false;
}

static char safe_character(char character) {
    unsigned char c = (unsigned char)character;
    return c < 0x20 || c == 0x7f || c == '/' || c == '\\' ? '_' : character;
}

/* Copies the name, cut to the maximum length, with unsafe characters replaced. */
static void make_safe(char safe[STEM_MAX + 1], const char *original) {
    size_t length = strlen(original);
    if (length > STEM_MAX) {
        length = STEM_MAX;
        while (length > 0 && ((unsigned char)original[length] & 0xc0) == 0x80)
            length--; /* does not split a UTF-8 character */
    }
    for (size_t i = 0; i < length; i++)
        safe[i] = safe_character(original[i]);
    safe[length] = '\0';
    if (length == 0)
        snprintf(safe, STEM_MAX + 1, "picture");
    else if (safe[0] == '.')
        safe[0] = '_'; /* neither ".", ".." nor a hidden file */
}

char *names_make(const char *original, const char *query, enum format format) {
    char safe[STEM_MAX + 1], digest[DIGITS + 2] = "", name[NAME_SIZE];
    size_t length = strlen(original);
    bool is_cut = length > STEM_MAX;
    if (query == NULL || is_picture(original))
        query = "";
    make_safe(safe, original);
    if (is_cut || *query != '\0') {
        digest[0] = '-';
        digest_write(digest + 1, DIGITS, is_cut ? original : "", is_cut ? length : 0, query, strlen(query));
    }
    bool is_complete = digest[0] == '\0' && format_fits(format, safe);
    snprintf(name, sizeof name, "%s%s%s", safe, digest, is_complete ? "" : format_extension(format));
    return strdup(name);
}

/* Inserts a dash and a text before the extension, which each name has. */
static char *insert(const char *name, const char *text) {
    size_t size = strlen(name) + 1 + strlen(text) + 1, stem = (size_t)(strrchr(name, '.') - name);
    char *longer = malloc(size);
    if (longer != NULL)
        snprintf(longer, size, "%.*s-%s%s", (int)stem, name, text, name + stem);
    return longer;
}

char *names_make_long(const char *name, const char *url) {
    char digest[DIGITS + 1];
    digest_write(digest, DIGITS, "", 0, url, strlen(url));
    return insert(name, digest);
}

static bool is_unsafe(const char *path) {
    for (; *path != '\0'; path++) {
        if (*path != '/' && safe_character(*path) != *path)
            return true;
    }
    return false;
}

/* Returns the name of the file of a path, with a digest of the path if other paths might have that name. */
static char *make_last(const char *path, const char *file, enum format format) {
    char *name = names_make(file, NULL, format);
    if (name == NULL || !is_unsafe(path))
        return name;
    char *longer = names_make_long(name, path);
    free(name);
    return longer;
}

char *names_make_below(const char *path, enum format format) {
    const char *slash = strrchr(path, '/');
    size_t folders = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *name = make_last(path, path + folders, format);
    char *all = name == NULL ? NULL : malloc(folders + strlen(name) + 1);
    if (all != NULL) {
        for (size_t i = 0; i < folders; i++)
            all[i] = path[i] == '/' ? '/' : safe_character(path[i]);
        strcpy(all + folders, name);
    }
    free(name);
    return all;
}

char *names_make_sized(const char *name, const char *size) {
    return insert(name, size);
}

/* ---- the set ---- */

struct names *names_create(void) {
    struct names *names = malloc(sizeof *names);
    if (names == NULL)
        return NULL;
    *names = (struct names){.entries = calloc(FIRST_SIZE, sizeof *names->entries), .size = FIRST_SIZE};
    if (names->entries == NULL) {
        free(names);
        return NULL;
    }
    return names;
}

/* FNV-1a. */
size_t names_hash(const char *name) {
    uint64_t value = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ (value >> 32));
}

/* Returns the entry that holds `name`, or the free entry for it. */
static struct entry *find(const struct names *names, const char *name) {
    size_t i = names_hash(name) & (names->size - 1);
    while (names->entries[i].name != NULL && strcmp(names->entries[i].name, name) != 0)
        i = (i + 1) & (names->size - 1);
    return &names->entries[i];
}

static bool grow(struct names *names) {
    struct names bigger = {.size = names->size * 2, .used = names->used};
    bigger.entries = calloc(bigger.size, sizeof *bigger.entries);
    if (bigger.entries == NULL)
        return false;
    for (size_t i = 0; i < names->size; i++) {
        if (names->entries[i].name != NULL)
            *find(&bigger, names->entries[i].name) = names->entries[i];
    }
    free(names->entries);
    *names = bigger;
    return true;
}

const char *names_take(struct names *names, char *name, size_t number, size_t *first) {
    if (names->used * 2 >= names->size && !grow(names))
        return NULL;
    struct entry *entry = find(names, name);
    if (entry->name == NULL) {
        *entry = (struct entry){.name = name, .first = number};
        names->used++;
    } else {
        free(name);
    }
    *first = entry->first;
    return entry->name;
}

bool names_have(const struct names *names, const char *name) {
    return find(names, name)->name != NULL;
}

void names_destroy(struct names *names) {
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->size; i++)
        free(names->entries[i].name);
    free(names->entries);
    free(names);
}
