/*
 * border.h - the border between the library and the functions of the program that it calls: no exception crosses it.
 *
 * A C++ exception that leaves such a function would unwind through the library's calls, which free nothing and settle
 * nothing on the way. weir__border stands behind each call of a function of the program. It gives its own function a
 * personality routine, which ends the search for a handler there: then nothing is unwound, and std::terminate is called
 * with the stack as it was at the throw. Forced unwinding (pthread_exit) asks for no handler and goes on.
 *
 * The mark is a directive of the assembler and costs no instruction, but for the tail call that it prevents: the frame of
 * its function stays on the stack. Without unwind tables, as on 32-bit ARM, there is nothing to mark: the search ends at
 * the first function of the library anyway.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BORDER_H
#define WEIR_SYNC_BORDER_H

#if defined(__GCC_HAVE_DWARF2_CFI_ASM) && defined(__ELF__) && !defined(__arm__)

/* To be called right after the function of the program, in the function that calls that. */
static inline __attribute__((always_inline)) void weir__border(void) {
    __asm__ volatile(".cfi_personality 0x1b, weir__border_personality"); /* 0x1b: relative to its place, in 32 bits */
}

#else

static inline void weir__border(void) {
}

#endif

#endif /* WEIR_SYNC_BORDER_H */
