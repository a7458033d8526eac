/*
 * prefetch.h - Implements prefetching: the processor fetches a cache line while the thread goes on.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_PREFETCH_H
#define WEIR_SYNC_PREFETCH_H

/* Fetches the cache line of `address`, to be written soon. Any address is allowed; the memory is not accessed. */
static inline void weir__prefetch(const void *address) {
    __builtin_prefetch(address, 1);
}

#endif /* WEIR_SYNC_PREFETCH_H */
