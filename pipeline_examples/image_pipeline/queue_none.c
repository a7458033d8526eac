/*
 * queue_none.c - no queue, because this program was built without libweir-nats.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "queue.h"

#include "terminal.h"

bool queue_is_built(void) {
    terminal_say("--queue: this weir-thumbs was built without libweir-nats");
    return false;
}

struct queue *queue_open_to_put(const struct queue_options *options) {
    (void)options;
    return NULL;
}

struct queue *queue_open_to_take(const struct queue_options *options) {
    (void)options;
    return NULL;
}

/* No other function is called, because no queue is open. */

void queue_destroy(struct queue *queue) {
    (void)queue;
}

enum queue_answer queue_put(struct queue *queue, char *const *texts, size_t count, size_t *put) {
    (void)queue, (void)texts, (void)count, (void)put;
    return QUEUE_STOPPED;
}

void queue_begin(struct queue *queue) {
    (void)queue;
}

bool queue_put_end(struct queue *queue) {
    (void)queue;
    return false;
}

bool queue_end(struct queue *queue) {
    (void)queue;
    return false;
}

char *queue_outcome(struct queue *queue, weir_deadline deadline) {
    (void)queue, (void)deadline;
    return NULL;
}

void queue_outcome_done(struct queue *queue, char *text) {
    (void)queue, (void)text;
}

void queue_withdraw(struct queue *queue) {
    (void)queue;
}

void queue_tidy(struct queue *queue) {
    (void)queue;
}

void queue_tidy_at_end(struct queue *queue) {
    (void)queue;
}

struct delivery *queue_take(struct queue *queue) {
    (void)queue;
    return NULL;
}

bool queue_is_over(const struct queue *queue) {
    (void)queue;
    return true;
}

void queue_leave(struct queue *queue) {
    (void)queue;
}

const struct entry *delivery_entry(const struct delivery *delivery) {
    (void)delivery;
    return NULL;
}

bool delivery_is_deadly(const struct delivery *delivery) {
    (void)delivery;
    return false;
}

void delivery_add_line(struct delivery *delivery, const char *line, size_t size) {
    (void)delivery, (void)line, (void)size;
}

void delivery_end(struct delivery *delivery, struct outcome *outcome) {
    (void)delivery, (void)outcome;
}

bool delivery_put_again(struct delivery *delivery, unsigned failures, unsigned retries) {
    (void)delivery, (void)failures, (void)retries;
    return false;
}

void delivery_return(struct delivery *delivery) {
    (void)delivery;
}
