/*
 * group.h - the inside of a group of workers; a single weir_worker is a group of one.
 *
 * The start: all threads are created first and wait at a gate. A thread with an init function runs it before it comes
 * to the gate, and reports. When every thread is there, the gate opens; if a thread could not be created, or an init
 * failed, it opens to the exit, and no item has been taken.
 *
 * The work: each thread takes items up to the group's mark, its fair share of them at once (batch.c), and begins them
 * one by one. `owes` counts what is begun and not settled, so that a thread that is ended by its function still settles
 * (its at_exit does). What is taken and not begun by then goes back to the queue.
 *
 * The stop: the mark is set behind everything that is queued, and the threads end when all that has been taken. A
 * sentinel for each thread would do almost the same, but it needs room in a queue that may be full while the threads
 * that would empty it have ended, and it may be taken by another group's thread, or by nobody.
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
 * What a function returns whose item is not to be settled now: that is for weir__queue_settle, later. Nothing is put to
 * `out` for it. An address that no program is ever given.
 */
extern char weir__kept_item;
#define WEIR__KEPT ((void *)&weir__kept_item)

/*
 * Called, with the worker's state, in a worker that ends, before it settles what it owes. Returns WEIR__KEPT if the item
 * that it was in is not to be settled.
 */
typedef void *weir__leave(void *state);

/* The most that a worker takes at once: 16. */
enum { WEIR__BATCH = WEIR__APART / 8 };

/* All members but `batch` are this thread's own once it runs. */
struct weir_worker {
    _Alignas(WEIR__APART) weir__slot batch[WEIR__BATCH]; /* B1: taken and not begun; the others are WEIR__EMPTY */
    _Alignas(WEIR__APART) weir__thread thread;
    weir__group *group;
    weir__hold hold;          /* the batch, as the queue knows it */
    void *state;              /* handed to the function */
    bool reported;            /* the group knows how init went */
    bool initialised;         /* fini is due */
    bool waited;              /* for room, so that the time of this batch tells nothing */
    unsigned singles;         /* items that were taken alone while more were allowed */
    size_t joined;            /* 1: it is; of the joining thread */
    size_t owes;              /* items that are begun and not settled */
    size_t most;              /* B3: how many may be taken at once */
    weir__returned *returned; /* for giving back; NULL once that has happened */
    weir__stopwatch starved;  /* asleep for want of items; others may read it */

    weir__callout uses_out, uses_in; /* what the thread is inside of all along */
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
    size_t joined; /* threads; of the joining thread */

    weir__team team;       /* as the queue knows the group */
    weir__u32 lost_result; /* 1: `out` had no memory for a result */

    weir__lock lock;       /* the start, and its two parks */
    enum weir__gate gate;  /* under the lock */
    size_t reports;        /* under the lock: how many threads have reported */
    bool init_failed;      /* under the lock */
    weir__park at_gate;    /* threads wait for the gate */
    weir__park at_reports; /* the starter waits for the reports */

    /* threads.c's, under its lock. */
    weir__tree_node handle;
    bool stopping, stopped;
    size_t stoppers; /* threads inside weir_stop_threads; the last one frees the group */
    weir_status outcome;
    weir__park at_stop; /* stoppers that wait for the first one */

    weir_worker workers[];
};

/*
 * batch.c. Fills the batch, from its first place on, and returns how many items it has; waits for the first one. 0:
 * there will be none.
 */
size_t weir__batch_fill(weir_worker *worker);

/* Begins the item in that place; false: another worker has begun it. */
bool weir__batch_begin(weir_worker *worker, size_t place, void **item);

/* Learns that `count` items have taken so many nanoseconds. */
void weir__batch_learn(weir_worker *worker, size_t count, uint64_t nanoseconds);

/* Gives what is not begun back to the queue. */
void weir__batch_give_back(weir_worker *worker);

/* What a worker thread runs, and what it runs at its end. The argument is the weir_worker. */
void weir__worker_main(void *worker);
void weir__worker_at_exit(void *worker);

/* As weir_start_threads_with, but for the handle, and `leave`, which may be NULL. weir__group_free frees the group. */
weir_status weir__group_start(weir__group **group, size_t count, const weir_worker_options *options, weir__leave *leave,
                              weir_queue *in, weir_queue *out);

/* The calling thread's worker, or NULL. */
weir_worker *weir__worker_self(void);

/* Its number in its group, from 0, as in its thread's name. */
size_t weir__worker_number(const weir_worker *worker);

/* How long it has been asleep for want of items. Any thread may read it, as long as the group is not freed. */
const weir__stopwatch *weir__worker_starved(const weir_worker *worker);

/* To be called by a function in its worker's thread, before it waits for something. */
void weir__worker_waits(weir_worker *worker);

/* Waits until the threads have ended. */
void weir__group_join(weir__group *group);

/* The same, no longer than until `deadline`; false: some have not ended, and the call is to be made again. */
bool weir__group_join_until(weir__group *group, weir_deadline deadline);

/* Whether one of these calls has joined it. */
bool weir__worker_is_joined(const weir_worker *worker);

void weir__group_free(weir__group *group);

/* Whether the calling thread is one of the group's. */
bool weir__group_is_self(const weir__group *group);

#endif /* WEIR_STOPPABLE_WORKER_GROUP_H */
