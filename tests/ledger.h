/*
 * ledger.h - records the allocations that a program makes by aligned_alloc and weir__chunk_alloc, and makes them
 * fail. The program is linked with --wrap (tests/local.mk: ledger_ldflags).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_LEDGER_H
#define WEIR_TESTS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

/* Clears the ledger; no allocation fails. */
void ledger_reset(void);

/* Return the number of live allocations, and their bytes. */
size_t ledger_pieces(void);
size_t ledger_bytes(void);

/* Returns the number of allocation calls. */
size_t ledger_calls(void);

/* Counts an allocation by other means; returns whether it must fail. */
bool ledger_fails(void);

/* Makes the `nth` call from now on fail (1: the next); with `ever_after`, all later calls too. 0 disables failures. */
void ledger_fail(size_t nth, bool ever_after);

#endif /* WEIR_TESTS_LEDGER_H */
