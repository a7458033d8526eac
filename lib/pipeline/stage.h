/*
 * stage.h - A stage, its lanes, and the calls that they run.
 *
 * A stage is a queue, a group of worker threads, and the mechanisms that its options ask for. Each worker thread has a
 * lane, which runs calls: one attempt at one item each. A source has a queue too: it holds one permit to produce for
 * each of its threads.
 *
 * S1  An item is in a stage from the put into its queue until it is retired there (retire.h). So the join of a stage's
 *     queue is the stage's drain, whatever the item waits for in between.
 * S2  An item in flight in a stage is in one place: in the queue; in the hand of a lane; or where it waits for its
 *     turn, its key, its batch or its next attempt. A lane that lets go of an item never touches it again.
 * S3  Counts: an item is counted in by the queue, before any lane has it, and counted as retired afterwards, with
 *     release. A reader that loads the retired count (acquire) before the entered count never sees more retired than
 *     entered.
 * S4  Cancellation ends every wait: it sets the flag first, and then takes each lock under which a thread may be about
 *     to wait, takes out what waits there, and wakes the sleepers. A later thread finds the flag, or a closed
 *     mechanism, under that lock.
 *
 * Lock order: the locks of this room and of the mechanisms are taken one at a time. A batch's is held while the batch
 * is requeued (G3); no lock is held while a function of the program runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STAGE_H
#define WEIR_PIPELINE_STAGE_H

#include <weir/pipeline.h>

#include "base/tree.h"
#include "flow/batch.h"
#include "flow/keyed.h"
#include "flow/rate.h"
#include "flow/reorder.h"
#include "item/envelope.h"
#include "measure/counter.h"
#include "measure/histogram.h"
#include "measure/stopwatch.h"
#include "pipeline/errors.h"
#include "pipeline/visit.h"
#include "stoppable_worker/group.h"

/* The default capacity of a queue. */
enum { WEIR__USUAL_CAPACITY = 64 };

typedef struct weir__lane weir__lane;

/* A call: one attempt at an item or a batch, or at producing. */
struct weir_task {
    weir_stage *stage; /* constant, as the lane is */
    weir__lane *lane;
    weir__envelope *envelope; /* NULL in a plain pipeline and in a source */
    weir__pieces *combined;   /* of the results of a batch; NULL: no result yet */
    uint64_t retry_after;     /* ns, at least, until the next attempt if this one fails */
    unsigned failures;        /* of a source, in a row */
    bool lost;                /* a result, because there was no memory */
    bool told;                /* a source, to return */
    char message[WEIR__MESSAGE];
};

/* What runs the calls of a stage on one worker thread, and belongs to that thread, but for what others may read. */
struct weir__lane {
    _Alignas(WEIR__APART) weir_stage *stage;
    size_t number;
    weir_worker *worker; /* others may read it once the start is over: a start that fails frees it */
    void *state;         /* the user's */

    /* S2. */
    weir__envelope *in_hand; /* taken from the queue, and neither retired nor let go; NULL: nothing */
    bool owes;               /* the item in hand was retired: the worker settles it */
    void *item;              /* in hand, in a plain pipeline */
    weir__list ready;        /* have entered by their keys, and are to run */
    bool inside;             /* the stage's function */
    weir_task task;          /* the call */

    /* Memory. */
    weir__account account;
    void **items; /* of a batch */
    size_t room;  /* in that array */

    /* The clock; see timing.h. */
    uint64_t clock;    /* when it was read last */
    uint64_t from;     /* when this call began; 0: it is not timed */
    uint64_t held_up;  /* what `blocked` was then */
    uint64_t starved;  /* what the worker's stopwatch was then */
    uint64_t slept;    /* what that was when the clock was read after a sleep, before a call */
    unsigned untimed;  /* calls since one was timed */
    unsigned may_skip; /* calls that may go untimed now */

    /* What others may read. */
    _Alignas(WEIR__APART) weir__u64 counts[WEIR__VERDICTS]; /* S3 */
    weir__u64 produced;                                     /* by a source */
    weir__u64 failed_calls;                                 /* of a source: each is counted in and failed */
    weir__u64 retried, overdue;
    weir__visit visit; /* for the thread's whole life */
    weir__u64 due;     /* when this attempt is overdue, without its waits so far; 0: never, or there is none */
    weir__stopwatch blocked;
    weir__u64 starved_told, blocked_told, overdue_told; /* the most that a report has said */
    weir__u64 started, ended;                           /* the thread; 0: not yet */
    weir__histogram latencies;
};

struct weir_stage {
    /* Constant after the start. */
    weir_pipeline *pipeline;
    weir_stage *next;                 /* in the order in which they were added */
    weir__tree_node by_name, by_dead; /* see graph.c */
    size_t number;
    weir_stage_options options;
    char *name;
    weir_stage **successors;
    size_t successor_count, predecessor_count;
    uint64_t roots;      /* that one item of it may stand for; see bounds.c */
    weir_stage *orderer; /* where its results are put in order: itself, or a stage behind it; NULL: nowhere */
    bool inherits;       /* it is the orderer of those before it: its items keep the positions that they had there */
    weir_queue *queue;
    weir_queue *onward; /* in a plain pipeline: where all results go; NULL: nowhere */
    weir__group *group;
    weir__lane *lanes; /* one a thread */
    size_t first_row;  /* in the trace */

    _Alignas(WEIR__APART) weir__u64 turn; /* of the successors */
    weir__u64 counts[WEIR__VERDICTS];     /* S3: of items that other threads than its workers retired */
    weir__u64 refused[WEIR__VERDICTS];    /* items that its queue did not take: in and retired at once */
    weir__u64 peak;                       /* of the queue */
    weir__u32 closing;                    /* 1: its queue is shut down, and its workers end by right */
    weir__u32 ended;                      /* 1: a source that has said so */

    _Alignas(WEIR__APART) weir__lock lock; /* of what follows */
    weir__park park;                       /* workers that pause; see pause.h */
    size_t claimed;                        /* lanes that have their thread */

    weir__rate rate;
    _Alignas(WEIR__APART) weir__reorder reorder;
    _Alignas(WEIR__APART) weir__keyed keyed;
    _Alignas(WEIR__APART) weir__batch batch;
};

static inline bool weir__stage_is_source(const weir_stage *stage) {
    return stage->options.source != NULL;
}

/* Whether there is a delay between one attempt and the next. */
static inline bool weir__stage_backs_off(const weir_stage *stage) {
    return stage->options.retry.attempts > 1 && stage->options.retry.backoff != 0;
}

static inline bool weir__stage_gathers(const weir_stage *stage) {
    return stage->options.run_batch != NULL;
}

static inline weir__account *weir__account_of(weir__lane *lane) {
    return lane == NULL ? NULL : &lane->account;
}

#endif /* WEIR_PIPELINE_STAGE_H */
