/*
 * in_flight.h - Limits the calls and operations of a stage at a time (limits.in_flight).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_IN_FLIGHT_H
#define WEIR_PIPELINE_WAITS_IN_FLIGHT_H

#include "pipeline/state/pipeline.h"

/*
 * Takes a slot for the next call of the lane. Blocks until one is unused. Returns false, without a slot, if the run is
 * cancelled.
 */
bool weir__in_flight_begin(weir__lane *lane);

#endif /* WEIR_PIPELINE_WAITS_IN_FLIGHT_H */
