/*
 * queue_take.c - the queue of a program that has joined.
 *
 * A sentinel of an earlier run may lie before entries of this one. So the program that gets it looks: only if nothing
 * is unfinished, it is the end. Otherwise another sentinel follows, the list is still being written, or entries were
 * put again behind the sentinel. Then each program learns of the end from queue_lists.c, and so does one that was away
 * when the sentinel came.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "queue_nats.h"

static const uint64_t LOOK_EVERY = 100 * WEIR_MILLISECOND;

enum { DEADLY = 10 /* deliveries without an end */, NOT_AGAIN = 5 /* seconds after a put without an answer */ };

/* ---- items ---- */

static void free_delivery(struct delivery *delivery) {
    free(delivery->text);
    free(delivery->lines);
    free(delivery);
}

static void drop(void *delivery, void *unused) {
    (void)unused;
    free_delivery(delivery);
}

static weir_status encode(const void *item, weir_nats_buffer *buffer, void *unused) {
    const struct delivery *delivery = item;
    (void)unused;
    return weir_nats_buffer_add(buffer, delivery->text, strlen(delivery->text));
}

/* An item that is no entry comes again, and becomes a dead letter on the server. */
static weir_status decode(const weir_nats_message *message, void **item, void *queue) {
    struct delivery *delivery = calloc(1, sizeof *delivery);
    char *text = malloc(message->size + 1);
    if (delivery == NULL || text == NULL) {
        free(delivery);
        free(text);
        return WEIR_NOMEM;
    }
    memcpy(text, message->bytes, message->size);
    text[message->size] = '\0';
    *delivery = (struct delivery){.queue = queue, .text = text, .attempt = message->attempt};
    if (!entry_read(&delivery->entry, text)) {
        free_delivery(delivery);
        return WEIR_INVALID;
    }
    *item = delivery;
    return WEIR_OK;
}

void queue_take_deliveries(struct queue *queue, weir_nats_config *config) {
    config->encode = encode;
    config->decode = decode;
    config->drop = drop;
    config->arg = queue;
}

/* ---- the queue ---- */

/*
 * Returns whether the sentinel that was taken is the end. Then it is there for the next program. One that an earlier list has
 * left is gone.
 */
static bool is_end(struct queue *queue) {
    weir_status status;
    while ((status = weir_queue_join_until(queue->taken, weir_deadline_after(0))) != WEIR_OK &&
           status != WEIR_TIMEDOUT && !interrupt_is_stopping())
        queue_pause(LOOK_EVERY);
    if (status == WEIR_TIMEDOUT || queue_lists_go_on(queue))
        return false;
    while (weir_queue_close(queue->taken) != WEIR_OK && !interrupt_is_stopping())
        queue_pause(LOOK_EVERY);
    queue->is_over = status == WEIR_OK;
    return true;
}

struct delivery *queue_take(struct queue *queue) {
    void *delivery;
    while (!queue->is_over && !interrupt_is_stopping()) {
        weir_status status = weir_queue_get_until(queue->taken, &delivery, weir_deadline_after(LOOK_EVERY));
        if (status == WEIR_OK) {
            queue->has_taken = true;
            return delivery;
        }
        if (status == WEIR_CLOSED && is_end(queue))
            return NULL;
        if (status == WEIR_TIMEDOUT)
            queue->is_over = queue_lists_have_ended(queue);
    }
    return NULL;
}

bool queue_is_over(const struct queue *queue) {
    return queue->is_over;
}

void queue_leave(struct queue *queue) {
    weir_queue_shutdown(queue->taken, WEIR_DISCARD);
}

/* ---- a delivery ---- */

const struct entry *delivery_entry(const struct delivery *delivery) {
    return &delivery->entry;
}

bool delivery_is_deadly(const struct delivery *delivery) {
    return delivery->attempt > DEADLY;
}

void delivery_add_line(struct delivery *delivery, const char *line, size_t size) {
    char *lines = realloc(delivery->lines, delivery->size + size + 1);
    if (lines == NULL)
        return;
    memcpy(lines + delivery->size, line, size);
    delivery->lines = lines;
    delivery->size += size;
    lines[delivery->size] = '\0';
}

/* Puts the outcome with these lines. */
static enum queue_answer put_outcome(struct delivery *delivery, struct outcome *outcome, const char *lines) {
    outcome->run = delivery->entry.run;
    outcome->index = delivery->entry.index;
    outcome->lines = lines == NULL ? "" : lines;
    char *text = outcome_write(outcome);
    size_t put;
    enum queue_answer answer = text == NULL ? QUEUE_STOPPED : queue_send(delivery->queue, &text, 1, &put);
    if (answer != QUEUE_OK)
        free(text);
    return answer;
}

void delivery_end(struct delivery *delivery, struct outcome *outcome) {
    enum queue_answer answer = put_outcome(delivery, outcome, delivery->lines);
    if (answer == QUEUE_TOO_LARGE) /* the program with the list makes a line itself */
        answer = put_outcome(delivery, outcome, NULL);
    if (answer != QUEUE_OK) {
        delivery_return(delivery);
        return;
    }
    weir_queue_item_done(delivery->queue->taken, delivery);
    free_delivery(delivery);
}

/* Puts a copy of a delivery behind all others. Returns false if the server has not confirmed it. */
static bool put_copy(struct queue *queue, struct delivery *copy) {
    weir_status status = weir_queue_put_until(queue->taken, copy, weir_deadline_after(WEIR_SECOND));
    if (status != WEIR_OK && status != WEIR_CLOSED)
        atomic_store(&queue->next_again, weir_deadline_after(NOT_AGAIN * WEIR_SECOND));
    return status == WEIR_OK;
}

bool delivery_put_again(struct delivery *delivery, unsigned failures, unsigned retries) {
    struct queue *queue = delivery->queue;
    struct entry entry = delivery->entry;
    if (weir_deadline_after(0) < atomic_load(&queue->next_again))
        return false;
    entry.failures = failures;
    entry.retries = retries;
    char *text = entry_write(&entry);
    struct delivery *copy = text == NULL ? NULL : calloc(1, sizeof *copy);
    if (copy == NULL) {
        free(text);
        return false;
    }
    *copy = (struct delivery){.queue = queue, .text = text};
    if (!put_copy(queue, copy)) {
        free_delivery(copy);
        return false;
    }
    weir_queue_item_done(queue->taken, delivery);
    free_delivery(delivery);
    return true;
}

void delivery_return(struct delivery *delivery) {
    weir_queue_item_return(delivery->queue->taken, delivery);
    free_delivery(delivery);
}
