/*
 * callback.c - Implements callbacks. See future.h, F5.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/callback.h"

#include "sync/border.h"
#include "sync/sync.h"

struct callback {
    weir__watcher watcher; /* first */
    weir_future_func *func;
    void *arg;
};

weir__watcher *weir__callback_new(weir_future_func *func, void *arg) {
    struct callback *callback = weir__alloc(sizeof *callback);
    if (callback == NULL)
        return NULL;
    callback->func = func;
    callback->arg = arg;
    return &callback->watcher;
}

void weir__callback_call(weir_future_func *func, weir_future *future, void *arg) {
    int before = weir__uncancellable_begin();
    func(future, arg);
    weir__border();
    weir__uncancellable_end(before);
}

void weir__callbacks_run(weir__watcher *callbacks, weir_future *future) {
    while (callbacks != NULL) {
        struct callback first = *(struct callback *)callbacks;
        weir__free(callbacks);
        callbacks = first.watcher.next;
        weir__callback_call(first.func, future, first.arg);
    }
}
