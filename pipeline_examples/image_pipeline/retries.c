/*
 * retries.c - counts the transient failures of a photo.
 *
 * An attempt that waits for a paused host is an attempt for the pipeline, but not for the photo. So the photo counts,
 * and the delays are set here.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "retries.h"

#include <limits.h>

#include "paint.h"

enum { LONGEST = 60 /* seconds */ };

/* Returns 1, 2, 4 ... seconds in nanoseconds, of which 50 to 100% count. */
static uint64_t back_off(unsigned failures) {
    uint64_t delay = (failures < 7 ? UINT64_C(1) << (failures - 1) : LONGEST) * WEIR_SECOND;
    uint64_t lot = weir_deadline_after(0);
    return delay - random_next(&lot) % (delay / 2 + 1);
}

int retries_end(weir_task *task, struct work *work, struct photo *photo, int code) {
    uint64_t delay = photo->delay;
    photo->delay = 0;
    if (code == TRANSIENT && photo->failures >= work->options->retries)
        return FAILED;
    if (code == TRANSIENT) {
        uint64_t least = back_off(++photo->failures);
        delay = delay > least ? delay : least;
        photo->retries++;
        atomic_fetch_add(&work->retried, 1);
    }
    if (code == TRANSIENT || code == PUT_OFF)
        (void)weir_task_retry_after(task, delay);
    else
        photo->failures = 0;
    return code;
}

static bool is_retried(int code, void *work) {
    (void)work;
    return code == TRANSIENT || code == PUT_OFF;
}

weir_retry retries_options(void) {
    return (weir_retry){.attempts = UINT_MAX, .backoff = WEIR_SECOND, .when = is_retried};
}
