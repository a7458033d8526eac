/*
 * figure.c - Implements figures, formatted from integers only: printf writes these alike in every locale.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/figure.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* A unit is for figures that are less than `end` when rounded to it. The last unit has the end 0: no limit. */
struct unit {
    uint64_t size, end;
    const char *name;
};

static const struct unit time_units[] = {
    {1, 1000, " ns"}, {1000, 1000, " us"}, {1000 * 1000, 1000, " ms"}, {1000 * 1000 * 1000, 0, " s"}};

/* The values are thousandths per second. Up to 99999/s there is one unit, so that neighbours are easy to compare. */
static const struct unit rate_units[] = {
    {1000, 100000, "/s"}, {UINT64_C(1000000), 1000, " k/s"}, {UINT64_C(1000000000), 0, " M/s"}};

static const struct unit byte_units[] = {{1, 1000, " B"},
                                         {1000, 1000, " kB"},
                                         {UINT64_C(1000000), 1000, " MB"},
                                         {UINT64_C(1000000000), 1000, " GB"},
                                         {UINT64_C(1000000000000), 0, " TB"}};

/* Prints one decimal below 100, unless the unit has the size 1. */
static weir__figure in_units(uint64_t value, const struct unit *unit) {
    weir__figure figure;
    while (unit->end != 0 && value >= unit->size * unit->end - unit->size / 2)
        unit++;
    uint64_t tenths = value / unit->size * 10 + (value % unit->size * 10 + unit->size / 2) / unit->size;
    if (unit->size > 1 && tenths < 1000) {
        snprintf(figure.text, sizeof figure.text, "%" PRIu64 ".%u%s", tenths / 10, (unsigned)(tenths % 10), unit->name);
    } else {
        uint64_t whole = value / unit->size + (value % unit->size >= unit->size - unit->size / 2);
        snprintf(figure.text, sizeof figure.text, "%" PRIu64 "%s", whole, unit->name);
    }
    return figure;
}

weir__figure weir__figure_word(const char *word) {
    weir__figure figure;
    snprintf(figure.text, sizeof figure.text, "%s", word);
    return figure;
}

weir__figure weir__figure_count(uint64_t count) {
    weir__figure figure;
    snprintf(figure.text, sizeof figure.text, "%" PRIu64, count);
    return figure;
}

weir__figure weir__figure_seconds(uint64_t nanoseconds) {
    static const uint64_t second = 1000 * 1000 * 1000;
    weir__figure figure;
    snprintf(figure.text, sizeof figure.text, "%" PRIu64 ".%09" PRIu64, nanoseconds / second, nanoseconds % second);
    return figure;
}

weir__figure weir__figure_whole_seconds(uint64_t seconds) {
    static const uint64_t minute = 60, hour = 60 * 60, day = 24 * 60 * 60;
    weir__figure figure;
    if (seconds < minute)
        snprintf(figure.text, sizeof figure.text, "%u s", (unsigned)seconds);
    else if (seconds < hour)
        snprintf(figure.text, sizeof figure.text, "%u min %02u s", (unsigned)(seconds / minute),
                 (unsigned)(seconds % minute));
    else if (seconds < day)
        snprintf(figure.text, sizeof figure.text, "%u h %02u min", (unsigned)(seconds / hour),
                 (unsigned)(seconds % hour / minute));
    else
        snprintf(figure.text, sizeof figure.text, "%" PRIu64 " d %02u h", seconds / day,
                 (unsigned)(seconds % day / hour));
    return figure;
}

weir__figure weir__figure_time(uint64_t nanoseconds) {
    static const uint64_t second = 1000 * 1000 * 1000;
    if (nanoseconds < 60 * second - second / 20) /* "60.0 s", after rounding, is a minute */
        return in_units(nanoseconds, time_units);
    return weir__figure_whole_seconds(nanoseconds / second + (nanoseconds % second >= second / 2));
}

weir__figure weir__figure_rate(double per_second) {
    double thousandths = per_second * 1000 + 0.5;
    if (!(thousandths >= 1)) /* NaN too */
        return weir__figure_word("0/s");
    return in_units(thousandths < 1e18 ? (uint64_t)thousandths : UINT64_C(1000000000000000000), rate_units);
}

weir__figure weir__figure_bytes(uint64_t bytes) {
    return in_units(bytes, byte_units);
}

weir__figure weir__figure_part(double part) {
    weir__figure figure;
    double percent = part * 100 + 0.5;
    snprintf(figure.text, sizeof figure.text, "%u%%", percent < 100 ? (unsigned)percent : 100);
    return figure;
}

weir__figure weir__figure_share(uint64_t part, double whole) {
    return whole > 0 ? weir__figure_part((double)part / whole) : weir__figure_word("-");
}
