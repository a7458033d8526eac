/*
 * counted_exit.c - writes the counts of a coverage build where a child leaves at once, without the functions of atexit.
 *
 * For programs that replace weir__exit_process. In other builds it adds nothing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <stddef.h>

void __gcov_exit(void) __attribute__((weak)); /* of a coverage build; otherwise NULL */

_Noreturn void __real_weir__exit_process(int status, bool in_order);
_Noreturn void __wrap_weir__exit_process(int status, bool in_order);
_Noreturn void __wrap_weir__exit_process(int status, bool in_order) {
    if (!in_order && __gcov_exit != NULL)
        __gcov_exit();
    __real_weir__exit_process(status, in_order);
}
