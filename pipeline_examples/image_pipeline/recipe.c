/*
 * recipe.c - reads the options that say what is made of each picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "terminal.h"

/* Reads one side; "" is one of any length. */
static bool read_side(const char *text, size_t length, int *side) {
    char digits[8];
    uint64_t number = ANY_SIDE;
    if (length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (length > 0 && !numbers_read(digits, 1, MAX_SIDE, &number))
        return false;
    *side = (int)number;
    return true;
}

static void write_text(struct box *box) {
    if (box->width == box->height)
        snprintf(box->text, sizeof box->text, "%d", box->width);
    else if (box->height == ANY_SIDE)
        snprintf(box->text, sizeof box->text, "%dx", box->width);
    else if (box->width == ANY_SIDE)
        snprintf(box->text, sizeof box->text, "x%d", box->height);
    else
        snprintf(box->text, sizeof box->text, "%dx%d", box->width, box->height);
}

/* Reads "320", "320x200", "320x" or "x200". */
static bool read_box(const char *text, size_t length, struct box *box) {
    const char *cross = memchr(text, 'x', length);
    size_t width = cross == NULL ? length : (size_t)(cross - text);
    bool ok = length > 0 && read_side(text, width, &box->width);
    if (cross == NULL)
        box->height = ok ? box->width : 0;
    else
        ok = ok && length > 1 && read_side(cross + 1, length - width - 1, &box->height);
    if (ok)
        write_text(box);
    return ok;
}

static uint64_t area(const struct box *box) {
    uint64_t width = (uint64_t)box->width, height = (uint64_t)box->height;
    if (box->width == ANY_SIDE || box->height == ANY_SIDE)
        return width < height ? width * width : height * height;
    return width * height;
}

/* Adds a box behind those that are as large. Returns false after a message. */
static bool add(struct recipe *recipe, const struct box *box) {
    size_t place = recipe->size_count;
    for (size_t i = 0; i < recipe->size_count; i++) {
        if (strcmp(recipe->sizes[i].text, box->text) == 0) {
            terminal_say("--size: %s is given twice", box->text);
            return false;
        }
    }
    if (recipe->size_count == MAX_SIZES) {
        terminal_say("--size: more than %d sizes", MAX_SIZES);
        return false;
    }
    for (; place > 0 && area(&recipe->sizes[place - 1]) < area(box); place--)
        recipe->sizes[place] = recipe->sizes[place - 1];
    recipe->sizes[place] = *box;
    recipe->size_count++;
    return true;
}

bool recipe_read_sizes(struct recipe *recipe, const char *text) {
    for (const char *size = text;; size++) {
        size_t length = strcspn(size, ",");
        struct box box;
        if (!read_box(size, length, &box)) {
            terminal_say("--size: '%.*s' is not a size such as 320, 320x200, 320x or x200, with sides from 1 to %d",
                         (int)(length < 64 ? length : 64), size, MAX_SIDE);
            return false;
        }
        if (!add(recipe, &box))
            return false;
        size += length;
        if (*size == '\0')
            return true;
    }
}

bool recipe_read_format(struct recipe *recipe, const char *text) {
    if (format_find(text, &recipe->format))
        return true;
    terminal_say("--format: '%s' is not jpeg, webp, png or avif", text);
    return false;
}

bool recipe_read_crop(struct recipe *recipe, const char *text) {
    recipe->crop = strcmp(text, "centre") == 0      ? CROP_CENTRE
                   : strcmp(text, "attention") == 0 ? CROP_ATTENTION
                                                    : CROP_NONE;
    if (recipe->crop == CROP_NONE)
        terminal_say("--crop: '%s' is neither centre nor attention", text);
    return recipe->crop != CROP_NONE;
}

/* Returns a size that cannot be cropped to; NULL if there is none. */
static const struct box *open_box(const struct recipe *recipe) {
    for (size_t i = 0; i < recipe->size_count; i++) {
        if (recipe->sizes[i].width == ANY_SIDE || recipe->sizes[i].height == ANY_SIDE)
            return &recipe->sizes[i];
    }
    return NULL;
}

void recipe_show(char text[RECIPE_TEXT], const struct recipe *recipe) {
    static const char *const crops[] = {
        [CROP_NONE] = "", [CROP_CENTRE] = " --crop centre", [CROP_ATTENTION] = " --crop attention"};
    int used = snprintf(text, RECIPE_TEXT, "-s ");
    for (size_t i = 0; i < recipe->size_count; i++)
        used += snprintf(text + used, (size_t)(RECIPE_TEXT - used), "%s%s", i > 0 ? "," : "", recipe->sizes[i].text);
    used += snprintf(text + used, (size_t)(RECIPE_TEXT - used), "%s -f %s", crops[recipe->crop],
                     format_name(recipe->format));
    if (recipe->quality != 0)
        snprintf(text + used, (size_t)(RECIPE_TEXT - used), " -q %d", recipe->quality);
}

void recipe_show_format(char text[RECIPE_TEXT], const struct recipe *recipe) {
    snprintf(text, RECIPE_TEXT, "-f %s", format_name(recipe->format));
}

bool recipe_complete(struct recipe *recipe) {
    if (recipe->size_count == 0)
        recipe_read_sizes(recipe, "320");
    if (recipe->crop != CROP_NONE && open_box(recipe) != NULL) {
        terminal_say("--crop needs a width and a height, and --size is %s", open_box(recipe)->text);
        return false;
    }
    if (recipe->quality != 0 && format_quality(recipe->format) == 0) {
        terminal_say("--quality: %s has no quality", format_title(recipe->format));
        return false;
    }
    if (recipe->quality == 0)
        recipe->quality = format_quality(recipe->format);
    return true;
}
