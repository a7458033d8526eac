/*
 * queue.h - a queue of pictures that several programs share, on a server of NATS.
 *
 * One program has the list: it puts the entries, and takes an outcome for each. The others have joined: they take
 * entries, and put the outcomes to a second queue, NAME-outcomes. An entry is acknowledged once its outcome is on the
 * server. So an entry may have two outcomes, if a program ends or stands still between the two; none has no outcome.
 *
 * The end: the program with the list puts a sentinel behind the entries. It comes to one of the joined programs when
 * all entries before it are acknowledged. That program puts it again for the next one, and ends. The program with the
 * list removes the one that is left in the end. A third queue, NAME-lists, has the state of the list. A joined program
 * learns of the end from it if it gets no sentinel: it was away all the time, or entries were put again behind the
 * sentinel.
 *
 * These functions are in queue_nats.c, queue_lists.c, queue_put.c and queue_take.c if libweir-nats was built, else in
 * queue_none.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_QUEUE_H
#define IMAGE_PIPELINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/deadline.h>

#include "entry.h"
#include "queue_place.h"

struct outcome;
struct queue;
struct delivery; /* an entry that this program has taken, and not acknowledged */

struct queue_options {
    const struct queue_place *place;
    uint64_t ack_wait; /* ns after which the entries of a silent program go to another one */
    size_t window;     /* maximum entries taken and not acknowledged; for a moment, twice as many */
};

/* Returns whether this program can use queues. If not, prints a message. */
bool queue_is_built(void);

/* Opens a queue, for the program with the list or for one that joins. On failure prints a message and returns NULL. */
struct queue *queue_open_to_put(const struct queue_options *options);
struct queue *queue_open_to_take(const struct queue_options *options);

/* Gives back what was taken, and ends the connections. NULL has no effect. */
void queue_destroy(struct queue *queue);

/* ---- the program with the list ---- */

enum queue_answer {
    QUEUE_OK,
    QUEUE_TOO_LARGE, /* for the server */
    QUEUE_STOPPED    /* a signal has come before the server has answered */
};

/*
 * Puts the texts of entries, in order. Frees and counts in `*put` those that the server has. Blocks until it has all,
 * or one is too large, which is the next one then.
 */
enum queue_answer queue_put(struct queue *queue, char *const *texts, size_t count, size_t *put);

/* Tells the server that a list begins. Called before the first put. Blocks until it knows, or a signal comes. */
void queue_begin(struct queue *queue);

/*
 * Tells the server that no further entry comes, and puts the sentinel. Blocks until the server has both. If a signal
 * comes first, returns whether the joined programs will end.
 */
bool queue_put_end(struct queue *queue);

/*
 * Tells the server that the list has ended, or that this program leaves it to the others. Blocks until it knows. Returns
 * false if a signal comes first.
 */
bool queue_end(struct queue *queue);

/* Returns the text of the next outcome; NULL if none came until the deadline. queue_outcome_done must follow. */
char *queue_outcome(struct queue *queue, weir_deadline deadline);

/* Acknowledges an outcome, and frees its text. */
void queue_outcome_done(struct queue *queue, char *text);

/* Takes away the entries that no program has taken. */
void queue_withdraw(struct queue *queue);

/* Removes a sentinel that an earlier run has left, if there is nothing else in the queue. */
void queue_tidy(struct queue *queue);

/* Waits until each joined program has had the sentinel, a few seconds at most, and removes it. */
void queue_tidy_at_end(struct queue *queue);

/* ---- a program that has joined ---- */

/* Returns the next entry. Blocks until there is one. Returns NULL at the end of the queue, or if a signal comes. */
struct delivery *queue_take(struct queue *queue);

/* Returns whether the end of the queue has come. */
bool queue_is_over(const struct queue *queue);

/* Gives back the entries that were taken in advance, and takes no more. */
void queue_leave(struct queue *queue);

/* Returns the entry, which is valid until the end of the delivery. */
const struct entry *delivery_entry(const struct delivery *delivery);

/* Returns whether the entry has come so often that it must have ended the programs that took it. */
bool delivery_is_deadly(const struct delivery *delivery);

/* Adds a line to those of the outcome. If memory is exhausted, the line is left out. */
void delivery_add_line(struct delivery *delivery, const char *line, size_t size);

/*
 * Puts the outcome, of which run, index and lines are set here, and acknowledges the entry. Blocks until the server has
 * both; if a signal comes before that, gives the entry back instead. Frees the delivery.
 */
void delivery_end(struct delivery *delivery, struct outcome *outcome);

/*
 * Puts the entry behind all others in the queue, with these numbers, and acknowledges this delivery, which it frees.
 * Returns false if the server does not answer at once, or this program takes no more: the delivery stays as it is. Then
 * the entry may be in the queue all the same, and be taken twice. So for some seconds after no answer, puts nothing
 * again.
 */
bool delivery_put_again(struct delivery *delivery, unsigned failures, unsigned retries);

/* Gives the entry back, so that this or another program takes it again. Frees the delivery. */
void delivery_return(struct delivery *delivery);

#endif /* IMAGE_PIPELINE_QUEUE_H */
