/*
 * progress.c - the thread that shows the progress.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "terminal.h"

static const uint64_t rewrite_interval = UINT64_C(200000000), line_interval = UINT64_C(2000000000); /* nanoseconds */

static void show_time_left(char *text, size_t size, size_t left, double rate) {
    if (left == 0 || rate <= 0 || interrupt_is_stopping()) {
        text[0] = '\0';
        return;
    }
    uint64_t seconds = (uint64_t)((double)left / rate) + 1; /* rounded up: it never says 0 too early */
    if (seconds < 60)
        snprintf(text, size, ", %" PRIu64 " s left", seconds);
    else
        snprintf(text, size, ", %" PRIu64 ":%02" PRIu64 " min left", seconds / 60, seconds % 60);
}

static void show(struct progress *progress) {
    struct account *account = progress->account;
    size_t settled = account_settled(account), total = account->total;
    double seconds = (double)(account_clock() - account->began) / 1e9;
    double rate = seconds > 0 ? (double)settled / seconds : 0;
    char left[64];
    show_time_left(left, sizeof left, total - settled, rate);
    terminal_status("%zu/%zu, %.1f images/s, %zu failed, queues %zu/%zu/%zu%s", settled, total, rate,
                    account_failed(account), weir_queue_size(progress->queues[STAGE_DOWNLOAD]),
                    weir_queue_size(progress->queues[STAGE_RESIZE]), weir_queue_size(progress->queues[STAGE_UPLOAD]),
                    left);
}

static void *run(void *argument) {
    struct progress *progress = argument;
    uint64_t interval = terminal_is_interactive() ? rewrite_interval : line_interval;
    weir_deadline next = weir_deadline_after(0);
    void *nothing;
    if (terminal_is_interactive())
        show(progress);
    for (;;) {
        weir_deadline now = weir_deadline_after(0);
        if (now > next + interval) /* the program was paused: what it missed is not made up for */
            next = now;
        next += interval;
        if (weir_queue_get_until(progress->bell, &nothing, next) != WEIR_TIMEDOUT)
            return NULL;
        show(progress);
    }
}

bool progress_start(struct progress *progress, struct account *account, weir_queue *const *queues) {
    *progress = (struct progress){.account = account, .queues = queues};
    weir_status status = weir_queue_create(&progress->bell, 1);
    if (status != WEIR_OK) {
        terminal_say("%s", weir_strerror(status));
        return false;
    }
    int error = pthread_create(&progress->thread, NULL, run, progress);
    if (error != 0) {
        terminal_say("cannot create a thread: %s", strerror(error));
        weir_queue_destroy(progress->bell);
    }
    return error == 0;
}

void progress_stop(struct progress *progress) {
    weir_queue_shutdown(progress->bell, WEIR_DISCARD);
    pthread_join(progress->thread, NULL);
    weir_queue_destroy(progress->bell);
    if (terminal_is_interactive())
        show(progress);
    terminal_end_status();
}
