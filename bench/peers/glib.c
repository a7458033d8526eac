/*
 * glib.c - GLib's GAsyncQueue as a driver of the benchmark. It has no bound: `cap` has no effect, and its producers
 * never wait. A sentinel ends one consumer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <glib.h>

typedef GAsyncQueue queue;
#include "../workloads.h"

static char sentinel;

static inline queue *queue_new(size_t capacity) {
    (void)capacity;
    return g_async_queue_new();
}

static inline void queue_free(queue *self) {
    g_async_queue_unref(self);
}

static inline void queue_put(queue *self, void *item) {
    g_async_queue_push(self, item);
}

static inline void *queue_get(queue *self) {
    void *item = g_async_queue_pop(self);
    return item != &sentinel ? item : NULL;
}

static inline void queue_done(queue *self) {
    (void)self;
}

static inline void queue_close(queue *self, size_t consumers) {
    for (size_t i = 0; i < consumers; i++)
        g_async_queue_push(self, &sentinel);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"queue", run_queue}, {"pingpong", run_pingpong}, {"pipeline", run_pipeline}, {"idle", run_idle}, {NULL, NULL}};
    static const struct driver self = {"glib", "unbounded", workloads};
    return driver_main(argc, argv, &self);
}
