/*
 * maker.c - reasons, cancels and memory, in a call and in a child process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "maker.h"

#include <stdarg.h>
#include <stdio.h>

#include <weir/process.h>

#include "stages.h"

int maker_fail(struct maker *maker, const char *format, ...) {
    enum { REASON = 256 /* as weir keeps it */ };
    char reason[REASON];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return maker->task != NULL ? weir_task_fail(maker->task, FAILED, "%s", reason)
                               : weir_process_fail(FAILED, "%s", reason);
}

bool maker_is_cancelled(const struct maker *maker) {
    return maker->task != NULL && weir_task_cancelled(maker->task);
}

int maker_take_memory(struct maker *maker) {
    if (maker->task == NULL)
        return maker->needed <= maker->granted ? 0 : NEEDS_MEMORY;
    return budget_take(maker->budget, maker->task, maker->needed) ? 0 : maker_fail(maker, "cancelled");
}

void maker_return_memory(struct maker *maker) {
    if (maker->task != NULL)
        budget_return(maker->budget, maker->needed);
}
