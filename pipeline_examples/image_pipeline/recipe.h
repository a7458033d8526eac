/*
 * recipe.h - what is made of each picture.
 *
 * A recipe has no pointers, so that it can cross to a child process as bytes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_RECIPE_H
#define IMAGE_PIPELINE_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

enum {
    MAX_SIZES = 8,
    MAX_SIDE = 16384,
    ANY_SIDE = 10000000, /* no limit; libvips has no larger pictures */
    SIZE_TEXT = 12,
    RECIPE_TEXT = 160
};

/* What is kept of a picture that is cropped to the box. */
enum crop { CROP_NONE, CROP_CENTRE, CROP_ATTENTION };

/* A box that a thumbnail fits into, in pixels. */
struct box {
    int width, height;    /* ANY_SIDE: of any length */
    char text[SIZE_TEXT]; /* the shortest way to write it: "320", "320x200", "320x" or "x200" */
};

struct recipe {
    struct box sizes[MAX_SIZES]; /* the largest one first */
    size_t size_count;
    enum format format;
    int quality; /* 0: the format's own */
    enum crop crop;
    bool keep_damaged;     /* makes thumbnails of damaged pictures too */
    uint64_t max_pixels;   /* of one picture, as its header says */
    uint64_t memory;       /* maximum bytes for all decodes at a time */
    uint64_t resize_limit; /* seconds for all thumbnails of a picture */
};

/*
 * Each reads the value of an option. On failure prints a message and returns false. Sizes are separated by commas, and
 * are added to those of earlier calls.
 */
bool recipe_read_sizes(struct recipe *recipe, const char *text);
bool recipe_read_format(struct recipe *recipe, const char *text);
bool recipe_read_crop(struct recipe *recipe, const char *text);

/* Writes the options that say which thumbnails are made of a picture, after recipe_complete. */
void recipe_show(char text[RECIPE_TEXT], const struct recipe *recipe);

/* Writes that of the format alone: the program with the list for a queue does not know the other ones. */
void recipe_show_format(char text[RECIPE_TEXT], const struct recipe *recipe);

/* Fills in defaults. If the options contradict one another, prints a message and returns false. */
bool recipe_complete(struct recipe *recipe);

#endif /* IMAGE_PIPELINE_RECIPE_H */
