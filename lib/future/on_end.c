/*
 * on_end.c - Implements weir_future_on_end. See future.h, F5.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/callback.h"
#include "future/future.h"

weir_status weir_future_on_end(weir_future *future, weir_future_func *func, void *arg) {
    if (future == NULL || func == NULL)
        return WEIR_INVALID;
    if (!weir__future_has_ended(future)) {
        weir__watcher *callback = weir__callback_new(func, arg);
        if (callback == NULL)
            return WEIR_NOMEM;
        if (weir__future_watch(future, callback))
            return WEIR_OK;
        weir__free(callback);
    }
    (void)weir_future_retain(future); /* F5 */
    weir__callback_call(func, future, arg);
    weir_future_release(future);
    return WEIR_OK;
}
