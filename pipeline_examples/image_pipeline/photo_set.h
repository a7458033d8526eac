/*
 * photo_set.h - makes sets of pictures to try a pipeline on: crops of photographs, or painted ones.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PHOTO_SET_H
#define IMAGE_PIPELINE_PHOTO_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct photo_set {
    const char *from; /* a folder with JPEGs to crop; NULL, or none to be had: paint */
    const char *to;   /* the folder for photo-0001.jpg, photo-0002.jpg ...; must exist */
    size_t count;
    uint64_t seed;             /* the same seed, count and folder give the same pictures */
    bool (*should_stop)(void); /* asked before each picture */
};

/*
 * Makes the set, with a thread for each processor. libvips must have been started. A JPEG in `from` that does not decode
 * is named and skipped. False: not all of it was made, and a message says why unless it was stopped.
 */
bool photo_set_make(const struct photo_set *set);

#endif /* IMAGE_PIPELINE_PHOTO_SET_H */
