/*
 * serve.h - Declares the work of a child.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_SERVE_H
#define WEIR_PROCESS_SERVE_H

#include <weir/process.h>

/* Serves questions as a child, with this function of the table, and ends the process. */
_Noreturn void weir__serve(const weir_process_entry *table, const char *function);

/* Returns the entry of that name, or NULL. `table` may be NULL. */
const weir_process_entry *weir__entry_of(const weir_process_entry *table, const char *name);

#endif /* WEIR_PROCESS_SERVE_H */
