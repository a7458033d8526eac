/*
 * ordered.h - Sends the results of ordered stages in the order of the items.
 *
 * An item's position is where it came in its stage's queue. If ordered stages follow one another, each making one
 * result of one item, an item keeps the position that it had in the first of them, and only the last has a reorder
 * buffer (graph.c). An item that is lost on the way there has its turn in that buffer too.
 *
 * An item that has failed, or has no results, or many, has its turn like any other. No more items are ready than are in
 * flight, which is always limited where a stage is ordered.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ORDERED_H
#define WEIR_PIPELINE_ORDERED_H

#include "pipeline/stage.h"

/* The item is ready, or given up in a stage before the one that orders it: it is retired at its turn. */
void weir__ordered_ready(weir__lane *lane, weir__envelope *envelope);

/* Sends a result to the next stage, which inherits its position. If that refuses it, it is lost at its turn. */
void weir__ordered_forward(weir_stage *from, weir__lane *lane, weir__envelope *envelope);

#endif /* WEIR_PIPELINE_ORDERED_H */
