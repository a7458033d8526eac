/*
 * ledger.h - what a program linked with --wrap=aligned_alloc and --wrap=free has allocated, and allocations that fail.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_LEDGER_H
#define WEIR_TESTS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

/* Forgets everything, and lets nothing fail. */
void ledger_reset(void);

/* What aligned_alloc has given and free has not been given yet: how many pieces, and how many bytes they are. */
size_t ledger_pieces(void);
size_t ledger_bytes(void);

/* How often aligned_alloc was called. */
size_t ledger_calls(void);

/* Lets the `nth` call from now on fail (1: the next); if `ever_after`, all that follow too. 0: none fails. */
void ledger_fail(size_t nth, bool ever_after);

#endif /* WEIR_TESTS_LEDGER_H */
