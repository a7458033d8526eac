/*
 * executor_support.h - shared by the tests of executors: the executor of a test, and functions of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_EXECUTOR_SUPPORT_H
#define WEIR_TESTS_EXECUTOR_SUPPORT_H

#include "support.h"

extern weir_executor *executor;
extern atomic_size_t runs; /* counted by count_run */

/* Shuts the executor down, waits for its tasks and destroys it. */
void finish(void);

/* Tasks: one that returns its argument; one that passes the gate given as argument; one that counts in `runs`. */
int give_back(weir_future *self, void *arg, void **value);
int pass(weir_future *self, void *gate, void **value);
int count_run(weir_future *self, void *arg, void **value);

#endif /* WEIR_TESTS_EXECUTOR_SUPPORT_H */
