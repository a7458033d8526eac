/*
 * pace.c - gives each request the next free time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pace.h"

void pace_open(struct pace *pace, uint64_t per_second) {
    *pace = (struct pace){.interval = per_second == 0 ? 0 : WEIR_SECOND / per_second};
    pthread_mutex_init(&pace->lock, NULL);
}

void pace_close(struct pace *pace) {
    pthread_mutex_destroy(&pace->lock);
}

/* A time that has passed unused is lost: there is no burst after a pause. */
static weir_deadline take_time(struct pace *pace) {
    weir_deadline now = weir_deadline_after(0);
    pthread_mutex_lock(&pace->lock);
    weir_deadline mine = pace->next > now ? pace->next : now;
    pace->next = mine + pace->interval;
    pthread_mutex_unlock(&pace->lock);
    return mine;
}

bool pace_wait(struct pace *pace, weir_task *task) {
    if (pace->interval == 0)
        return true;
    weir_deadline mine = take_time(pace);
    return mine <= weir_deadline_after(0) || weir_task_poll(task, -1, 0, mine) == WEIR_TIMEDOUT;
}
