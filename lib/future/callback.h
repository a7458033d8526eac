/*
 * callback.h - Declares callbacks: functions of the program that are called when a future has ended.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_CALLBACK_H
#define WEIR_FUTURE_CALLBACK_H

#include "future/watch.h"

/* Returns a watcher that is a callback; NULL if out of memory. The caller frees it with weir__free until it is added. */
weir__watcher *weir__callback_new(weir_future_func *func, void *arg);

/* Calls the function of the program. No lock is held. */
void weir__callback_call(weir_future_func *func, weir_future *future, void *arg);

/*
 * Calls and frees the callbacks of a list linked by `next`. No lock is held, and the caller has a reference to the
 * future.
 */
void weir__callbacks_run(weir__watcher *callbacks, weir_future *future);

#endif /* WEIR_FUTURE_CALLBACK_H */
