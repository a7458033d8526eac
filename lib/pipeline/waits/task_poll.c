/*
 * task_poll.c - Lets a stage's function wait for a descriptor, or until it must return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/timing.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/pipeline.h"
#include "sync/clock.h"
#include "sync/poll.h"

/* Time between two looks if the system has no descriptor left that reports the end. */
static const uint64_t look_every = 20 * WEIR_MILLISECOND;

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static weir__polled block(weir_task *task, int fd, short events, uint64_t deadline) {
    int stop = weir_task_stop_fd(task);
    weir__polled polled;
    weir__timing_block(task->lane, WEIR__IN_FUNCTION);
    do {
        uint64_t until = stop >= 0 ? deadline : earlier(deadline, weir__clock_now() + look_every);
        polled = weir__poll(fd, events, stop, until);
    } while (polled == WEIR__POLLED_LATE && weir__clock_now() < deadline && !weir_task_cancelled(task));
    weir__timing_unblock(task->lane);
    return polled;
}

static weir_status status_of(weir__polled polled) {
    static const weir_status statuses[] = {[WEIR__POLLED_READY] = WEIR_OK,
                                           [WEIR__POLLED_STOP] = WEIR_CLOSED,
                                           [WEIR__POLLED_LATE] = WEIR_TIMEDOUT,
                                           [WEIR__POLLED_BAD] = WEIR_INVALID,
                                           [WEIR__POLLED_NOMEM] = WEIR_NOMEM};
    return statuses[polled];
}

/* A descriptor that is ready costs one system call, and needs none of the pipeline's descriptors. */
weir_status weir_task_poll(weir_task *task, int fd, short events, weir_deadline deadline) {
    if (task == NULL)
        return WEIR_INVALID;
    weir__polled polled = WEIR__POLLED_STOP;
    if (!weir_task_cancelled(task))
        polled = weir__poll(fd, events, -1, 0);
    if (polled == WEIR__POLLED_LATE && weir__clock_now() < deadline)
        polled = block(task, fd, events, deadline);
    if (!weir_task_cancelled(task))
        return status_of(polled);
    return weir__is_cancelled(task->stage->pipeline) ? WEIR_CANCELLED : WEIR_CLOSED;
}
