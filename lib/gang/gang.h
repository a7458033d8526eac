/*
 * gang.h - Declares gangs: threads that start together, work, and are joined.
 *
 * C1  The starter creates all threads first. Each thread runs init, reports, and waits at the gate. If every thread is
 *     created and every init succeeds, the gate opens to work. Otherwise the gate opens to exit, the starter joins the
 *     threads, and none of them works.
 * C2  When a member's thread ends, it calls `leave` and then fini. It does so in every case, also if a function ended
 *     the thread, or the gate opened to exit. It calls fini only if init succeeded.
 *
 * C3  Growth. Once the gate is open to work, one thread at a time may add members, until the gang is sealed. The thread
 *     of an added member runs init too, but reports to no starter: it works if init succeeds. No thread starts after
 *     weir__gang_seal has returned: it waits for an addition under way. A gang is sealed before its join.
 * C4  Reuse. Between two threads of one member, the growing thread joins the first one. `ended` says that all
 *     functions of the member have returned. Only the growing thread and, once the gang is sealed, the joining thread
 *     join.
 *
 * Lock order: no other lock is held when the gang's lock is taken. No function of the gang is called with the lock
 * held.
 *
 * Wakeups: opening the gate wakes the threads that wait at it (`at_gate`). The last report wakes the starter
 * (`at_reports`), and so does the end of an addition the sealing thread.
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
 * `thread`, `ended` and `joined`.
 */
typedef struct weir__member {
    weir__thread thread;
    weir__gang *gang; /* constant */
    void *state;      /* state that init returned; `arg` without init */
    bool reported;    /* the thread has reported the result of init, or must not */
    bool initialised; /* fini must be called */
    weir__u32 ended;  /* C4: 1: the thread has called all functions of the member */
    size_t joined;    /* 1: joined; used by the joining thread (C4), so in a word of its own */
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
    bool grows;                                   /* C3: members may be added during the work */

    size_t started; /* number of members that have ever had a thread: the first ones; used as `joined` is */
    size_t joined;  /* number of joined members; used by the starting, the growing and then the joining thread (C4) */

    weir__lock lock; /* guards all members below */
    enum weir__gate gate;
    size_t reports;        /* number of threads that have reported */
    bool init_failed;      /* init failed in a thread */
    bool sealed;           /* C3: no thread starts any more */
    bool adding;           /* C3: a thread is being added */
    weir__park at_gate;    /* threads that wait for the gate */
    weir__park at_reports; /* the starter, until all threads have reported; the sealing thread, while one is added */
};

/* Prepares a member. Its thread's name is "NAME-NUMBER". A stack_size of 0 selects the system's default. */
void weir__gang_add(weir__gang *gang, weir__member *member, const char *name, size_t stack_size);

/*
 * Starts the threads of the first `count` members, and blocks until each has run init. Returns WEIR_OK if all threads
 * wait at the gate. Returns WEIR_NOTHREAD or WEIR_INITFAILED after a failure: no thread is left.
 */
weir_status weir__gang_start(weir__gang *gang, size_t count);

/* Opens the gate to work, after a start that returned WEIR_OK. */
void weir__gang_open(weir__gang *gang);

/*
 * C3. Begins to add a member, and ends it. Between the two calls the caller may use the three calls below. The first
 * one returns false if the gang is sealed.
 */
bool weir__gang_begin_growth(weir__gang *gang);
void weir__gang_end_growth(weir__gang *gang);

/* C4. Joins threads that have ended, without waiting. Returns how many members have a thread that is not joined. */
size_t weir__gang_reap(weir__gang *gang);

/* Returns a member without a thread: its thread is joined, or it never had one. Returns NULL if all have threads. */
weir__member *weir__gang_place(const weir__gang *gang);

/* Starts a thread for a member that weir__gang_place returned. Returns false if the system cannot create it. */
bool weir__gang_add_thread(weir__gang *gang, weir__member *member);

/* C3. Blocks while a thread is being added. No thread starts afterwards. */
void weir__gang_seal(weir__gang *gang);

/*
 * Joins the threads. A gang that grows must be sealed. Returns false if some threads have not ended by the deadline: the
 * caller must call it again.
 */
bool weir__gang_join_until(weir__gang *gang, weir_deadline deadline);

/* Returns the calling thread's member. Returns NULL if the thread belongs to no gang of that trade. */
weir__member *weir__gang_self(const weir__trade *trade);

#endif /* WEIR_GANG_GANG_H */
