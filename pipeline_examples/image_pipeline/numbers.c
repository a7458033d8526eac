/*
 * numbers.c - parses numbers strictly: no sign, no blank, nothing after the digits, nothing out of range.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "numbers.h"

#include <inttypes.h>
#include <string.h>

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

/* Returns the factor for the suffix; 0 if it is none. */
static uint64_t factor_of(char suffix) {
    const char *const suffixes = "KMG", *found = suffix == '\0' ? NULL : strchr(suffixes, suffix);
    return found == NULL ? 0 : UINT64_C(1) << 10 * (found - suffixes + 1);
}

bool numbers_read_bytes(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *number) {
    char digits[24];
    size_t length = strlen(text);
    uint64_t factor = length == 0 ? 0 : factor_of(text[length - 1]), count;
    length -= factor != 0;
    bool ok = length < sizeof digits;
    if (ok) {
        memcpy(digits, text, length);
        digits[length] = '\0';
        factor = factor == 0 ? 1 : factor;
        ok = numbers_read(digits, 0, max / factor, &count) && count * factor >= min;
    }
    if (!ok) {
        terminal_say("%s: '%s' is not a number of bytes from %" PRIu64 " to %" PRIu64 ", such as 512M", option, text,
                     min, max);
        return false;
    }
    *number = count * factor;
    return true;
}
