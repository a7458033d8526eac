/*
 * weir/report.h - the state and figures of a pipeline at one instant.
 *
 * weir_pipeline_report and weir_pipeline_finish (weir/pipeline.h) make a report. A report is a copy that never
 * changes: it outlives its pipeline, and any thread may read it.
 *
 *     weir_report *report;
 *     if (weir_pipeline_report(pipeline, &report) == WEIR_OK) {
 *         weir_report_print(report, WEIR_TABLE, stderr);
 *         weir_report_free(report);
 *     }
 *
 * In every report, for each stage and for the whole pipeline:
 *
 *     in = done + failed + dead + dropped + live
 *
 * All counts, times, rates and percentiles, and the bottleneck, are since the start of the run. For the figures of an
 * interval, subtract the counts and times of two reports. `done` divided by `elapsed` is then the rate, and `busy` divided
 * by `done` the mean time of an item in the stage. Percentiles of two reports have no difference.
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

/* Numbers of items, by what became of them. */
typedef struct weir_counts {
    uint64_t in;      /* items that have entered */
    uint64_t done;    /* completed */
    uint64_t failed;  /* given up after the last attempt, or lost on the way; goes to a drop function if unconsumed */
    uint64_t dead;    /* given up after the last attempt, and put to the dead-letter queue */
    uint64_t dropped; /* passed to a drop function only because the pipeline was cancelled */
    uint64_t live;    /* none of these yet */
} weir_counts;

/*
 * Numbers of child processes of a stage (weir/process.h), by what became of them. The other children are in `started`
 * alone: those that run, and those that a cancel, the end of the stage, a failed init, an answer without sense or a closed
 * channel has ended. So is a child with an exit status that another part of the program has taken. A thread's children are
 * counted with its next item: those that have had none are missing.
 */
typedef struct weir_child_counts {
    uint64_t started;  /* as often as a child was started */
    uint64_t signal;   /* ended by a signal that was not weir's, as in a crash */
    uint64_t exit;     /* ended by an exit that was not asked for */
    uint64_t limit;    /* ended by SIGXCPU or SIGXFSZ: a limit of weir_process.limits */
    uint64_t late;     /* killed at the deadline of an attempt */
    uint64_t replaced; /* ended after weir_process.most_items answers */
} weir_child_counts;

/* Why the number of threads of an elastic stage has last changed. */
typedef enum weir_thread_change {
    WEIR_THREADS_STARTED = 0, /* it has not changed since the start */
    WEIR_THREADS_GREW = 1,    /* more threads: items waited, and no thread was idle */
    WEIR_THREADS_NO_GAIN = 2, /* fewer threads: the last ones did not raise the throughput */
    WEIR_THREADS_IDLE = 3,    /* fewer threads: threads were waiting for items */
    WEIR_THREADS_BLOCKED = 4, /* fewer threads: threads were waiting for room or for the rate */
    WEIR_THREADS_SET = 5      /* more or fewer: weir_pipeline_set_threads has set other limits */
} weir_thread_change;

/* One stage. Times are in nanoseconds and summed over its threads; on the crew, over its calls at once (width). */
typedef struct weir_stage_report {
    const char *name;   /* of the stage */
    weir_counts counts; /* of a source, `in` counts the items it produced and its failed calls */
    uint64_t retried;   /* attempts after an item's first; of a source, calls after a failed one */
    uint64_t overdue;   /* attempts, finished or in progress, that exceed the stage's attempt_time */
    size_t threads;     /* threads now; declared threads, unless the stage is elastic; on the crew its width */
    size_t max_threads; /* maximum number of threads now; equals `threads`, unless the stage is elastic; below `threads`
                           while threads must leave */
    weir_thread_change change;   /* cause of the last change of `threads` */
    uint64_t changed;            /* ns from the start to that change; 0: it has not changed */
    size_t running;              /* threads now at work: neither starved nor blocked; on the crew, calls */
    size_t capacity;             /* of the input queue; SIZE_MAX if unbounded, 0 for a source, which has none */
    size_t depth;                /* items now in the input queue */
    size_t peak;                 /* greatest depth seen; the queue is sampled */
    size_t waiting;              /* items now that are finished, and wait to leave behind earlier ones (ordered); of
                                    stages that restore order once, the last one tells those of all */
    size_t backing_off;          /* items now that wait for their next attempt (retry.backoff, weir_task_retry_after) */
    uint64_t busy;               /* neither starved nor blocked nor paused */
    uint64_t starved;            /* asleep for lack of items */
    uint64_t blocked;            /* waiting for room (dead letters too), the rate, a source's limit or back-off, and in
                                    calls of weir that the function makes */
    uint64_t timed_calls;        /* calls in the latencies; of quick calls some are timed, each counts for several */
    uint64_t p50, p90, p99, max; /* of a call, not blocked, and without its operation; all percentiles up to 7% too
                                    high, above 35 minutes more */
    double rate;                 /* items done per second since the start */
    double limit;         /* maximum calls per second, as set by the options or weir_pipeline_set_rate; 0: none */
    bool on_crew;         /* the stage has no threads of its own */
    bool blocks;          /* on the crew: calls have been seen to sleep; stays; the stage should have threads */
    bool paused;          /* weir_pipeline_pause has paused the stage */
    uint64_t paused_time; /* waiting for a resume of the stage, or of the entrance in a source's emit */
    size_t in_flight;     /* maximum calls and operations at a time (limits.in_flight); 0: no operations */
    size_t detached;      /* operations now: items that were detached, and are not finished (weir/operation.h) */
    size_t detached_peak; /* greatest number of operations at a time */
    uint64_t operations;  /* operations that a call has finished, whatever their code, and not the function itself */
    uint64_t operation_p50, operation_p90, operation_p99, operation_max; /* of these, from the begin of the function to
                                                                            the finish, without its blocked time if it
                                                                            has returned before */
    uint64_t stalls;            /* calls that held the thread of a stage with work.wait up for errors.stall_time */
    uint64_t longest_stall;     /* ns for which the longest of them did, so far */
    bool stall_computes;        /* it computed; otherwise it slept */
    int stall_call;             /* in this system call; -1: none, or unknown */
    weir_child_counts children; /* of a stage in child processes */
} weir_stage_report;

/* What the throughput of the pipeline depends on. */
typedef enum weir_bottleneck {
    WEIR_BOTTLENECK_NONE = 0,    /* nothing: the pipeline is idle */
    WEIR_BOTTLENECK_STAGE = 1,   /* a stage: its threads are busy; more of them, or quicker calls, help */
    WEIR_BOTTLENECK_CALLS = 2,   /* a stage: its function waits in calls of weir, such as for a future or a queue */
    WEIR_BOTTLENECK_INPUT = 3,   /* the input: a source is at work or waits in its calls; or items are put too slowly */
    WEIR_BOTTLENECK_RATE = 4,    /* the rate of a stage */
    WEIR_BOTTLENECK_KEYS = 5,    /* the limit per_key of a stage: threads are starved while items wait for their keys */
    WEIR_BOTTLENECK_RESULTS = 6, /* the results queue of a stage: its reader is too slow */
    WEIR_BOTTLENECK_LETTERS = 7, /* the dead-letter queue of a stage: its reader is too slow */
    WEIR_BOTTLENECK_BYTES = 8,   /* max_bytes of the pipeline, although no stage is always busy */
    WEIR_BOTTLENECK_ITEMS = 9,   /* max_items of the pipeline, although no stage is always busy */
    WEIR_BOTTLENECK_PAUSED = 10, /* a stage that was paused; without a stage, the entrance */
    WEIR_BOTTLENECK_OPERATIONS = 11 /* in_flight of a stage: its threads wait for an operation to end */
} weir_bottleneck;

/* A connection between two stages, as indexes into `stages` of the report. */
typedef struct weir_edge {
    size_t from, to; /* index of the stage that sends, and of the one that receives */
    bool dead;       /* the dead letters of `from` go to `to` (weir_pipeline_connect_dead), not its results */
} weir_edge;

/* One error of a stage. */
typedef struct weir_error {
    const char *stage;   /* name of the stage */
    int code;            /* returned by the function; WEIR_CODE(status) if from weir itself */
    const char *message; /* from weir_task_fail or weir; "" if none */
    unsigned attempts;   /* attempts made at the item */
    uint64_t at;         /* ns after the start */
    bool fatal;          /* this error ended the run, with WEIR_FAILED */
} weir_error;

/* Where a late thread is. */
typedef enum weir_place {
    WEIR_IN_FUNCTION = 0, /* func, run, run_batch or source */
    WEIR_IN_DROP = 1,     /* a drop function */
    WEIR_IN_FINI = 2,     /* the fini of a thread */
    WEIR_IN_CALLBACK = 3, /* another function: key, route, copy, weigh, when, or init of an added thread */
    WEIR_IN_STREAM = 4,   /* writing the trace or the view */
    WEIR_AT_EXIT = 5,     /* after all of these, in the destructors of thread-specific data */
    WEIR_IN_OPERATION = 6 /* in no function: an operation (weir/operation.h) is not finished */
} weir_place;

/*
 * A thread that has been in a function for too long: beyond the attempt_time, or after the end. Or the oldest operation
 * of a stage, in no thread.
 */
typedef struct weir_late_worker {
    const char *stage; /* of the worker or of the function; "" if the function is the pipeline's */
    size_t number;     /* of the worker in its stage, from 0, as in its name "stage-number"; SIZE_MAX: no worker */
    uint64_t since;    /* ns from entering the function to the report */
    bool stuck;        /* the thread should have ended, and has not returned */
    weir_place where;  /* the function that it is in */
} weir_late_worker;

/* The state of a run. */
typedef enum weir_run_state {
    WEIR_RUN_READY = 0,     /* not started */
    WEIR_RUN_RUNNING = 1,   /* items may be put */
    WEIR_RUN_DRAINING = 2,  /* weir_pipeline_finish was called, or a signal began the end */
    WEIR_RUN_CANCELLED = 3, /* the run was cancelled; its workers are ending */
    WEIR_RUN_OVER = 4       /* all workers have ended */
} weir_run_state;

/* The report of a pipeline. */
typedef struct weir_report {
    const char *name;     /* of the pipeline; "" if it has none */
    weir_run_state state; /* of the run */
    weir_status outcome;  /* what finish returns at the end, or what start returned; WEIR_OK until something fails */
    int signal;           /* the signal that began the end, by weir_pipeline_end_on; 0: none */
    uint64_t elapsed;     /* ns from the start to the report, or to the end of the run */
    weir_counts counts;   /* root items: those put and those produced by sources, each counted once */
    uint64_t retried;     /* by all stages */
    uint64_t bytes;       /* in flight, by the weigh function */
    uint64_t max_bytes;   /* the limit; 0: none */
    uint64_t max_items;   /* the limit; 0: none */
    size_t stage_count;   /* number of `stages` */
    const weir_stage_report *stages;     /* in the order in which they were added */
    size_t edge_count;                   /* number of `edges` */
    const weir_edge *edges;              /* the connections between them */
    uint64_t error_count;                /* all errors so far, including those that led to a retry */
    size_t kept_errors;                  /* number of `errors`: the first ones, and the fatal one */
    const weir_error *errors;            /* the fatal one first, if any; the others in the order of `at` */
    size_t latest_count;                 /* number of `latest`: at most 16 */
    const weir_error *latest;            /* the latest errors, without those in `errors`, in the order of `at` */
    size_t late_count;                   /* number of `late` */
    const weir_late_worker *late;        /* the threads that are late */
    weir_bottleneck bottleneck_kind;     /* on average since the start */
    const weir_stage_report *bottleneck; /* its stage; NULL: it is of the whole pipeline, or there is none */
    double bottleneck_share;             /* share of the time, 0 to 1, for which the kind says that */
    bool paused;                         /* weir_pipeline_pause has paused the entrance */
} weir_report;

/* What a report is written as. */
typedef enum weir_report_format {
    WEIR_TABLE = 0,      /* human-readable */
    WEIR_PROMETHEUS = 1, /* Prometheus text exposition format 0.0.4 */
    WEIR_DOT = 2         /* Graphviz graph, with the figures */
} weir_report_format;

/*
 * Writes the report to `stream`, in the calling thread, then flushes the stream. The stream remains the caller's.
 * Blocks while the stream blocks, but is not a cancellation point. Names are escaped as the format requires.
 *
 * Returns WEIR_OK. WEIR_INVALID if an argument is NULL or `format` is unknown. WEIR_CLOSED if the stream did not take
 * all of the output.
 */
WEIR_API weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream);

/*
 * Writes several reports to `stream`, each like weir_report_print. With WEIR_PROMETHEUS they form one page: the
 * comments of each metric appear once, and the label "pipeline" distinguishes the samples. If pipelines have the same
 * name, the second of them in the array also has the label number="2", the third number="3". In the other formats, an
 * empty line separates the reports. The array and the reports remain the caller's. If `count` is 0, nothing is
 * written, and `reports` may be NULL.
 *
 * Returns WEIR_OK. WEIR_INVALID if an argument or a report is NULL or `format` is unknown. WEIR_NOMEM if memory ran
 * out; nothing was written then. WEIR_CLOSED if the stream did not take all of the output.
 */
WEIR_API weir_status weir_report_print_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                            FILE *stream);

/*
 * Sets `*text` to what weir_report_print writes, with a NUL after it, and `*size` to its bytes without the NUL. `size`
 * may be NULL. The caller frees the text with free. The call does not block.
 *
 * Returns WEIR_OK. WEIR_INVALID if `report` or `text` is NULL or `format` is unknown. WEIR_NOMEM if memory ran out.
 * Unless it returns WEIR_OK, `*text` and `*size` are unchanged.
 */
WEIR_API weir_status weir_report_text(const weir_report *report, weir_report_format format, char **text, size_t *size);

/*
 * Sets `*text` to what weir_report_print_many writes, like weir_report_text. If `count` is 0, the text is "".
 */
WEIR_API weir_status weir_report_text_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                           char **text, size_t *size);

/* Frees the report and everything that it points to. NULL does nothing. */
WEIR_API void weir_report_free(weir_report *report);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_REPORT_H */
