/*
 * route.h - Chooses the successor that a result goes to.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_ROUTE_H
#define WEIR_PIPELINE_OUTCOME_ROUTE_H

#include "pipeline/state/stage.h"

/*
 * Returns the index of the successor for a result. The stage must have several successors. If the route function chose
 * a successor that does not exist, returns its choice: at least the number of successors.
 */
uint64_t weir__route(weir_stage *from, const void *result);

/*
 * Returns the successor that would have got a dropped result. If the stage routes by key or by choice, that is the
 * chosen one. In other cases, or if the chosen one does not exist, returns the first successor. Returns NULL if the
 * stage has none.
 */
weir_stage *weir__route_for_drop(weir_stage *from, const void *result);

#endif /* WEIR_PIPELINE_OUTCOME_ROUTE_H */
