/*
 * operations.h - Defines operations: calls of a stage that go on after their function has returned.
 *
 * A stage with limits.in_flight has as many slots. A lane takes one before each call (in_flight.h). If the function
 * detaches its item (detach.h), the slot is that of an operation, which any thread may finish (answer.h): its answer is
 * a code, a message and results. The operation's number is the index of its slot and the generation of this use.
 *
 *   UNUSED    in the list of unused slots
 *   TAKEN     a lane makes a call with it
 *   INSIDE    the call has detached, and its function has not returned
 *   ANSWERED  the same, and the operation is finished: the lane ends the call by the answer when the function returns
 *   PENDING   the function has returned first: the finish requeues the item, and a lane ends the call by the answer
 *   FINISHED  the same, and the finish has begun
 *
 * Z1  A detached item is in its stage (S1) and in no lane (S2): the lane lets go of it before the operation is PENDING.
 *     The queue counts it as unfinished, so drains wait for it and reports count it as live. It is retired by a lane as
 *     every other item, or by the queue that discards it.
 * Z2  A finish never waits. Its answer goes into the envelope, which is requeued at the front. A lane that gets it ends
 *     the call by the answer, without a slot: with results, order, retry, key and dead letter as usual.
 * Z3  The item is requeued before the slot is unused. So a lane that waits for a slot, with the next item in hand, goes
 *     on, and then takes what is at the front of the queue before a new item: it waits for no further slot before it has
 *     ended the call of that operation. A lane of such a stage takes one item at a time, so that none waits behind its
 *     wait.
 * Z4  No cancel takes an item from its operation, which may have told the kernel of its buffers. A cancel and the
 *     attempt_time only ask, by work.abort. The run is not over before the last operation is finished: `open` counts
 *     those that are PENDING, from before the lane lets go of the lock until the finish needs the pipeline no more.
 * Z5  If an operation is finished with code 0, its item is done, also if a cancel discards the queue: only its results
 *     may be dropped, and not the item, which the operation has consumed.
 * Z6  A cancel sets its flag before it asks all PENDING operations; a lane that makes one PENDING looks at the flag
 *     afterwards, under the same lock. So each operation is asked once for this reason, whichever comes first.
 *
 * Z7  The alarm is set to the time at which the oldest PENDING operation becomes late, or earlier: each operation that
 *     becomes the oldest sets it, and only earlier; when it has rung, it is set for the oldest that is not late.
 *
 * Z8  If a stage has one lane, and the lane's own thread finishes an operation while it runs an item, the lane keeps
 *     the item with the answer in a list of its own: no other lane could take it from the queue. It ends that call
 *     before it takes another item, and before it makes a call after a look at its loop. If the function ends the
 *     thread, the items are requeued.
 *
 * Lock order: the lock is taken with no other lock held, and none is taken while it is held. No wakeup is lost: a slot
 * becomes unused under the lock under which lanes look for one, and what makes it unused wakes a lane (P2). A lane that
 * leaves slots unused passes the wake on (P3).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_OPERATIONS_H
#define WEIR_PIPELINE_STATE_OPERATIONS_H

#include <weir/pipeline.h>

#include "item/envelope.h"
#include "lock/lock.h"
#include "measure/histogram.h"
#include "park/park.h"
#include "timer/timer.h"

/* Upper limit of the number of slots of a pipeline, exclusive. */
enum { WEIR__SLOTS = 1 << 24 };

typedef enum weir__progress {
    WEIR__SLOT_UNUSED,
    WEIR__SLOT_TAKEN,
    WEIR__SLOT_INSIDE,
    WEIR__SLOT_ANSWERED,
    WEIR__SLOT_PENDING,
    WEIR__SLOT_FINISHED
} weir__progress;

/* What an operation answers: results so far, and once it is finished a code and a message. */
typedef struct weir__answer {
    int code;
    char *message;     /* NULL: none */
    bool has_result;   /* `result` is the last result */
    void *result;      /* kept without an envelope: it leaves in the item's own */
    weir__list others; /* earlier results, in envelopes that are no pieces yet */
} weir__answer;

/* A slot. The lock of its stage's operations guards all members but `stage`. */
typedef struct weir__operation {
    weir_stage *stage; /* constant */
    weir__progress progress;
    bool asked;                            /* Z6: for the end, because of a cancel */
    bool in_late;                          /* in the list `late`, while PENDING */
    bool counted;                          /* while PENDING: its lane has counted the attempt as overdue */
    uint64_t generation;                   /* of this use, or the next one */
    uint64_t begun;                        /* time at which the attempt began; while PENDING, later by its waits */
    weir__envelope *envelope;              /* of the item, while PENDING */
    weir__answer answer;                   /* empty while UNUSED or TAKEN */
    struct weir__operation *next, *before; /* in one of the lists below; the unused ones have no `before` */
} weir__operation;

typedef struct weir__operation_list {
    weir__operation *first, *last;
} weir__operation_list;

/* The operations of a stage. Zero-initialised: the stage has none. The lock guards all members behind it. */
typedef struct weir__operations {
    weir__operation *slots; /* options.limits.in_flight of them, in the pipeline's block; constant; NULL: none */
    weir__alarm alarm;      /* asks operations that are late (abort.h) */
    _Alignas(WEIR__APART) weir__lock lock;
    weir__park unused_park;       /* lanes that wait for a slot */
    weir__park over_park;         /* the thread that waits until `open` is 0 */
    weir__operation *unused;      /* list */
    weir__operation_list pending; /* PENDING, in the order of `begun` */
    weir__operation_list late;    /* the same, asked for their end because they are late; in the same order */
    size_t detached, peak;        /* operations that are not finished; the most so far */
    size_t open;                  /* Z4 */
    uint64_t overdue;             /* number of operations that took longer than attempt_time */
    weir__histogram *latencies;   /* times from the begins of finished operations to their ends; constant; NULL: none */
} weir__operations;

#endif /* WEIR_PIPELINE_STATE_OPERATIONS_H */
