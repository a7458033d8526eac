/*
 * get.c - Implements waiting for a future, its result and its state. See future.h, F2 and F3.
 *
 * A thread of a crew that waits first helps: it runs the task itself if it has not begun. With a deadline it does so only
 * if it must not sleep, because the task may take longer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/get.h"

#include "future/future.h"
#include "future/blocking.h"
#include "park/park.h"
#include "park/spin.h"

static weir__spin spin; /* of all waits for futures: hints */

static bool look_at_future(const void *future, size_t ahead) {
    (void)ahead;
    return weir__future_is_end(weir__u32_load_relaxed(&((const weir_future *)future)->state));
}

/* Runs the task in this thread, if it has not begun and the thread may. Returns whether the future has ended then. */
static bool help(weir_future *future) {
    return future->kind != NULL && future->kind->help != NULL && future->kind->help(future) &&
           weir__future_has_ended(future);
}

/* F3. Returns the word. */
static uint32_t announce_sleep(weir_future *future) {
    uint32_t state = weir__u32_load_acquire(&future->state);
    while (!weir__future_is_end(state) && (state & WEIR__FUTURE_WAITED) == 0) {
        if (weir__u32_swap_acquire_release(&future->state, state, state | WEIR__FUTURE_WAITED))
            return state | WEIR__FUTURE_WAITED;
        state = weir__u32_load_acquire(&future->state);
    }
    return state;
}

/* F3 */
static weir_status sleep_until(weir_future *future, weir_deadline deadline) {
    uint32_t state = announce_sleep(future);
    bool in_time = true;
    while (in_time && !weir__future_is_end(state)) {
        in_time = weir__sleep(&future->state, state, deadline);
        state = weir__u32_load_acquire(&future->state);
    }
    return weir__future_has_ended(future) ? WEIR_OK : WEIR_TIMEDOUT;
}

weir_status weir__future_wait_other(weir_future *future, weir_deadline deadline) {
    if (weir__future_has_ended(future))
        return WEIR_OK;
    if (deadline == WEIR_NEVER && help(future))
        return WEIR_OK;
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return WEIR_TIMEDOUT;
    if (weir__spin_until(&spin, look_at_future, future, 0, deadline) && weir__future_has_ended(future))
        return WEIR_OK;
    if (!weir__blocking_begin())
        return help(future) ? WEIR_OK : WEIR_DEADLOCK;
    weir_status status = sleep_until(future, deadline);
    weir__blocking_end();
    return status;
}

weir_status weir__future_wait(weir_future *future, weir_deadline deadline) {
    if (weir__future_has_ended(future))
        return WEIR_OK;
    if (weir__callout_is_inside(future, WEIR__FUTURE_RUNS))
        return WEIR_DEADLOCK;
    return weir__future_wait_other(future, deadline);
}

/* The future has ended. */
static weir_status outcome(const weir_future *future, void **value) {
    uint32_t state = weir__u32_load_acquire(&future->state);
    switch (weir__future_phase(state)) {
        case WEIR_FUTURE_FAILED:
            return WEIR_FAILED;
        case WEIR_FUTURE_CANCELLED:
            return WEIR_CANCELLED;
        default:
            if ((state & WEIR__FUTURE_TAKEN) != 0)
                return WEIR_EMPTY;
            if (value != NULL)
                *value = future->result;
            return WEIR_OK;
    }
}

static weir_status get_until(weir_future *future, void **value, weir_deadline deadline) {
    if (future == NULL)
        return WEIR_INVALID;
    weir_status status = weir__future_has_ended(future) ? WEIR_OK : weir__future_wait(future, deadline);
    return status == WEIR_OK ? outcome(future, value) : status;
}

weir_status weir_future_get_until(weir_future *future, void **value, weir_deadline deadline) {
    return get_until(future, value, deadline);
}

weir_status weir_future_get(weir_future *future, void **value) {
    return get_until(future, value, WEIR_NEVER);
}

weir_status weir_future_take(weir_future *future, void **value) {
    if (future == NULL || value == NULL)
        return WEIR_INVALID;
    if (!weir__future_has_ended(future))
        return WEIR_BUSY;
    void *result;
    weir_status status = outcome(future, &result);
    if (status != WEIR_OK)
        return status;
    if ((weir__u32_or_acquire_release(&future->state, WEIR__FUTURE_TAKEN) & WEIR__FUTURE_TAKEN) != 0) /* F1 */
        return WEIR_EMPTY;
    *value = result;
    return WEIR_OK;
}

weir_future_state weir_future_state_of(const weir_future *future) {
    return future == NULL ? WEIR_FUTURE_CANCELLED : weir__future_phase(weir__u32_load_acquire(&future->state));
}

int weir_future_code(const weir_future *future) {
    return future == NULL || !weir__future_has_ended(future) ? 0 : future->code;
}

const char *weir_future_message(const weir_future *future) {
    if (weir_future_state_of(future) != WEIR_FUTURE_FAILED || future->result == NULL)
        return "";
    return future->result;
}
