/*
 * group.h - Implements groups of workers. A single weir_worker is a group of one.
 *
 * State. A group has its threads, a gate at which they start, and a mark at which they stop. The queue knows the
 * group as a team (share.h).
 *
 * Invariants.
 *
 * W1  Start. The starter creates all threads first; they wait at the gate. With an init function, each thread runs it
 *     before the gate, and reports. Once every thread is created and every init has succeeded, the starter opens the
 *     gate to work. If any of that fails, the gate opens to the exit, and no item has been taken.
 * W2  Work. Each thread takes items up to the group's mark, its fair share of them at once (batch.c), and begins them
 *     one by one. `owes` counts the items that are begun and not settled. If a function ends its thread,
 *     weir__worker_at_exit settles them; the items taken and not begun go back to the queue.
 * W3  Stop. The stopper sets the mark behind every queued item. The threads end once all of these items are taken. A
 *     sentinel for each thread would do almost the same, but it needs room. The queue may be full, and the threads
 *     that would empty it may have ended. Another group's thread might take it, or no thread at all.
 *
 * Lock order: the group's lock and that of threads.c are taken with no other lock held. No function of the program is
 * called with one of them held.
 *
 * Wakeups: opening the gate wakes the threads at it (`at_gate`). The last report wakes the starter (`at_reports`).
 * The first stopper, when it is done, wakes the others (`at_stop`). Workers that wait for items sleep in the team's
 * berth (Q4, B2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_GROUP_H
#define WEIR_STOPPABLE_WORKER_GROUP_H

#include <weir/stoppable_worker.h>

#include "base/tree.h"
#include "closable_queue/share.h"
#include "lock/lock.h"
#include "park/park.h"
#include "measure/stopwatch.h"
#include "sync/sync.h"

typedef struct weir__group weir__group;

/*
 * A function returns this if its item must not be settled now; weir__queue_settle settles it later. Nothing is put to
 * `out` for it. No program is ever given this address.
 */
extern char weir__kept_item;
#define WEIR__KEPT ((void *)&weir__kept_item)

/*
 * Called with the worker's state in a worker that ends, before it settles the items that it owes. Returns WEIR__KEPT
 * if the item that it had begun must not be settled.
 */
typedef void *weir__leave(void *state);

/* The maximum number of items that a worker takes at once: 16. */
enum { WEIR__BATCH = WEIR__APART / 8 };

/*
 * Once its thread runs, only that thread uses a worker's members. Exceptions: `batch`, `hold`, `thread`, `joined`,
 * `starved`, and `group`, which is constant.
 */
struct weir_worker {
    _Alignas(WEIR__APART) weir__slot batch[WEIR__BATCH]; /* B1: taken, not begun; free places: WEIR__EMPTY */
    _Alignas(WEIR__APART) weir__thread thread;
    weir__group *group;
    weir__hold hold;          /* the batch, as the queue sees it (share.h) */
    void *state;              /* passed to the function */
    bool reported;            /* the group knows the result of init */
    bool initialised;         /* fini must be called */
    bool waited;              /* this batch has waited, so its time is not used */
    unsigned singles;         /* number of items taken alone while more were allowed */
    size_t joined;            /* 1: the thread is joined; used by the joining thread */
    size_t owes;              /* W2: number of items begun and not settled */
    size_t most;              /* B3: maximum number of items taken at once */
    weir__returned *returned; /* list nodes for requeued items; NULL once they are used */
    weir__stopwatch starved;  /* time asleep for lack of items; any thread may read it */

    weir__callout uses_out, uses_in; /* callouts that last as long as the thread */
};

enum weir__gate { WEIR__GATE_SHUT, WEIR__GATE_TO_WORK, WEIR__GATE_TO_EXIT };

struct weir__group {
    /* Constant after creation. */
    weir_worker_func *func;
    void *arg;
    weir_worker_init *init;
    weir_worker_fini *fini;
    weir__leave *leave;
    weir_queue *in, *out;
    size_t count;
    size_t joined; /* number of joined threads; used by the joining thread */

    weir__team team;       /* the group, as the queue sees it */
    weir__u32 lost_result; /* 1: `out` had no memory for a result */

    weir__lock lock;       /* guards the start and its two parks */
    enum weir__gate gate;  /* under the lock */
    size_t reports;        /* number of threads that have reported; under the lock */
    bool init_failed;      /* under the lock */
    weir__park at_gate;    /* threads wait for the gate */
    weir__park at_reports; /* the starter waits for the reports */

    /* Used by threads.c, under its lock. */
    weir__tree_node handle;
    bool stopping, stopped;
    size_t stoppers; /* number of threads in weir_stop_threads; the last one frees the group */
    weir_status outcome;
    weir__park at_stop; /* where later stoppers wait for the first one */

    weir_worker workers[];
};

#endif /* WEIR_STOPPABLE_WORKER_GROUP_H */
