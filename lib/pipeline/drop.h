/*
 * drop.h - Calls the drop functions of stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DROP_H
#define WEIR_PIPELINE_DROP_H

#include "pipeline/stage.h"

/* Passes an item of the stage to its drop function, if it has one. */
void weir__drop_item(weir_stage *stage, void *item);

/* Passes a result of a last stage to the drop function of its results queue. */
void weir__drop_left(weir_stage *from, void *result);

#endif /* WEIR_PIPELINE_DROP_H */
