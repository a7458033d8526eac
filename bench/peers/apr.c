/*
 * apr.c - apr_queue of the Apache Portable Runtime as a driver of the benchmark. Its way to end, apr_queue_term, throws
 * away what is inside, so a sentinel, NULL, ends one consumer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_queue.h>

typedef struct queue {
    apr_queue_t *inner;
    apr_pool_t *pool;
} queue;
#include "../workloads.h"

static inline queue *queue_new(size_t capacity) {
    queue *self = malloc(sizeof *self);
    if (self == NULL || apr_pool_create(&self->pool, NULL) != APR_SUCCESS ||
        apr_queue_create(&self->inner, (unsigned)capacity, self->pool) != APR_SUCCESS)
        fail("no queue");
    return self;
}

static inline void queue_free(queue *self) {
    apr_pool_destroy(self->pool);
    free(self);
}

/* APR_EINTR: a wait ended for no reason. */
static inline void queue_put(queue *self, void *item) {
    apr_status_t status;
    do {
        status = apr_queue_push(self->inner, item);
    } while (status == APR_EINTR);
    if (status != APR_SUCCESS)
        fail("apr_queue_push: %d", status);
}

static inline void *queue_get(queue *self) {
    apr_status_t status;
    void *item;
    do {
        status = apr_queue_pop(self->inner, &item);
    } while (status == APR_EINTR);
    if (status != APR_SUCCESS)
        fail("apr_queue_pop: %d", status);
    return item;
}

static inline void queue_done(queue *self) {
    (void)self;
}

static inline void queue_close(queue *self, size_t consumers) {
    for (size_t i = 0; i < consumers; i++)
        queue_put(self, NULL);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"queue", run_queue}, {"pingpong", run_pingpong}, {"pipeline", run_pipeline}, {"idle", run_idle}, {NULL, NULL}};
    static const struct driver self = {"apr", NULL, workloads};
    if (apr_initialize() != APR_SUCCESS)
        return 1;
    return driver_main(argc, argv, &self);
}
