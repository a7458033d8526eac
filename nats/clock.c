/*
 * clock.c - Implements the clock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clock.h"

#include <time.h>

enum { MILLION = 1000000, THOUSAND_MILLION = 1000000000 };

#define FIRST_PAUSE (UINT64_C(50) * MILLION)
#define LAST_PAUSE UINT64_C(1000000000)

uint64_t weir__nats_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * THOUSAND_MILLION + (uint64_t)now.tv_nsec;
}

bool weir__nats_cond_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool made =
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return made;
}

void weir__nats_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock, weir_deadline deadline) {
    const uint64_t most = UINT64_C(3600) * THOUSAND_MILLION;
    uint64_t now = weir__nats_now();
    if (deadline <= now)
        return;
    if (deadline - now > most) /* so that it fits in every time_t */
        deadline = now + most;
    struct timespec until = {(time_t)(deadline / THOUSAND_MILLION), (long)(deadline % THOUSAND_MILLION)};
    pthread_cond_timedwait(condition, lock, &until);
}

weir_deadline weir__nats_sooner(weir_deadline a, weir_deadline b) {
    return a < b ? a : b;
}

weir_deadline weir__nats_later(weir_deadline a, weir_deadline b) {
    return a < b ? b : a;
}

uint64_t weir__nats_back_off(uint64_t *pause) {
    *pause = *pause == 0 ? FIRST_PAUSE : *pause > LAST_PAUSE / 2 ? LAST_PAUSE : 2 * *pause;
    return *pause;
}

int64_t weir__nats_milliseconds(uint64_t nanoseconds) {
    uint64_t rounded = nanoseconds / MILLION;
    return rounded == 0 ? 1 : rounded > INT32_MAX ? INT32_MAX : (int64_t)rounded;
}
