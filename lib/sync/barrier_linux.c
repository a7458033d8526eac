/*
 * barrier_linux.c - the membarrier of Linux, since 4.14.
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
 * When the library is loaded, which is mostly before there is a second thread: then it costs nothing. Before constructors
 * without a priority; those of a program with this one may still come first.
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
