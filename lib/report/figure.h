/*
 * figure.h - numbers as text: for people with a unit that suits them, for programs in full. The locale has no say in
 * it, as a decimal comma would make other numbers of them for a program that reads them.
 *
 * A figure is a value, so that it can stand where it is printed: printf("%s", weir__figure_time(ns).text).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_FIGURE_H
#define WEIR_REPORT_FIGURE_H

#include <stdint.h>

typedef struct weir__figure {
    char text[32];
} weir__figure;

/* A figure that is a word. */
weir__figure weir__figure_word(const char *word);

/* "1234" */
weir__figure weir__figure_count(uint64_t count);

/* Nanoseconds as seconds, in full: "1.200000000". */
weir__figure weir__figure_seconds(uint64_t nanoseconds);

/* Nanoseconds for people: "870 ns", "1.2 us", "31.0 s", "1 min 02 s", "1 h 02 min", "3 d 04 h". */
weir__figure weir__figure_time(uint64_t nanoseconds);

/* Seconds in the same way, but none smaller: "24 s". */
weir__figure weir__figure_whole_seconds(uint64_t seconds);

/* "0/s", "2.8/s", "283/s", "283 k/s" */
weir__figure weir__figure_rate(double per_second);

/* "512 B", "1.2 MB" */
weir__figure weir__figure_bytes(uint64_t bytes);

/* What share of the whole a part is: "97%"; "-": there is no whole. */
weir__figure weir__figure_share(uint64_t part, double whole);

#endif /* WEIR_REPORT_FIGURE_H */
