/*
 * retries.h - decides whether and when a transfer is tried again.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_RETRIES_H
#define IMAGE_PIPELINE_RETRIES_H

#include "stages.h"

/*
 * Ends an attempt of a stage with `code`, and sets the delay of the next one. Returns the code for the pipeline: FAILED
 * for a transient failure after which the photo has no retry left. An attempt that was put off is no failure.
 */
int retries_end(weir_task *task, struct work *work, struct photo *photo, int code);

/* Returns the retries for a stage: the pipeline does not count them. */
weir_retry retries_options(void);

#endif /* IMAGE_PIPELINE_RETRIES_H */
