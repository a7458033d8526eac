/*
 * model.h - what a queue is by its contract, in the plainest code there is: an array from which the front is taken by
 * moving the rest down. It is written from <weir/closable_queue.h>, and knows nothing of lib/.
 *
 * Each function says what the call of the same name has to return, and does to the model what the call does to the
 * queue. For one thread only: what would wait is WOULD_WAIT, and then nothing has been done.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FUZZ_MODEL_H
#define WEIR_TESTS_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <weir.h>

/* More than a few segments of an unbounded queue. An unbounded model that has as many takes no more. */
enum { MODEL_MOST = 4096 };

enum { WOULD_WAIT = -1 };

/* An item or, when `sentinel` is set, none. */
struct model_place {
    void *item;
    bool sentinel;
};

struct model {
    size_t capacity;
    struct model_place places[MODEL_MOST];
    size_t count; /* how many are in places */
    size_t unfinished;
    bool closed;     /* shut down */
    bool discarding; /* shut down with WEIR_DISCARD */
    bool discarded;  /* an item was taken away by that */
};

void model_create(struct model *model, size_t capacity);

/* How many fit in, as far as the model itself has room. */
size_t model_room(const struct model *model);

/* Whether a get would wait. */
bool model_get_waits(const struct model *model);

int model_put(struct model *model, void *item);
int model_close(struct model *model);

/* All of them or, when that would wait, as many as there is room for. */
int model_put_many(struct model *model, void *const *items, size_t count, size_t *put);

int model_get(struct model *model, void **item);
int model_get_many(struct model *model, void **items, size_t max, size_t *got);
int model_tasks_done(struct model *model, size_t count);
int model_join(const struct model *model);

/* Flags only: what a WEIR_DISCARD drops is taken by model_take_for_drop, and settled by model_settle. */
void model_shutdown(struct model *model, weir_shutdown_mode mode);

/* Takes the next item that a discard or a destroy has to drop; false: there is none any more, nor a sentinel. */
bool model_take_for_drop(struct model *model, void **item);

/* Settles what the queue settles by itself. */
void model_settle(struct model *model, size_t count);

#endif /* WEIR_TESTS_FUZZ_MODEL_H */
