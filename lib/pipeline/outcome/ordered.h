/*
 * ordered.h - Sends the results of ordered stages in the order of the items.
 *
 * The position of an item is its place in the order in which items entered its stage's queue. In a sequence of ordered
 * stages that each make one result of one item, an item keeps its position from the first of them. Only the last stage
 * of the sequence has a reorder buffer (graph.c). If a later stage of the sequence refuses an item, the item is lost,
 * and only its turn in that buffer is left.
 *
 * An item that has failed, has no result, or has several results, has one turn too. The number of ready items is at
 * most the number of items in flight. Pipelines with an ordered stage always limit the items in flight.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_ORDERED_H
#define WEIR_PIPELINE_OUTCOME_ORDERED_H

#include "pipeline/state/stage.h"

/* Adds an item that is ready, or that a stage before the orderer gave up. The item is retired at its turn. */
void weir__ordered_ready(weir__lane *lane, weir__envelope *envelope);

/*
 * Sends a result to the next stage, which inherits its position. If that stage refuses the result, only its turn is
 * left.
 */
void weir__ordered_forward(weir_stage *from, weir__lane *lane, weir__envelope *envelope);

#endif /* WEIR_PIPELINE_OUTCOME_ORDERED_H */
