/*
 * create.c - Creates and destroys queues.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/create.h"

#include "closable_queue/alert.h"
#include "closable_queue/descriptor.h"
#include "closable_queue/port.h"
#include "closable_queue/port_settle.h"
#include "closable_queue/segment.h"
#include "closable_queue/shutdown.h"
#include "sync/text.h"

static bool is_usable(const weir_queue_options *options) {
    if (options->capacity == 0)
        return false;
    if (options->capacity > WEIR__SEGMENT_MOST && options->capacity != WEIR_UNBOUNDED)
        return false;
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return false;
    }
    return true;
}

static void begin(weir_queue *queue, const weir_queue_options *options, weir__segment *segment) {
    queue->capacity = options->capacity;
    queue->ring = segment->slots;
    queue->drop = options->drop;
    queue->drop_arg = options->drop_arg;
    queue->producers.place = weir__segment_begin(segment);
    queue->consumers.place = weir__segment_begin(segment);
    if (weir__queue_is_bounded(queue))
        weir__segment_link(segment, segment);
}

weir_status weir_queue_create_with(weir_queue **result, const weir_queue_options *options) {
    if (result == NULL || options == NULL || !is_usable(options))
        return WEIR_INVALID;

    weir_queue *queue = weir__alloc(sizeof *queue);
    if (queue == NULL)
        return WEIR_NOMEM;
    if (options->name != NULL && (queue->name = weir__copy_text(options->name)) == NULL)
        goto free_queue;
    bool bounded = options->capacity != WEIR_UNBOUNDED;
    weir__segment *segment = bounded ? weir__segment_create_ring(options->capacity) : weir__segment_create();
    if (segment == NULL)
        goto free_name;

    begin(queue, options, segment);
    *result = queue;
    return WEIR_OK;

free_name:
    weir__free(queue->name);
free_queue:
    weir__free(queue);
    return WEIR_NOMEM;
}

void weir__queue_stamp(weir_queue *queue) {
    weir__assert(weir__u64_peek(&queue->producers.index) == 0); /* Q10: before the first put */
    queue->stamped = true;
}

weir_status weir_queue_create(weir_queue **queue, size_t capacity) {
    return weir_queue_create_with(queue, &(weir_queue_options){.capacity = capacity});
}

/*
 * Returns true if threads sleep in the queue or groups use it. A thread that has woken another one may still hold a
 * lock. Taking each lock in turn waits until it has released that lock and no longer touches the queue.
 */
static bool is_busy(weir_queue *queue) {
    weir__lock_acquire(&queue->producers.lock);
    uint32_t sleepers = queue->producers.park.sleepers + weir__side_has_selects_locked(&queue->producers);
    weir__lock_release(&queue->producers.lock);

    weir__lock_acquire(&queue->settled.lock);
    sleepers += queue->settled.joiners.sleepers;
    weir__lock_release(&queue->settled.lock);

    weir__lock_acquire(&queue->consumers.lock);
    sleepers += queue->consumers.park.sleepers + weir__side_has_selects_locked(&queue->consumers);
    sleepers += queue->port != NULL && weir__port_is_busy_locked(queue->port);
    queue->dying = sleepers == 0 && queue->users == 0 && queue->feeders == 0; /* Q12 */
    bool busy = !queue->dying;
    weir__lock_release(&queue->consumers.lock);
    return busy;
}

/* Frees the segments of an empty queue: its current segment is the last one. */
static void free_segments(weir_queue *queue) {
    weir__assert(queue->dying && queue->users == 0 && queue->aside.first == NULL);                    /* Q12 */
    weir__assert(weir__u64_peek(&queue->consumers.index) == weir__u64_peek(&queue->producers.index)); /* Q12 */
    if (weir__queue_is_bounded(queue)) {
        weir__segment_free_ring(queue->consumers.place.segment);
        return;
    }
    weir__segment_free(queue->consumers.place.segment);
    weir__segment_free(weir__ptr_load_acquire(&queue->spare));
}

weir_status weir_queue_destroy(weir_queue *queue) {
    if (queue == NULL)
        return WEIR_OK;
    if (weir__callout_is_inside(queue, WEIR__DROPPING | WEIR__USING | WEIR__ASKING))
        return WEIR_DEADLOCK;
    if (is_busy(queue))
        return WEIR_BUSY;
    weir__queue_end(queue, true); /* Q12 */
    weir__queue_discard(queue);
    if (queue->port != NULL)
        weir__port_end(queue);
    weir__descriptor_destroy(queue->producers.descriptor);
    weir__descriptor_destroy(queue->consumers.descriptor);
    free_segments(queue);
    weir__free(queue->name);
    weir__free(queue);
    return WEIR_OK;
}
