/*
 * plan.c - prints the names that a run would use.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "terminal.h"

enum { LINE_SIZE = 4 * PHOTO_LABEL_SIZE };

/* Prints the name of the current thumbnail and the label of its picture. */
static void print_name(const struct photo *photo, const char *label) {
    char line[LINE_SIZE];
    escape_write(line, sizeof line, photo->name);
    printf("%s\t", line);
    escape_write(line, sizeof line, label);
    puts(line);
}

/* Returns whether the photo can become thumbnails. Drops it. */
static bool print_photo(struct photo *photo, const struct recipe *recipe) {
    char label[PHOTO_LABEL_SIZE];
    photo_show(label, sizeof label, photo);
    if (photo->fault != NULL || photo->clash != NULL) {
        terminal_say("%s: %s", label, photo->fault != NULL ? photo->fault : "another picture has the same name");
        photo_drop(photo, NULL);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < recipe->size_count && ok; i++) {
        ok = photo_select(photo, recipe->sizes, recipe->size_count, i);
        if (ok)
            print_name(photo, label);
    }
    photo_drop(photo, NULL);
    return ok;
}

int plan_print(struct source *source, const struct recipe *recipe) {
    bool ok = true;
    struct photo *photo;
    while ((photo = source_next(source)) != NULL)
        ok = print_photo(photo, recipe) && ok;
    bool is_printed = fflush(stdout) == 0 && !ferror(stdout);
    return ok && is_printed && source->is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
