/*
 * dead_letter.h - Gives up items: dead-letters or drops them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_DEAD_LETTER_H
#define WEIR_PIPELINE_OUTCOME_DEAD_LETTER_H

#include "pipeline/state/stage.h"

/* Reason for which an item is given up. */
typedef struct weir__failure {
    int code;
    unsigned attempts;
    const char *message;
} weir__failure;

/*
 * Gives up an item after its last attempt has failed: puts it to the dead-letter queue, sends it to the stage for dead
 * letters, or drops it. Returns its verdict. The caller then retires the envelope, and must not touch the item.
 */
weir__verdict weir__give_up(weir_stage *stage, weir__lane *lane, weir__envelope *item, const weir__failure *failure);

#endif /* WEIR_PIPELINE_OUTCOME_DEAD_LETTER_H */
