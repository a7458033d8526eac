/*
 * group.h - Implements groups of workers. A single weir_worker is a group of one.
 *
 * State. A group has a gang, which has its threads (gang/gang.h), and a mark at which they stop. The queue knows the
 * group as a team (share.h).
 *
 * Invariants.
 *
 * W1  Work. Each thread takes items up to the group's mark, its fair share of them at once (prefetch.c), and begins them
 *     one by one. `owes` counts the items that are begun and not settled. If a function ends its thread, the worker
 *     settles them as it leaves; the items taken and not begun go back to the queue. An item of a port is returned
 *     instead if its function has ended the thread, or `out` has refused its result.
 * W2  Stop. The stopper sets the mark behind every queued item. The threads end once all of these items are taken. A
 *     sentinel for each thread would do almost the same, but it needs room. The queue may be full, and the threads
 *     that would empty it may have ended. Another group's thread might take it, or no thread at all.
 * W3  Growth. In a group that grows, threads are added while others work, and leave (B5). The group has memory for the
 *     maximum number of workers. An added worker counts as coming (weir__team) from before the creation of its thread
 *     until it works, and is alive, or its init fails. Only the growing thread adds and reaps (C3).
 *
 * Lock order: that of threads.c is taken with no other lock held. No function of the program is called with it held.
 *
 * Wakeups: the first stopper, when it is done, wakes the others (`at_stop`). Workers that wait for items sleep in the
 * team's berth (Q4, B2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_GROUP_H
#define WEIR_STOPPABLE_WORKER_GROUP_H

#include <weir/stoppable_worker.h>

#include "base/tree.h"
#include "closable_queue/share.h"
#include "gang/gang.h"
#include "measure/stopwatch.h"

typedef struct weir__group weir__group;

/*
 * A function returns this if its item must not be settled now; weir__queue_settle settles it later. Nothing is put to
 * `out` for it. No program is ever given this address.
 */
extern char weir__kept_item;
#define WEIR__KEPT ((void *)&weir__kept_item)

/*
 * Called with the worker's state in a worker that ends, before it settles the items that it owes. `early`: a function
 * of the program has ended the thread. Returns WEIR__KEPT if the item that it had begun must not be settled.
 */
typedef void *weir__leave(void *state, bool early);

/* What a pipeline adds to the options of a group. NULL, or zero: nothing. */
typedef struct weir__group_extra {
    void (*doze)(
        void *state); /* sleeps with the worker's state while the queue is empty, or returns early; of a group of
                                   one worker */
    void (*last)(void *state); /* called with the worker's state in a worker that has no more items, as its last work */
    weir__leave *leave;
    void (*lost)(
        void *arg); /* called with `arg` of the options in a worker after its init has failed or ended the thread */
    size_t most;    /* W3: maximum number of workers; at most the number at the start: the group does not grow */
} weir__group_extra;

/* The maximum number of items that a worker takes at once: 16. */
enum { WEIR__BATCH = WEIR__APART / 8 };

/*
 * Once its thread runs, only that thread uses a worker's members. Exceptions: `batch`, `hold`, `member`, `starved`, and
 * `group`, which is constant.
 */
struct weir_worker {
    _Alignas(WEIR__APART) weir__slot batch[WEIR__BATCH]; /* B1: taken, not begun; free places: WEIR__EMPTY */
    _Alignas(WEIR__APART) weir__member member;
    weir__group *group;
    weir__hold hold;          /* the batch, as the queue sees it (share.h) */
    bool attached;            /* the queue counts the worker */
    bool added;               /* W3: the worker's thread was added while others worked */
    bool waited;              /* since the begin of the last timed batch, one has waited: its time is not used */
    unsigned singles;         /* number of items taken alone that need not be timed */
    size_t owes;              /* W1: number of items begun and not settled */
    size_t most;              /* B3: maximum number of items taken at once */
    weir__returned *returned; /* list nodes for requeued items; NULL once they are used */
    weir__stopwatch starved;  /* time asleep for lack of items; any thread may read it */

    weir__callout uses_out, uses_in; /* callouts that last as long as the thread */
};

struct weir__group {
    /* Constant after creation. */
    weir_worker_func *func;
    weir__group_extra extra;
    weir_queue *in, *out;

    weir__gang gang;

    weir__team team;       /* the group, as the queue sees it */
    weir__u32 lost_result; /* the last status, not WEIR_CLOSED, by which `out` has refused a result; 0: none */

    /* Used by threads.c, under its lock. */
    weir__tree_node handle;
    bool stopping, stopped;
    size_t stoppers; /* number of threads in weir_stop_threads; the last one frees the group */
    weir_status outcome;
    weir__park at_stop; /* where later stoppers wait for the first one */

    weir_worker workers[];
};

#endif /* WEIR_STOPPABLE_WORKER_GROUP_H */
