/*
 * executor_support.c - see executor_support.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor_support.h"

weir_executor *executor;
atomic_size_t runs;

void finish(void) {
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
}

int give_back(weir_future *self, void *arg, void **value) {
    (void)self;
    *value = arg;
    return 0;
}

int pass(weir_future *self, void *gate, void **value) {
    (void)self;
    (void)value;
    gate_pass(gate);
    return 0;
}

int count_run(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)arg;
    (void)value;
    atomic_fetch_add(&runs, 1);
    return 0;
}
