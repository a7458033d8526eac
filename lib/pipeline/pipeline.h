/*
 * pipeline.h - the inside of a pipeline.
 *
 * The run: start makes the queues and threads, from the last stage to the first, so that there is always somebody to
 * take. finish begins the end (nothing comes from outside, sources stop), joins the stages' queues in the order of the
 * graph, and shuts each down when it is empty. A cancel may come at any moment, from anywhere, and ends all of it.
 *
 * A plain pipeline, which asks for nothing that an item would have to carry with it, has no envelopes: the items
 * themselves lie in the queues, as if it were wired by hand.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PIPELINE_H
#define WEIR_PIPELINE_PIPELINE_H

#include "pipeline/limits.h"
#include "pipeline/stage.h"
#include "sync/event.h"
#include "sync/note.h"

/* Errors so far. Zero but for `most` and the room; all under the lock. */
typedef struct weir__errors {
    weir__lock lock;
    uint64_t count;
    weir_error *kept; /* room for all that may be kept */
    size_t kept_count, most;
    weir_error *fatal; /* among them: the first one that is to end the run; NULL: none is */
    char fatal_message[WEIR__MESSAGE];
} weir__errors;

struct weir_pipeline {
    /* Constant after the start. */
    weir_pipeline_options options;
    char *name;
    weir_stage *first, *last; /* as they were added */
    weir__tree names;         /* of the stages */
    weir__tree letters;       /* the queues for dead letters, each by one stage that has it */
    size_t stage_count, edge_count;
    weir_stage **order;   /* each after all that lead to it */
    weir_stage *entrance; /* where items are put; NULL: there is none */
    bool plain;
    bool limited;
    uint64_t started; /* when */
    uint64_t born;    /* when it was created */
    char message[WEIR__NOTE];
    weir_status refused; /* what add, connect or start has said; see refuse.c */

    weir__u32 cancelled;                                   /* 1: set first of all, under the lock */
    weir__u64 signal;                                      /* that has begun the end; 0: none */
    weir__u32 ending;                                      /* 1: sources are not called any more */
    weir__u32 hurried;                                     /* 1: cancelled, or `due` is earlier; under the lock */
    _Alignas(WEIR__APART) weir__u64 roots[WEIR__VERDICTS]; /* that were over in threads that are no workers */

    _Alignas(WEIR__APART) weir__limits limits;
    _Alignas(WEIR__APART) weir__pool pool;
    _Alignas(WEIR__APART) weir__keeper keeper;
    weir__errors errors;

    _Alignas(WEIR__APART) weir__lock lock; /* of what follows */
    weir__park changed;
    weir_run_state state;
    weir_status outcome; /* of the run, so far */
    size_t running;      /* threads of stages */
    weir__visit *visits; /* V3 */
    bool finishing;      /* a thread is inside the end */
    bool ended;          /* by such a thread: it is over, and nothing of it is left but its memory */
    bool late_exit;      /* the last end that was not over was late in a thread past all functions */
    uint64_t ends;       /* how many ends are over: those that wait for one see by it that theirs is */
    weir_deadline due;   /* while `finishing`: the earliest deadline of all that finish */
    bool cancelling;     /* a thread drops what is inside; it is not over before that is done */
    size_t claims;       /* threads that start a helper; the end waits for them */
    bool launched;       /* the start is over, and has not failed */
    bool sources_ended;  /* by themselves, before the end began */
    bool has_show, has_watch;
    uint64_t over;        /* when it was */
    weir__thread dropper; /* of the thread that cancels with a deadline, then of the one that ends it */
    bool starts_dropper;  /* the other members are not to be looked at yet */
    bool has_dropper;
    weir__thread tracer; /* that writes the end of the trace; of the thread that ends it */
    bool has_tracer;
    struct weir__show *show;   /* of who claims, and then of who ends it */
    struct weir__watch *watch; /* likewise */

    /* Of `cancelled` and of `ending`; see descriptors.c. */
    weir__event cancel_event, end_event;
};

static inline bool weir__is_cancelled(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->cancelled) != 0;
}

static inline bool weir__is_ending(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->ending) != 0;
}

/* ---- graph.c ---- */

/* WEIR_OK if these options can be right, else refused. */
weir_status weir__graph_accept(const weir_pipeline *pipeline, const weir_stage_options *options);

/* Adds the stage to those that are found by their names. */
void weir__graph_add_name(weir_stage *stage);

/* Connects and checks everything, and finds the order and the entrance. */
weir_status weir__graph_check(weir_pipeline *pipeline);

/* Connects two stages. */
weir_status weir__graph_connect(weir_stage *from, weir_stage *to);

/* ---- refuse.c ---- */

/*
 * Says, as printf does, why a call of this thread is refused; of a stage, if it is not NULL. NULL for the pipeline: there
 * is none. Returns the status.
 */
weir_status weir__refuse(const weir_pipeline *pipeline, weir_status status, const char *stage, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* The same for a call with no pipeline; what a refused create has said stays. Returns WEIR_INVALID. */
weir_status weir__refuse_null(const char *call);

/* The same for a call of a pipeline that is not started, or of none. */
weir_status weir__refuse_unstarted(const weir_pipeline *pipeline, const char *call);

/* The same for a call that would wait for the thread that makes it. Returns WEIR_DEADLOCK. */
weir_status weir__refuse_inside(const weir_pipeline *pipeline, const char *call);

/* The same for memory: the member says `count`, and each takes `size` bytes. */
weir_status weir__refuse_memory(const weir_pipeline *pipeline, weir_status status, const char *stage,
                                const char *member, uint64_t count, uint64_t size);

/* The same for a call whose weir__pipeline_claim_helper was refused. */
weir_status weir__refuse_helper(weir_pipeline *pipeline, const bool *has, const char *call);

/* What was refused, if it was, makes the start refuse too, and its message is the pipeline's. With no thread of a stage. */
weir_status weir__refuse_for_good(weir_pipeline *pipeline, weir_status status);

/* A pipeline was created. */
void weir__forget_refusal_of_create(void);

/* ---- bounds.c ---- */

/* Sets the limits of a graph whose order is known. Refused if a batch could not fill under them. */
weir_status weir__bounds_set(weir_pipeline *pipeline);

/* ---- errors.c ---- */

/* False: out of memory. */
bool weir__errors_prepare(weir_pipeline *pipeline);
void weir__errors_free(weir_pipeline *pipeline);

/* Keeps an error of a stage, or counts it if there are enough. `fatal`: it is to end the run. */
void weir__errors_add(weir_stage *stage, int code, const char *message, unsigned attempts, bool fatal);

/* An error has ended the run: marks the fatal one, and moves it to the first place. With the lock held. */
void weir__errors_mark_locked(weir__errors *errors);

/* ---- end.c ---- */

/* A fatal error, which is added already: cancels, with that outcome. */
void weir__pipeline_fail(weir_pipeline *pipeline);

/* Cancels, unless it is over. The first one decides the outcome. */
void weir__pipeline_cancel_as(weir_pipeline *pipeline, weir_status outcome);

/* Nothing comes from outside any more, and sources stop. */
void weir__pipeline_begin_end(weir_pipeline *pipeline);

/* A helper thread is about to be started; false: it is not running, or `has` is set already. Sets it. */
bool weir__pipeline_claim_helper(weir_pipeline *pipeline, bool *has);

/* It is started, or not. */
void weir__pipeline_end_claim(weir_pipeline *pipeline, bool *has, bool started);

/* V2. Whether the calling thread is inside a function that is called for it. */
bool weir__pipeline_is_self(const weir_pipeline *pipeline);

/* Whether it was started, and that has not failed. */
bool weir__pipeline_has_started(weir_pipeline *pipeline);

/* A worker's thread begins, or ends. */
void weir__pipeline_enter(weir_stage *stage);
void weir__pipeline_leave(weir_stage *stage);

/* A start has failed: ends the threads that are there. */
void weir__pipeline_undo(weir_pipeline *pipeline);

/*
 * Waits until all that is inside is through, or `*interrupt` is set, which a cancel does too. WEIR_OK; WEIR_TIMEDOUT,
 * for an interrupt too; WEIR_CANCELLED. In several threads at once.
 */
weir_status weir__pipeline_drain(weir_pipeline *pipeline, weir_deadline deadline, const weir__u32 *interrupt);

/* Cancels, waits `grace` for the threads, and joins them; false: some have not ended. */
bool weir__pipeline_end_cancelled(weir_pipeline *pipeline);

/* Joins the thread that drops what a cancel found, if there is one; false: it has not ended by then. */
bool weir__dropper_join_until(weir_pipeline *pipeline, uint64_t deadline);

/* ---- pipeline.c ---- */

/* What the item weighs, by the pipeline's function; 0: it has none. */
uint64_t weir__pipeline_weigh(weir_pipeline *pipeline, const void *item);

/* ---- join.c ---- */

/*
 * Waits for all threads until the earliest deadline, and joins them. False: there are functions that have not returned
 * in time; `*report`, if that is asked for, names them, or is left alone where there is no memory for it.
 */
bool weir__pipeline_join(weir_pipeline *pipeline, weir_report **report);

/* The same without a limit. */
void weir__pipeline_join_all(weir_pipeline *pipeline);

/* The same for the threads that end after the run: of the view, of the signals, of the trace. */
bool weir__pipeline_join_view(weir_pipeline *pipeline, weir_report **report);

/* In any thread, after an end that was not over: whether something is late still, and the report that names it. */
bool weir__pipeline_is_late(weir_pipeline *pipeline, weir_report **report);

/* ---- trace.c ---- */

void weir__trace_begin(weir_pipeline *pipeline);
void weir__trace_call(const weir_task *task, uint64_t from, uint64_t to);
void weir__trace_end(weir_pipeline *pipeline);

/* The same in a thread of its own, so that the stream has a limit; in the calling one, if there is no other. */
void weir__trace_end_aside(weir_pipeline *pipeline);

/* Joins that thread, if there is one; false: it has not ended by then. */
bool weir__trace_join_until(weir_pipeline *pipeline, uint64_t deadline);

/* ---- show.c, watch.c ---- */

/* End their threads, and join them; false: it has not ended by then. */
bool weir__show_end(weir_pipeline *pipeline, uint64_t deadline);
bool weir__watch_end(weir_pipeline *pipeline, uint64_t deadline);

/* No signal comes to it any more. Before its thread is joined, once. */
void weir__watch_leave(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_PIPELINE_H */
