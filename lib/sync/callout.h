/*
 * callout.h - calls out of the library, to functions of the program, which may call the library again.
 *
 * Each thread has a list of what it is inside of, the innermost first. A call that waits for others finds out from it
 * whether it would wait for the thread that makes it. The list is the thread's own: no lock, no atomic.
 *
 * Inside, the thread is not cancelled, whatever the function does: what the library has in hand would be lost.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CALLOUT_H
#define WEIR_SYNC_CALLOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/thread.h"

/* What a thread is inside of: an object, and bits of the object's room that say in which way. */
typedef struct weir__callout {
    const void *object;
    unsigned how;
    int cancellable; /* what it was before */
    struct weir__callout *outer;
} weir__callout;

/* From here on the thread is inside of `object`. The struct stays in its place until the end. */
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

/* Forgets what the thread was inside of beyond this one: its stack was unwound. */
static inline void weir__callout_unwind_to(weir__callout *callout) {
    *weir__thread_callouts() = callout;
}

/* The innermost by which the calling thread is inside of `object` in one of these ways; NULL: it is not. */
static inline weir__callout *weir__callout_find(const void *object, unsigned how) {
    weir__callout *at = *weir__thread_callouts();
    while (at != NULL && !(at->object == object && (at->how & how) != 0))
        at = at->outer;
    return at;
}

static inline bool weir__callout_is_inside(const void *object, unsigned how) {
    return weir__callout_find(object, how) != NULL;
}

#endif /* WEIR_SYNC_CALLOUT_H */
