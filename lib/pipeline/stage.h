/*
 * stage.h - the inside of a stage, and of its workers.
 *
 * A stage is a queue, a group of workers that take from it, and what its options ask for: an order, a rate, a limit for
 * keys, batches. A source has a queue too: it holds one permit to produce for each of its threads.
 *
 * S1  An item is in a stage from the put into its queue until it is settled there. It is settled when it is over: its
 *     results are in the next queues, or it is given up, or dropped. So the join of a stage's queue is the stage's
 *     drain, whatever the item has waited for meanwhile.
 * S2  Mostly its worker settles it when the function returns. What is to wait first (for its turn, its key, its batch,
 *     the end of a back-off) is kept: the worker forgets it, and whoever ends the wait settles it, or requeues it.
 * S3  Counts: an item is counted in by the queue, before any worker has it, and counted over after that, with release.
 *     Who reads what is over first, with acquire, and then what is in, never sees more over than in.
 * S4  Everything that waits, waits for a cancel too: the cancel sets the flag first, and then takes each lock under
 *     which somebody may be about to wait, takes away what is kept there, and wakes who sleeps. Who comes later finds
 *     the flag, or what was closed, under that lock.
 *
 * Lock order: the locks of this room are taken one at a time, and none is held while the queue's are, but by the keys,
 * which give nothing to a queue, and the gather, which a cancel closes before it discards the queue: so nothing is
 * dropped with that held. No function of the user's is called with a lock held.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STAGE_H
#define WEIR_PIPELINE_STAGE_H

#include <weir/pipeline.h>

#include "base/tree.h"
#include "pipeline/envelope.h"
#include "pipeline/meter.h"
#include "pipeline/visit.h"
#include "stoppable_worker/group.h"

/* Of a queue of which nothing is said. */
enum { WEIR__USUAL_CAPACITY = 64 };

enum { WEIR__MESSAGE = 256 }; /* bytes of an error's message, with its zero */

/* A worker of a stage. Its own thread's, but for what others may read. */
struct weir_task {
    _Alignas(WEIR__APART) weir_stage *stage;
    size_t number;
    weir_worker *worker; /* others may look at it once the start is over: if that fails, it is freed */
    void *state;         /* the user's */

    /* The call that it is in. */
    weir__envelope *envelope; /* NULL: none; in a plain pipeline and in a source always */
    void *item;               /* in a plain pipeline */
    weir__list ready;         /* those that have come in by their keys and that it has yet to run */
    bool inside;              /* the function */
    bool lost;                /* a result, for want of memory */
    weir__token *combined;    /* of the results of a batch; NULL: there was none yet */
    unsigned failures;        /* of a source, in a row */
    uint64_t retry_after;     /* ns, at least, until the next attempt, if this one fails */
    bool told;                /* a source, that it should return */
    char message[WEIR__MESSAGE];

    /* Memory. */
    weir__cache cache;
    void **items; /* of a batch */
    size_t room;  /* in that array */

    /* The clock; see timing.c. */
    uint64_t clock;    /* when it was read last */
    uint64_t from;     /* when this call began; 0: it is not timed */
    uint64_t held_up;  /* what `blocked` was then */
    uint64_t starved;  /* what its worker's watch said then */
    uint64_t slept;    /* what that said when the clock was read after a sleep, before a call */
    unsigned untimed;  /* calls since one was timed */
    unsigned may_skip; /* how many may go untimed now */

    /* What others may read. */
    _Alignas(WEIR__APART) weir__u64 counts[WEIR__VERDICTS];
    weir__u64 roots[WEIR__VERDICTS]; /* that were over in this thread */
    weir__u64 produced;              /* by a source */
    weir__u64 failed_calls;          /* of a source: each is counted in and failed */
    weir__u64 retried, overdue;
    weir__visit visit; /* for the thread's whole life */
    weir__u64 due;     /* when this attempt is overdue, its waits so far not counted; 0: never, or there is none */
    weir__stopwatch blocked;
    weir__u64 starved_told, blocked_told, overdue_told; /* the most that a report has said */
    weir__u64 started, ended;                           /* the thread; 0: not yet */
    weir__meter meter;
};

/* Results in the order of the items. See order.c. */
typedef struct weir__order {
    weir__lock lock;
    weir__envelope **window; /* those that are ready, by position modulo its size */
    size_t size;             /* a power of two */
    weir__heap beyond;       /* those that are ready and too far ahead for the window */
    uint64_t next;           /* the position whose turn it is */
    bool releasing;          /* a worker lets out what has its turn */
    bool closed;
} weir__order;

/* See rate.c. */
typedef struct weir__rate {
    uint64_t interval; /* ns between two calls; constant; 0: no limit */
    uint64_t slack;    /* ns that a burst may be ahead; constant */
    uint64_t next;     /* when the next one is due if nothing pauses; under the stage's lock */
} weir__rate;

/* See keys.c. */
typedef struct weir__keys {
    weir__lock lock;
    weir__tree entries; /* of the keys that are in use */
    weir__heap early;
    uint64_t next; /* the position that is to come in next */
    bool closed;
} weir__keys;

/* See gather.c. */
typedef struct weir__gather {
    weir__timer timer; /* first */
    weir_stage *stage;
    weir__lock lock;
    weir__envelope *first; /* of the batch that is not complete; the others are in its list; NULL: there is none */
    size_t items;
    uint64_t bytes;
    uint64_t due;   /* when it has waited long enough */
    uint64_t taken; /* items that were ever gathered */
    bool armed;     /* the timer is set */
    bool closed;    /* by a cancel */
    bool no_more;   /* all that will come is in the queue, or was */
} weir__gather;

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
    bool inherits;       /* it is the orderer of those before it: its items have the positions that they had there */
    weir_queue *queue;
    weir_queue *onward; /* in a plain pipeline: where all results go; NULL: nowhere */
    weir__group *group;
    weir_task *tasks;
    size_t first_row; /* in the trace */

    _Alignas(WEIR__APART) weir__u64 turn; /* of the successors */
    weir__u64 counts[WEIR__VERDICTS];     /* of items that were over in threads that are no workers of it */
    weir__u64 refused[WEIR__VERDICTS];    /* items that its queue did not take: in and over at once */
    weir__u64 peak;                       /* of the queue */
    weir__u32 closing;                    /* 1: its queue is shut down, and its workers end by right */
    weir__u32 ended;                      /* 1: a source that has said so */

    _Alignas(WEIR__APART) weir__lock lock; /* of the rate, and of who waits until a time */
    weir__park park;
    weir__rate rate;
    size_t claimed; /* tasks that have their thread; under the lock */
    size_t left;    /* threads that have ended, of those whose init was well; under the lock */

    _Alignas(WEIR__APART) weir__order order;
    _Alignas(WEIR__APART) weir__keys keys;
    _Alignas(WEIR__APART) weir__gather gather;
};

static inline bool weir__stage_is_source(const weir_stage *stage) {
    return stage->options.source != NULL;
}

/* Whether there is a time between one attempt and the next. */
static inline bool weir__stage_backs_off(const weir_stage *stage) {
    return stage->options.retry.attempts > 1 && stage->options.retry.backoff != 0;
}

static inline bool weir__stage_gathers(const weir_stage *stage) {
    return stage->options.run_batch != NULL;
}

/* What has become of an item when a call is over. */
typedef enum weir__after {
    WEIR__OVER, /* it is to be settled now */
    WEIR__HELD, /* it will be, by its order */
    WEIR__WAITS /* it backs off */
} weir__after;

/* ---- stage.c ---- */

/* Makes the queue and what the options need. */
weir_status weir__stage_prepare(weir_stage *stage);

/* Starts the threads; in plain form, if the pipeline is plain. */
weir_status weir__stage_start(weir_stage *stage);

void weir__stage_free(weir_stage *stage);

/* Counts an item that is over; `task` is the calling worker's, of any stage, or NULL. */
void weir__stage_count(weir_stage *stage, weir_task *task, weir__verdict verdict);
void weir__stage_count_many(weir_stage *stage, weir_task *task, weir__verdict verdict, size_t count);

/* Gives an item of this stage to its drop function. */
void weir__stage_drop_item(weir_stage *stage, void *item);

/* Drops an envelope of this stage, and if it is a batch, all of it; settles what was kept. */
void weir__stage_drop(weir_stage *stage, weir_task *task, weir__envelope *envelope);

/*
 * Waits until that time, blocked. Returns false at once when the pipeline is cancelled, or the stage is a source and
 * the pipeline is ending.
 */
bool weir__stage_wait_until(weir_stage *stage, weir_task *task, uint64_t time);

/* A source is at its end: no thread calls it any more. */
void weir__stage_end_source(weir_stage *stage);

/* Lets those that wait so look again. */
void weir__stage_wake(weir_stage *stage);

/* ---- run.c ---- */

/* The functions of the groups: for envelopes, for plain items, for a source's permits. */
void *weir__run(void *envelope, void *task);
void *weir__run_plain(void *item, void *task);
void *weir__run_source(void *permit, void *task);

/* What a worker does at its end, with what it is in. */
void *weir__run_leave(void *task);

/* ---- fail.c ---- */

/* Something of the stage has failed that is no attempt: adds the error, which ends the run if the stage's errors do. */
void weir__fail_stage(weir_stage *stage, int code, const char *message);

/* The same: the reader of that queue, its results' or its dead letters', has shut it down. */
void weir__fail_output(weir_stage *stage, const char *queue);

/* An attempt has failed with this code, and the message in the task: another attempt, or its end. */
weir__after weir__fail(weir_task *task, weir__envelope *envelope, int code);

/* The item is over: done, if `code` is 0, or given up. */
weir__after weir__over(weir_task *task, weir__envelope *envelope, int code);

/* The function has consumed its item, but there was no memory for a result: it has failed, with nothing left to drop. */
weir__after weir__fail_consumed(weir_task *task, weir__envelope *envelope);

/* An item that has no envelope, or a call of a source, has failed with the thread that it was in. */
void weir__fail_lost(weir_task *task, int code);

/* A call of a source has failed; it waits for its next attempt, or is at its end. */
void weir__fail_source(weir_task *task, int code);

/* Requeues a kept envelope at the front of its stage's queue: its turn has come already. */
void weir__requeue_first(weir__envelope *envelope);

/* ---- send.c ---- */

/* Puts to a queue, waiting for room as blocked time. */
weir_status weir__offer(weir_task *task, weir_queue *queue, void *item);

/*
 * Sends an envelope with a result of that stage on; it is not the caller's any more. Any stage's task may do it. Returns
 * the verdict of the item: done, unless neither a successor nor the results queue has taken the result.
 */
weir__verdict weir__send(weir_stage *from, weir_task *task, weir__envelope *envelope);

enum { WEIR__SEND_AT_ONCE = 16 };

/*
 * Sends several on, but no more than that, in order, by as few puts as can be. For a stage with one successor or none,
 * and envelopes that hold their results. Adds to `verdicts` what has become of the items.
 */
void weir__send_many(weir_stage *from, weir_task *task, weir__envelope **envelopes, size_t count,
                     size_t verdicts[WEIR__VERDICTS]);

/* In a plain pipeline, after a put that was not to wait has come to that status. Returns what the item's verdict is. */
weir__verdict weir__send_plain(weir_task *task, void *result, weir_status status);

/* Drops a result that cannot go on, by the drop function of where it was going. */
void weir__send_drop(weir_stage *from, void *result);

/*
 * The same for one that was on its way: it is counted there, in and dropped. Returns what that makes of the item, as
 * weir__send does.
 */
weir__verdict weir__send_refuse(weir_stage *from, void *result);

/* ---- order.c, rate.c, keys.c, gather.c ---- */

/* False: out of memory. */
bool weir__order_prepare(weir_stage *stage);

/* The item is ready, or given up in a stage before the one that orders it: its results leave when it is its turn. */
void weir__order_ready(weir_task *task, weir__envelope *envelope);

/* The item has not come into a stage that inherits its position, which has counted it: it is over at its turn. */
void weir__order_lost(weir_task *task, weir__envelope *envelope, weir__verdict verdict);
void weir__order_close(weir_stage *stage);

void weir__rate_prepare(weir_stage *stage);

/* Waits for the turn of so many items; false: see weir__stage_wait_until. */
bool weir__rate_wait(weir_task *task, size_t items);

void weir__keys_free(weir_stage *stage);

/* Comes in, kept. Returns what may run now, perhaps nothing. One that has not entered has no memory for that. */
weir__list weir__keys_enter(weir_task *task, weir__envelope *envelope);

/* Leaves; returns one that has waited and may run now, or NULL. */
weir__envelope *weir__keys_leave(weir_task *task, void *key);
void weir__keys_close(weir_stage *stage);

void weir__gather_prepare(weir_stage *stage);

/* Adds an item. Returns a complete batch, or NULL: it is kept. */
weir__envelope *weir__gather_add(weir_task *task, weir__envelope *envelope);

/* All that will come is in the stage's queue: what is left is the last batch. */
void weir__gather_end(weir_stage *stage);
void weir__gather_close(weir_stage *stage);

#endif /* WEIR_PIPELINE_STAGE_H */
