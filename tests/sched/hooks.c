/*
 * hooks.c - implements the compiler's calls for plain accesses. lib/ is compiled with -fsanitize=thread, which puts a
 * call before each access that may be shared. These functions take the place of the compiler's own library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "machine.h"

#define HOOKS(size)                                                                                                    \
    void __tsan_read##size(const void *at);                                                                            \
    void __tsan_read##size(const void *at) {                                                                           \
        arena_plain(at, size, false);                                                                                  \
    }                                                                                                                  \
    void __tsan_write##size(const void *at);                                                                           \
    void __tsan_write##size(const void *at) {                                                                          \
        arena_plain(at, size, true);                                                                                   \
    }                                                                                                                  \
    void __tsan_unaligned_read##size(const void *at);                                                                  \
    void __tsan_unaligned_read##size(const void *at) {                                                                 \
        arena_plain(at, size, false);                                                                                  \
    }                                                                                                                  \
    void __tsan_unaligned_write##size(const void *at);                                                                 \
    void __tsan_unaligned_write##size(const void *at) {                                                                \
        arena_plain(at, size, true);                                                                                   \
    }

/* NOLINTBEGIN(bugprone-reserved-identifier): the compiler chose the names */
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(const void *at, size_t size);
void __tsan_read_range(const void *at, size_t size) {
    arena_plain(at, size, false);
}

void __tsan_write_range(const void *at, size_t size);
void __tsan_write_range(const void *at, size_t size) {
    arena_plain(at, size, true);
}

void __tsan_init(void);
void __tsan_init(void) {
}

void __tsan_func_entry(const void *caller);
void __tsan_func_entry(const void *caller) {
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void) {
}
/* NOLINTEND(bugprone-reserved-identifier) */
