/*
 * tell_tools.c - Implements the reports to ThreadSanitizer, Helgrind and DRD.
 *
 * ThreadSanitizer's functions are weak symbols: null unless the program is built with it. Helgrind and DRD take client
 * requests, which are instructions without effect outside Valgrind. A library built without Valgrind's headers makes
 * none.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/tell.h"

#include <stddef.h>

#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h> /* DRD takes the same requests */
#else
#define RUNNING_ON_VALGRIND 0
#define ANNOTATE_HAPPENS_BEFORE(address) (void)(address)
#define ANNOTATE_HAPPENS_AFTER(address) (void)(address)
#endif

void __tsan_release(void *address) __attribute__((weak));
void __tsan_acquire(void *address) __attribute__((weak));

bool weir__told;

/* Early: in a static link, constructors of the program without a priority may start threads. */
__attribute__((constructor(101))) static void look_for_tools(void) {
    weir__told = (__tsan_release != NULL && __tsan_acquire != NULL) || RUNNING_ON_VALGRIND;
}

void weir__tell_release(const volatile void *address) {
    if (__tsan_release != NULL)
        __tsan_release((void *)address);
    ANNOTATE_HAPPENS_BEFORE((void *)address);
}

void weir__tell_acquire(const volatile void *address) {
    if (__tsan_acquire != NULL)
        __tsan_acquire((void *)address);
    ANNOTATE_HAPPENS_AFTER((void *)address);
}
