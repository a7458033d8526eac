/*
 * verdict.h - Defines the four ways in which an item ends.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_VERDICT_H
#define WEIR_ITEM_VERDICT_H

/* From the best to the worst. */
typedef enum weir__verdict { WEIR__DONE, WEIR__DROPPED, WEIR__DEAD, WEIR__FAILED, WEIR__VERDICTS } weir__verdict;

static inline weir__verdict weir__worse(weir__verdict a, weir__verdict b) {
    return a > b ? a : b;
}

#endif /* WEIR_ITEM_VERDICT_H */
