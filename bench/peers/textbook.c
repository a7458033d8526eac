/*
 * textbook.c - the bounded queue of the textbooks as a driver of the benchmark: a ring, a mutex and two condition
 * variables. A sentinel, NULL, ends one consumer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stddef.h>

typedef struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t has_items, has_room;
    size_t capacity, front, count;
    void **ring;
} queue;
#include "../workloads.h"

static inline queue *queue_new(size_t capacity) {
    queue *self = malloc(sizeof *self);
    void **ring = calloc(capacity, sizeof *ring);
    if (self == NULL || ring == NULL)
        fail("out of memory");
    *self =
        (queue){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, capacity, 0, 0, ring};
    return self;
}

static inline void queue_free(queue *self) {
    pthread_cond_destroy(&self->has_room);
    pthread_cond_destroy(&self->has_items);
    pthread_mutex_destroy(&self->mutex);
    free(self->ring);
    free(self);
}

static inline void queue_put(queue *self, void *item) {
    pthread_mutex_lock(&self->mutex);
    while (self->count == self->capacity)
        pthread_cond_wait(&self->has_room, &self->mutex);
    size_t place = self->front + self->count++;
    self->ring[place < self->capacity ? place : place - self->capacity] = item;
    pthread_cond_signal(&self->has_items);
    pthread_mutex_unlock(&self->mutex);
}

static inline void *queue_get(queue *self) {
    pthread_mutex_lock(&self->mutex);
    while (self->count == 0)
        pthread_cond_wait(&self->has_items, &self->mutex);
    void *item = self->ring[self->front++];
    if (self->front == self->capacity)
        self->front = 0;
    self->count--;
    pthread_cond_signal(&self->has_room);
    pthread_mutex_unlock(&self->mutex);
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
    static const struct driver self = {"textbook", NULL, workloads};
    return driver_main(argc, argv, &self);
}
