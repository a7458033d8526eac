/*
 * fuzz_queue.h - the entry point for libFuzzer and for replay.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FUZZ_QUEUE_H
#define WEIR_TESTS_FUZZ_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the calls that the input encodes; aborts if one breaks the contract. libFuzzer defines the name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints each call if set. */
extern bool fuzz_is_traced;

#endif /* WEIR_TESTS_FUZZ_QUEUE_H */
