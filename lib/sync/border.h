/*
 * border.h - Implements the border between the library and the functions of the program: no exception crosses it.
 *
 * A C++ exception that left such a function would unwind the library's frames, which free nothing and settle nothing
 * on the way. The mark weir__border follows each call of a function of the program. It gives the function that
 * contains it a personality routine, which ends the search for a handler there. Nothing is unwound, and std::terminate
 * runs with the stack as it was at the throw. Forced unwinding (pthread_exit) searches for no handler and continues.
 *
 * The mark is an assembler directive. It costs no instruction, but prevents a tail call, so that the function's frame
 * stays on the stack. Without unwind tables, as on 32-bit ARM, no mark is needed: the search ends at the first
 * function of the library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BORDER_H
#define WEIR_SYNC_BORDER_H

#if defined(__GCC_HAVE_DWARF2_CFI_ASM) && defined(__ELF__) && !defined(__arm__)

/* Must be called right after the program's function, in the function that calls it. */
static inline __attribute__((always_inline)) void weir__border(void) {
    __asm__ volatile(".cfi_personality 0x1b, weir__border_personality"); /* 0x1b: pc-relative, 32 bits */
}

#else

static inline void weir__border(void) {
}

#endif

#endif /* WEIR_SYNC_BORDER_H */
