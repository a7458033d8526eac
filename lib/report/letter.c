/*
 * letter.c - Implements UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/letter.h"

/*
 * Returns the number of bytes of the character at `at`; 0 if it is invalid. Never reads past the end of the string:
 * the terminating zero continues no character.
 */
static size_t size_at(const unsigned char *at) {
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    size_t size = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    bool too_long = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xED && at[1] >= 0xA0;
    bool too_great = at[0] == 0xF4 && at[1] >= 0x90;
    return too_long || surrogate || too_great ? 0 : size;
}

static bool is_control(const unsigned char *at) {
    return at[0] < 0x20 || at[0] == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0);
}

bool weir__letter_next(const char **string, weir__letter *letter) {
    const unsigned char *at = (const unsigned char *)*string;
    if (*at == 0)
        return false;
    size_t size = size_at(at);
    if (size == 0)
        *letter = (weir__letter){.bytes = WEIR__STRANGE_LETTER, .size = sizeof WEIR__STRANGE_LETTER - 1};
    else
        *letter = (weir__letter){.bytes = *string, .size = size, .control = is_control(at)};
    *string += size == 0 ? 1 : size;
    return true;
}

bool weir__letter_next_shown(const char **string, weir__letter *letter) {
    if (!weir__letter_next(string, letter))
        return false;
    if (letter->control)
        *letter = (weir__letter){.bytes = WEIR__STRANGE_LETTER, .size = sizeof WEIR__STRANGE_LETTER - 1};
    return true;
}

size_t weir__letter_count(const char *string) {
    weir__letter letter;
    size_t count = 0;
    while (weir__letter_next(&string, &letter))
        count++;
    return count;
}
