/*
 * queue_lists.c - tells joined programs that a list has ended, however long they were away.
 *
 * The queue NAME-lists has three items for each list, and no program takes from it: one at its begin, one once all of
 * its entries are put, and one at its end. So the remainder of the count by three is the state of the list, also after
 * the program with the list was killed: the next one puts what is missing up to its begin.
 *
 * Once all entries are put, the list has ended as soon as nothing is unfinished. Without a list, a program that has
 * joined ends as soon as nothing is unfinished if it has taken an entry, or if the count has grown since it joined.
 * Otherwise there has been no list for it, and a sentinel is that of an earlier one. So is one while entries are still
 * being put.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "queue_nats.h"
#include "terminal.h"

static const uint64_t LOOK_EVERY = WEIR_SECOND;

/* Stores how many begins and ends the server has. */
static bool count_marks(struct queue *queue, uint64_t *count) {
    weir_nats_counts counts;
    if (weir_nats_count(queue->lists, &counts) != WEIR_OK)
        return false;
    *count = counts.unfinished;
    return true;
}

/* Returns the state that a count stands for. */
static enum queue_state state_of(uint64_t count) {
    return (enum queue_state)(count % QUEUE_STATES);
}

weir_status queue_lists_open(struct queue *queue, weir_nats_config *config) {
    weir_status status = weir_nats_open(&queue->lists, config);
    if (status == WEIR_OK && !count_marks(queue, &queue->marks)) {
        weir_nats_message_copy(queue->lists, config->message, config->message_size);
        return WEIR_FAILED;
    }
    return status;
}

bool queue_lists_mark(struct queue *queue, enum queue_state state) {
    static const char *const marks[QUEUE_STATES] = {"begin", "all", "end"}; /* each ends its state */
    for (;;) {
        uint64_t count;
        bool is_counted = count_marks(queue, &count);
        if (is_counted && state_of(count) == state)
            return true;
        char *mark = is_counted ? strdup(marks[state_of(count)]) : NULL;
        if (mark != NULL && weir_nats_put(queue->lists, mark, weir_deadline_after(WEIR_SECOND)) == WEIR_OK)
            continue;
        free(mark);
        if (interrupt_is_stopping())
            return false;
        queue_pause(100 * WEIR_MILLISECOND);
    }
}

/* Returns whether a list is over for this program once nothing is unfinished. */
static bool is_last(const struct queue *queue, uint64_t count) {
    return state_of(count) == QUEUE_ALL_PUT ||
           (state_of(count) == QUEUE_NO_LIST && (queue->has_taken || count > queue->marks));
}

bool queue_lists_go_on(struct queue *queue) {
    uint64_t count;
    return count_marks(queue, &count) && !is_last(queue, count);
}

bool queue_lists_have_ended(struct queue *queue) {
    uint64_t count;
    if (weir_deadline_after(0) < queue->next_look)
        return false;
    queue->next_look = weir_deadline_after(LOOK_EVERY);
    return count_marks(queue, &count) && is_last(queue, count) &&
           weir_queue_join_until(queue->taken, weir_deadline_after(0)) == WEIR_OK;
}
