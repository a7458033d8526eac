/*
 * pipeline.h - Defines a pipeline: its stages, and the state of its run.
 *
 * The start creates the queues, and then the threads, from the last stage to the first. So each stage that gets a
 * result has its workers. The end joins the stages' queues in the order of the graph, and shuts down each queue when it
 * is empty. A cancel may come at any time, from any thread, and ends all stages at once.
 *
 * A plain pipeline has no option for which an item needs an envelope (is_plain in graph.c). Its queues hold the user's
 * items themselves.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_PIPELINE_H
#define WEIR_PIPELINE_STATE_PIPELINE_H

#include "item/flight.h"
#include "pipeline/state/errors.h"
#include "pipeline/state/stage.h"
#include "sync/event.h"
#include "sync/note.h"

struct weir_pipeline {
    /* Constant after the start. */
    weir_pipeline_options options;
    char *name;
    weir_stage *first, *last; /* in the order of weir_pipeline_add */
    weir__tree names;         /* stages, by name */
    weir__tree letters;       /* queues for dead letters; each is represented by one stage that has it */
    size_t stage_count, edge_count;
    weir_stage **order;   /* stages in topological order */
    size_t ordered;       /* number of stages in `order`; 0: not sorted */
    weir_stage *entrance; /* stage to which items are put; NULL: none */
    bool plain;
    weir__operation *slots; /* of all stages (operations.h); NULL: none */
    size_t slot_count;
    uint64_t started; /* time of the start; 0: not started */
    uint64_t born;    /* time at which the pipeline was created */
    char message[WEIR__NOTE];
    weir_status refused; /* first status other than WEIR_OK of add, connect or start (refuse.h) */

    /* R2: written under the lock; other threads read them without it. */
    weir__u32 cancelled;    /* 1: the run is cancelled */
    weir__u32 ending;       /* 1: the end has begun; sources are not called again */
    weir__u32 hurried;      /* 1: the run is cancelled, or the ender must look again (D2) */
    weir__u32 cut_short;    /* 1: the cancel has prevented a call of at_end, or made it fail */
    weir__u32 undone;       /* 1: the start has failed, and its threads must end */
    weir__u32 outputs_left; /* 1: the pipeline no longer feeds the queues of its outputs (Q18) */
    weir__u64 signal;       /* number of the first signal of weir_pipeline_end_on that arrived; 0: none */

    weir__pausing entry; /* gate.h */
    weir__flight flight;
    _Alignas(WEIR__APART) weir__timers timers;
    weir__errors errors;

    _Alignas(WEIR__APART) weir__lock lock; /* guards all members below, up to the helpers */
    weir__park changed;                    /* threads that wait for a change of these members */
    weir_run_state state;                  /* R1 */
    weir_status outcome;                   /* outcome of the run so far */
    bool launched;                         /* the start has succeeded */
    bool sources_ended;                    /* all sources had ended by themselves before the end began */
    bool cancelling;     /* a thread drops items after a cancel; the run is not over before it has finished */
    size_t running;      /* number of workers that have begun and not ended */
    weir__visit *visits; /* listed visits (V3) */
    uint64_t over;       /* time at which the run was over */

    bool ender;              /* a thread is the ender (D1) */
    bool finishing;          /* the ender is in finish or destroy */
    bool ended;              /* only the memory of the pipeline is left */
    bool late_exit;          /* the last end timed out in a join of the timer thread, the dropper or a helper */
    uint64_t ends;           /* number of ends made (D1) */
    weir_deadline due;       /* earliest deadline for the ender (D2) */
    weir_deadline drain_due; /* the deadline of the signals, for the drain alone (D2) */
    size_t graced;           /* number of functions that may need longer than `grace` after a cancel (D9) */
    uint64_t allowance;      /* ns that the slowest of them may need */
    size_t claims;           /* number of threads that are starting a helper (D3) */
    bool has_show, has_watch;

    /* Helpers. A helper's members belong to the thread that starts it, and then to the ender. */
    weir__thread dropper;
    bool starts_dropper; /* the dropper is being started; under the lock */
    bool has_dropper;
    weir__thread tracer; /* thread that writes the end of the trace */
    bool has_tracer;
    struct weir__show *show;
    struct weir__watch *watch;

    /* Events of `cancelled` and `ending`, under the lock (descriptors.c). */
    weir__event cancel_event, end_event;
};

static inline bool weir__is_cancelled(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->cancelled) != 0;
}

static inline bool weir__is_ending(const weir_pipeline *pipeline) {
    return weir__u32_load_acquire(&pipeline->ending) != 0;
}

/* Ends the piece of an envelope, and frees the envelope. `lane` is the calling thread's, or NULL. */
static inline void weir__piece_end(weir_pipeline *pipeline, weir__lane *lane, weir__envelope *envelope,
                                   weir__verdict verdict) {
    weir__envelope_end(&pipeline->flight, weir__account_of(lane), envelope, verdict);
}

#endif /* WEIR_PIPELINE_STATE_PIPELINE_H */
