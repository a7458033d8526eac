/*
 * model.h - models the queue's contract in the plainest code: an array; taking the front shifts the rest down.
 * Written from <weir/closable_queue.h>, independent of lib/.
 *
 * Each function returns the status that the call of the same name must return, and applies the call to the model. Not
 * thread-safe. A call that would block returns WOULD_WAIT and changes nothing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FUZZ_MODEL_H
#define WEIR_TESTS_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <weir.h>

/* Several segments of an unbounded queue. An unbounded model is full at this size. */
enum { MODEL_MOST = 4096 };

enum { WOULD_WAIT = -1 };

/* An item, or a sentinel if `sentinel` is set. */
struct model_place {
    void *item;
    bool sentinel;
};

struct model {
    size_t capacity;
    struct model_place places[MODEL_MOST];
    size_t count; /* used places */
    size_t unfinished;
    bool closed;     /* shut down */
    bool discarding; /* shut down with WEIR_DISCARD */
    bool discarded;  /* WEIR_DISCARD removed an item */
};

void model_create(struct model *model, size_t capacity);

/* Returns how many items fit, bounded by the model's own array. */
size_t model_room(const struct model *model);

/* Returns whether a get would block. */
bool model_get_waits(const struct model *model);

int model_put(struct model *model, void *item);
int model_close(struct model *model);

/* Puts all items or, if that would block, as many as fit. */
int model_put_many(struct model *model, void *const *items, size_t count, size_t *put);

int model_get(struct model *model, void **item);
int model_get_many(struct model *model, void **items, size_t max, size_t *got);
int model_tasks_done(struct model *model, size_t count);
int model_join(const struct model *model);

/* Sets flags only: items dropped by WEIR_DISCARD are taken by model_take_for_drop and settled by model_settle. */
void model_shutdown(struct model *model, weir_shutdown_mode mode);

/* Takes the next item that a discard or a destroy must drop, skipping sentinels. Returns false if none is left. */
bool model_take_for_drop(struct model *model, void **item);

/* Settles items that the queue settles itself. */
void model_settle(struct model *model, size_t count);

#endif /* WEIR_TESTS_FUZZ_MODEL_H */
