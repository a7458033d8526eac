/*
 * crew.h - Implements crews: threads that start together, work, and are joined.
 *
 * C1  The starter creates all threads first; they wait at the gate. Each thread runs init before the gate, and reports.
 *     Once every thread is created and every init has succeeded, the gate opens to work. If any of that fails, it opens
 *     to the exit, the threads are joined, and none has worked.
 * C2  A member's `leave` and the crew's fini are called once the member has worked, also when a function ended its
 *     thread. fini is called only if init has succeeded.
 *
 * Lock order: the crew's lock is taken with no other lock held. No function is called with it held.
 *
 * Wakeups: opening the gate wakes the threads at it (`at_gate`). The last report wakes the starter (`at_reports`).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_CREW_H
#define WEIR_CREW_CREW_H

#include <weir/deadline.h>
#include <weir/status.h>

#include "lock/lock.h"
#include "park/park.h"
#include "sync/sync.h"

typedef struct weir__crew weir__crew;

/* One thread of a crew, inside a larger struct. Only that thread uses it once it runs, but for `thread` and `joined`. */
typedef struct weir__member {
    weir__thread thread;
    weir__crew *crew; /* constant */
    void *state;      /* what init has made, or `arg` */
    bool reported;    /* the crew knows the result of init */
    bool initialised; /* fini must be called */
    bool joined;      /* used by the joining thread */
} weir__member;

/* What the members of a kind of crew do. */
typedef struct weir__trade {
    void (*enter)(weir__member *member); /* first of all */
    void (*work)(weir__member *member);  /* behind the gate */
    void (*leave)(weir__member *member); /* C2 */
} weir__trade;

enum weir__gate { WEIR__GATE_SHUT, WEIR__GATE_TO_WORK, WEIR__GATE_TO_EXIT };

struct weir__crew {
    /* Constant after the preparation. */
    const weir__trade *trade;
    void *arg;
    weir_status (*init)(void *arg, void **state); /* NULL: `arg` is the state */
    void (*fini)(void *state);                    /* NULL: none */
    char *first;                                  /* the first member */
    size_t stride, count;                         /* bytes between two members; members */

    size_t joined; /* members; used by the joining thread */

    weir__lock lock; /* of all that follows */
    enum weir__gate gate;
    size_t reports;        /* threads that have reported */
    bool init_failed;      /* in one of them */
    weir__park at_gate;    /* threads wait for the gate */
    weir__park at_reports; /* the starter waits for the reports */
};

/* Prepares a member: its thread's name is "NAME-NUMBER"; a stack_size of 0 selects the system's. */
void weir__crew_add(weir__crew *crew, weir__member *member, const char *name, size_t stack_size);

/*
 * Starts the threads, and blocks until each has run init. WEIR_OK: they wait at the gate. WEIR_NOTHREAD,
 * WEIR_INITFAILED: none is left.
 */
weir_status weir__crew_start(weir__crew *crew);

/* Opens the gate, after that. */
void weir__crew_open(weir__crew *crew);

/* Joins the threads. Returns false if some have not ended by the deadline; then it is called again. */
bool weir__crew_join_until(weir__crew *crew, weir_deadline deadline);

/* Returns the calling thread as a member of a crew of that trade; NULL if it is none. */
weir__member *weir__crew_self(const weir__trade *trade);

#endif /* WEIR_CREW_CREW_H */
