/*
 * pipeline.h - A pipeline: its stages, and where it is in its life.
 *
 * The start makes the queues and the threads, from the last stage to the first, so that every result has a taker. The
 * end joins the stages' queues in the order of the graph and shuts each down when it is empty. A cancel may come at any
 * moment from any thread, and ends all of it.
 *
 * A plain pipeline asks for nothing that an item would have to carry, so it has no envelopes: the items themselves lie
 * in the queues, as if the queues were wired by hand.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PIPELINE_H
#define WEIR_PIPELINE_PIPELINE_H

#include "item/flight.h"
#include "pipeline/errors.h"
#include "pipeline/stage.h"
#include "sync/event.h"
#include "sync/note.h"

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
    uint64_t started; /* when */
    uint64_t born;    /* when it was created */
    char message[WEIR__NOTE];
    weir_status refused; /* what add, connect or start has said; see refuse.c */

    /* R2: written under the lock; others read them without it. */
    weir__u32 cancelled; /* 1 */
    weir__u32 ending;    /* 1: sources are not called any more */
    weir__u32 hurried;   /* 1: cancelled, or the ender must look again (D2) */
    weir__u64 signal;    /* that has begun the end; 0: none */

    weir__flight flight;
    _Alignas(WEIR__APART) weir__timers timers;
    weir__errors errors;

    _Alignas(WEIR__APART) weir__lock lock; /* of what follows */
    weir__park changed;                    /* threads that wait for a change of what follows */
    weir_run_state state;                  /* R1 */
    weir_status outcome;                   /* of the run, so far */
    bool launched;                         /* the start has succeeded */
    bool sources_ended;                    /* by themselves, before the end began */
    bool cancelling;                       /* a thread drops what waits; the run is not over before that has ended */
    size_t running;                        /* threads of stages */
    weir__visit *visits;                   /* V3 */
    uint64_t over;                         /* when it was */

    bool ender;        /* D1: a thread is the ender */
    bool finishing;    /* and ends it, in finish or destroy */
    bool ended;        /* nothing of it is left but its memory */
    bool late_exit;    /* the last end found a thread late that was past all functions */
    uint64_t ends;     /* ends made */
    weir_deadline due; /* D2 */
    size_t claims;     /* D3: threads that start a helper */
    bool has_show, has_watch;

    /* Helpers: of the thread that starts one, and then of the ender. */
    weir__thread dropper;
    bool starts_dropper; /* under the lock: its other members must not be read yet */
    bool has_dropper;
    weir__thread tracer; /* writes the end of the trace */
    bool has_tracer;
    struct weir__show *show;
    struct weir__watch *watch;

    /* Of `cancelled` and of `ending`; see descriptors.c. */
    weir__event cancel_event, end_event;
};

static inline bool weir__is_cancelled(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->cancelled) != 0;
}

static inline bool weir__is_ending(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->ending) != 0;
}

/*
 * Ends the piece of a root that an envelope carries, and frees the envelope. `lane` is the calling thread's, or NULL.
 */
static inline void weir__piece_end(weir_pipeline *pipeline, weir__lane *lane, weir__envelope *envelope,
                                   weir__verdict verdict) {
    weir__envelope_end(&pipeline->flight, weir__account_of(lane), envelope, verdict);
}

#endif /* WEIR_PIPELINE_PIPELINE_H */
