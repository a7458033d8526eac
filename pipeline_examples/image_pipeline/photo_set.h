/*
 * photo_set.h - makes sets of pictures as test input: crops of photographs, or painted pictures.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PHOTO_SET_H
#define IMAGE_PIPELINE_PHOTO_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct photo_set {
    const char *from; /* folder with JPEGs to crop; if NULL, or without JPEGs, pictures are painted */
    const char *to;   /* folder for photo-0001.jpg, photo-0002.jpg ...; must exist */
    size_t count;
    uint64_t seed;             /* the same seed, count and folder give the same pictures */
    bool (*should_stop)(void); /* called before each picture */
};

/*
 * Makes the set, with one thread per processor. libvips must have been started. A JPEG in `from` that does not decode
 * is reported and skipped. Returns false if the set is incomplete, after printing the reason unless it was stopped.
 */
bool photo_set_make(const struct photo_set *set);

/* Returns whether a folder that a set is being made in may have a file of this name. */
bool photo_set_has_file(const char *name);

#endif /* IMAGE_PIPELINE_PHOTO_SET_H */
