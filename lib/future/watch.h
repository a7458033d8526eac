/*
 * watch.h - Declares the ring of a future's watchers: those that the future tells of its end, once each.
 *
 * A watcher is one of two kinds. A wait (weir_wait, weir_as_completed) has a `tell` function of the library, called
 * under the future's lock. A callback of the program has none: the thread that ends the future calls it later, with no
 * lock held.
 *
 * The future's lock guards the ring and the members of the watchers in it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_WATCH_H
#define WEIR_FUTURE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/future.h>

typedef struct weir__watcher weir__watcher;

struct weir__watcher {
    void (*tell)(weir__watcher *watcher, weir_future_state how); /* constant; NULL: a callback */
    weir__watcher *next, *before;                                /* NULL: not in a ring */
};

/* Adds a watcher behind the others. `*last` is the last one of the ring, or NULL. */
void weir__watch_add(weir__watcher **last, weir__watcher *watcher);

/* Removes a watcher from its ring. */
void weir__watch_remove(weir__watcher **last, weir__watcher *watcher);

/*
 * Empties the ring: tells each wait, in order. Returns the callbacks, in the order in which they were added, linked by
 * `next`; NULL: none.
 */
weir__watcher *weir__watch_tell(weir__watcher **last, weir_future_state how);

#endif /* WEIR_FUTURE_WATCH_H */
