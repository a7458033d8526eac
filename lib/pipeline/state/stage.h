/*
 * stage.h - Defines a stage, its lanes, and the calls that they run.
 *
 * A stage is a queue, a group of worker threads, and the mechanisms that its options ask for. A lane is the state of
 * one worker thread; the thread runs calls on it. A call is one attempt at one item or one batch.
 *
 * Settling an item means counting it as done in the queue. Retiring an item means ending it in the stage, in three
 * steps. Its verdict is counted; its piece (item/pieces.h) ends or is sent on; the item is settled. A lane
 * holds an item from its take out of the queue until the lane retires it or lets go of it. The last step of an item
 * that is retired while its lane holds it is the worker's, which settles several items at once.
 *
 * A source has a queue too. The queue holds permits, one for each thread: a thread with a permit calls the source.
 *
 * S1  An item is in a stage from the put into the stage's queue until it is retired there (retire.h). So a stage is
 *     drained exactly when a join of its queue returns, wherever its items wait meanwhile.
 * S2  An item in a stage is in one place: in the queue; with one lane, which runs it; or where it waits for its turn,
 *     its key, its batch or its next attempt; or with its operation (operations.h). A lane that makes an item wait does
 *     not touch it afterwards. In a stage with keys any lane may retire an item. So the lane that took the item lets go
 *     of it before the item's call.
 * S3  The queue counts an item as entered before a lane has it. Its retirement is counted later, by a store with
 *     release. A reader that loads the retired count (acquire) before the entered count never sees more items retired
 *     than entered.
 * S4  Cancellation ends every wait. It sets the flag. Then it takes each lock under which a thread may be about to
 *     wait, removes what waits there, and wakes the sleepers. A thread that takes such a lock afterwards finds the flag
 *     set, or the mechanism closed.
 * S5  A call of at_end makes roots, which S1 does not cover. So a stage with at_end is drained once a join of its queue
 *     has returned and its threads have ended. A run that has not made such a call, or in which a cancel has made it
 *     fail, is no success (`cut_short`).
 * S6  A loop is a set of stages that drain together: the stages from one that is fed to the last one that feeds it, in
 *     topological order, and all loops that overlap, taken as one. When all stages before a loop have ended and the loop
 *     is idle (idle.h), no item can come to it any more, except those of its own at_end.
 *
 * Lock order: the locks of lib/pipeline and of the mechanisms are taken one at a time, with five exceptions. A stage's
 * lock is held while its rate's is taken (R2). A batch's lock is held while the batch is requeued (G3). The lock of an
 * outbox is held while that of the stage's turns is taken, and then that of the next stage's turns; each of them is held
 * while items are put to a queue or taken, and alerts of the queue call the crew (N7, O5). The dispatcher's lock is held
 * while a pipeline's is taken, and then those of its queues (dispatch.c). A pipeline's lock is held while its entry queue
 * is held or let go (U4). No lock is held while a function of the program runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_STAGE_H
#define WEIR_PIPELINE_STATE_STAGE_H

#include <weir/pipeline.h>

#include "base/tree.h"
#include "closable_queue/alert.h"
#include "crew/crew.h"
#include "flow/batch.h"
#include "flow/elastic.h"
#include "flow/keyed.h"
#include "flow/rate.h"
#include "flow/reorder.h"
#include "flow/turns.h"
#include "item/envelope.h"
#include "measure/counter.h"
#include "measure/histogram.h"
#include "measure/stopwatch.h"
#include "pipeline/state/bell.h"
#include "pipeline/state/errors.h"
#include "pipeline/state/operations.h"
#include "pipeline/state/visit.h"
#include "stoppable_worker/group.h"
#include "timer/timer.h"

/* Default capacity of a stage's queue, in items. */
enum { WEIR__USUAL_CAPACITY = 64 };

typedef struct weir__lane weir__lane;

/* State of a lane of a stage on a crew (on_crew.c). */
typedef struct weir__served {
    weir__ptr hand;      /* weir__hand that has the lane; NULL: none */
    weir__u32 busy;      /* 1: a thread has the lane */
    weir__slot *arrays;  /* memory of two arrays, with which the lane begins; constant */
    void **taken;        /* room for a morsel, while it comes from the queue; constant */
    weir__ptr slots;     /* array of weir__slot: items taken, the lane's morsel; N9 */
    weir__u64 span;      /* N6: which of them are not begun */
    bool passed;         /* N9: the morsel was received, and is not begun */
    size_t at, end;      /* N6: the items from `at` on, before `end`, are begun together, and not called yet */
    size_t count;        /* number of items taken */
    size_t owed;         /* items retired while the lane held them, and not settled */
    weir__u32 promised;  /* places promised in the next queue (Q14); taken by an exchange */
    unsigned untimed;    /* morsels since the last timed one */
    weir__lock out_lock; /* N6, N7 */
    weir__slot *out;     /* N7: results of a plain pipeline that are not sent, from `sent` on; N9 */
    weir__u32 made;      /* N7: number of results in `out` */
    uint32_t sent;       /* N7: how many of these are sent; under the lock, as is `sending` */
    bool sending;        /* N7: the lane's thread sends them one by one */
    weir__u32 lasts;     /* 1: the call of a source takes long: its results must not wait for each other */
    size_t turn;         /* O6: number of items in the lane's turn; 0: it has ended; the lane's thread's own */
    weir__u64 position;  /* O5: of the morsel, or of the results in `out` */
    weir__u32 deferred;  /* O11: 1: the lane's results wait for their turn, and another thread sends them then */
} weir__served;

/* Returns the place of an item of the morsel. */
static inline weir__slot *weir__served_slot(weir__served *served, size_t at) {
    return (weir__slot *)weir__ptr_load_relaxed(&served->slots) + at;
}

/* N1, N2: the number of claimed lanes, and flags. */
#define WEIR__CALLS UINT32_C(0x0fffffff)
#define WEIR__CALLS_MISSED UINT32_C(0x10000000)
#define WEIR__CALLS_DRY UINT32_C(0x20000000)
#define WEIR__CALLS_ENDED UINT32_C(0x40000000)

/* State of a stage on a crew (on_crew.c). */
typedef struct weir__shift {
    weir__job job;
    weir__alert items, room; /* alerts in the stage's queue, and in the next one (Q13) */
    weir_stage *next;        /* N9: stage to which results pass; NULL: none; constant, as is `most` */
    size_t most;             /* largest morsel that the capacities allow */
    weir_queue *target;      /* N3: queue in which lanes promise themselves places; NULL: none; constant */
    _Alignas(WEIR__APART) weir__u32 calls; /* N1 */
    _Alignas(WEIR__APART) weir__u32 cost;  /* N4: ns that an item takes, as learnt; 0: unknown; seldom written, as is
                                              what follows, and read by all */
    weir__u32 sleepy;                      /* N5: evidence that calls sleep */
    weir__u32 blocks;                      /* N5: 1: calls sleep */
    weir__u32 has_blocked;                 /* N5: 1: `blocks` has been learnt from several calls; stays */
    weir__u64 full_since; /* time since which a lane finds no room in the next queue; 0: it finds room */
    weir__u64 full;       /* ns for which lanes found no room, before `full_since` */
} weir__shift;

/* What a lane blocks for. */
typedef enum weir__cause {
    WEIR__FOR_ROOM,      /* in the queue of a later stage */
    WEIR__FOR_RESULTS,   /* room in the results queue */
    WEIR__FOR_LETTERS,   /* room in the dead-letter queue */
    WEIR__FOR_RATE,      /* the stage's rate */
    WEIR__FOR_ADMISSION, /* a limit on what is in flight */
    WEIR__FOR_RETRY,     /* a source's back-off */
    WEIR__IN_FUNCTION,   /* anything, in a call of the library that the stage's function has made */
    WEIR__FOR_RESUME,    /* the resume of the stage, or of the entrance */
    WEIR__FOR_OPERATIONS /* an unused slot (pending.h) */
} weir__cause;
enum { WEIR__CAUSES = WEIR__FOR_OPERATIONS + 1 };

/* What a pause shuts: a stage, or the entrance (gate.h). Both members are written under the pipeline's lock. */
typedef struct weir__pausing {
    weir__u32 paused;       /* U1 */
    weir__stopwatch passed; /* time for which it was paused */
} weir__pausing;

/* The failure of one item of a batch (fail_item.h). */
typedef struct weir__fault {
    int code;      /* 0: the item has not failed alone */
    char *message; /* NULL: none */
} weir__fault;

/* A call: one attempt at an item or a batch, or one call of a source. */
struct weir_task {
    weir_stage *stage; /* constant, as is `lane` */
    weir__lane *lane;
    weir__envelope *envelope; /* item, or first envelope of the batch; NULL in a plain pipeline or a source */
    weir__pieces *combined;   /* count of the results of a batch (E3); NULL: no result yet */
    uint64_t retry_after;     /* delay before the next attempt, in ns; 0: the back-off */
    unsigned failures;        /* number of failed calls of a source since its last success */
    bool lost;                /* a result was lost for lack of memory */
    bool told;                /* the function of a source was told to return */
    char message[WEIR__MESSAGE];
};

/*
 * A lane. It belongs to its worker thread, except for the members that other threads may read. In an elastic stage, a
 * lane may get another thread after its thread has left.
 */
struct weir__lane {
    _Alignas(WEIR__APART) weir_stage *stage;
    size_t number;
    weir_worker *worker; /* others may read it once `started` is set, after a successful start; a failed one frees it;
                            NULL: on a crew */
    const weir__stopwatch *waits; /* time asleep for lack of items: the worker's; never runs on a crew */
    void *state;                  /* user's state: from init, or `arg` */

    /* What the lane holds (S2). */
    weir__envelope *held;  /* taken from the queue, and neither retired nor let go; NULL: none */
    bool owes;             /* the item was retired while the lane held it: the worker must settle it */
    void *item;            /* item that the lane holds in a plain pipeline */
    weir__list ready;      /* items that the lane must run next (keyed.h) */
    weir__operation *slot; /* of the present call (operations.h); NULL: none */
    bool detached;         /* the present call has detached its item */
    bool inside;           /* the thread is inside the stage's function */
    bool runs;             /* the thread runs an item of the queue (Z8) */
    weir__list answered;   /* Z8: items whose operations the thread has finished meanwhile */
    weir__served served;   /* of a stage on a crew */
    bool in_init;          /* the thread was added during the run, and is inside init */
    bool at_end;           /* the present call is one of at_end */
    weir_task task;        /* present or last call */

    /* Memory. */
    weir__account account; /* others read `roots` of it */
    void **items;          /* array of a batch's items */
    weir__fault *faults;   /* in the same block: failures of single items, by index; between calls each code is 0 */
    size_t room;           /* number of places in both */
    size_t count;          /* number of items in the present call of a batch function; 0: none */
    size_t faulty;         /* number of items that have failed alone in the present or last call */

    /* Times (timing.h). */
    uint64_t clock;       /* last reading of the clock */
    bool fresh;           /* on a crew: no call of the program has begun since (weir__lane_now) */
    uint64_t from;        /* time at which the present call began; 0: the call is not timed */
    uint64_t held_up;     /* reading of `blocked` at `from`, in ns */
    uint64_t starved;     /* word of the worker's stopwatch `starved` at `from` */
    uint64_t slept;       /* same word when weir__lane_recent last read the clock */
    uint64_t waited;      /* ns that the last timed call waited, since it has detached its item (detach.c) */
    bool overran;         /* that call was counted as overdue */
    unsigned untimed;     /* number of calls since the last timed call */
    unsigned may_skip;    /* number of calls that may go untimed after it */
    weir__cause cause;    /* of the present or last wait */
    weir__wait_step step; /* of a wait in the function; WEIR__GOES_ON: none that is timed */

    /* Members that other threads may read. */
    _Alignas(WEIR__APART) weir__u64 counts[WEIR__VERDICTS]; /* number of items retired, by verdict (S3) */
    weir__u64 produced;     /* number of roots that calls without an item have made (root.h) */
    weir__u64 fed;          /* number of roots that calls have fed, except to the entrance's queue (feed.c) */
    weir__u64 failed_calls; /* number of failed calls without an item; each counts as one item entered and one failed */
    weir__u64 retried, overdue;
    weir__visit visit; /* visit of the worker thread (V1) */
    weir__u64 due;     /* time at which this attempt becomes overdue; each wait moves it; 0: no limit, or no attempt */
    weir__stopwatch present; /* time from the begin of the lane's threads to their ends */
    weir__stopwatch blocked;
    weir__stopwatch by_cause[WEIR__CAUSES];                          /* the parts of `blocked` */
    weir__u64 starved_told, blocked_told, paused_told, overdue_told; /* highest figure that a report has shown */
    weir__u64 started; /* time at which the first thread began; 0: not yet */
    weir__u64 ended;   /* time at which the last thread ended; 0: not yet */
    weir__u64 worked;  /* on a crew: ns in calls and around them */
    weir__histogram latencies;
};

/* The watch over the thread of a stage that waits itself (stall.h). The timer thread's own, but for the atomics. */
typedef struct weir__stalls {
    weir__u32 beat;  /* number of calls and waits that have begun or ended; the stage's thread writes it */
    weir__u32 waits; /* 1: the thread is in its wait */
    weir__alarm alarm;
    weir__lock lock;            /* guards `thread`; held while the timer thread reads what the thread does */
    const weir__thread *thread; /* of the stage; NULL: it ends */
    uint32_t seen;              /* `beat` at the last look */
    uint64_t used;              /* processor time of the thread at the last look */
    uint64_t held;              /* ns for which the thread has held the loop up since the last beat */
    uint64_t slept;             /* the part of it for which the thread was asleep */
    long call;                  /* in this system call; -1: in none, or unknown */
    bool told;                  /* that this is a stall */
    weir__u64 count, longest;   /* stalls; the longest, in ns, so far */
    weir__u64 longest_in;       /* 0: it computed; otherwise its system call + 2 */
} weir__stalls;

struct weir_stage {
    /* Constant after the start. */
    weir_pipeline *pipeline;
    weir_stage *next;                 /* next stage, in the order of weir_pipeline_add */
    weir__tree_node by_name, by_dead; /* nodes in the pipeline's `names` and `letters` */
    size_t number;
    weir_stage_options options;
    char *name;
    weir_stage **successors;
    size_t successor_count, predecessor_count; /* predecessors include the stages that send dead letters here */
    weir_stage *dead_to;                       /* stage that gets the dead letters; NULL: none */
    size_t dead_count;                         /* number of stages that send their dead letters here */
    struct weir__feeder *feeders;              /* stages that may feed this one (feedback.h); NULL: none */
    size_t rank;                               /* index in topological order */
    size_t loop;         /* S6: number of stages of the loop that begins here; 0: it begins before */
    bool marked;         /* used by feedback.c */
    uint64_t roots;      /* maximum number of roots that one item of the stage stands for (M2) */
    weir_stage *orderer; /* stage that restores the order of the results: itself or a later one; NULL: none */
    bool inherits;       /* items keep the positions from the stage before, which leaves its order to `orderer` */
    weir_queue *queue;
    weir_queue *onward; /* queue of the first successor, or the results queue; NULL: none */
    bool on_crew;       /* the stage has no threads of its own */
    bool simple;        /* each item is a call of its own: no key, no batch and no operations */
    weir__group *group; /* NULL: the stage runs on a crew */
    weir__crew *crew;   /* NULL: the stage has threads of its own */
    weir__lane
        *lanes; /* options.threads.max lanes: lane n is that of worker n, or one for each call at a time on a crew */
    size_t first_row; /* row of the first worker in the trace */

    _Alignas(WEIR__APART) weir__u64 turn; /* round-robin counter over the successors */
    weir__u64 counts[WEIR__VERDICTS];     /* number of items that threads other than the workers retired (S3) */
    weir__u64 refused[WEIR__VERDICTS];    /* items that the queue refused: each counts as entered and retired */
    weir__u64 peak;                       /* highest number of items seen in the queue */
    weir__u64 backing_off;                /* items that wait on a timer for their next attempt */
    weir__u32 closing;                    /* 1: the stage is drained, and its workers must end */
    weir__u32 ended;                      /* 1: the source has returned WEIR_END, or has failed for good */

    weir__pausing gate;

    _Alignas(WEIR__APART) weir__lock lock; /* guards `park`; the mechanisms have locks of their own */
    weir__park park;                       /* workers that pause (pause.h) */

    /* Of an elastic stage (elastic.h). */
    weir__elastic elastic; /* used by the ring */
    weir__timer look;
    weir__u32 dormant;  /* L2: 1: the timer is not set, and a worker must set it */
    weir__u32 failures; /* number of threads that could not be added */
    weir__u64 limits;   /* L4: the least and the most threads */
    weir__u64 change;   /* time of the last change of the number of threads, in ns after the start, and its cause */

    /* Under the pipeline's lock. */
    size_t running;             /* number of workers that have begun and not ended */
    char reason[WEIR__MESSAGE]; /* why the first init that failed did; "": none gave a reason */

    weir__shift shift; /* of a stage on a crew */

    weir__rate rate;
    _Alignas(WEIR__APART) weir__reorder reorder;
    _Alignas(WEIR__APART) weir__turns turns; /* in_turn.h */
    _Alignas(WEIR__APART) weir__keyed keyed;
    _Alignas(WEIR__APART) weir__batch batch;
    weir__lock children_lock;   /* guards what follows; no other lock is taken while it is held */
    weir_child_counts children; /* children.h */
    size_t serving;             /* threads whose last start has made a child ready */

    _Alignas(WEIR__APART) weir__operations operations;
    _Alignas(WEIR__APART) weir__bell bell; /* of a stage that waits itself (own_wait.h) */
    _Alignas(WEIR__APART) weir__stalls stalls;
};

static inline bool weir__stage_is_source(const weir_stage *stage) {
    return stage->options.work.source != NULL;
}

/* Whether the number of threads changes during the run. */
static inline bool weir__stage_is_elastic(const weir_stage *stage) {
    return stage->options.threads.max > stage->options.threads.count;
}

/* Whether a delay may precede an item's next attempt. */
static inline bool weir__stage_backs_off(const weir_stage *stage) {
    return stage->options.errors.retry.attempts > 1 && stage->options.errors.retry.backoff != 0;
}

/* U2. Whether the stage begins no call now. */
static inline bool weir__stage_is_paused(const weir_stage *stage) {
    return weir__u32_load_relaxed(&stage->gate.paused) != 0;
}

static inline bool weir__stage_gathers(const weir_stage *stage) {
    return stage->options.work.run_batch != NULL;
}

static inline weir__account *weir__account_of(weir__lane *lane) {
    return lane == NULL ? NULL : &lane->account;
}

#endif /* WEIR_PIPELINE_STATE_STAGE_H */
