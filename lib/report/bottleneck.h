/*
 * bottleneck.h - Declares how the bottleneck of a pipeline is found and named.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_BOTTLENECK_H
#define WEIR_REPORT_BOTTLENECK_H

#include <weir/report.h>

/* Times of a stage that its report does not have, in ns. All but the last are parts of its blocked time. */
typedef struct weir__strain {
    uint64_t rate;       /* waits for the stage's rate */
    uint64_t calls;      /* waits in calls that its function has made, and the back-off of a source */
    uint64_t results;    /* waits for room in the results queue */
    uint64_t letters;    /* waits for room in the dead-letter queue */
    uint64_t operations; /* waits for an operation to end */
    uint64_t keys;       /* time in which items waited for their keys */
} weir__strain;

/* The same of a pipeline. */
typedef struct weir__strains {
    const weir__strain *stages;        /* one for each stage of the report */
    const weir_stage_report *entrance; /* stage to which items are put; NULL: none */
    uint64_t paused;                   /* time in which the entrance was paused */
    uint64_t items, bytes;             /* time in which callers waited for max_items, and for max_bytes */
    size_t seats;                      /* of the crew; 0: no stage is on one */
} weir__strains;

/* Sets the members of the draft that begin with `bottleneck`. All others are set. */
void weir__report_find_bottleneck(weir_report *draft, const weir__strains *strains);

/* Words for a bottleneck: `name`, the name of its stage, `reason`, its share of the time, " of the time". */
typedef struct weir__bottleneck_words {
    const char *name, *reason;
    bool has_share; /* false: the reason is the end */
} weir__bottleneck_words;

weir__bottleneck_words weir__report_words(const weir_report *report);

#endif /* WEIR_REPORT_BOTTLENECK_H */
