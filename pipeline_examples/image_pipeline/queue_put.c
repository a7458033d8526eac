/*
 * queue_put.c - the queue of the program with the list.
 *
 * While the sentinel goes from one joined program to the next, it is in the queue for a part of the time only: each
 * program acknowledges it, looks, and puts it again. So a sentinel that is there at each of many looks is the last one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "interrupt.h"
#include "queue_nats.h"

static const uint64_t LOOK_EVERY = 100 * WEIR_MILLISECOND;

enum {
    LOOKS = 120,  /* for the end of the joined programs */
    THERE = 20,   /* looks at which the sentinel is there */
    MISSING = 30, /* looks at which it is not: a program was killed with it */
    PATIENCE = 3  /* seconds until an entry comes: a returned one comes after one */
};

enum queue_answer queue_put(struct queue *queue, char *const *texts, size_t count, size_t *put) {
    return queue_send(queue, texts, count, put);
}

void queue_begin(struct queue *queue) {
    (void)queue_lists_mark(queue, QUEUE_PUTTING); /* if a signal comes, no entry is put */
}

/* Puts a sentinel. Returns false if a signal comes first. */
static bool put_sentinel(struct queue *queue) {
    while (weir_nats_close(queue->put, weir_deadline_after(WEIR_SECOND)) != WEIR_OK) {
        if (interrupt_is_stopping())
            return false;
        queue_pause(LOOK_EVERY);
    }
    return true;
}

bool queue_put_end(struct queue *queue) {
    if (!queue_lists_mark(queue, QUEUE_ALL_PUT))
        return false;
    (void)put_sentinel(queue); /* if a signal comes, the mark is enough */
    return true;
}

bool queue_end(struct queue *queue) {
    return queue_lists_mark(queue, QUEUE_NO_LIST);
}

char *queue_outcome(struct queue *queue, weir_deadline deadline) {
    void *text = NULL;
    return weir_queue_get_until(queue->taken, &text, deadline) == WEIR_OK ? text : NULL;
}

void queue_outcome_done(struct queue *queue, char *text) {
    weir_queue_item_done(queue->taken, text);
    free(text);
}

/* Takes an entry from the server. */
static weir_status take(weir_queue *entries, bool is_withdrawn) {
    void *text = NULL;
    weir_status status = weir_queue_get_until(entries, &text, weir_deadline_after(PATIENCE * WEIR_SECOND));
    if (status != WEIR_OK)
        return status;
    if (is_withdrawn)
        weir_queue_item_done(entries, text);
    else
        weir_queue_item_return(entries, text);
    free(text);
    return status;
}

/* Takes until the sentinel comes, or nothing comes for a while. Returns whether that was the sentinel. */
static bool take_all(struct queue *queue, bool is_withdrawn) {
    char message[QUEUE_MESSAGE_SIZE];
    weir_nats_config config = queue_config(queue, message);
    weir_queue *entries = NULL;
    if (weir_nats_queue_open(&entries, &config) != WEIR_OK)
        return false;
    weir_status status = take(entries, is_withdrawn);
    while (status == WEIR_OK && is_withdrawn)
        status = take(entries, is_withdrawn);
    weir_queue_destroy(entries);
    return status == WEIR_CLOSED;
}

void queue_withdraw(struct queue *queue) {
    if (take_all(queue, true))
        (void)put_sentinel(queue); /* it was for the joined programs */
}

/* Returns how many entries and sentinels have not ended; UINT64_MAX if the server does not tell. */
static uint64_t count_unfinished(struct queue *queue) {
    weir_nats_counts counts;
    return weir_nats_count(queue->put, &counts) == WEIR_OK ? counts.unfinished : UINT64_MAX;
}

void queue_tidy(struct queue *queue) {
    if (count_unfinished(queue) == 1)
        (void)take_all(queue, false);
}

void queue_tidy_at_end(struct queue *queue) {
    int there = 0, missing = 0;
    for (int looks = 0; looks < LOOKS && there < THERE && !interrupt_is_stopping(); looks++) {
        uint64_t unfinished = count_unfinished(queue);
        there = unfinished == 1 ? there + 1 : 0;
        missing = unfinished == 0 ? missing + 1 : 0;
        if (missing == MISSING)
            (void)put_sentinel(queue);
        queue_pause(LOOK_EVERY);
    }
    queue_tidy(queue);
}
