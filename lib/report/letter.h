/*
 * letter.h - Declares a reader of the characters of a string that the program gave, such as a stage's name.
 *
 * The string should be a word in UTF-8, but is unchecked. A byte that is not UTF-8 would make a whole Prometheus page
 * invalid. A control character would take over a terminal.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_LETTER_H
#define WEIR_REPORT_LETTER_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces a character that cannot be shown: U+FFFD. */
#define WEIR__STRANGE_LETTER "\xEF\xBF\xBD"

typedef struct weir__letter {
    const char *bytes; /* always valid UTF-8 */
    size_t size;
    bool control; /* includes line ends and tabs */
} weir__letter;

/*
 * Stores the character at `*string` and moves on. Returns false at the end of the string. A byte that is not UTF-8
 * becomes WEIR__STRANGE_LETTER.
 */
bool weir__letter_next(const char **string, weir__letter *letter);

/* Like weir__letter_next, for people: a control character becomes WEIR__STRANGE_LETTER. */
bool weir__letter_next_shown(const char **string, weir__letter *letter);

/* Returns the number of characters. Each is assumed to be one column wide on a terminal. */
size_t weir__letter_count(const char *string);

#endif /* WEIR_REPORT_LETTER_H */
