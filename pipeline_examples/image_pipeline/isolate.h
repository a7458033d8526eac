/*
 * isolate.h - makes thumbnails in child processes, one for each thread of the resize stage.
 *
 * A decoder that crashes, hangs or takes too much memory costs one picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ISOLATE_H
#define IMAGE_PIPELINE_ISOLATE_H

#include <weir/process.h>

#include "stages.h"

/* Entry of weir_process_main. */
extern const weir_process_entry isolate_entry;

/* Sets the resize stage up for child processes. `work` must have its options. */
void isolate_set_up(weir_stage_options *stage, struct work *work);

#endif /* IMAGE_PIPELINE_ISOLATE_H */
