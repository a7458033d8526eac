/*
 * blocking.h - Declares waits on threads of a crew: while the thread sleeps, another one has its seat.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FUTURE_BLOCKING_H
#define WEIR_FUTURE_BLOCKING_H

#include <stdbool.h>

/*
 * Surround a sleep. Begin gives the seat up if the thread is one of a crew. It returns false, without effect, if no
 * other thread of the crew can run jobs meanwhile: the caller must not sleep.
 */
bool weir__blocking_begin(void);
void weir__blocking_end(void);

#endif /* WEIR_FUTURE_BLOCKING_H */
