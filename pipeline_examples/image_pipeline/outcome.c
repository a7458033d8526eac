/*
 * outcome.c - a line of fields with tabs between them, and the lines of the report behind it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "numbers.h"
#include "queue.h"

static const char first_field[] = "weir-thumbs outcome 1";

/* A reason comes from elsewhere: replaces what would end its field or its line. */
static void make_plain(char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            *text = ' ';
    }
}

char *outcome_write(const struct outcome *outcome) {
    enum { NUMBERS = 128 };
    size_t head =
               sizeof first_field + strlen(outcome->run) + strlen(outcome->status) + strlen(outcome->stage) + NUMBERS,
           reason = strlen(outcome->reason) + 1, lines = strlen(outcome->lines) + 1;
    char *text = malloc(head + reason + lines);
    if (text == NULL)
        return NULL;
    int used = snprintf(text, head, "%s\t%s\t%zu\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", first_field,
                        outcome->run, outcome->index, outcome->status, outcome->stage, outcome->retries,
                        outcome->bytes_in, outcome->bytes_out);
    char *end = text + used;
    memcpy(end, outcome->reason, reason);
    make_plain(end);
    end += reason - 1;
    *end++ = '\n';
    memcpy(end, outcome->lines, lines);
    return text;
}

bool outcome_read(struct outcome *outcome, char *text) {
    enum { FIRST, RUN, INDEX, STATUS, STAGE, RETRIES, IN, OUT, REASON, FIELDS };
    const char *fields[FIELDS];
    uint64_t index;
    char *lines = strchr(text, '\n');
    if (lines == NULL)
        return false;
    *lines++ = '\0';
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = entry_field(&text);
        if (fields[i] == NULL)
            return false;
    }
    *outcome = (struct outcome){
        .run = fields[RUN], .status = fields[STATUS], .stage = fields[STAGE], .reason = fields[REASON], .lines = lines};
    if (strcmp(fields[FIRST], first_field) != 0 || !numbers_read(fields[INDEX], 0, SIZE_MAX, &index) ||
        !numbers_read(fields[RETRIES], 0, UINT64_MAX, &outcome->retries) ||
        !numbers_read(fields[IN], 0, UINT64_MAX, &outcome->bytes_in) ||
        !numbers_read(fields[OUT], 0, UINT64_MAX, &outcome->bytes_out))
        return false;
    outcome->index = (size_t)index;
    return true;
}

static uint64_t thumbnail_bytes(const struct photo *photo) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < photo->thumbnail_count; i++)
        bytes += photo->thumbnails[i].size;
    return bytes;
}

void outcome_tell(struct photo *photo, const struct report_line *line) {
    struct delivery *delivery = photo->delivery;
    if (delivery == NULL)
        return;
    photo->delivery = NULL;
    bool is_done = strcmp(line->status, "done") == 0;
    delivery_end(delivery, &(struct outcome){.status = line->status,
                                             .stage = line->stage,
                                             .reason = line->reason,
                                             .retries = photo->retries,
                                             .bytes_in = photo->bytes_in,
                                             .bytes_out = is_done ? thumbnail_bytes(photo) : 0});
}
