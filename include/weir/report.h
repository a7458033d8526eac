/*
 * weir/report.h - what a pipeline has done and is doing, at one instant.
 *
 * weir_pipeline_report and weir_pipeline_finish (weir/pipeline.h) make a report. It is a copy: it does not change any
 * more, it outlives its pipeline, and any thread may read it.
 *
 *     weir_report *report;
 *     if (weir_pipeline_report(pipeline, &report) == WEIR_OK) {
 *         weir_report_print(report, WEIR_TABLE, stderr);
 *         weir_report_free(report);
 *     }
 *
 * What holds in each report, for every stage and for the whole:
 *
 *     in = done + failed + dead + dropped + live
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/export.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where items have gone. Items. */
typedef struct weir_counts {
    uint64_t in;      /* that have come */
    uint64_t done;    /* dealt with */
    uint64_t failed;  /* given up after their last attempt, or lost on their way; given to the drop function */
    uint64_t dead;    /* given up after their last attempt, and put to the dead letters */
    uint64_t dropped; /* given to the drop function because the pipeline was cancelled, and for no other reason */
    uint64_t live;    /* none of these yet */
} weir_counts;

/* One stage. Times are nanoseconds; those of its threads are added up. */
typedef struct weir_stage_report {
    const char *name;
    weir_counts counts;          /* of a source: `in` is what it has produced, and the calls of it that failed */
    uint64_t retried;            /* attempts beyond an item's first */
    uint64_t overdue;            /* attempts that took, or are taking, longer than the stage's attempt_time */
    size_t threads;              /* that it was declared with */
    size_t running;              /* threads that work now: neither starved nor blocked */
    size_t capacity;             /* of the queue in front of it; SIZE_MAX: no bound; of a source: 0 */
    size_t depth;                /* items in that queue now */
    size_t peak;                 /* the most that was seen there; the queue is looked at now and then */
    uint64_t busy;               /* time neither starved nor blocked */
    uint64_t starved;            /* time asleep for want of an item */
    uint64_t blocked;            /* waiting for room, for a letter too, for the rate, or, in a source, for a limit */
    uint64_t timed_calls;        /* that the four latencies are taken from: each slow call, some of the quick ones */
    uint64_t p50, p90, p99, max; /* of a call; the first three up to 7% too high, from 36 minutes on more */
    double rate;                 /* items done per second since the start */
} weir_stage_report;

/* A connection: the stages' places in the report. */
typedef struct weir_edge {
    size_t from, to;
} weir_edge;

/* One error of a stage's function. */
typedef struct weir_error {
    const char *stage;   /* its name */
    int code;            /* what the function returned; below 0: minus a weir_status, from weir itself */
    const char *message; /* of weir_task_fail; "" if it gave none */
    unsigned attempts;   /* that were made at the item */
    uint64_t at;         /* ns after the start */
    bool fatal;          /* it has ended the run, which is WEIR_FAILED */
} weir_error;

/* Where a thread is that is late. */
typedef enum weir_place {
    WEIR_IN_FUNCTION = 0, /* func, run, run_batch or source */
    WEIR_IN_DROP = 1,     /* a drop function */
    WEIR_IN_FINI = 2,
    WEIR_IN_CALLBACK = 3, /* another function of the user's: key, route, copy, weigh or when */
    WEIR_IN_STREAM = 4,   /* it writes the trace or the view */
    WEIR_AT_EXIT = 5      /* past all of these: in the destructors of thread-specific data */
} weir_place;

/* A thread that is inside a function for too long: beyond the attempt_time, or after the end. */
typedef struct weir_late_worker {
    const char *stage; /* of the worker, or of the function; "": the pipeline's own */
    size_t number;     /* of the worker in its stage, from 0; the thread is named "stage-number"; SIZE_MAX: no worker */
    uint64_t since;    /* ns before the report */
    bool stuck;        /* the pipeline is to be over, and it has not come back */
    weir_place where;
} weir_late_worker;

typedef enum weir_run_state {
    WEIR_RUN_READY = 0,    /* not started */
    WEIR_RUN_RUNNING = 1,  /* items may come */
    WEIR_RUN_DRAINING = 2, /* weir_pipeline_finish was called */
    WEIR_RUN_CANCELLED = 3,
    WEIR_RUN_OVER = 4 /* no thread is left */
} weir_run_state;

typedef struct weir_report {
    const char *name; /* of the pipeline; "" if it has none */
    weir_run_state state;
    weir_status outcome; /* what finish returns once all is over, or a failed start; WEIR_OK until something is wrong */
    int signal;          /* that has begun the end, by weir_pipeline_end_on; 0: none */
    uint64_t elapsed;    /* ns from the start until now, or until it was over */
    weir_counts counts;  /* of what came from outside and from sources, however many items it became on its way */
    uint64_t retried;    /* by all stages */
    uint64_t bytes;      /* in flight now, by the weigh function */
    uint64_t max_bytes;  /* the budget; 0: none */
    uint64_t max_items;  /* 0: none */
    size_t stage_count;
    const weir_stage_report *stages; /* in the order in which they were added */
    size_t edge_count;
    const weir_edge *edges;
    uint64_t error_count;     /* errors so far, those that led to a retry included */
    size_t kept_errors;       /* how many of them are here: the first ones, and the fatal one */
    const weir_error *errors; /* the fatal one first, if there is one; the others in the order of `at` */
    size_t late_count;
    const weir_late_worker *late;
    const weir_stage_report *bottleneck; /* the one of the stages whose threads are busiest; NULL: none was busy */
} weir_report;

typedef enum weir_report_format {
    WEIR_TABLE = 0,      /* for people */
    WEIR_PROMETHEUS = 1, /* Prometheus text exposition format 0.0.4 */
    WEIR_DOT = 2         /* a graph for Graphviz, with the figures in it */
} weir_report_format;

/*
 * Writes the report to `stream`, which stays the caller's, and flushes it, in the calling thread. Blocks as the stream
 * does, and is no cancellation point all the same. A name is escaped as the format wants it.
 *
 * WEIR_OK; WEIR_INVALID: NULL, or no such format; WEIR_CLOSED: the stream took not all of it.
 */
WEIR_API weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream);

/*
 * Writes several reports to `stream`, as weir_report_print does one. With WEIR_PROMETHEUS they are one page: each metric
 * has its comments once, and the label "pipeline" distinguishes the samples. If pipelines have the same name, the second
 * one of them in the array has the label number="2" too, the third one number="3". In the other formats the reports
 * stand one after the other, with an empty line in between. The array and the reports stay the caller's. With a count of
 * 0 nothing is written, and `reports` may be NULL.
 *
 * WEIR_OK; WEIR_INVALID: NULL, or no such format; WEIR_NOMEM: nothing was written; WEIR_CLOSED: the stream took not all
 * of it.
 */
WEIR_API weir_status weir_report_print_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                            FILE *stream);

/* Frees the report and all that it points to. NULL does nothing. */
WEIR_API void weir_report_free(weir_report *report);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_REPORT_H */
