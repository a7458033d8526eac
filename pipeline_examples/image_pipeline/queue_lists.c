/*
 * queue_lists.c - tells joined programs that a list has ended, however long they were away.
 *
 * The queue NAME-lists has an item for each begin and each end of a list, and no program takes from it. So its count is
 * odd while there is a list, also after the program with the list was killed: the next one leaves it odd. A program that has
 * joined notes the count. Once it is even and higher, and nothing is unfinished, a list has ended since. While it is even
 * and the same, there has been no list, and a sentinel is that of an earlier one.
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

weir_status queue_lists_open(struct queue *queue, weir_nats_config *config) {
    weir_status status = weir_nats_open(&queue->lists, config);
    if (status == WEIR_OK && !count_marks(queue, &queue->marks)) {
        weir_nats_message_copy(queue->lists, config->message, config->message_size);
        return WEIR_FAILED;
    }
    return status;
}

bool queue_lists_mark(struct queue *queue, bool is_begin) {
    for (;;) {
        uint64_t count;
        bool is_counted = count_marks(queue, &count);
        if (is_counted && (count % 2 == 1) == is_begin)
            return true;
        char *mark = is_counted ? strdup(is_begin ? "begin" : "end") : NULL;
        if (mark != NULL && weir_nats_put(queue->lists, mark, weir_deadline_after(WEIR_SECOND)) == WEIR_OK)
            return true;
        free(mark);
        if (interrupt_is_stopping())
            return false;
        queue_pause(100 * WEIR_MILLISECOND);
    }
}

bool queue_lists_none_yet(struct queue *queue) {
    uint64_t count;
    return count_marks(queue, &count) && count % 2 == 0 && count == queue->marks;
}

bool queue_lists_have_ended(struct queue *queue) {
    uint64_t count;
    if (weir_deadline_after(0) < queue->next_look)
        return false;
    queue->next_look = weir_deadline_after(LOOK_EVERY);
    return count_marks(queue, &count) && count % 2 == 0 && count > queue->marks &&
           weir_queue_join_until(queue->taken, weir_deadline_after(0)) == WEIR_OK;
}
