/*
 * model.c - see model.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "model.h"

#include <string.h>

void model_create(struct model *model, size_t capacity) {
    model->capacity = capacity;
    model->count = 0;
    model->unfinished = 0;
    model->closed = model->discarding = model->discarded = false;
}

size_t model_room(const struct model *model) {
    size_t most = model->capacity < MODEL_MOST ? model->capacity : MODEL_MOST;
    return most - model->count;
}

static int append(struct model *model, struct model_place place) {
    if (model->closed)
        return WEIR_CLOSED;
    if (model_room(model) == 0)
        return WOULD_WAIT;
    model->places[model->count++] = place;
    model->unfinished++;
    return WEIR_OK;
}

int model_put(struct model *model, void *item) {
    return append(model, (struct model_place){.item = item});
}

int model_close(struct model *model) {
    return append(model, (struct model_place){.sentinel = true});
}

int model_put_many(struct model *model, void *const *items, size_t count, size_t *put) {
    *put = 0;
    if (count == 0)
        return WEIR_OK;
    if (model->closed)
        return WEIR_CLOSED;
    while (*put < count && model_put(model, items[*put]) == WEIR_OK)
        ++*put;
    return *put == count ? WEIR_OK : WOULD_WAIT;
}

static struct model_place take_front(struct model *model) {
    struct model_place front = model->places[0];
    model->count--;
    memmove(model->places, model->places + 1, model->count * sizeof model->places[0]);
    return front;
}

bool model_get_waits(const struct model *model) {
    return model->count == 0 && !model->closed;
}

int model_get(struct model *model, void **item) {
    if (model->discarding)
        return WEIR_CLOSED;
    if (model->count == 0)
        return model->closed ? WEIR_CLOSED : WOULD_WAIT;
    struct model_place front = take_front(model);
    if (front.sentinel) {
        model_settle(model, 1);
        return WEIR_CLOSED;
    }
    *item = front.item;
    return WEIR_OK;
}

int model_get_many(struct model *model, void **items, size_t max, size_t *got) {
    *got = 0;
    if (max == 0)
        return WEIR_INVALID;
    int status = model_get(model, &items[0]);
    if (status != WEIR_OK)
        return status;
    for (*got = 1; *got < max && model->count > 0 && !model->places[0].sentinel; ++*got)
        (void)model_get(model, &items[*got]);
    return WEIR_OK;
}

int model_tasks_done(struct model *model, size_t count) {
    if (count > model->unfinished)
        return WEIR_INVALID;
    model->unfinished -= count;
    return WEIR_OK;
}

int model_join(const struct model *model) {
    if (model->unfinished > 0)
        return WOULD_WAIT;
    return model->discarded ? WEIR_DISCARDED : WEIR_OK;
}

void model_shutdown(struct model *model, weir_shutdown_mode mode) {
    model->closed = true;
    model->discarding = model->discarding || mode == WEIR_DISCARD;
}

bool model_take_for_drop(struct model *model, void **item) {
    while (model->count > 0) {
        struct model_place front = take_front(model);
        if (front.sentinel)
            continue;
        *item = front.item;
        model->discarded = true;
        return true;
    }
    return false;
}

void model_settle(struct model *model, size_t count) {
    model->unfinished -= count < model->unfinished ? count : model->unfinished;
}
