/*
 * wait.h - Declares the wait of a select.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SELECT_WAIT_H
#define WEIR_SELECT_WAIT_H

#include "select/state.h"

/* Blocks until a case has happened: returns as weir_select does. */
weir_status weir__select_wait(weir__select *select, weir_deadline deadline, size_t *which);

#endif /* WEIR_SELECT_WAIT_H */
