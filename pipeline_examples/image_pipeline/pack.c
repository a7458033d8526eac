/*
 * pack.c - implements pack.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1024 /* bytes */, FIRST_MOST = 64 };

/* Doubles the room for the bytes until `size` more fit. */
static bool make_room(struct pack *pack, size_t size) {
    size_t room = pack->room == 0 ? FIRST_ROOM : pack->room;
    while (room - pack->size < size)
        room *= 2;
    if (room == pack->room)
        return true;
    char *bytes = realloc(pack->bytes, room);
    if (bytes == NULL)
        return false;
    pack->bytes = bytes;
    pack->room = room;
    return true;
}

static bool make_place(struct pack *pack) {
    if (pack->count < pack->most)
        return true;
    size_t most = pack->most == 0 ? FIRST_MOST : pack->most * 2;
    uint32_t *places = realloc(pack->places, most * sizeof *places);
    if (places == NULL)
        return false;
    pack->places = places;
    pack->most = most;
    return true;
}

bool pack_add(struct pack *pack, const char *string) {
    size_t size = strlen(string) + 1;
    if (size > UINT32_MAX - pack->size || !make_room(pack, size) || !make_place(pack))
        return false;
    memcpy(pack->bytes + pack->size, string, size);
    pack->places[pack->count++] = (uint32_t)pack->size;
    pack->size += size;
    return true;
}

/* A realloc that fails leaves the larger block. */
static void free_unused(struct pack *pack) {
    char *bytes = realloc(pack->bytes, pack->size);
    uint32_t *places = realloc(pack->places, pack->count * sizeof *places);
    pack->bytes = bytes != NULL ? bytes : pack->bytes;
    pack->places = places != NULL ? places : pack->places;
    pack->room = pack->size;
    pack->most = pack->count;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Offsets have no order without the block, and qsort passes none: sorts pointers. */
bool pack_sort(struct pack *pack) {
    if (pack->count == 0)
        return true;
    const char **strings = malloc(pack->count * sizeof *strings);
    if (strings == NULL)
        return false;
    for (size_t i = 0; i < pack->count; i++)
        strings[i] = pack_at(pack, i);
    qsort(strings, pack->count, sizeof *strings, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < pack->count; i++) {
        if (i == 0 || strcmp(strings[i], strings[i - 1]) != 0)
            pack->places[kept++] = (uint32_t)(strings[i] - pack->bytes);
    }
    pack->count = kept;
    free(strings);
    free_unused(pack);
    return true;
}

const char *pack_at(const struct pack *pack, size_t number) {
    return pack->bytes + pack->places[number];
}

bool pack_has(const struct pack *pack, const char *string) {
    size_t low = 0, high = pack->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(string, pack_at(pack, middle));
        if (order == 0)
            return true;
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return false;
}

void pack_free(struct pack *pack) {
    free(pack->bytes);
    free(pack->places);
    *pack = (struct pack){.bytes = NULL};
}
