/*
 * pack.h - strings in one block, and their offsets: a string takes its bytes, a 0 and 4 bytes more.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PACK_H
#define IMAGE_PIPELINE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One that is all zero is empty. */
struct pack {
    char *bytes;      /* the strings, each with its 0 */
    size_t size;      /* in use */
    size_t room;      /* in all */
    uint32_t *places; /* offsets of the strings */
    size_t count;     /* of strings */
    size_t most;      /* offsets that there is room for */
};

/* Adds a copy of the string. Returns false if memory is exhausted, or the block has 4 GiB. */
bool pack_add(struct pack *pack, const char *string);

/*
 * Sorts the strings by their bytes, keeps one of equal ones, and frees unused memory. Returns false if memory is
 * exhausted. A folder may have listed a file twice that was replaced meanwhile.
 */
bool pack_sort(struct pack *pack);

/* Returns string `number`, counted from 0. It is valid until the next call of pack_add or pack_sort. */
const char *pack_at(const struct pack *pack, size_t number);

/* Returns whether the pack, which must be sorted, has the string. */
bool pack_has(const struct pack *pack, const char *string);

/* Leaves an empty pack. */
void pack_free(struct pack *pack);

#endif /* IMAGE_PIPELINE_PACK_H */
