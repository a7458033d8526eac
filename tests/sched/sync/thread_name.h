/*
 * thread_name.h - the seam's names of threads, over the scheduler: they are not kept.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_THREAD_NAME_H
#define WEIR_SYNC_THREAD_NAME_H

static inline void weir__thread_set_name(const char *name) {
    (void)name;
}

#endif /* WEIR_SYNC_THREAD_NAME_H */
