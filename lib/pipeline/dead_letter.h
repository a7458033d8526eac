/*
 * dead_letter.h - Gives up items: they are dead-lettered, or dropped.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DEAD_LETTER_H
#define WEIR_PIPELINE_DEAD_LETTER_H

#include "pipeline/stage.h"

/*
 * Gives up an item after its last attempt has failed with that code and message: puts it to the dead letters, or drops
 * it. Returns its verdict.
 */
weir__verdict weir__give_up(weir_stage *stage, weir__lane *lane, void *item, const weir_error *error);

#endif /* WEIR_PIPELINE_DEAD_LETTER_H */
