/*
 * backoff.h - how long an item waits before its next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_BACKOFF_H
#define WEIR_PIPELINE_BACKOFF_H

#include <stdint.h>

#include <weir/pipeline.h>

/*
 * Nanoseconds before the next attempt, after `attempts` of them, 1 at least; 0 without a back-off. The upper half is
 * chosen by `lot`, so that items that failed together do not come back together. As many steps for the millionth
 * attempt as for the first.
 */
uint64_t weir__backoff(const weir_retry *retry, unsigned attempts, uint64_t lot);

#endif /* WEIR_PIPELINE_BACKOFF_H */
