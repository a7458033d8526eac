/*
 * machine.h - how much memory there is, and its return to the system.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MACHINE_H
#define IMAGE_PIPELINE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Returns the bytes of memory that the machine has, or less if a control group of the process limits them. */
uint64_t machine_memory(void);

/*
 * Makes the allocator map each large block, so that a picture that grows while it is downloaded is not copied, and its
 * memory returns to the system when it is freed. Called before there are threads. Has no effect without glibc.
 */
void machine_map_large_blocks(void);

/*
 * Makes the allocator divide its memory into at most this many arenas: what is freed in one of them serves no thread of
 * another. Called before there are threads. Has no effect without glibc.
 */
void machine_limit_arenas(size_t most);

#endif /* IMAGE_PIPELINE_MACHINE_H */
