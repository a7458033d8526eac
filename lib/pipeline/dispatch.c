/*
 * dispatch.c - Implements the one thread that waits for signals, for all pipelines.
 *
 * A signal goes to one thread of those that wait for it. So one thread waits, for the signals of all listeners, and
 * tells each of them. It is there as long as there are listeners.
 *
 * D1  All of `dispatch` is under its lock, which the thread holds but while it waits.
 * D2  `wanting` counts, for each signal, the listeners that want it. When one of the counts leaves zero, or comes to
 *     it, the thread must compute its set anew. It is woken from its wait by one of the signals that it waits for, sent
 *     to it alone: `poked`. At most one such signal is under way, and it is sent with the lock held. A signal of that
 *     number that was sent to the process pends beside it. So of two that can be taken one is the poke, and it does not
 *     matter which: none is lost, and none is told that was not sent.
 * D3  With no signal to wait for the thread sleeps in the park.
 * D4  A signal that no listener takes any more goes back to the process, where it pends for the program. Its listeners
 *     are deaf then, or have left, so the thread does not wait for it again.
 * D5  The last listener that leaves has the thread end, and joins it without the lock. One that joins meanwhile waits
 *     for that.
 *
 * Lock order: this lock, then a pipeline's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/dispatch.h"

#include <string.h>

#include <weir/deadline.h>

#include "lock/lock.h"
#include "park/park.h"
#include "sync/signals.h"

static struct {
    weir__lock lock;
    weir__park changed; /* the thread, and those that wait for its end */
    weir__listener *first;
    size_t wanting[WEIR__SIGNALS]; /* listeners that are not deaf, for each signal that they want */
    weir__thread thread;
    bool running, ending;
    int waits_for; /* one of the signals that the thread waits for; 0: it does not wait for any */
    int poked;     /* D2; 0: none is under way */
} dispatch;

/* ---- the thread ---- */

static bool wants(const weir__listener *listener, int signal) {
    for (size_t i = 0; !listener->deaf && i < listener->count; i++) {
        if (listener->signals[i] == signal)
            return true;
    }
    return false;
}

/* Fills in what all listeners want; returns one of it, or 0. */
static int collect_locked(weir__signals *wanted) {
    int one = 0;
    weir__signals_clear(wanted);
    for (int signal = 1; signal < WEIR__SIGNALS; signal++) {
        if (dispatch.wanting[signal] > 0)
            weir__signals_add(wanted, one = signal);
    }
    return one;
}

/* Returns whether the thread has to look again. */
static bool count_locked(const weir__listener *listener) {
    bool first = false;
    for (size_t i = 0; i < listener->count; i++)
        first = dispatch.wanting[listener->signals[i]]++ == 0 || first;
    return first;
}

static bool uncount_locked(const weir__listener *listener) {
    bool last = false;
    for (size_t i = 0; i < listener->count; i++)
        last = --dispatch.wanting[listener->signals[i]] == 0 || last;
    return last;
}

static bool tell_locked(weir__listener *listener, int signal) {
    bool taken = listener->tell(listener, signal);
    if (listener->deaf)
        (void)uncount_locked(listener);
    return taken;
}

/* Takes the poke, if one was sent that the wait has not taken (D2). */
static void absorb_poke_locked(void) {
    if (dispatch.poked != 0)
        (void)weir__signal_take(dispatch.poked);
    dispatch.poked = 0;
}

static void handle_locked(int signal) {
    bool taken = false;
    if (signal == dispatch.poked) {
        dispatch.poked = 0;
        if (!weir__signal_take(signal))
            return; /* it was the poke alone */
    }
    for (weir__listener *at = dispatch.first; at != NULL; at = at->next) {
        if (wants(at, signal))
            taken = tell_locked(at, signal) || taken;
    }
    if (!taken)
        weir__signal_raise(signal);
}

/* Waits for one of these signals without the lock. */
static void wait_locked(const weir__signals *wanted) {
    weir__lock_release(&dispatch.lock);
    int signal = weir__signals_wait(wanted);
    weir__lock_acquire(&dispatch.lock);
    handle_locked(signal);
}

static void run(void *unused) {
    (void)unused;
    weir__signals wanted;
    weir__lock_acquire(&dispatch.lock);
    while (absorb_poke_locked(), !dispatch.ending) {
        dispatch.waits_for = collect_locked(&wanted);
        if (dispatch.waits_for != 0)
            wait_locked(&wanted);
        else
            weir__park_wait(&dispatch.changed, &dispatch.lock, WEIR_NEVER, NULL);
    }
    weir__lock_release(&dispatch.lock);
}

/* ---- listeners ---- */

static bool start_locked(void) {
    dispatch.thread = (weir__thread){.main = run};
    strcpy(dispatch.thread.name, "weir-signals");
    dispatch.waits_for = dispatch.poked = 0;
    dispatch.running = weir__thread_start(&dispatch.thread);
    return dispatch.running;
}

/* Lets the thread look at the listeners again, and releases the lock. */
static void poke_locked(void) {
    if (dispatch.waits_for != 0 && dispatch.poked == 0) {
        dispatch.poked = dispatch.waits_for;
        weir__signal_send(&dispatch.thread, dispatch.poked);
    }
    weir__park_release_all(&dispatch.changed, &dispatch.lock);
}

static void add_locked(weir__listener *listener) {
    listener->before = NULL;
    listener->next = dispatch.first;
    if (listener->next != NULL)
        listener->next->before = listener;
    dispatch.first = listener;
}

bool weir__dispatch_join(weir__listener *listener) {
    weir__lock_acquire(&dispatch.lock);
    while (dispatch.ending)
        weir__park_wait(&dispatch.changed, &dispatch.lock, WEIR_NEVER, NULL);
    if (!dispatch.running && !start_locked()) {
        weir__lock_release(&dispatch.lock);
        return false;
    }
    add_locked(listener);
    if (count_locked(listener))
        poke_locked();
    else
        weir__lock_release(&dispatch.lock);
    return true;
}

static void remove_locked(weir__listener *listener) {
    if (listener->before == NULL)
        dispatch.first = listener->next;
    else
        listener->before->next = listener->next;
    if (listener->next != NULL)
        listener->next->before = listener->before;
}

void weir__dispatch_leave(weir__listener *listener) {
    weir__lock_acquire(&dispatch.lock);
    remove_locked(listener);
    bool changed = !listener->deaf && uncount_locked(listener), last = dispatch.first == NULL;
    dispatch.ending = last;
    if (changed || last)
        poke_locked();
    else
        weir__lock_release(&dispatch.lock);
    if (!last)
        return;
    weir__thread_join(&dispatch.thread);
    weir__lock_acquire(&dispatch.lock);
    dispatch.running = dispatch.ending = false;
    weir__park_release_all(&dispatch.changed, &dispatch.lock);
}
