/*
 * support.h - implements what the scenarios share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_SCHED_SUPPORT_H
#define WEIR_TESTS_SCHED_SUPPORT_H

#include <weir/closable_queue.h>

#include "sched.h"

static inline void *item(int number) {
    return (void *)(uintptr_t)number;
}

static inline int number(const void *item) {
    return (int)(uintptr_t)item;
}

static inline void must(weir_status status, weir_status expected) {
    sched_check(status == expected, "%s instead of %s", weir_strerror(status), weir_strerror(expected));
}

static inline weir_queue *new_queue(size_t capacity) {
    weir_queue *queue;
    must(weir_queue_create(&queue, capacity), WEIR_OK);
    return queue;
}

static inline int get_number(weir_queue *queue) {
    void *got;
    must(weir_queue_get(queue, &got), WEIR_OK);
    return number(got);
}

/* Destroys the queue at the end of a scenario in which every item was settled. */
static inline void finish_queue(weir_queue *queue) {
    sched_check(weir_queue_unfinished(queue) == 0, "%zu unfinished", weir_queue_unfinished(queue));
    sched_check(weir_queue_size(queue) == 0, "%zu inside", weir_queue_size(queue));
    must(weir_queue_destroy(queue), WEIR_OK);
}

#endif /* WEIR_TESTS_SCHED_SUPPORT_H */
