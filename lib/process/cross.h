/*
 * cross.h - Declares what crosses of one item: the question that is made of it, and the result in the answer.
 *
 * A failure is a code with its reason in the keeper. The reason is "" if a function of the program has failed, which has
 * recorded its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_CROSS_H
#define WEIR_PROCESS_CROSS_H

#include "process/keeper.h"

/* Encodes the item to `data`, of as many bytes as may cross, and stores how many do. Returns 0 or a code. */
int weir__cross_encode(weir__keeper *keeper, const void *item, void *data, size_t *size);

/* Makes the question of an item. Returns 0 or a code. */
int weir__cross_ask(weir__keeper *keeper, const void *item);

/* Stores where the result of the answer lies. Returns 0, or the code of the function. */
int weir__cross_result(weir__keeper *keeper, const void **bytes, size_t *size);

/* Takes a failure of the function, of which the answer has `size` bytes of reason. Returns its code. */
int weir__cross_reason(weir__keeper *keeper, int code, const void *bytes, size_t size);

#endif /* WEIR_PROCESS_CROSS_H */
