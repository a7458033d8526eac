/*
 * machine.h - how much memory there is.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MACHINE_H
#define IMAGE_PIPELINE_MACHINE_H

#include <stdint.h>

/* Returns the bytes of memory that the machine has, or less if a control group of the process limits them. */
uint64_t machine_memory(void);

#endif /* IMAGE_PIPELINE_MACHINE_H */
