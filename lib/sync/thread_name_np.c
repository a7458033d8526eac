/*
 * thread_name_np.c - the thread's name, by pthread_setname_np as Linux and the BSDs have it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <pthread.h>

#include "sync/thread_name.h"

void weir__thread_set_name(const char *name) {
    pthread_setname_np(pthread_self(), name);
}
