/*
 * dispatch.c - Waits for signals on one thread, for all pipelines.
 *
 * The system delivers a signal to only one of the threads that wait for it. So one thread, the dispatcher, waits for
 * the signals of all listeners, and passes each signal to all listeners that want it. The dispatcher exists while there
 * are listeners.
 *
 * D4  The lock of `dispatch` guards all its members. The dispatcher holds the lock except while it waits.
 * D5  For each signal, `wanting` counts the listeners that want it. When a count becomes zero or stops being zero, the
 *     dispatcher must rebuild its signal set. To interrupt its wait, a thread sends the poke: one of the signals that
 *     the dispatcher waits for, sent to the dispatcher alone. `poked` is the number of the poke. At most one poke is
 *     pending, and it is sent with the lock held. A signal of the same number may be pending for the process meanwhile.
 *     Then the dispatcher can take two signals, one of which is the poke. Either order is correct: no signal is lost,
 *     and no signal is passed on that was not sent.
 * D6  If no listener wants a signal, the dispatcher blocks on the park.
 * D7  If no listener takes a signal, the dispatcher raises it again for the process, where it stays pending for the
 *     program. The listeners of that signal are deaf by then, or have left, so the dispatcher does not wait for it
 *     again.
 * D8  The last listener to leave ends the dispatcher, and joins it without the lock. A listener that joins meanwhile
 *     waits until that is done.
 *
 * Lock order: this lock, then a pipeline's and its queues'.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/dispatch.h"

#include <string.h>

#include <weir/deadline.h>

#include "lock/lock.h"
#include "park/park.h"
#include "sync/signals.h"

static struct {
    weir__lock lock;
    weir__park changed; /* the dispatcher, and threads that wait for its end */
    weir__listener *first;
    size_t wanting[WEIR__SIGNALS]; /* for each signal: number of listeners that want it and are not deaf */
    weir__thread thread;
    bool running, ending;
    int waits_for; /* a signal that the dispatcher waits for; 0: it waits for none */
    int poked;     /* number of the pending poke (D5); 0: none */
} dispatch;

/* ---- the thread ---- */

static bool wants(const weir__listener *listener, int signal) {
    for (size_t i = 0; !listener->deaf && i < listener->count; i++) {
        if (listener->signals[i] == signal)
            return true;
    }
    return false;
}

/* Sets `wanted` to the signals that listeners want. Returns one of these signals, or 0 if there are none. */
static int collect_locked(weir__signals *wanted) {
    int one = 0;
    weir__signals_clear(wanted);
    for (int signal = 1; signal < WEIR__SIGNALS; signal++) {
        if (dispatch.wanting[signal] > 0)
            weir__signals_add(wanted, one = signal);
    }
    return one;
}

/* Adds the listener's signals to `wanting`. Returns true if the dispatcher must rebuild its set. */
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

/* D5. Takes the pending poke, if the wait has not taken it. */
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
            return; /* only the poke was pending */
    }
    for (weir__listener *at = dispatch.first; at != NULL; at = at->next) {
        if (wants(at, signal))
            taken = tell_locked(at, signal) || taken;
    }
    if (!taken)
        weir__signal_raise(signal);
}

/* Waits for one of these signals, with the lock released, and handles it. */
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

/* Makes the dispatcher rebuild its set, and releases the lock. */
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
