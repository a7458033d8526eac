/*
 * entry.c - fields with tabs between them. Neither a URL of the list nor any field but the last one has a tab. Version
 * 1 had no failures and no retries.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "entry.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

static const char first_field[] = "weir-thumbs entry 2", old_first_field[] = "weir-thumbs entry 1";

char *entry_write(const struct entry *entry) {
    const char *name = entry->given_name == NULL ? "" : entry->given_name, *tab = *name == '\0' ? "" : "\t";
    enum { NUMBERS = 96 };
    size_t size = sizeof first_field + strlen(entry->run) + NUMBERS + strlen(entry->url) + strlen(name);
    char *text = malloc(size);
    if (text != NULL)
        snprintf(text, size, "%s\t%s\t%zu\t%zu\t%s\t%u\t%u\t%s%s%s", first_field, entry->run, entry->index,
                 entry->number, entry->has_long_name ? "long" : "short", entry->failures, entry->retries, entry->url,
                 tab, name);
    return text;
}

char *entry_field(char **text) {
    char *field = *text;
    if (field == NULL)
        return NULL;
    size_t length = strcspn(field, "\t");
    *text = field[length] == '\0' ? NULL : field + length + 1;
    field[length] = '\0';
    return field;
}

bool entry_read(struct entry *entry, char *text) {
    enum { FIRST, RUN, INDEX, NUMBER, NAMES, FAILURES, RETRIES, URL, FIELDS };
    const char *fields[FIELDS];
    uint64_t index, number, failures, retries;
    bool is_old = strncmp(text, old_first_field, strlen(old_first_field)) == 0;
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = is_old && (i == FAILURES || i == RETRIES) ? "0" : entry_field(&text);
        if (fields[i] == NULL)
            return false;
    }
    if (strcmp(fields[FIRST], is_old ? old_first_field : first_field) != 0 ||
        !numbers_read(fields[INDEX], 0, SIZE_MAX, &index) || !numbers_read(fields[NUMBER], 0, SIZE_MAX, &number) ||
        !numbers_read(fields[FAILURES], 0, UINT_MAX, &failures) ||
        !numbers_read(fields[RETRIES], 0, UINT_MAX, &retries))
        return false;
    *entry = (struct entry){.run = fields[RUN],
                            .index = (size_t)index,
                            .number = (size_t)number,
                            .has_long_name = strcmp(fields[NAMES], "long") == 0,
                            .failures = (unsigned)failures,
                            .retries = (unsigned)retries,
                            .url = fields[URL],
                            .given_name = text};
    return true;
}
