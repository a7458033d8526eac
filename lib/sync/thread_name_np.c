/*
 * thread_name_np.c - Implements thread names with pthread_setname_np of Linux and the BSDs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <pthread.h>

#include "sync/thread_name.h"

void weir__thread_set_name(const char *name) {
    pthread_setname_np(pthread_self(), name);
}
