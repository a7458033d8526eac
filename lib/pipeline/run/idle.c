/*
 * idle.c - Waits until stages are idle.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/idle.h"

#include "closable_queue/settle.h"

static uint64_t entered(weir_stage *const *stages, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weir__queue_tail(stages[i]->queue);
    return sum;
}

/* Joins each queue. */
static weir_status join_each(weir_stage *const *stages, size_t count, bool drains, const weir__u32 *unless,
                             weir_deadline deadline) {
    for (size_t i = 0; i < count; i++) {
        if (drains && weir__stage_gathers(stages[i]))
            weir__batch_end(&stages[i]->batch);
        weir_status status = weir__queue_join_unless(stages[i]->queue, unless, deadline);
        if (status == WEIR_TIMEDOUT || status == WEIR_CANCELLED)
            return status;
    }
    return WEIR_OK;
}

/* I2 */
weir_status weir__idle_await(weir_stage *const *stages, size_t count, bool drains, const weir__u32 *unless,
                             weir_deadline deadline) {
    for (;;) {
        uint64_t before = entered(stages, count);
        weir_status status = join_each(stages, count, drains, unless, deadline);
        if (status != WEIR_OK || entered(stages, count) == before)
            return status;
        if (weir__u32_load_acquire(unless) != 0)
            return WEIR_CANCELLED;
        if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
            return WEIR_TIMEDOUT;
    }
}
