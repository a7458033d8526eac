/*
 * callout.h - Implements callouts: calls from the library into the program, which may call the library again.
 *
 * Each thread has a list of the objects that it is inside, innermost first. A blocking call reads it to detect that it
 * would wait for its own thread. The list is thread-local: no lock, no atomic.
 *
 * Cancellation is disabled inside a callout: a cancellation point in the program's function does not lose what the
 * library holds.
 *
 * An object may want to know when its thread waits in a call of the library: `waits` is told before and after.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CALLOUT_H
#define WEIR_SYNC_CALLOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/thread.h"

/* What a thread does next: it goes on after a wait, it spins, or it sleeps. */
typedef enum weir__wait_step { WEIR__GOES_ON, WEIR__SPINS, WEIR__SLEEPS } weir__wait_step;

/* An object that a thread is inside, and bits of the object's layer that say in which way. */
typedef struct weir__callout {
    const void *object;
    unsigned how;
    int cancellable; /* the previous cancellation state */
    struct weir__callout *outer;
    void (*waits)(struct weir__callout *callout, weir__wait_step step); /* NULL: the object need not know */
} weir__callout;

/* Marks the calling thread as inside `object`. The struct must stay in place until weir__callout_end. */
static inline void weir__callout_begin(weir__callout *callout, const void *object, unsigned how) {
    weir__callout **innermost = weir__thread_callouts();
    *callout = (weir__callout){.object = object, .how = how, .outer = *innermost};
    callout->cancellable = weir__uncancellable_begin();
    *innermost = callout;
}

static inline void weir__callout_end(const weir__callout *callout) {
    *weir__thread_callouts() = callout->outer;
    weir__uncancellable_end(callout->cancellable);
}

/* Removes the entries inside this one, after their stack frames were unwound. */
static inline void weir__callout_unwind_to(weir__callout *callout) {
    *weir__thread_callouts() = callout;
}

/* Returns the calling thread's innermost entry for `object` in one of these ways; NULL if there is none. */
static inline weir__callout *weir__callout_find(const void *object, unsigned how) {
    weir__callout *at = *weir__thread_callouts();
    while (at != NULL && !(at->object == object && (at->how & how) != 0))
        at = at->outer;
    return at;
}

static inline bool weir__callout_is_inside(const void *object, unsigned how) {
    return weir__callout_find(object, how) != NULL;
}

/* Tells the innermost entry that wants to know. Called without locks that `waits` takes. */
static inline void weir__callouts_tell(weir__wait_step step) {
    weir__callout *at = *weir__thread_callouts();
    while (at != NULL && at->waits == NULL)
        at = at->outer;
    if (at != NULL)
        at->waits(at, step);
}

#endif /* WEIR_SYNC_CALLOUT_H */
