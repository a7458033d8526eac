/*
 * numbers.c - parses numbers strictly: no sign, no blank, nothing after the digits, nothing out of range.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "numbers.h"

#include <inttypes.h>

#include "terminal.h"

bool numbers_read(const char *text, uint64_t min, uint64_t max, uint64_t *number) {
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return value >= min;
}

bool numbers_read_option(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *number) {
    if (numbers_read(text, min, max, number))
        return true;
    terminal_say("%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, option, text, min, max);
    return false;
}
