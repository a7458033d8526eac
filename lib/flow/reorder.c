/*
 * reorder.c - Implements a reorder buffer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/reorder.h"

enum { SMALLEST_WINDOW = 64, LARGEST_WINDOW = 16384 };

bool weir__reorder_prepare(weir__reorder *reorder, uint64_t most) {
    reorder->size = SMALLEST_WINDOW;
    while (reorder->size < most && reorder->size < LARGEST_WINDOW)
        reorder->size *= 2;
    reorder->window = weir__alloc(reorder->size * sizeof(weir__envelope *));
    return reorder->window != NULL;
}

void weir__reorder_free(weir__reorder *reorder) {
    weir__free(reorder->window);
}

/* O1. Adds the envelope to the window or to the heap. */
static void add_locked(weir__reorder *reorder, weir__envelope *envelope) {
    weir__assert(envelope->position >= reorder->next); /* O1: no turn comes twice */
    if (envelope->position - reorder->next < reorder->size) {
        reorder->window[envelope->position & (reorder->size - 1)] = envelope;
    } else {
        envelope->timer.node.rank = envelope->position;
        weir__heap_push(&reorder->beyond, &envelope->timer.node);
    }
    reorder->count++;
}

/* Takes the envelope at the next position. Returns NULL if that envelope is not ready. */
static weir__envelope *next_locked(weir__reorder *reorder) {
    weir__envelope **place = &reorder->window[reorder->next & (reorder->size - 1)], *next = *place;
    if (next != NULL)
        *place = NULL;
    else if (reorder->beyond.root != NULL && reorder->beyond.root->rank == reorder->next)
        next = weir__envelope_of(weir__heap_pop(&reorder->beyond));
    if (next == NULL)
        return NULL;
    reorder->next++;
    reorder->count--;
    return next;
}

/* O3. Takes up to `most` envelopes in order. If the next one is not ready, ends the release. */
static size_t take_run_locked(weir__reorder *reorder, weir__envelope **run, size_t most) {
    size_t count = 0;
    weir__assert(weir__lock_is_held(&reorder->lock)); /* O3 */
    while (count < most && (run[count] = next_locked(reorder)) != NULL)
        count++;
    reorder->releasing = count > 0;
    return count;
}

size_t weir__reorder_add(weir__reorder *reorder, weir__envelope *envelope, weir__envelope **run, size_t most,
                         bool *closed) {
    size_t count = 0;
    weir__lock_acquire(&reorder->lock);
    *closed = reorder->closed && envelope->position != reorder->next + reorder->count; /* O4 */
    if (!*closed)
        add_locked(reorder, envelope);
    if (!*closed && !reorder->releasing && envelope->position == reorder->next)
        count = take_run_locked(reorder, run, most); /* O2 */
    weir__lock_release(&reorder->lock);
    return count;
}

size_t weir__reorder_take(weir__reorder *reorder, weir__envelope **run, size_t most) {
    weir__lock_acquire(&reorder->lock);
    weir__assert(reorder->releasing); /* O2 */
    size_t count = take_run_locked(reorder, run, most);
    weir__lock_release(&reorder->lock);
    return count;
}

bool weir__reorder_begin(weir__reorder *reorder, uint64_t position) {
    weir__lock_acquire(&reorder->lock);
    bool begins = !reorder->releasing && position == reorder->next;
    if (begins) {
        reorder->next++;
        reorder->releasing = true;
    }
    weir__lock_release(&reorder->lock);
    return begins;
}

size_t weir__reorder_count(weir__reorder *reorder) {
    weir__lock_acquire(&reorder->lock);
    size_t count = reorder->count;
    weir__lock_release(&reorder->lock);
    return count;
}

static weir__envelope **place_locked(const weir__reorder *reorder, uint64_t ahead) {
    return &reorder->window[(reorder->next + ahead) & (reorder->size - 1)];
}

/* O4. Takes all envelopes behind the first gap. */
static weir__list take_rest_locked(weir__reorder *reorder) {
    weir__list rest = {NULL, NULL};
    size_t size = reorder->window != NULL ? reorder->size : 0, run = 0;
    while (run < size && *place_locked(reorder, run) != NULL)
        run++;
    for (size_t i = run; i < size; i++) {
        weir__envelope **place = place_locked(reorder, i);
        if (*place != NULL)
            weir__list_append(&rest, *place);
        *place = NULL;
    }
    while (reorder->beyond.root != NULL)
        weir__list_append(&rest, weir__envelope_of(weir__heap_pop(&reorder->beyond)));
    reorder->count = run;
    return rest;
}

weir__list weir__reorder_close(weir__reorder *reorder) {
    weir__lock_acquire(&reorder->lock);
    reorder->closed = true;
    weir__list rest = take_rest_locked(reorder);
    weir__lock_release(&reorder->lock);
    return rest;
}
