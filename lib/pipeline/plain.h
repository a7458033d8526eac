/*
 * plain.h - Runs the calls of a plain pipeline: its items have no envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PLAIN_H
#define WEIR_PIPELINE_PLAIN_H

/* Runs one item. The function of each stage's workers. */
void *weir__run_plain(void *item, void *lane);

#endif /* WEIR_PIPELINE_PLAIN_H */
