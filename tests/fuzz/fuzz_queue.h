/*
 * fuzz_queue.h - the entry point that libFuzzer calls, and replay.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FUZZ_QUEUE_H
#define WEIR_TESTS_FUZZ_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the calls that the input stands for; aborts when one does not do what it has to. The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether each call is printed. */
extern bool fuzz_is_traced;

#endif /* WEIR_TESTS_FUZZ_QUEUE_H */
