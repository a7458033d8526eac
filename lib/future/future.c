/*
 * future.c - Implements the life of a future: creation, references, the claim and the end. See future.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/future.h"

#include <stdio.h>

#include "future/callback.h"
#include "sync/border.h"
#include "sync/text.h"

enum { LONGEST_MESSAGE = 256 }; /* bytes, terminating zero included */

/* ---- creation and references ---- */

void weir__future_init(weir_future *future, const weir__future_kind *kind, uint32_t references, weir_drop_func *drop,
                       void *drop_arg) {
    future->kind = kind;
    future->drop = drop;
    future->drop_arg = drop_arg;
    weir__u32_store_relaxed(&future->state, references * WEIR__FUTURE_REFERENCE);
}

weir_status weir_future_create(weir_future **future, weir_drop_func *drop, void *drop_arg) {
    if (future == NULL)
        return WEIR_INVALID;
    weir_future *new = weir__alloc(sizeof *new);
    if (new == NULL)
        return WEIR_NOMEM;
    weir__future_init(new, NULL, 1, drop, drop_arg);
    *future = new;
    return WEIR_OK;
}

weir_future *weir_future_retain(weir_future *future) {
    if (future != NULL)
        (void)weir__u32_add_acquire_release(&future->state, WEIR__FUTURE_REFERENCE);
    return future;
}

static void drop_value(weir_future *future) {
    weir__callout callout;
    if (future->drop == NULL)
        return;
    weir__callout_begin(&callout, future, WEIR__FUTURE_DROPS);
    future->drop(future->result, future->drop_arg);
    weir__border();
    weir__callout_end(&callout);
}

/* The calling thread has released the last reference. */
static void free_future(weir_future *future) {
    uint32_t state = weir__u32_load_acquire(&future->state);
    if ((state & WEIR__FUTURE_WATCHED) != 0) { /* F6 */
        weir__lock_acquire(&future->lock);
        weir__lock_release(&future->lock);
    }
    if (weir__future_phase(state) == WEIR_FUTURE_FAILED)
        weir__free(future->result);
    else if (weir__future_phase(state) == WEIR_FUTURE_DONE && (state & WEIR__FUTURE_TAKEN) == 0)
        drop_value(future);
    if (future->event != NULL) {
        weir__event_close(future->event);
        weir__free(future->event);
    }
    if (future->kind == NULL)
        weir__free(future);
    else
        future->kind->destroy(future);
}

static uint32_t references_in(uint32_t state) {
    return state / WEIR__FUTURE_REFERENCE;
}

/* Returns whether it was the last one. */
static bool release(weir_future *future) {
    return references_in(weir__u32_load_acquire(&future->state)) == 1 || /* F8 */
           references_in(weir__u32_add_acquire_release(&future->state, (uint32_t)-WEIR__FUTURE_REFERENCE)) == 1;
}

void weir_future_release(weir_future *future) {
    if (future == NULL || !release(future))
        return;
    if (!weir__future_has_ended(future)) { /* its callbacks learn that it will never be set */
        uint32_t flags = weir__u32_load_relaxed(&future->state) % WEIR__FUTURE_REFERENCE;
        weir__u32_store_relaxed(&future->state, flags + WEIR__FUTURE_REFERENCE); /* no other thread has one */
        (void)weir__future_cancel_pending(future);
        if (!release(future))
            return;
    }
    free_future(future);
}

/* ---- the end ---- */

/* Returns the word of a future that has ended. */
static uint32_t end_of(uint32_t state, weir_future_state how) {
    return (state & ~(uint32_t)(WEIR__FUTURE_PHASE | WEIR__FUTURE_WAITED | WEIR__FUTURE_HELD | WEIR__FUTURE_OPEN)) |
           (uint32_t)how;
}

/*
 * The lock is held, and the result is written. Ends the future and releases the lock. `cancelled` is the function of its
 * kind to call, or NULL.
 */
static void end_locked(weir_future *future, weir_future_state how, void (*cancelled)(weir_future *future)) {
    weir__assert(!weir__future_is_end(weir__u32_peek(&future->state)));  /* F1 */
    weir__watcher *callbacks = weir__watch_tell(&future->watchers, how); /* F4 */
    if (callbacks != NULL)
        (void)weir_future_retain(future); /* F5 */
    uint32_t state = weir__u32_load_relaxed(&future->state);
    while (!weir__u32_swap_acquire_release(&future->state, state, end_of(state, how) | WEIR__FUTURE_WATCHED)) /* F2 */
        state = weir__u32_load_relaxed(&future->state);
    if (future->event != NULL)
        weir__event_happen(future->event);
    weir__lock_release(&future->lock);
    if ((state & WEIR__FUTURE_WAITED) != 0) /* F3, F6 */
        weir__futex_wake(&future->state, WEIR__EVERYONE);
    if (cancelled != NULL)
        cancelled(future);
    if (callbacks != NULL) {
        weir__callbacks_run(callbacks, future);
        if (release(future))
            free_future(future);
    }
}

/* Acquires the lock if the future is in this phase. */
static bool acquire_in(weir_future *future, weir_future_state phase) {
    weir__lock_acquire(&future->lock);
    if (weir__future_phase(weir__u32_load_relaxed(&future->state)) == phase)
        return true;
    weir__lock_release(&future->lock);
    return false;
}

void weir__future_end_value(weir_future *future, void *value) {
    weir__lock_acquire(&future->lock);
    future->result = value;
    end_locked(future, WEIR_FUTURE_DONE, NULL);
}

/* F4. Ends a running task that is not watched, and releases a reference. Returns the word before; 0: it is watched. */
static uint32_t finish_unwatched(weir_future *future, weir_future_state how) {
    uint32_t state = weir__u32_load_relaxed(&future->state);
    while ((state & WEIR__FUTURE_WATCHED) == 0) {
        weir__assert(!weir__future_is_end(state));                                                              /* F1 */
        if (weir__u32_swap_acquire_release(&future->state, state, end_of(state, how) - WEIR__FUTURE_REFERENCE)) /* F2 */
            return state;
        state = weir__u32_load_relaxed(&future->state);
    }
    return 0;
}

void weir__future_finish_value(weir_future *future, void *value) {
    future->result = value;
    uint32_t state = finish_unwatched(future, WEIR_FUTURE_DONE);
    if (state == 0) {
        weir__future_end_value(future, value);
        weir_future_release(future);
        return;
    }
    if ((state & WEIR__FUTURE_WAITED) != 0) /* F3, F6 */
        weir__futex_wake(&future->state, WEIR__EVERYONE);
    if (references_in(state) == 1)
        free_future(future);
}

void weir__future_end_error(weir_future *future, int code, const char *message) {
    char *copy = message == NULL || *message == '\0' ? NULL : weir__copy_text(message);
    weir__lock_acquire(&future->lock);
    future->code = code;
    future->result = copy;
    end_locked(future, WEIR_FUTURE_FAILED, NULL);
}

void weir__future_end_cancelled(weir_future *future) {
    weir__lock_acquire(&future->lock);
    future->code = WEIR_CODE(WEIR_CANCELLED);
    end_locked(future, WEIR_FUTURE_CANCELLED, NULL);
}

bool weir__future_cancel_pending(weir_future *future) {
    weir__lock_acquire(&future->lock);
    if (!weir__future_change(future, WEIR__FUTURE_CLAIM, WEIR_FUTURE_PENDING, WEIR__FUTURE_HELD, 0)) {
        weir__lock_release(&future->lock);
        return false;
    }
    future->code = WEIR_CODE(WEIR_CANCELLED);
    end_locked(future, WEIR_FUTURE_CANCELLED, future->kind == NULL ? NULL : future->kind->cancelled);
    return true;
}

/* ---- the claim ---- */

bool weir__future_again(weir_future *future) {
    return weir__future_change(future, WEIR__FUTURE_PHASE | WEIR__FUTURE_ASKED, WEIR_FUTURE_RUNNING,
                               WEIR_FUTURE_PENDING, 0);
}

/* ---- promises ---- */

/* Acquires the lock of a promise that has not ended; otherwise returns why not. */
static weir_status acquire_promise(weir_future *future) {
    if (acquire_in(future, WEIR_FUTURE_PENDING))
        return WEIR_OK;
    uint32_t state = weir__u32_load_acquire(&future->state);
    return weir__future_phase(state) == WEIR_FUTURE_CANCELLED ? WEIR_CANCELLED : WEIR_CLOSED;
}

weir_status weir_future_set(weir_future *future, void *value) {
    if (future == NULL || future->kind != NULL)
        return WEIR_INVALID;
    weir_status status = acquire_promise(future);
    if (status != WEIR_OK)
        return status;
    future->result = value;
    end_locked(future, WEIR_FUTURE_DONE, NULL);
    return WEIR_OK;
}

static weir_status fail(weir_future *future, int code, const char *message) {
    char *copy = *message == '\0' ? NULL : weir__copy_text(message);
    weir_status status = acquire_promise(future);
    if (status != WEIR_OK) {
        weir__free(copy);
        return status;
    }
    future->code = code;
    future->result = copy;
    end_locked(future, WEIR_FUTURE_FAILED, NULL);
    return WEIR_OK;
}

weir_status weir_future_fail(weir_future *future, int code, const char *format, ...) {
    char message[LONGEST_MESSAGE] = "";
    if (future == NULL || future->kind != NULL || code == 0)
        return WEIR_INVALID;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
    }
    return fail(future, code, message);
}

/* ---- watchers ---- */

bool weir__future_mark_watched(weir_future *future) {
    uint32_t state = weir__u32_load_relaxed(&future->state);
    while (!weir__future_is_end(state) && (state & WEIR__FUTURE_WATCHED) == 0 &&
           !weir__u32_swap_acquire_release(&future->state, state, state | WEIR__FUTURE_WATCHED))
        state = weir__u32_load_relaxed(&future->state);
    return !weir__future_is_end(state);
}

bool weir__future_watch(weir_future *future, weir__watcher *watcher) {
    weir__lock_acquire(&future->lock);
    bool ended = !weir__future_mark_watched(future);
    if (!ended)
        weir__watch_add(&future->watchers, watcher);
    weir__lock_release(&future->lock);
    return !ended;
}

void weir__future_unwatch(weir_future *future, weir__watcher *watcher) {
    if (weir__future_has_ended(future)) /* F7 */
        return;
    weir__lock_acquire(&future->lock);
    if (watcher->next != NULL)
        weir__watch_remove(&future->watchers, watcher);
    weir__lock_release(&future->lock);
}

bool weir__future_is_over(weir_future *future) {
    if (weir__future_has_ended(future))
        return true;
    weir__lock_acquire(&future->lock);
    bool over = weir__future_has_ended(future);
    weir__lock_release(&future->lock);
    return over;
}

void weir__future_settle(weir_future *future) {
    bool over = weir__future_is_over(future);
    weir__assert(over); /* F4 */
    (void)over;
}
