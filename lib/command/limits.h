/*
 * limits.h - Declares the limits of a child process as the system gets them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_COMMAND_LIMITS_H
#define WEIR_COMMAND_LIMITS_H

#include <stdbool.h>

#include <weir/command.h>

#include "sync/confine.h"

bool weir__limits_are_valid(const weir_process_limits *limits);

/* `nice` is added to the niceness. */
weir__confined weir__limits_of(const weir_process_limits *limits, int nice);

#endif /* WEIR_COMMAND_LIMITS_H */
