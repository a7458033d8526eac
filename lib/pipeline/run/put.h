/*
 * put.h - Puts items into pipelines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_PUT_H
#define WEIR_PIPELINE_RUN_PUT_H

#include <weir/pipeline.h>

#include "item/pieces.h"

/* Puts an item. With a ticket, the pipeline must not be plain; the program is told of the ticket if the put succeeds. */
weir_status weir__put_with(weir_pipeline *pipeline, void *item, const weir__ticket *ticket, weir_deadline deadline);

#endif /* WEIR_PIPELINE_RUN_PUT_H */
