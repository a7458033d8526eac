/*
 * barrier_linux.c - the membarrier of Linux, since 4.14.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool weir__barrier_works;

static bool membarrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

/* When the library is loaded, which is mostly before there is a second thread: then it costs nothing. */
__attribute__((constructor)) static void register_process(void) {
    weir__barrier_works = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

bool weir__barrier_of_all(void) {
    return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}
