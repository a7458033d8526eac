/*
 * tell.h - Declares the reports of happens-before relations to race detectors.
 *
 * ThreadSanitizer sees only the accesses of code compiled with it. Helgrind and DRD know only the locks and threads of
 * POSIX. All three would report races in a program over a plain libweir: they do not see how an item passes from one
 * thread to another. Each acquire and each release of atomic.h therefore reports itself when such a tool is present.
 * Otherwise it only reads a flag.
 *
 * tell_tools.c knows the tools. tell_none.c reports nothing, for a library that is itself built with ThreadSanitizer:
 * the tool then sees more than the reports contain. The build selects one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TELL_H
#define WEIR_SYNC_TELL_H

#include <stdbool.h>

/* Whether a race detector is present. Constant after a constructor that runs before any without a priority. */
extern bool weir__told __attribute__((visibility("hidden")));

/* Report a release and an acquire of `address`. What precedes the release happens before what follows the acquire. */
void weir__tell_release(const volatile void *address);
void weir__tell_acquire(const volatile void *address);

static inline void weir__release_of(const volatile void *address) {
    if (__builtin_expect(weir__told, 0))
        weir__tell_release(address);
}

static inline void weir__acquire_of(const volatile void *address) {
    if (__builtin_expect(weir__told, 0))
        weir__tell_acquire(address);
}

#endif /* WEIR_SYNC_TELL_H */
