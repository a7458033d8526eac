/*
 * route.h - Chooses the successor that a result goes to.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ROUTE_H
#define WEIR_PIPELINE_ROUTE_H

#include "pipeline/stage.h"

/*
 * Returns the number of the successor for a result of a stage with several; one not below their count does not exist.
 */
size_t weir__route(weir_stage *from, const void *result);

/*
 * Returns the successor that a result would go to; NULL: it would leave the pipeline. The first one, if each gets it,
 * or if none was chosen.
 */
weir_stage *weir__route_for_drop(weir_stage *from, const void *result);

#endif /* WEIR_PIPELINE_ROUTE_H */
