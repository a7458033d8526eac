/*
 * get.h - Declares the wait for one future.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_GET_H
#define WEIR_FUTURE_GET_H

#include <weir/future.h>

/*
 * Blocks until the future has ended. Returns WEIR_OK; WEIR_TIMEDOUT if it had not ended by the deadline; WEIR_DEADLOCK
 * if the calling thread runs its task, or must not sleep (blocking.h).
 */
weir_status weir__future_wait(weir_future *future, weir_deadline deadline);

/* The same, if the calling thread does not run the task. */
weir_status weir__future_wait_other(weir_future *future, weir_deadline deadline);

#endif /* WEIR_FUTURE_GET_H */
