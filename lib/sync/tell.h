/*
 * tell.h - tells tools that look for data races of what happens before what.
 *
 * ThreadSanitizer sees the accesses of what was compiled with it, and Helgrind and DRD know locks and threads of POSIX
 * alone. All three would report a program over a plain libweir: they do not see how an item comes from one thread to
 * another. So each acquire and each release of atomic.h tells them, when such a tool is there; else it reads a flag.
 *
 * tell_tools.c knows the tools; tell_none.c, for a library that is itself built with ThreadSanitizer, tells nothing: the
 * tool then sees more than it would be told. The build chooses one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TELL_H
#define WEIR_SYNC_TELL_H

#include <stdbool.h>

/* Whether such a tool is there. Constant from a constructor on that runs before those without a priority. */
extern bool weir__told __attribute__((visibility("hidden")));

/* What was done before a telling of the release of `address` happens before what follows one of its acquire. */
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
