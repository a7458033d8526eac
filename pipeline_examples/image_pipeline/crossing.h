/*
 * crossing.h - what crosses between the program and a child process that decodes.
 *
 * A question is a head and the picture; an answer is a head, the thumbnails, and the text about the damage. The program
 * believes no length of an answer: the decoder may have overwritten it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_CROSSING_H
#define IMAGE_PIPELINE_CROSSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/process.h>

#include "photo.h"
#include "recipe.h"

struct question_head {
    struct recipe recipe;
    uint64_t granted; /* bytes that the decode may take */
};

struct answer_head {
    uint64_t needed; /* more bytes than were granted: there are no thumbnails; else 0 */
    uint64_t notes;
    uint64_t damage; /* bytes of the text */
    uint64_t count;  /* thumbnails */
    uint64_t sizes[MAX_SIZES];
};

/* Writes the question. If there is no room, only the size is set. */
void crossing_ask(weir_process_payload *to, const struct question_head *head, const struct photo *photo);

/* Reads the question. The photo's image lies in it, and is read-only. Returns false if it is none. */
bool crossing_read_question(const void *from, size_t size, struct question_head *head, struct photo *photo);

/* Writes the answer. If there is no room, only the size is set. */
void crossing_answer(weir_process_payload *to, uint64_t needed, const struct photo *photo);

/*
 * Reads the answer: sets the thumbnails, of which there must be `count`, the notes and the damage of the photo, or
 * `*needed`. Returns false, with the photo unchanged or without thumbnails, if it is none or memory is exhausted.
 */
bool crossing_read_answer(const void *from, size_t size, size_t count, struct photo *photo, uint64_t *needed);

#endif /* IMAGE_PIPELINE_CROSSING_H */
