/*
 * watch.c - Implements the ring of a future's watchers. See watch.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/watch.h"

#include "sync/sync.h"

void weir__watch_add(weir__watcher **last, weir__watcher *watcher) {
    if (*last == NULL) {
        watcher->next = watcher->before = watcher;
    } else {
        watcher->before = *last;
        watcher->next = (*last)->next;
        watcher->next->before = watcher;
        (*last)->next = watcher;
    }
    *last = watcher;
}

void weir__watch_remove(weir__watcher **last, weir__watcher *watcher) {
    weir__assert(watcher->next->before == watcher && watcher->before->next == watcher);
    if (*last == watcher)
        *last = watcher->before == watcher ? NULL : watcher->before;
    watcher->before->next = watcher->next;
    watcher->next->before = watcher->before;
    watcher->next = watcher->before = NULL;
}

weir__watcher *weir__watch_tell(weir__watcher **last, weir_future_state how) {
    weir__watcher *callbacks = NULL, **end = &callbacks;
    while (*last != NULL) {
        weir__watcher *first = (*last)->next;
        weir__watch_remove(last, first);
        if (first->tell != NULL) {
            first->tell(first, how);
        } else {
            *end = first;
            end = &first->next;
        }
    }
    return callbacks;
}
