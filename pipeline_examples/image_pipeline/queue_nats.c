/*
 * queue_nats.c - opens and closes queues of libweir-nats, and puts to them.
 *
 * The bounds of the queues are off: a list has a hundred bytes for each picture, and its program may end before the
 * others do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "queue_nats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interrupt.h"
#include "terminal.h"

/*
 * Deliveries before the server makes a dead letter of an item; above those after which an entry fails (queue_take.c).
 */
enum { MOST_ATTEMPTS = 30 };

static const char outcomes_suffix[] = "-outcomes", lists_suffix[] = "-lists"; /* the longest is the first */

bool queue_is_built(void) {
    return true;
}

void queue_pause(uint64_t ns) {
    const struct timespec time = {.tv_sec = (time_t)(ns / WEIR_SECOND), .tv_nsec = (long)(ns % WEIR_SECOND)};
    nanosleep(&time, NULL);
}

/* The variables are those of the tool `nats`. */
weir_nats_config queue_config(const struct queue *queue, char message[QUEUE_MESSAGE_SIZE]) {
    *message = '\0';
    return (weir_nats_config){.urls = queue->place.servers,
                              .name = queue->place.name,
                              .capacity = WEIR_UNBOUNDED,
                              .replicas = queue->place.replicas,
                              .attempts = MOST_ATTEMPTS,
                              .ack_wait = queue->ack_wait,
                              .window = 1,
                              .user = getenv("NATS_USER"),
                              .password = getenv("NATS_PASSWORD"),
                              .credentials = getenv("NATS_CREDS"),
                              .ca_file = getenv("NATS_CA"),
                              .certificate_file = getenv("NATS_CERT"),
                              .private_key_file = getenv("NATS_KEY"),
                              .message = message,
                              .message_size = QUEUE_MESSAGE_SIZE};
}

static struct queue *make_queue(const struct queue_options *options) {
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        terminal_say("out of memory");
        return NULL;
    }
    queue->place = *options->place;
    queue->ack_wait = options->ack_wait;
    return queue;
}

static struct queue *finish_open(struct queue *queue, weir_status status, const char *message) {
    if (status == WEIR_OK)
        return queue;
    terminal_say("--queue: %s", message);
    queue_destroy(queue);
    return NULL;
}

/* Opens the two queues beside that of the entries: its own suffix names each. */
static weir_status open_outcomes(struct queue *queue, weir_nats_config config, bool takes) {
    char name[QUEUE_NAME_SIZE + sizeof outcomes_suffix];
    snprintf(name, sizeof name, "%s%s", queue->place.name, lists_suffix);
    config.name = name;
    weir_status status = queue_lists_open(queue, &config);
    if (status != WEIR_OK)
        return status;
    snprintf(name, sizeof name, "%s%s", queue->place.name, outcomes_suffix);
    config.window = takes ? 0 : 1;
    return takes ? weir_nats_queue_open(&queue->taken, &config) : weir_nats_open(&queue->put, &config);
}

struct queue *queue_open_to_put(const struct queue_options *options) {
    char message[QUEUE_MESSAGE_SIZE];
    struct queue *queue = make_queue(options);
    if (queue == NULL)
        return NULL;
    weir_nats_config config = queue_config(queue, message);
    weir_status status = weir_nats_open(&queue->put, &config);
    if (status == WEIR_OK)
        status = open_outcomes(queue, config, true);
    return finish_open(queue, status, message);
}

struct queue *queue_open_to_take(const struct queue_options *options) {
    char message[QUEUE_MESSAGE_SIZE];
    struct queue *queue = make_queue(options);
    if (queue == NULL)
        return NULL;
    weir_nats_config config = queue_config(queue, message);
    weir_status status = open_outcomes(queue, config, false);
    if (status == WEIR_OK) {
        config.window = options->window;
        queue_take_deliveries(queue, &config);
        status = weir_nats_queue_open(&queue->taken, &config);
    }
    return finish_open(queue, status, message);
}

void queue_destroy(struct queue *queue) {
    if (queue == NULL)
        return;
    if (queue->taken != NULL)
        weir_queue_destroy(queue->taken);
    weir_nats_destroy(queue->put);
    weir_nats_destroy(queue->lists);
    free(queue);
}

static void complain(struct queue *queue, weir_status status) {
    char message[QUEUE_MESSAGE_SIZE] = "";
    if (atomic_exchange(&queue->has_complained, true))
        return;
    weir_nats_message_copy(queue->put, message, sizeof message);
    terminal_say("--queue: %s; trying again", *message == '\0' ? weir_strerror(status) : message);
}

/* A put of several does not wait for the answer to each. */
static weir_status put_some(struct queue *queue, char *const *texts, size_t count, size_t *put) {
    weir_deadline deadline = weir_deadline_after(WEIR_SECOND);
    if (count > 1)
        return weir_nats_put_many(queue->put, (void *const *)texts, count, put, deadline);
    weir_status status = weir_nats_put(queue->put, texts[0], deadline);
    *put = status == WEIR_OK;
    return status;
}

enum queue_answer queue_send(struct queue *queue, char *const *texts, size_t count, size_t *put) {
    *put = 0;
    for (;;) {
        size_t more = 0;
        weir_status status = put_some(queue, texts + *put, count - *put, &more);
        *put += more;
        if (status == WEIR_TOO_LARGE)
            return QUEUE_TOO_LARGE;
        if (status == WEIR_OK) {
            atomic_store(&queue->has_complained, false);
            return QUEUE_OK;
        }
        complain(queue, status);
        if (interrupt_is_stopping())
            return QUEUE_STOPPED;
        queue_pause(100 * WEIR_MILLISECOND);
    }
}
