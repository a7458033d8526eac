/*
 * tls.h - Defines how the few thread-local variables are reached that hot paths read.
 *
 * In a shared library the compiler calls a function of the C library for each access, unless the variable is at a
 * fixed distance from the thread's pointer. glibc keeps room for such variables of libraries that dlopen loads later.
 * Other C libraries refuse to load them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TLS_H
#define WEIR_SYNC_TLS_H

#include <limits.h> /* defines __GLIBC__ */

#if defined(__GLIBC__) && defined(__ELF__)
#define WEIR__TLS __attribute__((tls_model("initial-exec"), visibility("hidden")))
#else
#define WEIR__TLS
#endif

/*
 * Keeps GCC from a test of the address by the flags of the addition that makes it: the linker may replace that addition
 * by an instruction that sets no flags. UndefinedBehaviorSanitizer tests each address, and reported null pointers.
 */
#if defined(__GNUC__)
#define weir__tls_address(pointer) __asm__("" : "+r"(pointer))
#else
#define weir__tls_address(pointer) ((void)(pointer))
#endif

#endif /* WEIR_SYNC_TLS_H */
