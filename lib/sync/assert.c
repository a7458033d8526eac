/*
 * assert.c - Implements the end of a failed assertion.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "sync/thread.h"

void weir__assert_failed(const char *file, int line, const char *condition) {
    (void)weir__uncancellable_begin(); /* for good */
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}
