/*
 * letter.h - the characters of a string that the program gave, such as a stage's name. It should be UTF-8 and a word,
 * but nobody has looked: a byte that is no UTF-8 would make a whole Prometheus page invalid, and a control character
 * would take a terminal over.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_LETTER_H
#define WEIR_REPORT_LETTER_H

#include <stdbool.h>
#include <stddef.h>

/* What stands for a character that cannot be shown: U+FFFD. */
#define WEIR__STRANGE_LETTER "\xEF\xBF\xBD"

typedef struct weir__letter {
    const char *bytes; /* always valid UTF-8 */
    size_t size;
    bool control; /* line ends and tabs are too */
} weir__letter;

/* Hands out the character at *string and moves on; false: the string is at its end. */
bool weir__letter_next(const char **string, weir__letter *letter);

/* The same for people: what stands for a control character is WEIR__STRANGE_LETTER. */
bool weir__letter_next_shown(const char **string, weir__letter *letter);

/* How many there are. On a terminal each is taken to be one column wide. */
size_t weir__letter_count(const char *string);

#endif /* WEIR_REPORT_LETTER_H */
