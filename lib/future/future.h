/*
 * future.h - Declares the structure of futures, and what the owner of a future's task does with it.
 *
 * A future of weir_future_create is a promise: the program ends it. A future may also be the first member of a larger
 * struct, a task; its kind says what to do with that. The owner of the task claims it before it runs it, and ends it.
 *
 * State: one word with a phase (weir_future_state), flags, and the number of references.
 *
 *     PENDING -> RUNNING         claimed: weir__future_begin
 *     RUNNING -> PENDING         weir__future_again
 *     PENDING -> CANCELLED       a cancel, of a task or a promise
 *     PENDING -> DONE, FAILED    a promise is set or fails
 *     RUNNING -> DONE, FAILED, CANCELLED   the owner of the task ends it
 *
 * F1  Every change of the word is one read-modify-write. A task is claimed once: by the change from PENDING to RUNNING,
 *     or by the flag HELD, of a cancel, under the lock. The thread that has claimed it ends it. A promise changes only
 *     under the lock, and is ended there once. After the end only TAKEN and the references change.
 * F2  The result and the code are written before the word says that the future has ended (release), and are constant
 *     from then on. A thread that loads such a word (acquire) may read them without the lock.
 * F3  A thread that sleeps for the end sets WAITED in the word, unless it says that the future has ended, and then
 *     sleeps on the word. The end is a change of the same word: it sees WAITED, and wakes every thread that sleeps.
 * F4  Each watcher is told once, under the lock, before the word says that the future has ended. A thread that sees the
 *     end therefore knows that no wait of this future will be told any more (F7). Futures that end one after the other
 *     tell in this order. The first watcher, and the event, set WATCHED under the lock while the future has not ended. An
 *     end that finds no WATCHED takes no lock: it is one change of the word, which fails if WATCHED was set meanwhile.
 * F5  Callbacks run with no lock held, in the order in which they were added, in the thread that ends the future; one that
 *     is added after the end, in the thread that adds it. This thread has a reference of its own for them, so a callback
 *     may release any other.
 * F6  The end releases the lock, then wakes by address only. A thread that sees the end may release the last reference
 *     while the thread that ended it has not yet released the lock. An end under the lock therefore sets WATCHED, and the
 *     last release acquires the lock once if that is set.
 * F7  A watcher of a wait may be freed if the future has ended, or after weir__future_unwatch.
 * F8  A thread that holds the only reference knows that no other thread can add one. It releases it without a change of
 *     the word. The load that finds it the only one acquires what the other references' releases published.
 * F9  A pending task may be OPEN: a thread that finds it, without a reference, in memory that stays a future may claim it
 *     or shut it. It adds the reference that it needs in the same change. So one thread gets it, which has a reference.
 *
 * Lock order: the lock of a future, then the lock of a set of completions (completions.c).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_FUTURE_H
#define WEIR_FUTURE_FUTURE_H

#include <stdarg.h>

#include <weir/future.h>

#include "future/watch.h"
#include "lock/lock.h"
#include "sync/event.h"
#include "sync/sync.h"

/* What a future is part of. Constant. */
typedef struct weir__future_kind {
    /* Frees the struct that contains the future, after the last release. Called with no lock held. */
    void (*destroy)(weir_future *future);
    /*
     * Called by a waiter. If the task has not begun and the calling thread may run it, claims it, runs it, and returns
     * true. NULL: never.
     */
    bool (*help)(weir_future *future);
    /*
     * Called once if a cancel prevented the task, in the thread that cancelled it, with no lock held: the task leaves
     * its queue. Waiters may run already. NULL: nothing to do.
     */
    void (*cancelled)(weir_future *future);
    /* Calls weir__future_cancel_pending for a cancel, and returns the same. NULL: the cancel calls that itself. */
    bool (*cancel)(weir_future *future);
    /* Whether a cancel of more than this task has come, for its function. Takes no lock. NULL: never. */
    bool (*asked)(const weir_future *future);
} weir__future_kind;

/* The bits of the word. */
enum {
    WEIR__FUTURE_PHASE = 7,      /* weir_future_state */
    WEIR__FUTURE_ASKED = 8,      /* a cancel came while the task ran */
    WEIR__FUTURE_WAITED = 16,    /* threads may sleep on the word: F3 */
    WEIR__FUTURE_TAKEN = 32,     /* the value was moved out */
    WEIR__FUTURE_WATCHED = 64,   /* the end, and the last release, must acquire the lock: F4, F6 */
    WEIR__FUTURE_HELD = 128,     /* a cancel has claimed the future: F1 */
    WEIR__FUTURE_OPEN = 256,     /* a pending task that is claimed without a lock: F9 */
    WEIR__FUTURE_REFERENCE = 512 /* one reference: the bits from here on count them, up to 8 million */
};

/* Ways in which a thread is inside a future (sync/callout.h). No other layer uses these bits. */
enum {
    WEIR__FUTURE_RUNS = 0x100, /* it runs the future's task: it must not wait for the future */
    WEIR__FUTURE_DROPS = 0x200 /* it drops the future's value */
};

struct weir_future {
    weir__u32 state; /* phase, flags and references; F1 */
    weir__lock lock;
    int code;                      /* error code; F2 */
    bool counted;                  /* for the thread that runs the task, which writes it */
    const weir__future_kind *kind; /* constant; NULL: a promise */
    void *result;                  /* the value if DONE, the message or NULL if FAILED; F2 */
    weir_drop_func *drop;          /* of a value that was not taken; constant */
    void *drop_arg;                /* constant */
    weir__watcher *watchers;       /* last of the ring, or NULL; under the lock */
    weir__event *event;            /* made when first asked for; under the lock */
};

static inline weir_future_state weir__future_phase(uint32_t state) {
    return (weir_future_state)(state & WEIR__FUTURE_PHASE);
}

static inline bool weir__future_is_end(uint32_t state) {
    return weir__future_phase(state) >= WEIR_FUTURE_DONE;
}

/* F2. Pairs with the release in the end. */
static inline bool weir__future_has_ended(const weir_future *future) {
    return weir__future_is_end(weir__u32_load_acquire(&future->state));
}

/* ---- for the owner of a task; it holds a reference during each of these calls ---- */

/* Initialises a future in zeroed memory: PENDING, with this number of references. */
void weir__future_init(weir_future *future, const weir__future_kind *kind, uint32_t references, weir_drop_func *drop,
                       void *drop_arg);

/* Prepares a future of a task that ran before: all but its word, which weir__future_open writes. */
static inline void weir__future_prepare(weir_future *future, const weir__future_kind *kind) {
    future->code = 0;
    future->kind = kind;
    future->result = NULL;
    future->drop = NULL;
    future->drop_arg = NULL;
    future->event = NULL;
}

/* Releases a reference that is not the last one. */
static inline void weir__future_forget(weir_future *future) {
    (void)weir__u32_add_acquire_release(&future->state, (uint32_t)-WEIR__FUTURE_REFERENCE);
}

enum { WEIR__FUTURE_CLAIM = WEIR__FUTURE_PHASE | WEIR__FUTURE_HELD }; /* 0: pending, and not claimed */

/* F1. Changes the bits of `mask` from `from` to `to`, and adds references. Returns false if they are not `from`. */
static inline bool weir__future_change(weir_future *future, uint32_t mask, uint32_t from, uint32_t to, uint32_t more) {
    uint32_t state = weir__u32_load_relaxed(&future->state);
    while ((state & mask) == from) {
        uint32_t changed = ((state & ~mask) | to) + more * WEIR__FUTURE_REFERENCE;
        if (weir__u32_swap_acquire_release(&future->state, state, changed))
            return true;
        state = weir__u32_load_relaxed(&future->state);
    }
    return false;
}

/* Claims a pending task: PENDING -> RUNNING. Returns false if it is not pending any more: it was claimed or cancelled. */
static inline bool weir__future_begin(weir_future *future) {
    return weir__future_change(future, WEIR__FUTURE_CLAIM, WEIR_FUTURE_PENDING, WEIR_FUTURE_RUNNING, 0);
}

/* Whether a task is pending, and not claimed. It may not be any more. */
static inline bool weir__future_is_pending(const weir_future *future) {
    return (weir__u32_load_relaxed(&future->state) & WEIR__FUTURE_CLAIM) == WEIR_FUTURE_PENDING;
}

/*
 * F9. Publishes a pending task that is open, with two references. Its other members were written before.
 *
 * The others claim an open task, or make it one that is not open, and add `more` references. They return false if it is
 * not open or not pending any more.
 */
static inline void weir__future_open(weir_future *future) {
    weir__u32_store_release(&future->state, WEIR_FUTURE_PENDING | WEIR__FUTURE_OPEN | 2 * WEIR__FUTURE_REFERENCE);
}

static inline bool weir__future_begin_open(weir_future *future, uint32_t more) {
    return weir__future_change(future, WEIR__FUTURE_CLAIM | WEIR__FUTURE_OPEN, WEIR__FUTURE_OPEN, WEIR_FUTURE_RUNNING,
                               more);
}

static inline bool weir__future_shut(weir_future *future, uint32_t more) {
    return weir__future_change(future, WEIR__FUTURE_CLAIM | WEIR__FUTURE_OPEN, WEIR__FUTURE_OPEN, WEIR_FUTURE_PENDING,
                               more);
}

/* Whether a pending task is open. It may not be any more. */
static inline bool weir__future_is_open(const weir_future *future) {
    uint32_t state = weir__u32_load_relaxed(&future->state);
    return (state & (WEIR__FUTURE_CLAIM | WEIR__FUTURE_OPEN)) == WEIR__FUTURE_OPEN;
}

/*
 * RUNNING -> PENDING, for a task that runs again. Returns false if a cancel came while it ran: it is still RUNNING, and
 * the owner ends it.
 */
bool weir__future_again(weir_future *future);

/*
 * End a running task. Callbacks run in this call. The value is the future's from then on. The code is not 0; the message
 * is copied; NULL or "": none. If there is no memory for the message, the code is kept.
 */
void weir__future_end_value(weir_future *future, void *value);
void weir__future_end_error(weir_future *future, int code, const char *message);
void weir__future_end_cancelled(weir_future *future);

/* Like weir__future_end_value, and releases the caller's reference in the same step. */
void weir__future_finish_value(weir_future *future, void *value);

/* PENDING -> CANCELLED. Returns whether it did; otherwise it has no effect. Calls `cancelled` of the kind, then callbacks. */
bool weir__future_cancel_pending(weir_future *future);

/* Whether a cancel came, before or while the task runs. */
static inline bool weir__future_cancelled(const weir_future *future) {
    uint32_t state = weir__u32_load_acquire(&future->state);
    return (state & WEIR__FUTURE_ASKED) != 0 || weir__future_phase(state) == WEIR_FUTURE_CANCELLED;
}

/* Whether a running task has one reference, the caller's, and was neither watched nor asked to end. */
static inline bool weir__future_is_untouched(const weir_future *future) {
    return weir__u32_load_acquire(&future->state) == (WEIR_FUTURE_RUNNING | WEIR__FUTURE_REFERENCE);
}

/* ---- for waits ---- */

/* Adds a watcher, unless the future has ended: returns false then. */
bool weir__future_watch(weir_future *future, weir__watcher *watcher);

/* F4. Sets WATCHED, unless the future has ended: returns false then. The lock is held. */
bool weir__future_mark_watched(weir_future *future);

/* Returns whether the future has ended. If a thread ends it now and has told a watcher, blocks until that shows (F4). */
bool weir__future_is_over(weir_future *future);

/* Removes a watcher of a wait, if it has not been told. It may be freed then; F7. */
void weir__future_unwatch(weir_future *future, weir__watcher *watcher);

/* Blocks until a thread that has told a watcher of the end has ended the future, which takes a few instructions: F4. */
void weir__future_settle(weir_future *future);

#endif /* WEIR_FUTURE_FUTURE_H */
