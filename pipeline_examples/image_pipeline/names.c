/*
 * names.c - a hash table of the names given out, open addressing, at most half full.
 *
 * An entry remembers the number to try next, so that a thousand pictures called photo.jpg cost a thousand look-ups and
 * not half a million.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 256, STEM_MAX = 200 /* bytes; most file systems allow 255 for the whole name */ };

struct entry {
    char *name; /* NULL: free */
    unsigned next_number;
};

struct names {
    struct entry *entries;
    size_t size, used; /* size is a power of two */
};

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
static size_t hash(const char *name) {
    uint64_t value = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ (value >> 32));
}

/* The entry that holds `name`, or the free one where it belongs. */
static struct entry *find(const struct names *names, const char *name) {
    size_t i = hash(name) & (names->size - 1);
    while (names->entries[i].name != NULL && strcmp(names->entries[i].name, name) != 0)
        i = (i + 1) & (names->size - 1);
    return &names->entries[i];
}

static int grow(struct names *names) {
    struct names bigger = {.size = names->size * 2, .used = names->used};
    bigger.entries = calloc(bigger.size, sizeof *bigger.entries);
    if (bigger.entries == NULL)
        return -1;
    for (size_t i = 0; i < names->size; i++) {
        if (names->entries[i].name != NULL)
            *find(&bigger, names->entries[i].name) = names->entries[i];
    }
    free(names->entries);
    *names = bigger;
    return 0;
}

static const char *add(struct names *names, const char *name) {
    if (names->used * 2 >= names->size && grow(names) != 0)
        return NULL;
    size_t size = strlen(name) + 1;
    char *copy = malloc(size);
    if (copy == NULL)
        return NULL;
    memcpy(copy, name, size);
    *find(names, name) = (struct entry){.name = copy, .next_number = 2};
    names->used++;
    return copy;
}

/* Writes `original` without its extension, as something that can be a file's name everywhere. */
static void make_stem(char stem[STEM_MAX + 1], const char *original) {
    const char *dot = strrchr(original, '.');
    size_t length = dot == NULL || dot == original ? strlen(original) : (size_t)(dot - original);
    if (length > STEM_MAX) {
        length = STEM_MAX;
        while (length > 0 && ((unsigned char)original[length] & 0xc0) == 0x80)
            length--; /* not in the middle of a UTF-8 character */
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)original[i];
        stem[i] = c < 0x20 || c == 0x7f || c == '/' || c == '\\' ? '_' : (char)c;
    }
    stem[length] = '\0';
    if (length == 0)
        snprintf(stem, STEM_MAX + 1, "picture");
    else if (stem[0] == '.')
        stem[0] = '_'; /* neither "." nor ".." nor a hidden file */
}

const char *names_take(struct names *names, const char *original) {
    char stem[STEM_MAX + 1], name[STEM_MAX + 32];
    make_stem(stem, original);
    snprintf(name, sizeof name, "%s.jpg", stem);
    if (find(names, name)->name == NULL)
        return add(names, name);
    for (;;) {
        char plain[STEM_MAX + 32];
        snprintf(plain, sizeof plain, "%s.jpg", stem);
        snprintf(name, sizeof name, "%s-%u.jpg", stem, find(names, plain)->next_number++);
        if (find(names, name)->name == NULL)
            return add(names, name);
    }
}

void names_destroy(struct names *names) {
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->size; i++)
        free(names->entries[i].name);
    free(names->entries);
    free(names);
}
