/*
 * figure.h - Declares figures: numbers as text, with a suitable unit for people, and in full for programs.
 *
 * The locale has no effect: a decimal comma would change a figure for a program that reads it.
 *
 * A figure is a value, so that it can be printed in place: printf("%s", weir__figure_time(ns).text).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_FIGURE_H
#define WEIR_REPORT_FIGURE_H

#include <stdint.h>

typedef struct weir__figure {
    char text[32];
} weir__figure;

/* Returns a word as a figure. */
weir__figure weir__figure_word(const char *word);

/* Returns a count: "1234". */
weir__figure weir__figure_count(uint64_t count);

/* Returns nanoseconds as seconds, in full: "1.200000000". */
weir__figure weir__figure_seconds(uint64_t nanoseconds);

/* Returns nanoseconds for people: "870 ns", "1.2 us", "31.0 s", "1 min 02 s", "1 h 02 min", "3 d 04 h". */
weir__figure weir__figure_time(uint64_t nanoseconds);

/* Returns seconds for people, without smaller units: "24 s". */
weir__figure weir__figure_whole_seconds(uint64_t seconds);

/* Returns a rate: "0/s", "2.8/s", "283/s", "283 k/s". */
weir__figure weir__figure_rate(double per_second);

/* Returns a number of bytes: "512 B", "1.2 MB". */
weir__figure weir__figure_bytes(uint64_t bytes);

/* Returns a share, from 0 to 1, as "12%". */
weir__figure weir__figure_part(double part);

/* Returns the part as a share of the whole, at most "100%"; "-" if the whole is not above 0. */
weir__figure weir__figure_share(uint64_t part, double whole);

#endif /* WEIR_REPORT_FIGURE_H */
