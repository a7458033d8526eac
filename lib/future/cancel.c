/*
 * cancel.c - Implements the cancel of a future. See future.h, F1.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/future.h"

/* F1. Records the request if the task runs. Returns the word that it found. */
static uint32_t ask(weir_future *future) {
    uint32_t state = weir__u32_load_acquire(&future->state);
    while (weir__future_phase(state) == WEIR_FUTURE_RUNNING &&
           !weir__u32_swap_acquire_release(&future->state, state, state | WEIR__FUTURE_ASKED))
        state = weir__u32_load_acquire(&future->state);
    return state;
}

static bool cancel_pending(weir_future *future) {
    const weir__future_kind *kind = future->kind;
    if (kind == NULL || kind->cancel == NULL)
        return weir__future_cancel_pending(future);
    return weir__future_phase(weir__u32_load_acquire(&future->state)) == WEIR_FUTURE_PENDING && kind->cancel(future);
}

weir_status weir_future_cancel(weir_future *future) {
    if (future == NULL)
        return WEIR_INVALID;
    while (!cancel_pending(future)) {
        switch (weir__future_phase(ask(future))) {
            case WEIR_FUTURE_PENDING: /* a task that runs again: weir__future_again */
                break;
            case WEIR_FUTURE_RUNNING:
                return WEIR_BUSY;
            case WEIR_FUTURE_CANCELLED:
                return WEIR_OK;
            default:
                return WEIR_CLOSED;
        }
    }
    return WEIR_OK;
}

bool weir_future_cancelled(const weir_future *future) {
    if (future == NULL)
        return false;
    const weir__future_kind *kind = future->kind;
    return weir__future_cancelled(future) || (kind != NULL && kind->asked != NULL && kind->asked(future));
}
