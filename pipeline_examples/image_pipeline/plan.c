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

/* Returns whether the photo can become a thumbnail. */
static bool print_photo(const struct photo *photo) {
    char label[PHOTO_LABEL_SIZE], line[LINE_SIZE];
    photo_show(label, sizeof label, photo);
    if (photo->fault != NULL || photo->clash != NULL) {
        terminal_say("%s: %s", label, photo->fault != NULL ? photo->fault : "another picture has the same name");
        return false;
    }
    escape_write(line, sizeof line, photo->name);
    printf("%s\t", line);
    escape_write(line, sizeof line, label);
    puts(line);
    return true;
}

int plan_print(struct source *source) {
    bool ok = true;
    const struct photo *photo;
    while ((photo = source_next(source)) != NULL)
        ok = print_photo(photo) && ok;
    bool is_printed = fflush(stdout) == 0 && !ferror(stdout);
    return ok && is_printed && source->is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
