/*
 * barrier_linux.c - Implements the barrier with membarrier(2) of Linux, since 4.14.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

weir__u32 weir__barrier_state;

static bool membarrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

static void register_process(void) {
    uint32_t answer =
        membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ? WEIR__BARRIER_WORKS : WEIR__BARRIER_NEVER_WORKS;
    (void)weir__u32_swap_acquire(&weir__barrier_state, WEIR__BARRIER_UNTRIED, answer);
}

static bool is_untried(void) {
    return weir__u32_load_relaxed(&weir__barrier_state) == WEIR__BARRIER_UNTRIED;
}

/*
 * Registers when the library is loaded, usually before a second thread exists: registration is then free. Runs before
 * constructors without a priority. A constructor of the program with the same priority may still run first.
 */
__attribute__((constructor(101))) static void register_early(void) {
    if (is_untried())
        register_process();
}

bool weir__barrier_of_all(void) {
    if (is_untried())
        register_process();
    return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}
