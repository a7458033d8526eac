/*
 * clashes.c - finds clashes by a hash table with open addressing, at most half full, which is freed at once.
 *
 * The table has hashes of the names, and the names of two equal hashes are made again.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clashes.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

struct slot {
    uint32_t hash;
    uint32_t number; /* of the file, counted from 1; 0 if the slot is free */
};

struct table {
    const struct pack *files;
    enum format format;
    struct slot *slots;
    size_t size; /* a power of two */
};

static char *name_of(const struct table *table, size_t number) {
    return names_make(pack_at(table->files, number), NULL, table->format);
}

/* Sets `*is_same`. Returns false if memory is exhausted. */
static bool compare(const struct table *table, const char *name, size_t number, bool *is_same) {
    char *other = name_of(table, number);
    *is_same = other != NULL && strcmp(name, other) == 0;
    free(other);
    return other != NULL;
}

/* Sets `*first` to the number of the file that takes the name: an earlier one, or this one. */
static bool take(const struct table *table, const char *name, uint32_t number, uint32_t *first) {
    uint32_t hash = (uint32_t)names_hash(name);
    bool is_same = false;
    size_t i = hash & (table->size - 1);
    for (; table->slots[i].number != 0; i = (i + 1) & (table->size - 1)) {
        *first = table->slots[i].number - 1;
        if (table->slots[i].hash == hash && !compare(table, name, *first, &is_same))
            return false;
        if (is_same)
            return true;
    }
    table->slots[i] = (struct slot){.hash = hash, .number = number + 1};
    *first = number;
    return true;
}

static bool add(struct clashes *clashes, uint32_t number, uint32_t first) {
    if (clashes->count == clashes->room) {
        size_t room = clashes->room == 0 ? 16 : clashes->room * 2;
        struct clash *all = realloc(clashes->all, room * sizeof *all);
        if (all == NULL)
            return false;
        clashes->all = all;
        clashes->room = room;
    }
    clashes->all[clashes->count++] = (struct clash){.number = number, .first = first};
    return true;
}

static bool look_at(struct clashes *clashes, const struct table *table, uint32_t number) {
    uint32_t first;
    char *name = name_of(table, number);
    bool ok = name != NULL && take(table, name, number, &first) && (first == number || add(clashes, number, first));
    free(name);
    return ok;
}

bool clashes_find(struct clashes *clashes, const struct pack *files, enum format format) {
    struct table table = {.files = files, .format = format, .size = 2};
    while (table.size < 2 * files->count)
        table.size *= 2;
    table.slots = calloc(table.size, sizeof *table.slots);
    bool ok = table.slots != NULL;
    for (size_t i = 0; i < files->count && ok; i++)
        ok = look_at(clashes, &table, (uint32_t)i);
    free(table.slots);
    return ok;
}

static int by_number(const void *a, const void *b) {
    const struct clash *one = a, *other = b;
    return (one->number > other->number) - (one->number < other->number);
}

const char *clashes_first(const struct clashes *clashes, const struct pack *files, size_t number) {
    const struct clash key = {.number = (uint32_t)number}, *found = NULL;
    if (clashes->count > 0)
        found = bsearch(&key, clashes->all, clashes->count, sizeof key, by_number);
    return found == NULL ? NULL : pack_at(files, found->first);
}

void clashes_free(struct clashes *clashes) {
    free(clashes->all);
    *clashes = (struct clashes){.all = NULL};
}
