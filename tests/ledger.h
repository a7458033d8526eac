/*
 * ledger.h - what a program linked with --wrap has allocated by aligned_alloc and weir__chunk_alloc, and allocations that
 * fail. (tests/local.mk: ledger_ldflags.)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_LEDGER_H
#define WEIR_TESTS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

/* Forgets everything, and lets nothing fail. */
void ledger_reset(void);

/* What they have given and was not freed yet: how many pieces, and how many bytes they are. */
size_t ledger_pieces(void);
size_t ledger_bytes(void);

/* How often they were called. */
size_t ledger_calls(void);

/* Counts a call that something else than these makes; returns whether it is to fail. */
bool ledger_fails(void);

/* Lets the `nth` call from now on fail (1: the next); if `ever_after`, all that follow too. 0: none fails. */
void ledger_fail(size_t nth, bool ever_after);

#endif /* WEIR_TESTS_LEDGER_H */
