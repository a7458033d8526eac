/*
 * gang.h - Declares gangs: threads that start together, work, and are joined.
 *
 * C1  The starter creates all threads first. Each thread runs init, reports, and waits at the gate. If every thread is
 *     created and every init succeeds, the gate opens to work. Otherwise the gate opens to exit, the starter joins the
 *     threads, and none of them works.
 * C2  When a member's thread ends, it calls `leave` and then fini. It does so in every case, also if a function ended
 *     the thread, or the gate opened to exit. It calls fini only if init succeeded.
 *
 * Lock order: no other lock is held when the gang's lock is taken. No function of the gang is called with the lock
 * held.
 *
 * Wakeups: opening the gate wakes the threads that wait at it (`at_gate`). The last report wakes the starter
 * (`at_reports`).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_GANG_GANG_H
#define WEIR_GANG_GANG_H

#include <weir/deadline.h>
#include <weir/status.h>

#include "lock/lock.h"
#include "park/park.h"
#include "sync/sync.h"

typedef struct weir__gang weir__gang;

/*
 * One thread of a gang; embedded in a larger struct. Once the thread runs, it alone uses the members other than
 * `thread` and `joined`.
 */
typedef struct weir__member {
    weir__thread thread;
    weir__gang *gang; /* constant */
    void *state;      /* state that init returned; `arg` without init */
    bool reported;    /* the thread has reported the result of init */
    bool initialised; /* fini must be called */
    size_t joined;    /* 1: joined; used by the joining thread, so in a word of its own */
} weir__member;

/* Functions of a kind of gang. Each runs on a member's thread. */
typedef struct weir__trade {
    void (*enter)(weir__member *member); /* called first, before init */
    void (*work)(weir__member *member);  /* called after the gate opens to work */
    void (*leave)(weir__member *member); /* C2 */
} weir__trade;

enum weir__gate { WEIR__GATE_SHUT, WEIR__GATE_TO_WORK, WEIR__GATE_TO_EXIT };

struct weir__gang {
    /* Constant after the preparation. */
    const weir__trade *trade;
    void *arg;
    weir_status (*init)(void *arg, void **state); /* NULL: `arg` is the state */
    void (*fini)(void *state);                    /* NULL: no function */
    char *first;                                  /* address of the first member */
    size_t stride, count;                         /* bytes from one member to the next; number of members */

    size_t joined; /* number of joined members; used by the joining thread */

    weir__lock lock; /* guards all members below */
    enum weir__gate gate;
    size_t reports;        /* number of threads that have reported */
    bool init_failed;      /* init failed in a thread */
    weir__park at_gate;    /* threads that wait for the gate */
    weir__park at_reports; /* the starter, until all threads have reported */
};

/* Prepares a member. Its thread's name is "NAME-NUMBER". A stack_size of 0 selects the system's default. */
void weir__gang_add(weir__gang *gang, weir__member *member, const char *name, size_t stack_size);

/*
 * Starts the threads, and blocks until each has run init. Returns WEIR_OK if all threads wait at the gate. Returns
 * WEIR_NOTHREAD or WEIR_INITFAILED after a failure: no thread is left.
 */
weir_status weir__gang_start(weir__gang *gang);

/* Opens the gate to work, after a start that returned WEIR_OK. */
void weir__gang_open(weir__gang *gang);

/* Joins the threads. Returns false if some threads have not ended by the deadline: the caller must call it again. */
bool weir__gang_join_until(weir__gang *gang, weir_deadline deadline);

/* Returns the calling thread's member. Returns NULL if the thread belongs to no gang of that trade. */
weir__member *weir__gang_self(const weir__trade *trade);

#endif /* WEIR_GANG_GANG_H */
